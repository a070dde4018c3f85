"""What the tests of the room share: an invented county with two villages, staff, people, and what is held there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tanhui.community import services
from tanhui.community.models import Booking, Card, CheckIn, CheckInNews, Measurement, Occasion, Places
from tanhui.community.types import (
    BookingDetails,
    BookingView,
    CardDetails,
    CardSheet,
    CheckInDetails,
    CheckInView,
    ConfirmDetails,
    Measured,
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
)
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.models import Division, Party, User
from tanhui.parties.types import Actor, LoginId, Purpose, ResidentDetails, Role, Scope
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.models import Behavior, Supersession
from tanhui.scenarios.types import Grade, ScenarioDraft, SourceDraft

COUNTY_FOLDER = str(Path(__file__).parent / "county")
AT = datetime(2026, 6, 10, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOWN, VILLAGE, OTHER_VILLAGE = "430699101000", "430699101201", "430699102201"
SYSTEM = Actor.system("tests")
_SERIAL = count(1)


def open_county() -> None:
    """Two townships with a village each, the village as a source of evidence, and two scenarios."""
    county = Division.objects.get_or_create(
        statistical_code="430699000000", defaults={"code": "430699", "name": "虚构县", "level": "county"}
    )[0]
    for town, village in (("430699101000", VILLAGE), ("430699102000", OTHER_VILLAGE)):
        above = Division.objects.get_or_create(
            statistical_code=town, defaults={"name": "虚构镇", "level": "township", "parent": county}
        )[0]
        Division.objects.get_or_create(
            statistical_code=village, defaults={"name": "虚构村", "level": "village", "parent": above}
        )
    scenarios.admit(draft=SourceDraft("village", "村级回收", top_grade=Grade.B), at=AT - 100 * DAY)
    for code in ("recyclables", "express-carton"):
        draft = ScenarioDraft(code, f"虚构{code}", code, settings={"consent": "recycling"})
        scenarios.admit(draft=draft, at=AT - 100 * DAY)


def organization(kind: str = "organization") -> str:
    """A new organization; its number."""
    number = f"pty_test{next(_SERIAL):020d}"
    Party.objects.create(number=number, kind=kind, created_at=AT - 100 * DAY)
    return number


def resident(*, consents: tuple[Purpose, ...] = (Purpose.RECYCLING,), division: str = VILLAGE) -> int:
    """A new person who consented to that, with an account; its party."""
    name = f"person{next(_SERIAL)}"
    given = dict.fromkeys((Purpose.ACCOUNT, *consents), "v1")
    details = ResidentDetails(login=LoginId("development", name), nickname=name, division_code=division, consents=given)
    return parties_services.register(details=[details], at=AT - 50 * DAY)[0].id


def staff(*roles: Role, division: str = "") -> Actor:
    """A new member of staff with these roles, in the county or a division."""
    name = f"clerk{next(_SERIAL)}"
    user = User.objects.create(username=name, display_name=f"虚构{name}", created_at=AT, password="!")
    for role in roles:
        scope = Scope("division", division) if division else Scope()
        parties_services.grant(user_id=user.pk, role=role, scope=scope, at=AT - 50 * DAY, by=SYSTEM)
    return Actor.staff(user)


def username_of(actor: Actor) -> str:
    """The user name of a member of staff."""
    return actor.name.removeprefix("staff:")


def clerk(division: str = TOWN) -> Actor:
    """A clerk of the township."""
    return staff(Role.CLERK, division=division)


def occasion(kind: Any = OccasionKind.COLLECTION, state: Any = OccasionState.OPEN, **changes: Any) -> str:
    """An occasion of the village, this morning; its number."""
    details = OccasionDetails(
        kind=kind,
        title=f"虚构活动{next(_SERIAL)}",
        summary="只用于测试",
        host=organization() if "host" not in changes else changes["host"],
        division_code=VILLAGE,
        place="村委会门前",
        starts_at=AT,
        ends_at=AT + 3 * HOUR,
        materials=("paper", "carton", "battery") if kind in (OccasionKind.COLLECTION, OccasionKind.PICKUP) else (),
    )
    number = services.arrange(details=replace(details, **changes), at=AT - 10 * DAY, by=SYSTEM)
    if state is not OccasionState.DRAFT:
        services.arrange(details=OccasionStatus(number, OccasionState.OPEN), at=AT - 9 * DAY, by=SYSTEM)
    return number


def book(person: int, where: str, key: str = "", at: datetime = AT - DAY, by: Actor | None = None) -> BookingView:
    """A booking under a key of its own, or that one."""
    details = BookingDetails(where, person, key or f"k{next(_SERIAL)}")
    return services.book(details=details, at=at, by=by)


PAPER = Measured("paper", mass_g=3_500)


def come(where: str, by: Actor | None = SYSTEM, person: Any = None, at: Any = AT + HOUR, **details: Any) -> CheckInView:
    """A check-in there, at that time, under a nonce of its own."""
    asked = {"nonce": f"nonce-{next(_SERIAL):06d}", "happened_at": at} | details
    return services.check_in(details=CheckInDetails(where, party_id=person, **asked), at=at, by=by)


def agree(number: str, by: Actor, right: bool = True, at: datetime = AT + 2 * HOUR, reason: str = "") -> CheckInView:
    """The second person's word."""
    return services.confirm(details=ConfirmDetails(number, right, reason), at=at, by=by)


def card(person: int, serials: int = 3, by: Actor | None = None) -> CardSheet:
    """A card for a person, by two clerks of the township."""
    witness = username_of(clerk())
    return services.card(details=CardDetails(person, witness, serials), at=AT - DAY, by=by or clerk())


def behaviors() -> dict[str, tuple[str, int | None, int | None, bool]]:
    """External id → (scenario, grams, items, whether it still counts) of all that the scenarios were told."""
    gone = set(Supersession.objects.values_list("behavior_id", flat=True))
    rows = Behavior.objects.select_related("scenario").order_by("id")
    return {row.external_id: (row.scenario.code, row.mass_g, row.item_count, row.pk not in gone) for row in rows}


def everything() -> tuple[Any, ...]:
    """All that a refused act must leave as it was."""
    tables = (Occasion, Places, Booking, CheckIn, Measurement, CheckInNews, Card, Behavior, Supersession)
    return tuple(tuple(table.objects.order_by("pk").values_list()) for table in tables)


def assert_sound() -> None:
    """What is stored agrees: places with bookings, check-ins with their behaviors, news with states."""
    for each in Places.objects.all():
        held = Booking.objects.filter(occasion_id=each.occasion_id, state__in=("booked", "attended", "no_show"))
        assert each.taken == held.count()
        waits = Booking.objects.filter(occasion_id=each.occasion_id, state="waiting").exists()
        assert not waits or each.taken == each.capacity
    told = behaviors()
    for row in CheckIn.objects.all():
        for line in row.measured.all():
            known = told.pop(f"{row.number}-{line.line}", None)
            if not line.scenario or row.state in ("pending", "refused"):
                assert known is None
            elif row.state == "counted":
                assert known == (line.scenario, line.mass_g, line.item_count, True)
            else:
                assert known is None or known[3] is False
        assert row.news.order_by("-id").values_list("state", flat=True)[0] == row.state
    assert told == {}


def audited(action: str) -> list[str]:
    """The targets of what the audit trail has under that action."""
    return [each.target for each in parties.audit_trail(action=action)]
