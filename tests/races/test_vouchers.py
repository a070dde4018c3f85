"""Vouchers with many real connections at once: the last one is sold once, used once, and nobody waits in a circle.

`TANHUI_RACE_ROUNDS` says how often each race is run (2 where it is not set).
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    LUNCH,
    MINUTE,
    Store,
    account,
    assert_sound,
    buy,
    line_up,
    money,
    offered,
    points_of,
    resident,
    staff_user,
    stock,
    store,
    undo,
    use,
)

from tanhui.ledger import services as ledger
from tanhui.ledger.types import AccountRef, Book, Insufficient, Movement, Posting
from tanhui.rewards import _limits, services
from tanhui.rewards.models import Redemption, Voucher, Waiting
from tanhui.rewards.types import (
    OFFLINE_WINDOW,
    HoldDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    OfferState,
    OfferStatus,
    RedemptionResult,
    StockDetails,
    VoucherView,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("TANHUI_RACE_ROUNDS", "2"))
CLIENTS = 50
SECOND = timedelta(seconds=1)

AtOnce = Callable[..., list[Any]]
Act = Callable[[], Any]


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invented people may be busier than real ones."""
    monkeypatch.setattr(_limits, "limits", _limits.Limits)


@pytest.fixture
def race(in_threads: AtOnce) -> Callable[[Sequence[Sequence[Act]]], list[list[Any]]]:
    """Runs rounds one after the other, the acts of a round at once, each client on one connection throughout.

    Gives for each round the values or errors, in order of the acts. An error of the database (a deadlock, a lost
    connection, a constraint that had to catch what the code let through) fails the test.
    """

    def run(rounds: Sequence[Sequence[Act]]) -> list[list[Any]]:
        clients = len(rounds[0])
        start = threading.Barrier(clients)
        results: list[list[Any]] = [[None] * clients for _ in rounds]

        def client(number: int) -> None:
            for acts, came in zip(rounds, results, strict=True):
                start.wait(120)
                try:
                    came[number] = acts[number]()
                except Exception as error:
                    came[number] = error

        for problem in in_threads(*[partial(client, n) for n in range(clients)], timeout=60 + 5 * len(rounds)):
            assert problem is None, problem
        assert [each for came in results for each in came if isinstance(each, DatabaseError)] == []
        return results

    return run


Race = Callable[[Sequence[Sequence[Act]]], list[list[Any]]]


def kinds(came: Sequence[Any]) -> Counter[str]:
    """What came, counted: names of errors, outcomes of attempts, done or again."""

    def kind(each: Any) -> str:
        if isinstance(each, RedemptionResult):
            return each.outcome.value
        if isinstance(each, Exception):
            return type(each).__name__
        return "again" if isinstance(each, VoucherView) and each.replayed else "done"

    return Counter(map(kind, came))


def cashiers(place: Store, count: int) -> list[Store]:
    """The same shop with cashiers of their own."""
    found = []
    for _ in range(count):
        person = staff_user()
        assert person.user_id is not None
        services.admit(details=MerchantStaffDetails(place.merchant, person.user_id), at=AT)
        found.append(replace(place, cashier=person))
    return found


def test_the_last_voucher(race: Race) -> None:
    place, people = store(), [resident(100 * ROUNDS) for _ in range(CLIENTS)]
    offers = [offered(LUNCH, place, stock=stock(1)) for _ in range(ROUNDS)]
    for came in race([[partial(buy, person, offer) for person in people] for offer in offers]):
        assert kinds(came) == {"done": 1, "SoldOut": CLIENTS - 1}
    assert sum(sum(points_of(person).values()) for person in people) == 100 * ROUNDS * (CLIENTS - 1)
    assert_sound()


def test_the_last_fen_of_a_year_and_of_an_offer(race: Race) -> None:
    place, people = store(), [resident(200 * ROUNDS) for _ in range(CLIENTS)]
    offers = [offered(LUNCH, place) for _ in range(2 * ROUNDS)]
    for offer in offers[::2]:
        money(3999, offer=offer)
    money(1000 * 5 * ROUNDS + 999, reserve=999)
    rounds = [[partial(buy, person, offers[2 * n + (m % 2)]) for m, person in enumerate(people)] for n in range(ROUNDS)]
    done: Counter[str] = Counter()
    for came in race(rounds):
        assert kinds(came[::2])["done"] <= 3
        done += kinds(came)
    assert done == {"done": 5 * ROUNDS, "BudgetShort": (CLIENTS - 5) * ROUNDS}
    assert_sound()


