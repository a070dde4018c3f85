"""The demo's story on a plan that is younger than the story."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.plan import world

from tanhui.parties.types import Role, Scope
from tanhui.plan import queries
from tanhui.project.simulator.plan_story import play_plan
from tanhui.project.staff import staff_with_role

pytestmark = pytest.mark.django_db


def days(starts_on: date) -> list[date]:
    """A few weeks after the start, and over the end of quarters that the plan saw in part."""
    return [starts_on, starts_on + timedelta(days=20), starts_on + timedelta(days=130)]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_nothing_is_played_before_the_plan_or_after_the_end(which: int) -> None:
    world.open_plan()
    staff_with_role(
        username="demo-officer",
        display_name="虚构填报员",
        password=world.PASSWORD,
        role=Role.OFFICER,
        scope=Scope.parse(f"organization:{world.EDUCATION}"),
        at=world.START,
    )
    plan = queries.plan(date(2090, 1, 1))
    assert plan is not None
    starts_on = plan.version.starts_on
    end_on = days(starts_on)[which]
    played = play_plan([], seed=1, end_on=end_on, on_progress=lambda done, total: None)
    reports = queries.reports()
    assert played.reports == len(reports) == (0, 0, 1)[which]
    assert all(starts_on <= report.as_of <= end_on for report in reports)
    assert all(starts_on <= review.held_on <= end_on for review in queries.reviews())
