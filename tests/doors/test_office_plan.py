"""The departments' desk, the tasks and the indicators of the plan: what they show, and each act by its form."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.plan_desks import (
    get,
    group,
    numbers,
    officer,
    plan,
    post,
    proof,
    reviewer,
    teacher,
    value,
)
from tests.doors.plan_world import EDUCATION, FORESTRY, REGISTER
from tests.rooms.scenarios.world import START

from tanhui.office.acts import today
from tanhui.parties.types import Actor, Role
from tanhui.plan import queries, services
from tanhui.plan.types import NoticeDetails

__all__ = ["group", "numbers", "officer", "plan", "reviewer", "teacher"]

pytestmark = pytest.mark.django_db


# ---- the desk


def test_the_desk_shows_what_waits_and_leads_to_each_act(plan: dict[str, Any], officer: Client) -> None:
    services.review(
        numbers=[plan["waiting"]], approve=False, note="缺少签到表", at=START, by=Actor.staff(plan["reviewer"])
    )
    services.work(details=NoticeDetails(FORESTRY, 1, "培训没有按期办（示例）", START.date()), at=START)
    page = get(officer, "plan-desk")
    for words in (
        "平江县林业局",
        "逾期的指标",
        "林场技术培训场次",
        "缺少签到表",
        "培训没有按期办（示例）",
        "编写教材（示例）",
    ):
        assert words in page.text
    links = {each["href"] for each in page.all("a")}
    assert reverse("office:plan-file", args=[REGISTER]) in links
    assert reverse("office:plan-hand", args=["i-area"]) in links
    assert reverse("office:plan-correct", args=[plan["waiting"]]) in links
    assert "要审核的记录" not in page.text
    assert "全县" not in page.text


def test_the_reviewers_desk_counts_what_waits_for_review(plan: dict[str, Any], reviewer: Client) -> None:
    page = get(reviewer, "plan-desk")
    assert "1 要审核的记录" in page.text
    assert "去审核（1）" in page.text
    start = get(reviewer, "start")
    assert "1 要审核的记录" in start.text


def test_the_working_group_sees_the_county_and_may_look_at_one_department(group: Client) -> None:
    whole = get(group, "plan-desk")
    assert "全县工作台" in whole.text
    one = get(group, "plan-desk", department=EDUCATION)
    assert "护林标识牌" in one.text
    assert "林场技术培训场次" not in one.text
    assert group.get(reverse("office:plan-desk"), {"department": "nobody"}).status_code == 404


def test_who_stands_for_no_department_is_told_where_to_look(plan: dict[str, Any]) -> None:
    page = get(enter(hire("audit", Role.AUDITOR)), "plan-desk")
    assert "您不代表方案里的部门" in page.text


# ---- tasks and indicators


def test_tasks_are_listed_with_their_lights_and_filtered(officer: Client) -> None:
    page = get(officer, "plan-tasks")
    assert "1. 护林员培训" in page.text
    assert "2. 林区标识" in page.text
    late = get(officer, "plan-tasks", status="late")
    assert "1. 护林员培训" in late.text
    assert "2. 林区标识" not in late.text
    assert "没有符合条件的任务" in get(officer, "plan-tasks", status="done").text
    rows = list(csv.reader(io.StringIO(officer.get(reverse("office:plan-tasks-csv")).content.decode("utf-8-sig"))))
    assert [row[:2] for row in rows[1:]] == [["1", "护林员培训"], ["2", "林区标识"]]
    assert rows[1][8] == "1"


def test_a_task_page_holds_everything_about_the_task(officer: Client) -> None:
    page = get(officer, "plan-task", 1)
    for words in (
        "林场技术培训场次",
        "1场",
        "下乡课堂",
        "巡回授课",
        "★",
        "▲",
        "平江县林业局",
        "编写教材（示例）",
        "林场技术培训台账",
    ):
        assert words in page.text
    assert officer.get(reverse("office:plan-task", args=[99])).status_code == 404


def test_a_step_is_added_changed_done_and_waits_for_another(plan: dict[str, Any], officer: Client) -> None:
    missing = post(
        officer, "plan-sub-task-add", 1, data={"title": "", "due_on": "x", "department": FORESTRY}, status=422
    )
    assert "请写明要做的事" in missing.text
    form = {"title": "印发教材（示例）", "due_on": "2025-07-01", "department": FORESTRY, "after": [plan["step"]]}
    post(officer, "plan-sub-task-add", 1, data=form)
    fresh = next(each for each in queries.task(1, today()).sub_tasks if each.title == "印发教材（示例）")
    assert fresh.waits_for == ("编写教材（示例）",)
    early = post(
        officer, "plan-sub-task", 1, fresh.number, data={**form, "done_on": "2025-06-15", "note": ""}, status=409
    )
    assert "编写教材（示例）" in early.text
    post(officer, "plan-sub-task-done", 1, plan["step"])
    assert next(each for each in queries.task(1, today()).sub_tasks if each.number == plan["step"]).done_on is not None
    post(officer, "plan-sub-task", 1, fresh.number, data={**form, "title": "印发新教材（示例）"})
    assert "印发新教材（示例）" in {each.title for each in queries.task(1, today()).sub_tasks}
    assert "说明" in get(officer, "plan-sub-task", 1, plan["step"]).text


def test_a_contact_is_named_for_ones_own_department_only(officer: Client) -> None:
    saved = post(officer, "plan-contact", 1, data={"department": FORESTRY, "username": "shen"})
    assert "联系人已保存" in saved.text
    assert [name for department, name in queries.task(1, today()).contacts if department.code == FORESTRY] == [
        "职员shen"
    ]
    refused = post(officer, "plan-contact", 1, data={"department": EDUCATION, "username": "shen"})
    assert "不能代表" in refused.text
    assert not [name for department, name in queries.task(1, today()).contacts if department.code == EDUCATION and name]


def test_an_indicator_says_where_its_figure_comes_from_and_shows_the_rows(
    plan: dict[str, Any], officer: Client
) -> None:
    page = get(officer, "plan-indicator", "i-trainings")
    for words in ("1场", "不少于10场", "林场技术培训台账", "油茶修剪（示例）", "附件1", "第40—41行"):
        assert words in page.text
    assert "苗圃管理（示例）" not in page.text
    assert "人工判定状态" not in page.text
    rows = list(
        csv.reader(
            io.StringIO(
                officer.get(reverse("office:plan-indicator-csv", args=["i-trainings"])).content.decode("utf-8-sig")
            )
        )
    )
    assert rows[1][1] == "1.000000"


def test_a_status_by_hand_keeps_its_reason_in_sight(group: Client, officer: Client) -> None:
    assert officer.post(reverse("office:plan-override", args=["i-trainings"])).status_code == 403
    post(group, "plan-override", "i-trainings", data={"status": "on_time", "reason": ""}, status=422)
    post(group, "plan-override", "i-trainings", data={"status": "on_time", "reason": "县里已书面延期（示例）"})
    page = get(officer, "plan-indicator", "i-trainings")
    assert "县里已书面延期（示例）" in page.text
    assert "按规则为“逾期”" in page.text


def test_a_value_by_hand_is_filed_with_evidence_and_counts_after_review(officer: Client, reviewer: Client) -> None:
    form = {"value": "120亩", "as_of": "2025-06-30", "department": FORESTRY, "note": "按验收单"}
    wrong = post(officer, "plan-hand", "i-area", data={**form, "evidence": proof()}, status=422)
    assert "不是数字" in wrong.text
    assert value(wrong, "value") == "120亩"
    bare = post(officer, "plan-hand", "i-area", data={**form, "value": "120"}, status=422)
    assert "须上传佐证材料" in bare.text
    post(officer, "plan-hand", "i-area", data={**form, "value": "120", "evidence": proof("验收单.pdf")})
    (filed,) = queries.records(indicator="i-area")
    links = {each["href"] for each in get(officer, "plan-indicator", "i-area").all("a")}
    assert reverse("office:plan-record", args=[filed.number]) in links
    post(reviewer, "plan-decide", data={"number": filed.number, "act": "approve"})
    figure = queries.indicator("i-area", today()).figure
    assert figure is not None
    assert figure.value == 120
    assert figure.words in get(officer, "plan-indicator", "i-area").text
    assert officer.get(reverse("office:plan-hand", args=["i-trainings"])).status_code == 409
