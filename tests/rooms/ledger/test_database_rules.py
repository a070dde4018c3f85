"""What the database keeps by itself, whoever writes to it: each rule is broken once, in plain SQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.ledger.books import AT, DAY, counted, earn, held, parties, points, post, ride

from tanhui.ledger import queries
from tanhui.ledger.models import AccountCode, Transfer

pytestmark = pytest.mark.django_db


def refused(statement: str, arguments: Any = None) -> str:
    """Run it; the words of the refusal."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, arguments)
    return str(error.value)


ENTRY = (
    "INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)"
    " VALUES (%(transfer)s, %(line)s, %(debit)s, %(credit)s, %(amount)s, %(at)s, '')"
)


@pytest.fixture
def known() -> dict[str, Any]:
    """Arguments of an entry that would be accepted."""
    (party,) = parties(1)
    post(ride("first", party, 100, 5))
    codes = {code.code: code.id for code in AccountCode.objects.all()}
    return {
        "transfer": Transfer.objects.get().id,
        "line": 3,
        "debit": codes["programme"],
        "credit": party * 100000 + codes["expires:2028"],
        "amount": 4,
        "at": AT,
    }


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_transfer", "ledger_account_code", "ledger_period_close"])
def test_facts_are_only_added(table: str, known: dict[str, Any]) -> None:
    column = {"ledger_entry": "memo", "ledger_transfer": "kind", "ledger_account_code": "code"}.get(table, "closed_by")
    assert "只可追加" in refused(f"UPDATE {table} SET {column} = 'x'")
    assert "只可追加" in refused(f"DELETE FROM {table}")
    assert "只可追加" in refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_account SET credits = credits + 1",
        "DELETE FROM ledger_account",
        "TRUNCATE ledger_account",
        "INSERT INTO ledger_account SELECT account_id + 1, party_id, 0, 0, NULL, NULL, opened_at, code_id, slot"
        " FROM ledger_account",
    ],
)
def test_a_balance_changes_by_entries_only(statement: str, known: dict[str, Any]) -> None:
    assert "余额只随分录变动" in refused(statement)


def test_an_entry_changes_the_balances_whoever_writes_it(known: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ENTRY, known)
    assert queries.balance(points(known["credit"] // 100000)) == 9


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": 0}, "ledger_entry_form"),
        ({"amount": -4}, "ledger_entry_form"),
        ({"amount": 10**15 + 1}, "ledger_entry_form"),
        ({"debit": 11}, "ledger_entry_form"),
        ({"transfer": 2**40}, "凭证不存在"),
        ({"at": AT + DAY}, "晚于记账时间"),
        ({"line": 1}, "ledger_entry_pkey"),
    ],
)
def test_an_entry_that_breaks_a_rule(change: dict[str, Any], words: str, known: dict[str, Any]) -> None:
    assert words in refused(ENTRY, known | change)


def test_an_entry_on_one_account_alone(known: dict[str, Any]) -> None:
    assert "ledger_entry_form" in refused(ENTRY, known | {"debit": known["credit"]})


def test_an_entry_on_an_account_of_an_unknown_code_or_party(known: dict[str, Any]) -> None:
    assert "账户代码不存在" in refused(ENTRY, known | {"credit": known["credit"] - known["credit"] % 100000 + 99992})
    assert "当事人不存在" in refused(ENTRY, known | {"credit": known["credit"] + 7_000_000 * 100000})


def test_a_system_code_is_not_held_by_a_party(known: dict[str, Any]) -> None:
    (party,) = parties(1)
    assert "余额超出限度" in refused(ENTRY, known | {"credit": party * 100000 + known["debit"]})


@pytest.mark.parametrize("count", [1, 2, 100])
def test_entries_without_their_transfer(count: int, known: dict[str, Any]) -> None:
    statement = (
        "INSERT INTO ledger_entry (transfer_id, line, debit_account, credit_account, amount, happened_at, memo)"
        " SELECT %(transfer)s + CASE WHEN n = 1 THEN 1000 ELSE 0 END, 100 + n, %(debit)s, %(credit)s, 1, %(at)s, ''"
        " FROM generate_series(1, %(count)s) n"
    )
    assert "凭证不存在" in refused(statement, known | {"count": count})


def test_the_constraint_stands_behind_the_trigger(known: dict[str, Any]) -> None:
    """Even one who may write balances cannot write one below the floor."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    assert "ledger_account_limits" in refused(
        "UPDATE ledger_account SET debits = debits + 1000 WHERE party_id IS NOT NULL"
    )
    number = "UPDATE ledger_account SET account_id = account_id + 10 WHERE party_id IS NOT NULL"
    assert "ledger_account_number" in refused(number)


def test_a_code_belongs_to_its_book() -> None:
    statement = "INSERT INTO ledger_account_code (id, book, holder, code, opened_at) VALUES (%s, %s, %s, 'x', now())"
    assert "ledger_account_code_number" in refused(statement, [71, "points", "party"])
    assert "ledger_account_code_number" in refused(statement, [71, "gold", "party"])
    assert "ledger_account_code_holder" in refused(statement, [72, "points", "nobody"])


def test_a_system_account_is_spread_and_a_party_is_not(known: dict[str, Any]) -> None:
    people = parties(80)
    post(*[earn(f"many{n}", party, 1) for n, party in enumerate(people)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT slot >= 16 FROM ledger_account WHERE account_id = %s ORDER BY slot", [known["debit"]])
        assert [row[0] for row in cursor.fetchall()] == [False, True]  # one posting, one batch
        cursor.execute("SELECT DISTINCT slot FROM ledger_account WHERE account_id >= 100000")
        assert cursor.fetchall() == [(0,)]


def test_nothing_was_left_behind_by_refusals(known: dict[str, Any]) -> None:
    before = (held(), counted())
    refused(ENTRY, known | {"transfer": 2**40})
    refused(ENTRY, known | {"amount": 0})
    assert (held(), counted()) == before
    assert [found.check for found in queries.prove()] == []
