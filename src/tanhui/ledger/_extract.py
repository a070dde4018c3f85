"""The entries of many accounts at once, in a temporary table that the caller joins with its own."""

from __future__ import annotations

from django.db import connection

from tanhui.ledger.types import EXTRACT_DDL

_EXTRACT = """
INSERT INTO ledger_extract
SELECT e.party, e.transfer_id, e.line, e.change, t.kind, t.key, e.happened_at, t.recorded_at, e.memo,
    t.reverses_id, t.reason
FROM (
    SELECT w.number / 100000 AS party, e.transfer_id, e.line, e.amount AS change, e.happened_at, e.memo
    FROM unnest(%(accounts)s::bigint[]) AS w (number)
    JOIN ledger_entry e ON e.credit_account = w.number AND e.credit_account >= 100000
    UNION ALL
    SELECT w.number / 100000, e.transfer_id, e.line, -e.amount, e.happened_at, e.memo
    FROM unnest(%(accounts)s::bigint[]) AS w (number)
    JOIN ledger_entry e ON e.debit_account = w.number AND e.debit_account >= 100000
) e JOIN ledger_transfer t ON t.id = e.transfer_id
"""


def fill(accounts: list[int]) -> int:
    """Fill the table with the entries of these accounts of parties; how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(EXTRACT_DDL)
        cursor.execute("TRUNCATE ledger_extract")
        cursor.execute(_EXTRACT, {"accounts": accounts})
        found = int(cursor.rowcount)
        cursor.execute("ANALYZE ledger_extract")
    return found
