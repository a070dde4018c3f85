"""An invented merchant with a month of redemptions that can be cleared, counted from now: doors look at the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from django.test import Client
from tests.doors.desk import SYSTEM, enter, hire
from tests.doors.rewards_world import VILLAGE, divide
from tests.rooms.rewards import mall

from tanhui.kernel.days import day_start
from tanhui.office.acts import today
from tanhui.parties import services as parties
from tanhui.parties.models import User
from tanhui.parties.types import Actor, OrganizationDetails, Role
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    BudgetDetails,
    ContractDetails,
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferDetails,
    OfferState,
    OfferStatus,
    RedemptionDetails,
    ShopDetails,
    StaffRole,
    StatementView,
)

HOUR = timedelta(hours=1)
_SERIAL = count(1)


def then() -> datetime:
    """Noon of a day in the month before last: over, and past the time that late uploads may take."""
    return day_start(today().replace(day=1) - timedelta(days=35)) + 12 * HOUR


def month() -> date:
    """That month."""
    return (today().replace(day=1) - timedelta(days=35)).replace(day=1)


@dataclass(frozen=True)
class World:
    """A merchant, and browsers of those who have to do with its statements."""

    merchant: str
    shop: str
    operator: Client
    finance: Client
    manager: Client
    cashier: Client


def world(vouchers: int = 2, *, rate_bp: int = 9_500, title: str = "虚构餐馆", contract: bool = True) -> World:
    """Vouchers of ten yuan, redeemed an hour apart; the contract pays 95 of a hundred."""
    divide()
    at = then() - timedelta(days=20)
    serial = next(_SERIAL)
    unit = parties.register(details=OrganizationDetails(f"{title}单位", code=f"clearing-{serial}"), at=at, by=SYSTEM)
    span = (today() - timedelta(days=200), today() + timedelta(days=200))
    merchant = services.admit(details=MerchantDetails(unit.id, title, *span), at=at)
    shop = services.admit(details=ShopDetails(merchant, f"{title}一店", VILLAGE), at=at)
    services.admit(details=MerchantStatus(merchant, MerchantState.ACTIVE), at=at)
    if contract:
        services.admit(details=ContractDetails(merchant, *span, rate_bp), at=at)
    manager, cashier = hire(f"manager-{serial}"), hire(f"till-{serial}")
    services.admit(details=MerchantStaffDetails(merchant, manager.pk, StaffRole.MANAGER), at=at)
    services.admit(details=MerchantStaffDetails(merchant, cashier.pk), at=at)
    redeem(merchant, shop, cashier.pk, vouchers)
    clients = [enter(hire(f"{role}-{serial}", role)) for role in (Role.OPERATOR, Role.FINANCE)]
    return World(merchant, shop, *clients, enter(manager), enter(cashier))


def redeem(merchant: str, shop: str, cashier: int, vouchers: int) -> None:
    """So many vouchers bought and used there."""
    at = then()
    details = OfferDetails(
        kind=mall.LUNCH.kind,
        title="=午餐券（示例）",
        terms="虚构",
        price_points=100,
        face_value_fen=1_000,
        sale_from=at - timedelta(days=19),
        sale_to=at + timedelta(days=300),
        valid_days=30,
        merchants=(merchant,),
    )
    offer = services.offer(details=details, at=at - timedelta(days=18))
    services.offer(details=OfferStatus(offer, OfferState.PUBLISHED), at=at - timedelta(days=18))
    person, early = mall.party(), at - timedelta(days=10)
    mall.give(person, 100 * vouchers, year=today().year + 2, at=early)
    for year in {early.year, at.year}:
        services.offer(details=BudgetDetails(year, 100_000_000, 0, "", "虚构文件"), at=early)
    for serial in range(vouchers):
        bought = services.exchange(party_id=person, offer=offer, key=f"k{serial}", at=early)
        used = at + serial * timedelta(minutes=1)
        attempt = RedemptionDetails(bought.code, merchant, shop, f"nonce-{serial:06d}", used)
        services.redeem(details=attempt, at=used, by=Actor.staff(User.objects.get(pk=cashier)))


def statement_of(place: World) -> StatementView:
    """Its newest statement."""
    return queries.statements(merchant=place.merchant)[0]