def test_a_queue_while_some_cancel_buy_join_and_leave(race: Race) -> None:
    """What is freed goes to who waits, whoever else comes; nobody is left waiting for what is free."""
    place = store()
    money(1000 * 3)
    shared = [stock(3 * ROUNDS) for _ in range(2)]
    offers = [offered(LUNCH, place, stock=each) for each in shared]
    owners, newcomers = [resident(100 * ROUNDS) for _ in range(3)], [resident(100 * ROUNDS) for _ in range(4)]
    waiting = [resident(100 * ROUNDS) for _ in range(6)]
    for _ in range(ROUNDS):
        held = [buy(person, offers[n % 2]) for n, person in enumerate(owners)]
        places = [line_up(person, offers[n % 2]) for n, person in enumerate(waiting[:4])]
        (came,) = race(
            [
                [
                    *[
                        partial(services.cancel, number=v.number, party_id=p, at=AT)
                        for v, p in zip(held, owners, strict=True)
                    ],
                    *[partial(buy, person, offers[n % 2]) for n, person in enumerate(newcomers)],
                    *[partial(line_up, person, offers[n % 2]) for n, person in enumerate(waiting[4:])],
                    partial(services.cancel, number=places[0].number, party_id=waiting[0], at=AT),
                    partial(services.expire, at=AT),
                ]
            ]
        )
        assert kinds(came[:3]) == {"done": 3}
        assert set(kinds(came[3:7])) <= {"BudgetShort", "SoldOut", "done"}
        assert_sound()
        standing = list(Waiting.objects.filter(state="reserved").select_related("offer"))
        assert standing
        taken = [buy(each.party_id, each.offer.number) for each in standing]
        assert_sound()
        assert {voucher.state.value for voucher in taken} == {"open"}
        while Waiting.objects.filter(state__in=["waiting", "reserved"]).exists():
            for each in Waiting.objects.filter(state__in=["waiting", "reserved"]):
                services.cancel(number=each.number, party_id=each.party_id, at=AT)
        for each in Voucher.objects.filter(state="open"):
            services.cancel(number=each.number, party_id=each.party_id, at=AT)


def test_a_line_is_written_while_people_buy_and_cancel(race: Race) -> None:
    place, people = store(), [resident(100 * ROUNDS) for _ in range(10)]
    offers = [offered(LUNCH, place) for _ in range(ROUNDS)]
    held = [[(person, buy(person, offer)) for person in people[:3]] for offer in offers]
    rounds = [
        [
            partial(money, 100_000, offer=offer),
            *[partial(services.cancel, number=v.number, party_id=p, at=AT) for p, v in own],
            *[partial(buy, person, offer) for person in people[3:]],
        ]
        for offer, own in zip(offers, held, strict=True)
    ]
    for came in race(rounds):
        assert kinds(came) == {"done": 11}
    assert_sound()


def test_a_hold_against_an_exchange(race: Race) -> None:
    offer, people = offered(LUNCH, store()), [resident(100) for _ in range(ROUNDS)]
    rounds = [
        [partial(buy, person, offer), partial(services.admit, details=HoldDetails(person, "虚构", "cas_1"), at=AT)]
        for person in people
    ]
    for came in race(rounds):
        assert kinds(came) in ({"done": 2}, {"OnHold": 1, "done": 1})
    assert_sound()


def test_one_phone_in_many_hands(race: Race, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_limits, "limits", lambda: _limits.Limits(persons_a_device=3))
    offer, people = offered(LUNCH, store()), [resident(100 * ROUNDS) for _ in range(10)]

    def act(person: int, phone: str) -> VoucherView:
        return services.exchange(party_id=person, offer=offer, key=phone, at=AT, device=phone)

    for came in race([[partial(act, person, f"phone-{n}") for person in people] for n in range(ROUNDS)]):
        assert kinds(came) == {"done": 3, "TooFast": 7}
    assert_sound()


def test_the_last_of_a_day_and_of_a_stock_shared_by_two_offers(race: Race) -> None:
    place, people = store(), [resident(200 * ROUNDS) for _ in range(20)]
    rounds = []
    for _ in range(ROUNDS):
        shared = stock(3)
        one, two = [offered(LUNCH, place, stock=shared, per_day_limit=2) for _ in range(2)]
        rounds.append([partial(buy, person, one if n % 2 else two) for n, person in enumerate(people)])
    for came in race(rounds):
        assert kinds(came) == {"done": 3, "SoldOut": 17}
    assert_sound()


