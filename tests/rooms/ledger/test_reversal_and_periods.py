"""A mistake is taken back by a second transfer, once; a closed period receives nothing."""

from __future__ import annotations

from datetime import date

import pytest
from tests.rooms.ledger.books import (
    AT,
    DAY,
    HOUR,
    counted,
    earn,
    grams,
    held,
    parties,
    points,
    post,
    post_staged,
    ride,
    spend,
)

from tanhui.kernel.days import day_start
from tanhui.kernel.errors import Forbidden, NotFound
from tanhui.ledger import queries
from tanhui.ledger.services import close_period, reverse
from tanhui.ledger.types import (
    AlreadyReversed,
    BadPosting,
    Book,
    IdempotencyConflict,
    Insufficient,
    PeriodClosed,
)
from tanhui.parties.queries import audit_trail as trail
from tanhui.parties.types import Actor

pytestmark = pytest.mark.django_db


def test_a_reversal_takes_back_and_says_so() -> None:
    (party,) = parties(1)
    (first,) = post(ride("r", party, 90, 3)).posted
    second = reverse(number=first.number, key="undo", reason="重复报送", at=AT + DAY)
    assert held() == {}
    original, reversal = queries.transfer(first.number), queries.transfer(second.number)
    assert (original.reversed_by, original.reverses) == (second.number, None)
    assert (reversal.reverses, reversal.reason, reversal.kind) == (first.number, "重复报送", "reversal")
    assert [(e.debit, e.credit, e.happened_at) for e in reversal.entries] == [
        (e.credit, e.debit, e.happened_at) for e in original.entries
    ]
    assert queries.balance(points(party), AT + HOUR) == 3
    assert queries.balance(points(party), AT + HOUR, "happened") == 0
    assert queries.prove() == []


def test_a_reversal_happens_once() -> None:
    (party,) = parties(1)
    first, other = post(earn("a", party, 3), earn("b", party, 4)).posted
    done = reverse(number=first.number, key="undo", reason="错", at=AT)
    again = reverse(number=first.number, key="undo", reason="错", at=AT + DAY)
    assert (again.number, again.replayed, again.recorded_at) == (done.number, True, AT)
    with pytest.raises(AlreadyReversed):
        reverse(number=first.number, key="undo twice", reason="错", at=AT)
    with pytest.raises(AlreadyReversed):
        reverse(number=done.number, key="undo the undoing", reason="错", at=AT)
    for changed in ({"number": other.number}, {"reason": "另一个原因"}):
        with pytest.raises(IdempotencyConflict):
            reverse(**{"number": first.number, "key": "undo", "reason": "错", "at": AT} | changed)  # type: ignore[arg-type]
    with pytest.raises(IdempotencyConflict):
        reverse(number=other.number, key="a", reason="错", at=AT)
    with pytest.raises(IdempotencyConflict):
        post(earn("undo", party, 3))
    assert counted() == (3, 3)
    assert held()["points", party, "expires:2028"] == 4


def test_what_is_spent_cannot_be_taken_back() -> None:
    (party,) = parties(1)
    (first,) = post(earn("a", party, 3)).posted
    post(spend("s", party, 2))
    with pytest.raises(Insufficient):
        reverse(number=first.number, key="undo", reason="错", at=AT)
    assert counted() == (2, 2)


def test_a_reversal_needs_a_transfer_and_a_reason() -> None:
    (party,) = parties(1)
    (first,) = post(earn("a", party, 3)).posted
    with pytest.raises(NotFound):
        reverse(number="vch_0000000000000", key="undo", reason="错", at=AT)
    for wrong in ({"reason": " "}, {"key": ""}, {"key": "k" * 201}):
        with pytest.raises(BadPosting):
            reverse(**{"number": first.number, "key": "undo", "reason": "错", "at": AT} | wrong)  # type: ignore[arg-type]


YESTERDAY = date(2026, 6, 9)


@pytest.mark.parametrize("size", [1, 2, 80])
def test_a_closed_period_receives_nothing(size: int) -> None:
    people = parties(size)
    state = close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT)
    assert state == queries.period(Book.POINTS)
    assert state.closed_before == day_start(date(2026, 6, 10))
    late = [earn(f"late{n}", party, 1, at=state.closed_before - HOUR) for n, party in enumerate(people)]
    for way in (post, post_staged):
        with pytest.raises(PeriodClosed) as refused:
            way(*late)
        assert refused.value.where == "points"
    assert counted() == (0, 0)
    post(*[earn(f"on time{n}", party, 1, at=state.closed_before) for n, party in enumerate(people)])
    post(*[ride(f"other book{n}", party, 9, 1, at=state.closed_before) for n, party in enumerate(people)])
    assert queries.period(Book.CARBON) is None


def test_a_close_of_one_book_leaves_the_others_open() -> None:
    (party,) = parties(1)
    close_period(book=Book.MONEY, through_on=YESTERDAY, at=AT)
    post(ride("r", party, 9, 1, at=AT - 3 * DAY))
    assert queries.balance(grams(party)) == 9


def test_a_period_closes_forward_only() -> None:
    first = close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT)
    assert close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT + DAY, by=Actor.system("night")) == first
    with pytest.raises(PeriodClosed):
        close_period(book=Book.POINTS, through_on=date(2026, 6, 8), at=AT)
    with pytest.raises(PeriodClosed, match="尚未结束"):
        close_period(book=Book.POINTS, through_on=date(2026, 6, 10), at=AT)
    later = close_period(book=Book.POINTS, through_on=date(2026, 6, 10), at=AT + DAY)
    assert queries.period(Book.POINTS) == later


def test_the_past_is_taken_back_on_the_first_open_instant() -> None:
    (party,) = parties(1)
    (first,) = post(ride("r", party, 90, 3, at=AT - 5 * DAY)).posted
    state = close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT)
    second = reverse(number=first.number, key="undo", reason="错", at=AT)
    carbon, points_back = queries.transfer(second.number).entries
    assert carbon.happened_at == AT - 5 * DAY
    assert points_back.happened_at == state.closed_before
    assert queries.balance(points(party), state.closed_before - HOUR, "happened") == 3
    assert queries.prove() == []


def test_who_has_no_right_changes_no_book() -> None:
    (party,) = parties(1)
    (first,) = post(earn("e", party, 5)).posted
    stranger = Actor(name="staff:stranger", user_id=987_654_321)
    for act in (
        lambda: reverse(number=first.number, key="undo", reason="错", at=AT, by=stranger),
        lambda: close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT, by=stranger),
    ):
        with pytest.raises(Forbidden):
            act()
    assert queries.balance(points(party)) == 5
    assert queries.period(Book.POINTS) is None
    assert trail(limit=5) == []


def test_what_is_done_to_the_books_by_hand_is_recorded_once() -> None:
    (party,) = parties(1)
    (first,) = post(earn("e", party, 5)).posted
    for _ in range(2):
        reverse(number=first.number, key="undo", reason="错", at=AT)
        close_period(book=Book.POINTS, through_on=YESTERDAY, at=AT)
    assert [entry.action for entry in trail(limit=5)] == ["ledger.close_period", "ledger.reverse"]
