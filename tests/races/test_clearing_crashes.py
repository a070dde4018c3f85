"""A worker of clearing is killed (signal 9) before each of its statements: nothing is lost, nothing counts twice.

The worker is a process with a connection of its own; it kills itself at the place that the test names, so no clock
decides. Once it is killed by the test while the server is in the middle of its work.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import date
from itertools import count
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from tests.rooms.rewards.clearing import (
    JUNE,
    agreed,
    assert_cleared,
    clear,
    hands,
    money,
    redeemed,
    standing,
    untouched,
    with_account,
)
from tests.rooms.rewards.mall import store

from tanhui.kernel.errors import Conflict
from tanhui.parties.types import Actor
from tanhui.rewards import queries
from tanhui.rewards.types import (
    ApproveStatement,
    CheckStatement,
    ClearingAct,
    ConfirmPayment,
    DraftMonth,
    PreparePayment,
    StatementState,
    VoidStatement,
)

pytestmark = pytest.mark.django_db(transaction=True)
AFTER_COMMIT = -1


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _work(details: ClearingAct, by: Actor, place: int) -> None:
    """In the worker: the act, killed before its statement of that number, or right after its commit."""
    done = count(1)

    def step(execute: Callable[..., Any], *arguments: Any) -> Any:
        if next(done) == place:
            _die()
        return execute(*arguments)

    commit = connection.commit

    def committed() -> None:
        if next(done) == place:
            _die()
        commit()
        if place == AFTER_COMMIT:
            _die()

    connection.commit = committed  # type: ignore[method-assign]
    with connection.execute_wrapper(step):
        clear(details, by)
    connection.close()


def worker(details: ClearingAct, by: Actor, place: int) -> multiprocessing.process.BaseProcess:
    """A new process, which inherits no connection."""
    connections.close_all()
    process = multiprocessing.get_context("fork").Process(target=_work, args=(details, by, place))
    process.start()
    return process


def ended(details: ClearingAct, by: Actor, place: int) -> int | None:
    """How a worker ended: 0, or the signal, negative."""
    process = worker(details, by, place)
    process.join(120)
    return process.exitcode


def killed_everywhere(details: ClearingAct, by: Actor) -> None:
    """Killed before each statement and before the commit it leaves nothing; after the commit, all of it, once."""
    before = untouched()
    for place in count(1):
        if ended(details, by, place) == 0:
            break
        assert untouched() == before
    assert place > 5  # it was killed in the middle, more than once
    done = untouched()
    assert done != before
    with pytest.raises(Conflict):
        clear(details, by)
    assert untouched() == done
    assert_cleared()


def test_killed_while_drafting_approving_and_paying() -> None:
    place, (operator, finance) = store(), hands()
    agreed(place, 9_500)
    with_account(place, operator, finance)
    redeemed(place, 3)
    killed_everywhere(DraftMonth(JUNE), operator)
    view = standing(place)
    killed_everywhere(CheckStatement(view.number, view.digest), operator)
    killed_everywhere(ApproveStatement(view.number, view.digest), finance)
    assert money(place) == (0, 2850)
    killed_everywhere(PreparePayment(JUNE), operator)
    (file,) = queries.payments()
    killed_everywhere(ConfirmPayment(file.number, "BANK-1", date(2026, 7, 4)), finance)
    assert (money(place), standing(place).state) == ((0, 0), StatementState.PAID)


def test_killed_right_after_the_commit() -> None:
    """The caller never hears of it; asking again is refused and changes nothing."""
    place, (operator, finance) = store(), hands()
    with_account(place, operator, finance)
    redeemed(place, 2)

    def lost(details: ClearingAct, by: Actor) -> None:
        before = untouched()
        assert ended(details, by, AFTER_COMMIT) == -signal.SIGKILL
        done = untouched()
        assert done != before
        with pytest.raises(Conflict):
            clear(details, by)
        assert untouched() == done

    lost(DraftMonth(JUNE), operator)
    view = standing(place)
    lost(CheckStatement(view.number, view.digest), operator)
    lost(ApproveStatement(view.number, view.digest), finance)
    lost(VoidStatement(view.number, "示例"), finance)
    clear(DraftMonth(JUNE), operator)
    view = standing(place)
    clear(CheckStatement(view.number, view.digest), operator)
    clear(ApproveStatement(view.number, view.digest), finance)
    lost(PreparePayment(JUNE), operator)
    lost(ConfirmPayment(queries.payments()[0].number, "BANK-1", date(2026, 7, 4)), finance)
    assert money(place) == (0, 0)
    assert_cleared()


def test_killed_by_another_while_the_server_works(open_connection: Callable[..., psycopg.Connection[Any]]) -> None:
    """The worker waits for a lock with everything written but not committed; the server notices that it is gone."""
    place, (operator, _) = store(), hands()
    redeemed(place, 3)
    before = untouched()
    holder = open_connection(autocommit=False)
    holder.execute("SELECT 1 FROM parties_audit_head FOR UPDATE")
    process = worker(DraftMonth(JUNE), operator, 0)
    watcher = open_connection()
    waiting = "SELECT pid FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"

    def until(seen: Callable[[], bool]) -> None:
        for _ in range(1200):
            if seen():
                return
            time.sleep(0.05)
        raise AssertionError("never seen")

    blocked: list[Any] = []

    def found() -> bool:
        blocked[:] = watcher.execute(waiting, [holder.info.backend_pid]).fetchall()
        return bool(blocked)

    until(found)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    holder.rollback()
    gone = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
    until(lambda: watcher.execute(gone, [blocked[0][0]]).fetchone() is None)
    assert untouched() == before
    clear(DraftMonth(JUNE), operator)
    assert standing(place).net_fen == 3000
    assert_cleared()
