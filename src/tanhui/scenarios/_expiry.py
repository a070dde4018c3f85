"""Points whose year is over: a step of settlement, because the books should say so from that day on.

What comes back to an account of a past year later (a voucher given back, late evidence) expires with the next
settlement. A correction of such a year undoes the expiry before it makes a debt (`_posting.stage_taken_back`).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tanhui.kernel.days import local_day
from tanhui.kernel.ids import new_number
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import STAGING_DDL, Book, Staged
from tanhui.scenarios.models import SettlementRun

FIRST_YEAR = 2000
"""The chart of accounts knows no earlier year."""

_YEARS = "SELECT code, sum(amount)::bigint FROM ledger_holding GROUP BY code ORDER BY code"
_STAGE = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party, credit_code,
    amount, memo)
SELECT 'expiry:' || %s || ':' || party_id, 'expiry', %s, 'points', party_id, code, NULL, 'expired', amount, %s
FROM ledger_holding WHERE code = %s
"""


def expire(*, at: datetime) -> int:
    """Post what residents still hold of years that are over to `expired`, one run a year; how many points."""
    past = [f"expires:{year}" for year in range(FIRST_YEAR, local_day(at).year)]
    with transaction.atomic(), connection.cursor() as cursor:
        if not ledger_queries.hold(Book.POINTS, past):
            return 0
        cursor.execute(STAGING_DDL)
        cursor.execute(_YEARS)
        return sum(_expire_year(cursor, code, points, at) for code, points in cursor.fetchall())


def _expire_year(cursor: CursorWrapper, code: str, points: int, at: datetime) -> int:
    year = int(code.removeprefix("expires:"))
    run = SettlementRun.objects.create(
        number=new_number("run", at),
        started_at=at,
        ended_at=at,
        first_day=date(year, 12, 31),
        last_day=date(year, 12, 31),
        points=-points,
        note=f"{year}年底到期：{points} 分作废",
    )
    cursor.execute(_STAGE, [run.id, at, f"{year}年底到期", code])
    run.transfers = ledger.post(postings=Staged(), at=at).transfers
    run.save(update_fields=["transfers"])
    return points
