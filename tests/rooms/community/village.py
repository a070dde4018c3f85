"""What the tests of the room share: an invented county with two villages, staff, people, and what is held there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tanhui.community import services
from tanhui.community.types import (
    BookingDetails,
    BookingView,
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


def clerk(division: str = TOWN) -> Actor:
    """A clerk of the township."""
    return staff(Role.CLERK, division=division)


def occasion(
    kind: OccasionKind = OccasionKind.COLLECTION, state: OccasionState = OccasionState.OPEN, **changes: Any
) -> str:
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


def audited(action: str) -> list[str]:
    """The targets of what the audit trail has under that action."""
    return [each.target for each in parties.audit_trail(action=action)]
