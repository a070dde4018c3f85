"""Indicators with everything that a page shows of them, from a handful of queries for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from tanhui.kernel.days import local_day
from tanhui.plan import _figures, _registers, rules
from tanhui.plan.models import Indicator, Override, Target
from tanhui.plan.types import FigureView, IndicatorView, Light, Status, TargetView

_READINGS = """
SELECT wanted.id, f.id, f.value, f.rows, f.as_of, f.counted_from, f.counted_at
FROM unnest(%(ids)s::bigint[]) AS wanted(id)
CROSS JOIN LATERAL (
    SELECT coalesce(max(id), 0) AS id FROM plan_figure
    WHERE indicator_id = wanted.id AND as_of <= %(on)s AND rows = 0 AND counted_from NOT LIKE 'source:%%'
) ended
CROSS JOIN LATERAL (
    (SELECT * FROM plan_figure
     WHERE indicator_id BETWEEN wanted.id AND wanted.id AND as_of <= %(on)s AND id > ended.id
     ORDER BY indicator_id, id DESC LIMIT 2)
    UNION
    (SELECT * FROM plan_figure
     WHERE indicator_id BETWEEN wanted.id AND wanted.id AND as_of <= %(on)s AND id > ended.id
     ORDER BY indicator_id DESC, id LIMIT 1)
) f
ORDER BY f.id
"""
"""The first and the last two figures; what stood before a figure that nothing stood behind holds no longer.

BETWEEN instead of `=`, and ordering by the indicator too: else the planner may walk the primary key through all
figures of all indicators to find the two of one that has few. So it walks the index of that indicator.
"""


@dataclass(frozen=True)
class Count:
    """A row of figures: a value, what it was counted from, and when."""

    value: Decimal
    rows: int
    as_of: date
    counted_from: str
    counted_at: datetime

    @property
    def reading(self) -> rules.Reading:
        """As the rules take it."""
        return rules.Reading(self.value, self.as_of)


def counts(indicator_ids: Collection[int], on: date) -> dict[int, list[Count]]:
    """The first and the last two figures of each indicator up to a day, oldest first. One query."""
    found: dict[int, list[Count]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, {"ids": list(indicator_ids), "on": on})
        for indicator_id, _, *rest in cursor.fetchall():
            found.setdefault(indicator_id, []).append(Count(*rest))
    return found


@dataclass(frozen=True)
class _Context:
    """What all indicators of one page share."""

    on: date
    starts_on: date
    titles: Mapping[str, str]
    sampled: Collection[str]


def views(rows: Iterable[Indicator], *, on: date, starts_on: date) -> dict[int, IndicatorView]:
    """Indicators (with their task selected) by id, with targets, figure and light as of a day. Six queries."""
    listed = list(rows)
    ids = [row.pk for row in listed]
    figures = counts(ids, on)
    overrides = {
        row.indicator_id: (Status(row.status), row.reason)
        for row in _latest_overrides(ids)
        if row.status and local_day(row.decided_at) <= on
    }
    targets: dict[int, list[Target]] = {}
    for target in Target.objects.filter(indicator__in=ids).order_by("due_on", "id"):
        targets.setdefault(target.indicator_id, []).append(target)
    origins = {counted[-1].counted_from for counted in figures.values()}
    context = _Context(
        on=on,
        starts_on=starts_on,
        titles=_figures.origin_titles(origins | {f"{row.by}:{row.source}" for row in listed if row.source}),
        sampled=_sampled(origins),
    )
    return {
        row.pk: _view(row, targets.get(row.pk, ()), figures.get(row.pk, ()), overrides.get(row.pk), context)
        for row in listed
    }


_SAMPLED = """
SELECT 'register:' || r.code FROM plan_register r
WHERE 'register:' || r.code = ANY(%(origins)s) AND EXISTS (
    SELECT 1 FROM plan_record p WHERE p.register_id = r.id AND p.state = 'approved' AND p.sample)
UNION ALL
SELECT 'hand:' || p.number FROM plan_record p WHERE p.number = ANY(%(numbers)s) AND p.sample
"""


def _sampled(origins: Collection[str]) -> set[str]:
    """Of what figures were counted from, that which holds invented rows; asked only where there can be any."""
    if not origins or not _registers.is_demo():
        return set()
    numbers = [origin.removeprefix("hand:") for origin in origins if origin.startswith("hand:")]
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLED, {"origins": list(origins), "numbers": numbers})
        return {row[0] for row in cursor.fetchall()}


def _latest_overrides(ids: Collection[int]) -> QuerySet[Override]:
    return Override.objects.filter(indicator__in=ids).order_by("indicator_id", "-id").distinct("indicator_id")


def goal(row: Indicator, target: Target | None) -> rules.Goal:
    """What the rules need to know about a target of an indicator."""
    return rules.Goal(
        kind=row.kind,
        comparator=target.comparator if target else "",
        value=target.value if target else None,
        value_max=target.value_max if target else None,
        baseline=row.baseline,
        recurrence=row.recurrence,
        due_on=target.due_on if target else None,
    )


def _view(
    row: Indicator,
    targets: Sequence[Target],
    figures: Sequence[Count],
    overridden: tuple[Status, str] | None,
    context: _Context,
) -> IndicatorView:
    own = next((each for each in reversed(targets) if not each.staged), None)

    def light(target: Target | None, word: tuple[Status, str] | None) -> Light:
        return rules.indicator_light(
            goal(row, target),
            [each.reading for each in figures],
            today=context.on,
            starts_on=row.baseline_on or context.starts_on,
            unit=row.unit,
            looked_on=_looked_on(figures[-1]) if figures else None,
            stale_after_days=row.stale_after_days,
            overridden=word,
        )

    whole = light(own, overridden)
    shown = tuple(
        TargetView(
            due_on=each.due_on,
            comparator=each.comparator,
            value=each.value,
            value_max=each.value_max,
            words=rules.target_words(goal(row, each), row.unit, value_text=each.value_text),
            staged=each.staged,
            light=whole if each is own else light(each, None),
        )
        for each in targets
    )
    return IndicatorView(
        code=row.code,
        task_no=row.task.no,
        text=row.text,
        kind=row.kind,
        unit=row.unit,
        recurrence=row.recurrence,
        recurrence_label=rules.RHYTHMS.get(row.recurrence, ""),
        weight=row.weight,
        by=row.by,
        by_label=row.get_by_display(),
        source=row.source,
        source_title=context.titles.get(f"{row.by}:{row.source}", ""),
        targets=shown,
        figure=_figure(figures[-1], row.unit, context) if figures else None,
        light=whole,
        occurrences=tuple(row.occurrences),
        dropped=row.dropped,
    )


def _looked_on(each: Count) -> date:
    """The day to which a figure was looked after: a value by hand is as old as what it says."""
    return each.as_of if each.counted_from.startswith("hand:") else local_day(each.counted_at)


def _figure(each: Count, unit: str, context: _Context) -> FigureView:
    """A figure for others to read."""
    kind, _, name = each.counted_from.partition(":")
    return FigureView(
        value=each.value,
        words=rules.number_words(each.value, unit),
        rows=each.rows,
        as_of=each.as_of,
        counted_at=each.counted_at,
        kind=kind,
        name=name,
        title=context.titles.get(each.counted_from, name),
        sample=each.counted_from in context.sampled,
    )
