"""Pingjiang's plan and registers as documents: complete, consistent, honest, and in our own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import get_resolver

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui.plan import _county
from tanhui.plan._coverage import MECHANISMS
from tanhui.plan._fields import Known, read_value
from tanhui.plan._sources import sources
from tanhui.plan._yaml import plain, read_file
from tanhui.plan.types import FieldSpec, RegisterDocument
from tanhui_plandoc import Draft, read
from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.draft import Indicator, Kind, Mark, Task

COUNTY = load_county("pingjiang")
DOCUMENT = PROJECT_ROOT.parent / "shared" / "plan" / "pingjiang-2023.txt"
FACTS = _county.plan_facts(COUNTY)
REGISTERS = {register.code: register for register in _county.registers(COUNTY)}
MEASURES = {measure.indicator: measure for measure in _county.measures(COUNTY)}
COVERAGE = _county.coverage_entries(COUNTY)
TOPICS = _county.topics(COUNTY)
ORGANIZATIONS = COUNTY.rows("organizations.csv")
INDICATORS = {indicator.id: (task, indicator) for task in FACTS.tasks for indicator in task.indicators}

needs_document = pytest.mark.skipif(not DOCUMENT.is_file(), reason=f"the real plan is not here: {DOCUMENT}")
every_register = pytest.mark.parametrize("register", REGISTERS.values(), ids=list(REGISTERS))


def files() -> list[Path]:
    folders = ("plan", "plan/tasks", "registers")
    return [path for folder in folders for path in COUNTY.files(folder, ".yaml")]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(COUNTY.folder).as_posix())
def test_every_yaml_reader_reads_the_same(path: Path) -> None:
    """`no` and dates are quoted, so that nothing turns into False or a day elsewhere."""
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == plain(read_file(path, name=path.name))


def test_the_plan_is_whole() -> None:
    assert [task.no for task in FACTS.tasks] == list(range(1, 19))
    boxes = [box for task in FACTS.tasks for box in task.boxes]
    assert [box.no for box in boxes] == list(range(1, 10))
    assert [len(box.actions) for box in boxes] == [3, 2, 2, 1, 2, 1, 4, 3, 1]
    dated = [each for _, each in INDICATORS.values() if each.kind is not Kind.RECURRING]
    assert len(dated) == 46
    assert all(each.deadline_year for each in dated)
    assert all(each.recurrence for _, each in INDICATORS.values() if each.kind is Kind.RECURRING)
    roadmap = [item for task in FACTS.tasks for item in task.roadmap]
    assert Counter(item.mark for item in roadmap) == {Mark.ROUTINE: 57, Mark.PROACTIVE: 35, None: 1}
    assert len(FACTS.safeguards) == 4


def test_every_department_is_in_the_table() -> None:
    names = {row["code"]: row["name"] for row in ORGANIZATIONS}
    for task in FACTS.tasks:
        assert task.leads
        for department in (*task.leads, *task.supporters):
            assert names[department.code] == department.name


@every_register
def test_a_register_can_be_filed_and_checked(register: RegisterDocument) -> None:
    assert 4 <= len(register.fields) <= 9
    assert register.row.startswith("一")
    assert register.evidence_note
    fields = {field.name: field for field in register.fields}
    assert register.key
    assert all(fields[name].required for name in register.key), "what tells two rows apart must be there"
    for field in register.fields:
        if field.type in ("integer", "decimal"):
            assert field.minimum is not None, field.name
            assert field.maximum is not None, field.name
    places = [field for field in register.fields if field.type == "place"]
    assert [field.name for field in places] == ([register.placed_by] if register.placed_by else [])


@every_register
def test_a_register_asks_for_no_person_and_shows_what_it_should(register: RegisterDocument) -> None:
    for field in register.fields:
        title = re.sub("（[^（）]*）", "", field.title)
        assert not re.search("姓名|电话|手机|身份证|联系人|户主|负责人", title), field.title
        assert field.type != "credit_code" or not field.public
    assert any(field.public for field in register.fields) == register.public
    dated = next(field for field in register.fields if field.name == register.dated_by)
    assert dated.public == register.public


@every_register
def test_a_register_belongs_to_tasks_departments_and_topics(register: RegisterDocument) -> None:
    codes = {row["code"] for row in ORGANIZATIONS}
    assert set(register.tasks) <= {task.no for task in FACTS.tasks}
    assert register.tasks
    assert set(register.may_file) <= codes | {"leads", "supporters"}
    assert register.may_file
    assert set(register.topics) <= {topic.title for topic in TOPICS}


@every_register
def test_feeds_and_measures_agree(register: RegisterDocument) -> None:
    for feed in register.feeds:
        task, indicator = INDICATORS[feed.indicator]
        assert task.no in register.tasks
        measure = MEASURES[feed.indicator]
        assert (measure.by, measure.source) == ("register", register.code)
        assert feed.unit == (indicator.unit or "")
        assert (feed.how == "share") == (indicator.unit == "%")


def test_every_indicator_has_one_measure_and_one_that_counts() -> None:
    assert MEASURES.keys() == INDICATORS.keys()
    feeding = Counter(feed.indicator for register in REGISTERS.values() for feed in register.feeds)
    by_register = {measure.indicator for measure in MEASURES.values() if measure.by == "register"}
    assert feeding == dict.fromkeys(by_register, 1)


def test_by_hand_stands_only_what_no_row_can_prove() -> None:
    """The two goals of task 6 that the plan gives without a number."""
    by_hand = [INDICATORS[measure.indicator] for measure in MEASURES.values() if measure.by == "hand"]
    assert [task.no for task, _ in by_hand] == [6, 6]
    assert all(indicator.value is None for _, indicator in by_hand)


def promised() -> Iterator[tuple[str, str]]:
    for at, _ in enumerate(FACTS.overall_targets, start=1):
        yield "overall", str(at)
    for safeguard in FACTS.safeguards:
        yield from (("safeguard", f"{safeguard.no}.{clause.no}") for clause in safeguard.clauses)
    for task in FACTS.tasks:
        yield from (("clause", f"{task.no}.{clause.no}") for clause in task.clauses)
        yield from (("indicator", indicator.id) for indicator in task.indicators)
        for box in task.boxes:
            yield from (("action", f"{box.no}.{at}") for at, _ in enumerate(box.actions, start=1))
        position: Counter[int | None] = Counter()
        for item in task.roadmap:
            position[item.deadline_year] += 1
            yield "roadmap", f"{task.no}:{item.deadline_year}:{position[item.deadline_year]}"


def test_nothing_promised_is_left_out_of_the_coverage() -> None:
    assert sorted((entry.kind, entry.ref) for entry in COVERAGE) == sorted(promised())


def test_what_serves_exists() -> None:
    named = {code for entry in COVERAGE for by in entry.by for kind, code in [by.split(":")] if kind == "register"}
    assert named == REGISTERS.keys(), "every register serves something, and only registers that exist serve"
    for entry in COVERAGE:
        assert entry.how
        for by in entry.by:
            kind, name = by.split(":")
            assert kind in ("register", "source", "screen", "mechanism"), by
            assert kind != "mechanism" or name in MECHANISMS, by
            assert kind != "screen" or re.fullmatch("(office|portal)\\.[a-z-]+", name), by


def test_the_sources_exist() -> None:
    named = {code for entry in COVERAGE for by in entry.by for kind, code in [by.split(":")] if kind == "source"}
    named |= {measure.source for measure in MEASURES.values() if measure.by == "source"}
    assert named <= sources().keys()


def test_the_screens_exist() -> None:
    named = {code for entry in COVERAGE for by in entry.by for kind, code in [by.split(":")] if kind == "screen"}
    doors = get_resolver().namespace_dict
    for code in sorted(named):
        door, _, screen = code.partition(".")
        assert screen in doors[door][1].reverse_dict, code


def test_an_indicator_is_covered_by_what_measures_it() -> None:
    for entry in COVERAGE:
        if entry.kind == "indicator" and MEASURES[entry.ref].by != "hand":
            assert f"{MEASURES[entry.ref].by}:{MEASURES[entry.ref].source}" in entry.by


def test_what_the_platform_does_not_have_yet_is_said() -> None:
    """A part of task 11 that is only reported so far is not passed off as there."""
    missing = " ".join(entry.missing for entry in COVERAGE)
    for part in ("小程序", "项目登记册", "碳标签", "表计"):
        assert part in missing


def test_the_ten_topics_have_tasks_and_registers() -> None:
    assert len(TOPICS) == 10
    disclosed = next(field for field in REGISTERS["progress-disclosures"].fields if field.name == "topic")
    assert tuple(topic.title for topic in TOPICS) == disclosed.choices
    for topic in TOPICS:
        assert topic.tasks
        assert any(
            topic.title in register.topics for code, register in REGISTERS.items() if code != "progress-disclosures"
        )


def test_the_appraisal_gives_a_hundred_points() -> None:
    rules = _county.appraisal_rules(COUNTY)
    assert sum(item["points"] for item in rules["items"]) == 100
    assert rules["status"] == "provisional"


def known() -> Known:
    divisions: dict[str, tuple[str, str, str] | None] = {}
    for row in COUNTY.rows("divisions.csv"):
        for word in (row["stat_code"], row["name"]):
            found = (row["stat_code"], row["name"], row["level"])
            divisions[word] = None if word in divisions else found
    box = (Decimal(113), Decimal(28), Decimal(115), Decimal(30))
    return Known(date(2026, 11, 1), divisions, {row["code"]: (row["code"], row["name"]) for row in ORGANIZATIONS}, box)


KNOWN = known()


@every_register
def test_sample_values_fit_and_are_visibly_invented(register: RegisterDocument) -> None:
    fields = {field.name: field for field in register.fields}
    for name, given in register.sample_values.items():
        assert given
        for value in given:
            read_value(fields[name], value, KNOWN)
            if fields[name].type == "text" and _names_something(fields[name]):
                assert "示例" in str(value) or str(value) == "全县", (name, value)


def _names_something(field: FieldSpec) -> bool:
    return field.name not in ("version", "period", "quantity_unit")


def skeleton(draft: Draft) -> Draft:
    """The draft without its sentences, its annex rows and its diagnostics."""
    return replace(
        draft,
        overall_targets=tuple(replace(each, text="") for each in draft.overall_targets),
        groups=tuple(replace(group, tasks=tuple(_bare_task(task) for task in group.tasks)) for group in draft.groups),
        safeguards=tuple(
            replace(each, text="", clauses=tuple(replace(clause, text="") for clause in each.clauses))
            for each in draft.safeguards
        ),
        diagnostics=(),
        legend=tuple(replace(each, text="") for each in draft.legend),
    )


def _bare_task(task: Task) -> Task:
    return replace(
        task,
        text="",
        clauses=tuple(replace(clause, text="") for clause in task.clauses),
        boxes=tuple(
            replace(box, actions=tuple(replace(action, text="") for action in box.actions)) for box in task.boxes
        ),
        indicators=tuple(_bare_indicator(indicator) for indicator in task.indicators),
        roadmap=tuple(replace(item, text="") for item in task.roadmap),
        annex_rows=(),
    )


def _bare_indicator(indicator: Indicator) -> Indicator:
    occurrences = tuple(replace(each, quote="", text="") for each in indicator.occurrences)
    return replace(indicator, text="", occurrences=occurrences)


@pytest.mark.real_input
@needs_document
def test_the_facts_are_those_of_the_document() -> None:
    """Every number, name, mark, deadline, id and line is what the reader finds in the document itself."""
    found = skeleton(read(DOCUMENT.read_text(encoding="utf-8"), aliases=Aliases.of(ORGANIZATIONS)))
    ours = skeleton(FACTS)
    for theirs, mine in zip(found.tasks, ours.tasks, strict=True):
        assert mine == theirs
    assert ours == found


def said(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from said(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from said(each, key)
    elif isinstance(value, str):
        yield key, value


def _squeezed(text: str) -> str:
    return re.sub(r"[\s*，。；：、,.;:]+", "", text)


@pytest.mark.real_input
@needs_document
@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(COUNTY.folder).as_posix())
def test_no_sentence_of_the_document_is_copied(path: Path) -> None:
    """Titles and names are facts; what is in quotation marks is a name; every other longer text is our own."""
    document = _squeezed(DOCUMENT.read_text(encoding="utf-8"))
    comments = "\n".join(re.findall(r"(?m)^\s*#(.*)$", path.read_text(encoding="utf-8")))
    texts = [("", comments), *said(yaml.safe_load(path.read_text(encoding="utf-8")))]
    for key, text in texts:
        if key in ("title", "name", "raw") and "plan" in path.parts:
            continue
        for part in re.split("“[^”]*”|《[^》]*》|\n", text):
            squeezed = _squeezed(part)
            assert len(squeezed) < 12 or squeezed not in document, text
