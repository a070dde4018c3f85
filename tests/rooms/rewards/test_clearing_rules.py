"""What the database keeps of clearing, whoever writes to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.rewards.clearing import (
    CLEARED,
    JULY,
    JUNE,
    LATER,
    agreed,
    approved,
    checked,
    clear,
    drafted,
    hands,
    manager_of,
    paid,
    redeemed,
    with_account,
)
from tests.rooms.rewards.mall import AT, Store, store

from tanhui.parties.types import Actor
from tanhui.rewards import services
from tanhui.rewards.types import (
    DecideCorrection,
    PayAccountDetails,
    PreparePayment,
    ProposeCorrection,
    RaiseDispute,
    StatementView,
    VoidStatement,
)

pytestmark = pytest.mark.django_db


def run(statement: str, *arguments: Any) -> None:
    """A statement as its own transaction would end: what is deferred is checked as well."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was done before is past
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, arguments)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def refused(statement: str, *arguments: Any) -> None:
    """A rule speaks, not a mistake in the statement: class 23 is integrity."""
    with pytest.raises(DatabaseError) as caught:
        run(statement, *arguments)
    state = getattr(caught.value.__cause__, "sqlstate", "") or ""
    assert state.startswith("23"), caught.value
    assert state != "23502", caught.value  # a column that the statement forgot


@pytest.fixture
def place() -> Store:
    return store()


@pytest.fixture
def staff() -> tuple[Actor, Actor]:
    return hands()


@pytest.fixture
def draft(place: Store, staff: tuple[Actor, Actor]) -> StatementView:
    agreed(place, 9_000)
    redeemed(place, 2)
    return drafted(place, staff[0])


@pytest.mark.parametrize(
    "change",
    [
        "gross_fen = gross_fen + 100", "net_fen = net_fen + 1", "rate_bp = 9500", "rate_fen = rate_fen + 1",
        "lines = 2", "month = '2026-07-01'", "title = 'x'", "digest = repeat('0', 64)", "digest = ''",
        "drafted_by = 'x'",
        "number = 'x'", "merchant_id = merchant_id + 1", "net_fen = gross_fen, rate_fen = 0",
        "state = 'approved', approved_by = 'x', approved_at = drafted_at, signature = 'x'",
        "state = 'paid', paid_at = drafted_at", "state = 'checked'", "state = 'void'", "paid_at = drafted_at",
        "state = 'void', voided_by = 'x', voided_at = drafted_at, void_reason = 'x'", "signature = 'x'",
    ],
)  # fmt: skip
def test_a_draft_is_frozen_but_for_its_steps(draft: StatementView, change: str) -> None:
    refused(f"UPDATE rewards_clearing_statement SET {change}")


def test_a_statement_is_never_deleted(draft: StatementView) -> None:
    for table in ("rewards_clearing_statement", "rewards_clearing_line"):
        refused(f"DELETE FROM {table}")
        refused(f"TRUNCATE {table} CASCADE")


def test_two_hands_are_two_persons(place: Store, staff: tuple[Actor, Actor]) -> None:
    redeemed(place)
    view = checked(place, staff[0])
    step = "UPDATE rewards_clearing_statement SET state = 'approved', approved_at = drafted_at, signature = 'x'"
    refused(f"{step}, approved_by = checked_by")
    refused(f"{step}, approved_by = ''")
    refused("UPDATE rewards_clearing_statement SET checked_by = 'x'")
    run(f"{step}, approved_by = 'somebody else'")
    refused("UPDATE rewards_clearing_statement SET signature = 'y'")
    refused("UPDATE rewards_clearing_statement SET approved_by = 'y'")
    refused("UPDATE rewards_clearing_statement SET state = 'checked', approved_by = '', signature = ''")
    refused("UPDATE rewards_clearing_statement SET state = 'paid', paid_at = drafted_at WHERE number = %s", view.number)


COPY = """
INSERT INTO rewards_clearing_line (statement_id, line, kind, amount_fen, happened_at, recorded_at, late, transfer_id,
    entry, redemption_id, memo, standing)
SELECT statement_id, {line}, kind, {amount}, happened_at, recorded_at, late, {transfer}, {entry}, redemption_id, memo,
    {standing} FROM rewards_clearing_line WHERE line = 1
"""


def copied(**changes: str) -> str:
    same = {"line": "9", "amount": "amount_fen", "transfer": "transfer_id", "entry": "entry", "standing": "true"}
    return COPY.format(**(same | changes))


