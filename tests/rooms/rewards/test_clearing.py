"""A month of a merchant: drafted from the books, checked and approved by two, paid, and what may go wrong on the way."""

from __future__ import annotations

import pytest
from tests.rooms.rewards.clearing import (
    CLEARED,
    assert_cleared,
    clear,
    drafted,
    hands,
    money,
    paid,
    redeemed,
    with_account,
)
from tests.rooms.rewards.mall import store, system

from tanhui.ledger.types import Book
from tanhui.rewards import queries
from tanhui.rewards.types import ApproveStatement, CheckStatement, LineKind, PaymentState, StatementState

pytestmark = pytest.mark.django_db


def test_a_month_from_the_books_to_the_bank() -> None:
    place, (operator, finance) = store(), hands()
    done = redeemed(place, 3)
    view = drafted(place, operator)
    assert (view.state, view.gross_fen, view.rate_fen, view.net_fen, view.lines) == (
        StatementState.DRAFTED, 3000, 0, 3000, 3,
    )  # fmt: skip
    lines = queries.statement_lines(view.number)
    assert [(each.line, each.kind, each.amount_fen) for each in lines] == [
        (1, LineKind.REDEEM, 1000), (2, LineKind.REDEEM, 1000), (3, LineKind.REDEEM, 1000),
    ]  # fmt: skip
    assert [each.redemption for each in lines] == [each.number for each in done]
    assert money(place) == (3000, 0)
    clear(CheckStatement(view.number, view.digest), operator)
    clear(ApproveStatement(view.number, view.digest), finance)
    view = queries.statement(view.number)
    assert (view.state, view.checked_by, view.approved_by) == (StatementState.APPROVED, operator.name, finance.name)
    assert money(place) == (0, 3000)
    with_account(place, operator, finance)
    number = paid(operator, finance)
    file = queries.payment(number)
    assert (file.state, file.total_fen, file.statements, file.reference) == (
        PaymentState.CONFIRMED, 3000, (view.number,), "BANK-0001",
    )  # fmt: skip
    view = queries.statement(view.number)
    assert (view.state, view.paid_at, view.payment) == (StatementState.PAID, CLEARED, number)
    assert money(place) == (0, 0)
    assert (system(Book.MONEY, "paid"), system(Book.MONEY, "budget")) == (3000, -3000)
    assert_cleared()
