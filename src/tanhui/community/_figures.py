"""Counted figures for registers and measures: what villages collected, who was trained, what volunteers gave.

Only what counts is counted: pending, refused and corrected check-ins are not. Days are the county's, [from, to).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from tanhui.community.rules import LEARNING
from tanhui.community.types import OccasionKind, TrainingFigures, VillageFigures, VolunteerFigures
from tanhui.kernel.days import day_start

_PERIOD = "c.happened_at >= %(start)s AND c.happened_at < %(end)s"
_HELD = "o.state = 'closed' AND o.starts_at >= %(start)s AND o.starts_at < %(end)s"

_VILLAGES = f"""
SELECT o.division_code, count(*), count(DISTINCT c.party_id)
FROM community_check_in c JOIN community_occasion o ON o.id = c.occasion_id
WHERE {_PERIOD} AND c.state = 'counted'
  AND EXISTS (SELECT FROM community_measurement m WHERE m.check_in_id = c.id)
GROUP BY 1
"""
_MATERIALS = f"""
SELECT o.division_code, m.material, sum(m.mass_g)::bigint, sum(m.item_count)::bigint
FROM community_check_in c
JOIN community_occasion o ON o.id = c.occasion_id
JOIN community_measurement m ON m.check_in_id = c.id
WHERE {_PERIOD} AND c.state = 'counted'
GROUP BY 1, 2 ORDER BY 1, 2
"""
_EXCHANGE_DAYS = f"""
SELECT o.division_code, count(*) FROM community_occasion o WHERE {_HELD} AND o.kind = 'exchange_day' GROUP BY 1
"""
_TRAININGS = f"""
SELECT o.audience, o.kind, count(DISTINCT o.id), count(DISTINCT (c.occasion_id, c.party_id)) FILTER (WHERE c.id > 0)
FROM community_occasion o
LEFT JOIN community_check_in c ON c.occasion_id = o.id AND c.state = 'counted'
WHERE {_HELD} AND o.kind = ANY(%(kinds)s)
GROUP BY 1, 2 ORDER BY 1, 2
"""
_VOLUNTEERS = f"""
SELECT o.division_code, count(DISTINCT o.id), count(c.id), count(DISTINCT c.party_id),
  coalesce(sum(c.minutes), 0)::bigint
FROM community_occasion o
LEFT JOIN community_check_in c ON c.occasion_id = o.id AND c.state = 'counted'
WHERE {_HELD} AND o.kind = 'volunteer'
GROUP BY 1 ORDER BY 1
"""


def village_figures(starts_on: date, ends_on: date) -> list[VillageFigures]:
    """What every division collected on the days [starts_on, ends_on), by its code; those with nothing are left out."""
    found = {place: (check_ins, persons) for place, check_ins, persons in _rows(_VILLAGES, starts_on, ends_on)}
    mass: dict[str, dict[str, int]] = {}
    items: dict[str, dict[str, int]] = {}
    for place, material, grams, count in _rows(_MATERIALS, starts_on, ends_on):
        if grams is not None:
            mass.setdefault(place, {})[material] = grams
        if count is not None:
            items.setdefault(place, {})[material] = count
    days = dict(_rows(_EXCHANGE_DAYS, starts_on, ends_on))
    return [
        VillageFigures(
            division_code=place,
            check_ins=found.get(place, (0, 0))[0],
            mass_g=mass.get(place, {}),
            item_count=items.get(place, {}),
            persons=found.get(place, (0, 0))[1],
            exchange_days=days.get(place, 0),
        )
        for place in sorted({*found, *days})
    ]


def training_figures(starts_on: date, ends_on: date) -> list[TrainingFigures]:
    """Closed trainings, lectures and study visits that began on the days [starts_on, ends_on), by audience and kind.

    `attended` counts a person once an occasion.
    """
    kinds = [each.value for each in LEARNING]
    return [
        TrainingFigures(audience, OccasionKind(kind), occasions, attended)
        for audience, kind, occasions, attended in _rows(_TRAININGS, starts_on, ends_on, kinds=kinds)
    ]


def volunteer_figures(starts_on: date, ends_on: date) -> list[VolunteerFigures]:
    """Closed voluntary services that began on the days [starts_on, ends_on), by division."""
    return [VolunteerFigures(*row) for row in _rows(_VOLUNTEERS, starts_on, ends_on)]


def _rows(sql: str, starts_on: date, ends_on: date, **names: Any) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"start": day_start(starts_on), "end": day_start(ends_on), **names})
        yield from cursor.fetchall()
