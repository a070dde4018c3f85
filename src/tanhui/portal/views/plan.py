"""The plan at a glance: who promised what by when, how far it is, and the same as files for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tanhui.plan import queries as plans
from tanhui.plan.types import DepartmentRef, IndicatorView, PlanView, Status, TaskView
from tanhui.portal.files import csv_file
from tanhui.portal.plan_reading import (
    by_due_year,
    counted,
    departments_of,
    of_samples,
    row_of,
    stances,
    standing,
    today,
)

_HEADER = [
    "任务序号", "任务", "牵头部门", "配合部门", "指标代码", "指标", "目标", "期限", "数值", "单位", "截至", "数据来自",
    "完成比例", "状态", "人工判定的理由", "是否含示例",
]  # fmt: skip


@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """All tasks with their lights; by department or status where somebody asks."""
    found = plans.plan(today())
    if found is None:
        return render(request, "portal/plan/none.html", {"section": "plan", "part": "plan"})
    wanted = {key: request.GET.get(key, "").strip()[:60] for key in ("department", "status")}
    shown = [task for task in found.tasks if _fits(task, wanted)]
    groups: dict[tuple[int, str], list[Any]] = {}
    for task in shown:
        groups.setdefault((task.group_no, task.group_title), []).append(row_of(task))
    indicators = [each for task in found.tasks for each in standing(task)]
    context = {
        "section": "plan",
        "part": "plan",
        "plan": found,
        "sample": of_samples(found.tasks),
        "tasks": counted(task.light.status for task in found.tasks),
        "indicators": counted(each.light.status for each in indicators),
        "years": by_due_year(found.tasks),
        "stances": stances(found.tasks),
        "groups": [(title, rows) for (_, title), rows in groups.items()],
        "shown": len(shown),
        "wanted": wanted,
        "departments": departments_of(found.tasks),
        "statuses": list(Status),
    }
    return render(request, "portal/plan/plan.html", context)


def _fits(task: TaskView, wanted: dict[str, str]) -> bool:
    codes = {each.code for each in (*task.leads, *task.supporters)}
    return (not wanted["department"] or wanted["department"] in codes) and (
        not wanted["status"] or wanted["status"] == task.light.status
    )


@require_safe
def plan_json(request: HttpRequest) -> HttpResponse:
    """The plan in force for programs: version and hash, tasks, indicators with targets and values.

    Numbers are decimal text, days ISO 8601, completion basis points (10000 = all; null without data).
    """
    found = plans.plan(today())
    if found is None:
        return JsonResponse({"version": None, "tasks": []}, json_dumps_params={"ensure_ascii": False})
    content = {
        "version": {
            "version": found.version.version,
            "title": found.version.title,
            "status": found.version.status,
            "starts_on": found.version.starts_on.isoformat(),
            "adopted_at": found.version.adopted_at.isoformat(),
            "content_hash": found.version.content_hash,
        },
        "samples": of_samples(found.tasks),
        "tasks": [_task(task) for task in found.tasks],
    }
    return JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 1})


def _task(task: TaskView) -> dict[str, Any]:
    return {
        "no": task.no,
        "title": task.title,
        "group": {"no": task.group_no, "title": task.group_title},
        "leads": [_department(each) for each in task.leads],
        "supporters": [_department(each) for each in task.supporters],
        "status": task.light.status,
        "completion_bp": task.light.completion_bp,
        "roadmap": {"proactive": task.proactive, "routine": task.routine},
        "indicators": [_indicator(each) for each in standing(task)],
    }


def _department(department: DepartmentRef) -> dict[str, str]:
    return {"code": department.code, "name": department.name}


def _indicator(indicator: IndicatorView) -> dict[str, Any]:
    figure, light = indicator.figure, indicator.light
    return {
        "code": indicator.code,
        "text": indicator.text,
        "kind": indicator.kind,
        "unit": indicator.unit,
        "recurrence": indicator.recurrence or None,
        "weight": indicator.weight,
        "targets": [
            {
                "due_on": each.due_on.isoformat() if each.due_on else None,
                "comparator": each.comparator or None,
                "value": _number(each.value),
                "value_max": _number(each.value_max),
                "staged": each.staged,
            }
            for each in indicator.targets
        ],
        "figure": None
        if figure is None
        else {
            "value": _number(figure.value),
            "rows": figure.rows,
            "as_of": figure.as_of.isoformat(),
            "counted_at": figure.counted_at.isoformat(),
            "sample": figure.sample,
            "from": {"kind": figure.kind, "name": figure.name, "title": figure.title},
        },
        "status": light.status,
        "rule_status": light.rule_status,
        "overridden": light.overridden or None,
        "completion_bp": light.completion_bp,
    }


def _number(value: Any) -> str | None:
    return None if value is None else format(value.normalize(), "f")


@require_safe
def plan_csv(request: HttpRequest) -> HttpResponse:
    """One row an indicator; a task without indicators has a row of its own."""
    found = plans.plan(today())
    rows = [] if found is None else _csv_rows(found)
    return csv_file("plan.csv", _HEADER, rows)


def _csv_rows(found: PlanView) -> list[list[object]]:
    rows: list[list[object]] = []
    for task in found.tasks:
        head: list[object] = [task.no, task.title, _names(task.leads), _names(task.supporters)]
        for each in standing(task):
            target, figure, light = each.target, each.figure, each.light
            rows.append(
                [
                    *head, each.code, each.text, target.words if target else "", target.due_on if target else "",
                    _number(figure.value) if figure else "", each.unit, figure.as_of if figure else "",
                    figure.title if figure else "", light.percent, light.status.label, light.overridden,
                    ("是" if figure.sample else "否") if figure else "",
                ]
            )  # fmt: skip
        if not standing(task):
            rows.append([*head, *[""] * 8, task.light.percent, task.light.status.label, "", ""])
    return rows


def _names(departments: tuple[DepartmentRef, ...]) -> str:
    return "、".join(each.name for each in departments)
