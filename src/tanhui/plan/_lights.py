"""Indicators with everything that a page shows of them, from a handful of queries for any number."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from tanhui.kernel.days import local_day
from tanhui.plan import _figure_views, rules
from tanhui.plan._figure_views import Counted, Origins
from tanhui.plan.models import Indicator, Override, Target
from tanhui.plan.types import IndicatorView, Light, Status, TargetView


@dataclass(frozen=True)
class _Page:
    """What all indicators of one page share."""

    on: date
    starts_on: date
    origins: Origins


def views(rows: Iterable[Indicator], *, on: date, starts_on: date) -> dict[int, IndicatorView]:
    """Indicators (with their task selected) by id, with targets, figure and light as of a day. Six queries."""
    listed = list(rows)
    ids = [row.pk for row in listed]
    figures = _figure_views.counted(ids, on)
    overrides = {
        row.indicator_id: (Status(row.status), row.reason)
        for row in _latest_overrides(ids)
        if row.status and local_day(row.decided_at) <= on
    }
    targets: dict[int, list[Target]] = {}
    for target in Target.objects.filter(indicator__in=ids).order_by("due_on", "id"):
        targets.setdefault(target.indicator_id, []).append(target)
    origins = _figure_views.origins(
        (counted[-1].counted_from for counted in figures.values()),
        also_named=(f"{row.by}:{row.source}" for row in listed if row.source),
    )
    page = _Page(on, starts_on, origins)
    return {
        row.pk: _view(row, targets.get(row.pk, ()), figures.get(row.pk, ()), overrides.get(row.pk), page)
        for row in listed
    }


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
    figures: Sequence[Counted],
    overridden: tuple[Status, str] | None,
    page: _Page,
) -> IndicatorView:
    own = next((each for each in reversed(targets) if not each.staged), None)

    def light(target: Target | None, word: tuple[Status, str] | None) -> Light:
        return rules.indicator_light(
            goal(row, target),
            [each.reading for each in figures],
            today=page.on,
            starts_on=row.baseline_on or page.starts_on,
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
        source_title=page.origins.titles.get(f"{row.by}:{row.source}", ""),
        targets=shown,
        figure=_figure_views.view(figures[-1], row, page.origins) if figures else None,
        light=whole,
        occurrences=tuple(row.occurrences),
        dropped=row.dropped,
    )


def _looked_on(each: Counted) -> date:
    """The day to which a figure was looked after: a value by hand is as old as what it says."""
    return each.as_of if each.counted_from.startswith("hand:") else local_day(each.counted_at)