def test_the_last_point(race: Race) -> None:
    offer, people = offered(LUNCH, store()), [resident(199) for _ in range(ROUNDS)]
    for came in race([[partial(buy, person, offer) for _ in range(CLIENTS)] for person in people]):
        assert kinds(came) == {"done": 1, "NotEnoughPoints": CLIENTS - 1}
    assert [points_of(person) for person in people] == [{2028: 99}] * ROUNDS
    assert_sound()


def test_the_same_key(race: Race) -> None:
    offer, person = offered(LUNCH, store()), resident(100 * (ROUNDS + 5))
    for came in race([[partial(buy, person, offer, f"round-{n}")] * CLIENTS for n in range(ROUNDS)]):
        assert kinds(came) == {"done": 1, "again": CLIENTS - 1}
        assert len({each.number for each in came}) == 1
    assert Voucher.objects.count() == ROUNDS
    assert_sound()


def test_the_limit_of_a_person(race: Race) -> None:
    place, person = store(), resident(1000 * ROUNDS)
    offers = [offered(LUNCH, place, per_person_limit=2) for _ in range(ROUNDS)]
    for came in race([[partial(buy, person, offer)] * 20 for offer in offers]):
        assert kinds(came) == {"done": 2, "LimitReached": 18}
    assert_sound()


def test_points_taken_back_against_an_exchange(race: Race) -> None:
    """A correction of the books and an exchange want the same points: one of them gets them."""
    offer, people = offered(LUNCH, store()), [resident(100) for _ in range(ROUNDS)]

    def take_back(person: int) -> None:
        moved = Movement(account(person), AccountRef(Book.POINTS, None, "programme"), 100)
        ledger.post(postings=[Posting(f"taken:{person}", "settlement", AT, (moved,))], at=AT)

    for came in race([[partial(buy, person, offer), partial(take_back, person)] for person in people]):
        assert kinds(came) in ({"done": 1, "NotEnoughPoints": 1}, {"done": 1, "Insufficient": 1})
        assert not isinstance(came[0], Insufficient)
    assert [points_of(person) for person in people] == [{}] * ROUNDS
    assert_sound()


def bought(count: int, offer: str, at: datetime = AT) -> list[tuple[int, VoucherView]]:
    """Vouchers of new people who have spent all they had."""
    people = [resident(100) for _ in range(count)]
    return [(person, buy(person, offer, at=at)) for person in people]


def late(voucher: VoucherView) -> datetime:
    """When a voucher expires."""
    return voucher.valid_to + OFFLINE_WINDOW


def test_redeemed_by_many_cashiers(race: Race) -> None:
    here, there = store(), store()
    vouchers = bought(ROUNDS, offered(LUNCH, here, there))
    tills = cashiers(here, 10) + cashiers(there, 10)
    for came in race([[partial(use, till, voucher.code) for till in tills] for _, voucher in vouchers]):
        assert kinds(came) == {"redeemed": 1, "already_redeemed": 19}
    assert_sound()


def test_the_same_nonce(race: Race) -> None:
    place = store()
    tills = cashiers(place, 10)
    vouchers = bought(ROUNDS, offered(LUNCH, place))
    rounds = [
        [partial(use, till, voucher.code, nonce=f"nonce-of-{n:05d}") for till in tills]
        for n, (_, voucher) in enumerate(vouchers)
    ]
    for came in race(rounds):
        assert kinds(came) == {"redeemed": 10}
        assert len({each.number for each in came}) == 1
        assert sum(each.replayed for each in came) == 9
    assert Redemption.objects.count() == ROUNDS
    assert_sound()


def test_redeemed_against_cancelled(race: Race) -> None:
    place = store()
    vouchers = bought(ROUNDS, offered(LUNCH, place, stock=stock(ROUNDS), per_day_limit=ROUNDS))
    rounds = []
    for n, (person, voucher) in enumerate(vouchers):
        acts = [
            partial(use, place, voucher.code),
            partial(services.cancel, number=voucher.number, party_id=person, at=AT),
        ]
        rounds.append(acts if n % 2 else acts[::-1])
    for came in race(rounds):
        assert kinds(came) in ({"redeemed": 1, "NotCancellable": 1}, {"cancelled": 1, "done": 1})
    assert_sound()


