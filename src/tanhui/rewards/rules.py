"""Pure decisions of the room: codes that can be read aloud, spending order, validity, reasons of refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tanhui.kernel.days import local_day
from tanhui.rewards.types import (
    CLOCK_TOLERANCE,
    OFFLINE_WINDOW,
    MerchantState,
    OfferState,
    Outcome,
    VoucherState,
)

CODE_DIGITS = 14
MOD_97 = 97
_NOT_DIGITS = re.compile(r"[\s\-·　]+")
_CODE = re.compile(r"[0-9]{16}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_YEAR = re.compile(r"expires:(20[0-9]{2})")
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


def with_check_digits(digits: str) -> str:
    """The digits with two check digits by ISO/IEC 7064, MOD 97-10: the whole leaves 1 when divided by 97."""
    return f"{digits}{98 - int(digits) * 100 % MOD_97:02d}"


def read_code(text: str) -> str | None:
    """The sixteen digits of what somebody typed or read aloud; None where the check digits do not fit.

    Spaces, hyphens and full-width digits are forgiven. Any one wrong digit and any two exchanged ones are found.
    """
    digits = _NOT_DIGITS.sub("", text.translate(_WIDE))
    return digits if _CODE.fullmatch(digits) and int(digits) % MOD_97 == 1 else None


def in_groups(code: str) -> str:
    """The code as it is shown: groups of four."""
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


def is_nonce(text: str) -> bool:
    """Whether the text may name an attempt."""
    return bool(_NONCE.fullmatch(text))


def points_by_year(balances: Mapping[str, int], on: date) -> dict[int, int]:
    """Expiry year → points still good on that day, by year; of balances by account code."""
    found = {}
    for code, held in balances.items():
        match = _YEAR.fullmatch(code)
        if match and held > 0 and int(match[1]) >= on.year:
            found[int(match[1])] = held
    return dict(sorted(found.items()))


def spend(available: Mapping[int, int], price: int) -> dict[int, int] | None:
    """Expiry year → points to take, soonest first; None where they do not reach."""
    taken: dict[int, int] = {}
    for year in sorted(available):
        part = min(available[year], price - sum(taken.values()))
        if part > 0:
            taken[year] = part
    return taken if sum(taken.values()) == price else None


def validity(exchanged_at: datetime, valid_days: int | None, valid_until: datetime | None) -> tuple[datetime, datetime]:
    """[from, to) of a voucher."""
    until = valid_until if valid_days is None else exchanged_at + timedelta(days=valid_days)
    if until is None:
        raise ValueError("an offer says until when its vouchers are good")
    return exchanged_at, until


def on_sale(state: str, sale_from: datetime, sale_to: datetime, at: datetime) -> str:
    """Why the offer is not sold at that time, in Chinese; empty where it is."""
    if state != OfferState.PUBLISHED:
        return "这项权益没有上架" if state == OfferState.DRAFT else "这项权益已下架"
    if at < sale_from:
        return "这项权益还没有开始兑换"
    return "这项权益已停止兑换" if at >= sale_to else ""


def may_cancel(cancel_hours: int | None, exchanged_at: datetime, at: datetime) -> bool:
    """Whether the holder may still give an open voucher back."""
    return cancel_hours is None or at < exchanged_at + timedelta(hours=cancel_hours)


@dataclass(frozen=True)
class Attempt:
    """When somebody tried to redeem: by our clock, by the merchant's, and whether there was no network."""

    at: datetime
    claimed_at: datetime
    offline: bool

    @property
    def counted_at(self) -> datetime:
        """The time against which validity is judged: the merchant's own where there was no network."""
        return min(self.claimed_at, self.at) if self.offline else self.at


def refuse_place(
    attempt: Attempt, merchant_state: str, contract: tuple[date, date], shop_known: bool
) -> Outcome | None:
    """What speaks against the attempt whatever the voucher: clock, merchant (contract days half-open), shop."""
    late = attempt.offline and attempt.claimed_at < attempt.at - OFFLINE_WINDOW
    if late or attempt.claimed_at > attempt.at + CLOCK_TOLERANCE:
        return Outcome.CLOCK_OFF
    if merchant_state != MerchantState.ACTIVE or not contract[0] <= local_day(attempt.counted_at) < contract[1]:
        return Outcome.MERCHANT_SUSPENDED
    return None if shop_known else Outcome.SHOP_UNKNOWN


def refuse_voucher(attempt: Attempt, state: str, valid: tuple[datetime, datetime], named: bool) -> Outcome | None:
    """What speaks against this voucher here and now; `named`: the merchant is among those who redeem it."""
    if not named:
        return Outcome.OTHER_MERCHANT
    if state == VoucherState.REDEEMED:
        return Outcome.ALREADY_REDEEMED
    if state == VoucherState.CANCELLED:
        return Outcome.CANCELLED
    if state == VoucherState.EXPIRED or attempt.counted_at >= valid[1]:
        return Outcome.EXPIRED
    early = valid[0] - (CLOCK_TOLERANCE if attempt.offline else timedelta())
    return Outcome.NOT_YET_VALID if attempt.counted_at < early else None


def rate_off(gross_fen: int, rate_bp: int) -> int:
    """What the agreed rate takes off a sum, in fen: rounded half up, never more than 0 of a sum that is not negative.

    Of a negative sum (more undone than redeemed) the same comes back. The database states the same rule.
    """
    off = (abs(gross_fen) * (10_000 - rate_bp) + 5_000) // 10_000
    return -off if gross_fen >= 0 else off


def extended(known: tuple[date, date], new: tuple[date, date], on: date) -> tuple[date, date] | None:
    """The days [from, to) of a merchant under its old and its new terms; None where they leave a gap ahead.

    Terms that begin before or when the old ones end carry on from the beginning of those; old ones that have run out
    are replaced.
    """
    if new[0] <= known[1]:
        return min(known[0], new[0]), new[1]
    return new if on >= known[1] else None
