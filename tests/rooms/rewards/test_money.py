"""The year's money: what is promised, what comes back, what is refused, and who may set it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.rooms.rewards.mall import (
    AT,
    DAY,
    HOUR,
    LUNCH,
    THANKS,
    assert_sound,
    buy,
    everything,
    money,
    offered,
    resident,
    staff_user,
    store,
    undo,
    use,
)

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties.types import Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import BudgetLine
from tanhui.rewards.types import OFFLINE_WINDOW, BudgetDetails, BudgetShort

pytestmark = pytest.mark.django_db

NEW_YEAR = datetime(2026, 12, 31, 16, tzinfo=UTC)
"""The county's first instant of 2027."""


def committed(year: int = 2026, offer: str = "") -> int:
    """What a line has promised."""
    return next(line.committed_fen for line in queries.budget_lines(year) if line.offer == offer)


def test_an_exchange_promises_the_face_value_and_a_redemption_keeps_it() -> None:
    place = store()
    offer, person = offered(LUNCH, place), resident(300)
    money(3000, reserve=1000)
    voucher = buy(person, offer)
    assert committed() == 1000
    done = use(place, voucher.code)
    assert committed() == 1000
    undo(place, done.number)
    assert committed() == 1000
    services.cancel(number=voucher.number, party_id=person, at=AT + HOUR)
    assert committed() == 0
    assert_sound()


def test_honors_promise_nothing() -> None:
    buy(resident(100), offered(THANKS))
    assert queries.budget_lines() == []
    assert_sound()


def test_the_last_fen_of_a_year() -> None:
    place, person = store(), resident(500)
    offer = offered(LUNCH, place)
    money(2999, reserve=999)
    buy(person, offer)
    buy(person, offer)
    before = everything()
    with pytest.raises(BudgetShort, match="已经用完"):
        buy(person, offer)
    assert everything() == before
    money(3999, reserve=999)
    buy(person, offer)
    assert [(line.left_fen, line.title) for line in queries.budget_lines(2026)] == [(0, "全年")]
    assert_sound()


def test_without_a_line_of_the_year_nothing_is_promised() -> None:
    place, person = store(), resident(300)
    offer = offered(LUNCH, place, sale_to=AT + 300 * DAY)
    BudgetLine.objects.filter(year=2027).delete()
    before = everything()
    with pytest.raises(BudgetShort, match="还没有下达"):
        buy(person, offer, at=NEW_YEAR)
    assert everything() == before
    buy(person, offer, at=NEW_YEAR - HOUR)
    assert_sound()


def test_the_money_of_one_offer() -> None:
    place, person = store(), resident(1000)
    small, other = offered(LUNCH, place), offered(LUNCH, place)
    buy(person, small)
    money(2000, offer=small)
    assert committed(offer=small) == 1000
    buy(person, small)
    with pytest.raises(BudgetShort, match="这项权益"):
        buy(person, small)
    buy(person, other)
    assert (committed(), committed(offer=small)) == (3000, 2000)
    assert [line.offer for line in queries.budget_lines(2026)] == ["", small]
    assert_sound()


def test_money_comes_back_to_the_year_that_promised_it() -> None:
    place, person = store(), resident(300)
    offer = offered(LUNCH, place, sale_to=AT + 300 * DAY)
    early, late = buy(person, offer, at=NEW_YEAR - HOUR), buy(person, offer, at=NEW_YEAR)
    assert (committed(2026), committed(2027)) == (1000, 1000)
    services.cancel(number=early.number, party_id=person, at=NEW_YEAR + HOUR)
    assert (committed(2026), committed(2027)) == (0, 1000)
    services.expire(at=late.valid_to + OFFLINE_WINDOW)
    assert (committed(2026), committed(2027)) == (0, 0)
    assert_sound()


def test_a_line_that_comes_late_counts_what_was_promised() -> None:
    place, person = store(), resident(500)
    offer = offered(LUNCH, place)
    first, _, third = (buy(person, offer) for _ in range(3))
    use(place, first.code)
    services.cancel(number=third.number, party_id=person, at=AT)
    with pytest.raises(Conflict, match="已承诺 2000 分"):
        money(1999, offer=offer)
    money(2000, offer=offer)
    assert committed(offer=offer) == 2000
    assert_sound()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"year": 1999}, "year"),
        ({"amount_fen": -1}, "amount_fen"),
        ({"amount_fen": 10, "reserve_fen": 11}, "reserve_fen"),
        ({"source": " "}, "source"),
    ],
)
def test_bad_amounts(changes: dict[str, object], where: str) -> None:
    with pytest.raises(BadInput) as caught:
        services.offer(details=replace(BudgetDetails(2026, 100, source="虚构"), **changes), at=AT)  # type: ignore[arg-type]
    assert caught.value.where == where
    assert not BudgetLine.objects.exists()


def test_lines_of_offers_have_no_reserve_and_honors_no_line() -> None:
    offer = offered(LUNCH, store())
    with pytest.raises(BadInput, match="预留"):
        money(100, offer=offer, reserve=1)
    with pytest.raises(BadInput, match="不用资金"):
        money(100, offer=offered(THANKS))
    with pytest.raises(NotFound):
        money(100, offer="ofr_none")


def test_only_finance_sets_the_money() -> None:
    details = BudgetDetails(2026, 100, source="虚构")
    with pytest.raises(Forbidden):
        services.offer(details=details, at=AT, by=staff_user("", Role.OPERATOR))
    assert not BudgetLine.objects.exists()
    assert services.offer(details=details, at=AT, by=staff_user("", Role.FINANCE)) == "2026"
