"""An invented village for the doors: two clerks of one township, people with consent, an occasion of today.

Its dates are counted from now, because doors look at the clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone
from tests.doors import rewards_world
from tests.doors.desk import SYSTEM, hire
from tests.rooms.rewards import mall
from tests.rooms.scenarios.world import START, open_county

from tanhui.community import services
from tanhui.community.types import (
    CardDetails,
    CardSheet,
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
)
from tanhui.parties import services as parties
from tanhui.parties.models import User
from tanhui.parties.types import (
    Actor,
    LoginId,
    OrganizationDetails,
    PartyRef,
    Purpose,
    RelationKind,
    ResidentDetails,
    Role,
    Scope,
)
from tanhui.rewards import services as rewards
from tanhui.rewards.types import MerchantStaffDetails, OfferKind

TOWN, VILLAGE = rewards_world.TOWN, rewards_world.VILLAGE
PHONE = "13900000001"
"""Of 张阿婆; from a range for examples."""
_SERIAL = count(1)


@dataclass(frozen=True)
class Village:
    """Who is there, and what is held today."""

    clerk: User
    second: User
    host: PartyRef
    occasion: str
    zhang: PartyRef
    li: PartyRef
    wang: PartyRef


def person(name: str, clerk: User | None = None, *, contact: bool = True, **more: Any) -> PartyRef:
    """A resident of the village; `clerk` is whom the person lets act."""
    given = dict.fromkeys((Purpose.ACCOUNT, Purpose.RECYCLING, *([Purpose.CONTACT] if contact else [])), "v1")
    login = LoginId("development", f"villager{next(_SERIAL)}")
    details = ResidentDetails(login=login, nickname=name, division_code=VILLAGE, consents=given, **more)
    made = parties.register(details=[details], at=START, by=SYSTEM)[0]
    if clerk is not None:
        parties.relate(
            kind=RelationKind.CLERK,
            subject_id=made.id,
            clerk_id=clerk.pk,
            basis="当面同意（示例）",
            at=START,
            by=SYSTEM,
        )
    return made


def hold(host: PartyRef, kind: OccasionKind = OccasionKind.COLLECTION, **changes: Any) -> str:
    """An open occasion that began an hour ago and goes on for three."""
    now = timezone.now()
    details = OccasionDetails(
        kind=kind,
        title="虚构村定点回收（示例）",
        summary="带上分好的纸板和塑料餐盒。",
        host=host.number,
        division_code=VILLAGE,
        place="虚构村村部门前",
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=3),
        bookable=False,
        materials=("waste-paper", "plastic-box", "express-carton"),
    )
    number = services.arrange(details=replace(details, **changes), at=now - timedelta(days=3), by=SYSTEM)
    services.arrange(details=OccasionStatus(number, OccasionState.OPEN), at=now - timedelta(days=2), by=SYSTEM)
    return number


def coming(host: PartyRef, kind: OccasionKind = OccasionKind.PICKUP, **changes: Any) -> str:
    """An open occasion of tomorrow that is booked."""
    start = timezone.now() + timedelta(days=1)
    times = {"starts_at": start, "ends_at": start + timedelta(hours=3), "bookable": True}
    return hold(host, kind, **({"title": "虚构村上门回收（示例）"} | times | changes))


def open_village() -> Village:
    """The village with everything."""
    open_county()
    rewards_world.divide()
    scope = Scope("division", TOWN)
    clerk, second = hire("clerk-one", Role.CLERK, scope=scope), hire("clerk-two", Role.CLERK, scope=scope)
    host = parties.register(details=OrganizationDetails("虚构回收站", code="invented-station"), at=START, by=SYSTEM)
    return Village(
        clerk=clerk,
        second=second,
        host=host,
        occasion=hold(host),
        zhang=person("张阿婆", clerk, phone=PHONE, address="虚构村 3 组 12 号（示例）"),
        li=person("李大伯", clerk),
        wang=person("王小妹", clerk),
    )


def card(village: Village, who: PartyRef, serials: int = 6, by: User | None = None) -> CardSheet:
    """A card of that person, printed by the second clerk: what the first enters with it counts."""
    printer = by or village.second
    witness = village.clerk if printer == village.second else village.second
    details = CardDetails(who.id, witness.username, serials)
    made: Any = services.card(details=details, at=timezone.now(), by=Actor.staff(printer))
    return made  # type: ignore[no-any-return]


def exchange_day(village: Village, points: int = 200) -> str:
    """An exchange day with goods of a village group for which the clerk hands out; 张阿婆 has points."""
    at = timezone.now()
    merchant, _, _ = rewards_world.join("虚构村组")
    rewards.admit(details=MerchantStaffDetails(merchant, village.clerk.pk), at=at)
    for title, price in (("肥皂（示例）", 120), ("复合肥一袋（示例）", 900)):
        rewards_world.publish(merchant, kind=OfferKind.GOODS, title=title, price_points=price)
    mall.give(village.zhang.id, points, year=at.year + 1, at=at)
    return hold(village.host, OccasionKind.EXCHANGE_DAY, title="虚构村集中兑换日（示例）", materials=())
