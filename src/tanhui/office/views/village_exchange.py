"""The quarterly exchange day of a village group: its stock list, and points for goods by a clerk's hand.

Nobody exchanges for a person who is not there: the person is checked in at the day first, by card, or by two members of
staff. Exchange and redemption are one transaction: goods handed over at once leave no open voucher behind.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries as community
from tanhui.community.types import CheckInState, OccasionKind, OccasionState, OccasionView
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import Conflict, NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.community_desk import mine, names_of, occasion_here, place_names
from tanhui.office.files import workbook_file
from tanhui.office.village_sheets import StockForm, StockRow, read_stock, stock_template
from tanhui.parties import queries as parties
from tanhui.parties.types import PartyRef
from tanhui.rewards import queries as rewards
from tanhui.rewards import services as rewards_services
from tanhui.rewards.types import (
    MerchantState,
    OfferKind,
    OfferState,
    OfferStatus,
    OfferView,
    Outcome,
    RedemptionDetails,
    StockDetails,
    VoucherState,
    VoucherView,
)

SECTION = "village-exchange"


@dataclass(frozen=True)
class Counter:
    """For whom this person hands goods out: the village group as merchant, its shop, its goods."""

    merchant: str
    title: str
    shop: str
    goods: list[OfferView]


def _counters(user_id: int) -> list[Counter]:
    """Merchants for which the user works that have goods on offer and an open shop."""
    at, found = timezone.now(), list[Counter]()
    for each in rewards.merchant_of(user_id):
        shops = [shop for shop in rewards.shops(each.merchant) if not shop.closed]
        goods = [
            offer
            for offer in rewards.offers(kind=OfferKind.GOODS)
            if each.merchant in offer.merchants and offer.sale_from <= at < offer.sale_to
        ]
        if shops and each.state is MerchantState.ACTIVE:
            found.append(Counter(each.merchant, each.title, shops[0].number, goods))
    return found


@require_safe
@office_page("village-exchange")
def exchange_days(request: HttpRequest) -> HttpResponse:
    """The exchange days within reach, the next first."""
    since = timezone.now() - timedelta(days=200)
    days = community.occasions(kind=OccasionKind.EXCHANGE_DAY, starts_from=since, state=None)
    found = [each for each in mine(request, "village-exchange", days) if _is_day(each)]
    found.sort(key=lambda each: each.starts_at, reverse=True)
    context = {
        "section": SECTION,
        "occasions": found,
        "places": place_names(),
        "counters": _counters(request.user.pk or 0),
    }
    return render(request, "office/community/exchange_days.html", context)


def _is_day(each: OccasionView) -> bool:
    return each.kind is OccasionKind.EXCHANGE_DAY and each.state in (OccasionState.OPEN, OccasionState.CLOSED)


def _day(request: HttpRequest, page: str, number: str) -> OccasionView:
    found = occasion_here(request, page, number)
    if not _is_day(found):
        raise NotFound("这不是已发布的集中兑换日", where=number[:40], fix="先在活动里发布一场村组集中兑换")
    return found


def _present(number: str) -> dict[int, PartyRef]:
    """Who is checked in and counted, by id."""
    ids = [each.party_id for each in community.check_ins(number) if each.state is CheckInState.COUNTED]
    return names_of(ids)


@require_safe
@office_page("village-exchange-day")
def day(request: HttpRequest, number: str) -> HttpResponse:
    """One exchange day: who is here, and what there is."""
    found = _day(request, "village-exchange-day", number)
    waiting = [each for each in community.check_ins(number) if each.state is CheckInState.PENDING]
    context = {
        "section": SECTION,
        "occasion": found,
        "place": place_names().get(found.division_code, ""),
        "persons": sorted(_present(number).values(), key=lambda each: each.display_name),
        "waiting": waiting,
        "counters": _counters(request.user.pk or 0),
        "stocks": may(request.user, "village-stock"),
    }
    return render(request, "office/community/exchange_day.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("village-exchange-for")
def exchange_for(request: HttpRequest, number: str, party: str) -> HttpResponse:
    """Goods for one person who is here."""
    found = _day(request, "village-exchange-for", number)
    person = next((each for each in _present(number).values() if each.number == party), None)
    if person is None:
        raise Conflict(
            "这位居民还没有在这场活动签到", where=party[:40], fix="先扫卡片签到；没带卡片的，等第二个人确认后再换"
        )
    parties.require_hand(actor(request), person.id)
    counters = _counters(request.user.pk or 0)
    if request.method == "POST":
        _hand_out(request, found, person, counters)
        return redirect("office:village-exchange-for", number=number, party=party)
    points = rewards.points_available(person.id, today())
    context = {
        "section": SECTION,
        "occasion": found,
        "person": person,
        "points": sum(points.values()),
        "counters": counters,
        "nonce": secrets.token_urlsafe(18),
        "taken": _taken(person.id, counters),
    }
    return render(request, "office/community/exchange_for.html", context)


def _hand_out(request: HttpRequest, found: OccasionView, person: PartyRef, counters: list[Counter]) -> None:
    offer, nonce = request.POST.get("offer", ""), request.POST.get("nonce", "")[:64]
    counter = next((each for each in counters if offer in [goods.number for goods in each.goods]), None)
    if found.state is not OccasionState.OPEN or counter is None:
        messages.error(request, "这件物品现在不能换，请刷新页面再选")
        return
    act(
        request,
        verb=lambda: _exchange(request, person.id, offer, counter, nonce),
        done=lambda made: f"已换：{made.title}，用{made.price_points}分。把物品交给{person.display_name}",
    )


@transaction.atomic
def _exchange(request: HttpRequest, party_id: int, offer: str, counter: Counter, nonce: str) -> VoucherView:
    """Points for a voucher and the voucher for the goods, both or neither. Sent twice, it is done once."""
    at, by = timezone.now(), actor(request)
    made = rewards_services.exchange(party_id=party_id, offer=offer, key=nonce, at=at, by=by)
    if made.state is VoucherState.REDEEMED:
        return made
    code = rewards.voucher(made.number, party_id).code
    details = RedemptionDetails(code, counter.merchant, counter.shop, nonce, at)
    result = rewards_services.redeem(details=details, at=at, by=by)
    if result.outcome is not Outcome.REDEEMED:
        raise Conflict(result.message, fix="积分没有扣；请联系平台运营人员")
    return made


def _taken(party_id: int, counters: list[Counter]) -> list[VoucherView]:
    """What the person got today of these counters' goods, newest first."""
    goods = {offer.number for each in counters for offer in each.goods}
    return [
        each
        for each in rewards.vouchers_of(party_id, VoucherState.REDEEMED)
        if each.offer in goods and local_day(each.exchanged_at) == today()
    ]


