"""Vouchers that nobody used: their points go back, set by set."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from tanhui.ledger import services as ledger
from tanhui.ledger.types import STAGING_DDL, Staged
from tanhui.rewards.types import OFFLINE_WINDOW

BATCH = 2_000

# Rows that somebody holds (a redemption under way) are left for the next run. Skipping never waits, so neither the
# order of locks of others nor theirs of us matters.
_DUE = """
SELECT id FROM rewards_voucher WHERE state = 'open' AND valid_to <= %s
ORDER BY valid_to, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_END = "UPDATE rewards_voucher SET state = 'expired', ended_at = %s WHERE id = ANY(%s)"
_STAGE = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_code, credit_party, credit_code, amount, memo)
SELECT 'voucher:' || v.number || ':return', 'voucher_return', %s, 'points', 'held', v.party_id,
    'expires:' || p.expiry_year, p.points, o.title
FROM rewards_voucher v
JOIN rewards_voucher_points p ON p.voucher_id = v.id
JOIN rewards_offer o ON o.id = v.offer_id
WHERE v.id = ANY(%s)
"""


def expire(at: datetime) -> int:
    """Batch after batch, each a transaction; how many vouchers expired."""
    done = 0
    while True:
        with transaction.atomic():
            ended = _expire_batch(at)
        done += ended
        if ended < BATCH:
            return done


def _expire_batch(at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [at - OFFLINE_WINDOW, BATCH])
        due = [row[0] for row in cursor.fetchall()]
        if due:
            cursor.execute(_END, [at, due])
            cursor.execute(STAGING_DDL)
            cursor.execute(_STAGE, [at, due])
            ledger.post(postings=Staged(), at=at)
    return len(due)
