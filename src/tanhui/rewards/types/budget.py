"""The programme's money for a year, queues for what is given out, and persons who may not exchange for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tanhui.kernel.errors import Conflict, Forbidden

RESERVED_FOR = timedelta(hours=48)
"""How long one is kept for whoever stands first in a queue; never beyond the year whose money it holds."""


class WaitingState(StrEnum):
    """Where somebody stands in a queue: waiting, with one reserved, served, passed over, gone, or the queue ended."""

    WAITING = "waiting"
    RESERVED = "reserved"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "waiting": "排队中",
            "reserved": "已为您保留",
            "taken": "已兑换",
            "lapsed": "保留已过期",
            "left": "已退出排队",
            "closed": "权益下架，排队结束",
        }[self.value]


@dataclass(frozen=True)
class BudgetDetails:
    """How much money the programme may promise in a calendar year of the county, in fen.

    `offer` (`ofr_…`) names the line of one offer; empty: the line of the whole year, which every promise draws on.
    `reserve_fen` is kept back of the whole year. `source` says who decided it, and where. Repeated: the new amounts.
    """

    year: int
    amount_fen: int
    reserve_fen: int = 0
    offer: str = ""
    source: str = ""


@dataclass(frozen=True)
class BudgetView:
    """A line of the budget. `committed_fen`: face value of the vouchers given out in that year and not given back."""

    year: int
    offer: str
    title: str
    amount_fen: int
    reserve_fen: int
    committed_fen: int
    source: str

    @property
    def left_fen(self) -> int:
        """What may still be promised."""
        return self.amount_fen - self.reserve_fen - self.committed_fen


@dataclass(frozen=True)
class WaitingView:
    """A place in the queue for an offer. `ahead`: how many stand before it (0 where one is reserved)."""

    number: str
    offer: str
    title: str
    state: WaitingState
    ahead: int
    entered_at: datetime
    reserved_until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class HoldDetails:
    """A person may not exchange until `until` (None: until it is lifted). `case` names the decision behind it."""

    party_id: int
    reason: str
    case: str
    until: datetime | None = None


@dataclass(frozen=True)
class HoldLift:
    """A hold (`hld_…`) ends now."""

    number: str
    reason: str


@dataclass(frozen=True)
class HoldView:
    """A hold as the person concerned reads it."""

    number: str
    party_id: int
    reason: str
    case: str
    began_at: datetime
    until: datetime | None
    lifted_at: datetime | None


class BudgetShort(Conflict):
    """The year's money, or that of the offer, does not reach for it; the queue is open."""

    code = "budget_short"


class TooFast(Conflict):
    """More exchanges in a day than the county's limits allow a person or a device, or too many unknown codes tried."""

    code = "too_fast"


class OnHold(Forbidden):
    """Exchanges of this person are paused by a decision, with its reason and the way to appeal."""

    code = "on_hold"
