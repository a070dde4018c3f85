"""Months of clearing: how far each is, who waits for whom, and the statements of one."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.clearing_files import month_words, yuan
from tanhui.office.clearing_forms import MonthForm, month_of
from tanhui.office.files import csv_file
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    ClearingMonth,
    CorrectionState,
    DisputeState,
    DraftMonth,
    MerchantState,
    StatementState,
    StatementView,
)

_HEADER = [
    "编号", "商户", "月份", "状态", "行数", "核销减去撤销（元）", "更正（元）", "结算比例（%）", "按比例扣减（元）",
    "应付（元）", "未答复异议", "摘要（SHA-256）",
]  # fmt: skip


def last_month() -> date:
    """The first day of the month that ended last."""
    return (today().replace(day=1) - timedelta(days=1)).replace(day=1)


@require_safe
@office_page("clearing")
def months(request: HttpRequest) -> HttpResponse:
    """Every month, newest first; the next one to draft."""
    return _months(request)


def _months(request: HttpRequest, form: MonthForm | None = None, status: int = 200) -> HttpResponse:
    rows = queries.clearing_months()
    merchants = [each for each in queries.merchants() if each.state is not MerchantState.APPLIED]
    month = last_month()
    drafts = may(request.user, "clearing-draft")
    context = {
        "section": "clearing",
        "rows": [(row, waits_for(row)) for row in rows],
        "disputes": len(queries.disputes(state=DisputeState.OPEN)),
        "corrections": len(queries.corrections(state=CorrectionState.PROPOSED)),
        "owed": queries.owed_fen(),
        "form": (form or MonthForm(merchants=merchants, initial={"month": f"{month:%Y-%m}"})) if drafts else None,
        "next": month,
        "next_at": queries.first_draft(month),
        "early": queries.first_draft(month) > timezone.now(),
    }
    return render(request, "office/clearing/months.html", context, status=status)


def waits_for(row: ClearingMonth) -> str:
    """Who has to do what next, in words."""
    if row.disputes_open:
        return f"运营人员答复 {row.disputes_open} 条异议"
    if row.drafted:
        return f"运营人员核对 {row.drafted} 张"
    if row.checked:
        return f"财务复核员复核 {row.checked} 张"
    if row.without_account:
        return f"{row.without_account} 家商户登记、确认收款账户"
    return f"付款 {row.approved} 张" if row.approved else "已办完"


@require_POST
@office_page("clearing-draft")
def draft(request: HttpRequest) -> HttpResponse:
    """Draft the statements of a month."""
    merchants = [each for each in queries.merchants() if each.state is not MerchantState.APPLIED]
    form = MonthForm(request.POST, merchants=merchants)
    if not form.is_valid():
        return _months(request, form, 422)
    month = month_of(form.cleaned_data["month"])
    details = DraftMonth(month, form.cleaned_data["merchant"])
    done = act(
        request,
        verb=lambda: services.clear(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: f"已生成{month_words(month)}的结算单，请逐张核对",
    )
    return redirect("office:clearing-month", month=f"{month:%Y-%m}") if done else _months(request, form, 409)


@require_safe
@office_page("clearing-month")
def month_page(request: HttpRequest, month: str) -> HttpResponse:
    """The statements of a month, by state; its payment files."""
    return show_month(request, month_of(month))


def show_month(request: HttpRequest, month: date, status: int = 200) -> HttpResponse:
    """The page of a month, also as the answer to a step that was refused."""
    everything = queries.statements(month=month)
    standing = [row for row in everything if row.state is not StatementState.VOID]
    wanted = request.GET.get("state", "")
    shown = [row for row in everything if row.state == wanted] if wanted in list(StatementState) else standing
    payable = [row for row in standing if row.state is StatementState.APPROVED and row.net_fen and not row.payment]
    accounts = {row.number: queries.pay_account(row.merchant) for row in payable}
    context = {
        "section": "clearing",
        "month": month,
        "rows": shown,
        "states": [(state, sum(row.state is state for row in everything)) for state in StatementState],
        "wanted": wanted,
        "count": len(standing),
        "net": sum(row.net_fen for row in standing),
        "paid": sum(row.net_fen for row in standing if row.state is StatementState.PAID),
        "payable": [
            (row, account is not None and account.confirmed_at is not None, account)
            for row in payable
            for account in [accounts[row.number]]
        ],
        "any_ready": any(account is not None and account.confirmed_at for account in accounts.values()),
        "payments": queries.payments(month),
        "everything": len(everything),
    }
    return render(request, "office/clearing/month.html", context, status=status)


@require_safe
@office_page("clearing-month-csv")
def month_csv(request: HttpRequest, month: str) -> HttpResponse:
    """The statements of a month as a file, void ones too."""
    first = month_of(month)
    return csv_file(f"clearing-{first:%Y-%m}.csv", _HEADER, map(_row, queries.statements(month=first)))


def _row(row: StatementView) -> list[object]:
    return [
        row.number, row.title, f"{row.month:%Y-%m}", row.state.label, row.lines, yuan(row.gross_fen),
        yuan(row.correction_fen), yuan(row.rate_bp), yuan(row.rate_fen), yuan(row.net_fen), row.disputes_open,
        row.digest,
    ]  # fmt: skip
