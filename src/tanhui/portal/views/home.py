"""The home page: the county's live figures, as pictures, tables and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.days import local_day
from tanhui.plan import queries as plans
from tanhui.portal.files import csv_file
from tanhui.portal.plan_reading import PlanLine, plan_line, today
from tanhui.scenarios import queries as scenarios
from tanhui_methods import MethodError

CHART_DAYS = 90
_KEEP_SECONDS = 600
_KEEP_PLAN_SECONDS = 60


@dataclass(frozen=True)
class _Figures:
    """All figures of the page, as of one settlement run."""

    county: Any
    scenarios: list[Any]
    townships: list[Any]
    days: list[Any]
    through: date


def _figures() -> _Figures:
    """The figures, kept until the next settlement run: nothing else changes them."""
    latest = scenarios.runs(limit=1)
    key = f"portal:figures:{latest[0].number if latest else 'none'}"
    kept: _Figures | None = cache.get(key)
    if kept is None:
        county = scenarios.county_figures()
        through = county.last_on or local_day(timezone.now())
        kept = _Figures(
            county=county,
            scenarios=scenarios.figures_by_scenario(),
            townships=scenarios.figures_by_township(),
            days=scenarios.daily_figures(CHART_DAYS, through),
            through=through,
        )
        cache.set(key, kept, _KEEP_SECONDS)
    return kept


def _plan_line() -> PlanLine | None:
    """The plan in one line, at most a minute old: the pages of the plan themselves are never kept."""
    kept: tuple[PlanLine | None] | None = cache.get("portal:plan-line")
    if kept is None:
        kept = (plan_line(plans.plan(today())),)
        cache.set("portal:plan-line", kept, _KEEP_PLAN_SECONDS)
    return kept[0]


def method_addresses() -> dict[str, str]:
    """Where each method can be read, by its name; nothing while the library is broken."""
    try:
        methods = scenarios.library().methods
    except MethodError:
        return {}
    return {method.name: reverse("portal:method", args=[method.family, method.name]) for method in methods}


def _levels(values: Sequence[int | None]) -> list[int]:
    """A level 1 to 5 for each value, in equal steps of the largest; 0 where there is nothing to show."""
    largest = max((value for value in values if value), default=0)
    return [min(5, 1 + value * 5 // (largest + 1)) if value and value > 0 else 0 for value in values]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The county's figures as of the last settlement."""
    figures = _figures()
    addresses = method_addresses()
    levels = _levels([township.reduction_g for township in figures.townships])
    context = {
        "section": "home",
        "county_figures": figures.county,
        "plan": _plan_line(),
        "days": figures.days,
        "first_day": figures.through - timedelta(days=CHART_DAYS - 1),
        "last_day": figures.through,
        "chart": {
            "days": [figure.day.isoformat() for figure in figures.days],
            "grams": [figure.reduction_g for figure in figures.days],
            "behaviors": [figure.behaviors for figure in figures.days],
        },
        "scenarios": [(figure, addresses.get(figure.method_name, "")) for figure in figures.scenarios],
        "most_grams": max((figure.reduction_g for figure in figures.scenarios), default=0),
        "townships": list(zip(figures.townships, levels, strict=True)),
    }
    return render(request, "portal/home.html", context)


@require_safe
def days_csv(request: HttpRequest) -> HttpResponse:
    """The days of the chart."""
    rows = ((f.day, f.behaviors, f.reduction_g, f.points) for f in _figures().days)
    return csv_file("days.csv", ["日期", "计入行为（次）", "减排量（克CO2e）", "积分"], rows)


@require_safe
def scenarios_csv(request: HttpRequest) -> HttpResponse:
    """Figures by scenario."""
    rows = ((f.code, f.title, f.behaviors, f.reduction_g, f.points) for f in _figures().scenarios)
    return csv_file("scenarios.csv", ["代码", "场景", "计入行为（次）", "减排量（克CO2e）", "积分"], rows)


@require_safe
def townships_csv(request: HttpRequest) -> HttpResponse:
    """Figures by township; a township with very few residents has empty cells."""
    rows = ((f.code, f.name, f.residents, f.reduction_g, f.points) for f in _figures().townships)
    header = ["行政区划代码", "乡镇（街道）", "参与居民（人）", "减排量（克CO2e）", "积分"]
    return csv_file("townships.csv", header, rows)
