"""Points and how they are, prices, teams and their hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from tests.rooms.community.village import (
    AT,
    DAY,
    HOUR,
    OTHER_VILLAGE,
    SYSTEM,
    VILLAGE,
    agree,
    audited,
    clerk,
    come,
    occasion,
    organization,
    resident,
    staff,
)

from tanhui.community import queries, services
from tanhui.community.models import CollectionPoint, MaterialPrice, PointNotice
from tanhui.community.types import (
    LimitReached,
    OccasionKind,
    PointDetails,
    PointKind,
    PointReport,
    PointState,
    PriceDetails,
    TeamDetails,
    TeamMember,
    TeamRole,
)
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role

BOX = PointDetails(PointKind.BOX, "旧衣箱（示例）", VILLAGE, "村委会门口", ("paper",), "全天", 113_600_000, 28_700_000)
PUBLIC = Actor("public")


def arrange(details: object, by: Actor = SYSTEM, at: object = AT) -> str:
    return services.arrange(details=details, at=at, by=by)  # type: ignore[arg-type]


def me(person: int) -> Actor:
    return Actor.resident(parties.party_by_id(person))


def test_a_point_is_what_staff_saw_last_and_residents_report() -> None:
    number = arrange(BOX)
    assert (queries.point(number).state, queries.point(number).reported) == (PointState.OPEN, None)
    person = resident()
    for by in (me(person), me(person), PUBLIC, PUBLIC):
        arrange(PointReport(number, PointState.FULL, "满出来了"), by, AT + HOUR)
    assert queries.point(number).reported is PointState.FULL
    assert sorted(PointNotice.objects.values_list("note", flat=True)) == ["", "满出来了"]
    arrange(PointReport(number, PointState.BROKEN), me(person), AT + 2 * HOUR)
    assert queries.point(number).reported is PointState.BROKEN
    with pytest.raises(Forbidden):
        arrange(PointReport(number, PointState.FULL), clerk(OTHER_VILLAGE), AT + 3 * HOUR)
    arrange(PointReport(number, PointState.FULL), clerk(), AT + 3 * HOUR)
    view = queries.point(number)
    assert (view.state, view.state_at, view.reported) == (PointState.FULL, AT + 3 * HOUR, None)
    assert audited("community.point_state") == [number]
    for by in (me(person), PUBLIC):
        with pytest.raises(BadInput):
            arrange(PointReport(number, PointState.CLOSED), by)
    with pytest.raises(NotFound):
        arrange(PointReport("cpt_nothing", PointState.FULL), PUBLIC)


def test_one_resident_does_not_report_all_day() -> None:
    by = me(resident())
    for _ in range(10):
        arrange(PointReport(arrange(BOX), PointState.FULL), by)
    last = arrange(BOX)
    with pytest.raises(LimitReached):
        arrange(PointReport(last, PointState.FULL), by)
    arrange(PointReport(last, PointState.FULL), by, AT + DAY)


def test_points_are_found_by_place_and_material() -> None:
    here = arrange(BOX)
    there = arrange(replace(BOX, title="电池箱", division_code=OTHER_VILLAGE, materials=("battery", "paper")))
    assert [each.number for each in queries.points(material="battery")] == [there]
    assert [each.number for each in queries.points(division_code="430699101000")] == [here]
    assert len(queries.points(division_code="430699")) == 2
    arrange(replace(BOX, number=here, title="纸箱（示例）", division_code=OTHER_VILLAGE))
    assert queries.point(here).title == "纸箱（示例）"
    with pytest.raises(Forbidden):
        arrange(replace(BOX, number=here), staff(Role.OPERATOR, division="430699101000"))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"materials": ()}, BadInput),
        ({"materials": ("gold",)}, NotFound),
        ({"title": ""}, BadInput),
        ({"longitude_e6": None}, BadInput),
        ({"division_code": "1"}, NotFound),
        ({"number": "cpt_nothing"}, NotFound),
    ],
)
def test_what_cannot_be_a_point(changes: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        arrange(replace(BOX, **changes))  # type: ignore[arg-type]
    assert not CollectionPoint.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        arrange(replace(BOX, longitude_e6=200_000_000))


def test_prices_hold_from_a_day_on() -> None:
    one, other = organization(), organization()
    for owner, material, fen, day in (
        (one, "paper", 80, 1), (one, "paper", 90, 10), (other, "paper", 85, 1), (one, "battery", 0, 1),
    ):  # fmt: skip
        arrange(PriceDetails(owner, material, fen, date(2026, 6, day)))
    first = MaterialPrice.objects.earliest("id").number
    assert arrange(PriceDetails(one, "paper", 80, date(2026, 6, 1))) == first
    assert MaterialPrice.objects.count() == 4

    def on(day: int) -> list[tuple[str, str, int]]:
        return [(e.organization, e.material, e.price_fen) for e in queries.prices(on=date(2026, 6, day))]

    assert on(5) == [(other, "paper", 85), (one, "paper", 80), (one, "battery", 0)]
    assert on(10)[0] == (one, "paper", 90)
    arrange(PriceDetails(one, "paper", 95, date(2026, 6, 10)))
    assert on(10)[0] == (one, "paper", 95)
    assert queries.prices()[0].price_fen == 95
    for details, error in (
        (PriceDetails(one, "paper", -1, date(2026, 6, 1)), BadInput),
        (PriceDetails(one, "gold", 1, date(2026, 6, 1)), NotFound),
        (PriceDetails(organization("resident"), "paper", 1, date(2026, 6, 1)), BadInput),
    ):
        with pytest.raises(error):
            arrange(details)


def test_teams_and_their_hours() -> None:
    host, person, other = organization(), resident(), resident()
    number = arrange(TeamDetails("虚构志愿队", host, VILLAGE), at=AT - 20 * DAY)
    for role in (TeamRole.PROMOTER, TeamRole.LECTURER):
        arrange(TeamMember(number, person, role), me(person), AT - 10 * DAY)
        arrange(TeamMember(number, person, role), me(person), AT - 9 * DAY)
    arrange(TeamMember(number, other, TeamRole.ADVISER), clerk(), AT - 10 * DAY)
    with pytest.raises(Forbidden):
        arrange(TeamMember(number, other, TeamRole.PROMOTER), me(person))
    assert queries.team(number).members == {"promoter": 1, "lecturer": 1, "adviser": 1}
    assert [(view.number, roles) for view, roles in queries.teams_of(person)] == [(number, ("promoter", "lecturer"))]
    where = occasion(OccasionKind.VOLUNTEER, host=host, minutes=120)
    come(where, None, person, code=queries.rotating_code(where, AT + HOUR))
    come(occasion(OccasionKind.VOLUNTEER, minutes=60), SYSTEM, person)
    waits = come(where, clerk(), other, minutes=90)
    assert queries.team(number).minutes == 120
    agree(waits.number, clerk())
    assert queries.team(number).minutes == 210
    arrange(TeamMember(number, other, TeamRole.ADVISER, joined=False), clerk(), AT + 5 * HOUR)
    assert queries.team(number).members == {"promoter": 1, "lecturer": 1}
    arrange(TeamDetails("虚构志愿队", host, VILLAGE, number, ended=True), at=AT + 6 * HOUR)
    assert (queries.teams(), queries.teams(ended=True)[0].ended, queries.teams_of(person)) == ([], True, [])
    with pytest.raises(Conflict):
        arrange(TeamMember(number, other, TeamRole.ADVISER), clerk())
    with pytest.raises(Conflict):
        arrange(TeamDetails("改名", host, VILLAGE, number))
    assert queries.team(number).minutes == 210
