"""Payment files: prepared by one, taken to the bank, confirmed by another."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.clearing_files import BANK_HEADER, bank_rows, workbook
from tanhui.office.clearing_forms import PaidForm, ReasonForm, month_of
from tanhui.office.files import csv_file, workbook_file
from tanhui.office.views.clearing_months import show_month
from tanhui.rewards import queries, services
from tanhui.rewards.types import CancelPayment, PaymentState, PreparePayment


@require_POST
@office_page("clearing-prepare")
def prepare(request: HttpRequest, month: str) -> HttpResponse:
    """One file for the chosen statements of a month."""
    first = month_of(month)
    chosen = tuple(dict.fromkeys(number[:40] for number in request.POST.getlist("statement")))
    made: list[str] = []
    done = act(
        request,
        verb=lambda: made.append(
            services.clear(details=PreparePayment(first, chosen), at=timezone.now(), by=actor(request))
        ),
        done=lambda _: "付款文件已制作，请财务复核员下载、交银行付款后确认",
    )
    return redirect("office:clearing-payment", number=made[0]) if done else show_month(request, first, 409)


@require_safe
@office_page("clearing-payment")
def payment(request: HttpRequest, number: str) -> HttpResponse:
    """One payment file, without the accounts."""
    return _payment(request, number)


def _payment(
    request: HttpRequest,
    number: str,
    *,
    paid: PaidForm | None = None,
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    row = queries.payment(number)
    waits = row.state is PaymentState.PREPARED
    by_number = {each.number: each for each in queries.statements(month=row.month)}
    context = {
        "section": "clearing",
        "payment": row,
        "statements": [by_number[each] for each in row.statements],
        "takes": row.state is not PaymentState.CANCELLED and may(request.user, "clearing-payment-file"),
        "paid": (paid or PaidForm(initial={"paid_on": today()}))
        if waits and may(request.user, "clearing-payment-confirm")
        else None,
        "reason": (reason or ReasonForm()) if waits and may(request.user, "clearing-payment-cancel") else None,
    }
    return render(request, "office/clearing/payment.html", context, status=status)


@require_safe
@office_page("clearing-payment-file")
def payment_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The rows with accounts as bank.csv or bank.xlsx; the trail says who took them."""
    if kind not in ("bank.csv", "bank.xlsx"):
        raise NotFound("没有这种文件", where=kind[:30], fix="从付款页面下载")
    rows = list(bank_rows(queries.payment_lines(number, by=actor(request), at=timezone.now())))
    if kind == "bank.csv":
        return csv_file(f"payment-{number}.csv", BANK_HEADER, rows)
    return workbook_file(f"payment-{number}.xlsx", workbook([("付款", BANK_HEADER, rows)]))


@require_POST
@office_page("clearing-payment-confirm")
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The bank has paid."""
    form = PaidForm(request.POST)
    if not form.is_valid():
        return _payment(request, number, paid=form, status=422)
    done = act(
        request,
        verb=lambda: services.clear(details=form.details(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "已确认付款，结算单转为已支付",
    )
    return (
        redirect("office:clearing-payment", number=number) if done else _payment(request, number, paid=form, status=409)
    )


@require_POST
@office_page("clearing-payment-cancel")
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """The bank did not pay."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _payment(request, number, reason=form, status=422)
    details = CancelPayment(number, form.cleaned_data["reason"])
    done = act(
        request,
        verb=lambda: services.clear(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: "已撤回，结算单等待下一个付款文件",
    )
    return (
        redirect("office:clearing-payment", number=number)
        if done
        else _payment(request, number, reason=form, status=409)
    )
