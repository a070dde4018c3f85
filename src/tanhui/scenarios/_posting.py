"""Staging of corrections: points that were given and must come back, and debts that new points pay first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.backends.utils import CursorWrapper

from tanhui.ledger import queries as ledger_queries
from tanhui.ledger.types import AccountRef, Book

TakenBack = tuple[int, date, str, int, datetime]
"""Resident, day, account code, points to take back (positive), when it happened."""

_STAGE = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party,
    credit_code, amount, memo)
VALUES (%s, %s, %s, 'points', %s, %s, %s, %s, %s, '更正')
"""
_EXPIRED = AccountRef(Book.POINTS, None, "expired")


def stage_taken_back(cursor: CursorWrapper, key: str, kind: str, taken: Sequence[TakenBack]) -> None:
    """Take points back: what is there, then what expired unused, which comes back for it. What a resident has spent
    already becomes a debt on `owed`, never a refused correction.
    """
    accounts = [AccountRef(Book.POINTS, party_id, code) for party_id, _, code, _, _ in taken]
    held = ledger_queries.balances(accounts)
    expired = ledger_queries.moved(accounts, _EXPIRED)
    rows = []
    for account, (party_id, day, code, amount, happened_at) in zip(accounts, taken, strict=True):
        there = min(amount, max(0, held[account]))
        held[account] -= there
        unused = min(amount - there, expired[account])
        expired[account] -= unused
        head = (f"{key}:{party_id}:{day}", kind, happened_at)
        for debit, credit, part in (
            ((None, "expired"), (party_id, code), unused),
            ((party_id, code), (None, "programme"), there + unused),
            ((party_id, "owed"), (None, "programme"), amount - there - unused),
        ):
            if part:
                rows.append((*head, *debit, *credit, part))
    cursor.executemany(_STAGE, rows)


_EARNED = """
SELECT transfer_key, happened_at, credit_party, credit_code, amount FROM ledger_staging
WHERE book = 'points' AND debit_code = 'programme' AND credit_party = ANY(%s) ORDER BY happened_at, transfer_key
"""

_REPAY = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party,
    credit_code, amount, memo)
VALUES (%s, 'settlement', %s, 'points', %s, %s, %s, 'owed', %s, '扣回更正前已用的积分')
"""


def stage_repayments(cursor: CursorWrapper) -> None:
    """Of the points that are staged for residents with a debt on `owed`, the first ones pay the debt."""
    owed = ledger_queries.debts(Book.POINTS, "owed")
    if not owed:
        return
    cursor.execute(_EARNED, [list(owed)])
    rows = []
    for key, happened_at, party_id, code, amount in cursor.fetchall():
        part = min(amount, owed[party_id])
        owed[party_id] -= part
        if part:
            rows.append((key, happened_at, party_id, code, party_id, part))
    cursor.executemany(_REPAY, rows)
