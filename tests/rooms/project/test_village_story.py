"""The invented village: told once or twice it is the same, and nothing of it is counted twice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from tanhui.community import queries
from tanhui.community.models import Booking, Card, CheckIn, Measurement, Membership, Occasion, QuizAttempt
from tanhui.community.types import BookingState, CheckInState, OccasionKind, OccasionState, PointState
from tanhui.kernel.county import County, load_county
from tanhui.kernel.days import day_start
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, DivisionTable, OrganizationDetails, Role, StaffRef
from tanhui.project.community import load_community
from tanhui.project.county import divisions, load_scenarios
from tanhui.project.simulator.people import SimulatedResident, invent_residents
from tanhui.project.simulator.play import register
from tanhui.project.simulator.village_calendar import coming_after, held_between
from tanhui.project.simulator.village_goods import actor_of
from tanhui.project.simulator.village_story import Hands, VillageStory
from tanhui.project.staff import staff_with_role
from tanhui.scenarios.models import Behavior

VILLAGE, TOWN = "430626104267", "430626002000"
FIRST_DAY, END_ON = date(2026, 9, 1), date(2026, 10, 9)
AT = datetime(2026, 8, 31, 4, tzinfo=UTC)
STAFF = Actor.system("test")


def quiet(text: str) -> None:
    """Says nothing."""


@pytest.fixture
def pingjiang(db: None) -> County:
    county = load_county("pingjiang")
    rows = tuple(row for row in divisions(county).rows if row.level != "village" or row.statistical_code == VILLAGE)
    parties.register(details=DivisionTable(rows), at=AT)
    load_scenarios(county, at=AT)
    for row in county.rows("organizations.csv"):
        parties.register(details=OrganizationDetails(name=row["name"], code=row["code"]), at=AT, by=STAFF)
    return county


def clerk(username: str) -> StaffRef:
    return staff_with_role(username=username, display_name=username, password="x" * 12, role=Role.CLERK, at=AT)


def people(code: str, count: int) -> list[SimulatedResident]:
    return invent_residents(7, count, [code], FIRST_DAY, 39)


def told(residents: list[SimulatedResident], served: list[str] | None = None) -> VillageStory:
    first, second = clerk("demo-clerk"), clerk("demo-clerk-2")
    story = VillageStory(
        7,
        residents=residents,
        first_day=FIRST_DAY,
        end_on=END_ON,
        hands=Hands(actor_of(first), actor_of(second), first.username),
        serve=None if served is None else lambda party_id, name, at: served.append(name),
    )
    party_ids = register(residents, day_start(FIRST_DAY))
    for offset in range((END_ON - FIRST_DAY).days + 1):
        story.evening(day_start(FIRST_DAY + timedelta(days=offset)) + timedelta(hours=22), party_ids)
    return story


def stored() -> Counter[str]:
    tables = (Booking, Card, CheckIn, Measurement, Membership, Occasion, QuizAttempt, Behavior)
    return Counter({table.__name__: table.objects.count() for table in tables})


def test_the_village_fills_every_page_and_told_twice_it_is_told_once(pingjiang: County) -> None:
    load_community(pingjiang, at=AT, say=quiet)
    served: list[str] = []
    story = told(people(VILLAGE, 24), served)
    states = Counter(CheckIn.objects.values_list("state", flat=True))
    assert {CheckInState.COUNTED, CheckInState.CORRECTED, CheckInState.PENDING} <= set(states)
    assert CheckIn.objects.filter(card__isnull=False, state=CheckInState.COUNTED).exists()
    assert CheckIn.objects.filter(offline=True, state=CheckInState.COUNTED).exists()
    assert story.played.refused == {"card_refused": 1}, "a card shown twice while there was no network"
    assert served
    assert {name[:4] for name in served} == {"exc-"}, "goods are given on the exchange day alone"
    kinds = Counter(Occasion.objects.filter(state=OccasionState.OPEN).values_list("kind", flat=True))
    assert set(kinds) == set(OccasionKind), "something of every kind is to come"
    assert Booking.objects.filter(occasion__state=OccasionState.OPEN).exists()
    assert Booking.objects.filter(state=BookingState.NO_SHOW).exists()
    assert Booking.objects.filter(state=BookingState.RELEASED).exists()
    assert {point.state for point in queries.points()} == {PointState.OPEN, PointState.BROKEN}
    assert {point.reported for point in queries.points()} == {None, PointState.FULL}
    assert sum(sum(team.members.values()) for team in queries.teams()) == Membership.objects.count() > 5
    assert story.played.quizzes.total() == QuizAttempt.objects.count() > 5
    counted = Measurement.objects.filter(check_in__state__in=(CheckInState.COUNTED, CheckInState.CORRECTED))
    assert Behavior.objects.count() == counted.exclude(scenario="").count() > 20, "one behavior a measured line"
    before = stored()
    told(people(VILLAGE, 24), served)
    assert stored() == before


def test_where_nobody_lives_nobody_comes(pingjiang: County) -> None:
    load_community(pingjiang, at=AT, say=quiet)
    told(people(TOWN, 3))
    assert Occasion.objects.exists()
    assert not CheckIn.objects.exists()
    assert [booking.occasion.kind for booking in Booking.objects.all()] == [OccasionKind.RUN], "the first resident runs"


def test_a_county_without_points_has_no_story(pingjiang: County) -> None:
    told(people(VILLAGE, 3))
    assert not Occasion.objects.exists()


def test_a_year_has_an_exchange_day_every_quarter() -> None:
    held = held_between(date(2026, 1, 1), date(2026, 12, 31))
    days = [each.starts_at.date() for each in held if each.kind is OccasionKind.EXCHANGE_DAY]
    assert [(day.month, day.weekday()) for day in days] == [(3, 5), (6, 5), (9, 5), (12, 5)]
    assert len({each.name for each in held}) == len(held)
    assert all(first.starts_at.date() <= then.starts_at.date() for first, then in pairwise(held))


@pytest.mark.parametrize("end_on", [date(2026, 11, 21), date(2026, 12, 26), date(2027, 2, 28)])
def test_what_is_to_come_is_to_come(end_on: date) -> None:
    coming = list(coming_after(end_on))
    assert {each.kind for each in coming} == set(OccasionKind)
    assert all(each.starts_at >= day_start(end_on + timedelta(days=1)) for each in coming)
    assert len({each.name for each in coming}) == len(coming)
