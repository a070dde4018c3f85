"""What one person does on one day, as the evidence that the partner concerned would hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from random import Random

from tanhui.kernel.days import day_start
from tanhui.project.simulator.people import SELF, SimulatedResident, Sky
from tanhui.scenarios.types import Evidence, Grade

Quantities = dict[str, int | str]

SOURCE_OF = {
    "electric-bus": "demo-bus",
    "shared-e-bike": "demo-e-bike",
    "new-energy-car": "demo-charging",
    "recyclables": "demo-recycler",
    "old-clothes": "demo-recycler",
    "express-carton": "demo-recycler",
    "clean-plate": "demo-restaurants",
    "labelled-food": "demo-supermarket",
    "e-invoice": "demo-e-invoice",
    "household-electricity": "demo-power",
    "rooftop-pv": "demo-power",
    "walking": "demo-sports",
    "cycling": "demo-sports",
    "car-free-day": SELF,
}
"""Which partner holds the evidence of which scenario."""

_MATERIALS = ("waste_paper", "waste_paper", "plastic_box", "metal", "glass")
_PRODUCTS = ("tea_oil", "dried_tofu", "tea", "unlisted")
_LABELS = ("carbon_label", "carbon_label", "organic", "no_label")


def acts_of(seed: int, person: SimulatedResident, sky: Sky) -> Iterator[tuple[str, Evidence]]:
    """The pairs (source, evidence) of one person's day. Depends on seed, person and day only."""
    chance = Random(f"{seed}:day:{person.index}:{sky.day.toordinal()}")  # noqa: S311
    for scenario, thousandths in person.habit.chances.items():
        if chance.randrange(1_000_000) >= thousandths * sky.thousandths(scenario):
            continue
        times = 2 if scenario in ("electric-bus", "shared-e-bike") and chance.randrange(3) == 0 else 1
        for number in range(times):
            yield SOURCE_OF[scenario], _act(chance, person, sky.day, scenario, number)
    if person.cheats and chance.randrange(6) == 0:
        yield from _cheating(chance, person, sky.day)


def _act(chance: Random, person: SimulatedResident, day: date, scenario: str, number: int) -> Evidence:
    source = SOURCE_OF[scenario]
    begins = _moment(chance, day, 6 + number * 9, 6)
    quantities, seconds = _QUANTITIES[scenario](chance)
    return Evidence(
        external_id=f"{source.rpartition('-')[2][:4].upper()}-{day:%y%m%d}-{person.index:06d}-{scenario[:3]}{number}",
        scenario=scenario,
        happened_at=begins,
        ended_at=begins + timedelta(seconds=seconds) if seconds else None,
        grade=int(Grade.C if source == SELF else Grade.A),
        quantities=quantities,
        subject=None if source == SELF else person.subjects[source],
    )


def _cheating(chance: Random, person: SimulatedResident, day: date) -> Iterator[tuple[str, Evidence]]:
    """Rides too fast to be true, rides that overlap, and plates cleaned all day."""
    base = _moment(chance, day, 8, 4)
    for number in range(chance.randrange(3, 14)):
        seconds = chance.randrange(120, 900)
        begins = base + timedelta(seconds=number * 240)
        yield (
            "demo-e-bike",
            Evidence(
                external_id=f"BIKE-{day:%y%m%d}-{person.index:06d}-x{number:02d}",
                scenario="shared-e-bike",
                happened_at=begins,
                ended_at=begins + timedelta(seconds=seconds),
                grade=int(Grade.A),
                quantities={"distance_m": seconds * chance.choice((4, 16, 25)), **_track(chance, seconds)},
                subject=person.subjects["demo-e-bike"],
            ),
        )


def _moment(chance: Random, day: date, from_hour: int, hours: int) -> datetime:
    return day_start(day) + timedelta(hours=from_hour, seconds=chance.randrange(hours * 3600))


def _track(chance: Random, seconds: int) -> Quantities:
    jump = chance.randrange(4_000, 9_000) if chance.randrange(400) == 0 else chance.randrange(20, 90)
    return {"gps_point_count": max(2, seconds // 5), "max_gps_jump_m": jump}


def _e_bike(chance: Random) -> tuple[Quantities, int]:
    if chance.randrange(40) == 0:  # unlocked, looked at, locked again
        return {"distance_m": 0, "gps_point_count": 4, "max_gps_jump_m": 0}, chance.randrange(5, 40)
    seconds = chance.randrange(240, 2_400)
    return {"distance_m": seconds * chance.randrange(28, 58) // 10, **_track(chance, seconds)}, seconds


def _bus(chance: Random) -> tuple[Quantities, int]:
    metres = chance.randrange(1_200, 14_000)
    return {"distance_m": metres, "basis": "distance"}, metres // 6


def _ride(chance: Random) -> tuple[Quantities, int]:
    metres = chance.randrange(800, 9_000)
    return {"distance_m": metres}, metres // 4


def _drive(chance: Random) -> tuple[Quantities, int]:
    metres = chance.randrange(4_000, 60_000)
    return {"distance_m": metres}, metres // 11


_QUANTITIES: dict[str, Callable[[Random], tuple[Quantities, int]]] = {
    "electric-bus": _bus,
    "shared-e-bike": _e_bike,
    "cycling": _ride,
    "new-energy-car": _drive,
    "walking": lambda chance: ({"step_count": chance.randrange(2_000, 18_000)}, 0),
    "car-free-day": lambda chance: ({"odometer_change_m": 0 if chance.randrange(9) else 1_200}, 86_400),
    "recyclables": lambda chance: (
        {"mass_g": chance.randrange(300, 12_000), "material": chance.choice(_MATERIALS)},
        0,
    ),
    "old-clothes": lambda chance: ({"mass_g": chance.randrange(500, 8_000)}, 0),
    "express-carton": lambda chance: ({"item_count": chance.randrange(1, 5)}, 0),
    "clean-plate": lambda chance: ({"item_count": 1}, 0),
    "labelled-food": lambda chance: (
        {
            "mass_g": chance.randrange(200, 3_000),
            "product": chance.choice(_PRODUCTS),
            "label": chance.choice(_LABELS),
        },
        0,
    ),
    "e-invoice": lambda chance: ({"item_count": chance.randrange(1, 4)}, 0),
    "household-electricity": lambda chance: (
        {
            "energy_wh": chance.randrange(3_000, 14_000),
            "own_mean_wh": chance.randrange(4_000, 12_000),
            "person_count": chance.randrange(1, 6),
        },
        0,
    ),
    "rooftop-pv": lambda chance: ({"energy_wh": chance.randrange(4_000, 40_000)}, 0),
}
