"""The county's own plan goes the whole way: read, settled, adopted, counted, covered."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.rooms.plan import world

from tanhui.kernel.county import load_county
from tanhui.plan import queries, services
from tanhui.plan.models import Indicator, RoadmapItem, Task
from tanhui.plan.types import PlanView
from tanhui_plandoc import read

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).resolve().parents[4] / "shared" / "plan" / "pingjiang-2023.txt"


def in_force() -> PlanView:
    view = queries.plan(world.TODAY)
    assert view is not None
    return view


def adopt_the_county_s_plan() -> None:
    county = load_county("pingjiang")
    number = services.draft(name="plan.yaml", draft=queries.county_plan(county), at=world.START)
    services.adopt(number=number, at=world.START)
    registers, measures = queries.county_registers(county), queries.county_measures(county)
    services.define(registers=registers, measures=measures, at=world.START)


def test_the_adopted_plan_is_whole_counted_and_covered() -> None:
    adopt_the_county_s_plan()
    view = in_force()
    assert (len(view.tasks), view.boxes, view.roadmap) == (18, 9, 93)
    assert view.indicators == Indicator.objects.count() >= 46
    assert all(task.leads for task in view.tasks)
    counted = [each for task in view.tasks for each in task.indicators]
    assert all(each.source_title for each in counted if each.by != "hand")
    assert queries.uncovered() == []
    assert len(queries.topics(world.TODAY)) == 10


def test_a_report_of_the_adopted_plan_is_published() -> None:
    adopt_the_county_s_plan()
    number = services.publish_report(as_of=world.TODAY, at=world.NOW)
    content = queries.report(number).content
    assert [task["no"] for task in content["tasks"]] == list(range(1, 19))
    assert all(len(queries.report_file(number, kind)[1]) > 5_000 for kind in ("word", "excel"))


@pytest.mark.real_input
def test_the_document_itself_is_settled_and_adopted() -> None:
    if not DOCUMENT.is_file():
        pytest.skip("the plan's document is not in ../shared")
    text = DOCUMENT.read_text(encoding="utf-8")
    number = services.draft(name=DOCUMENT.name, draft=read(text), text=text, at=world.START)
    findings = queries.findings(number)
    assert findings
    for each in findings:
        assert all(any(meant for _, _, meant in passage) for passage in each.passages)
        assert bool(each.correctable) == bool(each.subject)
        if each.severity == "substantive":
            services.settle(number=number, position=each.position, choice="accept", at=world.START)
    services.adopt(number=number, at=world.START)
    assert (Task.objects.count(), RoadmapItem.objects.count()) == (18, 93)
    assert RoadmapItem.objects.filter(stance="").count() == 1
    adopt_the_county_s_plan()
    assert queries.version().version == 2
    assert Task.objects.filter(dropped=True).count() == 0
