"""What points buy: drafts, publishing, withdrawing, and why a published offer is frozen."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_forms import show_refusal
from tanhui.office.rewards_forms import OfferForm
from tanhui.rewards import queries, services
from tanhui.rewards.types import MerchantState, OfferState, OfferStatus, OfferView, StockDetails

_HEADER = ["编号", "类别", "名称", "状态", "兑换积分", "面值（元）", "开始兑换", "停止兑换", "剩余", "可核销商户"]
_DONE = {OfferState.PUBLISHED: "已上架，居民现在可以看到", OfferState.WITHDRAWN: "已下架；已经兑换的券照常使用"}


@require_safe
@office_page("rewards-offers")
def offers(request: HttpRequest) -> HttpResponse:
    """All offers, or those in one state."""
    everything = queries.offers(published_only=False)
    wanted = request.GET.get("state", "")
    counts = Counter(each.state for each in everything)
    context = {
        "section": "rewards-offers",
        "offers": [each for each in everything if wanted not in list(OfferState) or each.state == wanted],
        "states": [(state, counts[state]) for state in OfferState],
        "wanted": wanted,
        "total": len(everything),
        "now": timezone.now(),
    }
    return render(request, "office/rewards/offers.html", context)


@require_safe
@office_page("rewards-offers-csv")
def offers_csv(request: HttpRequest) -> HttpResponse:
    """All offers as a file."""
    titles = _titles()
    rows = (
        (each.number, each.kind.label, each.title, each.state.label, each.price_points,
         format(Decimal(each.face_value_fen) / 100, ".2f"), local_day(each.sale_from), local_day(each.sale_to),
         "不限" if each.left is None else each.left, "、".join(titles.get(number, number) for number in each.merchants))
        for each in queries.offers(published_only=False)
    )  # fmt: skip
    return csv_file("offers.csv", _HEADER, rows)


def _titles() -> dict[str, str]:
    return {each.number: each.title for each in queries.merchants()}


@require_safe
@office_page("rewards-offer")
def offer(request: HttpRequest, number: str) -> HttpResponse:
    """One offer, as a resident will have it, and what may still be done with it."""
    found = queries.offer(number)
    titles = _titles()
    context = {
        "section": "rewards-offers",
        "offer": found,
        "merchants": [(each, titles.get(each, each)) for each in found.merchants],
        "last_sale": local_day(found.sale_to - timedelta(seconds=1)),
        "last_valid": local_day(found.valid_until - timedelta(seconds=1)) if found.valid_until else None,
        "now": timezone.now(),
    }
    return render(request, "office/rewards/offer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("rewards-offer-new")
def new(request: HttpRequest) -> HttpResponse:
    """A new draft, blank or like another offer."""
    like = _like(request.GET.get("like", ""))
    members = [each for each in queries.merchants() if each.state in (MerchantState.ACTIVE, MerchantState.SUSPENDED)]
    form = OfferForm(request.POST or None, merchants=members, like=like, initial={"sale_from": today()})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                number = _draft(request, form)
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:rewards-offer", number=number)
    context = {"section": "rewards-offers", "form": form, "like": like, "members": members}
    return render(request, "office/rewards/offer_form.html", context, status=status)


def _like(number: str) -> OfferView | None:
    return queries.offer(number) if number else None


@transaction.atomic
def _draft(request: HttpRequest, form: OfferForm) -> str:
    """The stock and the draft, together or not at all."""
    at, by, stock = timezone.now(), actor(request), ""
    quantity = form.cleaned_data["quantity"]
    if quantity is not None:
        stock = services.offer(details=StockDetails(form.cleaned_data["title"], quantity), at=at, by=by)
    return services.offer(details=form.details(stock), at=at, by=by)


@require_POST
@office_page("rewards-offer-state")
def change_state(request: HttpRequest, number: str, state: str) -> HttpResponse:
    """Publish a draft, or withdraw."""
    if state not in list(_DONE):
        raise NotFound("没有这一步", where=state[:20], fix="从权益页选择上架或下架")
    details = OfferStatus(number, OfferState(state))
    act(
        request,
        verb=lambda: services.offer(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: _DONE[details.state],
    )
    return redirect("office:rewards-offer", number=queries.offer(number).number)
