"""The simulated county is the same county for the same seed, and has every fault it promises."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

from tanhui.project.simulator.county import SimulatedDelivery, Simulation, simulate

VILLAGES = ("430626001001", "430626100201")


def county(seed: int) -> Simulation:
    return simulate(seed, residents=60, days=40, end_on=date(2026, 9, 30), division_codes=VILLAGES)


def test_a_seed_gives_the_same_county_to_the_byte() -> None:
    assert list(county(1).deliveries()) == list(county(1).deliveries())
    assert list(county(1).deliveries()) != list(county(2).deliveries())


def test_everything_that_goes_wrong_goes_wrong_somewhere() -> None:
    deliveries = list(county(1).deliveries())
    faults = Counter(delivery.fault for delivery in deliveries)
    assert set(faults) == {"", "late", "duplicate", "torn"}
    assert any(delivery.withdrawn for delivery in deliveries)
    assert any(item.revision == 2 for delivery in deliveries for item in delivery.evidence)
    assert any(person.cheats for person in county(1).residents)
    assert any(len(person.binds_on) < len(person.subjects) for person in county(1).residents)


def test_deliveries_come_in_order_of_arrival() -> None:
    arrivals = [delivery.arrives_on for delivery in county(1).deliveries()]
    assert arrivals == sorted(arrivals)


def test_a_duplicate_is_the_same_delivery_again() -> None:
    def content(delivery: SimulatedDelivery) -> SimulatedDelivery:
        return replace(delivery, arrives_on=date.min, fault="")

    whole = [content(d) for d in county(1).deliveries() if d.fault in ("", "late")]
    again = [content(d) for d in county(1).deliveries() if d.fault == "duplicate"]
    assert again
    assert all(delivery in whole for delivery in again)


def test_external_identifiers_are_unique_within_a_source() -> None:
    seen: set[tuple[str, str, int]] = set()
    for delivery in county(1).deliveries():
        if delivery.fault == "duplicate":
            continue
        for item in delivery.evidence:
            key = (delivery.source, item.external_id, item.revision)
            assert key not in seen
            seen.add(key)
