"""What the office looks at: partners and their deliveries, evidence set aside, method versions, runs, the pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Sum

from tanhui.kernel.errors import NotFound
from tanhui.scenarios import _budget, _methods, _statement
from tanhui.scenarios.models import (
    BudgetAdjustment,
    Contest,
    DayMark,
    Delivery,
    MethodDecision,
    MethodInForce,
    MethodVersion,
    RefusedRow,
    Scenario,
    SettlementRun,
    Source,
    WaitingEvidence,
)
from tanhui.scenarios.rules import next_stages, read_plausibility
from tanhui.scenarios.types import Grade
from tanhui_methods import publication_problems


@dataclass(frozen=True)
class SourceView:
    """A partner as the office sees it: what it may send, what it has sent."""

    code: str
    title: str
    status: str
    status_title: str
    scenarios: tuple[str, ...]
    top_grade: str
    admitted_at: datetime
    keys: tuple[tuple[str, datetime, datetime | None], ...]
    deliveries: int
    rows_accepted: int
    rows_refused: int
    rows_waiting: int
    latest_at: datetime | None


@dataclass(frozen=True)
class DeliveryView:
    """A delivery and what became of its rows."""

    number: str
    source: str
    source_title: str
    channel: str
    name: str
    received_at: datetime
    rows_read: int
    rows_accepted: int
    rows_waiting: int
    rows_duplicate: int
    rows_refused: int


@dataclass(frozen=True)
class RefusedView:
    """A refused row without its sealed content."""

    row_number: int
    code: str
    message: str


@dataclass(frozen=True)
class SetAside:
    """One behavior that a rule set aside, and what a person has said about it since."""

    number: str
    scenario: str
    scenario_title: str
    source: str
    source_title: str
    day: date
    happened_at: datetime
    reason: str
    reason_text: str
    contest: str
    contest_at: datetime | None


@dataclass(frozen=True)
class MethodVersionView:
    """A registered version: its stage, its life, what still keeps it from being published."""

    name: str
    version: str
    number: str
    title: str
    rule_hash: str
    stage: str
    stage_title: str
    valid_from: date
    valid_to: date | None
    in_force: tuple[date, date | None] | None
    decisions: tuple[tuple[str, str, str, str, datetime], ...]
    problems: tuple[str, ...]
    next_stages: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunView:
    """One settlement run."""

    number: str
    started_at: datetime
    ended_at: datetime
    first_day: date
    last_day: date
    person_days: int
    behaviors: int
    lines: int
    transfers: int
    reduction_g: int
    points: int
    note: str


@dataclass(frozen=True)
class BudgetMonth:
    """One month of the pool: points by rule, points that could be given, points given, residents cut."""

    month: date
    full: int
    pool: int | None
    paid: int
    residents_cut: int


def sources() -> list[SourceView]:
    """Every partner, by title."""
    sums = {
        row["source_id"]: row
        for row in Delivery.objects.values("source_id").annotate(
            deliveries=Count("id"),
            accepted=Sum("rows_accepted"),
            returned=Sum("rows_refused"),
            latest=Max("received_at"),
        )
    }
    waiting = dict(WaitingEvidence.objects.values_list("source_id").annotate(Count("id")))
    empty: Mapping[str, Any] = {"deliveries": 0, "accepted": 0, "returned": 0, "latest": None}
    views = []
    for source in Source.objects.order_by("title").prefetch_related("keys"):
        row = sums.get(source.id, empty)
        views.append(
            SourceView(
                code=source.code,
                title=source.title,
                status=source.status,
                status_title=Source.Status(source.status).label,
                scenarios=tuple(source.scenarios),
                top_grade=Grade(source.top_grade).name,
                admitted_at=source.admitted_at,
                keys=tuple((key.key_id, key.created_at, key.revoked_at) for key in source.keys.all()),
                deliveries=row["deliveries"],
                rows_accepted=row["accepted"],
                rows_refused=row["returned"],
                rows_waiting=waiting.get(source.id, 0),
                latest_at=row["latest"],
            )
        )
    return views


def source(code: str) -> SourceView:
    """One partner. Raises NotFound."""
    for view in sources():
        if view.code == code:
            return view
    raise NotFound(f"没有接入方 {code}", fix="检查代码")


def deliveries(
    *, source: str | None = None, refused_only: bool = False, before: str | None = None, limit: int = 50
) -> list[DeliveryView]:
    """Deliveries, newest first; `before` is the number of the last one of the page before."""
    rows = Delivery.objects.select_related("source").order_by("-id")
    if source:
        rows = rows.filter(source__code=source)
    if refused_only:
        rows = rows.filter(rows_refused__gt=0)
    if before:
        rows = rows.filter(id__lt=_delivery(before).id)
    return [_delivery_view(row) for row in rows[:limit]]


def delivery(number: str) -> DeliveryView:
    """One delivery. Raises NotFound."""
    return _delivery_view(_delivery(number))


def _delivery(number: str) -> Delivery:
    row = Delivery.objects.select_related("source").filter(number=number).first()
    if row is None:
        raise NotFound(f"没有回执 {number}", fix="检查编号")
    return row


def _delivery_view(row: Delivery) -> DeliveryView:
    return DeliveryView(
        number=row.number,
        source=row.source.code,
        source_title=row.source.title,
        channel=str(Delivery.Channel(row.channel).label),
        name=row.name,
        received_at=row.received_at,
        rows_read=row.rows_read,
        rows_accepted=row.rows_accepted,
        rows_waiting=row.rows_waiting,
        rows_duplicate=row.rows_duplicate,
        rows_refused=row.rows_refused,
    )


def refused_rows(number: str, *, limit: int = 500) -> list[RefusedView]:
    """The refused rows of a delivery in their order. Raises NotFound."""
    rows = RefusedRow.objects.filter(delivery=_delivery(number)).order_by("row_number", "id")[:limit]
    return [RefusedView(row.row_number, row.code, row.message) for row in rows]


_SET_ASIDE = """
SELECT b.id, s.code, s.title, o.code, o.title, b.day, b.happened_at, l.outcome, s.rules, c.text, c.recorded_at
FROM scenarios_behavior b
JOIN scenarios_scenario s ON s.id = b.scenario_id
JOIN scenarios_source o ON o.id = b.source_id
JOIN LATERAL (
    SELECT outcome FROM scenarios_settlement_line WHERE behavior_id = b.id ORDER BY run_id DESC LIMIT 1
) l ON l.outcome LIKE %(pattern)s
LEFT JOIN LATERAL (
    SELECT text, recorded_at FROM scenarios_contest k
    WHERE k.behavior_id = b.id AND NOT EXISTS (SELECT 1 FROM scenarios_ruling r WHERE r.contest_id = k.id)
    ORDER BY k.id DESC LIMIT 1
) c ON true
WHERE (%(scenario)s::text IS NULL OR s.code = %(scenario)s)
    AND (%(source)s::text IS NULL OR o.code = %(source)s)
    AND (%(before)s::bigint IS NULL OR b.id < %(before)s)
    AND (NOT %(contested)s OR c.text IS NOT NULL)
    AND b.id IN (SELECT behavior_id FROM scenarios_settlement_line WHERE outcome LIKE 'excluded:%%')
