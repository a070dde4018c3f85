"""Partners: who delivers, what came, what was refused; admit, change, suspend."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.files import csv_file
from tanhui.office.forms import AdmitForm, ChangeForm, PartnerForm
from tanhui.parties.types import Scope
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios import services

_PAGE = 50
_HEADER = ["代码", "名称", "状态", "最高等级", "批次", "收下", "待绑定", "退回", "最近"]


@require_safe
@office_page("partners")
def partners(request: HttpRequest) -> HttpResponse:
    """Every partner that this person may see."""
    return render(request, "office/partners.html", {"section": "partners", "partners": _seen(request)})


def _seen(request: HttpRequest) -> list[Any]:
    return [row for row in scenarios.sources() if may(request.user, "partner", Scope("source", row.code))]


@require_safe
@office_page("partners-csv")
def partners_csv(request: HttpRequest) -> HttpResponse:
    """The same partners as a file."""
    rows = (
        (row.code, row.title, row.status_title, row.top_grade, row.deliveries, row.rows_accepted, row.rows_waiting,
         row.rows_refused, row.latest_at.isoformat() if row.latest_at else None)
        for row in _seen(request)
    )  # fmt: skip
    return csv_file("partners.csv", _HEADER, rows)


@require_safe
@office_page("partner")
def partner(request: HttpRequest, source: str) -> HttpResponse:
    """One partner with its keys and deliveries."""
    before = request.GET.get("before") or None
    refused_only = request.GET.get("refused") == "1"
    rows = scenarios.deliveries(source=source, refused_only=refused_only, before=before, limit=_PAGE + 1)
    context = {
        "section": "partners",
        "partner": scenarios.source(source),
        "titles": {row.code: row.title for row in scenarios.scenarios(enabled_only=False)},
        "deliveries": rows[:_PAGE],
        "next": rows[_PAGE - 1].number if len(rows) > _PAGE else None,
        "refused_only": refused_only,
        "before": before,
    }
    return render(request, "office/partner.html", context)


def _delivery(source: str, number: str) -> Any:
    found = scenarios.delivery(number)
    if found.source != source:
        raise NotFound("没有这个回执", where=number, fix="从接入方的批次列表里选择")
    return found


@require_safe
@office_page("delivery")
def delivery(request: HttpRequest, source: str, number: str) -> HttpResponse:
    """One delivery and its refused rows."""
    found = _delivery(source, number)
    context = {"section": "partners", "delivery": found, "refused": scenarios.refused_rows(number)}
    return render(request, "office/delivery.html", context)


@require_safe
@office_page("delivery-csv")
def delivery_csv(request: HttpRequest, source: str, number: str) -> HttpResponse:
    """The refused rows, to send to the partner."""
    _delivery(source, number)
    rows = ((row.row_number, row.code, row.message) for row in scenarios.refused_rows(number, limit=100_000))
    return csv_file(f"{number}.csv", ["行号", "原因代码", "原因"], rows)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("partner-admit")
def admit(request: HttpRequest) -> HttpResponse:
    """Admit a new partner."""
    form = AdmitForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _save(request, form, "已接入"):
        return redirect("office:partner", source=form.cleaned_data["code"])
    return render(request, "office/partner_form.html", {"section": "partners", "form": form, "partner": None})


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("partner-change")
def change(request: HttpRequest, source: str) -> HttpResponse:
    """Change, suspend or resume a partner, add and revoke keys."""
    current = scenarios.source(source)
    form = ChangeForm(request.POST or None, current=current)
    if request.method == "POST" and form.is_valid() and _save(request, form, "已保存"):
        return redirect("office:partner", source=source)
    return render(request, "office/partner_form.html", {"section": "partners", "form": form, "partner": current})


def _save(request: HttpRequest, form: PartnerForm, words: str) -> bool:
    draft = form.draft()
    return act(
        request,
        verb=lambda: services.admit(draft=draft, at=timezone.now(), by=actor(request)),
        done=lambda _: f"{words}：{draft.title}（{draft.code}）",
    )
