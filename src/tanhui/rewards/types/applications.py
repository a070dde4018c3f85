"""Applications to the alliance: anybody sends one, the operator checks it against the papers and decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tanhui.rewards.types.clearing import FULL_RATE_BP
from tanhui.rewards.types.mall import OfferKind

MOST_OPEN_APPLICATIONS = 3
"""Of one credit code: further ones wait until these are decided."""


class ApplicationState(StrEnum):
    """Where an application stands."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"received": "待审核", "accepted": "已同意", "declined": "未同意"}[self.value]


@dataclass(frozen=True)
class ApplicationDetails:
    """What a unit sends about itself. Nothing of it enters the register before the operator has seen the papers.

    `words` says what it wants to offer; no names and telephones of people.
    """

    name: str
    credit_code: str
    title: str
    shop_title: str
    division_code: str
    address: str = ""
    kinds: tuple[OfferKind, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class ApplicationDecision:
    """Accepted: the unit, the merchant, its first shop and its contract [from, to) are made; declined: `reason`."""

    number: str
    accepted: bool
    reason: str = ""
    contract_from: date | None = None
    contract_to: date | None = None
    rate_bp: int = FULL_RATE_BP


@dataclass(frozen=True)
class ApplicationView:
    """An application (`apl_…`); `merchant` where it was accepted. `others`: how many more of the same code wait."""

    number: str
    name: str
    credit_code: str
    title: str
    shop_title: str
    division_code: str
    address: str
    kinds: tuple[OfferKind, ...]
    words: str
    state: ApplicationState
    received_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str
    merchant: str
    others: int
