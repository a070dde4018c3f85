"""The home page: the county's live figures, as pictures, tables and files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.days import local_day
from tanhui.scenarios import queries as scenarios

CHART_DAYS = 90
_KEEP_SECONDS = 600


def _townships(run_number: str) -> list[Any]:
    """Figures by township, kept until the next settlement run: they are the only costly sum of the page."""
    key = f"portal:townships:{run_number}"
    kept = cache.get(key)
    if kept is None:
        kept = scenarios.figures_by_township()
        cache.set(key, kept, _KEEP_SECONDS)
    return kept


def _levels(values: Sequence[int | None]) -> list[int]:
    """A level 1 to 5 for each value, in equal steps of the largest; 0 where there is nothing to show."""
    largest = max((value for value in values if value), default=0)
    return [min(5, 1 + value * 5 // (largest + 1)) if value and value > 0 else 0 for value in values]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The county's figures as of the last settlement."""
    county = scenarios.county_figures()
    through = county.last_on or local_day(timezone.now())
    days = scenarios.daily_figures(CHART_DAYS, through)
    by_scenario = scenarios.figures_by_scenario()
    townships = _townships(county.run_number)
    context = {
        "section": "home",
        "county_figures": county,
        "days": days,
        "first_day": through - timedelta(days=CHART_DAYS - 1),
        "last_day": through,
        "chart": {
            "days": [figure.day.isoformat() for figure in days],
            "grams": [figure.reduction_g for figure in days],
            "behaviors": [figure.behaviors for figure in days],
        },
        "scenarios": by_scenario,
        "most_grams": max((figure.reduction_g for figure in by_scenario), default=0),
        "townships": list(zip(townships, _levels([t.reduction_g for t in townships]), strict=True)),
        "hidden_townships": any(t.reduction_g is None for t in townships),
    }
    return render(request, "portal/home.html", context)


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A CSV that Excel opens in Chinese: UTF-8 with a byte order mark, no formulas."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return response


@require_safe
def days_csv(request: HttpRequest) -> HttpResponse:
    """The days of the chart."""
    through = scenarios.county_figures().last_on or local_day(timezone.now())
    rows = ((f.day, f.behaviors, f.reduction_g, f.points) for f in scenarios.daily_figures(CHART_DAYS, through))
    return csv_file("days.csv", ["日期", "计入行为（次）", "减排量（克CO2e）", "积分"], rows)


@require_safe
def scenarios_csv(request: HttpRequest) -> HttpResponse:
    """Figures by scenario."""
    rows = ((f.code, f.title, f.behaviors, f.reduction_g, f.points) for f in scenarios.figures_by_scenario())
    return csv_file("scenarios.csv", ["代码", "场景", "计入行为（次）", "减排量（克CO2e）", "积分"], rows)


@require_safe
def townships_csv(request: HttpRequest) -> HttpResponse:
    """Figures by township; a township with very few residents has empty cells."""
    figures = _townships(scenarios.county_figures().run_number)
    rows = ((f.code, f.name, f.residents, f.reduction_g, f.points) for f in figures)
    return csv_file("townships.csv", ["行政区划代码", "乡镇（街道）", "参与居民（人）", "减排量（克CO2e）", "积分"], rows)
