"""Coverage and the fields of publication: computed from the plan in force and the county's declarations."""

from __future__ import annotations

import pytest
from tests.rooms.plan import world

from tanhui.kernel.errors import NotFound
from tanhui.plan import _county, queries
from tanhui.plan.types import CoverageEntry, TopicEntry

pytestmark = pytest.mark.django_db

EVERYTHING = {
    "overall": ["1"],
    "clause": ["1.1", "1.2", "2.1", "3.1"],
    "action": ["1.1", "1.2"],
    "indicator": [world.SCHOOLS, world.CLASSES, world.RESTAURANTS, world.WASTE, world.RULES, world.FILMS],
    "roadmap": ["1:2025:1", "1:2090:1", "2:2025:1"],
    "safeguard": ["1.1"],
}


def entry(kind: str, ref: str, *by: str, missing: str = "") -> CoverageEntry:
    return CoverageEntry(kind, ref, by, "逐条登记", missing, f"coverage.yaml:{ref}")


def declare(monkeypatch: pytest.MonkeyPatch, *entries: CoverageEntry) -> None:
    monkeypatch.setattr(_county, "coverage_entries", lambda county: list(entries))


def complete() -> list[CoverageEntry]:
    return [entry(kind, ref, "mechanism:report") for kind, refs in EVERYTHING.items() for ref in refs]


def test_every_promise_has_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_plan()
    declare(monkeypatch, *complete())
    rows = queries.coverage()
    assert sorted((row.kind, row.ref) for row in rows) == sorted(
        (kind, ref) for kind, refs in EVERYTHING.items() for ref in refs
    )
    assert all(row.by == (("mechanism", "report", "进展报告"),) and not row.missing for row in rows)
    assert queries.uncovered() == []
    school = next(row for row in rows if row.ref == world.SCHOOLS)
    assert (school.task_no, school.text, school.how) == (1, "创建绿色学校", "逐条登记")


def test_what_serves_is_named_and_what_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_plan()
    names = (
        "register:green-schools", "source:scenarios.open", "screen:office.plan-task", "room:scenarios",
        "register:no-such", "source:no.such", "mechanism:magic", "nonsense",
    )  # fmt: skip
    declare(monkeypatch, entry("clause", "1.1", *names, missing="还缺碳标签"))
    row = next(row for row in queries.coverage() if (row.kind, row.ref) == ("clause", "1.1"))
    assert row.by == (
        ("register", "green-schools", "绿色学校台账（示例）"),
        ("source", "scenarios.open", "已开通的低碳场景"),
        ("screen", "office.plan-task", "office.plan-task"),
        ("room", "scenarios", "碳普惠场景"),
    )
    assert (
        row.missing
        == "还缺碳标签；register:no-such 不存在；source:no.such 不存在；mechanism:magic 不存在；nonsense 不存在"
    )


def test_what_is_unaccounted_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_plan()
    declare(monkeypatch, *complete()[1:], entry("clause", "9.9", "mechanism:notice"), entry("clause", "9.8", "room:x"))
    assert queries.uncovered() == [
        "总体目标 1“绿色生活成为习惯”没有写明由什么落实",
        "coverage.yaml:9.9：方案里没有任务条文 9.9",
        "coverage.yaml:9.8：方案里没有任务条文 9.8",
        "coverage.yaml:9.8：room:x 不存在",
    ]
    assert next(row for row in queries.coverage() if row.kind == "overall").missing == "没有写明由什么落实"


def test_a_retired_register_serves_nothing_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_plan()
    declare(monkeypatch, *complete(), entry("clause", "1.1", "register:green-schools"))
    assert queries.uncovered() == []
    documents = [each for each in world.registers() if each.code != "green-schools"]
    world.services.define(registers=documents, measures=[], at=world.NOW)
    assert queries.uncovered() == ["coverage.yaml:1.1：register:green-schools 不存在"]


def test_before_adoption_there_is_nothing_to_cover() -> None:
    with pytest.raises(NotFound):
        queries.coverage()


def test_the_fields_of_publication_have_their_tasks_and_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_plan()
    fields = [TopicEntry("campus", "校园", (1, 9), ""), TopicEntry("energy", "能源", (), "方案没有能源任务")]
    monkeypatch.setattr(_county, "topics", lambda county: fields)
    campus, energy = queries.topics(world.TODAY)
    assert [task.no for task in campus.tasks] == [1]
    assert [each.code for each in campus.registers] == ["green-schools"]
    assert (energy.tasks, energy.registers, energy.note) == ((), (), "方案没有能源任务")
