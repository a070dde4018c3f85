"""Places, cards and second persons with many real connections at once; and an upload whose process is killed.

`TANHUI_RACE_ROUNDS` says how often each race is run (2 where it is not set).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from tests.rooms.community.village import (
    AT,
    COUNTY_FOLDER,
    DAY,
    HOUR,
    PAPER,
    SYSTEM,
    agree,
    assert_sound,
    behaviors,
    book,
    card,
    clerk,
    come,
    occasion,
    open_county,
    resident,
)

from tanhui.community import queries, services
from tanhui.community.models import Booking, CheckIn
from tanhui.community.types import (
    BookingView,
    CardRevoked,
    CheckInDetails,
    CheckInView,
    Measured,
    OccasionState,
    OccasionStatus,
    UploadResult,
)
from tanhui.project.secrets import NAMES

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = int(os.environ.get("TANHUI_RACE_ROUNDS", "2"))
CLIENTS = 30

AtOnce = Callable[..., list[Any]]
Act = Callable[[], Any]
Race = Callable[[Sequence[Sequence[Act]]], list[list[Any]]]


@pytest.fixture(autouse=True)
def county(settings: Any, transactional_db: None) -> None:
    """The invented county of the room's tests."""
    settings.TANHUI_COUNTY = COUNTY_FOLDER
    open_county()


@pytest.fixture
def race(in_threads: AtOnce) -> Race:
    """Runs rounds one after the other, the acts of a round at once, each client on one connection throughout.

    Gives for each round the values or errors, in order of the acts. An error of the database (a deadlock, a lost
    connection, a constraint that had to catch what the code let through) fails the test.
    """

    def run(rounds: Sequence[Sequence[Act]]) -> list[list[Any]]:
        clients = len(rounds[0])
        start = threading.Barrier(clients)
        results: list[list[Any]] = [[None] * clients for _ in rounds]

        def client(number: int) -> None:
            for acts, came in zip(rounds, results, strict=True):
                start.wait(120)
                try:
                    came[number] = acts[number]()
                except Exception as error:
                    came[number] = error

        for problem in in_threads(*[partial(client, n) for n in range(clients)], timeout=60 + 5 * len(rounds)):
            assert problem is None, problem
        assert [each for came in results for each in came if isinstance(each, DatabaseError)] == []
        return results

    return run


def kinds(came: Sequence[Any]) -> Counter[str]:
    """What came, counted: names of errors, states, or again."""

    def kind(each: Any) -> str:
        if isinstance(each, Exception):
            return type(each).__name__
        if isinstance(each, BookingView | CheckInView):
            return "again" if each.replayed else each.state.value
        return "done"

    return Counter(map(kind, came))


def give_back(view: BookingView) -> BookingView:
    return services.release(number=view.number, party_id=view.party_id, at=AT - HOUR)


def set_state(number: str, state: OccasionState, reason: str = "") -> str:
    return services.arrange(details=OccasionStatus(number, state, reason), at=AT + HOUR, by=SYSTEM)


def test_the_last_place(race: Race) -> None:
    people = [resident() for _ in range(CLIENTS)]
    rounds = [
        [partial(book, person, where) for person in people] for where in (occasion(capacity=1) for _ in range(ROUNDS))
    ]
    for came in race(rounds):
        assert kinds(came) == {"booked": 1, "waiting": CLIENTS - 1}
        assert len({each.number for each in came}) == CLIENTS
    assert_sound()


def test_one_person_with_one_key_and_with_many(race: Race) -> None:
    person = resident()
    wheres = [occasion(capacity=5) for _ in range(2 * ROUNDS)]
    same = [[partial(book, person, where, f"key-{n}")] * 10 for n, where in enumerate(wheres[:ROUNDS])]
    for came in race(same):
        assert kinds(came) == {"booked": 1, "again": 9}
        assert len({each.number for each in came}) == 1
    for came in race([[partial(book, person, where) for _ in range(10)] for where in wheres[ROUNDS:]]):
        assert kinds(came) == {"booked": 1, "AlreadyBooked": 9}
    assert_sound()


