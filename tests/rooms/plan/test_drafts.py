"""Documents on the desk: taken in once, findings with their sentences, decisions, corrections applied exactly."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from tests.rooms.plan import world

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.plan import queries, services
from tanhui.plan.models import Finding, FindingDecision, PlanDocument
from tanhui.plan.types import Correction, FindingView
from tanhui_plandoc import Draft

pytestmark = pytest.mark.django_db


def received() -> str:
    plan = replace(world.draft(), diagnostics=world.diagnostics())
    return services.draft(name="虚构县方案.txt", draft=plan, text=world.TEXT, at=world.START)


def settle(number: str, position: int, choice: str, *corrections: Correction, note: str = "", **more: Any) -> None:
    arguments: dict[str, Any] = {"at": world.NOW} | more
    services.settle(
        number=number, position=position, choice=choice, corrections=corrections, note=note, **arguments
    )  # fmt: skip


def finding(number: str, position: int) -> FindingView:
    return queries.findings(number)[position - 1]


def test_a_document_comes_in_with_its_diagnostics_as_findings() -> None:
    number = received()
    view = queries.document(number)
    assert (view.title, view.status, view.findings, view.open_findings) == (
        "虚构县绿色行动方案（示例）", "征求意见稿", 4, 4,
    )  # fmt: skip
    assert view.has_text
    assert (view.state, view.adopted_version) == ("open", None)
    assert [each.severity_label for each in queries.findings(number)] == ["实质", "实质", "名称", "文字"]
    assert [each.position for each in queries.findings(number, severity="substantive")] == [1, 2]
    assert [entry.action for entry in parties.audit_trail(target=number)] == ["plan.draft"]


def test_a_finding_has_the_sentence_beside_it_with_a_line_around() -> None:
    view = finding(received(), 1)
    assert view.places == ((2, 2, "创建绿色学校4所"),)
    assert view.passages == (
        ((1, "虚构县绿色行动方案", False), (2, "创建绿色学校4所", True), (3, "评定绿色餐厅3家", False)),
    )


def test_a_finding_offers_what_its_subject_lets_correct() -> None:
    number = received()
    offered = {field: (title, now) for _, field, title, now in finding(number, 1).correctable}
    assert offered["value"] == ("目标值", "4")
    assert offered["deadline_year"] == ("期限（年）", "2090")
    assert offered["drop"] == ("去掉", "否")
    assert [(field, now) for _, field, _, now in finding(number, 2).correctable] == [
        ("title", "绿色宣传"), ("leads", "虚构县生态环境局"), ("supporters", ""),
    ]  # fmt: skip
    assert finding(number, 3).correctable == ()
    assert ("roadmap:2:1", "mark", "标记", "") in finding(number, 4).correctable


def test_the_same_draft_twice_is_one_document_while_the_first_is_open() -> None:
    number = received()
    assert received() == number
    services.adopt(number=number, at=world.START, abandon=True)
    assert received() != number


def test_a_document_without_a_task_is_refused() -> None:
    with pytest.raises(BadInput, match="没有读出"):
        services.draft(name="空.txt", draft=Draft(title="空"), at=world.START)
    assert not PlanDocument.objects.exists()


def test_decisions_are_appended_and_the_latest_holds() -> None:
    number = received()
    settle(number, 1, "note", note="已请示")
    settle(number, 1, "accept")
    view = finding(number, 1)
    assert (view.choice, view.choice_label, view.note) == ("accept", "照原文", "")
    assert FindingDecision.objects.filter(finding__position=1).count() == 2
    assert [each.position for each in queries.findings(number, open_only=True)] == [2, 3, 4]
    assert queries.document(number).open_findings == 3


def test_corrections_change_exactly_what_they_name() -> None:
    number = received()
    settle(
        number, 1, "correct",
        Correction(f"indicator:{world.SCHOOLS}", "value", "5"),
        Correction(f"indicator:{world.SCHOOLS}", "deadline_year", "2080年"),
    )  # fmt: skip
    settle(number, 2, "correct", Correction("task:3", "leads", "教育局、虚构县融媒体中心"))
    settle(number, 4, "correct", Correction("roadmap:2:1", "mark", "★"))
    before, after = queries.draft_of(number, corrected=False), queries.draft_of(number)
    school = after.tasks[0].indicators[0]
    assert (school.value, school.deadline_year, school.deadline) == (Decimal(5), 2080, "2080")
    leads = [(each.name, each.code) for each in after.tasks[2].leads]
    assert leads == [("虚构县教育局", world.EDUCATION), ("虚构县融媒体中心", "")]
    assert after.tasks[1].roadmap[0].mark == "proactive"
    assert after.tasks[0].indicators[1] == before.tasks[0].indicators[1]
    assert after.tasks[1].indicators == before.tasks[1].indicators
    assert before.tasks[0].indicators[0].value == Decimal(4)


def test_dropping_does_not_shift_what_other_corrections_point_at() -> None:
    plan = world.changed(world.draft(), 1, roadmap=world.draft().tasks[0].roadmap * 2)
    plan = replace(plan, diagnostics=world.diagnostics())
    number = services.draft(name="方案.txt", draft=plan, at=world.START)
    settle(number, 1, "correct", Correction("roadmap:1:1", "drop", True))
    settle(number, 2, "correct", Correction("roadmap:1:4", "text", "改写的一条"))
    assert [item.text for item in queries.draft_of(number).tasks[0].roadmap] == [
        "绿色学校全覆盖", "选定试点学校", "改写的一条",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("correction", "says"),
    [
        (Correction("indicator:i-99999999", "value", 1), "没有要更正的"),
        (Correction("task:9", "title", "别的"), "没有要更正的"),
        (Correction("roadmap:2:7", "drop", True), "没有要更正的"),
        (Correction(f"indicator:{world.SCHOOLS}", "color", "red"), "没有可以更正的"),
        (Correction(f"indicator:{world.SCHOOLS}", "value", "4所"), "不是数字"),
        (Correction(f"indicator:{world.SCHOOLS}", "value", "NaN"), "不是数字"),
        (Correction(f"indicator:{world.SCHOOLS}", "comparator", "range"), "区间"),
        (Correction(f"indicator:{world.SCHOOLS}", "value", None), "须有目标值"),
        (Correction(f"indicator:{world.SCHOOLS}", "deadline_year", "明年"), "不是年份"),
        (Correction(f"indicator:{world.SCHOOLS}", "kind", "wish"), "不在可选范围"),
        (Correction("task:1", "title", " "), "1 至 80"),
        (Correction("task:1", "leads", []), "至少要有一个"),
        (Correction("box:1", "text", "别的"), "没有可以更正的"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_nothing_kept(correction: Correction, says: str) -> None:
    number = received()
    with pytest.raises(BadInput, match=says):
        settle(number, 1, "correct", correction)
    assert not FindingDecision.objects.exists()


def test_two_findings_cannot_correct_one_thing_in_two_ways() -> None:
    number = received()
    settle(number, 1, "correct", Correction("task:3", "title", "低碳宣传"))
    with pytest.raises(BadInput, match="不同的内容"):
        settle(number, 2, "correct", Correction("task:3", "title", "节能宣传"))
    settle(number, 2, "correct", Correction("task:3", "title", "低碳宣传"))
    settle(number, 1, "correct", Correction("task:3", "title", "低碳宣传"))


@pytest.mark.parametrize(
    ("choice", "corrections", "note"),
    [
        ("maybe", (), ""),
        ("note", (), "  "),
        ("correct", (), ""),
        ("accept", (Correction("task:1", "title", "别的"),), ""),
        ("note", (), "长" * 501),
    ],
)
def test_a_decision_must_make_sense(choice: str, corrections: tuple[Correction, ...], note: str) -> None:
    number = received()
    with pytest.raises(BadInput):
        settle(number, 1, choice, *corrections, note=note)


def test_who_may_not_settle_is_refused() -> None:
    staff = world.hire()
    number = received()
    for by in (staff.officer, staff.reviewer, staff.nobody):
        with pytest.raises(Forbidden):
            settle(number, 1, "accept", by=by)
        with pytest.raises(Forbidden):
            services.draft(name="方案.txt", draft=world.draft(), at=world.START, by=by)
    settle(number, 1, "accept", by=staff.office)
    assert finding(number, 1).decided_by == "staff:office"


def test_what_is_not_there_or_no_longer_open_is_refused() -> None:
    number = received()
    with pytest.raises(NotFound):
        settle(number, 9, "accept")
    with pytest.raises(NotFound):
        settle("doc_00000000000000000000000000", 1, "accept")
    services.adopt(number=number, at=world.START, abandon=True)
    with pytest.raises(Conflict, match="已作废"):
        settle(number, 1, "accept")


def test_the_database_refuses_to_change_a_document_or_a_decision() -> None:
    number = received()
    settle(number, 1, "accept")
    for change in (
        lambda: PlanDocument.objects.filter(number=number).update(draft={}),
        lambda: Finding.objects.update(message="别的"),
        lambda: FindingDecision.objects.update(choice="note"),
        lambda: FindingDecision.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_numbers_with_decimals_are_kept_exactly_and_never_as_floats() -> None:
    plan = world.changed(
        world.draft(), 2,
        indicators=(replace(world.draft().tasks[1].indicators[1], value=Decimal("22.5")),),
    )  # fmt: skip
    number = services.draft(name="方案.txt", draft=plan, at=world.START)
    assert queries.draft_of(number).tasks[1].indicators[0].value == Decimal("22.5")
    with connection.cursor() as cursor:
        cursor.execute("SELECT draft::text LIKE '%\"22.5\"%' FROM plan_document")
        assert cursor.fetchone() == (True,)


def test_what_no_database_can_hold_in_a_text_is_left_out() -> None:
    plan = world.changed(world.draft(title="虚构\x00方案\ud800"), 1, text="甲\x00乙")
    number = services.draft(name="方案.txt", draft=plan, text="一\x00行", at=world.START)
    assert queries.draft_of(number).title == "虚构方案"
    assert queries.draft_of(number).tasks[0].text == "甲乙"
