"""Money for the plan: lines by task, with what is planned, committed and paid, exact to the fen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_office_forms import AmountForm, FundingLineForm
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import FundingView

_HEADER = [
    "编号",
    "任务",
    "使用单位",
    "项目",
    "资金来源",
    "年度",
    "类型",
    "金额（元）",
    "日期",
    "说明",
    "登记人",
    "示例",
]


@dataclass(frozen=True)
class TaskMoney:
    """A task's lines and their sums in fen."""

    task_no: int
    title: str
    lines: tuple[FundingView, ...]
    planned_fen: int
    committed_fen: int
    paid_fen: int


def _sums(lines: Iterable[FundingView]) -> tuple[int, int, int]:
    rows = list(lines)
    return (
        sum(row.planned_fen for row in rows),
        sum(row.committed_fen for row in rows),
        sum(row.paid_fen for row in rows),
    )


def _by_task(lines: Iterable[FundingView]) -> list[TaskMoney]:
    titles = plan.task_titles()
    groups: dict[int, list[FundingView]] = {}
    for row in lines:
        groups.setdefault(row.task_no, []).append(row)
    return [TaskMoney(no, titles.get(no, ""), tuple(rows), *_sums(rows)) for no, rows in sorted(groups.items())]


@require_safe
@office_page("plan-funding")
def funding(request: HttpRequest) -> HttpResponse:
    """Every line by task, with sums."""
    lines = plan.funding()
    planned, committed, paid = _sums(lines)
    context = {
        "section": "plan-funding",
        "groups": _by_task(lines),
        "planned": planned,
        "committed": committed,
        "paid": paid,
        "count": len(lines),
    }
    return render(request, "office/plan/funding.html", context)


@require_safe
@office_page("plan-funding-csv")
def funding_csv(request: HttpRequest) -> HttpResponse:
    """Every entry of every line as a file."""
    rows = (
        (row.number, row.task_no, row.department.name, row.title, row.origin, row.year, kind,
         format(Decimal(amount) / 100, ".2f"), happened_on, note, entered_by, "是" if row.sample else "")
        for row in plan.funding()
        for kind, amount, happened_on, note, entered_by in row.entries
    )  # fmt: skip
    return csv_file("funding.csv", _HEADER, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-funding-new")
def new_line(request: HttpRequest) -> HttpResponse:
    """A new line with its first amount."""
    day = today()
    now = plan.plan(day)
    form = FundingLineForm(
        request.POST or None,
        departments=plan.may_file(request.user.pk or 0),
        tasks=now.tasks if now else (),
        initial={"task_no": request.GET.get("task", "")[:4], "year": day.year, "happened_on": day},
    )
    status = 200
    if request.method == "POST":
        if form.is_valid() and act(
            request,
            verb=lambda: services.work(details=form.line(), at=timezone.now(), by=actor(request)),
            done=lambda _: f"已登记：{form.cleaned_data['title']}",
        ):
            return redirect("office:plan-funding")
        status = 409 if form.is_valid() else 422
    return render(request, "office/plan/funding_form.html", {"section": "plan-funding", "form": form}, status=status)


@require_safe
@office_page("plan-funding-line")
def line(request: HttpRequest, number: str) -> HttpResponse:
    """One line: its entries and a further amount."""
    return _line(request, number)


def _found(number: str) -> FundingView:
    row = next((each for each in plan.funding() if each.number == number), None)
    if row is None:
        raise NotFound("没有这个项目", where=number[:30], fix="从资金台账里选择")
    return row


def _line(request: HttpRequest, number: str, form: AmountForm | None = None, status: int = 200) -> HttpResponse:
    row = _found(number)
    enters = may(request.user, "plan-funding-add") and any(
        each.code == row.department.code for each in plan.may_file(request.user.pk or 0)
    )
    initial = {"happened_on": today()}
    context = {
        "section": "plan-funding",
        "line": row,
        "form": (form or AmountForm(initial=initial)) if enters else None,
    }
    return render(request, "office/plan/funding_line.html", context, status=status)


@require_POST
@office_page("plan-funding-add")
def add_amount(request: HttpRequest, number: str) -> HttpResponse:
    """A further amount on a line."""
    form = AmountForm(request.POST)
    if not form.is_valid():
        return _line(request, number, form, 422)
    done = act(
        request,
        verb=lambda: services.work(details=form.entry(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "已登记这笔金额",
    )
    return redirect("office:plan-funding-line", number=number) if done else _line(request, number, form, 409)