def test_a_place_given_back_against_a_newcomer(race: Race) -> None:
    """Who waits comes before who asks only now, whichever of the two is first at the database."""
    rounds: list[list[Act]] = []
    waiting = []
    for _ in range(ROUNDS):
        where = occasion(capacity=1)
        holder, waits = book(resident(), where), book(resident(), where)
        waiting.append(waits)
        rounds.append([partial(give_back, holder), *[partial(book, resident(), where) for _ in range(5)]])
    for came, waits in zip(race(rounds), waiting, strict=True):
        assert kinds(came) == {"released": 1, "waiting": 5}
        assert Booking.objects.get(number=waits.number).state == "booked"
    assert_sound()


def test_holder_and_waiting_give_back_at_once(race: Race) -> None:
    rounds = []
    for _ in range(ROUNDS):
        where = occasion(capacity=2)
        views = [book(resident(), where) for _ in range(6)]
        rounds.append([partial(give_back, view) for view in (views[0], views[2], views[1], views[3])])
    for came in race(rounds):
        assert kinds(came) == {"released": 4}
    assert Counter(Booking.objects.values_list("state", flat=True)) == {"released": 4 * ROUNDS, "booked": 2 * ROUNDS}
    assert_sound()


def test_calling_off_and_closing_while_people_book_and_come(race: Race) -> None:
    rounds: list[list[Act]] = []
    for n in range(ROUNDS):
        where = occasion(capacity=3)
        views = [book(resident(), where) for _ in range(4)]
        end = OccasionState.CLOSED if n % 2 else OccasionState.CANCELLED
        rounds.append(
            [
                partial(set_state, where, end, "测试"),
                partial(give_back, views[0]),
                partial(give_back, views[3]),
                partial(come, where, SYSTEM, views[1].party_id, measured=(PAPER,)),
                *[partial(book, resident(), where) for _ in range(3)],
            ]
        )
    for came in race(rounds):
        assert set(kinds(came[:1])) <= {"done", "Conflict"}
        assert set(kinds(came[1:3])) <= {"released", "NotBookable", "again"}
        assert set(kinds(came[3:4])) <= {"counted", "NotBookable"}
        assert set(kinds(came[4:])) <= {"booked", "waiting", "NotBookable"}
    assert_sound()


def test_one_serial_on_two_phones(race: Race) -> None:
    where, hands = occasion(), [clerk() for _ in range(10)]
    tokens = card(resident(), ROUNDS).tokens
    for came in race(
        [[partial(come, where, hand, card=token, measured=(PAPER,)) for hand in hands] for token in tokens]
    ):
        assert kinds(came) == {"counted": 1, "CardRefused": 9}
    assert len(behaviors()) == ROUNDS
    assert_sound()


def test_one_nonce_sent_many_times(race: Race) -> None:
    where, hand, person = occasion(), clerk(), resident()
    tokens = card(person, ROUNDS).tokens
    rounds = [
        [partial(come, where, hand, card=token, measured=(PAPER,), nonce=f"nonce-of-{n:04d}")] * 8
        for n, token in enumerate(tokens)
    ]
    for came in race(rounds):
        assert kinds(came) == {"counted": 1, "again": 7}
        assert len({each.number for each in came}) == 1
    assert len(behaviors()) == ROUNDS
    assert_sound()


def test_one_nonce_for_two_persons(race: Race) -> None:
    where, hand, one, other = occasion(), clerk(), resident(), resident()
    rounds = [
        [partial(come, where, hand, who, nonce=f"nonce-of-{n:04d}") for who in (one, other)] for n in range(ROUNDS)
    ]
    for came in race(rounds):
        assert kinds(came) == {"pending": 1, "KeyReused": 1}
    assert_sound()


