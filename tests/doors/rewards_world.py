"""An invented alliance for the doors: its dates are counted from now, because doors look at the clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone
from tests.doors.desk import SYSTEM, hire
from tests.rooms.rewards import mall

from tanhui.office.acts import today
from tanhui.parties import services as parties
from tanhui.parties.models import User
from tanhui.parties.types import DivisionRow, DivisionTable, OrganizationDetails
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferDetails,
    OfferStatus,
    ShopDetails,
    VoucherView,
)

TOWN, VILLAGE = "430626100000", "430626100201"
CREDIT_CODE = "91430626MA4TE5T0XC"
"""Invented, with the right check digit."""
_SERIAL = count(1)


@dataclass(frozen=True)
class Alliance:
    """A merchant with a shop and a cashier, and one offer that it redeems."""

    merchant: str
    shop: str
    cashier: User
    offer: str


def divide() -> None:
    """A county with a township and a village."""
    rows = (
        DivisionRow("430626000000", "虚构县", "county", code="430626"),
        DivisionRow(TOWN, "虚构镇", "township", "430626000000"),
        DivisionRow(VILLAGE, "虚构村", "village", TOWN),
    )
    parties.register(details=DivisionTable(rows), at=mall.AT, by=SYSTEM)


def fund(at: datetime) -> None:
    """Money for this year and the next, where nobody set any."""
    known = {line.year for line in queries.budget_lines() if not line.offer}
    for year in {today().year, today().year + 1} - known:
        mall.money(year=year, at=at)


def join(title: str = "虚构餐馆", state: MerchantState = MerchantState.ACTIVE) -> tuple[str, str, User]:
    """A merchant with one shop and a cashier; `title` names them."""
    at, serial = timezone.now(), next(_SERIAL)
    fund(at)
    unit = parties.register(details=OrganizationDetails(f"{title}单位", code=f"invented-{serial}"), at=at, by=SYSTEM)
    span = (today() - timedelta(days=30), today() + timedelta(days=300))
    merchant = services.admit(details=MerchantDetails(unit.id, title, *span), at=at)
    shop = services.admit(details=ShopDetails(merchant, f"{title}一店", VILLAGE, "示例路 1 号", f"P-{serial}"), at=at)
    if state is not MerchantState.APPLIED:
        services.admit(details=MerchantStatus(merchant, MerchantState.ACTIVE), at=at)
    if state is MerchantState.SUSPENDED:
        services.admit(details=MerchantStatus(merchant, state, "测试"), at=at)
    cashier = hire(f"cashier{serial}")
    services.admit(details=MerchantStaffDetails(merchant, cashier.pk), at=at)
    return merchant, shop, cashier


def details(*merchants: str, **changes: object) -> OfferDetails:
    """An offer that is sold from ten days ago for a hundred days."""
    at = timezone.now()
    span = {"sale_from": at - timedelta(days=10), "sale_to": at + timedelta(days=100)}
    return replace(mall.LUNCH, merchants=merchants, **(span | changes))  # type: ignore[arg-type]


def publish(*merchants: str, **changes: object) -> str:
    """A published offer."""
    number = services.offer(details=details(*merchants, **changes), at=timezone.now())
    services.offer(details=OfferStatus(number, mall.OfferState.PUBLISHED), at=timezone.now())
    return number


def open_alliance() -> Alliance:
    """One of everything."""
    divide()
    merchant, shop, cashier = join()
    return Alliance(merchant, shop, cashier, publish(merchant))


def bought(offer: str) -> VoucherView:
    """A voucher of somebody who has points enough, with its code."""
    at = timezone.now()
    person = mall.party()
    mall.give(person, 1000, year=at.year + 1, at=at)
    voucher = mall.buy(person, offer, at=at)
    return queries.voucher(voucher.number, person)
