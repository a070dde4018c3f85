"""The ledger with many real connections at once: nothing is posted twice, overdrawn, half or stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.ledger.books import (
    AT,
    DAY,
    PROGRAMME,
    avoided,
    counted,
    earn,
    grams,
    held,
    parties,
    pay,
    points,
    post,
    post_staged,
    ride,
    spend,
)

from tanhui.ledger import queries, services
from tanhui.ledger.services import close_period, reverse
from tanhui.ledger.types import (
    STAGING_DDL,
    AlreadyReversed,
    Book,
    IdempotencyConflict,
    Insufficient,
    LedgerBusy,
    PeriodClosed,
    PostedTransfer,
    Posting,
    PostResult,
)

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[..., list[Any]]
Connect = Callable[..., psycopg.Connection[Any]]


def several(*acts: Callable[[], object]) -> Callable[[], None]:
    """One after the other."""

    def run() -> None:
        for act in acts:
            act()

    return run


def staged(*postings: Posting) -> PostResult:
    with transaction.atomic():
        return post_staged(*postings)


def no_errors(results: Iterable[Any]) -> None:
    assert [result for result in results if isinstance(result, Exception)] == []


def test_crossing_transfers_never_wait_in_a_circle(in_threads: AtOnce) -> None:
    people = parties(4)
    post(*[earn(f"e{n}", party, 1000) for n, party in enumerate(people)])

    def ring(hand: int) -> None:
        step = 1 if hand % 2 else -1
        for n in range(25):
            source, target = people[n % 4], people[(n + step) % 4]
            both = (pay(f"a{hand}-{n}", source, target, 3), pay(f"b{hand}-{n}", target, source, 2))
            post(*both[:: 1 if n % 2 else -1])

    no_errors(in_threads(*[partial(ring, hand) for hand in range(8)]))
    assert sum(queries.balances([points(party) for party in people]).values()) == 4000
    assert counted() == (404, 404)
    assert queries.prove() == []


def test_crossing_batches_and_single_postings(in_threads: AtOnce) -> None:
    people = parties(100)
    post(*[earn(f"e{n}", party, 1000) for n, party in enumerate(people)])

    def batches(hand: int) -> None:
        order = people if hand % 2 else people[::-1]
        for n in range(4):
            staged(*[ride(f"b{hand}-{n}-{party}", party, 10, 1) for party in order])

    def singles(hand: int) -> None:
        for n in range(40):
            source, target = people[(7 * n + hand) % 100], people[(13 * n + 5 * hand + 1) % 100]
            if source != target:
                post(pay(f"p{hand}-{n}", source, target, 1), pay(f"q{hand}-{n}", target, source, 1))

    hands = [partial(batches, hand) for hand in range(3)] + [partial(singles, hand) for hand in range(4)]
    no_errors(in_threads(*hands))
    assert queries.balance(avoided()) == -10 * 100 * 4 * 3
    assert queries.prove() == []


def test_accounts_that_nobody_opened_are_opened_once(in_threads: AtOnce) -> None:
    people = parties(80)
    orders = (people, people[::-1], people[40:] + people[:40])
    batches = [
        partial(staged, *[ride(f"b{hand}-{party}", party, 10, 1) for party in order])
        for hand, order in enumerate(orders)
    ]
    singles = [
        several(*[partial(post, ride(f"s{hand}-{party}", party, 10, 1)) for party in people[:: 1 - 2 * hand]])
        for hand in (0, 1)
    ]
    no_errors(in_threads(*batches, *singles))
    assert {queries.balance(grams(party)) for party in people} == {50}
    assert queries.prove() == []


def test_one_key_at_once_is_one_transfer(in_threads: AtOnce) -> None:
    (party,) = parties(1)
    results = in_threads(*[partial(post, earn("k", party, 5)) for _ in range(8)])
    no_errors(results)
    assert Counter(result.replayed for result in results) == {0: 1, 1: 7}
    assert len({result.posted[0].number for result in results}) == 1
    assert queries.balance(points(party)) == 5


def test_one_key_with_two_contents_at_once(in_threads: AtOnce) -> None:
    (party,) = parties(1)
    results = in_threads(*[partial(post, earn("k", party, 5 + n % 2)) for n in range(8)])
    assert Counter(type(result) for result in results) == {PostResult: 4, IdempotencyConflict: 4}
    assert counted() == (1, 1)


def test_one_batch_at_once_is_one_batch(in_threads: AtOnce) -> None:
    people = parties(90)
    batch = [ride(f"k{party}", party, 10, 1) for party in people]
    results = in_threads(
        partial(staged, *batch), partial(staged, *batch[::-1]), partial(post, *batch), partial(post, batch[50])
    )
    no_errors(results)
    assert sum(result.transfers for result in results) == 90
    assert counted() == (90, 180)
    assert queries.prove() == []


def test_the_last_points_are_spent_once(in_threads: AtOnce) -> None:
    (party,) = parties(1)
    post(earn("e", party, 10))
    results = in_threads(*[partial(post, spend(f"s{n}", party, 3)) for n in range(8)])
    assert Counter(type(result) for result in results) == {PostResult: 3, Insufficient: 5}
    assert queries.balance(points(party)) == 1


def test_the_last_points_by_batches(in_threads: AtOnce) -> None:
    people = parties(70)
    post(*[earn(f"e{party}", party, 10) for party in people])
    results = in_threads(*[partial(staged, *[spend(f"s{n}-{p}", p, 6) for p in people]) for n in range(3)])
    assert Counter(type(result) for result in results) == {PostResult: 1, Insufficient: 2}
    assert {queries.balance(points(party)) for party in people} == {4}
    assert queries.prove() == []


def test_a_transfer_is_reversed_once(in_threads: AtOnce) -> None:
    (party,) = parties(1)
    (first,) = post(earn("e", party, 10)).posted
    undo = partial(reverse, number=first.number, reason="错", at=AT)
    results = in_threads(*[partial(undo, key=f"undo{n % 2}") for n in range(6)])
    assert Counter(type(result) for result in results) == {PostedTransfer: 3, AlreadyReversed: 3}
    assert held() == {}


def test_a_killed_backend_leaves_nothing_half(open_connection: Connect) -> None:
    people = parties(80)
    post(*[earn(f"e{party}", party, 5) for party in people])
    before = (held(), counted())
    victim = open_connection(autocommit=False)
    victim.execute(STAGING_DDL)
    for party in people:
        row = ("k" + str(party), "test", AT, party)
        victim.execute(
            "INSERT INTO ledger_staging VALUES (%s, %s, %s, 'points', NULL, 'programme', %s, 'expires:2028', 7, '')",
            row,
        )
    assert victim.execute("SELECT entries FROM ledger_post_staged(%s)", [AT]).fetchone() == (80,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [victim.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        victim.execute("SELECT 1")
    assert (held(), counted()) == before
    assert post(*[spend(f"s{party}", party, 5) for party in people]).transfers == 80
    assert queries.prove() == []


def test_a_killed_backend_in_the_middle_of_waiting(open_connection: Connect, in_threads: AtOnce) -> None:
    one, two = parties(2)
    post(earn("e", one, 5))
    holder = open_connection(autocommit=False)
    holder.execute("SELECT 1 FROM ledger_account WHERE party_id = %s FOR UPDATE", [one])

    def kill() -> None:
        with connection.cursor() as cursor:
            waiting = None
            while waiting is None:
                cursor.execute(
                    "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)) LIMIT 1",
                    [holder.info.backend_pid],
                )
                waiting = cursor.fetchone()
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [waiting[0]])
        holder.rollback()

    killed, _ = in_threads(partial(post, ride("r", one, 9, 1), pay("p", one, two, 2)), kill)
    assert isinstance(killed, DatabaseError)
    assert counted() == (1, 1)
    assert post(ride("r", one, 9, 1), pay("p", one, two, 2)).transfers == 2
    assert queries.prove() == []


def test_a_batch_under_way_does_not_stop_others(open_connection: Connect) -> None:
    """Its system accounts lie in slots of their own, its residents are its own."""
    batch, others = parties(70), parties(5)
    holder = open_connection(autocommit=False)
    post(earn("first", others[0], 1))
    holder.execute(STAGING_DDL)
    holder.execute(
        "INSERT INTO ledger_staging SELECT 'k' || p, 'test', %s, 'points', NULL, 'programme', p, 'expires:2028', 7, ''"
        " FROM unnest(%s::bigint[]) p",
        [AT, batch],
    )
    holder.execute("SELECT * FROM ledger_post_staged(%s)", [AT])
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '5s'")
        post(*[earn(f"e{party}", party, 2) for party in others])
        post(spend("s", others[0], 1))
        cursor.execute("RESET statement_timeout")
    holder.commit()
    assert queries.balance(PROGRAMME) == -(70 * 7 + 1 + 10)
    assert queries.prove() == []


def test_a_close_waits_for_postings_and_postings_for_a_close(in_threads: AtOnce) -> None:
    people = parties(6)
    state: list[Any] = []

    def close() -> None:
        state.append(close_period(book=Book.POINTS, through_on=AT.date(), at=AT + DAY))

    def postings(party: int) -> int:
        done = 0
        for n in range(30):
            try:
                done += post(earn(f"e{party}-{n}", party, 1)).transfers
            except PeriodClosed:
                return done
        return done

    results = in_threads(close, *[partial(postings, party) for party in people])
    no_errors(results)
    assert queries.balance(PROGRAMME) == -sum(results[1:])
    with pytest.raises(PeriodClosed):
        post(earn("late", people[0], 1))
    assert queries.period(Book.POINTS) == state[0]


def test_a_close_does_not_wait_for_ever(open_connection: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CLOSE_WAIT_MS", 50)
    (party,) = parties(1)
    post(earn("e", party, 1))
    holder = open_connection(autocommit=False)
    holder.execute("LOCK TABLE ledger_period_close IN ROW SHARE MODE")  # as every posting does
    with pytest.raises(LedgerBusy):
        close_period(book=Book.POINTS, through_on=AT.date(), at=AT + DAY)
    assert queries.period(Book.POINTS) is None


def test_stricter_isolation_is_refused_because_a_close_could_be_missed(open_connection: Connect) -> None:
    (party,) = parties(1)
    post(earn("e", party, 1))
    strict = open_connection(autocommit=False)
    strict.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(psycopg.errors.InvalidTransactionState):
        strict.execute(
            "INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)"
            " SELECT transfer_id, 2, debit_account, credit_account, 1, happened_at, '' FROM ledger_entry"
        )


def test_clients_do_not_wait_for_one_system_account(open_connection: Connect) -> None:
    people = parties(16)
    post(earn("open", people[0], 1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ledger_account_code WHERE holder = 'system'")
        programme = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM ledger_account_code WHERE holder = 'party'")
        code = cursor.fetchone()[0]
    slots: set[int] = set()
    while len(slots) < 4:  # none of them commits
        client = open_connection(autocommit=False)
        if client.info.backend_pid % 16 in slots:
            continue
        client.execute("SET LOCAL statement_timeout = '5s'")
        client.execute(
            "WITH made AS (INSERT INTO ledger_transfer (key, kind, lines, recorded_at, reason)"
            " VALUES (%s, 'test', 1, %s, '') RETURNING id)"
            " INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)"
            " SELECT id, 1, %s, %s, 5, %s, '' FROM made",
            [f"k{len(slots)}", AT, programme, people[len(slots)] * 100000 + code, AT],
        )
        slots.add(client.info.backend_pid % 16)
    assert queries.balance(PROGRAMME) == -1
