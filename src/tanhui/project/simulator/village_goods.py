"""Soap, salt and fertilizer on the village's exchange day: points are spent and the goods handed out at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from tanhui.parties.types import Actor, StaffRef
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    BudgetShort,
    LimitReached,
    MerchantStaffDetails,
    MerchantState,
    NotEnoughPoints,
    NotOnSale,
    OfferKind,
    Outcome,
    RedemptionDetails,
    SoldOut,
    TooFast,
    VoucherState,
)

SYSTEM = Actor.system("simulator")


def actor_of(person: StaffRef) -> Actor:
    """Somebody of the staff as who acts."""
    return Actor(name=f"staff:{person.username}", user_id=person.id)


class VillageGoods:
    """The village group as a merchant of the mall, with its shop in that division; the clerks work for it too.

    Safe to repeat.
    """

    def __init__(self, division_code: str, clerks: Sequence[StaffRef], *, at: datetime) -> None:
        self.clerk = actor_of(clerks[0])
        self.given = Counter[str]()
        self.merchant = self.shop = ""
        for merchant in queries.merchants(MerchantState.ACTIVE):
            for shop in queries.shops(merchant.number):
                if shop.division_code == division_code and not self.merchant:
                    self.merchant, self.shop = merchant.number, shop.number
        self.offers = [
            view for view in queries.offers() if view.kind is OfferKind.GOODS and self.merchant in view.merchants
        ]
        self.offers.sort(key=lambda view: (view.price_points, view.title))
        for clerk in clerks if self.merchant else ():
            services.admit(details=MerchantStaffDetails(self.merchant, clerk.id), at=at, by=SYSTEM)

    def serve(self, party_id: int, name: str, at: datetime) -> None:
        """Who has points buys one or two of the goods; a clerk hands them out and redeems."""
        chance = Random(f"goods:{name}")  # noqa: S311 an invented county needs no secrets
        for offer in chance.sample(self.offers, min(len(self.offers), 1 + chance.randrange(2))):
            key = f"{name}-{self.offers.index(offer)}"
            try:
                voucher = services.exchange(party_id=party_id, offer=offer.number, key=key, at=at)
            except (NotEnoughPoints, LimitReached, NotOnSale, SoldOut, BudgetShort, TooFast) as refused:
                self.given[refused.code] += 1
                continue
            if voucher.state is VoucherState.OPEN:
                then = at + timedelta(minutes=1)
                details = RedemptionDetails(voucher.code, self.merchant, self.shop, key, claimed_at=then)
                result = services.redeem(details=details, at=then, by=self.clerk)
                self.given["redeemed"] += result.outcome is Outcome.REDEEMED
