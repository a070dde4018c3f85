"""Figures as others read them: the value in words, what it was counted from, which rows stand behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from tanhui.kernel.errors import NotFound
from tanhui.plan import _county, _figures, _sources, rules
from tanhui.plan.models import Figure, Indicator, Record, Register
from tanhui.plan.types import FigureView

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
class Counted:
    """A figure as it is stored: the value, by how many rows, as of which day; from what and when it was counted."""

    value: Decimal
    rows: int
    as_of: date
    counted_from: str
    counted_at: datetime

    @property
    def reading(self) -> rules.Reading:
        """As the rules take it."""
        return rules.Reading(self.value, self.as_of)


def counted(indicator_ids: Collection[int], on: date) -> dict[int, list[Counted]]:
    """The first and the last two figures of each indicator up to a day, oldest first. One query."""
    found: dict[int, list[Counted]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_READINGS, {"ids": list(indicator_ids), "on": on})
        for indicator_id, _, *rest in cursor.fetchall():
            found.setdefault(indicator_id, []).append(Counted(*rest))
    return found


@dataclass(frozen=True)
class Origins:
    """What figures were counted from (`counted_from`): names for people, and which of them hold invented rows."""

    titles: dict[str, str]
    sampled: set[str]


def origins(counted_from: Iterable[str], also_named: Iterable[str] = ()) -> Origins:
    """The origins of figures; `also_named` are only given a title. Two queries for any number."""
    wanted = set(counted_from)
    return Origins(_titles(wanted | set(also_named)), _sampled(wanted))


def view(each: Counted | Figure, indicator: Indicator, origins: Origins) -> FigureView:
    """A figure of an indicator for others to read."""
    kind, _, name = each.counted_from.partition(":")
    return FigureView(
        value=each.value,
        words=rules.figure_words(indicator.kind, each.value, indicator.unit),
        rows=each.rows,
        as_of=each.as_of,
        counted_at=each.counted_at,
        kind=kind,
        name=name,
        title=origins.titles[each.counted_from],
        sample=each.counted_from in origins.sampled,
    )


def _titles(wanted: Collection[str]) -> dict[str, str]:
    codes = {origin.partition(":")[2] for origin in wanted if origin.startswith("register:")}
    registers = dict(Register.objects.filter(code__in=codes).values_list("code", "title"))
    sources = _sources.sources()
    titles = {}
    for origin in wanted:
        kind, _, name = origin.partition(":")
        source = sources.get(name)
        titles[origin] = {
            "register": registers.get(name, name),
            "source": source.title if source else name,
        }.get(kind, "人工填报")
    return titles


_SAMPLED = """
SELECT 'register:' || r.code FROM plan_register r
WHERE 'register:' || r.code = ANY(%(origins)s) AND EXISTS (
    SELECT 1 FROM plan_record p WHERE p.register_id = r.id AND p.state = 'approved' AND p.sample)
UNION ALL
SELECT 'hand:' || p.number FROM plan_record p WHERE p.number = ANY(%(numbers)s) AND p.sample
"""


def _sampled(origins: Collection[str]) -> set[str]:
    """Of these origins those that hold invented rows; asked only where there can be any."""
    if not origins or not _county.is_demo():
        return set()
    numbers = [origin.removeprefix("hand:") for origin in origins if origin.startswith("hand:")]
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLED, {"origins": list(origins), "numbers": numbers})
        return {row[0] for row in cursor.fetchall()}


def figures(code: str, limit: int = 50) -> list[FigureView]:
    """An indicator's figures, newest first. Raises NotFound."""
    indicator = indicator_named(code)
    rows = list(Figure.objects.filter(indicator=indicator).order_by("-id")[:limit])
    found = origins(row.counted_from for row in rows)
    return [view(row, indicator, found) for row in rows]


def indicator_named(code: str) -> Indicator:
    """The indicator of that code, also a dropped one. Raises NotFound."""
    indicator = Indicator.objects.select_related("task").filter(code=code).first()
    if indicator is None:
        raise NotFound(f"没有指标 {code[:40]}", where="indicator", fix="从指标列表中选择")
    return indicator


def feeding(indicator: Indicator, *, below: int | None, limit: int) -> list[int]:
    """Ids of the records behind an indicator's figure, highest first, below an id; none where a source gives it."""
    latest = _figures.recent([indicator.pk], 1).get(indicator.pk)
    if not latest or indicator.by == Indicator.By.SOURCE:
        return []
    if indicator.by == Indicator.By.HAND:
        number = latest[0].counted_from.removeprefix("hand:")
        ids = list(Record.objects.filter(number=number).values_list("id", flat=True))
        return [each for each in ids if below is None or each < below][:limit]
    found = _figures.registers({indicator.source}).get(indicator.source)
    feed = next((feed for feed in found[1].feeds if feed.indicator == indicator.code), None) if found else None
    if found is None or feed is None:
        return []
    inner, parameters = _figures.rows_behind(feed, found[0])
    days = rules.period(indicator.recurrence, latest[0].as_of) if indicator.kind == "recurring" else None
    within = "AND happened_on BETWEEN %s AND %s" if days else ""
    rows = _figures.rows_of(
        f"SELECT id FROM ({inner}) r WHERE (%s::bigint IS NULL OR id < %s) {within} ORDER BY id DESC LIMIT %s",
        [*parameters, below, below, *(days or ()), limit],
    )
    return [each[0] for each in rows]
