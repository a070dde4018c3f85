"""What a resident buys with points: price, order of spending, limits, keys, cancelling."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    THANKS,
    account,
    assert_sound,
    buy,
    everything,
    give,
    offered,
    party,
    points_of,
    resident,
    stock,
    store,
    system,
    use,
)

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.ledger import services as ledger
from tanhui.ledger.queries import transfer_by_key
from tanhui.ledger.types import AccountRef, Book, Movement, Posting
from tanhui.parties.models import Party
from tanhui.parties.types import PartyErased
from tanhui.rewards import queries, services
from tanhui.rewards.models import Stock, Voucher, VoucherPoints
from tanhui.rewards.types import (
    KeyReused,
    LimitReached,
    NotCancellable,
    NotEnoughPoints,
    NotOnSale,
    OfferState,
    OfferStatus,
    SoldOut,
    StockDetails,
    VoucherState,
)

pytestmark = pytest.mark.django_db


def test_points_become_a_voucher() -> None:
    place = store()
    offer, person = offered(LUNCH, place), resident(250)
    voucher = buy(person, offer)
    assert (voucher.state, voucher.price_points, voucher.face_value_fen) == (VoucherState.OPEN, 100, 1000)
    assert (voucher.valid_from, voucher.valid_to) == (AT, AT + 30 * DAY)
    assert voucher.points == ((2028, 100),)
    assert points_of(person) == {2028: 150}
    assert system(Book.POINTS, "held") == 100
    entry = transfer_by_key(f"voucher:{voucher.number}:exchange")
    assert entry is not None
    assert [(each.debit, each.amount) for each in entry.entries] == [(account(person), 100)]
    assert_sound()


def test_the_soonest_expiring_points_go_first() -> None:
    person = resident(30, 2027)
    give(person, 500, 2028)
    give(person, 20, 2026)
    voucher = buy(person, offered(LUNCH, store()))
    assert voucher.points == ((2026, 20), (2027, 30), (2028, 50))
    assert points_of(person) == {2028: 450}
    services.cancel(number=voucher.number, party_id=person, at=AT + HOUR)
    assert points_of(person) == {2026: 20, 2027: 30, 2028: 500}
    assert_sound()


def test_points_of_a_year_that_is_over_are_not_spent() -> None:
    person, offer = resident(99, 2027), offered(LUNCH, store(), sale_to=AT + 900 * DAY)
    give(person, 1, 2026)
    assert queries.points_available(person, date(2026, 12, 31)) == {2026: 1, 2027: 99}
    assert queries.points_available(person, date(2027, 1, 1)) == {2027: 99}
    with pytest.raises(NotEnoughPoints, match="99 分"):
        buy(person, offer, at=AT + timedelta(days=300))
    assert buy(person, offer).points == ((2026, 1), (2027, 99))


def test_points_return_to_a_year_that_is_over() -> None:
    person, offer = resident(100, 2026), offered(LUNCH, store(), valid_days=300)
    voucher = buy(person, offer)
    later = AT + timedelta(days=250)
    services.cancel(number=voucher.number, party_id=person, at=later)
    assert points_of(person) == {2026: 100}
    assert queries.points_available(person, later.date()) == {}


def test_honors_are_fulfilled_at_once() -> None:
    person = resident(100)
    voucher = buy(person, offered(THANKS))
    assert (voucher.state, voucher.ended_at, voucher.code, voucher.token) == (VoucherState.REDEEMED, AT, "", "")
    assert (system(Book.POINTS, "held"), system(Book.POINTS, "redeemed")) == (0, 100)
    assert system(Book.MONEY, "budget") == 0
    with pytest.raises(NotCancellable):
        services.cancel(number=voucher.number, party_id=person, at=AT)
    assert_sound()


def test_the_same_key_gives_the_first_voucher_again() -> None:
    person, offer = resident(300), offered(LUNCH, store())
    first = buy(person, offer, "mine")
    before = everything()
    again = buy(person, offer, "mine", at=AT + HOUR)
    assert (again.number, again.replayed, again.code) == (first.number, True, first.code)
    with pytest.raises(KeyReused):
        buy(person, offered(LUNCH, store()), "mine")
    assert everything()[0] == before[0]
    assert Voucher.objects.count() == 1
    other = resident(100)
    assert buy(other, offer, "mine").number != first.number


def refused(error: type[Exception], person: int, offer: str, at=AT, match: str = ".") -> None:  # type: ignore[no-untyped-def]
    before = everything()
    with pytest.raises(error, match=match):
        buy(person, offer, at=at)
    assert everything() == before


def test_what_is_refused_changes_nothing() -> None:
    place, person = store(), resident(1000)
    draft = services.offer(details=LUNCH, at=AT)
    refused(NotOnSale, person, draft, match="没有上架")
    offer = offered(LUNCH, place)
    refused(NotOnSale, person, offer, AT - 10 * DAY - MINUTE, "还没有开始")
    refused(NotOnSale, person, offer, AT + 100 * DAY, "停止")
    refused(NotFound, person, "ofr_none")
    refused(NotFound, 10**9, offer)
    refused(NotEnoughPoints, resident(99), offer, match="99 分")
    refused(BadInput, party("organization"), offer, match="单位")
    refused(SoldOut, person, offered(LUNCH, place, stock=stock(0)))
    erased = resident(100)
    Party.objects.filter(pk=erased).update(erased_at=AT)
    refused(PartyErased, erased, offer)
    services.offer(details=OfferStatus(offer, OfferState.WITHDRAWN), at=AT)
    refused(NotOnSale, person, offer, match="下架")
    with pytest.raises(BadInput):
        buy(person, offer, "no spaces allowed")


def test_limits_of_a_person() -> None:
    place, person = store(), resident(2000)
    offer = offered(LUNCH, place, per_person_limit=3, per_person_day_limit=2)
    first, _ = buy(person, offer), buy(person, offer)
    refused(LimitReached, person, offer, match="每天限兑 2")
    midnight = AT.replace(hour=16)  # 00:00 of the next day in the county
    refused(LimitReached, person, offer, midnight - MINUTE)
    third = buy(person, offer, at=midnight)
    refused(LimitReached, person, offer, midnight + DAY, "每人限兑 3")
    services.cancel(number=third.number, party_id=person, at=midnight + HOUR)
    buy(person, offer, at=midnight + 2 * HOUR)
    use(place, first.code)
    refused(LimitReached, person, offer, midnight + DAY)
    assert_sound()


def test_stock_is_shared_and_given_back() -> None:
    shared, place = stock(2), store()
    one, two = offered(LUNCH, place, stock=shared), offered(LUNCH, place, stock=shared, price_points=50)
    person = resident(1000)
    first = buy(person, one)
    buy(person, two)
    refused(SoldOut, person, one)
    refused(SoldOut, resident(1000), two)
    assert [each.left for each in queries.offers()] == [0, 0]
    services.cancel(number=first.number, party_id=person, at=AT)
    assert queries.offer(one).left == 1
    buy(person, two)
    assert Stock.objects.get().taken == 2
    services.offer(details=StockDetails("多了", 3, shared), at=AT)
    buy(person, one)
    assert_sound()


def test_limit_of_a_day_is_that_days() -> None:
    offer, people = offered(LUNCH, store(), per_day_limit=2), [resident(300) for _ in range(3)]
    first = buy(people[0], offer)
    buy(people[1], offer)
    refused(SoldOut, people[2], offer, match="今天")
    buy(people[2], offer, at=AT + DAY)
    services.cancel(number=first.number, party_id=people[0], at=AT + DAY)  # gives back the day on which it was bought
    buy(people[2], offer, at=AT)
    refused(SoldOut, people[2], offer)
    assert_sound()


def test_cancelling() -> None:
    place, person = store(), resident(1000)
    never, soon = offered(LUNCH, place, cancel_hours=0), offered(LUNCH, place, cancel_hours=2)
    fixed, timed = buy(person, never), buy(person, soon)
    before = everything()
    with pytest.raises(NotCancellable):
        services.cancel(number=fixed.number, party_id=person, at=AT)
    with pytest.raises(NotCancellable):
        services.cancel(number=timed.number, party_id=person, at=AT + 2 * HOUR)
    with pytest.raises(NotFound):
        services.cancel(number=timed.number, party_id=resident(), at=AT)
    assert everything() == before
    done = services.cancel(number=timed.number, party_id=person, at=AT + 2 * HOUR - MINUTE)
    assert (done.state, done.replayed, done.code) == (VoucherState.CANCELLED, False, "")
    after = everything()
    assert services.cancel(number=timed.number, party_id=person, at=AT + 5 * HOUR).replayed
    assert everything() == after
    free = buy(person, offered(LUNCH, place))
    with pytest.raises(NotCancellable, match="有效期"):
        services.cancel(number=free.number, party_id=person, at=free.valid_to)
    use(place, free.code)
    with pytest.raises(NotCancellable, match="已使用"):
        services.cancel(number=free.number, party_id=person, at=AT)
    assert_sound()


def test_points_taken_back_meanwhile_are_not_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A correction between looking and posting: the books refuse, in words of this room."""
    person, offer = resident(100), offered(LUNCH, store())
    look = services._exchange.available_points

    def look_then_lose(party_id: int, on: date) -> dict[int, int]:
        found = look(party_id, on)
        taken = Movement(account(party_id), AccountRef(Book.POINTS, None, "programme"), 1)
        ledger.post(postings=[Posting("correction", "settlement", AT, (taken,))], at=AT)
        return found

    monkeypatch.setattr(services._exchange, "available_points", look_then_lose)
    with pytest.raises(NotEnoughPoints, match="变动"):
        buy(person, offer)
    assert Voucher.objects.count() == VoucherPoints.objects.count() == 0


