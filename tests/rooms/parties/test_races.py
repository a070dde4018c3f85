"""Several at once, on real connections: one binds, one audits, one erases."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from tanhui.parties import queries
from tanhui.parties.models import Binding, BindingEvent, Party
from tanhui.parties.services import bind, consent, erase, record, register
from tanhui.parties.types import (
    Actor,
    AlreadyBound,
    BindReport,
    ConsentMissing,
    LoginId,
    PartyErased,
    Purpose,
    ResidentDetails,
)

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SYSTEM = Actor.system("tests")
ALL = dict.fromkeys(Purpose, "v1")


def test_of_two_who_bind_the_same_id_one_wins(join, in_threads):
    first, second = join(), join()

    def take(party_id):
        return lambda: bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, external_id="card-1", party_id=party_id)

    answers = in_threads(take(first.id), take(second.id))

    assert {type(answer) for answer in answers} == {BindReport, AlreadyBound}
    assert Binding.objects.filter(ended_at=None).count() == 1
    assert BindingEvent.objects.count() == 1


def test_the_same_resident_binding_twice_at_once_is_one_binding(join, in_threads):
    ref = join()

    def take():
        return bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, external_id="card-1", party_id=ref.id)

    answers = in_threads(take, take, take)

    assert sorted(answer.bound for answer in answers) == [0, 0, 1]
    assert Binding.objects.count() == 1


def test_large_sets_in_opposite_order_do_not_deadlock(join, in_threads):
    refs = [join() for _ in range(10)]
    pairs = [(f"card-{n}", refs[n % 10].id) for n in range(300)]

    def take(order):
        return lambda: bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, bindings=order, by=SYSTEM)

    answers = in_threads(take(pairs), take(pairs[::-1]), take(pairs[150:] + pairs[:150]))

    assert sorted(answer.bound for answer in answers) == [0, 0, 300]
    assert queries.verify_audit_trail() == []


def test_eight_writers_make_one_chain(in_threads):
    def write(writer):
        def run():
            for n in range(25):
                with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                    record(actor=f"staff:{writer}", action="tests.act", target=f"{n}", detail={}, at=AT)
                    if n % 5 == 4:  # a verb that fails after its entry leaves no entry and no gap
                        raise ZeroDivisionError

        return run

    in_threads(*(write(f"writer-{n}") for n in range(8)))

    assert queries.verify_audit_trail() == []
    assert queries.audit_checkpoint().sequence == 8 * 20
    for n in range(8):
        targets = [entry.target for entry in queries.audit_trail(actor=f"staff:writer-{n}", limit=100)]
        assert targets == [str(one) for one in reversed(range(25)) if one % 5 != 4]


def test_the_first_entries_of_an_empty_trail_may_race(in_threads):
    numbers = in_threads(
        *(lambda n=n: record(actor=SYSTEM, action="tests.act", target=str(n), at=AT) for n in range(8))
    )
    assert sorted(numbers) == list(range(1, 9))
    assert queries.verify_audit_trail() == []


def test_erasing_while_binding_never_leaves_an_active_binding(join, in_threads):
    for attempt in range(6):
        ref = join()

        def take(ref=ref, attempt=attempt):
            return bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, external_id=f"c-{attempt}", party_id=ref.id)

        def leave(ref=ref):
            return erase(party_id=ref.id, at=AT + timedelta(seconds=1))

        bound, erased = in_threads(take, leave)

        assert erased is None
        assert isinstance(bound, BindReport | PartyErased)
        assert queries.bindings_of(ref.id) == []
        assert not Binding.objects.filter(party_id=ref.id, subject_key__isnull=False).exists()


def test_withdrawing_while_binding_never_leaves_an_active_binding(join, in_threads):
    for attempt in range(6):
        ref = join()

        def take(ref=ref, attempt=attempt):
            return bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, external_id=f"c-{attempt}", party_id=ref.id)

        def withdraw(ref=ref):
            return consent(party_id=ref.id, purpose=Purpose.TRIPS, text_version="v1", given=False, at=AT)

        bound, withdrawn = in_threads(take, withdraw)

        assert withdrawn.given is False
        assert isinstance(bound, BindReport | ConsentMissing)
        assert queries.bindings_of(ref.id) == []


def test_one_person_signing_in_twice_at_once_joins_once(in_threads):
    def join():
        return register(details=ResidentDetails(login=LoginId("wechat", "o-1"), consents=ALL), at=AT)

    refs = in_threads(join, join, join, join)

    assert len({ref.id for ref in refs}) == 1
    assert Party.objects.count() == 1


def test_news_appears_in_order_of_commit_so_a_cursor_misses_nothing(join, in_threads):
    """A reader that polls while eight residents bind sees every piece of news exactly once."""
    refs = [join() for _ in range(8)]
    seen: list[int] = []

    def take(ref):
        def run():
            for n in range(10):
                bind(
                    source="demo-bus",
                    purpose=Purpose.TRIPS,
                    at=AT,
                    external_id=f"{ref.id}-{n}",
                    party_id=ref.id,
                )

        return run

    def read():
        for _ in range(200):
            seen.extend(news.id for news in queries.bindings_after(seen[-1] if seen else 0))

    answers = in_threads(read, *(take(ref) for ref in refs))
    assert answers == [None] * 9
    read()

    assert seen == list(BindingEvent.objects.order_by("id").values_list("id", flat=True))
    assert len(seen) == 80
