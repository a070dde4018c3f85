"""The county's public figures: sums over what settlement runs changed, never over people one by one.

Totals, days and scenarios are read from `DayFigure` (a few rows a day, however many behaviors). Townships need the
residents: one set-based sum over the lines by resident, about a second for a million lines, so that a door should
keep the answer until the next run (`CountyFigures.run_number` changes when the figures do).
"""

from __future__ import annotations

from collections import defaultdict
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
    """The county's totals as of the last finished run. `residents` have at least one behavior in the books."""

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
    run = SettlementRun.objects.filter(ended_at__isnull=False).order_by("-ended_at").first()
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
