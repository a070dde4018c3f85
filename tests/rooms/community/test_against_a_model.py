"""The room against a few dictionaries: any sequence of its verbs ends the same, and repeating it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rooms.community.village import (
    AT,
    HOUR,
    MINUTE,
    agree,
    assert_sound,
    behaviors,
    book,
    card,
    clerk,
    come,
    everything,
    occasion,
    resident,
)

from tanhui.community import queries, services
from tanhui.community.models import Booking, CheckIn
from tanhui.community.types import CardSheet, Measured
from tanhui.kernel.errors import TanhuiError
from tanhui.parties.types import Actor

CAPACITY = (1, 2)
SERIALS = 3
GRAMS = (500, 3_500, 200_000)


@dataclass
class Came:
    """A check-in as the model has it."""

    where: int
    person: int
    hand: int
    grams: int
    state: str
    corrects: Came | None = None
    word: tuple[int, bool] | None = None
    number: str = ""


@dataclass
class Model:
    """What should come of it: for each occasion who holds a place and who waits, and all check-ins."""

    held: list[list[int]] = field(default_factory=lambda: [[], []])
    waits: list[list[int]] = field(default_factory=lambda: [[], []])
    attended: list[set[int]] = field(default_factory=lambda: [set(), set()])
    used: set[tuple[int, int]] = field(default_factory=set)
    came: list[Came] = field(default_factory=list)

    def book(self, where: int, person: int) -> str:
        if person in self.held[where] or person in self.waits[where]:
            return "already_booked"
        if len(self.held[where]) < CAPACITY[where]:
            self.held[where].append(person)
            return "booked"
        self.waits[where].append(person)
        return "waiting"

    def release(self, where: int, person: int) -> str:
        if person in self.attended[where]:
            return "not_bookable"
        if person in self.waits[where]:
            self.waits[where].remove(person)
        else:
            self.held[where].remove(person)
            if self.waits[where]:
                self.held[where].append(self.waits[where].pop(0))
        return "released"

    def counts(self, one: Came) -> str:
        if one.corrects is not None:
            if one.corrects.state not in ("pending", "counted"):
                return "conflict"
            one.corrects.state = "corrected"
        one.state = "counted"
        if one.person in self.held[one.where]:
            self.attended[one.where].add(one.person)
        return "counted"

    def scan(self, one: Came, serial: int) -> str:
        if one.grams > 100_000:
            return "implausible_quantity"
        if (one.person, serial) in self.used:
            return "card_refused"
        self.used.add((one.person, serial))
        self.came.append(one)
        return self.counts(one)

    def write_down(self, one: Came) -> str:
        first = one.corrects
        if first is not None:
            if first.state not in ("pending", "counted"):
                return "conflict"
            if any(each.corrects is first and each.state != "refused" for each in self.came):
                return "conflict"
        if one.grams > 100_000:
            return "implausible_quantity"
        self.came.append(one)
        return "pending"

    def agree(self, one: Came, hand: int, right: bool) -> str:
        if hand == one.hand:
            return "second_person_needed"
        wanted = "counted" if right else "refused"
        if one.state != "pending":
            return wanted if one.word == (hand, right) and one.state == wanted else "conflict"
        if right and self.counts(one) == "conflict":
            return "conflict"
        one.state, one.word = wanted, (hand, right)
        return wanted


def told(act: Callable[[], Any]) -> Any:
    """What a verb answers, or the code of its refusal."""
    try:
        return act()
    except TanhuiError as error:
        return error.code


@dataclass
class Run:
    """One sequence, carried out on the room and on the model."""

    wheres: list[str]
    people: list[int]
    hands: list[Actor]
    sheets: list[CardSheet]
    model: Model = field(default_factory=Model)
    now: datetime = AT - HOUR
    bookings: dict[tuple[int, int], str] = field(default_factory=dict)
    again: list[tuple[Callable[[], Any], str]] = field(default_factory=list)

    def step(self, place: int, kind: str, one: int, other: int) -> None:
        where, person, hand = one % 2, other % 3, one % 3
        grams = GRAMS[other % 3]
        if kind == "book":
            self.book(place, where, person)
        elif kind == "release" and self.bookings.get((where, person)):
            self.release(where, person)
        elif kind == "scan":
            self.come(place, Came(where, person, hand, grams, "counted"), serial=one % SERIALS)
        elif kind == "write":
            self.come(place, Came(where, person, hand, grams, "pending"))
        elif kind == "correct" and self.model.came:
            first = self.model.came[one % len(self.model.came)]
            self.come(place, Came(first.where, first.person, hand, grams, "pending", first))
        elif kind == "agree" and self.model.came:
            self.agree(self.model.came[one % len(self.model.came)], other % 3, one % 4 > 0)

    def book(self, place: int, where: int, person: int) -> None:
        def act() -> Any:
            return book(self.people[person], self.wheres[where], f"step-{place}", AT - HOUR)

        got, wanted = told(act), self.model.book(where, person)
        assert (got if isinstance(got, str) else got.state.value) == wanted
        if not isinstance(got, str):
            self.bookings[where, person] = got.number
            self.again.append((act, got.number))

    def release(self, where: int, person: int) -> None:
        number = self.bookings[where, person]

        def act() -> Any:
            return services.release(number=number, party_id=self.people[person], at=AT - MINUTE)

        got, wanted = told(act), self.model.release(where, person)
        assert (got if isinstance(got, str) else got.state.value) == wanted
        if not isinstance(got, str):
            del self.bookings[where, person]
            self.again.append((act, number))

    def come(self, place: int, one: Came, serial: int | None = None) -> None:
        first = one.corrects
        details: dict[str, Any] = {"nonce": f"step-{place:04d}", "measured": (Measured("paper", mass_g=one.grams),)}
        if first is not None:
            details |= {"corrects": first.number, "reason": "测试"}
        elif serial is not None:
            details["card"] = self.sheets[one.person].tokens[serial]
        else:
            details["person"] = self.people[one.person]

        def act() -> Any:
            return come(self.wheres[one.where], self.hands[one.hand], **details)

        got = told(act)
        wanted = self.model.write_down(one) if serial is None else self.model.scan(one, serial)
        assert (got if isinstance(got, str) else got.state.value) == wanted
        if not isinstance(got, str):
            one.number = got.number
            self.again.append((act, got.number))

    def agree(self, one: Came, hand: int, right: bool) -> None:
        def act() -> Any:
            return agree(one.number, self.hands[hand], right, reason="测试")

        got, wanted = told(act), self.model.agree(one, hand, right)
        assert (got if isinstance(got, str) else got.state.value) == wanted

    def compare(self) -> None:
        for where, number in enumerate(self.wheres):
            rows = Booking.objects.filter(occasion__number=number).order_by("id")
            states = {person: state for person, state in rows.values_list("party_id", "state") if state != "released"}
            expected = {self.people[person]: "waiting" for person in self.model.waits[where]}
            expected |= {
                self.people[person]: "attended" if person in self.model.attended[where] else "booked"
                for person in self.model.held[where]
            }
            assert states == expected
            waiting = [each.party_id for each in queries.bookings(number) if each.state.value == "waiting"]
            assert waiting == [self.people[person] for person in self.model.waits[where]]
        stored = dict(CheckIn.objects.values_list("number", "state"))
        assert stored == {each.number: each.state for each in self.model.came}
        counted = {f"{each.number}-1": each.grams for each in self.model.came if each.state == "counted"}
        assert {name: row[1] for name, row in behaviors().items() if row[3]} == counted
        assert_sound()

    def replay(self) -> None:
        """Everything that was answered once gets the same answer and changes nothing."""
        before = everything()
        for act, number in self.again:
            again = act()
            assert (again.number, again.replayed) == (number, True)
        assert everything() == before


kinds = st.sampled_from(["book", "book", "release", "scan", "scan", "write", "write", *["agree"] * 3, "correct"])
steps = st.lists(st.tuples(kinds, st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=25)


@pytest.mark.django_db
@settings(max_examples=30, deadline=timedelta(seconds=60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_room_is_the_model(sequence: list[tuple[str, int, int]]) -> None:
    with transaction.atomic():
        people = [resident() for _ in range(3)]
        run = Run(
            wheres=[occasion(capacity=capacity, ends_at=AT + 3 * HOUR) for capacity in CAPACITY],
            people=people,
            hands=[clerk() for _ in range(3)],
            sheets=[card(person, SERIALS) for person in people],
        )
        for place, (kind, one, other) in enumerate(sequence):
            run.step(place, kind, one, other)
        run.compare()
        run.replay()
        transaction.set_rollback(True)