def test_a_card_revoked_while_it_is_scanned(race: Race) -> None:
    where, hand = occasion(), clerk()
    sheets = [card(resident(), 4) for _ in range(ROUNDS)]
    rounds: list[list[Act]] = [
        [
            partial(services.card, details=CardRevoked(sheet.card.number, "丢了"), at=AT, by=hand),
            *[partial(come, where, hand, card=token, measured=(PAPER,)) for token in sheet.tokens],
        ]
        for sheet in sheets
    ]
    for came in race(rounds):
        assert set(kinds(came[1:])) <= {"counted", "CardRefused"}
        assert kinds(came[:1]) == {"done": 1}
    assert_sound()


def test_two_second_persons(race: Race) -> None:
    where, first, seconds = occasion(), clerk(), [clerk() for _ in range(6)]
    rounds = []
    for _ in range(ROUNDS):
        view = come(where, first, resident(), measured=(PAPER,))
        rounds.append(
            [partial(agree, view.number, hand, right=n % 2 == 0, reason="测试") for n, hand in enumerate(seconds)]
        )
    for came in race(rounds):
        found = kinds(came)
        assert found["Conflict"] == 5
        assert found["counted"] + found["refused"] == 1
    assert_sound()


def test_two_corrections_of_one(race: Race) -> None:
    where, hands, other = occasion(), [clerk() for _ in range(4)], clerk()
    rounds, again = [], []
    for _ in range(ROUNDS):
        first = come(where, hands[0], card=card(resident()).tokens[0], measured=(PAPER,))
        change = {"corrects": first.number, "reason": "测试", "measured": (Measured("paper", mass_g=900),)}
        rounds.append([partial(come, where, hand, **change) for hand in hands])
    for came in race(rounds):
        assert kinds(came) == {"pending": 1, "Conflict": 3}
        (pending,) = [each for each in came if isinstance(each, CheckInView)]
        again.append([partial(agree, pending.number, other), partial(agree, pending.number, clerk())])
    for came in race(again):
        assert kinds(came) == {"counted": 1, "Conflict": 1}
    assert_sound()


def test_a_first_word_confirmed_while_its_correction_is(race: Race) -> None:
    """In either order the correction counts in the end, and the first word does not."""
    where, hand, second, third = occasion(), clerk(), clerk(), clerk()
    rounds, numbers = [], []
    for _ in range(ROUNDS):
        first = come(where, hand, resident(), measured=(Measured("paper", mass_g=35_000),))
        right = come(where, hand, corrects=first.number, reason="小数点", measured=(PAPER,))
        numbers.append((first.number, right.number))
        rounds.append([partial(agree, first.number, second), partial(agree, right.number, third)])
    for came in race(rounds):
        assert kinds(came[1:]) == {"counted": 1}
        assert set(kinds(came[:1])) <= {"counted", "Conflict"}
    for pair in numbers:
        states = dict(CheckIn.objects.filter(number__in=pair).values_list("number", "state"))
        assert [states[number] for number in pair] == ["corrected", "counted"]
    assert_sound()


def numbers_of(results: list[UploadResult]) -> list[str]:
    """What was stored, in the order of the entries."""
    return [each.view.number for each in results if each.view]


def test_the_same_upload_from_two_phones(race: Race) -> None:
    where, hand = occasion(), clerk()
    rounds = []
    for n in range(ROUNDS):
        entries = [
            replace(entry, nonce=f"morning-{n}-{place:03d}")
            for place, entry in enumerate(
                CheckInDetails(where, "nonce-00", AT + HOUR, card=token, measured=(PAPER,), offline=True)
                for token in card(resident(), 8).tokens
            )
        ]
        send = partial(services.upload, at=AT + 9 * HOUR, by=hand)
        rounds.append([partial(send, entries=entries), partial(send, entries=entries[::-1])])
    for one, other in race(rounds):
        assert numbers_of(one) == numbers_of(other[::-1])
        assert [each.code for each in (*one, *other)] == [""] * 16
    assert len(behaviors()) == 8 * ROUNDS
    assert_sound()


