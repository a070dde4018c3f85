"""A merchant's own statements, for its managers: read, take as files, dispute a line."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import Forbidden, NotFound
from tanhui.office.access import office_page
from tanhui.office.acts import actor
from tanhui.office.clearing_forms import DisputeForm
from tanhui.office.form_page import form_page
from tanhui.office.views.clearing_statements import as_file, lines_context
from tanhui.rewards import queries, services
from tanhui.rewards.types import MembershipView, StaffRole, StatementState, StatementView


def _managed(request: HttpRequest) -> list[MembershipView]:
    """The merchants that this person manages. Raises Forbidden where there is none."""
    found = [each for each in queries.merchant_of(request.user.pk or 0) if each.role is StaffRole.MANAGER]
    if not found:
        raise Forbidden("结算单由店长查看", fix="请店长登录，或请店长把您登记为店长")
    return found


def _own(request: HttpRequest, number: str) -> StatementView:
    """A statement of a merchant that this person manages. Raises Forbidden, NotFound (also for somebody else's)."""
    managed = {each.merchant for each in _managed(request)}
    view = queries.statement(number)
    if view.merchant not in managed:
        raise NotFound("没有这张结算单", where=number[:40], fix="核对编号")
    return view


@require_safe
@office_page("clearing-own")
def statements(request: HttpRequest) -> HttpResponse:
    """All statements of the merchants that this person manages, newest first."""
    managed = _managed(request)
    rows = [row for each in managed for row in queries.statements(merchant=each.merchant)]
    rows.sort(key=lambda row: row.month, reverse=True)
    context = {"section": "clearing-own", "managed": managed, "rows": rows}
    return render(request, "office/clearing/own.html", context)


@require_safe
@office_page("clearing-own-statement")
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """One of them, with its lines."""
    view = _own(request, number)
    context = {
        "section": "clearing-own",
        "statement": view,
        "disputes": queries.disputes(statement=view.number),
        "disputable": view.state in (StatementState.DRAFTED, StatementState.CHECKED),
        **lines_context(request, view),
    }
    return render(request, "office/clearing/own_statement.html", context)


@require_safe
@office_page("clearing-own-file")
def statement_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """One of them as a file."""
    return as_file(request, _own(request, number), kind)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-own-dispute")
def dispute(request: HttpRequest, number: str, line: int) -> HttpResponse:
    """Say what is wrong with a line."""
    view = _own(request, number)
    found = next(iter(queries.statement_lines(view.number, after=line - 1, limit=1)), None)
    if found is None or found.line != line:
        raise NotFound("结算单没有这一行", where=str(line), fix="从结算单里选择")
    form = DisputeForm(request.POST or None)

    def save() -> str:
        services.clear(details=form.details(number, line), at=timezone.now(), by=actor(request))
        return reverse("office:clearing-own-statement", args=[number])

    page = "office/clearing/own_dispute.html"
    return form_page(request, form, save, template=page, section="clearing-own", statement=view, line=found)
