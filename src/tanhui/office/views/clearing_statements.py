"""A statement: its sums, its lines, its files, and the steps of two hands."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.clearing_files import (
    HEADER,
    all_lines,
    check_url,
    line_rows,
    statement_pdf,
    statement_workbook,
)
from tanhui.office.clearing_forms import ReasonForm
from tanhui.office.files import csv_file, document_file, workbook_file
from tanhui.rewards import queries, services
from tanhui.rewards.types import ApproveStatement, CheckStatement, StatementState, StatementView, VoidStatement

LINES = 100


@require_safe
@office_page("clearing-statement")
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """One statement."""
    return _statement(request, number)


def lines_context(request: HttpRequest, view: StatementView) -> dict[str, Any]:
    """A page of lines, and where the next begins; `q` looks for a shop, an offer or a number."""
    text, after = request.GET.get("q", "").strip()[:60], request.GET.get("after", "")
    first = int(after) if after.isdecimal() and len(after) < 9 else 0
    found = queries.statement_lines(view.number, after=first, limit=LINES + 1, text=text)
    shown = found[:LINES]
    return {
        "lines": shown,
        "q": text,
        "after": first,
        "next": shown[-1].line if len(found) > LINES else None,
    }


def _statement(request: HttpRequest, number: str, reason: ReasonForm | None = None, status: int = 200) -> HttpResponse:
    view = queries.statement(number)
    user = request.user
    voids = "clearing-revoke" if view.approved_at else "clearing-void"
    open_step = view.state in (StatementState.DRAFTED, StatementState.CHECKED, StatementState.APPROVED)
    context = {
        "section": "clearing",
        "statement": view,
        "account": queries.pay_account(view.merchant),
        "disputes": queries.disputes(statement=view.number),
        "checks": view.state is StatementState.DRAFTED and may(user, "clearing-check"),
        "approves": view.state is StatementState.CHECKED and may(user, "clearing-approve"),
        "voids": voids if open_step and not view.payment and may(user, voids) else "",
        "reason": reason or ReasonForm(),
        **lines_context(request, view),
    }
    return render(request, "office/clearing/statement.html", context, status=status)


@require_safe
@office_page("clearing-statement-file")
def statement_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The statement as a file: lines.csv, statement.xlsx, statement.pdf, statement.json."""
    return as_file(request, queries.statement(number), kind)


def as_file(request: HttpRequest, view: StatementView, kind: str) -> HttpResponse:
    """A statement as one of its files. Raises NotFound for a kind that there is not."""
    name = f"clearing-{view.month:%Y-%m}-{view.number}"
    if kind == "lines.csv":
        return csv_file(f"{name}.csv", HEADER, line_rows(all_lines(view.number)))
    if kind == "statement.xlsx":
        return workbook_file(f"{name}.xlsx", statement_workbook(view))
    document = queries.statement_document(view.number)
    if kind == "statement.json":
        return document_file(f"{name}.json", "application/json", document.content)
    if kind == "statement.pdf":
        content = statement_pdf(view, document, check_url(request, view))
        return document_file(f"{name}.pdf", "application/pdf", content)
    raise NotFound("没有这种文件", where=kind[:30], fix="从结算单页面下载")


@require_POST
@office_page("clearing-check")
def check(request: HttpRequest, number: str) -> HttpResponse:
    """The first hand: what was looked at is right."""
    details = CheckStatement(number, request.POST.get("digest", "")[:64])
    return _step(request, number, details, "已核对，请财务复核员复核")


@require_POST
@office_page("clearing-approve")
def approve(request: HttpRequest, number: str) -> HttpResponse:
    """The second hand, which signs."""
    details = ApproveStatement(number, request.POST.get("digest", "")[:64])
    return _step(request, number, details, "已复核签名，可以付款")


@require_POST
@office_page("clearing-void")
def void(request: HttpRequest, number: str) -> HttpResponse:
    """Void what nobody has approved."""
    return _void(request, number)


@require_POST
@office_page("clearing-revoke")
def revoke(request: HttpRequest, number: str) -> HttpResponse:
    """Void what was approved and is not paid."""
    return _void(request, number)


def _void(request: HttpRequest, number: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _statement(request, number, form, 422)
    details = VoidStatement(number, form.cleaned_data["reason"])
    return _step(request, number, details, "已作废，明细可以重新生成", form)


def _step(
    request: HttpRequest,
    number: str,
    details: CheckStatement | ApproveStatement | VoidStatement,
    done: str,
    form: ReasonForm | None = None,
) -> HttpResponse:
    queries.statement(number)
    taken = act(
        request,
        verb=lambda: services.clear(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: done,
    )
    return redirect("office:clearing-statement", number=number) if taken else _statement(request, number, form, 409)