ORDER BY b.id DESC LIMIT %(limit)s
"""


def set_aside(
    *,
    reason: str | None = None,
    scenario: str | None = None,
    source: str | None = None,
    contested: bool = False,
    before: str | None = None,
    limit: int = 50,
) -> list[SetAside]:
    """Behaviors that a plausibility rule sets aside now, newest first; `before` is the last number shown."""
    pattern = f"excluded:implausible:{reason}" if reason else "excluded:implausible:%"
    with connection.cursor() as cursor:
        cursor.execute(
            _SET_ASIDE,
            {
                "pattern": pattern,
                "scenario": scenario,
                "source": source,
                "contested": contested,
                "before": _statement.behavior_id(before) if before else None,
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
    words = _sentences()
    return [
        SetAside(
            number=_statement.behavior_number(row[0]),
            scenario=row[1],
            scenario_title=row[2],
            source=row[3],
            source_title=row[4],
            day=row[5],
            happened_at=row[6],
            reason=row[7].rpartition(":")[2],
            reason_text=_methods.outcome_text(row[7], words[row[1]], None),
            contest=row[9] or "",
            contest_at=row[10],
        )
        for row in rows
    ]


def set_aside_counts() -> list[tuple[str, str, str, int]]:
    """(scenario code, reason code, reason in words, behaviors) of what is set aside now, most first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.code, substr(l.outcome, length('excluded:implausible:') + 1), count(*)
            FROM (
                SELECT DISTINCT ON (behavior_id) behavior_id, outcome FROM scenarios_settlement_line
                WHERE behavior_id IN (
                    SELECT behavior_id FROM scenarios_settlement_line WHERE outcome LIKE 'excluded:implausible:%'
                )
                ORDER BY behavior_id, run_id DESC
            ) l
            JOIN scenarios_behavior b ON b.id = l.behavior_id
            JOIN scenarios_scenario s ON s.id = b.scenario_id
            WHERE l.outcome LIKE 'excluded:implausible:%'
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """
        )
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    words = _sentences()
    return [
        (code, reason, _methods.outcome_text(f"excluded:implausible:{reason}", words[code], None), count)
        for code, reason, count in rows
    ]


def _sentences() -> dict[str, Mapping[str, str]]:
    """Scenario code → reason code → the sentence that a resident reads."""
    return {row.code: read_plausibility(row.rules).messages for row in Scenario.objects.all()}


def contests_open() -> int:
    """How many objections wait for a ruling."""
    return Contest.objects.filter(rulings__isnull=True).count()


def method_versions() -> list[MethodVersionView]:
    """Every registered version, by number, newest version first."""
    rows = MethodVersion.objects.order_by("number", "-id").prefetch_related("decisions").select_related("in_force")
    return [_version_view(row, with_problems=False) for row in rows]


def method_version(rule_hash: str) -> MethodVersionView:
    """One registered version with its publication problems. Raises NotFound."""
    row = MethodVersion.objects.filter(rule_hash=rule_hash).prefetch_related("decisions").first()
    if row is None:
        raise NotFound("没有登记过这个方法版本", where=rule_hash, fix="检查摘要")
    return _version_view(row, with_problems=True)


def methods_registrable() -> list[tuple[str, str, str]]:
    """(name, version, title) of method files that are not registered as they stand now."""
    known = set(MethodVersion.objects.values_list("rule_hash", flat=True))
    return [(m.name, m.version, m.title) for m in _methods.library().methods if m.rule_hash not in known]


def _version_view(row: MethodVersion, *, with_problems: bool) -> MethodVersionView:
    decisions = sorted(row.decisions.all(), key=lambda decision: decision.id)
    stage = decisions[-1].stage if decisions else ""
    period = getattr(row, "in_force", None)
    return MethodVersionView(
        name=row.name,
        version=row.version,
        number=row.number,
        title=row.title,
        rule_hash=row.rule_hash,
        stage=stage,
        stage_title=str(MethodDecision.Stage(stage).label) if stage else "未登记",
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        in_force=(period.starts_on, period.ends_on) if period else None,
        decisions=tuple(
            (d.stage, str(MethodDecision.Stage(d.stage).label), d.decided_by, d.note, d.decided_at) for d in decisions
        ),
        problems=tuple(map(str, publication_problems(_methods.loaded(row)))) if with_problems else (),
        next_stages=tuple((s, str(MethodDecision.Stage(s).label)) for s in sorted(next_stages(stage or None))),
    )


def runs(*, limit: int = 50) -> list[RunView]:
    """The latest settlement runs, newest first."""
    return [_run_view(row) for row in SettlementRun.objects.order_by("-id")[:limit]]


def run(number: str) -> RunView:
    """One settlement run. Raises NotFound."""
    row = SettlementRun.objects.filter(number=number).first()
    if row is None:
        raise NotFound(f"没有结算 {number}", fix="检查编号")
    return _run_view(row)


def _run_view(row: SettlementRun) -> RunView:
    return RunView(**{name: getattr(row, name) for name in RunView.__dataclass_fields__})


@dataclass(frozen=True)
class OutcomeRow:
    """How many behaviors came to one outcome, of how many residents, and what they hold now."""

    outcome: str
    text: str
    behaviors: int
    residents: int
    reduction_g: int
    points: int


def outcomes(source: str) -> list[OutcomeRow]:
    """What became of a partner's behaviors at the latest settlement, by outcome, most behaviors first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.code, coalesce(l.outcome, 'waiting'), count(*), count(DISTINCT b.party_id),
                coalesce(sum(l.reduction_g), 0)::bigint, coalesce(sum(l.points), 0)::bigint
            FROM scenarios_behavior b
            JOIN scenarios_source o ON o.id = b.source_id AND o.code = %s
            JOIN scenarios_scenario s ON s.id = b.scenario_id
            LEFT JOIN LATERAL (
                SELECT * FROM scenarios_settlement_line WHERE behavior_id = b.id ORDER BY run_id DESC LIMIT 1
            ) l ON true
            GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
            """,
            [source],
        )
        rows = cursor.fetchall()
    methods = {
        p.scenario.code: _methods.loaded(p.method) for p in MethodInForce.objects.select_related("method", "scenario")
    }
    words = _sentences()
    return [
        OutcomeRow(
            outcome,
            "等待结算" if outcome == "waiting" else _methods.outcome_text(outcome, words[code], methods.get(code)),
            *figures,
        )
        for code, outcome, *figures in rows
    ]


def marks_waiting() -> int:
    """How many person-days wait for settlement."""
    return DayMark.objects.values("party_id", "day").distinct().count()


def budget() -> list[BudgetMonth]:
    """Every month of the pool, oldest first."""
    cut = {
        row["month"]: row
        for row in BudgetAdjustment.objects.values("month").annotate(
            change=Sum("change_points"), people=Count("party_id", distinct=True)
        )
    }
    return [
        BudgetMonth(
            month=pool.month,
            full=pool.full,
            pool=pool.pool,
            paid=pool.full + (cut[pool.month]["change"] if pool.month in cut else 0),
            residents_cut=cut[pool.month]["people"] if pool.month in cut else 0,
        )
        for pool in _budget.month_pools(_methods.current_programme())
    ]
