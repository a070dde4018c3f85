"""A second person decides, corrections are linked, nothing that was filed is changed; the database keeps it so."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.plan.filing import (
    NOW,
    PDF,
    RESTAURANTS,
    SYSTEM,
    TRAININGS,
    approve,
    define,
    document,
    figure,
    file,
    filed,
    officer,
    open_county,
    restaurant,
    reviewer,
    stored,
    training,
)

from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.plan.models import Appraisal, Figure, Record
from tanhui.plan.types import AlreadyReviewed, HandFigure, NotYourTask, RowDetails, RowRefused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def correct(number: str, *rows: RowDetails, by: Actor = SYSTEM, **more: Any) -> str:
    wanted: dict[str, Any] = {"department": "education", "at": NOW, **more}
    (made,) = services.file(corrects=number, rows=rows, by=by, **wanted)
    return made


def send_back(*numbers: str, note: str = "照片不清", by: Actor = SYSTEM) -> int:
    return services.review(numbers=numbers, approve=False, note=note, at=NOW, by=by)


def state(number: str) -> str:
    return Record.objects.get(number=number).state


def test_all_or_none_are_decided() -> None:
    one, two, three = file(restaurant("甲"), restaurant("乙"), restaurant("丙"))
    approve(two)
    before = stored()
    with pytest.raises(AlreadyReviewed, match=f"{two} 已审核"):
        approve(one, two, three)
    with pytest.raises(NotFound):
        approve(one, "rec_none")
    assert (state(one), state(three), stored()) == ("filed", "filed", before)
    assert approve(one, three, one) == 2
    assert figure("i-restaurants") == (3, 3)


def test_returning_needs_a_reason_and_tells_it() -> None:
    (number,) = file(restaurant(), by=officer())
    for note in ("", "  ", "字" * 501, "打 13800138000"):
        with pytest.raises(BadInput):
            send_back(number, note=note)
    with pytest.raises(BadInput):
        services.review(numbers=[], approve=True, at=NOW, by=SYSTEM)
    assert state(number) == "filed"
    by = reviewer()
    send_back(number, by=by)
    row = queries.record(number)
    assert (row.state, row.review_note, row.reviewed_by) == ("returned", "照片不清", "示例reviewer")
    (entry,) = parties.audit_trail(action="plan.return")
    assert (entry.actor, entry.target, entry.detail["numbers"]) == ("staff:reviewer", number, [number])
    with pytest.raises(AlreadyReviewed):
        approve(number, by=by)


def test_a_correction_holds_from_its_approval_on() -> None:
    (first,) = filed(restaurant("甲", seats="10"), register="restaurants")
    second = correct(first, restaurant("甲", seats="12", evidence=(), note="数错了"))
    assert (state(first), figure("i-restaurants")) == ("approved", (1, 1))
    assert queries.record(first).corrected_by == second
    assert queries.record(second).corrects == first
    approve(second)
    assert (state(first), state(second), figure("i-restaurants")) == ("corrected", "approved", (1, 1))
    assert [row.number for row in queries.public_rows("restaurants")] == [second]
    assert Record.objects.get(number=first).values["seats"] == 10
    with pytest.raises(Conflict, match=second):
        file(restaurant("甲"))
    third = correct(second, restaurant("乙", note="改名"))
    approve(third)
    file(restaurant("甲"))
    with pytest.raises(Conflict, match=third):
        file(restaurant("乙"))


def test_a_returned_correction_leaves_everything_and_makes_room_for_another() -> None:
    (first,) = filed(restaurant("甲"), register="restaurants")
    second = correct(first, restaurant("甲", seats="12"))
    with pytest.raises(Conflict, match=second):
        correct(first, restaurant("甲", seats="13"))
    send_back(second)
    third = correct(first, restaurant("甲", seats="13"))
    services.file(withdraw=third, department="education", at=NOW, by=SYSTEM)
    approve(correct(first, restaurant("甲", seats="14")))
    assert (state(first), figure("i-restaurants")) == ("corrected", (1, 1))


def test_voiding_strikes_a_record_out() -> None:
    one, two = filed(restaurant("甲"), restaurant("乙"), register="restaurants")
    void = correct(one, RowDetails({}, note="重复登记"), void=True)
    assert figure("i-restaurants") == (2, 2)
    approve(void)
    assert (state(one), state(void), figure("i-restaurants")) == ("corrected", "approved", (1, 1))
    assert [row.number for row in queries.public_rows("restaurants")] == [two]
    assert [row.number for row in queries.feeding_rows("i-restaurants")] == [two]
    for number in (one, void):
        with pytest.raises(Conflict, match="不能更正"):
            correct(number, restaurant("甲", seats="1"))
    file(restaurant("甲"))
    approve(correct(two, void=True))
    assert figure("i-restaurants") == (0, 0)
    assert queries.indicator("i-restaurants", date(2026, 9, 20)).figure is None


def test_corrections_that_are_refused_store_nothing() -> None:
    (first,) = filed(restaurant("甲"), register="restaurants")
    filed(restaurant("乙"), register="restaurants")
    (waiting,) = file(restaurant("丙"))
    before = stored()
    with pytest.raises(BadInput, match="与原记录相同"):
        correct(first, restaurant("甲"))
    with pytest.raises(RowRefused):
        correct(first, restaurant("甲", seats="多"))
    with pytest.raises(Conflict, match="与另一条记录重复"):
        correct(first, restaurant("乙"))
    with pytest.raises(Conflict, match="待审核"):
        correct(waiting, restaurant("丙", seats="3"))
    with pytest.raises(BadInput, match="恰好填写一行"):
        correct(first)
    with pytest.raises(NotFound):
        correct("rec_none", restaurant())
    with pytest.raises(NotYourTask):
        correct(first, restaurant("甲", seats="3"), department="commerce-grain", by=officer("grain", "commerce-grain"))
    assert stored() == before
    assert [entry.target for entry in parties.audit_trail(action="plan.file_refused")] == [first]


def test_a_key_that_was_taken_meanwhile_stops_the_correction_at_review() -> None:
    (first,) = filed(restaurant("甲"), register="restaurants")
    second = correct(first, restaurant("乙"))
    filed(restaurant("乙"), register="restaurants")
    with pytest.raises(Conflict, match="与另一条记录重复"):
        approve(second)
    assert (state(first), state(second)) == ("approved", "filed")


def test_two_corrections_may_change_places() -> None:
    one, two = filed(restaurant("甲"), restaurant("乙"), register="restaurants")
    with pytest.raises(Conflict):
        correct(one, restaurant("乙"))
    approve(correct(one, restaurant("丙")))
    approve(correct(two, restaurant("甲")))
    assert figure("i-restaurants") == (2, 2)


def test_a_value_by_hand_is_corrected_and_voided() -> None:
    (first,) = services.file(
        hand=HandFigure("i-hand", "40", date(2026, 6, 30), (PDF,)), department="education", at=NOW, by=SYSTEM
    )
    approve(first)
    with pytest.raises(BadInput, match="同一个指标"):
        correct(first, restaurant())
    second = correct(first, hand=HandFigure("i-hand", "41.5", date(2026, 6, 30), note="算错"))
    approve(second)
    assert (figure("i-hand") or (0, 0))[0] == 41.5
    approve(correct(second, void=True))
    assert figure("i-hand") == (0, 0)
    assert [view.kind for view in queries.figures("i-hand")] == ["hand", "hand", "hand"]
    assert queries.indicator("i-hand", date(2026, 9, 20)).figure is None


def test_a_returned_record_is_filed_anew_as_a_linked_one() -> None:
    (first,) = file(restaurant("甲"))
    send_back(first)
    with pytest.raises(Conflict, match="不用作废"):
        correct(first, void=True)
    with pytest.raises(RowRefused):
        correct(first, restaurant("甲", evidence=()))
    second = correct(first, restaurant("甲"))
    approve(second)
    assert (state(first), state(second), figure("i-restaurants")) == ("returned", "approved", (1, 1))
    with pytest.raises(Conflict, match=second):
        file(restaurant("甲"))


def test_reviewing_counts_only_what_the_register_feeds() -> None:
    filed(training(people=3, passed="是"))
    before = Figure.objects.filter(indicator__code="i-people").count()
    filed(restaurant(), register="restaurants")
    assert Figure.objects.filter(indicator__code="i-people").count() == before


CONTENT = [
    """UPDATE plan_record SET "values" = '{}'""",
    "UPDATE plan_record SET happened_on = '2020-01-01'",
    "UPDATE plan_record SET note = 'x'",
    "UPDATE plan_record SET sample = NOT sample",
    "UPDATE plan_record SET department_id = (SELECT max(id) FROM plan_department)",
    "UPDATE plan_record SET filed_by_id = NULL, filed_at = now()",
    "UPDATE plan_record SET longitude_e6 = 1, latitude_e6 = 1",
    "UPDATE plan_record SET live_key = '\\x00'",
    "UPDATE plan_record SET state = 'filed', reviewed_at = NULL",
    "UPDATE plan_record SET state = 'returned', live_key = NULL",
    "UPDATE plan_record SET state = 'withdrawn', live_key = NULL, reviewed_at = NULL",
    "UPDATE plan_record SET reviewed_at = now() + interval '1 day'",
    "UPDATE plan_record SET review_note = 'x'",
    "DELETE FROM plan_record",
    "TRUNCATE plan_record CASCADE",
    "UPDATE plan_evidence SET name = 'x'",
    "DELETE FROM plan_evidence",
    "UPDATE plan_figure SET value = 100",
    "DELETE FROM plan_figure",
    "UPDATE plan_register_edition SET content = '{}'",
    "DELETE FROM plan_register_edition",
    "UPDATE plan_version SET title = 'x'",
    "UPDATE plan_document SET title = 'x'",
    "UPDATE plan_document SET state = 'open'",
    "DELETE FROM plan_document",
]


@pytest.mark.parametrize("statement", CONTENT)
def test_the_database_refuses_to_change_what_stands(statement: str) -> None:
    filed(restaurant(spot=("113.5", "28.7")), register="restaurants")
    with pytest.raises(DatabaseError, match=r"不可|只可|不能"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {statement}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plan_record SET state = 'approved', reviewed_at = now(), reviewed_by_id = filed_by_id",
        "UPDATE plan_record SET state = 'approved'",
        "UPDATE plan_record SET state = 'corrected', reviewed_at = now()",
        "UPDATE plan_record SET state = 'withdrawn'",
        "UPDATE plan_record SET longitude_e6 = 181000000",
    ],
)
def test_the_database_refuses_a_wrong_decision(statement: str) -> None:
    file(restaurant(), by=officer())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_two_standing_rows_never_share_a_key() -> None:
    file(restaurant("甲"))
    row = Record.objects.get()
    row.pk, row.number = None, "rec_second"
    with pytest.raises(DatabaseError, match="plan_record_one_key"), transaction.atomic():
        row.save(force_insert=True)


def test_a_published_appraisal_is_frozen() -> None:
    facts: dict[str, Any] = {"year": 2026, "rules": {}, "rules_hash": "", "scores": [], "computed_by": "x"}
    row = Appraisal.objects.create(number="apr_1", computed_at=NOW, **facts)
    Appraisal.objects.filter(pk=row.pk).update(published_at=NOW)
    with pytest.raises(DatabaseError, match="不可改动"), transaction.atomic():
        Appraisal.objects.filter(pk=row.pk).update(scores=[1])


def test_retiring_keeps_figures_and_corrections_possible() -> None:
    (first,) = filed(restaurant("甲"), register="restaurants")
    define(document(TRAININGS))
    approve(correct(first, restaurant("甲", seats="9")))
    assert figure("i-restaurants") == (1, 1)
    define(document(RESTAURANTS), document(TRAININGS))
    assert queries.register("restaurants").approved == 1
