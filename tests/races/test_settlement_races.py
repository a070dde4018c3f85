"""Settlement beside everything else: a second one, a crash in the middle, evidence that arrives meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from tests.rooms.scenarios.world import NOW, books, counted, deliver, join, open_county, ride

from tanhui.ledger import queries as ledger
from tanhui.scenarios import _settle, queries, services
from tanhui.scenarios.types import SettlementBusy

pytestmark = pytest.mark.django_db(transaction=True)

Open = Callable[..., psycopg.Connection[Any]]


@pytest.fixture
def riders(transactional_db: None) -> list[int]:
    open_county()
    people = join("安娜", "贝贝", "陈陈", "丁丁")
    deliver(*[ride(f"r{n}", people[n % 4], minute=300 + 40 * n) for n in range(24)])
    return people


def test_a_second_settlement_is_told_so_and_changes_nothing(riders: list[int], open_connection: Open) -> None:
    other = open_connection()
    other.execute("SELECT pg_advisory_lock(%s)", [_settle._LOCK])
    with pytest.raises(SettlementBusy, match="没有改动任何数据"):
        services.settle(at=NOW)
    assert books() == []
    assert queries.marks_waiting() == 4
    other.execute("SELECT pg_advisory_unlock(%s)", [_settle._LOCK])
    assert services.settle(at=NOW).lines == 24


def test_two_settlements_at_once_post_everything_once(riders: list[int], in_threads: Callable[..., list[Any]]) -> None:
    answers = in_threads(lambda: services.settle(at=NOW), lambda: services.settle(at=NOW))
    assert all(not isinstance(answer, Exception) or isinstance(answer, SettlementBusy) for answer in answers)
    services.settle(at=NOW)
    assert len(counted()) == 24
    assert sum(row[3] for row in books() if row[0] and row[1] == "carbon") == sum(row[3] for row in counted())
    assert ledger.prove() == []


@pytest.mark.parametrize("step", ["TAKE_MARKS", "LINES", "STAGE_POINTS", "DAY_FIGURES"])
def test_a_lost_connection_in_the_middle_leaves_nothing_half_and_loses_nothing(
    riders: list[int], open_connection: Open, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = open_connection()
    pid = connection.connection.info.backend_pid
    wanted = getattr(_settle.sql, step)

    def cut(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        answer = execute(statement, params, many, context)
        if statement == wanted:
            killer.execute("SELECT pg_terminate_backend(%s)", [pid])
        return answer

    with connection.execute_wrapper(cut), pytest.raises(OperationalError):
        services.settle(at=NOW)
    connection.close()
    assert books() == []
    assert counted() == []
    assert queries.marks_waiting() == 4
    services.settle(at=NOW)
    assert len(counted()) == 24
    assert ledger.prove() == []


def test_evidence_that_arrives_during_a_settlement_is_settled_by_the_next(
    riders: list[int], in_threads: Callable[..., list[Any]]
) -> None:
    def arrives() -> None:
        for number in range(10):
            deliver(ride(f"late{number}", riders[number % 4], minute=310 + 40 * number, seconds=300))

    def settles() -> None:
        for _ in range(5):
            services.settle(at=NOW)

    failures = [answer for answer in in_threads(arrives, settles) if isinstance(answer, Exception)]
    assert failures == []
    services.settle(at=NOW)
    assert len(counted()) == 34
    assert services.settle(at=NOW).lines == 0
    assert ledger.prove() == []


def test_several_hands_make_the_same_books_as_one(riders: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_settle, "FEWEST_MARKS_A_HAND", 1)
    summary = services.settle(at=NOW, hands=2)
    assert len(summary.runs) == 2
    assert len(counted()) == 24
    several = books()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "TRUNCATE scenarios_settlement_line, scenarios_day_figure, ledger_entry, ledger_transfer CASCADE"
        )
        cursor.execute("TRUNCATE ledger_account CASCADE")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(
            "INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM scenarios_behavior"
        )
    services.settle(at=NOW)
    assert books() == several