@require_safe
@office_page("village-exchange-sheet")
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The day on paper: the stock list, and who took what, to sign."""
    found = _day(request, "village-exchange-sheet", number)
    counters = _counters(request.user.pk or 0)
    rows = [
        (person, _taken(person.id, counters))
        for person in sorted(_present(number).values(), key=lambda each: each.display_name)
    ]
    context = {"section": SECTION, "occasion": found, "counters": counters, "rows": rows, "printed_at": timezone.now()}
    return render(request, "office/community/exchange_sheet.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("village-stock")
def stock(request: HttpRequest) -> HttpResponse:
    """A stock list as a workbook becomes drafts of goods; one fault, and nothing is stored."""
    members = [each for each in rewards.merchants() if each.state is MerchantState.ACTIVE]
    form = StockForm(request.POST or None, request.FILES or None, merchants=members, initial={"first": today()})
    context: dict[str, Any] = {"section": SECTION, "form": form, "members": members}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            rows, faults = read_stock(form.cleaned_data["file"])
            context["faults"] = faults
            if not faults:
                _draft(request, form, rows)
                messages.success(request, f"{len(rows)}种物品已存为草稿，核对后一并上架")
                return redirect("office:village-stock")
    context["drafts"] = [
        each
        for each in rewards.offers(published_only=False, kind=OfferKind.GOODS)
        if each.state is OfferState.DRAFT
    ]  # fmt: skip
    return render(request, "office/community/stock.html", context, status=status)


@transaction.atomic
def _draft(request: HttpRequest, form: StockForm, rows: list[StockRow]) -> None:
    at, by = timezone.now(), actor(request)
    for row in rows:
        kept = rewards_services.offer(details=StockDetails(row.title, row.quantity), at=at, by=by)
        rewards_services.offer(details=form.details(row, kept), at=at, by=by)


@require_POST
@office_page("village-stock-publish")
def publish(request: HttpRequest) -> HttpResponse:
    """The drafts that were looked at, all or none."""
    numbers = list(dict.fromkeys(request.POST.getlist("offer")))

    @transaction.atomic
    def put_up() -> int:
        for number in numbers:
            rewards_services.offer(
                details=OfferStatus(number, OfferState.PUBLISHED), at=timezone.now(), by=actor(request)
            )
        return len(numbers)

    act(request, verb=put_up, done=lambda count: f"{count}种物品已上架")
    return redirect("office:village-stock")


@require_safe
@office_page("village-stock-template")
def template(request: HttpRequest) -> HttpResponse:
    """An empty stock list."""
    return workbook_file("村组兑换物资清单-模板.xlsx", stock_template())
