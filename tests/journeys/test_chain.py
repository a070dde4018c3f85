"""The whole chain on a simulated county: whatever goes wrong on the way, the books say what the methods say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from django.db import transaction
from tests.rooms.scenarios.world import books, counted, open_county

from tanhui.ledger import queries as ledger
from tanhui.project.simulator.county import Simulation, simulate
from tanhui.project.simulator.play import Played, play
from tanhui.scenarios import queries
from tanhui.scenarios._methods import loaded
from tanhui.scenarios.models import Behavior, MethodInForce
from tanhui.scenarios.rules import STANDARD_INPUTS
from tanhui_methods import evaluate

SEED = 20260901


def county(seed: int = SEED, residents: int = 30, days: int = 12) -> Simulation:
    return simulate(seed, residents=residents, days=days, end_on=date(2026, 9, 12), division_codes=[""])


def played(simulation: Simulation, **options: Any) -> Played:
    open_county()
    return play(simulation, **options)


@pytest.mark.django_db
def test_every_settled_number_is_what_the_exact_interpreter_says() -> None:
    played(county())
    latest = {(number, revision): (outcome, g, p) for number, revision, outcome, g, p in counted()}
    compared = 0
    for period in MethodInForce.objects.select_related("method", "scenario"):
        method = loaded(period.method)
        events = [_event(row, latest, method.inputs) for row in _behaviors(period.scenario_id)]
        results = {result.event_id: result for result in evaluate(method, events, strict=False)}
        for row in _behaviors(period.scenario_id):
            result = results[row.id]
            assert latest[(row.external_id, row.revision)] == (result.outcome, result.reduction_g, result.points)
            compared += 1
    assert compared > 300


def _behaviors(scenario_id: int) -> list[Behavior]:
    return list(Behavior.objects.filter(scenario_id=scenario_id).select_related("source"))


def _event(row: Behavior, latest: dict[Any, Any], inputs: Any) -> dict[str, Any]:
    outcome = latest[(row.external_id, row.revision)][0]
    outside = ("excluded:implausible", "excluded:superseded", "excluded:ruled_out")
    values: dict[str, Any] = dict.fromkeys(inputs)
    for name in inputs:
        values[name] = getattr(row, name) if name in STANDARD_INPUTS else (row.details or {}).get(name)
    if "duration_s" in inputs and values["duration_s"] is None and row.ended_at:
        values["duration_s"] = int((row.ended_at - row.happened_at).total_seconds())
    return {
        "event_id": row.id,
        "person": row.party_id,
        "day": row.day,
        "at": int(row.happened_at.timestamp()),
        "tie": f"{row.source.code}:{row.external_id}",
        "grade": row.grade,
        "exclude": outcome.removeprefix("excluded:") if outcome.startswith(outside) else None,
        **values,
    }


@pytest.mark.django_db
def test_the_whole_county_delivered_again_changes_nothing() -> None:
    simulation = county()
    played(simulation, settle_every_days=1)
    straight = (books(), counted())
    assert straight[0]
    assert play(simulation, settle_every_days=10_000).settled.lines == 0
    assert (books(), counted()) == straight


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_deliveries_end_in_the_same_books(seed: int) -> None:
    simulation = county(seed, residents=16, days=8)
    deliveries = [replace(delivery, withdrawn=()) for delivery in simulation.deliveries()]
    chance = Random(seed)
    mixed = [
        replace(
            delivery,
            arrives_on=delivery.arrives_on + timedelta(days=chance.randrange(9)),
            evidence=tuple(chance.sample(delivery.evidence, len(delivery.evidence))),
        )
        for delivery in deliveries
    ]
    chance.shuffle(mixed)
    open_county()
    straight = _in_passing(lambda: play(simulation, deliveries=deliveries, settle_every_days=1))
    assert _in_passing(lambda: play(simulation, deliveries=mixed, settle_every_days=2)) == straight


def _in_passing(act: Callable[[], object]) -> tuple[Any, ...]:
    """The books and outcomes that an act leads to; the act itself is rolled back."""
    with transaction.atomic():
        act()
        assert ledger.prove() == []
        outcome = (books(), [row for row in counted() if row[2] != "excluded:superseded"])
        transaction.set_rollback(True)
    return outcome


@pytest.mark.django_db
def test_everything_that_was_delivered_is_accounted_for() -> None:
    done = played(county())
    rows = done.rows
    taken = rows["rows_accepted"] + rows["rows_waiting"] + rows["rows_duplicate"] + rows["rows_refused"]
    assert rows["rows_read"] == taken > 0
    assert rows["rows_refused"] == 0
    assert queries.marks_waiting() == 0
    assert sum(row[3] for row in books() if row[1] == "carbon") == 0
    assert sum(row[3] for row in books() if row[1] == "points") == 0
    assert ledger.prove() == []
