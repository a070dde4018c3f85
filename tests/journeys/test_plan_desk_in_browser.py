"""The departments' pages of the plan in a real browser: they read and fit, and a row is filed and reviewed there."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser
from tests.doors.desk import enter, hire
from tests.doors.plan_world import FORESTRY, PDF, REGISTER, file_training, open_plan, plan_step
from tests.journeys.test_pages_in_browser import CHROMIUM, DESK, PHONE, Visit, browser
from tests.rooms.scenarios.world import START

from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import services

__all__ = ["browser"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]


@pytest.fixture
def sessions(transactional_db: None) -> dict[str, Any]:
    """The sessions of forestry's officer and reviewer and of the working group, and the addresses of their pages."""
    cache.clear()
    open_plan()
    scope = Scope("organization", FORESTRY)
    officer, reviewer = hire("lin", Role.OFFICER, scope=scope), hire("shen", Role.REVIEWER, scope=scope)
    group = hire("group", Role.ACTION_OFFICE)
    by = Actor.staff(officer)
    approved, waiting = file_training(by), file_training(by, "苗圃管理（示例）")
    services.review(numbers=[approved], approve=True, at=START, by=Actor.staff(reviewer))
    returned = file_training(by, "林道养护（示例）")
    services.review(numbers=[returned], approve=False, note="缺少签到表", at=START, by=Actor.staff(reviewer))
    step = plan_step(by)
    pages = [
        ("start", []), ("plan-desk", []), ("plan-tasks", []), ("plan-task", [1]), ("plan-contact", [1]),
        ("plan-sub-task-add", [1]), ("plan-sub-task", [1, step]), ("plan-indicator", ["i-trainings"]),
        ("plan-hand", ["i-area"]), ("plan-registers", []), ("plan-register", [REGISTER]), ("plan-file", [REGISTER]),
        ("plan-import", [REGISTER]), ("plan-record", [approved]), ("plan-record", [returned]),
        ("plan-correct", [approved]), ("plan-correct", [returned]),
    ]  # fmt: skip
    return {
        "officer": _session(officer),
        "reviewer": _session(reviewer),
        "group": _session(group),
        "pages": [reverse(f"office:{name}", args=arguments) for name, arguments in pages],
        "waiting": waiting,
    }


def _session(user: Any) -> str:
    return enter(user).cookies[settings.SESSION_COOKIE_NAME].value


def test_the_departments_pages_fit_and_a_row_goes_from_form_to_figure(
    sessions: dict[str, Any], live_server: Any, browser: Browser
) -> None:
    review, indicator = reverse("office:plan-review"), reverse("office:plan-indicator", args=["i-trainings"])
    record = reverse("office:plan-record", args=[sessions["waiting"]])
    faults = Visit(browser, live_server, PHONE, sessions["officer"], large=True).look(*sessions["pages"])
    for size in (PHONE, DESK):
        faults += Visit(browser, live_server, size, sessions["officer"]).look(*sessions["pages"])
        faults += Visit(browser, live_server, size, sessions["reviewer"]).look(review, record)
        faults += Visit(browser, live_server, size, sessions["group"]).look(
            reverse("office:plan-desk"), review, indicator
        )
    assert faults == []
    _files_a_row(Visit(browser, live_server, PHONE, sessions["officer"]))
    _reviews_by_keyboard(Visit(browser, live_server, DESK, sessions["reviewer"]))


def _files_a_row(visit: Visit) -> None:
    page = visit.page
    page.goto(visit.base + reverse("office:plan-file", args=[REGISTER]))
    page.get_by_label("培训名称").fill("防火演练（示例）")
    page.get_by_label("参加人数（人）").fill("三十")
    page.get_by_role("button", name="提交审核").click()
    assert page.get_by_label("培训名称").input_value() == "防火演练（示例）"
    assert "“三十”不是数字" in "".join(page.locator(".errorlist").all_inner_texts())
    page.get_by_label("参加人数（人）").fill("30")
    page.get_by_label("举办日期").fill("2025-06-02")
    page.get_by_label("林农").check()
    page.get_by_label("佐证材料").set_input_files({"name": "签到.pdf", "mimeType": "application/pdf", "buffer": PDF})
    page.get_by_role("button", name="提交审核").click()
    page.wait_for_url("**/records/**")
    assert page.locator("h1").inner_text() == "防火演练（示例）"


def _reviews_by_keyboard(visit: Visit) -> None:
    page = visit.page
    page.goto(visit.base + reverse("office:plan-review"))
    boxes = page.get_by_role("checkbox")
    assert boxes.count() == 2
    boxes.first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="通过所选").focus()
    page.keyboard.press("Enter")
    page.get_by_text("1条记录审核通过").wait_for()
    assert page.get_by_role("checkbox").count() == 1
    assert visit.faults == []
