"""The alliance: who is in it, with which shops, plates and people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office import qr
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.form_page import form_page
from tanhui.office.rewards_forms import STEPS, ApplyForm, ShopForm, StaffForm, StepForm
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    DeviceEnd,
    MerchantStaffDetails,
    MerchantState,
    MerchantView,
    Outcome,
    ShopView,
    StaffRole,
)

_HEADER = ["编号", "商户", "单位", "状态", "合作起始日", "合作截止日（不含）", "门店"]


@require_safe
@office_page("rewards-merchants")
def merchants(request: HttpRequest) -> HttpResponse:
    """All merchants, or those in one state."""
    everyone = queries.merchants()
    wanted = request.GET.get("state", "")
    counts = Counter(each.state for each in everyone)
    shown = [each for each in everyone if each.state == wanted] if wanted in list(MerchantState) else everyone
    context = {
        "section": "rewards-merchants",
        "rows": [(each, _open_shops(each.number)) for each in shown],
        "states": [(state, counts[state]) for state in MerchantState],
        "wanted": wanted,
        "total": len(everyone),
        "today": today(),
    }
    return render(request, "office/rewards/merchants.html", context)


def _open_shops(merchant: str) -> int:
    return sum(not each.closed for each in queries.shops(merchant))


@require_safe
@office_page("rewards-merchants-csv")
def merchants_csv(request: HttpRequest) -> HttpResponse:
    """The alliance as a file."""
    everyone = queries.merchants()
    names = parties.display_names(each.party_id for each in everyone)
    rows = (
        (each.number, each.title, names.get(each.party_id, ""), each.state.label, each.contract_from,
         each.contract_to, _open_shops(each.number))
        for each in everyone
    )  # fmt: skip
    return csv_file("merchants.csv", _HEADER, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("rewards-apply")
def apply(request: HttpRequest) -> HttpResponse:
    """A unit applies: entered in the register by its credit code, and in the alliance as waiting."""
    form = ApplyForm(request.POST or None, initial={"contract_from": today()})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                number = _apply(request, form)
            except TanhuiError as error:
                field = error.where if error.where in form.fields else None
                form.add_error(field, f"{error.message}。{error.fix}" if error.fix else error.message)
                status = error.status
            else:
                return redirect("office:rewards-merchant", number=number)
    context = {
        "section": "rewards-merchants",
        "form": form,
        "title": "登记入盟申请",
        "verb": "登记",
        "back": reverse("office:rewards-merchants"),
        "crumbs": [(reverse("office:rewards-merchants"), "商户")],
    }
    return render(request, "office/form.html", context, status=status)


@transaction.atomic
def _apply(request: HttpRequest, form: ApplyForm) -> str:
    at, by = timezone.now(), actor(request)
    unit = parties_services.register(details=form.organization(), at=at, by=by)
    return services.admit(details=form.details(unit.id), at=at, by=by)


@require_safe
@office_page("rewards-merchant")
def merchant(request: HttpRequest, number: str) -> HttpResponse:
    """Everything about one merchant."""
    return _merchant(request, queries.merchant(number))


def _merchant(
    request: HttpRequest,
    found: MerchantView,
    *,
    step: StepForm | None = None,
    staff_form: StaffForm | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = [each for each in queries.redemptions(found.number, today()) if each.outcome is Outcome.REDEEMED]
    standing = [each for each in rows if not each.undone]
    decides = may(request.user, "rewards-merchant-decide")
    places = {each.statistical_code: each.name for each in parties.divisions()}
    context = {
        "section": "rewards-merchants",
        "merchant": found,
        "unit": parties.display_names([found.party_id]).get(found.party_id, ""),
        "over": found.contract_to <= today(),
        "shops": [(each, places.get(each.division_code, each.division_code)) for each in queries.shops(found.number)],
        "offers": [each for each in queries.offers(published_only=False) if found.number in each.merchants],
        "history": _history(found.number),
        "people": queries.staff(found.number),
        "devices": queries.devices(found.number, timezone.now()),
        "count": len(standing),
        "sum": sum(each.face_value_fen for each in standing),
        "step": (step or StepForm(current=found)) if decides and STEPS[found.state] else None,
        "staff_form": (staff_form or StaffForm()) if decides and found.state is not MerchantState.LEFT else None,
    }
    return render(request, "office/rewards/merchant.html", context, status=status)


def _history(number: str) -> list[tuple[datetime, str, str, str]]:
    """When the merchant's state changed, to what, by whom and why, newest first."""
    rows = parties.audit_trail(action="rewards.admit_status", target=number)
    return [(row.at, MerchantState(row.detail["state"]).label, row.actor, row.detail.get("reason", "")) for row in rows]


