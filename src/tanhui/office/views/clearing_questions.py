"""What merchants dispute and how it is answered; corrections that one proposes and another decides."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import office_page
from tanhui.office.acts import actor
from tanhui.office.clearing_forms import AnswerForm, CorrectionForm, DecideForm
from tanhui.office.form_page import form_page
from tanhui.rewards import queries, services
from tanhui.rewards.types import ClearingAct, CorrectionState, DisputeState, MerchantState


@require_safe
@office_page("clearing-disputes")
def disputes(request: HttpRequest) -> HttpResponse:
    """Open disputes first, then those that were answered."""
    rows = sorted(queries.disputes(), key=lambda row: row.state is not DisputeState.OPEN)
    return render(request, "office/clearing/disputes.html", {"section": "clearing-disputes", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-dispute")
def dispute(request: HttpRequest, number: str) -> HttpResponse:
    """Answer a dispute."""
    row = next((each for each in queries.disputes() if each.number == number), None)
    if row is None:
        raise NotFound("没有这条异议", where=number[:40], fix="从异议列表里选择")
    (line,) = queries.statement_lines(row.statement, after=row.line - 1, limit=1)
    form = AnswerForm(request.POST or None)
    save = _told(request, lambda: form.details(number), "office:clearing-disputes")
    page = "office/clearing/dispute.html"
    return form_page(request, form, save, template=page, section="clearing-disputes", row=row, line=line)


@require_safe
@office_page("clearing-corrections")
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that wait first."""
    rows = sorted(queries.corrections(), key=lambda row: row.state is not CorrectionState.PROPOSED)
    return render(request, "office/clearing/corrections.html", {"section": "clearing-corrections", "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-correction-new")
def correction_new(request: HttpRequest) -> HttpResponse:
    """Propose a correction."""
    merchants = [each for each in queries.merchants() if each.state is not MerchantState.APPLIED]
    initial = {"merchant": request.GET.get("merchant", "")[:40]}
    form = CorrectionForm(request.POST or None, merchants=merchants, initial=initial)
    back = reverse("office:clearing-corrections")
    return form_page(
        request,
        form,
        _told(request, form.details, "office:clearing-corrections"),
        section="clearing-corrections",
        title="提出更正",
        lead="账上多记或少记的，不改原来的记录，另记一笔更正；由财务复核员复核后入账，写进下一张结算单。",
        verb="提交复核",
        back=back,
        crumbs=[(back, "更正")],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-correction-decide")
def correction_decide(request: HttpRequest, number: str) -> HttpResponse:
    """Post a correction, or reject it."""
    row = next((each for each in queries.corrections() if each.number == number), None)
    if row is None:
        raise NotFound("没有这笔更正", where=number[:40], fix="从更正列表里选择")
    form = DecideForm(request.POST or None)
    save = _told(request, lambda: form.details(number), "office:clearing-corrections")
    page = "office/clearing/correction.html"
    return form_page(request, form, save, template=page, section="clearing-corrections", row=row)


def _told(request: HttpRequest, details: Callable[[], ClearingAct], back: str) -> Callable[[], str]:
    """What a form does: a step of clearing, then back to its list."""

    def save() -> str:
        services.clear(details=details(), at=timezone.now(), by=actor(request))
        return reverse(back)

    return save
