"""Invented residents spend what they earned and merchants redeem it, in order of time, by the same verbs as anybody."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from tanhui.kernel.days import day_start, local_day
from tanhui.parties.types import Actor, StaffRef
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    BudgetShort,
    LimitReached,
    MerchantStaffDetails,
    MerchantState,
    NotEnoughPoints,
    NotOnSale,
    OfferView,
    Outcome,
    RedemptionDetails,
    RedemptionResult,
    SoldOut,
    StaffRole,
    TooFast,
    VoucherState,
    VoucherView,
)

SYSTEM = Actor.system("simulator")
SHOPPERS = 160
"""So many of the residents go shopping, however many live in the county: the first ones."""
DAYS_BETWEEN = 24
"""Mean days between a shopper's visits."""

OPENING, CLOSING = timedelta(hours=9), timedelta(hours=21)

Act = Callable[[datetime], object]


def hire(manager: StaffRef, cashier: StaffRef, first: str, *, at: datetime) -> dict[str, Actor]:
    """The manager works for the merchant of that title, the cashier for all others; who redeems for whom, by number."""
    staff = {}
    for merchant in queries.merchants(MerchantState.ACTIVE):
        person, role = (manager, StaffRole.MANAGER) if merchant.title == first else (cashier, StaffRole.CASHIER)
        services.admit(details=MerchantStaffDetails(merchant.number, person.id, role), at=at, by=SYSTEM)
        staff[merchant.number] = Actor(name=f"staff:{person.username}", user_id=person.id)
    return staff


@dataclass
class MallPlayed:
    """What was played: vouchers by what became of them, attempts at merchants' by outcome."""

    vouchers: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Errand:
    """One visit to the mall: who, which one of theirs, and the chance that decides what comes of it."""

    index: int
    serial: int
    chance: Random

    @property
    def name(self) -> str:
        return f"demo-{self.index:06d}-{self.serial:02d}"


