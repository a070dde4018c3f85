"""The library: methods and factors, from the documents that are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import groupby
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.days import local_day
from tanhui.portal.document import chapters
from tanhui.portal.files import csv_file
from tanhui.portal.words import FAMILIES, TABLES, factor_words, region_words
from tanhui.scenarios import queries as scenarios
from tanhui_methods import FactorRow, Method, MethodError
from tanhui_methods.factors import HEADER

View = Callable[..., HttpResponse]


def _readable(view: View) -> View:
    """A page instead of a crash while a document of the library is broken; the page says which."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except MethodError as error:
            context = {"section": "methods", "errors": getattr(error, "errors", [error])}
            return render(request, "portal/library_broken.html", context, status=503)

    return guarded


@dataclass(frozen=True)
class _Listed:
    """A method version with its stage on this platform, and how many versions the method has."""

    method: Method
    stage: str
    versions: int


def _version_key(method: Method) -> tuple[int, ...]:
    return tuple(int(part) for part in method.version.split("."))


@require_safe
@_readable
def methods(request: HttpRequest) -> HttpResponse:
    """Every method, by family: the version that rules today, or the newest."""
    stages = _stages()
    everything = scenarios.library().methods
    shown: list[_Listed] = []
    for _name, group in groupby(sorted(everything, key=lambda m: m.name), key=lambda m: m.name):
        versions = sorted(group, key=_version_key, reverse=True)
        chosen = _pick(versions, None, stages)
        shown.append(_Listed(chosen, _stage(chosen, stages), len(versions)))
    order = list(FAMILIES)
    shown.sort(
        key=lambda each: (order.index(each.method.family) if each.method.family in order else 99, each.method.number)
    )
    context = {
        "section": "methods",
        "families": [
            (FAMILIES.get(family, family), family, list(rows))
            for family, rows in groupby(shown, key=lambda each: each.method.family)
        ],
        "count": len(shown),
        "noticed": [method for method in everything if _stage(method, stages) == "public_notice"],
    }
    return render(request, "portal/methods.html", context)


def _stages() -> dict[str, Any]:
    """Every version as this platform has registered it: by rule hash, so that an altered file is another version."""
    return {version.rule_hash: version for version in scenarios.method_versions()}


def _stage(method: Method, stages: dict[str, Any]) -> str:
    version = stages.get(method.rule_hash)
    return version.stage if version else "unregistered"


def _versions(family: str, name: str) -> list[Method]:
    found = [method for method in scenarios.library().methods if (method.family, method.name) == (family, name)]
    if not found:
        raise Http404
    return sorted(found, key=_version_key, reverse=True)


def _rules(method: Method, stages: dict[str, Any]) -> bool:
    """Whether this very document decides about today's acts on this platform."""
    version = stages.get(method.rule_hash)
    if version is None or version.in_force is None:
        return False
    starts_on, ends_on = version.in_force
    today = local_day(timezone.now())
    return starts_on <= today and (ends_on is None or today < ends_on)


def _pick(versions: Sequence[Method], version: str | None, stages: dict[str, Any]) -> Method:
    if version is None:
        return next((method for method in versions if _rules(method, stages)), versions[0])
    found = next((method for method in versions if method.version == version), None)
    if found is None:
        raise Http404
    return found


@require_safe
@_readable
def method(request: HttpRequest, family: str, name: str, version: str | None = None) -> HttpResponse:
    """One version of one method: the whole document, readable."""
    versions, stages = _versions(family, name), _stages()
    chosen = _pick(versions, version, stages)
    opened = [scenario for scenario in scenarios.scenarios() if scenario.method_name == name]
    context = {
        "section": "methods",
        "method": chosen,
        "family_title": FAMILIES.get(family, family),
        "stage": _stage(chosen, stages),
        "rules_today": _rules(chosen, stages),
        "registered": stages.get(chosen.rule_hash),
        "versions": [_Listed(each, _stage(each, stages), 1) for each in versions],
        "chapters": chapters(chosen, scenarios.library()),
        "scenario": opened[0] if opened else None,
    }
    return render(request, "portal/method.html", context)


@require_safe
@_readable
def method_file(request: HttpRequest, family: str, name: str, version: str) -> HttpResponse:
    """The document as it is evaluated, byte for byte: its SHA-256 is the hash on the page."""
    chosen = _pick(_versions(family, name), version, {})
    response = HttpResponse(chosen.text.encode(), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{version}.md"'
    return response


def _filtered(request: HttpRequest) -> tuple[list[FactorRow], dict[str, str]]:
    wanted = {key: request.GET.get(key, "").strip()[:80] for key in ("factor", "region", "year", "table")}
    rows = [
        row
        for row in scenarios.library().factors.rows
        if (not wanted["factor"] or row.factor == wanted["factor"])
        and (not wanted["region"] or row.region == wanted["region"])
        and (not wanted["year"] or str(row.year or "") == wanted["year"])
        and (not wanted["table"] or Path(row.path).stem == wanted["table"])
    ]
    return rows, wanted


@require_safe
@_readable
def factors(request: HttpRequest) -> HttpResponse:
    """Every factor row with value, source and status; by table, region and year."""
    rows, wanted = _filtered(request)
    everything = scenarios.library().factors.rows
    order = list(TABLES)
    ordered = sorted(rows, key=lambda row: (_place(order, row), row.factor, row.region, row.year or 0))
    groups = [
        (title, [(row, factor_words(row.factor), region_words(row.region)) for row in part])
        for title, part in groupby(ordered, key=_table_title)
    ]
    context = {
        "section": "factors",
        "groups": groups,
        "count": len(rows),
        "total": len(everything),
        "wanted": wanted,
        "regions": sorted({(row.region, region_words(row.region)) for row in everything}),
        "years": sorted({row.year for row in everything if row.year}, reverse=True),
        "tables": [(stem, title) for stem, title in TABLES.items()],
        "factor_title": factor_words(wanted["factor"]),
        "query": request.GET.urlencode(),
    }
    return render(request, "portal/factors.html", context)


def _place(order: Sequence[str], row: FactorRow) -> int:
    stem = Path(row.path).stem
    return order.index(stem) if stem in order else len(order)


def _table_title(row: FactorRow) -> str:
    stem = Path(row.path).stem
    return TABLES.get(stem, stem)


@require_safe
@_readable
def factors_csv(request: HttpRequest) -> HttpResponse:
    """The same rows in the form in which they are kept."""
    rows, _ = _filtered(request)
    cells = ([_cell(row, name) for name in HEADER] for row in rows)
    return csv_file("factors.csv", HEADER, cells)


def _cell(row: FactorRow, name: str) -> object:
    return row.unit.text if name == "unit" else row.written if name == "value" else getattr(row, name)
