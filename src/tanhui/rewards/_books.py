"""What the room posts. Points: person → held → redeemed, and back the same way. Money: budget → merchant, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tanhui.ledger import queries as ledger_queries
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.rewards.models import Voucher

HELD = AccountRef(Book.POINTS, None, "held")
REDEEMED = AccountRef(Book.POINTS, None, "redeemed")
BUDGET = AccountRef(Book.MONEY, None, "budget")


def points_account(party_id: int, year: int) -> AccountRef:
    """A person's points that expire with that year."""
    return AccountRef(Book.POINTS, party_id, f"expires:{year}")


def key_of(number: str, step: str) -> str:
    """The ledger's key of a step of a voucher."""
    return f"voucher:{number}:{step}"


def bought(number: str, party_id: int, points: Iterable[tuple[int, int]], title: str, at: datetime) -> Posting:
    """The person pays: (year, points), soonest first."""
    moved = tuple(Movement(points_account(party_id, year), HELD, part) for year, part in points)
    return Posting(key_of(number, "exchange"), "exchange", at, moved, title)


def returned(number: str, party_id: int, points: Iterable[tuple[int, int]], title: str, at: datetime) -> Posting:
    """The points go back to the years that they came from."""
    moved = tuple(Movement(HELD, points_account(party_id, year), part) for year, part in points)
    return Posting(key_of(number, "return"), "voucher_return", at, moved, title)


def fulfilled(number: str, price_points: int, title: str, at: datetime) -> Posting:
    """Honors and donations: used up in the exchange itself."""
    return Posting(key_of(number, "redeem:1"), "redeem", at, (Movement(HELD, REDEEMED, price_points),), title)


def redeemed(voucher: Voucher, merchant_party: int, turn: int, at: datetime) -> Posting:
    """The points are used up, and the programme owes the merchant the face value."""
    moved = (
        Movement(HELD, REDEEMED, voucher.price_points),
        Movement(BUDGET, AccountRef(Book.MONEY, merchant_party, "payable"), voucher.face_value_fen),
    )
    return Posting(key_of(voucher.number, f"redeem:{turn}"), "redeem", at, moved, voucher.offer.title)


def undone(voucher: Voucher, merchant_party: int, turn: int, at: datetime) -> Posting:
    """The same back."""
    moved = (
        Movement(REDEEMED, HELD, voucher.price_points),
        Movement(AccountRef(Book.MONEY, merchant_party, "payable"), BUDGET, voucher.face_value_fen),
    )
    return Posting(key_of(voucher.number, f"undo:{turn}"), "redeem_undo", at, moved, voucher.offer.title)


def first_open(happened_at: datetime) -> datetime:
    """The instant itself, or the first one that both books still take: an upload may come after a close."""
    states = [ledger_queries.period(book) for book in (Book.POINTS, Book.MONEY)]
    return max([happened_at, *[state.closed_before for state in states if state]])
