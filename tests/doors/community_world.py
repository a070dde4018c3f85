"""An invented village for the doors: points, prices, occasions and a team, with the county's own materials.

Its day is fixed; tests set the doors' clocks to it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from tests.rooms.community import village
from tests.rooms.community.village import AT, DAY, HOUR, OTHER_VILLAGE, SYSTEM, VILLAGE

from tanhui.community import services
from tanhui.community.types import (
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
    PointDetails,
    PointKind,
    PriceDetails,
    TeamDetails,
    TeamMember,
    TeamRole,
)
from tanhui.kernel.days import local_day
from tanhui.parties import services as parties
from tanhui.parties.types import OrganizationDetails

PAPER, CLOTHES, CARTON = "waste-paper", "old-clothes", "express-carton"
TOMORROW = AT + DAY
_SERIAL = count(1)


def host(title: str = "虚构再生资源公司") -> str:
    """An organization; its number."""
    details = OrganizationDetails(title, code=f"invented-host-{next(_SERIAL)}")
    return parties.register(details=details, at=AT - 100 * DAY, by=SYSTEM).number


def point(title: str = "虚构回收点", **changes: Any) -> str:
    """A collection point of the village that takes paper; its number."""
    details = PointDetails(
        PointKind.POINT, title, VILLAGE, "示例路 1 号", (PAPER,), "每天 8:00—18:00", 113_600_000, 28_700_000
    )
    return services.arrange(details=replace(details, **changes), at=AT - 20 * DAY, by=SYSTEM)


def price(organization: str, fen: int, material: str = PAPER, days: int = -5) -> None:
    """What a recycler pays from that many days from today on."""
    details = PriceDetails(organization, material, fen, local_day(AT + days * DAY))
    services.arrange(details=details, at=AT - 20 * DAY, by=SYSTEM)


def occasion(title: str = "虚构上门回收", state: OccasionState = OccasionState.OPEN, **changes: Any) -> str:
    """A pick-up tomorrow morning with two places; its number."""
    organization = changes.pop("host", None) or host()
    details = OccasionDetails(
        kind=OccasionKind.PICKUP,
        title=title,
        summary="门口等候，当面称重。",
        host=organization,
        division_code=VILLAGE,
        place="村部门前",
        starts_at=TOMORROW,
        ends_at=TOMORROW + 3 * HOUR,
        capacity=2,
        materials=(PAPER,),
    )
    number = services.arrange(details=replace(details, **changes), at=AT - 10 * DAY, by=SYSTEM)
    if state is not OccasionState.DRAFT:
        services.arrange(details=OccasionStatus(number, OccasionState.OPEN), at=AT - 9 * DAY, by=SYSTEM)
    if state not in (OccasionState.DRAFT, OccasionState.OPEN):
        at = AT if state is OccasionState.CANCELLED else TOMORROW + 4 * HOUR
        services.arrange(details=OccasionStatus(number, state, "连日大雨"), at=at, by=SYSTEM)
    return number


def team(title: str = "虚构志愿队", *members: tuple[int, TeamRole], ended: bool = False) -> str:
    """A volunteers' team; its number."""
    details = TeamDetails(title, host("虚构镇团委"), VILLAGE)
    number = services.arrange(details=details, at=AT - 30 * DAY, by=SYSTEM)
    for person, role in members:
        services.arrange(details=TeamMember(number, person, role), at=AT - 20 * DAY, by=SYSTEM)
    if ended:
        services.arrange(details=replace(details, number=number, ended=True), at=AT - DAY, by=SYSTEM)
    return number


def open_village() -> None:
    """The county with two townships, a village in each, and the scenarios of recycling."""
    village.open_county()


__all__ = [
    "AT",
    "CARTON",
    "CLOTHES",
    "DAY",
    "HOUR",
    "OTHER_VILLAGE",
    "PAPER",
    "SYSTEM",
    "TOMORROW",
    "VILLAGE",
    "host",
    "occasion",
    "open_village",
    "point",
    "price",
    "team",
]
