"""The room against a few dictionaries: any sequence of its verbs ends the same, and repeating it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    THANKS,
    Store,
    assert_sound,
    buy,
    everything,
    give,
    offered,
    party,
    payable,
    points_of,
    stock,
    store,
    undo,
    use,
)

from tanhui.kernel.errors import TanhuiError
from tanhui.rewards import services
from tanhui.rewards._codes import code_of
from tanhui.rewards.models import Voucher

CONTRACT_ENDS = datetime(2026, 12, 31, 16, tzinfo=UTC)
PRICES = (100, 70, 40)
DAYS = (2, 30, 30)
STOCK, A_DAY = 4, 3


@dataclass
class Bought:
    """A voucher as the model has it."""

    person: int
    offer: int
    at: datetime
    paid: dict[int, int]
    state: str
    number: str = ""
    code: str = ""
    redemption: tuple[str, int, datetime] | None = None
    undone: bool = False


@dataclass
class Model:
    """What should come of it: points by person and year, vouchers, what is taken, what is owed."""

    points: list[dict[int, int]]
    vouchers: list[Bought] = field(default_factory=list)
    owed: list[int] = field(default_factory=lambda: [0, 0])

    def taken(self) -> int:
        return sum(each.state != "cancelled" and each.offer < 2 for each in self.vouchers)

    def taken_on(self, day: object) -> int:
        kept = [each for each in self.vouchers if each.offer == 0 and each.state != "cancelled"]
        return sum((each.at + 8 * HOUR).date() == day for each in kept)

    def buy(self, person: int, offer: int, at: datetime) -> Bought | str:
        today = (at + 8 * HOUR).date()
        good = {year: held for year, held in self.points[person].items() if year >= today.year}
        if at >= LUNCH.sale_to:
            return "not_on_sale"
        if offer < 2 and self.taken() >= STOCK:
            return "sold_out"
        if sum(good.values()) < PRICES[offer]:
            return "not_enough_points"
        if offer == 0 and self.taken_on(today) >= A_DAY:
            return "sold_out"
        paid, rest = {}, PRICES[offer]
        for year in sorted(good):
            part = min(rest, good[year])
            if part:
                paid[year] = part
                self.points[person][year] -= part
                rest -= part
        bought = Bought(person, offer, at, paid, "redeemed" if offer == 2 else "open")
        self.vouchers.append(bought)
        return bought

    def give_back(self, voucher: Bought, state: str) -> None:
        voucher.state = state
        for year, part in voucher.paid.items():
            self.points[voucher.person][year] = self.points[voucher.person].get(year, 0) + part

    def cancel(self, voucher: Bought, at: datetime) -> str:
        if voucher.state == "cancelled":
            return ""
        over = at >= voucher.at + DAYS[voucher.offer] * DAY or (voucher.offer == 1 and at >= voucher.at + HOUR)
        if voucher.state != "open" or over:
            return "not_cancellable"
        self.give_back(voucher, "cancelled")
        return ""

    def redeem(self, voucher: Bought, where: int, at: datetime) -> str:
        if at >= CONTRACT_ENDS:
            return "merchant_suspended"
        if voucher.offer == 2 or (voucher.offer == 1 and where == 1):
            return "other_merchant"
        if voucher.state in ("redeemed", "cancelled", "expired"):
            return {"redeemed": "already_redeemed"}.get(voucher.state, voucher.state)
        if at >= voucher.at + DAYS[voucher.offer] * DAY:
            return "expired"
        voucher.state = "redeemed"
        self.owed[where] += 1000
        return "redeemed"

    def undo(self, voucher: Bought, at: datetime) -> str:
        assert voucher.redemption is not None
        _, where, done = voucher.redemption
        if voucher.undone:
            return "undone"
        if at > done + 30 * MINUTE:
            return "too_late"
        voucher.state, voucher.undone = "open", True
        self.owed[where] -= 1000
        return "undone"

    def expire(self, at: datetime) -> int:
        due = [v for v in self.vouchers if v.state == "open" and at >= v.at + DAYS[v.offer] * DAY + 72 * HOUR]
        for each in due:
            self.give_back(each, "expired")
        return len(due)


def told(act: Callable[[], Any]) -> Any:
    """What a verb answers, or the code of its refusal."""
    try:
        return act()
    except TanhuiError as error:
        return error.code


@dataclass
class Run:
    """One sequence, carried out on the room and on the model."""

    people: list[int]
    places: list[Store]
    offers: list[str]
    model: Model
    now: datetime = AT
    again: list[tuple[Callable[[], Any], str]] = field(default_factory=list)

    def step(self, place: int, kind: str, one: int, other: int) -> None:
        self.now += MINUTE
        vouchers = self.model.vouchers
        if kind == "wait":
            self.now += timedelta(hours=(1, 20, 80, 900)[one % 4])
        elif kind == "give":
            give(self.people[one % 2], 30 + other, 2026 + other % 3, self.now)
            held = self.model.points[one % 2]
            held[2026 + other % 3] = held.get(2026 + other % 3, 0) + 30 + other
        elif kind == "expire":
            assert services.expire(at=self.now) == self.model.expire(self.now)
        elif kind == "buy":
            self.buy(place, one % 2, other % 3)
        elif vouchers and kind == "cancel":
            self.cancel(vouchers[one % len(vouchers)])
        elif vouchers and kind == "redeem":
            self.redeem(place, vouchers[one % len(vouchers)], other % 2)
        elif vouchers and kind == "undo":
            self.undo(vouchers[one % len(vouchers)])

    def repeat_later(self, act: Callable[[], Any], number: str) -> None:
        self.again.append((act, number))

    def buy(self, place: int, person: int, offer: int) -> None:
        at, number = self.now, self.offers[offer]

        def act() -> Any:
            return buy(self.people[person], number, f"step-{place}", at)

        got, wanted = told(act), self.model.buy(person, offer, at)
        if isinstance(wanted, str):
            assert got == wanted
            return
        assert dict(got.points) == wanted.paid
        wanted.number, wanted.code = got.number, got.code
        self.repeat_later(act, got.number)

    def cancel(self, voucher: Bought) -> None:
        at, person = self.now, self.people[voucher.person]

        def act() -> Any:
            return services.cancel(number=voucher.number, party_id=person, at=at)

        got, wanted = told(act), self.model.cancel(voucher, at)
        assert (got if wanted else got.number) == (wanted or voucher.number)
        if not wanted:
            self.repeat_later(act, voucher.number)

    def redeem(self, place: int, voucher: Bought, where: int) -> None:
        at, till = self.now, self.places[where]
        code = voucher.code or code_of(voucher.number)

        def act() -> Any:
            return use(till, code, at, nonce=f"step-{place:04d}")

        got = act()
        assert got.outcome.value == self.model.redeem(voucher, where, at)
        if got.outcome.value == "redeemed":
            voucher.redemption, voucher.undone = (got.number, where, at), False
        self.repeat_later(act, got.number)

    def undo(self, voucher: Bought) -> None:
        if voucher.redemption is None:
            return
        number, where, _ = voucher.redemption
        at, till = self.now, self.places[where]

        def act() -> Any:
            return undo(till, number, at)

        got, wanted = told(act), self.model.undo(voucher, at)
        assert (got if isinstance(got, str) else got.outcome.value) == wanted
        if not isinstance(got, str):
            self.repeat_later(act, got.number)

    def compare(self) -> None:
        for person, held in zip(self.people, self.model.points, strict=True):
            assert points_of(person) == {year: amount for year, amount in held.items() if amount}
        assert [payable(place) for place in self.places] == self.model.owed
        assert dict(Voucher.objects.values_list("number", "state")) == {
            each.number: each.state for each in self.model.vouchers
        }
        assert_sound()

    def replay(self) -> None:
        """Everything that was answered once gets the same answer and changes nothing."""
        before = everything()
        for act, number in self.again:
            assert act().number == number
        assert everything() == before


kinds = st.sampled_from(["buy", "buy", "buy", "cancel", "redeem", "redeem", "undo", "undo", "expire", "give", "wait"])
steps = st.lists(st.tuples(kinds, st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20)


@pytest.mark.django_db
@settings(max_examples=30, deadline=timedelta(seconds=30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(0, 150), st.integers(0, 150))
def test_the_room_is_the_model(sequence: list[tuple[str, int, int]], first: int, second: int) -> None:
    with transaction.atomic():
        places, shared = [store(), store()], stock(STOCK)
        offers = [
            offered(LUNCH, *places, stock=shared, per_day_limit=A_DAY, valid_days=DAYS[0]),
            offered(LUNCH, places[0], stock=shared, price_points=PRICES[1], cancel_hours=1),
            offered(THANKS, price_points=PRICES[2]),
        ]
        people = [party(), party()]
        points = [{2026: first, 2028: 150}, {2027: second, 2026: 20}]
        for person, held in zip(people, points, strict=True):
            for year, amount in held.items():
                if amount:
                    give(person, amount, year)
        run = Run(people, places, offers, Model(points))
        for place, (kind, one, other) in enumerate(sequence):
            run.step(place, kind, one, other)
        run.compare()
        run.replay()
        transaction.set_rollback(True)