def test_expiry_waits_for_uploads_and_returns_points() -> None:
    place = store()
    person, offer = resident(70, 2027), offered(LUNCH, place, valid_days=1)
    give(person, 30, 2028)
    voucher, end = buy(person, offer), AT + DAY
    assert services.expire(at=end + 72 * HOUR - MINUTE) == 0
    assert services.expire(at=end + 72 * HOUR) == 1
    after = everything()
    assert services.expire(at=end + 72 * HOUR) == 0
    assert everything() == after
    assert points_of(person) == {2027: 70, 2028: 30}
    shown = queries.voucher(voucher.number, person)
    assert (shown.state, shown.ended_at, shown.code) == (VoucherState.EXPIRED, end + 72 * HOUR, "")
    with pytest.raises(NotCancellable, match="已过期"):
        services.cancel(number=voucher.number, party_id=person, at=end + 73 * HOUR)
    assert_sound()


def test_expiry_goes_on_after_a_full_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services._expire, "BATCH", 3)
    place = store()
    person, offer = resident(2000), offered(LUNCH, place, valid_days=1)
    vouchers = [buy(person, offer) for _ in range(8)]
    use(place, vouchers[0].code)
    assert services.expire(at=AT + 5 * DAY) == 7
    assert points_of(person) == {2028: 1900}
    assert_sound()


def test_a_person_sees_own_vouchers_only() -> None:
    offer, person = offered(LUNCH, store()), resident(200)
    first, second = buy(person, offer), buy(person, offer, at=AT + MINUTE)
    assert [each.number for each in queries.vouchers_of(person)] == [second.number, first.number]
    assert {each.code for each in queries.vouchers_of(person)} == {""}
    services.cancel(number=first.number, party_id=person, at=AT)
    assert [each.number for each in queries.vouchers_of(person, VoucherState.OPEN)] == [second.number]
    with pytest.raises(NotFound):
        queries.voucher(second.number, resident())
