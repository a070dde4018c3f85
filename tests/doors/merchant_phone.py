"""A merchant's phone, let in."""

from __future__ import annotations

from datetime import datetime

from tests.rooms.rewards.mall import AT, Store

from tanhui.parties.types import Actor
from tanhui.rewards import services
from tanhui.rewards.types import DeviceEntry, DeviceInvite


def code(where: Store, at: datetime = AT, *, by: Actor | None = None, title: str = "前台手机") -> str:
    """A pairing code for the store's cashier."""
    assert where.cashier.user_id is not None
    details = DeviceInvite(where.merchant, where.shop, where.cashier.user_id, title)
    return services.admit(details=details, at=at, by=by or Actor.system("tests"))


def phone(where: Store, at: datetime = AT) -> str:
    """The token of a phone that is in."""
    return services.admit(details=DeviceEntry(code(where, at)), at=at)
