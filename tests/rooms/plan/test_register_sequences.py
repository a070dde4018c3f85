"""Whatever is filed, reviewed, corrected, withdrawn and struck out in whatever order: the figure is the count."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.plan.filing import NOW, SYSTEM, figure, open_county, restaurant, training

from tanhui.kernel.errors import Conflict, TanhuiError
from tanhui.plan import services
from tanhui.plan.models import Record

pytestmark = pytest.mark.django_db

CHOICES = ("干部", "教师", "学生")
names = st.sampled_from(["甲", "乙", "丙"])
acts = st.lists(
    st.tuples(
        st.sampled_from(["file", "file", "file", "approve", "approve", "return", "correct", "void", "withdraw"]),
        st.integers(0, 30),
        names,
        st.integers(0, 9),
        st.sampled_from(CHOICES),
        st.booleans(),
    ),
    max_size=14,
)


class Undone(Exception):
    """Ends a transaction without keeping it."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens within is taken back: every example begins in the same county."""
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


@pytest.fixture
def county(db: None) -> None:
    open_county()


def play(register: str, steps: list[tuple[str, int, str, int, str, bool]]) -> None:
    """Do every step that can be done; what is refused must leave everything as it was."""
    for act, which, name, number, choice, flag in steps:
        numbers = list(Record.objects.order_by("id").values_list("number", flat=True))
        target = numbers[which % len(numbers)] if numbers else "rec_none"
        row = (
            restaurant(name, seats=number + 1)
            if register == "restaurants"
            else training(
                f"2026-0{number % 9 + 1}-01", topic=name, people=number, audience=choice, passed=flag,
                green=str(Decimal(number) / 8), whole="3",
            )
        )  # fmt: skip
        facts: dict[str, Any] = {"department": "education", "at": NOW, "by": SYSTEM}
        before, refused = content(), False
        try:
            if act == "file":
                services.file(register=register, rows=[row], **facts)
            elif act in ("approve", "return"):
                services.review(numbers=[target], approve=act == "approve", note="示例", at=NOW, by=SYSTEM)
            elif act == "withdraw":
                services.file(withdraw=target, **facts)
            else:
                services.file(corrects=target, rows=[row], void=act == "void", **facts)
        except TanhuiError:
            refused = True
        assert not refused or content() == before
        keep_what_was_filed(before)


def content() -> dict[str, tuple[Any, ...]]:
    """Everything about records, by number: first what never changes, then the state."""
    rows = Record.objects.values_list(
        "number", "values", "happened_on", "department", "corrects", "void", "note", "state", "live_key"
    )
    return {row[0]: (row[1:7], row[7], None if row[8] is None else bytes(row[8])) for row in rows}


def keep_what_was_filed(before: dict[str, tuple[Any, ...]]) -> None:
    now = content()
    assert {number: now[number][0] for number in before} == {number: before[number][0] for number in before}


def standing() -> list[dict[str, Any]]:
    """Rows that count, found without the room's own counting."""
    struck = {
        row.corrects_id for row in Record.objects.all() if row.corrects_id is not None and row.state == "approved"
    }
    return [
        {"id": row.pk, "day": row.happened_on, **row.values}
        for row in Record.objects.order_by("id")
        if row.reviewed_at is not None and row.state != "returned" and not row.void and row.pk not in struck
    ]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=acts)
def test_keys_stay_unique_and_every_figure_is_the_count_of_restaurants(county: None, steps: list[Any]) -> None:
    with undone():
        play("restaurants", steps)
        rows = standing()
        assert (figure("i-restaurants") or (0, 0)) == (len(rows), len(rows))
        keys = [(row["restaurant"], row["township"]) for row in rows]
        assert len(keys) == len(set(keys))
        assert Record.objects.filter(state="approved", void=False).count() == len(rows)
        for name in ("甲", "乙", "丙"):
            taken = Record.objects.filter(
                values__restaurant=name, state__in=["filed", "approved"], live_key__isnull=False
            ).count()
            try:
                with transaction.atomic():
                    services.file(
                        register="restaurants", rows=[restaurant(name)], department="education", at=NOW, by=SYSTEM
                    )
                assert taken == 0
            except Conflict:
                assert taken == 1


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=acts)
def test_every_way_of_counting_agrees_with_python(county: None, steps: list[Any]) -> None:
    with undone():
        play("trainings", steps)
        rows = standing()
        passed = [row for row in rows if row["passed"]]
        expected: dict[str, Fraction | int] = {
            "i-people": sum(row["people"] for row in passed),
            "i-each": min(sum(row["audience"] == choice for row in rows) for choice in CHOICES),
            "i-each-sum": min(sum(row["people"] for row in rows if row["audience"] == each) for each in CHOICES),
            "i-topics": len({row["topic"] for row in rows}),
            "i-share": share(rows),
            "i-share-latest": share(latest_of_each(rows)),
            "i-latest": 10_000 * Fraction(latest(rows)["green"]) if rows else 0,
            "i-latest-per": sum(Fraction(row["green"]) for row in latest_of_each(rows)),
            "i-yearly": len(rows),
            "i-quarterly": sum(row["people"] for row in rows if quarter(row) == quarter(latest(rows))),
        }
        for code, value in expected.items():
            counted = figure(code)
            assert Fraction((counted or (0, 0))[0]) == Fraction(Fraction(value) * 10**6 // 1, 10**6), code


def latest(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return max(rows, key=lambda row: (row["day"], row["id"]))


def latest_of_each(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [latest([row for row in rows if row["topic"] == topic]) for topic in {row["topic"] for row in rows}]


def share(rows: list[dict[str, Any]]) -> Fraction | int:
    whole = sum(Fraction(row["whole"]) for row in rows)
    return 100 * sum(Fraction(row["green"]) for row in rows) / whole if whole else 0


def quarter(row: dict[str, Any]) -> tuple[int, int]:
    return row["day"].year, (row["day"].month - 1) // 3


def test_the_house_counts_in_the_same_transaction(county: None) -> None:
    """A figure that could not be stored takes the decision back with it."""
    (number,) = services.file(register="restaurants", rows=[restaurant()], department="education", at=NOW, by=SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE plan_figure ADD CONSTRAINT plan_figure_none CHECK (value < 0) NOT VALID")
    with pytest.raises(DatabaseError, match="plan_figure_none"), transaction.atomic():
        services.review(numbers=[number], approve=True, at=NOW, by=SYSTEM)
    assert Record.objects.get(number=number).state == "filed"
