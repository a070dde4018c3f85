"""The county's plausibility rules for shared e-bikes, on small rides and on the real ones."""

from __future__ import annotations

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pytest
from bench.ebike_plausibility import counts, distribution, read_rides, set_aside, shipped

from tanhui_methods import RowRule, compile_conditions, evaluate, load_library
from tanhui_methods.columnar import compile_row_rules

ROOT = Path(__file__).resolve().parents[2]
REAL_RIDES = ROOT.parent / "shared/data/ebike_trips.csv"
PAGE = ROOT / "docs/explanation/e-bike-plausibility.zh-CN.md"
SENSIBLE = {"distance_m": 3000, "duration_s": 900, "gps_point_count": 180, "max_gps_jump_m": 40}


def ride(number: int = 1, at: int = 36_000, person: int = 1, **inputs: int) -> dict[str, Any]:
    own = {"event_id": number, "person": person, "day": date(2026, 3, 2), "at": at, "tie": f"{number:04d}"}
    return {**own, "grade": 2, "exclude": None, **SENSIBLE, **inputs}


def reasons(*rides: dict[str, Any]) -> Counter[str]:
    method, rules = shipped()
    return +set_aside(rides, rules, method).first


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({}, None),
        ({"distance_m": 0, "duration_s": 15, "gps_point_count": 4, "max_gps_jump_m": 0}, "not_moved"),
        ({"gps_point_count": 12, "duration_s": 180, "distance_m": 900}, None),
        ({"gps_point_count": 11, "duration_s": 60, "distance_m": 300}, "few_points"),
        ({"gps_point_count": 60}, None),
        ({"gps_point_count": 59}, "sparse_track"),
        ({"max_gps_jump_m": 600}, None),
        ({"max_gps_jump_m": 601}, "gps_jump"),
        ({"distance_m": 400, "duration_s": 600, "max_gps_jump_m": 100}, None),
        ({"distance_m": 6000, "duration_s": 1800, "max_gps_jump_m": 1000}, None),
        ({"distance_m": 6000, "duration_s": 1800, "max_gps_jump_m": 1001}, "gps_jump"),
        ({"distance_m": 6250}, None),
        ({"distance_m": 6251}, "too_fast"),
        ({"duration_s": 10_800, "distance_m": 6000, "gps_point_count": 2000}, None),
        ({"duration_s": 10_801, "distance_m": 9000, "gps_point_count": 2000}, "too_long"),
        ({"distance_m": 500}, None),
        ({"distance_m": 499}, "too_slow"),
    ],
)
def test_a_row_rule_holds_up_to_its_limit(inputs: dict[str, int], code: str | None) -> None:
    assert reasons(ride(**inputs)) == ({code: 1} if code else {})


def test_a_ride_that_starts_before_another_has_ended_is_set_aside() -> None:
    assert reasons(ride(1, at=0), ride(2, at=899)) == {"overlap": 1}
    assert reasons(ride(1, at=0), ride(2, at=900)) == {}
    assert reasons(ride(1, at=0), ride(2, at=899, person=2)) == {}


def test_a_ride_set_aside_by_a_row_rule_blocks_nobody() -> None:
    forgotten = ride(1, at=0, duration_s=40_000, distance_m=30_000, gps_point_count=8000)
    assert reasons(forgotten, ride(2, at=1000)) == {"too_long": 1}


def test_rides_after_the_twelfth_of_a_day_are_set_aside() -> None:
    assert reasons(*(ride(number, at=number * 1000) for number in range(1, 15))) == {"too_many": 2}


def test_row_rules_of_every_scenario_compile_for_both_evaluators() -> None:
    library = load_library(ROOT / "methods", [ROOT / "factors", ROOT / "counties/pingjiang/factors"])
    for path in sorted((ROOT / "counties/pingjiang/scenarios").glob("*.toml")):
        scenario = tomllib.loads(path.read_text(encoding="utf-8"))
        method = library.versions(scenario["method"])[-1]
        rules = [
            RowRule(rule["code"], rule["condition"], rule["message"])
            for rule in scenario.get("rules", [])
            if rule["kind"] == "row"
        ]
        assert len(compile_conditions(rules, method.inputs, path=path.name)) == len(rules)
        columns = {"event_id": "int64", "person": "int64", "day": "date", "at": "int64", "tie": "string"}
        inputs = {name: "int64" if given.kind == "integer" else "string" for name, given in method.inputs.items()}
        events = ibis.table({**columns, "grade": "int64", "exclude": "string", **inputs}, name="events")
        compile_row_rules(rules, method, events)


@pytest.mark.real_input
@pytest.mark.skipif(not REAL_RIDES.is_file(), reason="the real rides are not here")
def test_the_page_tells_what_the_rules_do_to_the_real_rides() -> None:
    page = PAGE.read_text(encoding="utf-8")
    method, rules = shipped()
    rides = read_rides(REAL_RIDES)
    found = set_aside(rides, rules, method)
    for row in [*distribution(rides), *counts(rides, rules, found)]:
        start, end = row.split("…") if "…" in row else (row, "")
        assert any(line.startswith(start) and line.endswith(end) for line in page.splitlines()), row
    results = evaluate(method, found.kept)
    outcomes = Counter(result.outcome for result in results)
    assert f"{outcomes['counted']}次全额计入，{outcomes['capped']}次因" in page
    assert f"{outcomes['not_applicable:too_short']}次不足100米" in page
    assert f"减排量合计{sum(result.reduction_g for result in results)}克" in page
    assert f"324次里有{found.overlapped_soon}次" in page
