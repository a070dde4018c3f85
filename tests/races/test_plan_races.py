"""Registers with many real connections at once: one reviewer wins, one key stands once, figures lose no row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest
from tests.rooms.plan.filing import (
    NOW,
    SYSTEM,
    approve,
    figure,
    file,
    filed,
    officer,
    open_county,
    restaurant,
    reviewer,
    training,
)

from tanhui.kernel.errors import Conflict
from tanhui.parties.queries import audit_trail, verify_audit_trail
from tanhui.plan import services
from tanhui.plan.models import Figure, Record
from tanhui.plan.types import AlreadyReviewed

pytestmark = pytest.mark.django_db(transaction=True)

AtOnce = Callable[..., list[Any]]
Connect = Callable[..., psycopg.Connection[Any]]


@pytest.fixture(autouse=True)
def _county(transactional_db: None) -> None:
    open_county()


def kinds(results: list[Any]) -> Counter[str]:
    return Counter(type(result).__name__ if isinstance(result, Exception) else "done" for result in results)


def test_two_reviewers_at_once(in_threads: AtOnce) -> None:
    first, second = reviewer("first"), reviewer("second")
    for round_ in range(5):
        (number,) = file(restaurant(f"餐厅{round_}"), by=SYSTEM)
        results = in_threads(partial(approve, number, by=first), partial(approve, number, by=second))
        assert kinds(results) == {"done": 1, "AlreadyReviewed": 1}
        row = Record.objects.get(number=number)
        assert row.reviewed_by_id in (first.user_id, second.user_id)
        assert figure("i-restaurants") == (round_ + 1, round_ + 1)
    assert len(audit_trail(action="plan.approve")) == 5


def test_one_approves_and_another_returns(in_threads: AtOnce) -> None:
    (number,) = file(restaurant(), by=SYSTEM)
    back = partial(services.review, numbers=[number], approve=False, note="不清", at=NOW, by=reviewer("second"))
    results = in_threads(partial(approve, number, by=reviewer("first")), back)
    assert kinds(results) == {"done": 1, "AlreadyReviewed": 1}
    assert figure("i-restaurants") == ((1, 1) if Record.objects.get().state == "approved" else None)


def test_crossing_reviews_never_wait_in_a_circle(in_threads: AtOnce) -> None:
    numbers = file(*[restaurant(f"餐厅{n}") for n in range(30)])
    results = in_threads(*[partial(approve, *(numbers if n % 2 else numbers[::-1])) for n in range(6)])
    assert kinds(results) == {"done": 1, "AlreadyReviewed": 5}
    assert all(isinstance(result, int | AlreadyReviewed) for result in results)
    assert figure("i-restaurants") == (30, 30)


def test_many_reviewers_of_different_rows_lose_none(in_threads: AtOnce) -> None:
    numbers = file(*[training(topic=f"主题{n}", people=n, passed="是") for n in range(50)], register="trainings")
    by = [reviewer(f"reviewer{n}") for n in range(5)]
    results = in_threads(*[partial(approve, number, by=by[n % 5]) for n, number in enumerate(numbers)])
    assert kinds(results) == {"done": 50}
    assert figure("i-people") == (sum(range(50)), 50)
    assert figure("i-topics") == (50, 50)
    values = list(Figure.objects.filter(indicator__code="i-topics").order_by("id").values_list("value", flat=True))
    assert values == [n + 1 for n in range(50)]
    assert verify_audit_trail() == []


def test_one_key_at_once_stands_once(in_threads: AtOnce) -> None:
    people = [officer(f"officer{n}") for n in range(10)]
    results = in_threads(*[partial(file, restaurant("同一家", seats=n + 1), by=by) for n, by in enumerate(people)])
    assert kinds(results) == {"done": 1, "Conflict": 9}
    assert Record.objects.count() == 1


def test_batches_with_the_same_keys_in_other_orders(in_threads: AtOnce) -> None:
    rows = [restaurant(f"餐厅{n}") for n in range(20)]
    results = in_threads(*[partial(file, *(rows if n % 2 else rows[::-1])) for n in range(6)])
    assert kinds(results) == {"done": 1, "Conflict": 5}
    assert Record.objects.count() == 20


def test_fifty_rows_filed_at_once(in_threads: AtOnce) -> None:
    results = in_threads(*[partial(file, restaurant(f"餐厅{n}")) for n in range(50)])
    assert kinds(results) == {"done": 50}
    assert len({number for (number,) in results}) == 50
    assert approve(*[number for (number,) in results]) == 50
    assert figure("i-restaurants") == (50, 50)


def correct(number: str, name: str) -> list[str]:
    return services.file(corrects=number, rows=[restaurant(name)], department="education", at=NOW, by=SYSTEM)


def test_one_record_is_corrected_once_at_a_time(in_threads: AtOnce) -> None:
    (number,) = filed(restaurant("甲"), register="restaurants")
    results = in_threads(*[partial(correct, number, f"乙{n}") for n in range(6)])
    assert kinds(results) == {"done": 1, "Conflict": 5}
    assert Record.objects.filter(corrects__number=number).count() == 1


def test_correcting_against_reviewing_the_same_record(in_threads: AtOnce) -> None:
    for round_ in range(5):
        (number,) = file(restaurant(f"餐厅{round_}"))
        results = in_threads(partial(approve, number), partial(correct, number, f"改名{round_}"))
        assert results[0] == 1
        assert isinstance(results[1], list | Conflict)
        waiting = Record.objects.filter(corrects__number=number, state="filed").count()
        assert waiting == (1 if isinstance(results[1], list) else 0)
        assert Record.objects.get(number=number).state == "approved"


def test_withdrawing_against_reviewing(in_threads: AtOnce) -> None:
    for round_ in range(5):
        (number,) = file(restaurant(f"餐厅{round_}"))
        withdraw = partial(services.file, withdraw=number, department="education", at=NOW, by=SYSTEM)
        results = in_threads(partial(approve, number), withdraw)
        assert kinds(results) in ({"done": 1, "Conflict": 1}, {"done": 1, "AlreadyReviewed": 1})
        state = Record.objects.get(number=number).state
        assert state == ("approved" if results[0] == 1 else "withdrawn")
    standing = Record.objects.filter(state="approved").count()
    assert (figure("i-restaurants") or (0, 0)) == (standing, standing)


def test_two_corrections_want_the_same_key(in_threads: AtOnce) -> None:
    one, two = filed(restaurant("甲"), restaurant("乙"), register="restaurants")
    (first,), (second,) = correct(one, "丙"), correct(two, "丙")
    results = in_threads(partial(approve, first), partial(approve, second))
    assert kinds(results) == {"done": 1, "Conflict": 1}
    assert figure("i-restaurants") == (2, 2)
    names = [row.values["restaurant"] for row in Record.objects.filter(state="approved")]
    assert len(set(names)) == 2


def test_a_reviewer_waits_for_the_other_and_is_told(open_connection: Connect, in_threads: AtOnce) -> None:
    """While somebody holds the row, a reviewer waits; what was decided meanwhile is what counts."""
    (number,) = file(restaurant())
    other = open_connection(autocommit=False)
    other.execute("SELECT 1 FROM plan_record WHERE number = %s FOR UPDATE", [number])
    other.execute(
        "UPDATE plan_record SET state = 'returned', live_key = NULL, reviewed_at = now(), review_note = 'x'"
        " WHERE number = %s",
        [number],
    )

    def let_go() -> None:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'"
        watcher = open_connection()
        while not watcher.execute(waiting).fetchone()[0]:
            pass
        other.commit()

    results = in_threads(partial(approve, number), let_go)
    assert kinds(results) == {"AlreadyReviewed": 1, "done": 1}
    assert figure("i-restaurants") is None
