"""Vouchers that nobody used, or that nobody may use any more: their points go back, set by set."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from tanhui.kernel.days import local_day
from tanhui.ledger import services as ledger
from tanhui.ledger.types import STAGING_DDL, Staged
from tanhui.rewards import _waiting
from tanhui.rewards.types import OFFLINE_WINDOW

BATCH = 2_000
GONE_AFTER = timedelta(days=14)
"""How long a merchant may be paused, or without contract, before vouchers that only it redeems are given back."""

# Rows that somebody holds (a redemption under way) are left for the next run. Skipping never waits, so neither the
# order of locks of others nor theirs of us matters.
_DUE = """
SELECT id FROM rewards_voucher WHERE state = 'open' AND valid_to <= %(until)s
ORDER BY valid_to, id LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
"""
# Of offers none of whose merchants redeems or may soon do so again.
_GONE = """
SELECT v.id FROM rewards_voucher v WHERE v.state = 'open' AND v.valid_to > %(at)s AND v.offer_id IN (
  SELECT m.offer_id FROM rewards_offer_merchant m JOIN rewards_merchant r ON r.id = m.merchant_id
  GROUP BY m.offer_id HAVING bool_and(r.state = 'left' OR r.contract_to <= %(ended)s
    OR (r.state = 'suspended' AND r.state_at <= %(paused)s)))
ORDER BY v.id LIMIT %(most)s FOR NO KEY UPDATE OF v SKIP LOCKED
"""
_END = "UPDATE rewards_voucher SET state = %s, ended_at = %s WHERE id = ANY(%s)"
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
    """Batch after batch, each a transaction; how many vouchers ended."""
    paused = at - GONE_AFTER
    done = _all(_DUE, "expired", at, {"until": at - OFFLINE_WINDOW})
    done += _all(_GONE, "cancelled", at, {"at": at, "paused": paused, "ended": local_day(paused)})
    _waiting.lapse(at)
    return done


def _all(chosen: str, state: str, at: datetime, arguments: dict[str, Any]) -> int:
    done = 0
    while True:
        with transaction.atomic():
            ended = _batch(chosen, state, at, arguments)
        done += ended
        if ended < BATCH:
            return done


def _batch(chosen: str, state: str, at: datetime, arguments: dict[str, Any]) -> int:
    """The money comes back to the year that promised it; stock and day only of what could not be used."""
    with connection.cursor() as cursor:
        cursor.execute(chosen, arguments | {"most": BATCH})
        due = [row[0] for row in cursor.fetchall()]
        if due:
            cursor.execute(_END, [state, at, due])
            cursor.execute(STAGING_DDL)
            cursor.execute(_STAGE, [at, due])
            ledger.post(postings=Staged(), at=at)
            _waiting.free(due, at, with_stock=state == "cancelled")
    return len(due)