class MallStory:
    """Visits decided by the seed alone. Safe to repeat: keys and nonces are the same again.

    Call it every evening: everything planned since the last call then happens, each act at its own time.
    """

    def __init__(self, seed: int, *, residents: int, first_day: date, end_on: date, staff: Mapping[str, Actor]) -> None:
        self.played = MallPlayed()
        self.staff = staff
        self.offers = sorted(queries.offers(), key=lambda view: (view.price_points, view.title))
        self.shops = {number: [shop.number for shop in queries.shops(number)] for number in staff}
        self._party_ids: Mapping[int, int] = {}
        self._planned: list[tuple[datetime, int, Act]] = []
        self._order = count()
        for index in range(min(residents, SHOPPERS) if self.offers else 0):
            for errand, at in _errands(seed, index, first_day, end_on):
                self._plan(at, lambda now, errand=errand: self._exchange(errand, now))  # type: ignore[misc]

    def evening(self, at: datetime, party_ids: Mapping[int, int]) -> None:
        """Let everything happen that was planned until now; `party_ids` are the residents by index."""
        self._party_ids = party_ids
        while self._planned and self._planned[0][0] <= at:
            due, _, act = heapq.heappop(self._planned)
            act(due)
        self.played.vouchers["expired"] += services.expire(at=at)

    def _plan(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._planned, (at, next(self._order), act))

    def _exchange(self, errand: _Errand, at: datetime) -> None:
        offer = errand.chance.choices(self.offers, [1 + 100_000 // view.price_points for view in self.offers])[0]
        self._attempt(errand, offer, at)

    def _attempt(self, errand: _Errand, offer: OfferView, at: datetime) -> None:
        person = self._party_ids[errand.index]
        try:
            voucher = services.exchange(party_id=person, offer=offer.number, key=errand.name, at=at)
        except (NotEnoughPoints, LimitReached, NotOnSale, TooFast) as refused:
            self.played.vouchers[refused.code] += 1
            return
        except (SoldOut, BudgetShort):
            self._queue(errand, offer, at)
            return
        self.played.vouchers["exchanged"] += 1
        fate = errand.chance.randrange(100)
        if voucher.state is not VoucherState.OPEN:
            return
        if fate < 60:
            self._plan(_used_at(errand.chance, at), lambda now: self._redeem(errand, offer, voucher, now))
        elif fate < 72:
            self._plan(at + timedelta(minutes=90), lambda now: self._cancel(voucher, person, now))

    def _queue(self, errand: _Errand, offer: OfferView, at: datetime) -> None:
        """Wait for it, and look every other day whether one is reserved."""
        services.exchange(party_id=self._party_ids[errand.index], offer=offer.number, key=errand.name, at=at, wait=True)
        self.played.vouchers["waiting"] += 1
        self._plan(at + timedelta(days=2), lambda now: self._attempt(errand, offer, now))

    def _cancel(self, voucher: VoucherView, person: int, at: datetime) -> None:
        services.cancel(number=voucher.number, party_id=person, at=at)
        self.played.vouchers["cancelled"] += 1

    def _redeem(self, errand: _Errand, offer: OfferView, voucher: VoucherView, at: datetime) -> None:
        """Most with network, some uploaded in the evening; now and then a second try, or one taken back."""
        merchant = errand.chance.choice(offer.merchants)
        shop = errand.chance.choice(self.shops[merchant])
        fate = errand.chance.randrange(100)
        if fate < 12:
            details = RedemptionDetails(voucher.token, merchant, shop, errand.name, claimed_at=at, offline=True)
            self._plan(day_start(local_day(at)) + CLOSING, lambda now: self._try(details, now))
            return
        result = self._try(RedemptionDetails(voucher.code, merchant, shop, errand.name, claimed_at=at), at)
        if result.outcome is Outcome.REDEEMED and fate < 20:
            soon = at + timedelta(minutes=20)
            again = RedemptionDetails(voucher.code, merchant, shop, f"{errand.name}-2", claimed_at=soon)
            self._plan(soon, lambda now: self._try(again, now))
        elif result.outcome is Outcome.REDEEMED and fate < 28:
            self._plan(at + timedelta(minutes=5), lambda now: self._undo(result.number, merchant, now))

    def _try(self, details: RedemptionDetails, at: datetime) -> RedemptionResult:
        result = services.redeem(details=details, at=at, by=self.staff[details.merchant])
        self.played.attempts[result.outcome.value] += 1
        return result

    def _undo(self, number: str, merchant: str, at: datetime) -> None:
        services.undo(number=number, reason="示例：扫错了券，重新核销", at=at, by=self.staff[merchant])
        self.played.attempts[Outcome.UNDONE.value] += 1


def _used_at(chance: Random, at: datetime) -> datetime:
    """Soon, or in opening hours of one of the next days."""
    days = chance.randrange(18)
    if days == 0:
        return at + timedelta(minutes=40)
    return day_start(local_day(at) + timedelta(days=days)) + OPENING + timedelta(seconds=chance.randrange(11 * 3600))


def _errands(seed: int, index: int, first_day: date, end_on: date) -> list[tuple[_Errand, datetime]]:
    """When a shopper comes: in opening hours, from the second week on."""
    chance = Random(f"{seed}:mall:{index}")  # noqa: S311 an invented county needs no secrets
    found: list[tuple[_Errand, datetime]] = []
    day = first_day + timedelta(days=7 + chance.randrange(DAYS_BETWEEN))
    while day <= end_on:
        errand = _Errand(index, len(found), Random(f"{seed}:mall:{index}:{len(found)}"))  # noqa: S311
        found.append((errand, day_start(day) + OPENING + timedelta(seconds=chance.randrange(10 * 3600))))
        day += timedelta(days=1 + chance.randrange(2 * DAYS_BETWEEN - 1))
    return found
