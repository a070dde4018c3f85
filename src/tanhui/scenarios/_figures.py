"""The county's public figures: sums over what settlement runs changed, never over people one by one.

Totals, days and scenarios are read from `DayFigure` (a few rows a day, however many behaviors). The number of
residents and the townships need one set-based pass over behaviors and lines, about a second for a million, so that
a door should keep the answer until the next run: the figures change with a run and with nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Max, Min, Sum

from tanhui.parties import queries as parties
from tanhui.scenarios.models import BudgetAdjustment, DayFigure, Scenario, SettlementRun

FEWEST_RESIDENTS = 5
"""A township with fewer residents taking part is shown without figures: nobody shall be guessed from a sum."""


@dataclass(frozen=True)
class CountyFigures:
    """The county's totals as of the last run. `residents` have at least one behavior on record, counted or not."""

    residents: int
    behaviors: int
    reduction_g: int
    points: int
    first_on: date | None
    last_on: date | None
    settled_at: datetime | None
    run_number: str


@dataclass(frozen=True)
class ScenarioFigure:
    """One scenario's totals: behaviors counted, grams of CO2e, points by the scenario's own rule."""

    code: str
    title: str
    method_name: str
    behaviors: int
    reduction_g: int
    points: int


@dataclass(frozen=True)
class TownshipFigure:
    """One township's totals. Figures are None where fewer than `FEWEST_RESIDENTS` take part."""

    code: str
    name: str
    residents: int | None
    reduction_g: int | None
    points: int | None


@dataclass(frozen=True)
class DailyFigure:
    """One day of the county; days without behaviors are there with zeros."""

    day: date
    behaviors: int
    reduction_g: int
    points: int


def county_figures() -> CountyFigures:
    """Totals of the county; the points are after pro rata reductions."""
    sums = DayFigure.objects.aggregate(
        behaviors=Sum("change_behaviors"), grams=Sum("change_g"), points=Sum("change_points")
    )
    days = DayFigure.objects.filter(change_behaviors__gt=0).aggregate(first=Min("day"), last=Max("day"))
    cut = BudgetAdjustment.objects.aggregate(points=Sum("change_points"))["points"] or 0
    run = SettlementRun.objects.order_by("-id").first()
    return CountyFigures(
        residents=_residents(),
        behaviors=sums["behaviors"] or 0,
        reduction_g=sums["grams"] or 0,
        points=(sums["points"] or 0) + cut,
        first_on=days["first"],
        last_on=days["last"],
        settled_at=run.ended_at if run else None,
        run_number=run.number if run else "",
    )


def figures_by_scenario() -> list[ScenarioFigure]:
    """Every opened scenario, most grams first; those without behaviors at the end."""
    sums = {
        row["scenario_id"]: row
        for row in DayFigure.objects.values("scenario_id").annotate(
            behaviors=Sum("change_behaviors"), grams=Sum("change_g"), points=Sum("change_points")
        )
    }
    none = {"behaviors": 0, "grams": 0, "points": 0}
    figures = [
        ScenarioFigure(
            code=scenario.code,
            title=scenario.title,
            method_name=scenario.method_name,
            behaviors=sums.get(scenario.pk, none)["behaviors"],
            reduction_g=sums.get(scenario.pk, none)["grams"],
            points=sums.get(scenario.pk, none)["points"],
        )
        for scenario in Scenario.objects.all()
        if scenario.enabled or scenario.pk in sums
    ]
    return sorted(figures, key=lambda figure: (-figure.reduction_g, -figure.behaviors, figure.code))


def daily_figures(days: int, through: date) -> list[DailyFigure]:
    """The `days` days that end with `through`, oldest first."""
    first = through - timedelta(days=days - 1)
    sums = {
        row["day"]: row
        for row in DayFigure.objects.filter(day__range=(first, through))
        .values("day")
        .annotate(behaviors=Sum("change_behaviors"), grams=Sum("change_g"), points=Sum("change_points"))
    }
    none = {"behaviors": 0, "grams": 0, "points": 0}
    return [
        DailyFigure(
            day=day,
            behaviors=sums.get(day, none)["behaviors"],
            reduction_g=sums.get(day, none)["grams"],
            points=sums.get(day, none)["points"],
        )
        for day in (first + timedelta(days=offset) for offset in range(days))
    ]


_RESIDENTS = "SELECT count(*) FROM (SELECT DISTINCT party_id FROM scenarios_behavior) residents"

_BY_RESIDENT = """
SELECT b.party_id, sum(l.change_g)::bigint, sum(l.change_points)::bigint
FROM scenarios_settlement_line l JOIN scenarios_behavior b ON b.id = l.behavior_id
GROUP BY b.party_id HAVING sum(l.change_g) <> 0 OR sum(l.change_points) <> 0
"""


def _residents() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RESIDENTS)
        return int(cursor.fetchone()[0])


def figures_by_township() -> list[TownshipFigure]:
    """Every township of the county by code, from the residents who said where they live.

    Points are by the scenarios' rules, before a pro rata reduction of a month.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_RESIDENT)
        rows: list[tuple[int, int, int]] = cursor.fetchall()
    places = parties.division_of(party_id for party_id, _, _ in rows)
    sums: dict[str, tuple[int, int, int]] = {}
    for party_id, grams, points in rows:
        place = places.get(party_id)
        if place is None or place.level == "county":
            continue
        code = place.statistical_code if place.level == "township" else place.parent_code
        people, all_grams, all_points = sums.get(code, (0, 0, 0))
        sums[code] = (people + 1, all_grams + grams, all_points + points)
    townships = parties.divisions("township")
    return [_township(place.code, place.name, *sums.get(place.statistical_code, (0, 0, 0))) for place in townships]


def _township(code: str, name: str, residents: int, reduction_g: int, points: int) -> TownshipFigure:
    if 0 < residents < FEWEST_RESIDENTS:
        return TownshipFigure(code, name, None, None, None)
    return TownshipFigure(code, name, residents, reduction_g, points)
