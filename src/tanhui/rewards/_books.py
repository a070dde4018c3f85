"""What the room posts. Points: person → held → redeemed, and back the same way. Money: budget → merchant, and back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tanhui.ledger import queries as ledger_queries
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.rewards.models import ClearingCorrection, ClearingStatement, Voucher

HELD = AccountRef(Book.POINTS, None, "held")
REDEEMED = AccountRef(Book.POINTS, None, "redeemed")
BUDGET = AccountRef(Book.MONEY, None, "budget")
PAID = AccountRef(Book.MONEY, None, "paid")


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


def redeemed(number: str, worth: tuple[int, int, str], merchant_party: int, turn: int, at: datetime) -> Posting:
    """The points are used up, and the programme owes the merchant the face value; `worth`: price, face value, title."""
    price_points, face_value_fen, title = worth
    moved = (
        Movement(HELD, REDEEMED, price_points),
        Movement(BUDGET, AccountRef(Book.MONEY, merchant_party, "payable"), face_value_fen),
    )
    return Posting(key_of(number, f"redeem:{turn}"), "redeem", at, moved, title)


def undone(voucher: Voucher, merchant_party: int, turn: int, at: datetime) -> Posting:
    """The same back."""
    moved = (
        Movement(REDEEMED, HELD, voucher.price_points),
        Movement(AccountRef(Book.MONEY, merchant_party, "payable"), BUDGET, voucher.face_value_fen),
    )
    return Posting(key_of(voucher.number, f"undo:{turn}"), "redeem_undo", at, moved, voucher.offer.title)


def cleared(row: ClearingStatement, merchant_party: int, at: datetime, *, back: bool = False) -> Posting | None:
    """An approved sum is set aside for payment, and the agreed rate goes back to the budget; None for nothing at all.

    `back`: the same the other way, when the statement is void.
    """
    payable, due = (AccountRef(Book.MONEY, merchant_party, code) for code in ("payable", "due"))
    sides = [(payable, due, row.net_fen)]
    sides.append((payable, BUDGET, -row.rate_fen) if row.rate_fen <= 0 else (BUDGET, payable, row.rate_fen))
    moved = tuple(Movement(to, of, amount) if back else Movement(of, to, amount) for of, to, amount in sides if amount)
    kind = "clearing_void" if back else "clearing"
    return Posting(f"statement:{row.number}:{kind}", kind, at, moved, f"{row.month:%Y-%m}") if moved else None


def corrected(row: ClearingCorrection, merchant_party: int, at: datetime) -> Posting:
    """More for a merchant, or less."""
    payable = AccountRef(Book.MONEY, merchant_party, "payable")
    of, to = (BUDGET, payable) if row.amount_fen > 0 else (payable, BUDGET)
    return Posting(f"correction:{row.number}", "correction", at, (Movement(of, to, abs(row.amount_fen)),), row.reason)


def paid(payment: str, statement: str, merchant_party: int, amount_fen: int, at: datetime) -> Posting:
    """What was set aside has been paid by the bank."""
    moved = Movement(AccountRef(Book.MONEY, merchant_party, "due"), PAID, amount_fen)
    return Posting(f"payment:{payment}:{statement}", "payment", at, (moved,), statement)


def first_open(happened_at: datetime) -> datetime:
    """The instant itself, or the first one that both books still take: an upload may come after a close."""
    states = [ledger_queries.period(book) for book in (Book.POINTS, Book.MONEY)]
    return max([happened_at, *[state.closed_before for state in states if state]])
