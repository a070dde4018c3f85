"""Who lives in the simulated county, what they tend to do, and what the sky does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

SOURCES = (
    "demo-bus",
    "demo-e-bike",
    "demo-charging",
    "demo-recycler",
    "demo-restaurants",
    "demo-supermarket",
    "demo-e-invoice",
    "demo-power",
    "demo-sports",
)
SELF = "self"


@dataclass(frozen=True, slots=True)
class Habit:
    """A kind of person: the chance of each act on an ordinary day, in thousandths."""

    name: str
    share: int
    chances: Mapping[str, int]


HABITS: tuple[Habit, ...] = (
    Habit(
        "town commuter",
        30,
        {"electric-bus": 420, "shared-e-bike": 300, "walking": 500, "clean-plate": 120, "express-carton": 25},
    ),
    Habit(
        "student",
        20,
        {"shared-e-bike": 350, "cycling": 250, "walking": 600, "clean-plate": 300, "e-invoice": 10},
    ),
    Habit("farmer", 22, {"recyclables": 45, "electric-bus": 60, "walking": 450, "old-clothes": 6, "rooftop-pv": 60}),
    Habit("elder", 13, {"walking": 550, "electric-bus": 150, "recyclables": 60, "clean-plate": 150}),
    Habit(
        "driver",
        15,
        {
            "new-energy-car": 600,
            "car-free-day": 40,
            "e-invoice": 130,
            "labelled-food": 40,
            "clean-plate": 90,
            "household-electricity": 200,
        },
    ),
)

OUTDOOR = frozenset({"shared-e-bike", "cycling", "walking"})


@dataclass(frozen=True, slots=True)
class SimulatedResident:
    """One invented person. `binds_on` tells when each partner is bound; a partner not in it never is."""

    index: int
    nickname: str
    division_code: str
    habit: Habit
    cheats: bool
    subjects: Mapping[str, str]
    binds_on: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Sky:
    """A day's weather: rain keeps people from riding, heat a little."""

    day: date
    rain: bool
    heat: bool

    def thousandths(self, act: str) -> int:
        """What remains of the habit of an act, in thousandths."""
        if act not in OUTDOOR:
            return 1000
        return 350 if self.rain else 800 if self.heat else 1000


def invent_residents(
    seed: int, count: int, division_codes: Sequence[str], first_day: date, days: int
) -> list[SimulatedResident]:
    """`count` invented residents of the given villages; one in eighty cheats, one in twelve binds late or never."""
    weights = [habit.share for habit in HABITS]
    people = []
    for index in range(count):
        chance = Random(f"{seed}:person:{index}")  # noqa: S311  (a replayable simulation, not a secret)
        habit = chance.choices(HABITS, weights)[0]
        subjects = {source: f"U{seed % 97:02d}-{place}-{index:06d}" for place, source in enumerate(SOURCES)}
        binds = {}
        for source in SOURCES:
            roll = chance.randrange(1000)
            if roll < 915:
                binds[source] = first_day
            elif roll < 970:
                binds[source] = first_day + timedelta(days=chance.randrange(1, max(2, days)))
        people.append(
            SimulatedResident(
                index,
                f"示例居民{index + 1:05d}",
                chance.choice(division_codes),
                habit,
                chance.randrange(80) == 0,
                subjects,
                binds,
            )
        )
    return people


def invent_weather(seed: int, first_day: date, days: int) -> list[Sky]:
    """A sky a day; rain comes in spells."""
    chance = Random(f"{seed}:weather")  # noqa: S311
    sky, rain = [], False
    for offset in range(days):
        day = first_day + timedelta(days=offset)
        rain = chance.randrange(100) < (55 if rain else 22)
        sky.append(Sky(day, rain, not rain and day.month in (7, 8, 9) and chance.randrange(100) < 60))
    return sky
