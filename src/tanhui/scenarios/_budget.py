"""The programme's pool: when a month is worth more points than the pool has, everybody is paid pro rata by rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Sum
from django.db.models.functions import TruncMonth

from tanhui.kernel.days import day_start
from tanhui.kernel.ids import new_number
from tanhui.ledger import services as ledger
from tanhui.ledger.types import STAGING_DDL, Staged
from tanhui.scenarios._posting import stage_taken_back
from tanhui.scenarios.models import BudgetAdjustment, DayFigure, SettlementRun
from tanhui.scenarios.rules import MonthPool, Programme, share_pool

# Points by rule of each resident in the month, against what earlier adjustments already took.
_ADJUST = """
SELECT coalesce(f.party_id, a.party_id), coalesce(f.points, 0)::bigint, coalesce(a.change, 0)::bigint
FROM (
    SELECT b.party_id, sum(l.points) AS points
    FROM scenarios_behavior b
    JOIN LATERAL (
        SELECT points FROM scenarios_settlement_line WHERE behavior_id = b.id ORDER BY run_id DESC LIMIT 1
    ) l ON true
    WHERE b.day >= %(month)s AND b.day < (%(month)s + interval '1 month')::date
    GROUP BY b.party_id
) f
FULL JOIN (
    SELECT party_id, sum(change_points) AS change FROM scenarios_budget_adjustment
    WHERE month = %(month)s GROUP BY party_id
) a ON a.party_id = f.party_id
ORDER BY 1
"""


_GIVE = """
INSERT INTO ledger_staging (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party,
    credit_code, amount, memo)
VALUES (%s, 'pro_rata', %s, 'points', NULL, 'programme', %s, %s, %s, '按比例补发')
"""


def month_pools(programme: Programme) -> list[MonthPool]:
    """Every month with points and how the pool meets it, oldest first."""
    months: Mapping[date, int] = dict(
        DayFigure.objects.annotate(month=TruncMonth("day"))
        .values("month")
        .annotate(full=Sum("change_points"))
        .values_list("month", "full")
    )
    return share_pool(programme, months)


def share(*, at: datetime, programme: Programme) -> int:
    """Bring every month's adjustments to what the pool rule says; returns the change in points, at most zero net.

    Only a month that is short, or was, costs a look at its residents.
    """
    adjusted_before = set(BudgetAdjustment.objects.values_list("month", flat=True).distinct())
    return sum(
        _share_month(pool, at=at, programme=programme)
        for pool in month_pools(programme)
        if pool.short or pool.month in adjusted_before
    )


@transaction.atomic
def _share_month(pool: MonthPool, *, at: datetime, programme: Programme) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ADJUST, {"month": pool.month})
        changes = [
            (party_id, full, pool.paid(full), pool.paid(full) - full - before)
            for party_id, full, before in cursor.fetchall()
            if pool.paid(full) - full != before
        ]
        if not changes:
            return 0
        run = SettlementRun.objects.create(
            number=new_number("run", at),
            started_at=at,
            ended_at=at,
            first_day=pool.month,
            last_day=pool.month,
            points=sum(change for *_, change in changes),
            note=f"积分池按比例发放：应发 {pool.full}，可发 {pool.pool}",
        )
        BudgetAdjustment.objects.bulk_create(
            BudgetAdjustment(
                run=run,
                party_id=party,
                month=pool.month,
                full_points=full,
                paid_points=paid,
                change_points=change,
            )
            for party, full, paid, change in changes
        )
        run.transfers = _post(cursor, run, pool.month, changes, programme, at)
        run.save(update_fields=["transfers"])
    return run.points


def _post(
    cursor: CursorWrapper,
    run: SettlementRun,
    month: date,
    changes: list[tuple[int, int, int, int]],
    programme: Programme,
    at: datetime,
) -> int:
    cursor.execute(STAGING_DDL)
    code, happened_at = f"expires:{programme.expiry_year(month)}", day_start(month)
    given = [
        (f"budget:{run.id}:{p}:{month}", happened_at, p, code, change) for p, _, _, change in changes if change > 0
    ]
    cursor.executemany(_GIVE, given)
    taken = [(p, month, code, -change, happened_at) for p, _, _, change in changes if change < 0]
    stage_taken_back(cursor, f"budget:{run.id}", "pro_rata", taken)
    return ledger.post(postings=Staged(), at=at).transfers
