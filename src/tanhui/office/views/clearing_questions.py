"""What merchants dispute and how it is answered; corrections that one proposes and another decides."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office.access import office_page
from tanhui.office.acts import actor
from tanhui.office.clearing_forms import AnswerForm, CorrectionForm, DecideForm
from tanhui.office.plan_forms import show_refusal
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
    status = 200
    if request.method == "POST":
        status = _try(request, form, lambda: form.details(number))
        if status == 200:
            return redirect("office:clearing-disputes")
    context = {"section": "clearing-disputes", "row": row, "line": line, "form": form}
    return render(request, "office/clearing/dispute.html", context, status=status)


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
    status = 200
    if request.method == "POST":
        status = _try(request, form, form.details)
        if status == 200:
            return redirect("office:clearing-corrections")
    context = {
        "section": "clearing-corrections",
        "form": form,
        "title": "提出更正",
        "lead": "账上多记或少记的，不改原来的记录，另记一笔更正；由财务复核员复核后入账，写进下一张结算单。",
        "verb": "提交复核",
        "back": reverse("office:clearing-corrections"),
        "crumbs": [(reverse("office:clearing-corrections"), "更正")],
    }
    return render(request, "office/clearing/form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-correction-decide")
def correction_decide(request: HttpRequest, number: str) -> HttpResponse:
    """Post a correction, or reject it."""
    row = next((each for each in queries.corrections() if each.number == number), None)
    if row is None:
        raise NotFound("没有这笔更正", where=number[:40], fix="从更正列表里选择")
    form = DecideForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = _try(request, form, lambda: form.details(number))
        if status == 200:
            return redirect("office:clearing-corrections")
    context = {"section": "clearing-corrections", "row": row, "form": form}
    return render(request, "office/clearing/correction.html", context, status=status)


def _try(request: HttpRequest, form: AnswerForm | CorrectionForm | DecideForm, details: object) -> int:
    """200 where it is done; otherwise the status of the page that says why not."""
    if not form.is_valid():
        return 422
    assert callable(details)
    told: ClearingAct = details()
    try:
        services.clear(details=told, at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        show_refusal(form, error)
        return error.status
    return 200
