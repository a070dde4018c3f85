"""What was agreed with a merchant, and where it is paid."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.office.access import office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.clearing_forms import AccountForm, ContractForm
from tanhui.office.form_page import form_page
from tanhui.rewards import queries, services
from tanhui.rewards.types import PayAccountConfirm


@require_safe
@office_page("clearing-terms")
def terms(request: HttpRequest, number: str) -> HttpResponse:
    """Contracts, account, statements and corrections of a merchant."""
    return _terms(request, number)


def _terms(request: HttpRequest, number: str, status: int = 200) -> HttpResponse:
    merchant = queries.merchant(number)
    context = {
        "section": "clearing",
        "merchant": merchant,
        "contracts": queries.contracts(number),
        "account": queries.pay_account(number),
        "statements": queries.statements(merchant=number),
        "corrections": queries.corrections(merchant=number),
    }
    return render(request, "office/clearing/terms.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-contract")
def contract(request: HttpRequest, number: str) -> HttpResponse:
    """New terms."""
    form = ContractForm(request.POST or None, initial={"contract_from": today(), "rate": 100})
    lead = "登记一份新的或续签的合同。已经生成的结算单不变，以后的按新比例。"
    return _form(request, number, form, title="登记合同", lead=lead)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("clearing-account")
def account(request: HttpRequest, number: str) -> HttpResponse:
    """Where the merchant is paid from now on."""
    form = AccountForm(request.POST or None)
    lead = "户名和账号加密保存。登记后由财务复核员与商户核对、确认，确认之前不付款。"
    return _form(request, number, form, title="登记收款账户", lead=lead)


def _form(
    request: HttpRequest, number: str, form: ContractForm | AccountForm, *, title: str, lead: str
) -> HttpResponse:
    merchant = queries.merchant(number)
    back = reverse("office:clearing-terms", args=[number])

    def save() -> str:
        services.admit(details=form.details(number), at=timezone.now(), by=actor(request))
        return back

    crumbs = [(reverse("office:clearing"), "结算"), (back, merchant.title)]
    return form_page(request, form, save, section="clearing", title=title, lead=lead, back=back, crumbs=crumbs)


@require_POST
@office_page("clearing-account-confirm")
def account_confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Another person has checked the account with the merchant."""
    queries.merchant(number)
    details = PayAccountConfirm(number, request.POST.get("account", "")[:40])
    done = act(
        request,
        verb=lambda: services.admit(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: "收款账户已确认",
    )
    return redirect("office:clearing-terms", number=number) if done else _terms(request, number, 409)
