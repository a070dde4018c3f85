"""Queues: first come, first served; what is reserved is kept for two days; nobody passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    MINUTE,
    THANKS,
    assert_sound,
    buy,
    everything,
    line_up,
    money,
    offered,
    resident,
    stock,
    store,
    use,
)

from tanhui.kernel.errors import Conflict, NotFound
from tanhui.rewards import queries, services
from tanhui.rewards.models import BudgetLine, Stock, Waiting
from tanhui.rewards.types import (
    BudgetShort,
    LimitReached,
    NotOnSale,
    OfferState,
    OfferStatus,
    SoldOut,
    StockDetails,
    WaitingState,
    WaitingView,
)

pytestmark = pytest.mark.django_db


def place_of(person: int) -> WaitingView:
    """The person's only place."""
    (place,) = queries.places_of(person)
    return place


def states(*people: int) -> list[str]:
    return [place_of(person).state.value for person in people]


def test_who_waits_is_served_in_order() -> None:
    offer = offered(LUNCH, store(), stock=stock(1), per_day_limit=9)
    owner, first, second = (resident(100) for _ in range(3))
    voucher = buy(owner, offer)
    assert [line_up(person, offer).ahead for person in (first, second)] == [0, 1]
    assert line_up(second, offer, AT + MINUTE).number == place_of(second).number
    services.cancel(number=voucher.number, party_id=owner, at=AT + HOUR)
    kept = place_of(first)
    assert (kept.state, kept.ahead, kept.reserved_until) == (WaitingState.RESERVED, 0, AT + HOUR + 2 * DAY)
    assert (states(second), place_of(second).ahead) == (["waiting"], 0)
    assert Stock.objects.get().taken == 1
    assert_sound()
    bought = buy(first, offer, at=AT + DAY)
    assert states(first, second) == ["taken", "waiting"]
    assert Waiting.objects.get(number=kept.number).voucher.number == bought.number  # type: ignore[union-attr]
    assert_sound()


