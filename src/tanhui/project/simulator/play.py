"""Playing a simulated county through the same doors that real partners and residents use."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_start
from tanhui.kernel.errors import TanhuiError
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, LoginId, Purpose, ResidentDetails
from tanhui.project.simulator.county import SimulatedDelivery, Simulation
from tanhui.project.simulator.people import SOURCES, SimulatedResident
from tanhui.scenarios import queries as scenarios_queries
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.types import Channel, DeliveryDraft, SettlementSummary

PLAYER = Actor.system("simulator")
CONSENT_VERSION = "v1"
PURPOSES = (Purpose.ACCOUNT, Purpose.TRIPS, Purpose.RECYCLING, Purpose.ENERGY, Purpose.CONSUMPTION)
PURPOSE_OF = {
    "demo-bus": Purpose.TRIPS,
    "demo-e-bike": Purpose.TRIPS,
    "demo-charging": Purpose.TRIPS,
    "demo-sports": Purpose.TRIPS,
    "demo-recycler": Purpose.RECYCLING,
    "demo-restaurants": Purpose.CONSUMPTION,
    "demo-supermarket": Purpose.CONSUMPTION,
    "demo-e-invoice": Purpose.CONSUMPTION,
    "demo-power": Purpose.ENERGY,
}

Progress = Callable[[int, int], None]
Evening = Callable[[datetime, Mapping[int, int]], None]
"""What else happens on a day, told the time and the residents' parties by index; before the settlement of that day."""


@dataclass
class Played:
    """What playing a county did: rows taken by kind, deliveries refused whole, and what settlement posted."""

    rows: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    settled: SettlementSummary = field(default_factory=SettlementSummary)
    days: int = 0


def play(
    simulation: Simulation,
    *,
    settle_every_days: int = 7,
    on_progress: Progress | None = None,
    on_evening: Evening | None = None,
    deliveries: Sequence[SimulatedDelivery] | None = None,
    until: date = date.max,
) -> Played:
    """Register the residents, bind them as they come, take every delivery on its day, settle now and then.

    Safe to repeat: residents are found again, deliveries are duplicates. `deliveries` replaces the simulation's own,
    for tests that shuffle them; what would arrive after `until` is still to come. `on_progress(done, total)` counts
    days.
    """
    first_day = simulation.sky[0].day
    party_ids = register(simulation.residents, day_start(first_day))
    binds = _bindings(simulation.residents, party_ids)
    by_day: dict[date, list[SimulatedDelivery]] = defaultdict(list)
    for delivery in simulation.deliveries() if deliveries is None else deliveries:
        if delivery.arrives_on <= until:
            by_day[delivery.arrives_on].append(delivery)
    days = sorted({*by_day, *binds})
    played = Played()
    for number, day in enumerate(days, start=1):
        _bind(binds.get(day, {}), day_start(day) + timedelta(hours=1))
        for delivery in by_day.get(day, ()):
            _take(played, delivery, party_ids)
        if on_evening:
            on_evening(day_start(day) + timedelta(hours=22), party_ids)
        if number % settle_every_days == 0 or number == len(days):
            played.settled += scenarios.settle(at=day_start(day) + timedelta(hours=23))
        if on_progress:
            on_progress(number, len(days))
    played.days = len(days)
    return played


def register(residents: Sequence[SimulatedResident], at: datetime) -> dict[int, int]:
    """Register invented residents with consent to every purpose; index → party."""
    details = [
        ResidentDetails(
            login=LoginId("development", f"demo-{resident.index + 1}"),
            nickname=resident.nickname,
            division_code=resident.division_code,
            consents=dict.fromkeys(PURPOSES, CONSENT_VERSION),
            basis="演示数据：虚构居民",
        )
        for resident in residents
    ]
    made = parties.register(details=details, at=at, by=PLAYER)
    return {resident.index: party.id for resident, party in zip(residents, made, strict=True)}


def _bindings(
    residents: Sequence[SimulatedResident], party_ids: dict[int, int]
) -> dict[date, dict[str, list[tuple[str, int | None]]]]:
    binds: dict[date, dict[str, list[tuple[str, int | None]]]] = defaultdict(lambda: defaultdict(list))
    for resident in residents:
        for source, day in resident.binds_on.items():
            binds[day][source].append((resident.subjects[source], party_ids[resident.index]))
    return binds


def _bind(pairs: dict[str, list[tuple[str, int | None]]], at: datetime) -> None:
    for source in SOURCES:
        if source in pairs:
            parties.bind(source=source, purpose=PURPOSE_OF[source], bindings=pairs[source], at=at, by=PLAYER)


def _take(played: Played, delivery: SimulatedDelivery, party_ids: dict[int, int]) -> None:
    at = day_start(delivery.arrives_on) + timedelta(hours=8)
    played.faults[delivery.fault] += 1
    if delivery.content:
        _take_file(played, delivery, at)
    elif delivery.evidence or delivery.declarations:
        evidence = [*delivery.evidence]
        evidence += [replace(item, party_id=party_ids[index]) for index, item in delivery.declarations]
        channel = Channel.HAND if delivery.declarations else Channel.HTTP
        content = digest([delivery.name, delivery.fault, [item.external_id for item in evidence]])
        draft = DeliveryDraft(channel=channel, content_digest=content, name=delivery.name)
        _count(played, scenarios.submit(source=delivery.source, delivery=draft, evidence=evidence, at=at))
    if delivery.withdrawn:
        scenarios.withdraw(source=delivery.source, external_ids=delivery.withdrawn, reason="接入方撤回", at=at)


def _take_file(played: Played, delivery: SimulatedDelivery, at: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / delivery.name
        path.write_bytes(delivery.content)
        try:
            file = scenarios_queries.file_delivery(source=delivery.source, path=path)
            receipt = scenarios.submit(source=delivery.source, delivery=file.draft, evidence=file.evidence, at=at)
            _count(played, receipt)
        except TanhuiError:
            if delivery.fault != "torn":
                raise
            played.rows["torn file refused"] += 1


def _count(played: Played, receipt: object) -> None:
    for name in ("rows_read", "rows_accepted", "rows_waiting", "rows_duplicate", "rows_refused"):
        played.rows[name] += getattr(receipt, name)
