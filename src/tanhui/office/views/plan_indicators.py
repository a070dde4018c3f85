"""One indicator: value against target, where the figure comes from, its rows; report by hand, set a status by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import Conflict, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_counties import is_demo
from tanhui.office.plan_forms import BY_RULE, HandForm, OverrideForm, show_refusal
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import DepartmentRef, FigureView, IndicatorView, RecordView, TaskView

_ROWS, _HISTORY, _FILE = 50, 60, 10_000


@require_safe
@office_page("plan-indicator")
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """The indicator with its history, its rows, and where the document says it."""
    return _page(request, plan.indicator(code, today()))


def _page(
    request: HttpRequest, found: IndicatorView, override: OverrideForm | None = None, status: int = 200
) -> HttpResponse:
    before = request.GET.get("before") or None
    rows = plan.feeding_rows(found.code, before=before, limit=_ROWS + 1)
    figures = plan.figures(found.code, limit=_HISTORY)
    task = _task(found)
    if override is None and may(request.user, "plan-override"):
        now = found.light.status.value if found.light.overridden else BY_RULE
        override = OverrideForm(initial={"status": now, "reason": found.light.overridden})
    context = {
        "section": "plan-tasks",
        "indicator": found,
        "light": found.light,
        "task": task,
        "figures": figures,
        "chart": _chart(found, figures),
        "rows": rows[:_ROWS],
        "next": rows[_ROWS - 1].number if len(rows) > _ROWS else None,
        "before": before,
        "override": override,
        "quoted": any(each.get("quote") for each in found.occurrences),
        "waiting": plan.records(indicator=found.code, state="filed", limit=_ROWS) if found.by == "hand" else [],
        "may_report": found.by == "hand" and bool(_reporters(request, task)),
    }
    return render(request, "office/plan/indicator.html", context, status=status)


def _chart(found: IndicatorView, figures: Sequence[FigureView]) -> dict[str, Any]:
    """The last figure of each day, oldest first, and the value to reach; numbers as exact text."""
    daily = {each.as_of: each for each in reversed(figures)}
    aim = found.target
    return {
        "days": [day.isoformat() for day in daily],
        "values": [str(each.value) for each in daily.values()],
        "words": [each.words for each in daily.values()],
        "target": str(aim.value) if aim and aim.value is not None else None,
        "target_words": aim.words if aim else "",
        "unit": found.unit,
    }


def _task(found: IndicatorView) -> TaskView | None:
    """The task in force that the indicator belongs to; none where a later version dropped it."""
    now = plan.plan(today())
    return next((each for each in now.tasks if each.no == found.task_no), None) if now else None


def _reporters(request: HttpRequest, task: TaskView | None) -> list[DepartmentRef]:
    """The departments of the indicator's task for which the person files."""
    if task is None or not may(request.user, "plan-hand"):
        return []
    mine = {each.code for each in plan.may_file(request.user.pk or 0)}
    return [each for each in (*task.leads, *task.supporters) if each.code in mine]


@require_safe
@office_page("plan-indicator-csv")
def indicator_csv(request: HttpRequest, code: str) -> HttpResponse:
    """The history of an indicator's value as a file."""
    found = plan.indicator(code, today())
    rows = (
        (each.as_of, each.value, each.words, each.rows, each.title, each.name, each.counted_at.isoformat())
        for each in plan.figures(found.code, limit=_FILE)
    )
    return csv_file(f"{found.code}.csv", ["截至", "数值", "带单位", "记录数", "来自", "代码", "计算时间"], rows)


@require_POST
@office_page("plan-override")
def override(request: HttpRequest, code: str) -> HttpResponse:
    """Set a status by hand over the rule's, or return to the rule."""
    found = plan.indicator(code, today())
    form = OverrideForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, 422)
    done = act(
        request,
        verb=lambda: services.work(details=form.details(code), at=timezone.now(), by=actor(request)),
        done=lambda _: "已保存；理由在显示这项指标的每一页公开",
    )
    return redirect("office:plan-indicator", code=code) if done else _page(request, found, form, 409)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-hand")
def hand(request: HttpRequest, code: str) -> HttpResponse:
    """Report an indicator's value by hand, with evidence; with `corrects`, instead of a record of before."""
    found = plan.indicator(code, today())
    before = plan.record(request.GET["corrects"]) if request.GET.get("corrects") else None
    if found.by != "hand":
        raise Conflict("这项指标的数值由平台统计，不用人工填报", where=code, fix="在指标页查看数值从哪里来")
    departments = _reporters(request, _task(found))
    form = HandForm(
        request.POST or None,
        request.FILES or None,
        indicator=found,
        departments=departments,
        demo=is_demo(),
        initial=_as_before(before) if before else {"as_of": today()},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                (number,) = services.file(
                    hand=form.figure(),
                    corrects=before.number if before else "",
                    department=data["department"],
                    sample=data.get("sample", False),
                    at=timezone.now(),
                    by=actor(request),
                )
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:plan-record", number=number)
    context = {
        "section": "plan-tasks",
        "indicator": found,
        "form": form,
        "departments": departments,
        "rest": list(form),
        "before": before,
    }
    return render(request, "office/plan/hand.html", context, status=status)


def _as_before(record: RecordView) -> dict[str, Any]:
    """What the form shows first when a value is corrected or filed anew."""
    return {
        "value": record.values.get("value", ""),
        "as_of": record.happened_on,
        "department": record.department.code,
        "sample": record.sample,
    }