def test_nobody_passes_the_queue() -> None:
    offer = offered(LUNCH, store(), stock=(shared := stock(1)))
    owner, waits, newcomer = (resident(200) for _ in range(3))
    voucher = buy(owner, offer)
    line_up(waits, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    before = everything()
    with pytest.raises(SoldOut):
        buy(newcomer, offer)
    assert everything() == before
    line_up(newcomer, offer)
    with pytest.raises(SoldOut, match="已在排队"):
        buy(newcomer, offer)
    services.offer(details=StockDetails("虚构库存", 2, shared), at=AT)
    assert states(waits, newcomer) == ["reserved", "reserved"]
    assert_sound()


def test_who_leaves_gives_it_to_the_next() -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, first, second = (resident(100) for _ in range(3))
    voucher = buy(owner, offer)
    for person in (first, second):
        line_up(person, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    left = services.cancel(number=place_of(first).number, party_id=first, at=AT + HOUR)
    assert left.state is WaitingState.LEFT
    assert services.cancel(number=left.number, party_id=first, at=AT + DAY) == left
    assert states(second) == ["reserved"]
    with pytest.raises(NotFound):
        services.cancel(number=place_of(second).number, party_id=first, at=AT + DAY)
    buy(second, offer, at=AT + DAY)
    with pytest.raises(Conflict, match="已经兑换"):
        services.cancel(number=place_of(second).number, party_id=second, at=AT + DAY)
    assert_sound()


def test_a_reservation_lapses_and_goes_on() -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, first, second = (resident(100) for _ in range(3))
    voucher = buy(owner, offer)
    for person in (first, second):
        line_up(person, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    over = AT + timedelta(hours=48)
    with pytest.raises(SoldOut):
        buy(first, offer, at=over)
    assert services.expire(at=over - MINUTE) == 0
    assert states(first, second) == ["reserved", "waiting"]
    services.expire(at=over)
    assert states(first, second) == ["lapsed", "reserved"]
    assert line_up(first, offer, over).ahead == 0
    assert_sound()


def test_who_lets_it_lapse_stands_behind_the_others() -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, first, second = (resident(100) for _ in range(3))
    voucher = buy(owner, offer)
    for person in (first, second):
        line_up(person, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    line_up(first, offer, AT + 3 * DAY)
    newest, oldest = queries.places_of(first)
    assert (newest.state, oldest.state) == (WaitingState.WAITING, WaitingState.LAPSED)
    assert states(second) == ["reserved"]
    assert_sound()


def test_queues_for_money() -> None:
    place = store()
    offer, dear = offered(LUNCH, place), offered(LUNCH, place, face_value_fen=2000)
    owner, first, second, third = (resident(100) for _ in range(4))
    money(1000)
    voucher = buy(owner, offer)
    with pytest.raises(BudgetShort, match="本年度"):
        buy(first, offer)
    line_up(first, dear)
    line_up(second, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    assert states(first, second) == ["waiting", "reserved"]
    money(3000)
    assert states(first) == ["reserved"]
    line_up(third, offer)
    money(4000)
    assert states(third) == ["reserved"]
    assert BudgetLine.objects.get(year=2026).committed_fen == 4000
    assert_sound()


def test_two_offers_of_one_stock_are_served_by_time() -> None:
    place, shared = store(), stock(1)
    one, two = (offered(LUNCH, place, stock=shared) for _ in range(2))
    owner, first, second = (resident(100) for _ in range(3))
    voucher = buy(owner, one)
    line_up(first, two)
    line_up(second, one)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    assert states(first, second) == ["reserved", "waiting"]
    assert_sound()


def test_a_reservation_never_reaches_into_another_year() -> None:
    new_year = datetime(2026, 12, 31, 16, tzinfo=UTC)
    offer = offered(LUNCH, store(), stock=stock(1), sale_to=AT + 300 * DAY, valid_days=90)
    owner, waits = resident(100), resident(100)
    voucher = buy(owner, offer, at=new_year - 2 * HOUR)
    line_up(waits, offer, new_year - 2 * HOUR)
    services.cancel(number=voucher.number, party_id=owner, at=new_year - HOUR)
    assert place_of(waits).reserved_until == new_year
    with pytest.raises(SoldOut):
        buy(waits, offer, at=new_year)
    services.expire(at=new_year)
    assert_sound()
    assert buy(waits, offer, at=new_year).number


def test_a_queue_that_is_not_needed_and_one_that_ends() -> None:
    offer = offered(LUNCH, store(), stock=stock(1))
    owner, first, second = (resident(100) for _ in range(3))
    before = everything()
    with pytest.raises(Conflict, match="直接兑换"):
        line_up(first, offer)
    assert everything() == before
    voucher = buy(owner, offer)
    for person in (first, second):
        line_up(person, offer)
    services.cancel(number=voucher.number, party_id=owner, at=AT)
    services.offer(details=OfferStatus(offer, OfferState.WITHDRAWN), at=AT)
    assert states(first, second) == ["closed", "closed"]
    assert Stock.objects.get().taken == 0
    with pytest.raises(NotOnSale):
        line_up(first, offer)
    assert_sound()


def test_who_may_have_no_more_does_not_wait() -> None:
    offer = offered(LUNCH, store(), stock=stock(1), per_person_limit=1)
    owner = resident(200)
    buy(owner, offer)
    with pytest.raises(LimitReached):
        line_up(owner, offer)
    assert not Waiting.objects.exists()


def test_a_queue_for_an_honor_asks_for_no_money() -> None:
    offer = offered(THANKS, stock=(shared := stock(1)))
    buy(resident(100), offer)
    waits = resident(100)
    line_up(waits, offer)
    services.offer(details=StockDetails("虚构库存", 2, shared), at=AT)
    assert buy(waits, offer).state.value == "redeemed"
    assert_sound()


def test_the_limit_of_a_day_opens_no_queue_and_a_reservation_keeps_to_it() -> None:
    place = store()
    offer = offered(LUNCH, place, stock=(shared := stock(1)), per_day_limit=1)
    owner, waits = resident(100), resident(100)
    use(place, buy(owner, offer).code)
    line_up(waits, offer)
    services.offer(details=StockDetails("虚构库存", 2, shared), at=AT)
    with pytest.raises(SoldOut, match="今天"):
        buy(waits, offer)
    with pytest.raises(SoldOut):
        buy(resident(100), offer)
    buy(waits, offer, at=AT + DAY)
    assert_sound()
