"""The books against a dictionary: any sequence of postings, batches, repetitions and reversals ends the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.ledger.books import AT, PROGRAMME, REDEEMED, avoided, grams, held, owed, parties, points, post_staged

from tanhui.ledger import queries, services
from tanhui.ledger.rules import account_rule, holder_of
from tanhui.ledger.types import (
    AccountRef,
    AlreadyReversed,
    IdempotencyConflict,
    Insufficient,
    Movement,
    Posting,
)

PEOPLE = 3


@dataclass
class Model:
    """What the books should be, in fifty lines of Python."""

    balances: dict[AccountRef, int] = field(default_factory=dict)
    posted: dict[str, Posting] = field(default_factory=dict)
    reversed_by: dict[str, str] = field(default_factory=dict)

    def post(self, postings: list[Posting]) -> None:
        fresh: dict[str, Posting] = {}
        for posting in postings:
            known = self.posted.get(posting.key) or fresh.get(posting.key)
            if known is not None and _content(known) != _content(posting):
                raise IdempotencyConflict("")
            if known is None:
                fresh[posting.key] = posting
        self._move([movement for posting in fresh.values() for movement in posting.movements])
        self.posted |= fresh

    def reverse(self, key: str, by: str) -> None:
        if key in self.reversed_by or key in self.reversed_by.values():
            raise AlreadyReversed("")
        first = self.posted[key]
        moved = tuple(Movement(m.credit, m.debit, m.amount) for m in first.movements)
        self._move(list(moved))
        self.posted[by] = Posting(by, "reversal", AT, moved, first.memo)
        self.reversed_by[key] = by

    def _move(self, movements: list[Movement]) -> None:
        after = dict(self.balances)
        for movement in movements:
            after[movement.debit] = after.get(movement.debit, 0) - movement.amount
            after[movement.credit] = after.get(movement.credit, 0) + movement.amount
        for ref in after:
            rule = account_rule(ref.book, holder_of(ref), ref.code)
            if rule.min_balance is not None and after[ref] < rule.min_balance:
                raise Insufficient("")
            if rule.max_balance is not None and after[ref] > rule.max_balance:
                raise Insufficient("")
        self.balances = after


def _content(posting: Posting) -> tuple[object, ...]:
    return (posting.kind, posting.happened_at, posting.memo, sorted(map(repr, posting.movements)))


def _refs(person: int) -> list[tuple[AccountRef, AccountRef]]:
    other = person % PEOPLE + 1
    return [
        (PROGRAMME, points(person)),
        (points(person), REDEEMED),
        (points(person), points(other)),
        (owed(person), points(person)),
        (points(person), owed(person)),
        (avoided(), grams(person)),
        (grams(person), avoided("electric-bus")),
    ]


movements = st.builds(
    lambda person, which, amount: Movement(*_refs(person)[which], amount),
    st.integers(1, PEOPLE),
    st.integers(0, 6),
    st.integers(1, 9),
)
postings = st.builds(
    lambda key, moved, memo: Posting(f"k{key}", "test", AT, tuple(moved), memo),
    st.integers(1, 9),
    st.lists(movements, min_size=1, max_size=3),
    st.sampled_from(["", "骑行"]),
)
batches = st.lists(postings, min_size=1, max_size=4, unique_by=lambda posting: posting.key)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("post"), batches),
        st.tuples(st.just("staged"), batches),
        st.tuples(st.just("large"), batches),
        st.tuples(st.just("again"), st.integers(0, 20)),
        st.tuples(st.just("reverse"), st.integers(0, 20)),
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_books_are_the_model(sequence: list[tuple[str, object]]) -> None:
    with transaction.atomic():
        people = parties(PEOPLE)
        model = Model()
        for place, (kind, value) in enumerate(sequence):
            expected_refusal, refusal = _step(model, people, kind, value, place)
            if kind in ("staged", "large"):  # with two reasons to refuse a batch, either may be named
                assert (expected_refusal is None) == (refusal is None), (kind, value)
            else:
                assert expected_refusal is refusal, (kind, value)
            expected = {
                (ref.book.value, _real(ref, people).party_id, ref.code): amount
                for ref, amount in model.balances.items()
                if amount
            }
            assert held() == expected
        assert queries.prove() == []
        for person in range(1, PEOPLE + 1):
            _statement_adds_up(people[person - 1])
        transaction.set_rollback(True)


def _step(
    model: Model, people: list[int], kind: str, value: object, place: int
) -> tuple[type[Exception] | None, type[Exception] | None]:
    keys = list(model.posted)
    if kind in ("again", "reverse") and not keys:
        return None, None
    if kind == "reverse":
        assert isinstance(value, int)
        key = keys[value % len(keys)]
        found = queries.transfer_by_key(key)
        assert found is not None
        number, by = found.number, f"undo{place}"
        return (
            _outcome(lambda: model.reverse(key, by)),
            _outcome(lambda: services.reverse(number=number, key=by, reason="错", at=AT)),
        )
    if kind == "again":
        assert isinstance(value, int)
        chosen = [posting for posting in model.posted.values() if posting.kind != "reversal"]
        batch = [chosen[value % len(chosen)]] if chosen else []
    else:
        assert isinstance(value, list)
        batch = [*value, *_filling(place)] if kind == "large" else value
    real = [_real_posting(posting, people) for posting in batch]
    if kind in ("staged", "large"):
        return _outcome(lambda: model.post(batch)), _outcome(lambda: post_staged(*real))
    return _outcome(lambda: model.post(batch)), _outcome(lambda: services.post(postings=real, at=AT))


def _filling(place: int) -> list[Posting]:
    """So many entries that the database takes its way for batches."""
    moved = (Movement(PROGRAMME, points(1), 1), Movement(avoided(), grams(2), 1))
    return [Posting(f"filling{place}-{n}", "test", AT, moved) for n in range(33)]


def _outcome(act: object) -> type[Exception] | None:
    assert callable(act)
    try:
        with transaction.atomic():
            act()
    except (IdempotencyConflict, Insufficient, AlreadyReversed) as error:
        return type(error)
    return None


def _real(ref: AccountRef, people: list[int]) -> AccountRef:
    return AccountRef(ref.book, ref.party_id and people[ref.party_id - 1], ref.code)


def _real_posting(posting: Posting, people: list[int]) -> Posting:
    moved = tuple(Movement(_real(m.debit, people), _real(m.credit, people), m.amount) for m in posting.movements)
    return Posting(posting.key, posting.kind, posting.happened_at, moved, posting.memo)


def _statement_adds_up(party: int) -> None:
    for account in queries.balances_of(party):
        lines = queries.statement(party, account.account.book, limit=500).lines
        assert sum(line.change for line in lines if line.account == account.account) == account.balance