def test_an_upload_against_expiry(race: Race) -> None:
    """The last upload, whose clock was 72 hours ago, meets the night's expiry: it counts, or the points are back."""
    place = store()
    offer = offered(LUNCH, place, valid_days=1)
    vouchers = [bought(1, offer, AT + n * MINUTE)[0] for n in range(ROUNDS)]  # so that each night ends one of them
    rounds: list[list[Act]] = [
        [
            partial(
                use, place, voucher.code, late(voucher) - SECOND, claimed_at=voucher.valid_to - SECOND, offline=True
            ),
            partial(services.expire, at=late(voucher)),
            partial(services.expire, at=late(voucher)),
        ]
        for _, voucher in vouchers
    ]
    for came, (person, voucher) in zip(race(rounds), vouchers, strict=True):
        assert isinstance(came[0], RedemptionResult)
        state, held = Voucher.objects.get(number=voucher.number).state, points_of(person)
        if came[0].outcome.value == "redeemed":
            assert (state, held) == ("redeemed", {})
        else:
            assert (came[0].outcome.value, state, held) == ("expired", "expired", {2028: 100})
    assert_sound()


def test_undone_against_cancelled_and_redeemed_again(race: Race) -> None:
    place = store()
    other = cashiers(place, 1)[0]
    vouchers = bought(ROUNDS, offered(LUNCH, place))
    rounds = []
    for person, voucher in vouchers:
        done = use(place, voucher.code)
        rounds.append(
            [
                partial(undo, place, done.number),
                partial(undo, other, done.number),
                partial(services.cancel, number=voucher.number, party_id=person, at=AT),
                partial(use, other, voucher.code),
            ]
        )
    for came, (_, voucher) in zip(race(rounds), vouchers, strict=True):
        assert kinds(came[:2]) == {"undone": 2}
        assert came[0].number == came[1].number
        given_back, again = kinds(came[2:3]), kinds(came[3:])
        state = Voucher.objects.get(number=voucher.number).state
        if given_back["done"]:
            assert (state, again["redeemed"]) == ("cancelled", 0)
        else:
            assert state == ("redeemed" if again["redeemed"] else "open")
    assert_sound()


def test_withdrawing_and_suspending_while_people_buy_and_redeem(race: Race) -> None:
    people, rounds = [resident(100 * ROUNDS) for _ in range(8)], []
    for _ in range(ROUNDS):
        place = store()
        offer, tills = offered(LUNCH, place), cashiers(place, 4)
        vouchers = [voucher for _, voucher in bought(4, offer)]
        end = OfferStatus(offer, OfferState.WITHDRAWN)
        stop = MerchantStatus(place.merchant, MerchantState.SUSPENDED, "测试")
        rounds.append(
            [
                partial(services.offer, details=end, at=AT),
                partial(services.admit, details=stop, at=AT),
                *[partial(buy, person, offer) for person in people],
                *[partial(use, till, voucher.code) for till, voucher in zip(tills, vouchers, strict=True)],
            ]
        )
    for came in race(rounds):
        assert kinds(came[:2]) == {"done": 2}
        assert set(kinds(came[2:10])) <= {"done", "NotOnSale"}
        assert set(kinds(came[10:])) <= {"redeemed", "merchant_suspended"}
    assert_sound()


def test_everything_at_once(race: Race) -> None:
    """Sixteen hands do whatever comes to mind with few people, few shared stocks and one hot offer."""
    chance = random.Random(4)
    places, people = [store(), store()], [resident(3000) for _ in range(4)]
    shared = [stock(30), stock(60)]
    offers = [offered(LUNCH, *places, stock=each, per_day_limit=20) for each in (*shared, *shared)]
    hands = [cashiers(place, 8) for place in places]
    known: list[VoucherView] = []
    done: list[RedemptionResult] = []

    def one(till: Store, seed: int) -> None:
        own = random.Random(seed)
        person, what = own.choice(people), own.randrange(8)
        if what < 3:
            known.append(buy(person, own.choice(offers)))
        elif what < 5 and known:
            done.append(use(till, own.choice(known).code or "0"))
        elif what == 5 and known:
            services.cancel(number=own.choice(known).number, party_id=person, at=AT)
        elif what == 6 and done:
            undo(till, own.choice(done).number)
        elif own.random() < 0.5:
            services.expire(at=AT + DAY)
        else:
            services.offer(details=StockDetails("虚构库存", own.randrange(20, 90), own.choice(shared)), at=AT)

    tills = [till for pair in zip(*hands, strict=True) for till in pair]
    steps = 5 * ROUNDS
    came = race([[partial(one, till, chance.randrange(10**9)) for till in tills] for _ in range(steps)])
    expected = {"done", "SoldOut", "NotEnoughPoints", "NotCancellable", "NotFound", "Forbidden", "Conflict"}
    assert set(kinds([each for one in came for each in one])) <= expected
    assert known
    assert_sound()
