"""Pages of the plan's parts: a task, an indicator with the rows behind its value, departments, fields, versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tanhui.kernel.canonical import canonical_json
from tanhui.plan import queries as plans
from tanhui.plan.types import FigureView, IndicatorView, RegisterView, RoadmapView, Stance
from tanhui.portal.plan_reading import (
    counted,
    invented,
    of_samples,
    public_cells,
    public_fields,
    readable,
    row_of,
    standing,
    title_in_force,
    today,
)

_PAGE = 50
_HISTORY = 30
CHANGES = (("added", "新增"), ("dropped", "取消"), ("moved", "调整"))


@require_safe
@readable
def task(request: HttpRequest, no: int) -> HttpResponse:
    """Everything that the public may know about one task."""
    page = plans.task(no, today())
    titles = list(plans.task_titles().items())
    periods: dict[str, list[RoadmapView]] = {}
    for item in page.roadmap:
        periods.setdefault(item.period, []).append(item)
    context = {
        "section": "plan",
        "part": "plan",
        "page": page,
        "task": page.task,
        "indicators": standing(page.task),
        "periods": list(periods.items()),
        "stances": [(Stance.PROACTIVE, page.task.proactive), (Stance.ROUTINE, page.task.routine)],
        "cases": [case for case in page.cases if case.published_at],
        "feedback": [each for each in page.feedback if each.public and each.replied_at],
        "before": _neighbor(titles, no, -1),
        "after": _neighbor(titles, no, 1),
        "sample": of_samples([page.task]),
    }
    return render(request, "portal/plan/task.html", context)


def _neighbor(titles: Sequence[tuple[int, str]], no: int, step: int) -> tuple[int, str] | None:
    """The task before or after, in the plan's order: number and title."""
    at = next((at for at, (each, _) in enumerate(titles) if each == no), None)
    return titles[at + step] if at is not None and 0 <= at + step < len(titles) else None


@require_safe
@readable
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """One indicator: how its value came about, through time and row by row as far as the rows are public."""
    found = plans.indicator(code, today())
    register = plans.register(found.source) if found.by == "register" else None
    open_rows = register.public if register else found.by == "hand"
    before = request.GET.get("before") or None
    figures = plans.figures(code, limit=_HISTORY)
    fields = public_fields(register.fields) if register else []
    records = plans.feeding_rows(code, before=before, limit=_PAGE + 1) if open_rows else []
    context = {
        "section": "plan",
        "part": "plan",
        "indicator": found,
        "task_title": title_in_force(found.task_no),
        "register": register,
        "open_rows": open_rows,
        "fields": fields,
        "records": [(record, public_cells(record, fields)) for record in records[:_PAGE]],
        "next": records[_PAGE - 1].number if len(records) > _PAGE else None,
        "figures": figures,
        "line": _line(figures, found),
        "sample": bool(found.figure and found.figure.sample),
    }
    return render(request, "portal/plan/indicator.html", context)


def _line(figures: list[FigureView], found: IndicatorView) -> dict[str, Any] | None:
    """The values through time as points of a drawing of 600 × 160, oldest first; None with fewer than two days."""
    points = list(reversed(figures))
    first, last = (points[0].as_of, points[-1].as_of) if points else (None, None)
    if first is None or last is None or first == last:
        return None
    aim = found.target.value if found.target else None
    top = max([each.value for each in points] + ([aim] if aim is not None else []))
    low = min([each.value for each in points] + [0 * top])
    if top == low:
        return None
    days = (last - first).days

    def height(value: Any) -> int:
        return round(150 - (value - low) * 140 / (top - low))

    spots = [(8 + (each.as_of - first).days * 584 // days, height(each.value)) for each in points]
    return {
        "points": " ".join(f"{x},{y}" for x, y in spots),
        "last": spots[-1],
        "aim": height(aim) if aim is not None else None,
        "first_on": first,
        "last_on": last,
    }


@require_safe
def departments(request: HttpRequest) -> HttpResponse:
    """Who leads and who supports how much."""
    found = plans.plan(today())
    tasks = found.tasks if found else ()
    rows = []
    for each in plans.departments() if found else []:
        led = [task for task in tasks if each in task.leads]
        supported = [task for task in tasks if each in task.supporters]
        rows.append((each, led, supported))
    rows.sort(key=lambda row: (-len(row[1]), -len(row[2])))
    context = {"section": "plan", "part": "departments", "departments": rows, "sample": of_samples(tasks)}
    return render(request, "portal/plan/departments.html", context)


@require_safe
@readable
def department(request: HttpRequest, code: str) -> HttpResponse:
    """What one department leads and supports."""
    ref, led, supported = plans.department(code, today())
    context = {
        "section": "plan",
        "part": "departments",
        "department": ref,
        "led": [row_of(task) for task in led],
        "supported": [row_of(task) for task in supported],
        "counts": counted(task.light.status for task in led),
        "sample": of_samples([*led, *supported]),
    }
    return render(request, "portal/plan/department.html", context)


@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    """Progress in the fields in which the plan promises to publish it."""
    rows = [(topic, _public(topic.registers)) for topic in plans.topics(today())] if plans.versions() else []
    context = {"section": "plan", "part": "topics", "topics": rows, "sample": invented()}
    return render(request, "portal/plan/topics.html", context)


def _public(registers: tuple[RegisterView, ...]) -> list[RegisterView]:
    return [each for each in registers if each.public]


@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    """Every version of the plan that was adopted, and what each changed."""
    rows = [(each, [(words, each.comparison.get(kind) or []) for kind, words in CHANGES]) for each in plans.versions()]
    return render(request, "portal/plan/versions.html", {"section": "plan", "part": "versions", "versions": rows})


@require_safe
@readable
def version_json(request: HttpRequest, version: int) -> HttpResponse:
    """The frozen content of a version, byte for byte as it was hashed: the file's SHA-256 is the hash on the page."""
    response = HttpResponse(canonical_json(plans.version_content(version)), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="plan-{version}.json"'
    return response
