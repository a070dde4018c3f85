"""What was held on the platform is suggested to the register of its audience until somebody files it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.plan.filing import (
    NOW,
    RESTAURANTS,
    SYSTEM,
    TODAY,
    TRAININGS,
    define,
    document,
    file,
    open_county,
    stored,
)

from tanhui.community import queries as community
from tanhui.community import services as community_services
from tanhui.community.types import CheckInDetails, OccasionDetails, OccasionKind, OccasionState, OccasionStatus
from tanhui.kernel.errors import NotFound
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, OrganizationDetails, Purpose, ResidentDetails
from tanhui.plan import queries, services
from tanhui.plan.types import RowDetails, SuggestedRow

TEACHERS = """
code: teacher-trainings
title: 示例师资培训台账
row: 一场示例培训
tasks: [1]
may_file: [leads, education]
fields:
  - {name: title, title: 名称, type: text, required: true, max_length: 60}
  - {name: held_on, title: 日期, type: date, required: true}
  - {name: audience, title: 对象, type: choice, required: true, choices: [校长, 中小学教师, 幼儿园教师]}
  - {name: hours, title: 学时, type: decimal, unit: 学时, places: 1}
  - {name: participants, title: 人数, type: integer, unit: 人}
dated_by: held_on
key: [title, held_on]
"""


def held(title: str, audience: str, *, came: int = 2, close: bool = True) -> str:
    """A lesson of two and a half hours yesterday; its number."""
    details = OrganizationDetails(name="示例教育局", code="education-demo")
    host = parties.register(details=details, at=NOW - timedelta(days=9), by=SYSTEM)
    starts_at = NOW - timedelta(days=1)
    lesson = OccasionDetails(
        kind=OccasionKind.TRAINING,
        title=title,
        summary="",
        host=host.number,
        division_code="430626104000",
        place="示例学校",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=150),
        bookable=False,
        audience=audience,
    )
    number = community_services.arrange(details=lesson, at=starts_at - timedelta(days=2), by=SYSTEM)
    community_services.arrange(
        details=OccasionStatus(number, OccasionState.OPEN), at=starts_at - timedelta(days=1), by=SYSTEM
    )
    for index in range(came):
        person = parties.register(
            details=ResidentDetails(login=LoginId("development", f"t-{index}"), consents={Purpose.ACCOUNT: "v1"}),
            at=starts_at - timedelta(days=1),
        )
        code = community.rotating_code(number, starts_at)
        here = CheckInDetails(number, f"nonce-{index:04d}", starts_at, party_id=person.id, code=code)
        community_services.check_in(details=here, at=starts_at)
    if close:
        community_services.arrange(details=OccasionStatus(number, OccasionState.CLOSED), at=NOW, by=SYSTEM)
    return number


@pytest.fixture
def county(db: None) -> None:
    open_county()
    define(document(RESTAURANTS), document(TRAININGS), document(TEACHERS))


def test_what_was_held_is_suggested_until_it_is_filed(county: None) -> None:
    number = held("示例师资培训", "school-teachers")
    before = stored()
    (row,) = queries.suggested_rows("teacher-trainings", on=TODAY)
    assert row == SuggestedRow(
        number,
        "示例师资培训",
        date(2026, 9, 19),
        {
            "title": "示例师资培训",
            "audience": "中小学教师",
            "held_on": "2026-09-19",
            "hours": "2.5",
            "participants": "2",
        },
    )
    assert stored() == before, "a suggestion is nothing yet"
    (record,) = file(RowDetails(row.values), register="teacher-trainings")
    assert queries.suggested_rows("teacher-trainings", on=TODAY) == []
    services.review(numbers=[record], approve=False, note="材料不清", at=NOW, by=SYSTEM)
    assert queries.suggested_rows("teacher-trainings", on=TODAY) == [row], "returned, it is to be filed again"


def test_only_what_is_over_and_for_the_registers_audiences_is_suggested(county: None) -> None:
    held("示例村民课堂", "villagers", came=0)
    held("示例还没结束的培训", "school-teachers", came=0, close=False)
    assert queries.suggested_rows("teacher-trainings", on=TODAY) == []
    held("示例校长班", "principals", came=0)
    (row,) = queries.suggested_rows("teacher-trainings", on=TODAY)
    assert row.values["audience"] == "校长"
    assert "participants" not in row.values, "nobody signed in: a person knows how many came"
    assert queries.suggested_rows("teacher-trainings", on=TODAY.replace(year=2028)) == []
    assert queries.suggested_rows("restaurants", on=TODAY) == []
    with pytest.raises(NotFound):
        queries.suggested_rows("nothing", on=TODAY)
