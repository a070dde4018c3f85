"""Pages that stand by themselves: the budget of points, about, privacy, accessibility, large print, brand colors."""

from __future__ import annotations

import re
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from tanhui.kernel.county import load_county
from tanhui.kernel.errors import NotFound
from tanhui.portal.files import csv_file
from tanhui.scenarios import queries as scenarios

_YEAR_SECONDS = 365 * 24 * 60 * 60
_COLOR = re.compile(r"^#[0-9a-fA-F]{6}$")
_COLORS = {"primary": "--accent", "primary_dark": "--accent-deep", "primary_soft": "--accent-tint", "ink": "--ink"}


@require_safe
def budget(request: HttpRequest) -> HttpResponse:
    """The pool of points: what a month was worth by rule, what could be given, and what was given."""
    table = load_county(settings.TANHUI_COUNTY).table("programme.toml")
    months = scenarios.budget()
    context = {
        "section": "budget",
        "programme": table,
        "months": [(month, pro_rata(month.paid, month.full)) for month in reversed(months)],
        "given": sum(month.paid for month in months),
    }
    return render(request, "portal/budget.html", context)


@require_safe
def budget_csv(request: HttpRequest) -> HttpResponse:
    """The months of the pool as a file."""
    rows = ((f"{row.month:%Y-%m}", row.full, row.pool, row.paid, row.residents_cut) for row in scenarios.budget())
    return csv_file("budget.csv", ["月份", "按规则应得", "当月可用", "实际发放", "按比例的居民"], rows)


def pro_rata(paid: int, full: int) -> str:
    """paid / full as a percentage with two places, cut off: what everybody got of what the rules alone would give."""
    return f"{paid * 10_000 // full / Decimal(100):.2f}%" if full > 0 else ""


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the platform is, who answers for it, how to reach a person."""
    platform = load_county(settings.TANHUI_COUNTY).facts["platform"]
    bodies = {"lead": _organization(platform["lead"]), "committee": _organization(platform["committee"])}
    return render(request, "portal/about.html", {"section": "about", **bodies})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of a resident, for what, how long, and how to take it back."""
    return render(request, "portal/privacy.html", {"section": "about"})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """How this site serves people who see, hear or move differently, and those without a smartphone."""
    return render(request, "portal/accessibility.html", {"section": "about"})


@require_safe
def display(request: HttpRequest) -> HttpResponse:
    """Remember large or normal print in a cookie of this site, then go back."""
    back = request.GET.get("back", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if request.GET.get("size") == "large":
        response.set_cookie("display", "large", max_age=_YEAR_SECONDS, samesite="Lax", httponly=True)
    else:
        response.delete_cookie("display", samesite="Lax")
    return response


@require_safe
def brand(request: HttpRequest) -> HttpResponse:
    """The county's own colors over the design system's tokens."""
    colors = load_county(settings.TANHUI_COUNTY).facts.get("branding", {})
    rules = [f"{token}:{colors[key]}" for key, token in _COLORS.items() if _COLOR.match(str(colors.get(key, "")))]
    response = HttpResponse(f":root{{{';'.join(rules)}}}\n", content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    return response


def _organization(code: str) -> str:
    """The name of an organization of the county's list; empty where the list or the row is missing."""
    try:
        rows = load_county(settings.TANHUI_COUNTY).rows("organizations.csv")
    except NotFound:
        return ""
    return next((row["name"] for row in rows if row["code"] == code), "")
