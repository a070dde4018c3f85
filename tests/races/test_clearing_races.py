"""Clearing with many real connections at once: one of two hands wins, nothing counts twice, nobody waits in a circle.

`TANHUI_RACE_ROUNDS` says how often each race is run (2 where it is not set).
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from tests.rooms.rewards.clearing import (
    CLEARED,
    JULY,
    JUNE,
    LATER,
    approved,
    assert_cleared,
    checked,
    clear,
    drafted,
    hand,
    hands,
    manager_of,
    money,
    redeemed,
    standing,
    with_account,
)
from tests.rooms.rewards.mall import AT, DAY, HOUR, LUNCH, Store, buy, offered, resident, store, undo, use

from tanhui.parties.types import Role
from tanhui.rewards import queries
from tanhui.rewards.models import ClearingLine, ClearingPayment, ClearingStatement
from tanhui.rewards.types import (
    AnswerDispute,
    ApproveStatement,
    CancelPayment,
    CheckStatement,
    ConfirmPayment,
    DecideCorrection,
    DraftMonth,
    PreparePayment,
    ProposeCorrection,
    RaiseDispute,
    StatementState,
    VoidStatement,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("TANHUI_RACE_ROUNDS", "2"))
ON = date(2026, 7, 4)

AtOnce = Callable[..., list[Any]]
Act = Callable[[], Any]
Race = Callable[[Sequence[Sequence[Act]]], list[list[Any]]]


@pytest.fixture
def race(in_threads: AtOnce) -> Race:
    """Runs rounds one after the other, the acts of a round at once, each client on one connection throughout.

    Gives for each round the values or errors, in order of the acts. An error of the database fails the test.
    """

    def run(rounds: Sequence[Sequence[Act]]) -> list[list[Any]]:
        clients = len(rounds[0])
        start = threading.Barrier(clients)
        results: list[list[Any]] = [[None] * clients for _ in rounds]

        def client(number: int) -> None:
            for acts, came in zip(rounds, results, strict=True):
                start.wait(120)
                try:
                    came[number] = acts[number]()
                except Exception as error:
                    came[number] = error

        for problem in in_threads(*[partial(client, n) for n in range(clients)], timeout=60 + 5 * len(rounds)):
            assert problem is None, problem
        assert [each for came in results for each in came if isinstance(each, DatabaseError)] == []
        return results

    return run


def kinds(came: Sequence[Any]) -> Counter[str]:
    """What came, counted: done, or names of errors."""
    return Counter(type(each).__name__ if isinstance(each, Exception) else "done" for each in came)


def places(count: int = ROUNDS) -> list[Store]:
    """Merchants with two redemptions of June each."""
    found = [store() for _ in range(count)]
    for each in found:
        redeemed(each, 2)
    return found


def test_two_drafts_of_one_month(race: Race) -> None:
    operators = [hand(Role.OPERATOR) for _ in range(4)]
    shops = places()
    for came in race([[partial(clear, DraftMonth(JUNE, each.merchant), by) for by in operators] for each in shops]):
        assert kinds(came) == {"done": 1, "NothingToClear": 3}
    assert ClearingStatement.objects.count() == ROUNDS
    assert ClearingLine.objects.count() == 2 * ROUNDS
    assert_cleared()


def test_drafts_of_two_months_at_once(race: Race) -> None:
    operators = [hand(Role.OPERATOR) for _ in range(4)]
    shops = places()
    for each in shops:
        redeemed(each, 2, AT + 30 * DAY)
    months = (JUNE, JULY, JUNE, JULY)
    rounds = [
        [
            partial(clear, DraftMonth(month, each.merchant), by, LATER)
            for month, by in zip(months, operators, strict=True)
        ]
        for each in shops
    ]
    for came in race(rounds):
        assert set(kinds(came)) == {"done", "NothingToClear"}
    assert ClearingLine.objects.filter(standing=True).count() == 4 * ROUNDS
    assert_cleared()


def test_two_reviewers_at_once(race: Race) -> None:
    operator, reviewers = hand(Role.OPERATOR), [hand(Role.FINANCE) for _ in range(8)]
    views = [checked(each, operator) for each in places()]
    for came in race([[partial(clear, ApproveStatement(v.number, v.digest), by) for by in reviewers] for v in views]):
        assert kinds(came) == {"done": 1, "StatementChanged": 7}
    assert {each.state for each in queries.statements()} == {StatementState.APPROVED}
    assert_cleared()


def test_approval_against_a_dispute_and_a_void(race: Race) -> None:
    operator, finance = hands()
    shops = places()
    views, managers = [checked(each, operator) for each in shops], [manager_of(each) for each in shops]
    rounds = [
        [
            partial(clear, ApproveStatement(view.number, view.digest), finance),
            partial(clear, RaiseDispute(view.number, 1, "示例"), manager),
            partial(clear, VoidStatement(view.number, "示例"), operator),
        ]
        for view, manager in zip(views, managers, strict=True)
    ]
    for came, view in zip(race(rounds), views, strict=True):
        row = queries.statement(view.number)
        ended = kinds(came)["done"]
        if row.state is StatementState.APPROVED:
            assert (ended, row.disputes_open) == (1, 0)
        else:
            assert row.state is StatementState.VOID
    assert_cleared()


def test_a_void_against_a_new_draft(race: Race) -> None:
    """The draft finds the entries stated or free, never half of them."""
    operator, other = hand(Role.OPERATOR), hand(Role.OPERATOR)
    shops = places()
    views = [drafted(each, operator) for each in shops]
    rounds = [
        [
            partial(clear, VoidStatement(view.number, "示例"), operator),
            partial(clear, DraftMonth(JUNE, each.merchant), other),
        ]
        for view, each in zip(views, shops, strict=True)
    ]
    for came, each in zip(race(rounds), shops, strict=True):
        assert kinds(came[:1]) == {"done": 1}
        standing_now = [row for row in queries.statements(merchant=each.merchant) if row.state != StatementState.VOID]
        assert [row.net_fen for row in standing_now] == ([2000] if kinds(came[1:])["done"] else [])
    assert_cleared()


def test_redemptions_and_undos_while_the_month_is_drafted(race: Race) -> None:
    operator = hand(Role.OPERATOR)
    rounds: list[list[Act]] = []
    for _ in range(ROUNDS):
        place, person = store(), resident(1000)
        offer = offered(LUNCH, place, sale_to=AT + 400 * DAY)
        open_ones = [buy(person, offer, at=CLEARED - DAY) for _ in range(4)]
        done = [use(place, buy(person, offer, at=CLEARED - DAY).code, CLEARED - HOUR / 4) for _ in range(3)]
        redeemed(place, 1)
        rounds.append(
            [
                partial(clear, DraftMonth(JUNE, place.merchant), operator),
                *[
                    partial(use, place, v.code, CLEARED, claimed_at=CLEARED - 71 * HOUR, offline=True)
                    for v in open_ones
                ],
                *[partial(undo, place, each.number, CLEARED) for each in done],
            ]
        )
    for came in race(rounds):
        assert kinds(came) == {"done": 8}
    assert_cleared()


def test_a_payment_file_is_made_once_and_ends_once(race: Race) -> None:
    operators, reviewers = [hand(Role.OPERATOR) for _ in range(3)], [hand(Role.FINANCE) for _ in range(3)]
    shops = places()
    for each in shops:
        with_account(each, operators[0], reviewers[0])
        approved(each, operators[0], reviewers[0])
    numbers = [standing(each).number for each in shops]
    made = race([[partial(clear, PreparePayment(JUNE, (number,)), by) for by in operators] for number in numbers])
    files = []
    for came in made:
        assert kinds(came) == {"done": 1, "StatementChanged": 2}
        files += [each for each in came if isinstance(each, str)]
    assert ClearingPayment.objects.count() == ROUNDS
    rounds = [
        [
            partial(clear, ConfirmPayment(number, "B1", ON), reviewers[0]),
            partial(clear, ConfirmPayment(number, "B2", ON), reviewers[1]),
            partial(clear, CancelPayment(number, "示例"), reviewers[2]),
        ]
        for number in files
    ]
    for came in race(rounds):
        assert kinds(came) == {"done": 1, "StatementChanged": 2}
    for each in shops:
        paid = standing(each).state is StatementState.PAID
        assert money(each) == (0, 0 if paid else 2000)
    assert_cleared()


def test_a_payment_file_against_a_void(race: Race) -> None:
    operator, finance = hands()
    shops = places()
    for each in shops:
        with_account(each, operator, finance)
    views = [approved(each, operator, finance) for each in shops]
    rounds = [
        [
            partial(clear, PreparePayment(JUNE, (view.number,)), operator),
            partial(clear, VoidStatement(view.number, "示例"), finance),
        ]
        for view in views
    ]
    for came, view in zip(race(rounds), views, strict=True):
        assert kinds(came)["done"] == 1
        assert queries.statement(view.number).state is (
            StatementState.VOID if kinds(came[1:])["done"] else StatementState.APPROVED
        )
    assert_cleared()


def test_corrections_against_each_other_and_against_approval(race: Race) -> None:
    """What is owed is taken once: by the approval, or by one of the corrections."""
    operator, finance = hands()
    shops = places()
    rounds = []
    for each in shops:
        view = checked(each, operator)
        wanted = [clear(ProposeCorrection(each.merchant, -1500, "示例"), operator) for _ in range(2)]
        acts = [partial(clear, DecideCorrection(number, posted=True), finance) for number in wanted]
        rounds.append([*acts, acts[0], partial(clear, ApproveStatement(view.number, view.digest), finance)])
    for came, each in zip(race(rounds), shops, strict=True):
        assert kinds(came)["done"] == 1
        assert sum(money(each)) == (2000 if isinstance(came[3], str) else 500)
    assert_cleared()


def test_a_dispute_is_answered_once(race: Race) -> None:
    operators = [hand(Role.OPERATOR) for _ in range(4)]
    shops = places()
    numbers = [clear(RaiseDispute(drafted(each, operators[0]).number, 1, "示例"), manager_of(each)) for each in shops]
    for came in race([[partial(clear, AnswerDispute(n, True, "示例", 100), by) for by in operators] for n in numbers]):
        assert kinds(came) == {"done": 1, "StatementChanged": 3}
    assert len(queries.corrections()) == ROUNDS
    assert_cleared()


def test_a_statement_is_checked_once(race: Race) -> None:
    operators = [hand(Role.OPERATOR) for _ in range(4)]
    views = [drafted(each, operators[0]) for each in places()]
    for came in race([[partial(clear, CheckStatement(v.number, v.digest), by) for by in operators] for v in views]):
        assert kinds(came) == {"done": 1, "StatementChanged": 3}
    assert_cleared()
