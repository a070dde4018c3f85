"""Every method that ships: it loads, may be published, and its worked examples come out to the gram."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path

import duckdb
import ibis
import pyarrow
import pytest

from tanhui_methods import (
    GRADES,
    FactorTable,
    Library,
    Method,
    evaluate,
    load_library,
    load_method,
    publication_problems,
)
from tanhui_methods.columnar import compile_method

ROOT = Path(__file__).resolve().parents[2]
FACTOR_FOLDERS = [ROOT / "factors", ROOT / "counties/pingjiang/factors"]
SHIPPED = {
    "transport": {"electric-bus", "shared-e-bike", "cycling", "walking", "new-energy-car", "car-free-day"},
    "recycling": {"old-clothes", "recyclables", "express-carton"},
    "consumption": {"clean-plate", "e-invoice", "labelled-food"},
    "energy": {"household-electricity", "rooftop-pv"},
}
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "methods").glob("*/*/*.md"))
EVENT_COLUMNS = {
    "event_id": "int64",
    "person": "int64",
    "day": "date",
    "at": "int64",
    "tie": "string",
    "grade": "int64",
    "exclude": "string",
}
ARROW = {"int64": pyarrow.int64(), "date": pyarrow.date32(), "string": pyarrow.string()}
STATUSES = {"verified", "press", "code", "provisional", "local"}


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(ROOT / "methods", FACTOR_FOLDERS)


@pytest.fixture(scope="module")
def factors() -> FactorTable:
    return FactorTable.read(FACTOR_FOLDERS)


def load(path: str, factors: FactorTable) -> Method:
    return load_method((ROOT / path).read_text(encoding="utf-8"), path=path, factors=factors)


def failures(method: Method) -> list[str]:
    """The examples of a method that do not come out as written."""
    found = []
    for example in method.examples:
        for result, wanted in zip(evaluate(method, example.events), example.expected, strict=True):
            got = (result.reduction_g, result.points, GRADES[result.grade - 1], result.outcome, result.cap)
            expected = (wanted.reduction_g, wanted.points, wanted.grade, wanted.outcome, wanted.cap)
            if got != expected:
                found.append(f"{example.title}：算得 {got}，文件写 {expected}")
    return found


def test_the_promised_methods_ship(library: Library) -> None:
    shipped: dict[str, set[str]] = {}
    for method in library.methods:
        shipped.setdefault(method.family, set()).add(method.name)
    assert {family: names & shipped.get(family, set()) for family, names in SHIPPED.items()} == SHIPPED
    assert library.check() == []


@pytest.mark.parametrize("path", FILES)
def test_a_shipped_method_may_be_published_and_its_examples_hold(path: str, factors: FactorTable) -> None:
    method = load(path, factors)
    assert [str(problem) for problem in publication_problems(method)] == []
    assert failures(method) == []


@pytest.mark.parametrize("path", FILES)
def test_the_columnar_evaluator_agrees_on_the_examples(path: str, factors: FactorTable) -> None:
    method = load(path, factors)
    events = [
        {**event, "event_id": number * 10_000 + event["event_id"], "person": number * 10_000 + event["person"]}
        for number, example in enumerate(method.examples, 1)
        for event in example.events
    ]
    inputs = {name: "int64" if given.kind == "integer" else "string" for name, given in method.inputs.items()}
    columns = {**EVENT_COLUMNS, **inputs}
    types = pyarrow.schema([(name, ARROW[kind]) for name, kind in columns.items()])
    answer = compile_method(method, ibis.table(columns, name="events"))
    with duckdb.connect() as connection:
        connection.register("events", pyarrow.Table.from_pylist(events, schema=types))
        found = connection.execute(ibis.to_sql(answer, dialect="duckdb")).fetchall()
    exact = sorted(evaluate(method, events), key=lambda result: result.event_id)
    wanted = [(e.event_id, e.reduction_g, e.points, e.grade, e.outcome, e.cap) for e in exact]
    assert sorted(found) == wanted


@pytest.mark.parametrize("path", FILES)
def test_every_constant_has_unit_source_and_status(path: str, factors: FactorTable) -> None:
    method = load(path, factors)
    for parameter in method.parameters.values():
        assert parameter.unit.text, parameter.name
        assert set(parameter.statuses()) <= STATUSES, parameter.name
        for entry in parameter.entries:
            rows = [segment.row for segment in entry.segments if segment.row is not None]
            assert entry.source or all(row.source for row in rows), parameter.name
    assert all(cap.source for cap in method.caps)
    assert all(condition.source for condition in method.conditions)
    assert method.grades.source
    assert method.points.source


def test_nothing_that_rests_on_unproved_values_may_be_traded(library: Library) -> None:
    for method in library.methods:
        statuses = {status for parameter in method.parameters.values() for status in parameter.statuses()}
        assert not method.tradable or statuses <= {"verified"}, method.name


def test_walking_is_advocacy_only(library: Library) -> None:
    advocacy = {method.name for method in library.methods if method.advocacy}
    assert advocacy == {"walking"}


# (method, inputs, grams, points) as others have published them; grams rounded down as everywhere here
PUBLISHED = [
    ("old-clothes", {"mass_g": 1000}, 1280, 30),
    ("electric-bus", {"basis": "ride", "distance_m": 0}, 80, 10),
    ("clean-plate", {"item_count": 1}, 144, 5),
    ("walking", {"step_count": 500}, 8, 1),
]


@pytest.mark.parametrize(("name", "inputs", "grams", "points"), PUBLISHED)
def test_examples_that_others_published(
    name: str, inputs: dict[str, object], grams: int, points: int, library: Library
) -> None:
    method = next(each for each in library.methods if each.name == name)
    day = method.examples[0].events[0]["day"]
    event = {"event_id": 1, "person": 1, "day": day, "at": 0, "tie": "", "grade": 1, "exclude": None, **inputs}
    (result,) = evaluate(method, [event])
    assert (result.reduction_g, result.points) == (grams, points)


def test_self_declared_rides_earn_half_of_proved_ones(library: Library) -> None:
    """Hubei pays 105 for a proved bus ride and 52 for a self-declared one."""
    bus = next(each for each in library.methods if each.name == "electric-bus")
    proved, declared = (bus.grades.multipliers[at] for at in (0, 2))
    assert proved is not None
    assert declared is not None
    assert int(105 * declared / proved) == 52


# -- factors


def rows(folder: str) -> list[dict[str, str]]:
    found = []
    for path in sorted((ROOT / folder).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found += list(csv.DictReader(file))
    return found


def values(source: list[dict[str, str]], factor: str, region: str) -> dict[str, str]:
    return {row["year"]: row["value"] for row in source if (row["factor"], row["region"]) == (factor, region)}


def test_the_grid_factors_are_the_published_ones() -> None:
    general = rows("factors")
    assert values(general, "grid_electricity", "CN") == {"2021": "0.5568", "2022": "0.5366", "2023": "0.5306"}
    assert values(general, "grid_electricity", "CN-central") == {"2023": "0.5271"}
    assert values(general, "grid_electricity", "CN-43") == {"2021": "0.5138", "2022": "0.4900", "2023": "0.4976"}


def test_years_without_a_published_grid_factor_are_provisional_and_conservative() -> None:
    published = [Decimal(value) for value in values(rows("factors"), "grid_electricity", "CN-43").values()]
    own = rows("counties/pingjiang/factors")
    years = {"2018", "2019", "2020", "2024", "2025", "2026"}
    used, avoided = (values(own, name, "CN-43") for name in ("grid_electricity", "grid_electricity_avoided"))
    assert set(used) == set(avoided) == years
    assert {Decimal(value) for value in used.values()} == {max(published)}
    assert {Decimal(value) for value in avoided.values()} == {min(published)}


def test_general_tables_hold_no_local_guess_and_county_tables_are_open_about_theirs() -> None:
    assert {row["status"] for row in rows("factors")} <= {"verified", "press", "code"}
    for row in rows("counties/pingjiang/factors"):
        assert row["status"] == "provisional", row
        assert row["best_before"], row
        assert "批准" in row["note"], row


def test_warming_potentials_are_complete_for_both_reports() -> None:
    found = {row["factor"]: row["value"] for row in rows("factors") if row["factor"].startswith("gwp100_")}
    ar5 = {name.removeprefix("gwp100_ar5_") for name in found if "_ar5_" in name}
    ar6 = {name.removeprefix("gwp100_ar6_") for name in found if "_ar6_" in name}
    assert len(ar5) == 11
    assert ar5 == ar6
    assert (found["gwp100_ar5_ch4"], found["gwp100_ar6_ch4"], found["gwp100_ar6_sf6"]) == ("28", "27.9", "25200")


def test_natural_gas_is_what_its_parts_come_to() -> None:
    parts = Decimal("0.038931") * Decimal("15.242055") * Decimal("0.99") * 44 / 12
    shipped = next(row["value"] for row in rows("factors") if row["factor"] == "natural_gas_combustion")
    assert round(parts, 3) == Decimal(shipped)


# -- the how-to


def test_the_method_in_the_how_to_is_complete(factors: FactorTable) -> None:
    page = (ROOT / "docs/howto/write-a-method.zh-CN.md").read_text(encoding="utf-8")
    found = re.search(r"^````markdown\n(.*?)^````$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    method = load_method(found[1], path="methods/consumption/no-chopsticks/1.0.0.md", factors=factors)
    assert [str(problem) for problem in publication_problems(method)] == []
    assert failures(method) == []
