"""A merchant's phones: let in by a short-lived code, known by a token, ended at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from tanhui.kernel.errors import TanhuiError
from tanhui.rewards.types.mall import MerchantState, StaffRole

INVITE_LIFE = timedelta(minutes=10)
"""How long a code that lets a phone in is good."""
MOST_DEVICES = 50
"""Phones of one merchant that may be in, or invited, at a time."""


class DeviceState(StrEnum):
    """A phone is invited, then in, until it is ended; an invitation that nobody used lapses."""

    INVITED = "invited"
    ACTIVE = "active"
    LAPSED = "lapsed"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"invited": "等待扫码", "active": "使用中", "lapsed": "配对码已失效", "ended": "已停用"}[self.value]


@dataclass(frozen=True)
class DeviceInvite:
    """A phone may come in for a shop and a member of the merchant's staff. `title` names the phone, not a person."""

    merchant: str
    shop: str
    user_id: int
    title: str


@dataclass(frozen=True)
class DeviceEntry:
    """The phone shows the code that it read or that was typed into it: good once."""

    code: str = field(repr=False)


@dataclass(frozen=True)
class DeviceEnd:
    """A phone (`dev_…`) is out from now on; what it kept without network can come in after it is let in again."""

    number: str


DeviceDetails = DeviceInvite | DeviceEntry | DeviceEnd


@dataclass(frozen=True)
class DeviceView:
    """A phone as the merchant's manager sees it."""

    number: str
    merchant: str
    shop: str
    shop_title: str
    user_id: int
    title: str
    state: DeviceState
    invited_at: datetime
    invited_until: datetime
    entered_at: datetime | None
    last_seen_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class DeviceRef:
    """A phone that has shown its token, and for whom it redeems."""

    number: str
    title: str
    merchant: str
    merchant_title: str
    merchant_state: MerchantState
    contract_from: date
    contract_to: date
    shop: str
    shop_title: str
    shop_closed: bool
    user_id: int
    username: str
    role: StaffRole


class DeviceRefused(TanhuiError):
    """The code or the token is none, used up, or ended."""

    code = "unauthorized"
    status = 401
