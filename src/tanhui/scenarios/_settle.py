"""Settlement is reconciliation: compute what the books should say, post the difference from what they do say.

It may run at any time, any number of times, over late, duplicated, corrected or withdrawn evidence, and ends in
the same books, because everything it computes depends on the evidence alone and never on the order of arrival.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from tanhui.kernel.ids import new_number
from tanhui.ledger import services as ledger
from tanhui.ledger.types import STAGING_DDL, Staged
from tanhui.scenarios import _budget, _expiry, _methods
from tanhui.scenarios import _settle_sql as sql
from tanhui.scenarios._forget import forget_erased, forget_refused
from tanhui.scenarios._posting import stage_repayments, stage_taken_back
from tanhui.scenarios._waiting import claim_bound_evidence, drop_overdue_evidence
from tanhui.scenarios.models import MethodInForce, Scenario, SettlementRun
from tanhui.scenarios.rules import Programme, read_plausibility
from tanhui.scenarios.types import SettlementBusy, SettlementSummary

_LOCK = 0x7A6E6875  # any constant: one settlement at a time in one database
PERSON_DAYS_A_RUN = 400_000
FEWEST_MARKS_A_HAND = 5_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Rule:
    """A method version and the half-open days on which it rules its scenario."""

    scenario: Scenario
    method_id: int
    compiled: _methods.CompiledMethod
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class _Span:
    """The marks of one run: some days, and of these one of `shares` equal parts of the residents."""

    first_day: date
    last_day: date
    marks: int
    share: int = 0
    shares: int = 1


def settle(
    *, at: datetime, programme: Programme | None, on_progress: Progress | None, person_days_a_run: int, hands: int
) -> SettlementSummary:
    """Reconcile every marked person-day with the books; see the verb `settle`."""
    programme = programme or _methods.current_programme()
    summary = SettlementSummary()
    with _only_one():
        forget_erased(at=at)
        forget_refused(at=at)
        drop_overdue_evidence(at=at)
        claim_bound_evidence(at=at)
        with connection.cursor() as cursor:
            cursor.execute(sql.DAYS_WAITING)
            waiting: list[tuple[date, int]] = list(cursor.fetchall())
        total, done = sum(count for _, count in waiting), 0
        for span in _spans(waiting, person_days_a_run):
            summary = sum(_side_by_side(span, hands, at, programme), summary)
            done += span.marks
            if on_progress:
                on_progress(done, total)
        adjusted = _budget.share(at=at, programme=programme)
        expired = _expiry.expire(at=at)
    points = summary.points + adjusted
    return replace(summary, points=points, budget_points=adjusted, expired_points=expired)


def _side_by_side(span: _Span, hands: int, at: datetime, programme: Programme) -> list[SettlementSummary]:
    """One run a hand, each for its share of the residents on its own connection: no two touch one account."""
    if hands == 1 or span.marks < FEWEST_MARKS_A_HAND * hands:
        return [_run(span, at=at, programme=programme)]

    def one(share: int) -> SettlementSummary:
        try:
            return _run(replace(span, share=share, shares=hands), at=at, programme=programme)
        finally:
            connection.close()

    with ThreadPoolExecutor(hands) as pool:
        return list(pool.map(one, range(hands)))


@contextmanager
def _only_one() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise SettlementBusy(
                "另一次结算正在进行，本次没有开始，也没有改动任何数据",
                fix="等它结束后再试；重复结算不会重复计分",
            )
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _spans(waiting: list[tuple[date, int]], limit: int) -> Iterator[_Span]:
    """Join consecutive waiting days into spans of at most `limit` marks, but at least one day."""
    days: list[tuple[date, int]] = []
    for day, count in waiting:
        if days and sum(marks for _, marks in days) + count > limit:
            yield _Span(days[0][0], days[-1][0], sum(marks for _, marks in days))
            days = []
        days.append((day, count))
    if days:
        yield _Span(days[0][0], days[-1][0], sum(marks for _, marks in days))


@transaction.atomic
def _run(span: _Span, *, at: datetime, programme: Programme) -> SettlementSummary:
    clock = time.perf_counter()
    run = SettlementRun.objects.create(
        number=new_number("run", at), started_at=at, ended_at=at, first_day=span.first_day, last_day=span.last_day
    )
    with connection.cursor() as cursor:
        scenarios = build_events(cursor, span)
        exclude(cursor, scenarios)
        apply_methods(cursor, scenarios)
        _compare(cursor)
        cursor.execute(sql.LINES, {"run": run.id})
        transfers = _post(cursor, run, programme, at)
        cursor.execute(sql.DAY_FIGURES, {"run": run.id})
        cursor.execute(sql.TOTALS)
        run.person_days, run.behaviors, run.lines, run.reduction_g, run.points = cursor.fetchone()
    run.transfers = transfers
    run.ended_at = at + timedelta(seconds=time.perf_counter() - clock)
    run.save()
    return SettlementSummary(
        runs=(run.number,),
        person_days=run.person_days,
        behaviors=run.behaviors,
        lines=run.lines,
        transfers=run.transfers,
        reduction_g=run.reduction_g,
        points=run.points,
    )


def build_events(cursor: CursorWrapper, span: _Span) -> list[Scenario]:
    """Take the marks of the span and gather every behavior that shares a cap with them; the scenarios among them."""
    cursor.execute(sql.DROP_TABLES)
    cursor.execute("SET LOCAL work_mem = '256MB'")
    cursor.execute(
        sql.TAKE_MARKS,
        {"first_day": span.first_day, "last_day": span.last_day, "share": span.share, "shares": span.shares},
    )
    cursor.execute("ANALYZE settle_scope")
    cursor.execute(sql.EVENTS, {"first_day": span.first_day, "last_day": span.last_day})
    scenarios = _widen(cursor)
    cursor.execute(sql.EXCLUDED)
    cursor.execute("ANALYZE settle_event")
    return scenarios


def _widen(cursor: CursorWrapper) -> list[Scenario]:
    """Add the days that share a monthly or yearly cap, until none is missing: added days may bring in further caps."""
    while True:
        scenarios, added = _present(cursor), 0
        present = {scenario.id for scenario in scenarios}
        for unit, wide in _methods.wide_horizons().items():
            if present.intersection(wide):
                cursor.execute(sql.WIDEN, {"unit": unit, "span": f"1 {unit}", "scenarios": wide})
                added += cursor.rowcount
        if not added:
            return scenarios


def exclude(cursor: CursorWrapper, scenarios: list[Scenario]) -> None:
    """Set aside what was superseded, ruled out or is implausible, in this order; the first reason stays."""
    cursor.execute(sql.EXCLUDE_SUPERSEDED)
    cursor.execute(sql.EXCLUDE_RULED_OUT)
    rules = {scenario: read_plausibility(scenario.rules) for scenario in scenarios}
    for rule in _rules(scenarios):
        row_rules = rules[rule.scenario].row
        if row_rules:
            inputs, checked = rule.compiled.inputs_sql(_days(rule)), rule.compiled.plausibility_sql(row_rules)
            statement = sql.EXCLUDE_ROW.format(inputs=inputs, checked=checked, waived=sql.WAIVED)
            cursor.execute(statement, {"scenario": rule.scenario.id})
    wide = _methods.wide_horizons()
    for group in sorted({scenario.exclusive_group for scenario in scenarios} - {""}):
        overlapping = [s.id for s in scenarios if s.exclusive_group == group and rules[s].overlaps]
        # Acts of more than a day (a parked car) are held against each other over their method's whole period.
        unit = next((unit for unit, ids in wide.items() if set(overlapping) <= set(ids)), None)
        period = f"date_trunc('{unit}', e.day)" if unit else "e.day"
        cursor.execute(sql.EXCLUDE_OVERLAP.format(waived=sql.WAIVED, period=period), {"scenarios": overlapping})
    for scenario in scenarios:
        if rules[scenario].daily_count is not None:
            cursor.execute(
                sql.EXCLUDE_DAILY_COUNT.format(waived=sql.WAIVED),
                {"scenario": scenario.id, "max_per_day": rules[scenario].daily_count},
            )
    cursor.execute("ANALYZE settle_excluded")


def apply_methods(cursor: CursorWrapper, scenarios: list[Scenario]) -> None:
    """Ask each scenario's method in force what every behavior is worth; no method, nothing."""
    cursor.execute(sql.RESULT)
    answered = 0
    for rule in _rules(scenarios):
        statement = sql.APPLY_METHOD.format(
            inputs=rule.compiled.inputs_sql(_days(rule)), compiled=rule.compiled.result_sql
        )
        cursor.execute(statement, {"method": rule.method_id, "scenario": rule.scenario.id})
        answered += cursor.rowcount
    cursor.execute("ANALYZE settle_result")
    cursor.execute("SELECT count(*) FROM settle_event")
    if cursor.fetchone()[0] != answered:
        cursor.execute(sql.APPLY_NOTHING)


