"""The mall: what points buy now, and where it is used. Exchanging is done in one's own account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.days import chinese_date, local_day
from tanhui.portal.places import towns
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import MerchantState, OfferKind, OfferView, ShopView

FEW = 20
"""From here down the page says how many are left."""


@dataclass(frozen=True)
class OfferCard:
    """An offer in words: what is left, until when it may be had and used, and where, by township."""

    offer: OfferView
    gone: bool
    stock: str
    last_day: date
    validity: str
    limits: tuple[str, ...]
    cancel: str
    places: tuple[tuple[str, tuple[ShopView, ...]], ...]


@dataclass(frozen=True)
class Shelf:
    """The offers of one kind."""

    kind: OfferKind
    offers: tuple[OfferCard, ...]


@require_safe
def mall(request: HttpRequest) -> HttpResponse:
    """Published offers by kind; with `shop`, those that are used there."""
    at = timezone.now()
    shops = _open_shops(at)
    here = next((shop for each in shops.values() for shop in each if shop.number == request.GET.get("shop")), None)
    found = [each for each in rewards.offers() if at < each.sale_to]
    shown = [each for each in found if here.merchant in each.merchants] if here else found
    located = towns()
    cards = [_card(each, at, shops, located) for each in shown]
    shelves = [Shelf(kind, tuple(card for card in cards if card.offer.kind is kind)) for kind in OfferKind]
    context = {
        "section": "mall",
        "shelves": [shelf for shelf in shelves if shelf.offers],
        "at_shop": here,
        "any": bool(found),
    }
    return render(request, "portal/mall/mall.html", context)


def _open_shops(at: datetime) -> dict[str, list[ShopView]]:
    """Merchant → its open shops; of those who redeem now."""
    day = local_day(at)
    active = [each for each in rewards.merchants(MerchantState.ACTIVE) if each.contract_from <= day < each.contract_to]
    return {each.number: [shop for shop in rewards.shops(each.number) if not shop.closed] for each in active}


def _places(
    merchants: Iterable[str], shops: dict[str, list[ShopView]], located: dict[str, tuple[str, str]]
) -> tuple[tuple[str, tuple[ShopView, ...]], ...]:
    """(Township, its shops), by the division's code."""
    groups: dict[tuple[str, str], list[ShopView]] = {}
    for shop in (shop for number in merchants for shop in shops.get(number, ())):
        groups.setdefault(located.get(shop.division_code, ("", "")), []).append(shop)
    return tuple((name, tuple(rows)) for (_, name), rows in sorted(groups.items(), key=lambda each: each[0]))


def _card(
    offer: OfferView, at: datetime, shops: dict[str, list[ShopView]], located: dict[str, tuple[str, str]]
) -> OfferCard:
    return OfferCard(
        offer=offer,
        gone=offer.left == 0,
        stock=stock_words(offer.left, offer.sale_from > at),
        last_day=_last_day(offer.sale_to),
        validity=_validity(offer),
        limits=_limits(offer),
        cancel=cancel_words(offer),
        places=_places(offer.merchants, shops, located),
    )


def stock_words(left: int | None, early: bool) -> str:
    """How many are left, as people say it."""
    if early:
        return "还没有开始兑换"
    if left is None:
        return "不限量"
    if left == 0:
        return "已兑完"
    return f"只剩{left}份" if left <= FEW else "有余量"


def cancel_words(offer: OfferView) -> str:
    """Whether points can be had back."""
    if offer.kind.at_once:
        return "兑换即完成，不能取消"
    if offer.cancel_hours is None:
        return "使用前可以取消，积分退回"
    return f"兑换后{offer.cancel_hours}小时内可以取消，积分退回" if offer.cancel_hours else "兑换后不能取消"


def _limits(offer: OfferView) -> tuple[str, ...]:
    limits = (
        ("每人限兑{}份", offer.per_person_limit),
        ("每人每天限兑{}份", offer.per_person_day_limit),
        ("全县每天{}份", offer.per_day_limit),
    )
    return tuple(words.format(limit) for words, limit in limits if limit is not None)


def _last_day(end: datetime) -> date:
    """The last day of what ends at that instant."""
    return local_day(end - timedelta(seconds=1))


def _validity(offer: OfferView) -> str:
    if offer.valid_until is None:
        return f"兑换后{offer.valid_days}天内使用"
    return f"{chinese_date(_last_day(offer.valid_until))}前（含当天）使用"