def test_lines_are_what_the_books_say_and_come_all_at_once(draft: StatementView) -> None:
    refused(copied())  # the entry stands already
    refused(copied(standing="false"))
    refused(copied(line="1"))
    refused(copied(transfer="transfer_id + 10000"))  # no such entry
    refused(copied(transfer="NULL", entry="NULL"))
    refused(copied(amount="amount_fen + 1"))
    for change in ("amount_fen = 1", "kind = 'undo'", "standing = false", "late = true", "memo = 'x'", "line = 7"):
        refused(f"UPDATE rewards_clearing_line SET {change} WHERE line = 1")


def test_an_entry_of_another_account_is_no_line(draft: StatementView, staff: tuple[Actor, Actor]) -> None:
    other = store()
    redeemed(other)
    clear(VoidStatement(draft.number, "示例"), staff[0])
    again = drafted(other, staff[0])
    wrong = "(SELECT max(transfer_id) FROM rewards_clearing_line WHERE NOT standing)"
    refused(
        "INSERT INTO rewards_clearing_line (statement_id, line, kind, amount_fen, happened_at, recorded_at, late,"
        f" transfer_id, entry, memo, standing) SELECT s.id, 9, 'correction', 1000, %s, %s, false, {wrong}, 2, '', true"
        " FROM rewards_clearing_statement s WHERE s.number = %s",
        AT, AT, again.number,
    )  # fmt: skip


def test_a_statement_without_its_lines_is_none(draft: StatementView, place: Store) -> None:
    columns = "title, month, lines, gross_fen, correction_fen, rate_bp, rate_fen, net_fen, digest, drafted_by"
    rest = "checked_by, approved_by, signature, voided_by, void_reason, drafted_at, merchant_id"
    copy = (
        f"INSERT INTO rewards_clearing_statement (number, state, {columns}, {rest})"
        f" SELECT 'clr_x', %s, {columns.replace('month', '%s::date')}, {rest} FROM rewards_clearing_statement"
    )
    refused(copy, "drafted", JULY)
    refused(copy, "drafted", JUNE)  # and one a month
    refused(copy, "void", JULY)
    refused(copy, "drafted", "2026-07-02")


def test_a_void_statement_stays_void(draft: StatementView, staff: tuple[Actor, Actor]) -> None:
    clear(VoidStatement(draft.number, "示例"), staff[0])
    refused("UPDATE rewards_clearing_line SET standing = true")
    refused(
        "UPDATE rewards_clearing_statement SET state = 'drafted', voided_by = '', voided_at = NULL, void_reason = ''"
    )
    refused("UPDATE rewards_clearing_statement SET void_reason = 'x'")


def test_disputes_are_answered_once_and_hold_approval(place: Store, staff: tuple[Actor, Actor]) -> None:
    redeemed(place)
    view = checked(place, staff[0])
    clear(RaiseDispute(view.number, 1, "示例"), manager_of(place))
    step = "state = 'approved', approved_by = 'x', approved_at = drafted_at, signature = 'x'"
    refused(f"UPDATE rewards_clearing_statement SET {step}")
    for change in ("reason = 'x'", "state = 'rejected'", "answer = 'x'", "raised_by = 'x'", "state = 'maybe'"):
        refused(f"UPDATE rewards_clearing_dispute SET {change}")
    refused("DELETE FROM rewards_clearing_dispute")
    refused("TRUNCATE rewards_clearing_dispute")
    end = "state = 'rejected', answer = 'x', answered_by = 'x', answered_at = raised_at"
    run(f"UPDATE rewards_clearing_dispute SET {end}")
    refused("UPDATE rewards_clearing_dispute SET answer = 'y'")
    again = (
        "INSERT INTO rewards_clearing_dispute (number, line_id, statement_id, reason, raised_by, raised_at, state,"
        " answer, answered_by) SELECT 'dsp_x', line_id, statement_id, 'x', 'x', raised_at, '{}', '', ''"
        " FROM rewards_clearing_dispute"
    )
    refused(again.format("accepted"))
    run(f"UPDATE rewards_clearing_statement SET {step}")
    refused(again.format("open"))


