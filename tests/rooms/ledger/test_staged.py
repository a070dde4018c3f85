"""The staging table: batches behave like single postings, and leave nothing half."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.db import connection
from tests.rooms.ledger.books import (
    AT,
    HOUR,
    PROGRAMME,
    avoided,
    counted,
    earn,
    grams,
    held,
    parties,
    pay,
    points,
    post,
    post_staged,
    ride,
    spend,
)

from tanhui.ledger import queries, services
from tanhui.ledger.types import BadPosting, IdempotencyConflict, Insufficient, Movement, Posting, Staged

pytestmark = pytest.mark.django_db

SIZES = pytest.mark.parametrize("size", [3, 90], ids=["few", "many"])
"""The trigger takes another way above 64 entries; both must do the same."""


def staged_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_staging")
        return int(cursor.fetchone()[0])


@SIZES
def test_a_batch_opens_accounts_and_posts(size: int) -> None:
    people = parties(size)
    result = post_staged(*[ride(f"k{n}", party, 100, n + 1) for n, party in enumerate(people)])
    assert (result.transfers, result.replayed, result.entries) == (size, 0, 2 * size)
    assert queries.balance(avoided()) == -100 * size
    assert queries.balance(points(people[-1])) == size
    assert staged_rows() == 0
    assert queries.prove() == []


@SIZES
def test_a_batch_on_accounts_of_which_some_are_open(size: int) -> None:
    people = parties(size)
    post(*[earn(f"e{n}", party, 7) for n, party in enumerate(people[: size // 2])])
    post_staged(*[spend(f"s{n}", party, 3) for n, party in enumerate(people[: size // 2])])
    post_staged(*[earn(f"f{n}", party, 2) for n, party in enumerate(people)])
    assert queries.balance(points(people[0])) == 6
    assert queries.balance(points(people[-1])) == 2
    assert queries.prove() == []


@SIZES
def test_a_batch_again_changes_nothing_and_a_part_of_it_is_completed(size: int) -> None:
    people = parties(size)
    postings = [ride(f"k{n}", party, 100, 5) for n, party in enumerate(people)]
    post_staged(*postings[1:])
    result = post_staged(*postings, at=AT + HOUR)
    assert (result.transfers, result.replayed, result.entries) == (1, size - 1, 2)
    books = held()
    result = post_staged(*postings)
    assert (result.transfers, result.replayed, result.entries) == (0, size, 0)
    assert held() == books
    assert queries.prove() == []


@SIZES
@pytest.mark.parametrize("change", ["amount", "kind", "memo", "happened_at", "lines", "fewer lines"])
def test_a_key_with_other_content_refuses_the_batch(size: int, change: str) -> None:
    people = parties(size)
    postings = [ride(f"k{n}", party, 100, 5) for n, party in enumerate(people)]
    post_staged(*postings[1:])
    before = (held(), counted())
    first, moved = postings[1], postings[1].movements
    other = {
        "amount": replace(first, movements=(replace(moved[0], amount=101), moved[1])),
        "kind": replace(first, kind="correction"),
        "memo": replace(first, memo="另一次"),
        "happened_at": replace(first, happened_at=AT - HOUR),
        "lines": replace(first, movements=(*moved, moved[1])),
        "fewer lines": replace(first, movements=moved[:1]),
    }[change]
    with pytest.raises(IdempotencyConflict) as refused:
        post_staged(postings[0], other, *postings[2:])
    assert refused.value.where == "k1"
    assert (held(), counted()) == before


def test_one_key_with_two_kinds_in_a_batch_is_refused() -> None:
    (party,) = parties(1)
    with pytest.raises(IdempotencyConflict):
        post_staged(earn("k", party, 5), replace(earn("k", party, 5), kind="gift"))
    assert counted() == (0, 0)


def test_rows_of_a_transfer_may_differ_in_time_and_memo() -> None:
    (party,) = parties(1)
    post_staged(
        Posting("k", "settlement", AT - HOUR, (Movement(avoided(), grams(party), 90),), "骑行"),
        Posting("k", "settlement", AT, (Movement(PROGRAMME, points(party), 9),), "行为积分"),
    )
    found = queries.transfer_by_key("k")
    assert found is not None
    assert sorted((entry.happened_at, entry.memo) for entry in found.entries) == [(AT - HOUR, "骑行"), (AT, "行为积分")]


@SIZES
def test_a_limit_refuses_the_batch_and_names_the_account(size: int) -> None:
    people = parties(size)
    post_staged(*[earn(f"e{n}", party, 5) for n, party in enumerate(people)])
    before = (held(), counted())
    with pytest.raises(Insufficient) as refused:
        post_staged(*[spend(f"s{n}", party, 6 if n == size - 1 else 5) for n, party in enumerate(people)])
    assert refused.value.detail["balance"] == 5
    assert refused.value.detail["change"] == -6
    assert (held(), counted()) == before


@SIZES
def test_a_limit_refuses_an_account_that_is_not_open_yet(size: int) -> None:
    people = parties(size)
    with pytest.raises(Insufficient):
        post_staged(
            *[earn(f"e{n}", party, 5) for n, party in enumerate(people[1:])],
            spend("s", people[0], 1),
        )
    assert counted() == (0, 0)


@SIZES
def test_an_unknown_party_refuses_the_batch(size: int) -> None:
    people = parties(size)
    with pytest.raises(BadPosting, match="当事人不存在"):
        post_staged(*[earn(f"e{n}", party, 5) for n, party in enumerate(people)], earn("x", people[-1] + 1, 5))
    assert counted() == (0, 0)


@SIZES
def test_value_may_go_in_a_circle_within_a_batch(size: int) -> None:
    people = parties(size)
    ring = [pay(f"p{n}", party, people[(n + 1) % size], 4) for n, party in enumerate(people)]
    post_staged(*ring)
    assert held() == {}
    assert counted() == (size, size)
    assert queries.prove() == []


@SIZES
def test_what_is_wrong_with_a_row_is_said(size: int) -> None:
    people = parties(size)
    good = [earn(f"e{n}", party, 5) for n, party in enumerate(people)]
    wrong = {
        "金额": Movement(PROGRAMME, points(people[0]), -5),
        "两个账户": Movement(PROGRAMME, PROGRAMME, 5),
        "没有用户账户代码": Movement(PROGRAMME, replace(points(people[0]), code="gold"), 5),
    }
    for words, movement in wrong.items():
        with pytest.raises(BadPosting, match=words):
            post_staged(*good, Posting("x", "x", AT, (movement,)))
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE ledger_staging")
    with pytest.raises(BadPosting, match="晚于"):
        post_staged(*good, replace(good[0], key="late", happened_at=AT + HOUR))
    assert counted() == (0, 0)


def test_an_empty_batch() -> None:
    result = services.post(postings=Staged(), at=AT)
    assert (result.transfers, result.replayed, result.entries) == (0, 0, 0)


def test_a_batch_walks_accounts_in_the_order_of_their_numbers() -> None:
    """Deadlocks are impossible only while every plan does so: look at the plan of the function's own statement."""
    people = parties(300)
    post_staged(*[earn(f"e{n}", party, 5) for n, party in enumerate(people)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_account")
        cursor.execute("SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'ledger_change_many'")
        source, settings = cursor.fetchone()
        for setting in settings:
            cursor.execute("SELECT set_config(%s, %s, true)", setting.split("="))
        found = re.search(r"\$q\$(.*?)\$q\$", source, re.DOTALL)
        assert found is not None
        update = re.sub(r"\$[123]", "%s::bigint[]", found[1]).replace("$4", "%s")
        cursor.execute("SELECT array_agg(account_id ORDER BY account_id), array_agg(1) FROM ledger_account")
        accounts, ones = cursor.fetchone()
        for count in (len(accounts), 70):
            cursor.execute("EXPLAIN " + update, [accounts[:count], ones[:count], ones[:count], 16])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Merge Join" in plan or "Nested Loop" in plan, plan
            assert "Hash" not in plan, plan
            assert "Seq Scan" not in plan, plan