@require_POST
@office_page("rewards-merchant-decide")
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Admit, suspend, bring back, or let go."""
    found = queries.merchant(number)
    form = StepForm(request.POST, current=found)
    if not form.is_valid():
        return _merchant(request, found, step=form, status=422)
    done = act(
        request,
        verb=lambda: services.admit(details=form.details(), at=timezone.now(), by=actor(request)),
        done=lambda _: f"{found.title}现在{form.details().state.label}",
    )
    return redirect("office:rewards-merchant", number=number) if done else _merchant(request, found, status=409)


@require_POST
@office_page("rewards-merchant-staff")
def staff(request: HttpRequest, number: str) -> HttpResponse:
    """A user begins, changes or ends working for the merchant."""
    found = queries.merchant(number)
    form = StaffForm(request.POST)
    if form.is_valid():
        try:
            words = _set_staff(request, found, form)
        except TanhuiError as error:
            form.add_error("username", f"{error.message}。{error.fix}" if error.fix else error.message)
            return _merchant(request, found, staff_form=form, status=error.status)
        act(request, verb=lambda: words, done=lambda said: said)
        return redirect("office:rewards-merchant", number=number)
    return _merchant(request, found, staff_form=form, status=422)


def _set_staff(request: HttpRequest, found: MerchantView, form: StaffForm) -> str:
    person = parties.staff(form.cleaned_data["username"].strip())
    here = [each for each in queries.merchant_of(person.id) if each.merchant == found.number]
    role = form.cleaned_data["role"]
    if not role and not here:
        raise NotFound(f"{person.display_name}不是本商户的人员", fix="核对用户名")
    kept = StaffRole(role) if role else here[0].role
    details = MerchantStaffDetails(found.number, person.id, kept, given=bool(role))
    services.admit(details=details, at=timezone.now(), by=actor(request))
    now = f"现在是{found.title}的{kept.label}" if role else f"不再是{found.title}的人员"
    return f"{person.display_name}{now}"


@require_POST
@office_page("rewards-merchant-device-end")
def device_end(request: HttpRequest, number: str, device: str) -> HttpResponse:
    """A merchant's phone is out from now on."""
    if all(each.number != device for each in queries.devices(number, timezone.now())):
        raise NotFound("这家商户没有这台手机", where=device[:40], fix="从手机列表里选择")
    act(
        request,
        verb=lambda: services.admit(details=DeviceEnd(device), at=timezone.now(), by=actor(request)),
        done=lambda _: "手机已停用",
    )
    return redirect("office:rewards-merchant", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("rewards-shop-add")
def shop_add(request: HttpRequest, number: str) -> HttpResponse:
    """A new shop."""
    return _shop(request, queries.merchant(number), None)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("rewards-shop")
def shop_change(request: HttpRequest, number: str, shop: str) -> HttpResponse:
    """A shop's details, or its end."""
    return _shop(request, queries.merchant(number), found_shop(number, shop))


def found_shop(merchant: str, number: str) -> ShopView:
    found = next((each for each in queries.shops(merchant) if each.number == number), None)
    if found is None:
        raise NotFound("这家商户没有这个门店", where=number[:40], fix="从门店列表里选择")
    return found


def _shop(request: HttpRequest, found: MerchantView, current: ShopView | None) -> HttpResponse:
    form = ShopForm(request.POST or None, current=current)
    back = reverse("office:rewards-merchant", args=[found.number])

    def save() -> str:
        services.admit(details=form.details(found.number), at=timezone.now(), by=actor(request))
        return back

    return form_page(
        request,
        form,
        save,
        section="rewards-merchants",
        title=f"修改{current.title}" if current else "添加门店",
        verb="保存" if current else "添加",
        back=back,
        crumbs=[(reverse("office:rewards-merchants"), "商户"), (back, found.title)],
    )


@require_safe
@office_page("rewards-plate")
def plate(request: HttpRequest, number: str, shop: str) -> HttpResponse:
    """A sheet to print and hang up: the plate, and a QR code that leads to what points buy here."""
    found = queries.merchant(number)
    back = reverse("office:rewards-merchant", args=[number])
    crumbs = [(reverse("office:rewards-merchants"), "商户"), (back, found.title)]
    return plate_page(request, found_shop(number, shop), "rewards-merchants", crumbs)


def plate_page(request: HttpRequest, shop: ShopView, section: str, crumbs: list[tuple[str, str]]) -> HttpResponse:
    """The sheet of a shop, for whoever may print it."""
    address = request.build_absolute_uri(f"{reverse('portal:mall')}?shop={shop.number}")
    context = {
        "section": section,
        "crumbs": crumbs,
        "shop": shop,
        "address": address,
        "code": qr.drawn(address),
    }
    return render(request, "office/rewards/plate.html", context)