def test_corrections_are_decided_once_by_another(place: Store, staff: tuple[Actor, Actor]) -> None:
    number = clear(ProposeCorrection(place.merchant, 100, "示例"), staff[0])
    done = "decided_at = proposed_at"
    for change in (
        "amount_fen = 1", "reason = 'x'", "state = 'posted'", f"state = 'posted', decided_by = proposed_by, {done}",
        "state = 'maybe'", f"decided_by = 'x', {done}",
    ):  # fmt: skip
        refused(f"UPDATE rewards_clearing_correction SET {change}")
    clear(DecideCorrection(number, posted=True), staff[1])
    refused("UPDATE rewards_clearing_correction SET state = 'rejected'")
    refused("DELETE FROM rewards_clearing_correction")
    refused("TRUNCATE rewards_clearing_correction CASCADE")


def test_accounts_are_confirmed_by_another_and_stay(place: Store, staff: tuple[Actor, Actor]) -> None:
    services.admit(details=PayAccountDetails(place.merchant, "示例", "示例", "62220000"), at=AT, by=staff[0])
    for change in (
        "sealed = 'x'", "bank_name = 'x'", "confirmed_by = recorded_by, confirmed_at = recorded_at",
        "confirmed_by = 'x'",
    ):  # fmt: skip
        refused(f"UPDATE rewards_pay_account SET {change}")
    refused("DELETE FROM rewards_pay_account")
    refused("TRUNCATE rewards_pay_account CASCADE")
    refused("UPDATE rewards_merchant_contract SET rate_bp = 1")
    agreed(place, 9_000)
    refused("UPDATE rewards_merchant_contract SET rate_bp = 1")
    refused("INSERT INTO rewards_merchant_contract (merchant_id, contract_from, contract_to, rate_bp, recorded_by,"
            " recorded_at) SELECT merchant_id, contract_to, contract_from, 1, 'x', recorded_at"
            " FROM rewards_merchant_contract")  # fmt: skip


def test_a_payment_is_of_approved_sums_to_confirmed_accounts(place: Store, staff: tuple[Actor, Actor]) -> None:
    with_account(place, *staff)
    redeemed(place)
    view = approved(place, *staff)
    line = (
        "INSERT INTO rewards_clearing_payment_line (payment_id, statement_id, account_id, amount_fen, standing)"
        " SELECT p.id, s.id, a.id, s.net_fen + {more}, true FROM rewards_clearing_payment p,"
        " rewards_clearing_statement s, rewards_pay_account a"
    )
    number = clear(PreparePayment(JUNE), staff[0])
    refused(line.format(more=0))
    refused(line.format(more=1))
    ends = "confirmed_at = prepared_at, paid_on = '2026-07-04', reference = 'x'"
    for change in (
        "total_fen = 1", "month = '2026-07-01'", "prepared_by = 'x'", "state = 'confirmed'", "state = 'cancelled'",
        f"state = 'confirmed', confirmed_by = prepared_by, {ends}",
        f"state = 'confirmed', confirmed_by = 'x', {ends}",  # and the statement is not paid
        "state = 'cancelled', cancelled_by = 'x', cancelled_at = prepared_at, reason = 'x'",  # and the lines stand
    ):  # fmt: skip
        refused(f"UPDATE rewards_clearing_payment SET {change}")
    for change in ("amount_fen = 1", "standing = false", "statement_id = statement_id + 1"):
        refused(f"UPDATE rewards_clearing_payment_line SET {change}")
    for table in ("rewards_clearing_payment", "rewards_clearing_payment_line"):
        refused(f"DELETE FROM {table}")
        refused(f"TRUNCATE {table} CASCADE")
    refused(
        "UPDATE rewards_clearing_statement SET state = 'void', voided_by = 'x', voided_at = %s, void_reason = 'x'",
        CLEARED,
    )
    refused(
        "INSERT INTO rewards_clearing_payment (number, month, state, total_fen, prepared_by, prepared_at, confirmed_by,"
        " reference, cancelled_by, reason) VALUES ('pay_x', '2026-06-01', 'prepared', 5, 'x', %s, '', '', '', '')",
        CLEARED,
    )
    assert (view.state.value, number[:4]) == ("approved", "pay_")


def test_what_is_paid_stays_paid(place: Store, staff: tuple[Actor, Actor]) -> None:
    with_account(place, *staff)
    redeemed(place)
    approved(place, *staff)
    paid(*staff)
    refused("UPDATE rewards_clearing_payment SET reference = 'y'")
    refused("UPDATE rewards_clearing_statement SET paid_at = %s", LATER)
    refused("UPDATE rewards_clearing_payment_line SET standing = false")
