"""Settlement runs: what each changed, and settling now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.office.files import csv_file
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services
from tanhui.scenarios.types import SettlementSummary

_PAGE = 50
_FILE_ROWS = 10_000
_HEADER = [
    "编号", "开始", "结束", "首日", "末日", "人日", "行为", "结算行", "凭证", "减排量变动（克）", "积分变动", "说明"
]  # fmt: skip


@require_safe
@office_page("runs")
def runs(request: HttpRequest) -> HttpResponse:
    """The latest runs, and how much waits."""
    context = {"section": "runs", "runs": scenarios.runs(limit=_PAGE), "marks": scenarios.marks_waiting()}
    return render(request, "office/runs.html", context)


@require_safe
@office_page("runs-csv")
def runs_csv(request: HttpRequest) -> HttpResponse:
    """Runs as a file."""
    rows = (
        (r.number, r.started_at.isoformat(), r.ended_at.isoformat(), r.first_day, r.last_day, r.person_days,
         r.behaviors, r.lines, r.transfers, r.reduction_g, r.points, r.note)
        for r in scenarios.runs(limit=_FILE_ROWS)
    )  # fmt: skip
    return csv_file("settlement.csv", _HEADER, rows)


@require_safe
@office_page("run")
def run(request: HttpRequest, number: str) -> HttpResponse:
    """One run."""
    return render(request, "office/run.html", {"section": "runs", "run": scenarios.run(number)})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("settle")
def settle(request: HttpRequest) -> HttpResponse:
    """Ask, then settle everything that waits. Settling twice changes nothing."""
    if request.method == "POST":
        act(request, verb=lambda: services.settle(at=timezone.now(), by=actor(request)), done=_words)
        return redirect("office:runs")
    latest = scenarios.runs(limit=1)
    context = {"section": "runs", "marks": scenarios.marks_waiting(), "last_run": latest[0] if latest else None}
    return render(request, "office/settle.html", context)


def _words(summary: SettlementSummary) -> str:
    expired = f"；到期作废 {summary.expired_points:,} 分" if summary.expired_points else ""
    if not summary.runs:
        return f"没有需要结算的行为{expired}" if expired else "没有需要结算的记录，账目没有变动"
    return (
        f"结算完成：{summary.person_days:,}个人日，{summary.behaviors:,}条行为，"
        f"减排量变动 {summary.reduction_g:,} 克，积分变动 {summary.points:,} 分{expired}"
    )