def test_everything_at_once(race: Race) -> None:
    """Twelve hands do whatever comes to mind at two occasions with few places, few people and few cards."""
    chance = random.Random(4)
    wheres, people = [occasion(capacity=3), occasion(capacity=2)], [resident() for _ in range(6)]
    tokens = [token for person in people[:3] for token in card(person, 24).tokens]
    hands = [clerk() for _ in range(12)]
    booked: list[BookingView] = []
    made: list[CheckInView] = []

    def one(hand: Any, seed: int) -> None:
        own = random.Random(seed)
        where, person, what = own.choice(wheres), own.choice(people), own.randrange(8)
        if what < 2:
            booked.append(book(person, where, at=AT - DAY))
        elif what == 2 and booked:
            give_back(own.choice(booked))
        elif what < 5:
            made.append(come(where, hand, card=own.choice(tokens), measured=(PAPER,)))
        elif what == 5:
            made.append(come(where, hand, person, measured=(PAPER,)))
        elif what == 6 and made:
            agree(own.choice(made).number, hand, right=own.random() < 0.8, reason="测试")
        elif made:
            first = own.choice(made)
            change = {"corrects": first.number, "reason": "测试", "measured": (Measured("paper", mass_g=700),)}
            made.append(come(queries.check_in(first.number).occasion, hand, **change))

    steps = 6 * ROUNDS
    came = race([[partial(one, hand, chance.randrange(10**9)) for hand in hands] for _ in range(steps)])
    expected = {"done", "AlreadyBooked", "NotBookable", "CardRefused", "SecondPersonNeeded", "Conflict"}
    assert set(kinds([each for one in came for each in one])) <= expected
    assert booked
    assert made
    assert_sound()


_UPLOADER = """
import json, sys
import django
from django.conf import settings
django.setup()
settings.TANHUI_SECRETS = {name: name.encode().ljust(32, b".") for name in json.loads(sys.argv[2])}
from datetime import datetime
from tanhui.community import services
from tanhui.community.types import CheckInDetails, Measured
from tanhui.parties.types import Actor
told = json.loads(sys.argv[1])
at = datetime.fromisoformat(told["at"])
entries = [
    CheckInDetails(told["where"], nonce, at, card=token, measured=(Measured("paper", mass_g=3_500),), offline=True)
    for nonce, token in told["entries"]
]
print("ready", flush=True)
services.upload(entries=entries, at=at, by=Actor(told["name"], user_id=told["user"]))
print("through", flush=True)
"""


@pytest.mark.parametrize("after", range(ROUNDS))
def test_an_upload_whose_process_is_killed(after: int, pg_url: str, tmp_path: Path) -> None:
    """A real process is killed in the middle of an upload; sent again, nothing is lost and nothing counts twice."""
    where, hand = occasion(), clerk()
    tokens = [token for _ in range(3) for token in card(resident(), 40).tokens]
    nonces = [f"morning-{n:04d}" for n in range(len(tokens))]
    told = {
        "where": where,
        "at": (AT + HOUR).isoformat(),
        "name": hand.name,
        "user": hand.user_id,
        "entries": list(zip(nonces, tokens, strict=True)),
    }
    script = tmp_path / "uploader.py"
    script.write_text(_UPLOADER, encoding="utf-8")
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tanhui.project.settings",
        "DATABASE_URL": pg_url,
        "TANHUI_COUNTY": COUNTY_FOLDER,
        "TANHUI_VAR": str(tmp_path),
    }
    command = [sys.executable, str(script), json.dumps(told), json.dumps(list(NAMES))]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            wanted = 5 + 11 * after % 60
            while CheckIn.objects.count() < wanted and process.poll() is None:
                time.sleep(0.002)
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    stored = CheckIn.objects.count()
    assert 0 < stored < len(tokens)
    assert_sound()
    entries = [
        CheckInDetails(where, nonce, AT + HOUR, card=token, measured=(PAPER,), offline=True)
        for nonce, token in zip(nonces, tokens, strict=True)
    ]
    results = services.upload(entries=entries, at=AT + 2 * HOUR, by=hand)
    assert [each.code for each in results] == [""] * len(tokens)
    assert sum(each.view.replayed for each in results if each.view) >= stored
    assert CheckIn.objects.count() == len(behaviors()) == len(tokens)
    assert_sound()
