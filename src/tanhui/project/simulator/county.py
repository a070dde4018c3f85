"""The simulated county as a whole: its people, its days, and the deliveries that arrive, with all their faults."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.project.simulator.acts import acts_of
from tanhui.project.simulator.people import (
    SELF,
    SimulatedResident,
    Sky,
    invent_residents,
    invent_weather,
)
from tanhui.scenarios.types import Evidence

CSV_SOURCE = "demo-e-bike"
CSV_HEADER = ("订单号", "用户号", "开锁时间", "还车时间", "里程米", "轨迹点数", "最大跳点米")


@dataclass(frozen=True, slots=True)
class SimulatedDelivery:
    """One thing that arrives on one day from one source.

    `content` is a CSV file where the source sends files, else `evidence` are its events. `declarations` are acts
    entered by hand: (resident index, evidence). `withdrawn` are identifiers that the source takes back. `fault`
    names what is wrong with the delivery (`late`, `torn`, `duplicate`), empty where nothing is.
    """

    arrives_on: date
    source: str
    name: str
    evidence: tuple[Evidence, ...] = ()
    content: bytes = b""
    declarations: tuple[tuple[int, Evidence], ...] = ()
    withdrawn: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Simulation:
    """A county of `residents` over `days` days from `first_day`, determined by `seed` alone."""

    seed: int
    residents: Sequence[SimulatedResident]
    sky: Sequence[Sky]
    outages: frozenset[tuple[str, date]] = field(default_factory=frozenset)

    def deliveries(self) -> Iterator[SimulatedDelivery]:
        """Every delivery in the order of arrival: late after outages, some twice, some torn and then sent whole."""
        pending: dict[date, list[SimulatedDelivery]] = defaultdict(list)
        for sky in self.sky:
            for delivery in self._made_on(sky):
                pending[delivery.arrives_on].append(delivery)
            yield from pending.pop(sky.day, ())
        for day in sorted(pending):
            yield from pending[day]

    def _made_on(self, sky: Sky) -> Iterator[SimulatedDelivery]:
        by_source: dict[str, list[tuple[int, Evidence]]] = defaultdict(list)
        for person in self.residents:
            for source, evidence in acts_of(self.seed, person, sky):
                by_source[source].append((person.index, evidence))
        for source in sorted(by_source):
            chance = Random(f"{self.seed}:delivery:{source}:{sky.day.toordinal()}")  # noqa: S311
            yield from self._deliver(chance, source, sky.day, by_source[source])

    def _deliver(
        self, chance: Random, source: str, day: date, acts: list[tuple[int, Evidence]]
    ) -> Iterator[SimulatedDelivery]:
        name = f"{source}-{day:%Y%m%d}"
        if source == SELF:
            yield SimulatedDelivery(day + timedelta(days=2), source, name, declarations=tuple(acts))
            return
        arrives, fault = day + timedelta(days=1), ""
        while (source, arrives) in self.outages:
            arrives, fault = arrives + timedelta(days=1), "late"
        evidence = tuple(item for _, item in acts)
        whole = SimulatedDelivery(arrives, source, name, fault=fault)
        if source == CSV_SOURCE:
            content = to_csv(evidence)
            whole = replace(whole, name=f"{name}.csv", content=content)
            if chance.randrange(25) == 0:
                cut = content[: len(content) * chance.randrange(40, 95) // 100]
                yield replace(whole, content=cut, fault="torn")
        else:
            whole = replace(whole, evidence=evidence)
        yield whole
        if chance.randrange(15) == 0:
            yield replace(whole, arrives_on=arrives + timedelta(days=1), fault="duplicate")
        yield from self._second_thoughts(chance, source, arrives, evidence)

    def _second_thoughts(
        self, chance: Random, source: str, day: date, evidence: tuple[Evidence, ...]
    ) -> Iterator[SimulatedDelivery]:
        """A few days later a partner corrects one record in three hundred, or takes one back."""
        corrected, withdrawn = [], []
        for item in evidence:
            roll = chance.randrange(900)
            if roll < 2 and "distance_m" in item.quantities and source != CSV_SOURCE:
                less = int(item.quantities["distance_m"]) * 9 // 10
                corrected.append(replace(item, revision=2, quantities={**item.quantities, "distance_m": less}))
            elif roll == 2:
                withdrawn.append(item.external_id)
        if corrected or withdrawn:
            yield SimulatedDelivery(
                day + timedelta(days=chance.randrange(2, 9)),
                source,
                f"{source}-{day:%Y%m%d}-更正",
                evidence=tuple(corrected),
                withdrawn=tuple(withdrawn),
            )


def to_csv(evidence: Sequence[Evidence]) -> bytes:
    """Rides as the simulated e-bike company exports them: local time, no zone."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CSV_HEADER)
    for ride in evidence:
        ended_at = ride.ended_at or ride.happened_at
        writer.writerow(
            (
                ride.external_id,
                ride.subject,
                f"{ride.happened_at.astimezone(COUNTY_ZONE):%Y-%m-%dT%H:%M:%S}",
                f"{ended_at.astimezone(COUNTY_ZONE):%Y-%m-%dT%H:%M:%S}",
                ride.quantities["distance_m"],
                ride.quantities["gps_point_count"],
                ride.quantities["max_gps_jump_m"],
            )
        )
    return text.getvalue().encode()


def simulate(seed: int, *, residents: int, days: int, end_on: date, division_codes: Sequence[str]) -> Simulation:
    """The county of that seed whose last day is `end_on` (inclusive)."""
    first_day = end_on - timedelta(days=days - 1)
    people = invent_residents(seed, residents, division_codes, first_day, days)
    chance = Random(f"{seed}:outages")  # noqa: S311
    outages: set[tuple[str, date]] = set()
    for source in ("demo-bus", "demo-e-bike", "demo-recycler"):
        begins = first_day + timedelta(days=chance.randrange(max(1, days)))
        outages |= {(source, begins + timedelta(days=offset)) for offset in range(chance.randrange(1, 5))}
    return Simulation(seed, people, invent_weather(seed, first_day, days), frozenset(outages))
