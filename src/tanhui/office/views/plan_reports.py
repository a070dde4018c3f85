"""Reports that are published and never change, and which part of the product serves which promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import TanhuiError
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_office_forms import ReportForm
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import CoverageRow, Status

REPORT_KINDS = {
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Which files a report has, and what they are."""
STATUSES = tuple((each.value, each.label) for each in Status)
"""The states of an indicator, as a report counts them."""
COVERAGE_KINDS = {
    "clause": "任务内容", "action": "专栏行动", "indicator": "指标", "roadmap": "路线图", "safeguard": "组织保障",
    "overall": "总体目标",
}  # fmt: skip
"""Kinds of promises, as in a coverage row."""
SCREENS = {
    "office.methods": "工作台：方法流转",
    "office.partners": "工作台：数据接入方",
    "office.plan-desk": "工作台：今日工作台",
    "office.plan-funding": "工作台：资金安排",
    "office.plan-indicator": "工作台：指标页（人工填报）",
    "office.plan-supervision": "工作台：工作调度",
    "office.village-weigh": "工作台：称重和签到",
    "portal.community": "门户：怎么分",
    "portal.community-points": "门户：回收点",
    "portal.community-teams": "门户：志愿队伍",
    "portal.factors": "门户：排放因子",
    "portal.home": "门户：首页",
    "portal.mall": "门户：积分商城",
    "portal.mall-funds": "门户：商城资金",
    "portal.methods": "门户：方法学",
    "portal.plan": "门户：方案进展",
    "portal.plan-cases": "门户：典型案例",
    "portal.plan-department": "门户：部门页",
    "portal.plan-reports": "门户：进展报告",
    "portal.plan-topics": "门户：分领域进展",
}
"""Screens that serve promises, as the county's coverage document names them."""


@require_safe
@office_page("plan-reports")
def reports(request: HttpRequest) -> HttpResponse:
    """Every published report, newest first."""
    return render(request, "office/plan/reports.html", {"section": "plan-reports", "reports": plan.reports()})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-report-publish")
def publish(request: HttpRequest) -> HttpResponse:
    """Look at what a report as of a day would say, then publish it."""
    posted = request.method == "POST"
    given = request.POST if posted else request.GET
    form = ReportForm(given if given.get("as_of") or posted else None, initial=_initial())
    made: list[str] = []
    if posted and form.is_valid() and _publish(request, form, made):
        return redirect("office:plan-report", number=made[0])
    context = {"section": "plan-reports", "form": form, "statuses": STATUSES, **_preview(form)}
    status = 200 if not posted else 409 if form.is_valid() else 422
    return render(request, "office/plan/report_publish.html", context, status=status)


def _initial() -> dict[str, date]:
    """The last day of the latest month that is over."""
    return {"as_of": today().replace(day=1) - timedelta(days=1)}


def _publish(request: HttpRequest, form: ReportForm, made: list[str]) -> bool:
    data = form.cleaned_data
    return act(
        request,
        verb=lambda: made.append(
            services.publish_report(as_of=data["as_of"], title=data["title"], at=timezone.now(), by=actor(request))
        ),
        done=lambda _: "报告已发布，内容和文件不再改动",
    )


def _preview(form: ReportForm) -> dict[str, Any]:
    """What a report as of that day says now, or why there can be none."""
    if not form.is_bound or not form.is_valid():
        return {}
    as_of = form.cleaned_data["as_of"]
    try:
        return {"content": plan.report_preview(as_of, today()), "as_of": as_of}
    except TanhuiError as error:
        return {"refused": error}


@require_safe
@office_page("plan-report")
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One published report."""
    found = plan.report(number)
    return render(
        request,
        "office/plan/report.html",
        {"section": "plan-reports", "report": found, "content": found.content, "statuses": STATUSES},
    )


@require_safe
@office_page("plan-report-file")
def report_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The very file that was published."""
    if kind not in REPORT_KINDS:
        raise Http404
    name, content = plan.report_file(number, kind)
    response = HttpResponse(content, content_type=REPORT_KINDS[kind])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _serving(kind: str, name: str, title: str) -> tuple[str, str]:
    """What serves a promise, in words, and its address where it is a page by itself."""
    if kind == "register":
        return title, reverse("office:plan-register", args=[name])
    if kind == "screen":
        door, _, page = name.partition(".")
        try:
            return SCREENS.get(name, title), reverse(f"{door}:{page}")
        except NoReverseMatch:
            return SCREENS.get(name, title), ""
    return title, ""


def _wanted(request: HttpRequest) -> tuple[str, str, str]:
    kind, served = request.GET.get("kind", ""), request.GET.get("served", "")
    task = request.GET.get("task", "")
    return (
        kind if kind in COVERAGE_KINDS else "",
        served if served in ("yes", "no") else "",
        task if task.isascii() and task.isdigit() and len(task) < 4 else "",
    )


def _filtered(rows: Sequence[CoverageRow], kind: str, served: str, task: str) -> list[CoverageRow]:
    return [
        row
        for row in rows
        if (not kind or row.kind == kind)
        and (not task or row.task_no == int(task))
        and (not served or bool(row.by) == (served == "yes"))
    ]


@require_safe
@office_page("plan-coverage")
def coverage(request: HttpRequest) -> HttpResponse:
    """Every promise of the plan and what serves it; nothing may be unaccounted for."""
    now = plan.plan(today())
    rows = plan.coverage() if now else []
    kind, served, task = _wanted(request)
    totals, serving = Counter(row.kind for row in rows), Counter(row.kind for row in rows if row.by)
    query = request.GET.copy()
    context = {
        "section": "plan-coverage",
        "rows": [
            (row, COVERAGE_KINDS.get(row.kind, row.kind), [_serving(*each) for each in row.by])
            for row in _filtered(rows, kind, served, task)
        ],
        "total": len(rows),
        "served": sum(serving.values()),
        "counts": [
            (key, words, serving[key], totals[key], totals[key] - serving[key])
            for key, words in COVERAGE_KINDS.items()
            if totals[key]
        ],
        "tasks": [(str(task.no), task.title) for task in now.tasks] if now else [],
        "kinds": COVERAGE_KINDS.items(),
        "wanted": {"kind": kind, "served": served, "task": task},
        "uncovered": plan.uncovered() if now else [],
        "query": query.urlencode(),
    }
    return render(request, "office/plan/coverage.html", context)


@require_safe
@office_page("plan-coverage-csv")
def coverage_csv(request: HttpRequest) -> HttpResponse:
    """The same table as a file."""
    rows = (
        (COVERAGE_KINDS.get(row.kind, row.kind), row.ref, row.task_no or "", row.text,
         "；".join(_serving(*each)[0] for each in row.by), row.how, row.missing)
        for row in _filtered(plan.coverage(), *_wanted(request))
    )  # fmt: skip
    return csv_file("coverage.csv", ["类别", "位置", "任务", "内容", "由什么来管", "怎样管", "还缺什么"], rows)
