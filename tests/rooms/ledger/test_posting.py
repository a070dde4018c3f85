"""Single postings: what they do, what they refuse, and that a second time changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from tests.rooms.ledger.books import (
    AT,
    HOUR,
    PROGRAMME,
    avoided,
    counted,
    earn,
    grams,
    held,
    owed,
    parties,
    pay,
    points,
    post,
    ride,
    spend,
)

from tanhui.ledger import queries
from tanhui.ledger.types import (
    AccountRef,
    BadPosting,
    Book,
    IdempotencyConflict,
    Insufficient,
    Movement,
    Posting,
)

pytestmark = pytest.mark.django_db


def test_one_posting_moves_value_in_two_books() -> None:
    (party,) = parties(1)
    result = post(ride("r1", party, 1200, 6))
    assert (result.transfers, result.replayed, result.entries) == (1, 0, 2)
    assert queries.balances([grams(party), points(party), avoided(), PROGRAMME]) == {
        grams(party): 1200,
        points(party): 6,
        avoided(): -1200,
        PROGRAMME: -6,
    }
    found = queries.transfer(result.posted[0].number)
    assert (found.key, found.kind, found.recorded_at) == ("r1", "settlement", AT)
    assert [entry.amount for entry in found.entries] == [1200, 6]
    assert queries.prove() == []


def test_the_same_posting_again_is_answered_with_the_first() -> None:
    (party,) = parties(1)
    first = post(ride("r1", party, 1200, 6))
    books = held()
    again = post(ride("r1", party, 1200, 6), at=AT + HOUR)
    assert (again.transfers, again.replayed, again.entries) == (0, 1, 0)
    assert again.posted[0].number == first.posted[0].number
    assert again.posted[0].recorded_at == AT
    assert again.posted[0].replayed
    assert held() == books


def test_the_order_of_movements_is_not_content() -> None:
    (party,) = parties(1)
    posting = ride("r1", party, 1200, 6)
    post(posting)
    assert post(replace(posting, movements=posting.movements[::-1])).replayed == 1


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "correction"},
        {"memo": "另一次骑行"},
        {"happened_at": AT - HOUR},
        {"movements": (Movement(PROGRAMME, points(1), 7),)},
        {"movements": (Movement(PROGRAMME, points(1), 3), Movement(PROGRAMME, points(1), 3))},
        {"movements": (Movement(PROGRAMME, points(1, 2029), 6),)},
    ],
    ids=["kind", "memo", "happened_at", "amount", "lines", "account"],
)
def test_a_key_with_other_content_is_refused(change: dict[str, object]) -> None:
    (party,) = parties(1)
    first = earn("k", party, 6)
    post(first)
    if "movements" in change:
        moved: tuple[Movement, ...] = change["movements"]  # type: ignore[assignment]
        change["movements"] = tuple(replace(m, credit=replace(m.credit, party_id=party)) for m in moved)
    books = held()
    with pytest.raises(IdempotencyConflict) as refused:
        post(replace(first, **change))  # type: ignore[arg-type]
    assert refused.value.where == "k"
    assert held() == books
    assert counted() == (1, 1)


def test_one_key_twice_in_a_call() -> None:
    (party,) = parties(1)
    assert post(earn("k", party, 6), earn("k", party, 6)).transfers == 1
    with pytest.raises(BadPosting, match="同一个键"):
        post(earn("m", party, 6), earn("m", party, 7))
    assert held()[("points", party, "expires:2028")] == 6


def test_a_floor_holds() -> None:
    (party,) = parties(1)
    post(earn("e", party, 10))
    post(spend("s1", party, 10))
    with pytest.raises(Insufficient) as refused:
        post(spend("s2", party, 1))
    assert refused.value.detail["balance"] == 0
    assert refused.value.detail["code"] == "expires:2028"
    assert "party_id" not in refused.value.detail
    assert queries.balance(points(party)) == 0


def test_a_floor_holds_on_an_account_that_nobody_opened() -> None:
    (party,) = parties(1)
    with pytest.raises(Insufficient):
        post(spend("s", party, 1))
    assert counted() == (0, 0)


def test_a_ceiling_holds_and_there_is_no_floor_below_it() -> None:
    (party,) = parties(1)
    post(Posting("debt", "correction", AT, (Movement(owed(party), PROGRAMME, 70),)))
    post(Posting("paid", "correction", AT, (Movement(PROGRAMME, owed(party), 70),)))
    with pytest.raises(Insufficient, match="不得高于 0"):
        post(Posting("too much", "correction", AT, (Movement(PROGRAMME, owed(party), 1),)))


def test_limits_count_what_one_call_does_together() -> None:
    one, two = parties(2)
    post(earn("e", one, 5))
    post(pay("a", one, two, 5), pay("b", two, one, 5))
    assert (queries.balance(points(one)), queries.balance(points(two))) == (5, 0)


def test_all_or_none() -> None:
    one, two = parties(2)
    with pytest.raises(Insufficient):
        post(earn("a", one, 5), spend("b", two, 1))
    assert held() == {}
    assert counted() == (0, 0)


def test_a_refusal_leaves_the_callers_transaction_usable() -> None:
    (party,) = parties(1)
    with transaction.atomic():
        post(earn("e", party, 5))
        with pytest.raises(Insufficient):
            post(spend("s", party, 6))
        post(spend("t", party, 4))
    assert queries.balance(points(party)) == 1


def test_an_unknown_party_is_refused() -> None:
    (party,) = parties(1)
    with pytest.raises(BadPosting, match="当事人不存在"):
        post(earn("e", party + 1, 5))
    assert counted() == (0, 0)


def test_an_unknown_code_is_refused_with_the_place_to_add_it() -> None:
    (party,) = parties(1)
    with pytest.raises(BadPosting) as refused:
        post(Posting("k", "x", AT, (Movement(PROGRAMME, AccountRef(Book.POINTS, party, "gold"), 1),)))
    assert "rules.py" in refused.value.fix


def test_nothing_to_post() -> None:
    assert post() == post()
    assert post().transfers == 0


def test_many_postings_in_one_call() -> None:
    people = parties(40)
    postings = [ride(f"k{n:03}", party, 100 + n, n + 1) for n, party in enumerate(people)]
    result = post(*postings)
    assert (result.transfers, result.entries, len(result.posted)) == (40, 80, 40)
    assert queries.transfer(result.posted[7].number).key == "k007"
    again = post(*postings, at=AT + HOUR)
    assert (again.transfers, again.replayed, again.entries) == (0, 40, 0)
    assert [p.number for p in again.posted] == [p.number for p in result.posted]
    assert all(p.replayed for p in again.posted)
    assert queries.balance(grams(people[9])) == 109
    assert queries.prove() == []


GOOD = Movement(PROGRAMME, AccountRef(Book.POINTS, 1, "expires:2028"), 1)


@pytest.mark.parametrize(
    ("posting", "words"),
    [
        (Posting("", "x", AT, (GOOD,)), "键须为"),
        (Posting("k" * 201, "x", AT, (GOOD,)), "键须为"),
        (Posting("k\x00", "x", AT, (GOOD,)), "零字符"),
        (Posting("k", "X Y", AT, (GOOD,)), "类型"),
        (Posting("k", "x", AT, ()), "没有分录"),
        (Posting("k", "x", AT.replace(tzinfo=None), (GOOD,)), "没有时区"),
        (Posting("k", "x", AT + timedelta(seconds=1), (GOOD,)), "晚于记账时间"),
        (Posting("k", "x", AT, (replace(GOOD, amount=0),)), "金额"),
        (Posting("k", "x", AT, (replace(GOOD, amount=-1),)), "金额"),
        (Posting("k", "x", AT, (replace(GOOD, amount=10**15 + 1),)), "金额"),
        (Posting("k", "x", AT, (replace(GOOD, amount=True),)), "金额"),
        (Posting("k", "x", AT, (replace(GOOD, amount=1.0),)), "金额"),  # type: ignore[arg-type]
        (Posting("k", "x", AT, (replace(GOOD, credit=grams(1)),)), "不能跨账簿"),
        (Posting("k", "x", AT, (replace(GOOD, credit=PROGRAMME),)), "同一个账户"),
        (Posting("k", "x", AT, (replace(GOOD, credit=points(0)),)), "正整数"),
        (Posting("k", "x", AT, (replace(GOOD, credit=points(-3)),)), "正整数"),
    ],
)
def test_what_needs_no_look_at_the_books_is_refused_before(posting: Posting, words: str) -> None:
    with pytest.raises(BadPosting, match=words):
        post(posting)
