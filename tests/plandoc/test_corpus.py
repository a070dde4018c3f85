"""Invented plans of very different shape: what the reader must find in them, fact by fact, and the planted faults.

`corpus/NAME.txt` is a text as a PDF extractor leaves it, `corpus/NAME.toml` what is in it. An indicator or a roadmap
item is found by a keyword that nothing else in its task contains; fields that an expectation leaves out are not held.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tanhui_plandoc import normalize, read
from tanhui_plandoc.draft import Diagnostic, Draft, Indicator, Kind, Severity, Task

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.txt"))


@cache
def expected(name: str) -> dict[str, Any]:
    return tomllib.loads((CORPUS / f"{name}.toml").read_text(encoding="utf-8"), parse_float=Decimal)


@cache
def draft_of(name: str) -> Draft:
    return read((CORPUS / f"{name}.txt").read_text(encoding="utf-8"))


def each(kind: str) -> list[Any]:
    """A parameter for every expectation of a kind, in every plan."""
    found = []
    for name in NAMES:
        for fact in expected(name).get(kind, []):
            label = fact.get("keyword") or fact.get("title") or ""
            found.append(pytest.param(name, fact, id=f"{name}-{fact.get('task', fact.get('task_no', ''))}-{label}"))
    return found


def the_task(name: str, no: int) -> Task:
    tasks = {task.no: task for task in draft_of(name).tasks}
    assert no in tasks, f"{name}: task {no} not found, only {sorted(tasks)}"
    return tasks[no]


def text_of(diagnostic: Diagnostic) -> str:
    return diagnostic.message + "".join(place.quote for place in diagnostic.places)


def test_the_corpus_has_shapes_enough() -> None:
    assert len(NAMES) >= 5
    assert all((CORPUS / f"{name}.toml").is_file() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_head_and_frame(name: str) -> None:
    draft, wanted = draft_of(name), expected(name)
    for field in ("title", "status", "date"):
        if field in wanted:
            assert getattr(draft, field) == wanted[field], f"{name}: {field}"
    if "groups" in wanted:
        assert [group.title for group in draft.groups] == wanted["groups"]
    assert [one.title for one in draft.safeguards] == wanted["safeguards"]
    assert len(draft.overall_targets) == len(wanted["overall"]), [one.text for one in draft.overall_targets]
    for found, one in zip(draft.overall_targets, wanted["overall"], strict=True):
        assert one["keyword"] in found.text
        assert found.deadline_year == one["year"], found.text
    if "legend" in wanted:
        assert {one.mark.value for one in draft.legend} == set(wanted["legend"])
        for one in draft.legend:
            assert wanted["legend"][one.mark.value] in one.text
    assert [task.no for task in draft.tasks] == [task["no"] for task in wanted["tasks"]]


@pytest.mark.parametrize(("name", "wanted"), each("tasks"))
def test_tasks(name: str, wanted: dict[str, Any]) -> None:
    task = the_task(name, wanted["no"])
    assert task.title == wanted["title"]
    if "group" in wanted:
        assert task in draft_of(name).groups[wanted["group"] - 1].tasks
    for role in ("leads", "supporters"):
        if role in wanted:
            assert [one.name for one in getattr(task, role)] == wanted[role], f"{name}: task {task.no}: {role}"
            assert all(one.lines for one in getattr(task, role))
        if f"annex_{role}" in wanted:
            rows = [[one.name for one in getattr(row, role)] for row in task.annex_rows]
            assert rows == [wanted[f"annex_{role}"]], f"{name}: task {task.no}: {role} in the annex"


@pytest.mark.parametrize(("name", "wanted"), each("boxes"))
def test_boxes(name: str, wanted: dict[str, Any]) -> None:
    boxes = [box for box in the_task(name, wanted["task"]).boxes if box.no == wanted["no"]]
    assert [box.title for box in boxes] == [wanted["title"]]
    assert [action.title for action in boxes[0].actions] == wanted["actions"]
    assert all(action.text and action.lines for action in boxes[0].actions)


@pytest.mark.parametrize("name", NAMES)
def test_no_box_too_many(name: str) -> None:
    found = [(task.no, box.no) for task in draft_of(name).tasks for box in task.boxes]
    assert found == [(box["task"], box["no"]) for box in expected(name).get("boxes", [])]


def the_indicator(name: str, wanted: dict[str, Any]) -> Indicator:
    indicators = the_task(name, wanted["task"]).indicators
    found = [one for one in indicators if wanted["keyword"] in one.text]
    assert len(found) == 1, f"{name}: “{wanted['keyword']}” in {[one.text for one in indicators]}"
    return found[0]


@pytest.mark.parametrize(("name", "wanted"), each("indicators"))
def test_indicators(name: str, wanted: dict[str, Any]) -> None:
    found = the_indicator(name, wanted)
    held = {
        "kind": found.kind.value,
        "year": found.deadline_year,
        "comparator": found.comparator,
        "value": found.value,
        "value_max": found.value_max,
        "unit": found.unit,
        "recurrence": found.recurrence,
    }
    if found.kind is Kind.MILESTONE:
        # A state of things may be said with a small number, such as 完成一套课程: only its year is held.
        held = {key: held[key] for key in ("kind", "year")}
    assert held == {key: wanted.get(key) for key in held}, found
    for field in ("deadline", "value_text"):
        if field in wanted:
            assert getattr(found, field) == wanted[field]
    if "source" in wanted:
        assert found.source.value == wanted["source"]
    assert found.id
    assert found.lines


@pytest.mark.parametrize(("name", "wanted"), each("indicators"))
def test_one_target_said_in_several_places(name: str, wanted: dict[str, Any]) -> None:
    found = the_indicator(name, wanted)
    assert found.occurrences
    if "sections" in wanted:
        assert sorted(one.section for one in found.occurrences) == sorted(wanted["sections"]), found.occurrences


@pytest.mark.parametrize("name", NAMES)
def test_no_dated_indicator_too_many(name: str) -> None:
    wanted = [one["keyword"] for one in expected(name)["indicators"]]
    for task in draft_of(name).tasks:
        for one in task.indicators:
            if one.deadline_year or one.value is not None:
                assert any(keyword in one.text for keyword in wanted), f"{name}: task {task.no}: not a target: {one}"
    ids = [one.id for task in draft_of(name).tasks for one in task.indicators]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(("name", "wanted"), each("roadmap"))
def test_roadmap(name: str, wanted: dict[str, Any]) -> None:
    items = the_task(name, wanted["task"]).roadmap
    assert len(items) == len(wanted["marks"]), [item.text for item in items]
    for item, (period, mark, keyword) in zip(items, wanted["marks"], strict=True):
        assert (item.period, item.mark or "") == (period, mark), item
        assert keyword in item.text
        assert not any(sign in item.text for sign in "★▲●○")


@pytest.mark.parametrize(("name", "wanted"), each("faults"))
def test_planted_faults(name: str, wanted: dict[str, Any]) -> None:
    of_code = [one for one in draft_of(name).diagnostics if one.code == wanted["code"]]
    found = [one for one in of_code if wanted["keyword"] in text_of(one)]
    assert found, f"{name}: no {wanted['code']} with “{wanted['keyword']}”, only {[one.message for one in of_code]}"
    if "task_no" in wanted:
        assert wanted["task_no"] in [one.task_no for one in found]


@pytest.mark.parametrize("name", [name for name in NAMES if expected(name).get("clean")])
def test_a_clean_plan_is_left_in_peace(name: str) -> None:
    grave = [one for one in draft_of(name).diagnostics if one.severity is Severity.SUBSTANTIVE]
    assert [f"{one.code}: {one.message}" for one in grave] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_place_is_in_the_text(name: str) -> None:
    count = len((CORPUS / f"{name}.txt").read_text(encoding="utf-8").splitlines())
    for diagnostic in draft_of(name).diagnostics:
        for place in diagnostic.places:
            assert place.lines
            assert all(1 <= number <= count for number in place.lines)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_reported_as_unread(name: str) -> None:
    assert [text_of(one) for one in draft_of(name).diagnostics if one.code == "unread"] == []


def cited(value: Any) -> Iterator[int]:
    """Every line number in a draft as JSON."""
    if isinstance(value, dict):
        yield from value.get("lines") or ()
        value = list(value.values())
    for one in value if isinstance(value, list) else ():
        yield from cited(one)


@pytest.mark.parametrize("name", NAMES)
def test_no_sentence_is_lost_in_silence(name: str) -> None:
    """From the first task on, every line longer than a heading is in some item of the draft, or reported as unread."""
    draft = draft_of(name)
    found = set(cited(draft.as_json()))
    first = min(line for task in draft.tasks for line in task.lines)
    lines = normalize((CORPUS / f"{name}.txt").read_text(encoding="utf-8"))
    sentences = [line for line in lines if line.number > first and not line.cells and len(line.text) > 25]
    assert [line.text for line in sentences if line.number not in found] == []
