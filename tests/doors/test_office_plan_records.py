"""Records in the office: evidence, corrections, and the review by a second person."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.pages import Page
from tests.doors.plan_desks import (
    ROW,
    get,
    group,
    numbers,
    of,
    officer,
    plan,
    post,
    proof,
    reviewer,
    state,
    teacher,
    value,
)
from tests.doors.plan_world import EDUCATION, FORESTRY, PDF, REGISTER, file_training
from tests.rooms.scenarios.world import START

from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import queries, services
from tanhui.plan.types import Upload

__all__ = ["group", "numbers", "officer", "plan", "reviewer", "teacher"]

pytestmark = pytest.mark.django_db


# ---- records and review


def test_a_record_shows_all_fields_its_evidence_and_what_happened(plan: dict[str, Any], officer: Client) -> None:
    page = get(officer, "plan-record", plan["approved"])
    for words in ("油茶修剪（示例）", "42人", "2025年5月20日", "签到照片.pdf", "职员lin", "审核通过", plan["approved"]):
        assert words in page.text
    (paper,) = queries.record(plan["approved"]).evidence
    response: Any = officer.get(reverse("office:plan-evidence", args=[paper.number]))
    assert response.content == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_waiting_row_is_withdrawn_and_a_reviewed_one_is_not(plan: dict[str, Any], officer: Client) -> None:
    assert "已撤回" in post(officer, "plan-withdraw", plan["waiting"]).text
    assert state(plan["waiting"]) == "withdrawn"
    refused = post(officer, "plan-withdraw", plan["approved"])
    assert "不能撤回" in refused.text
    assert state(plan["approved"]) == "approved"


def test_an_approved_row_is_corrected_by_another_that_a_second_person_approves(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    form = get(officer, "plan-correct", plan["approved"])
    assert value(form, "value_title") == "油茶修剪（示例）"
    assert value(form, "value_people") == "42"
    data = {
        "value_title": "油茶修剪（示例）", "value_held_on": "2025-05-20", "value_people": "24",
        "value_audience": "林农", "department": FORESTRY,
    }  # fmt: skip
    silent = post(officer, "plan-correct", plan["approved"], data=data, status=422)
    assert value(silent, "value_people") == "24"
    page = post(officer, "plan-correct", plan["approved"], data={**data, "note": "人数抄反了"})
    assert "人数抄反了" in page.text
    fresh = queries.record(plan["approved"]).corrected_by
    assert queries.records(state="approved", register=REGISTER)[0].number == plan["approved"]
    post(reviewer, "plan-decide", data={"number": fresh, "act": "approve"})
    assert (state(plan["approved"]), state(fresh)) == ("corrected", "approved")


def test_an_approved_row_is_struck_out_with_a_reason(plan: dict[str, Any], officer: Client, reviewer: Client) -> None:
    assert "作废" in post(officer, "plan-void", plan["approved"], status=422).text
    page = post(officer, "plan-void", plan["approved"], data={"note": "重复登记（示例）"})
    assert "重复登记（示例）" in page.text
    fresh = queries.record(plan["approved"]).corrected_by
    post(reviewer, "plan-decide", data={"number": fresh, "act": "approve"})
    assert queries.indicator("i-trainings", today()).figure is None


def test_a_returned_row_is_filed_anew_from_what_it_said(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    bare = post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "return"}, status=422)
    assert "退回须写明原因" in bare.text
    post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "return", "note": "日期不对"})
    assert "日期不对" in get(officer, "plan-record", plan["waiting"]).text
    form = get(officer, "plan-correct", plan["waiting"])
    assert "日期不对" in form.text
    data = {
        "value_title": value(form, "value_title"), "value_held_on": "2025-05-21", "value_people": "42",
        "value_audience": "林农", "department": FORESTRY, "evidence": proof(),
    }  # fmt: skip
    post(officer, "plan-correct", plan["waiting"], data=data)
    assert len(queries.records(register=REGISTER, state="filed")) == 1
    assert "日期不对" not in get(officer, "plan-desk").text


def test_the_queue_offers_others_rows_and_not_ones_own(plan: dict[str, Any], reviewer: Client) -> None:
    page = get(reviewer, "plan-review")
    assert "苗圃管理（示例）" in page.text
    (box,) = [each for each in page.all("input") if each.get("type") == "checkbox"]
    assert box["value"] == plan["waiting"]
    both = hire("both", Role.OFFICER, Role.REVIEWER, scope=Scope("organization", FORESTRY))
    own = file_training(Actor.staff(both), "自己填的（示例）")
    browser = enter(both)
    page = get(browser, "plan-review")
    boxes = {each["id"]: each for each in page.all("input") if each.get("type") == "checkbox"}
    assert "disabled" in boxes[own]
    assert "disabled" not in boxes[plan["waiting"]]
    assert "须由另一位审核人审核" in page.text
    refused = post(browser, "plan-decide", data={"number": [own, plan["waiting"]], "act": "approve"}, status=403)
    assert "不能审核自己填报的记录" in refused.text
    assert (state(own), state(plan["waiting"])) == ("filed", "filed")


def test_several_are_approved_at_once_and_the_figure_moves(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    more = file_training(Actor.staff(plan["officer"]), "防火演练（示例）")
    page = post(reviewer, "plan-decide", data={"number": [plan["waiting"], more], "act": "approve"})
    assert "2条记录审核通过" in page.text
    assert "没有等待审核的记录" in page.text
    figure = queries.indicator("i-trainings", today()).figure
    assert figure is not None
    assert figure.value == 3
    assert parties.audit_trail(action="plan.approve")[0].actor == "staff:shen"


def test_the_second_of_two_reviewers_is_told_and_changes_nothing(plan: dict[str, Any], reviewer: Client) -> None:
    services.review(
        numbers=[plan["waiting"]],
        approve=False,
        note="先退回",
        at=START,
        by=Actor.staff(hire("first", Role.ACTION_OFFICE)),
    )
    page = post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "approve"}, status=409)
    assert "已退回" in page.text
    assert "这次没有审核任何一条" in page.text
    assert state(plan["waiting"]) == "returned"


def test_review_needs_a_choice(reviewer: Client) -> None:
    assert "先在记录前面打勾" in post(reviewer, "plan-decide", data={"act": "approve"}, status=422).text


def test_a_reviewer_of_another_department_sees_and_decides_nothing(plan: dict[str, Any]) -> None:
    other = enter(of("jiao", Role.REVIEWER, EDUCATION))
    assert "没有等待审核的记录" in get(other, "plan-review").text
    post(other, "plan-decide", data={"number": plan["waiting"], "act": "approve"}, status=403)
    assert state(plan["waiting"]) == "filed"


def test_names_that_lie_are_harmless(plan: dict[str, Any], officer: Client) -> None:
    file = Upload('照"片<b>.pdf', PDF)
    row = {"title": "<script>alert(1)</script>", "held_on": "2025-01-05", "people": "3", "audience": "林农"}
    number = file_training(Actor.staff(plan["officer"]), row["title"])
    response: Any = officer.get(reverse("office:plan-record", args=[number]))
    assert "<script>alert" not in response.content.decode()
    assert file.name not in response.content.decode()
    assert re.search(r"&lt;script&gt;", response.content.decode())


def test_a_returned_value_by_hand_is_filed_anew(officer: Client, reviewer: Client) -> None:
    form = {"value": "120", "as_of": "2025-06-30", "department": FORESTRY, "evidence": proof("验收单.pdf")}
    post(officer, "plan-hand", "i-area", data=form)
    (filed,) = queries.records(indicator="i-area")
    post(reviewer, "plan-decide", data={"number": filed.number, "act": "return", "note": "缺验收人签章"})
    again = reverse("office:plan-hand", args=["i-area"]) + f"?corrects={filed.number}"
    assert again in {each["href"] for each in get(officer, "plan-desk").all("a")}
    page = Page(officer.get(again))  # type: ignore[arg-type]
    assert "缺验收人签章" in page.text
    assert value(page, "value") == "120"
    officer.post(again, {**form, "value": "118", "evidence": proof("验收单.pdf", PDF + b"%2")})
    fresh = queries.record(filed.number).corrected_by
    assert queries.record(fresh).values == {"value": "118"}
    assert "缺验收人签章" not in get(officer, "plan-desk").text


def test_a_sample_is_marked_wherever_it_is_shown(officer: Client) -> None:
    data = {**ROW, "value_title": "试填一条（虚构）", "evidence": proof(), "sample": "on"}
    page = post(officer, "plan-file", REGISTER, data=data)
    assert "待审核 示例" in page.text
    assert queries.records(register=REGISTER, text="试填一条")[0].sample


@pytest.mark.parametrize(
    "path",
    [
        "tasks/0/", "tasks/99999999999999999999/", "indicators/i-none/", "indicators/i%22%0a.csv", "registers/none/",
        "registers/none/file/", "registers/none/rows.xlsx", "records/rec_none/", "records/rec_none/correct/",
        "evidence/evd_none/", "registers/town-signs/?before=rec_none", "indicators/i-area/report/?corrects=rec_none",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_said_to_be_missing(path: str, officer: Client) -> None:
    response: Any = officer.get(f"/office/plan/{path}")
    assert response.status_code == 404
    assert Page(response).faults() == []
