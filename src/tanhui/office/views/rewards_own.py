"""What a merchant's manager runs: cashiers, phones, shops and their plates. The room asks who manages what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import Forbidden, TanhuiError
from tanhui.office import qr
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.office.form_page import form_page
from tanhui.office.plan_forms import show_refusal
from tanhui.office.rewards_forms import CashierForm, DeviceForm, ShopForm
from tanhui.office.views.rewards_merchants import found_shop, plate_page
from tanhui.parties import queries as parties
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    DeviceEnd,
    DeviceInvite,
    DeviceView,
    MerchantStaffDetails,
    MerchantStaffView,
    MerchantState,
    MerchantView,
    ShopView,
    StaffRole,
)


@dataclass(frozen=True)
class Own:
    """One merchant that the person manages, with the forms of its page."""

    merchant: MerchantView
    shops: list[ShopView]
    staff: list[MerchantStaffView]
    devices: list[DeviceView]
    cashier_form: CashierForm
    device_form: DeviceForm | None


def _managed(request: HttpRequest) -> list[MerchantView]:
    here = queries.merchant_of(request.user.pk or 0)
    return [queries.merchant(each.merchant) for each in here if each.role is StaffRole.MANAGER]


def _one(request: HttpRequest, number: str) -> MerchantView:
    found = next((each for each in _managed(request) if each.number == number), None)
    if found is None:
        raise Forbidden("这不是您管理的商户", where=number[:40], fix="从“本店”页面进入")
    return found


def _own(merchant: MerchantView, cashier_form: CashierForm | None, device_form: DeviceForm | None) -> Own:
    shops, staff = queries.shops(merchant.number), queries.staff(merchant.number)
    if device_form is None:
        device_form = _device_form(shops, staff)
    joined = merchant.state is not MerchantState.LEFT and any(not each.closed for each in shops)
    return Own(
        merchant=merchant,
        shops=shops,
        staff=staff,
        devices=queries.devices(merchant.number, timezone.now()),
        cashier_form=cashier_form or CashierForm(auto_id=f"{merchant.number}-%s"),
        device_form=device_form if joined else None,
    )


def _device_form(shops: list[ShopView], staff: list[MerchantStaffView], data: Any = None) -> DeviceForm:
    return DeviceForm(
        data,
        shops=[(each.number, each.title) for each in shops if not each.closed],
        staff=[(each.user_id, f"{each.name}（{each.role.label}）") for each in staff],
        auto_id=f"{shops[0].merchant if shops else 'none'}-%s",
    )


def _page(
    request: HttpRequest,
    merchant: str = "",
    *,
    cashier_form: CashierForm | None = None,
    device_form: DeviceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Every merchant that the person manages; the forms belong to `merchant`."""
    merchants = [
        _own(each, cashier_form, device_form) if each.number == merchant else _own(each, None, None)
        for each in _managed(request)
    ]
    return render(request, "office/rewards/own.html", {"section": "till-own", "merchants": merchants}, status=status)


@require_safe
@office_page("till-own")
def own(request: HttpRequest) -> HttpResponse:
    """People, phones and shops of every merchant that the person manages."""
    return _page(request)


@require_POST
@office_page("till-staff")
def staff(request: HttpRequest, number: str) -> HttpResponse:
    """A cashier begins, or ends."""
    found, given = _one(request, number), not request.POST.get("ended")
    form = CashierForm(request.POST, auto_id=f"{number}-%s")
    if not form.is_valid():
        return _page(request, number, cashier_form=form, status=422)
    try:
        person = parties.staff(form.cleaned_data["username"].strip())
        details = MerchantStaffDetails(found.number, person.id, StaffRole.CASHIER, given=given)
        services.admit(details=details, at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        form.add_error("username", f"{error.message}。{error.fix}" if error.fix else error.message)
        return _page(request, number, cashier_form=form, status=error.status)
    words = f"{person.display_name}{'现在是' if given else '不再是'}{found.title}的收银员"
    act(request, verb=lambda: words, done=lambda said: said)
    return redirect("office:till-own")


@require_POST
@office_page("till-device")
def device(request: HttpRequest, number: str) -> HttpResponse:
    """Let a phone in: the code is shown on this answer and nowhere else."""
    found = _one(request, number)
    form = _device_form(queries.shops(number), queries.staff(number), request.POST)
    if not form.is_valid():
        return _page(request, number, device_form=form, status=422)
    data = form.cleaned_data
    details = DeviceInvite(found.number, data["shop"], data["user_id"], data["title"])
    try:
        code = services.admit(details=details, at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        show_refusal(form, error)
        return _page(request, number, device_form=form, status=error.status)
    address = request.build_absolute_uri(reverse("portal:till"))
    context = {
        "section": "till-own",
        "title": data["title"],
        "code": code,
        "address": address,
        "drawn": qr.drawn(f"{address}#code={code}"),
    }
    return render(request, "office/rewards/own_device.html", context)


@require_POST
@office_page("till-device-end")
def device_end(request: HttpRequest, number: str, device: str) -> HttpResponse:
    """A phone is out from now on."""
    _one(request, number)
    act(
        request,
        verb=lambda: services.admit(details=DeviceEnd(device), at=timezone.now(), by=actor(request)),
        done=lambda _: "手机已停用；它没有上传的核销，重新允许后还能上传",
    )
    return redirect("office:till-own")


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("till-shop")
def shop(request: HttpRequest, number: str, shop: str) -> HttpResponse:
    """A shop's name and address, or its end; where it lies and its plate stay as the operator entered them."""
    found = _one(request, number)
    current = found_shop(number, shop)
    form = ShopForm(request.POST or None, current=current)
    for kept in ("division_code", "plate"):
        form.fields[kept].disabled = True
    back = reverse("office:till-own")

    def save() -> str:
        services.admit(details=form.details(found.number), at=timezone.now(), by=actor(request))
        return back

    title = f"修改{current.title}"
    return form_page(request, form, save, section="till-own", title=title, back=back, crumbs=[(back, "本店")])


@require_safe
@office_page("till-plate")
def plate(request: HttpRequest, number: str, shop: str) -> HttpResponse:
    """The sheet of an own shop, to print."""
    _one(request, number)
    return plate_page(request, found_shop(number, shop), "till-own", [(reverse("office:till-own"), "本店")])