def _present(cursor: CursorWrapper) -> list[Scenario]:
    cursor.execute("SELECT DISTINCT scenario_id FROM settle_event")
    return list(Scenario.objects.filter(id__in=[row[0] for row in cursor.fetchall()]).order_by("id"))


def _rules(scenarios: list[Scenario]) -> list[_Rule]:
    periods = MethodInForce.objects.filter(scenario__in=scenarios).select_related("method", "scenario")
    return [
        _Rule(p.scenario, p.method_id, _methods.compiled(p.method), p.starts_on, p.ends_on)
        for p in periods.order_by("scenario_id", "starts_on")
    ]


def _days(rule: _Rule) -> str:
    ends = f" AND e.day < DATE '{rule.ends_on.isoformat()}'" if rule.ends_on else ""
    return f"e.day >= DATE '{rule.starts_on.isoformat()}'{ends}"


def _compare(cursor: CursorWrapper) -> None:
    cursor.execute("SELECT coalesce(max(behavior_id), 0) FROM scenarios_settlement_line")
    cursor.execute(sql.CHANGE, {"newest_settled": cursor.fetchone()[0]})


def _post(cursor: CursorWrapper, run: SettlementRun, programme: Programme, at: datetime) -> int:
    cursor.execute(STAGING_DDL)
    years = programme.expires_after_years
    cursor.execute(sql.STAGE_CARBON, {"run": run.id})
    cursor.execute(sql.STAGE_POINTS, {"run": run.id, "expires_after_years": years})
    stage_repayments(cursor)
    cursor.execute(sql.POINTS_TAKEN_BACK, {"expires_after_years": years})
    stage_taken_back(cursor, f"settle:{run.id}", "settlement", cursor.fetchall())
    return ledger.post(postings=Staged(), at=at).transfers
