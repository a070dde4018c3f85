"""What happened on a day, told so that patterns can be seen in it: no names, only numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RedemptionTrace:
    """A redemption that stands. `staff` is the user name of who redeemed; `party_id` holds the voucher."""

    number: str
    merchant: str
    party_id: int
    staff: str
    exchanged_at: datetime
    claimed_at: datetime
    face_value_fen: int


@dataclass(frozen=True)
class ExchangeTrace:
    """An exchange made with a device that was named (a keyed hash, hexadecimal)."""

    voucher: str
    party_id: int
    device: str
    exchanged_at: datetime
