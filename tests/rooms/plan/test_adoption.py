"""Adoption: settled first, frozen with a hash, compared with the version before; work and figures go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from tests.rooms.plan import world

from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.plan import _adopt, _compare, queries, services
from tanhui.plan.models import Department, FindingDecision, Indicator, PlanVersion, RoadmapItem, SubTask, Target, Task
from tanhui.plan.types import Correction, FindingsOpen, StagedTarget, Status, SubTaskDetails
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import Clause
from tanhui_plandoc.draft import Department as Named
from tanhui_plandoc.draft import RoadmapItem as Line

pytestmark = pytest.mark.django_db


def received(plan: Draft) -> str:
    return services.draft(name="虚构县方案.txt", draft=plan, text=world.TEXT, at=world.START)


def words(changes: Any) -> list[str]:
    return [each["words"] for each in changes]


def indicators_of(plan: Draft, no: int) -> tuple[Any, ...]:
    return next(task for task in plan.tasks if task.no == no).indicators


def test_nothing_is_adopted_while_a_substantive_finding_waits() -> None:
    number = received(replace(world.draft(), diagnostics=world.diagnostics()))
    services.settle(number=number, position=1, choice="accept", at=world.NOW)
    with pytest.raises(FindingsOpen) as refused:
        services.adopt(number=number, at=world.NOW)
    assert refused.value.detail == {"positions": [2]}
    assert not PlanVersion.objects.exists()
    services.settle(number=number, position=2, choice="note", note="已与两个部门商定", at=world.NOW)
    assert services.adopt(number=number, at=world.NOW) == 1
    taken = FindingDecision.objects.filter(finding__position__in=[3, 4]).values_list("choice", "note")
    assert list(taken) == [("accept", _adopt.TAKEN_AS_IT_STANDS)] * 2


def test_a_version_is_frozen_with_its_hash_and_its_corrections() -> None:
    number = received(replace(world.draft(), diagnostics=world.diagnostics()))
    correction = Correction(f"indicator:{world.SCHOOLS}", "value", 5)
    services.settle(number=number, position=1, choice="correct", corrections=[correction], at=world.NOW)
    services.settle(number=number, position=2, choice="accept", at=world.NOW)
    services.adopt(number=number, at=world.NOW)
    content = queries.version_content(1)
    view = queries.version()
    assert (view.version, view.status, view.starts_on) == (1, "征求意见稿", date(2026, 1, 1))
    assert view.content_hash == digest(content).hex()
    assert content["diagnostics"] == []
    assert Draft.from_json(content).tasks[0].indicators[0].value == Decimal(5)
    assert Target.objects.get(indicator__code=world.SCHOOLS).value == Decimal(5)
    assert queries.document(number).adopted_version == 1
    for change in (
        lambda: PlanVersion.objects.update(content={}),
        lambda: PlanVersion.objects.update(content_hash="0" * 64),
        lambda: PlanVersion.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_tables_show_the_version_in_force() -> None:
    world.organizations()
    world.adopt()
    assert [str(task) for task in Task.objects.all()] == ["1. 绿色学校", "2. 绿色餐饮", "3. 绿色宣传"]
    first = Task.objects.get(no=1)
    assert (first.group_no, first.group_title, first.lines) == (1, "生活", [2])
    assert [str(each) for each in first.assignments.order_by("-leads")] == ["教育局（牵头）", "生态环境局（配合）"]
    assert [box.title for box in first.boxes.all()] == ["绿色校园行动"]
    assert [action["title"] for action in first.boxes.get().actions] == ["节能改造", "光盘行动"]
    target = Target.objects.get(indicator__code=world.WASTE)
    assert (target.due_on, target.comparator, target.value) == (date(2090, 12, 31), "<=", Decimal(10))
    stances = RoadmapItem.objects.order_by("task__no", "due_year").values_list("due_year", "position", "stance")
    assert list(stances) == [(2025, 1, "routine"), (2090, 1, "proactive"), (2025, 1, "")]
    education = Department.objects.get(code=world.EDUCATION)
    assert (education.name, education.short_name) == ("虚构县教育局", "教育局")
    assert education.party_id == parties.organizations()[world.EDUCATION].id


def test_a_department_that_the_county_does_not_know_gets_a_code_of_its_own() -> None:
    plan = world.changed(world.draft(), 3, leads=(Named("虚构县融媒体中心", "融媒体中心"),))
    world.adopt(plan)
    found = Department.objects.get(name="虚构县融媒体中心")
    assert found.code.startswith("d-")
    assert found.party_id is None


@pytest.mark.parametrize(
    ("deadline", "year", "day"),
    [
        ("2025", 2025, date(2025, 12, 31)),
        ("2025-06", 2025, date(2025, 6, 30)),
        ("2024-02", 2024, date(2024, 2, 29)),
        ("2025-06-15", 2025, date(2025, 6, 15)),
        (None, 2030, date(2030, 12, 31)),
        (None, None, None),
        ("2025-13", 2025, date(2025, 12, 31)),
    ],
)
def test_a_deadline_is_its_last_day(deadline: str | None, year: int | None, day: date | None) -> None:
    assert _adopt.last_day(deadline, year) == day


def later() -> Draft:
    """The plan as issued: numbers, deadline, lead and mark moved, a task renamed, one dropped, one new."""
    plan = world.draft(status="")
    school, classes = indicators_of(plan, 1)
    roadmap = plan.tasks[0].roadmap
    plan = world.changed(
        plan, 1,
        title="绿色低碳学校",
        indicators=(replace(school, id="i-1111aaaa", value=Decimal(8), deadline_year=2085, deadline="2085"), classes),
        roadmap=(replace(roadmap[0], mark="proactive"), Line("到2090年", "新的一条", None, 2090)),
    )  # fmt: skip
    plan = world.changed(plan, 2, leads=(plan.tasks[2].leads[0],), indicators=indicators_of(plan, 2)[:2])
    film = plan.tasks[2]
    new = replace(film, title="屋顶光伏", indicators=(replace(film.indicators[0], id="i-2222bbbb", text="光伏屋顶"),))
    return replace(plan, groups=(plan.groups[0], replace(plan.groups[1], tasks=(new,))))


def test_the_second_version_says_what_was_added_dropped_and_moved() -> None:
    world.adopt()
    number = received(later())
    seen_before = queries.preview(number)
    assert services.adopt(number=number, at=world.NOW) == 2
    comparison = queries.version().comparison
    assert comparison == seen_before
    assert words(comparison["added"]) == [
        "任务1路线图新增“新的一条”（到2090年）",
        "新增任务3“屋顶光伏”",
        "任务3新增指标“光伏屋顶”（不少于2部）",
    ]
    assert words(comparison["dropped"]) == [
        "任务1路线图取消“绿色学校全覆盖”（到2090年）",
        "取消任务3“绿色宣传”",
        "任务2取消指标“出台评定办法”（完成）",
        "任务3取消指标“制作宣传片”（不少于2部）",
    ]
    assert words(comparison["moved"]) == [
        "任务1名称由“绿色学校”改为“绿色低碳学校”",
        "路线图“选定试点学校”标记由▲改为★",
        "任务2“绿色餐饮”牵头单位增加虚构县生态环境局，去掉虚构县商务局",
        "指标“创建绿色学校”期限由2090年改为2085年",
        "指标“创建绿色学校”目标由不少于4所改为不少于8所",
    ]
    assert {each["what"] for each in comparison["moved"]} == {"task", "mark", "department", "deadline", "number"}
    assert [view.version for view in queries.versions()] == [2, 1]
    assert queries.version(1).comparison == {"added": [], "dropped": [], "moved": []}


def test_sentences_that_are_new_gone_or_reworded_are_named() -> None:
    plan = world.draft()
    world.adopt(plan)
    first, second = plan.tasks[0].clauses
    later = world.changed(plan, 1, clauses=(replace(first, text="建设一批绿色学校"), replace(second, text="评选标兵")))
    later = replace(later, overall_targets=(replace(plan.overall_targets[0], text="家家户户节能"),))
    later = replace(later, safeguards=(replace(plan.safeguards[0], clauses=()),))
    world.adopt(later)
    comparison = queries.version().comparison
    assert words(comparison["moved"]) == ["任务1条文“建设绿色学校”改写为“建设一批绿色学校”"]
    assert words(comparison["added"]) == ["任务1条文新增“评选标兵”", "总体目标新增“家家户户节能”"]
    assert words(comparison["dropped"]) == [
        "任务1条文取消“上节能课”", "总体目标取消“绿色生活成为习惯”", "保障措施取消“成立专班”",
    ]  # fmt: skip
    assert [each["code"] for each in comparison["added"]] == ["1.2", "1"]


def test_two_wordings_of_the_same_lines_go_together() -> None:
    def wording(first: str, second: str, *, line: int) -> Draft:
        clauses = tuple(Clause(n, text, (line + n,)) for n, text in enumerate((first, second), start=1))
        return world.changed(world.draft(), 1, clauses=clauses)

    short, long = wording("办班", "建馆", line=40), wording("每年举办两期骨干培训班", "新建一座展览馆", line=40)
    found = _compare.compare(short, long)
    assert [each["words"] for each in found.moved] == [
        "任务1条文“办班”改写为“每年举办两期骨干培训班”",
        "任务1条文“建馆”改写为“新建一座展览馆”",
    ]
    assert (found.added, found.dropped) == ((), ())
    elsewhere = _compare.compare(short, wording("每年举办两期骨干培训班", "新建一座展览馆", line=41))
    assert (len(elsewhere.added), len(elsewhere.dropped), elsewhere.moved) == (2, 2, ())


def test_a_department_under_another_name_is_no_other_department() -> None:
    plan = world.draft()
    world.adopt(world.changed(plan, 1, leads=(Named("教育局", "教育局"),)))
    named = (Named("虚构县教育局", "教育局", world.EDUCATION),)
    supporters = (Named("虚构县环保局", "环保局", world.ECOLOGY),)
    world.adopt(world.changed(plan, 1, leads=named, supporters=supporters))
    assert queries.version().comparison["moved"] == []
    swapped = world.changed(plan, 1, leads=(*named, *supporters), supporters=())
    world.adopt(swapped)
    world.adopt(world.changed(plan, 1, leads=(*supporters, *named), supporters=()))
    assert words(queries.version().comparison["moved"]) == ["任务1“绿色学校”牵头单位次序调整"]


def test_the_same_plan_again_moves_nothing() -> None:
    world.adopt()
    assert world.adopt(world.draft(status="正式")) == 2
    assert queries.version().comparison == {"added": [], "dropped": [], "moved": []}


def test_work_records_and_figures_go_on_with_the_second_version() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff))
    details = SubTaskDetails(
        task_no=1, department=world.EDUCATION, title="选学校", due_on=date(2026, 9, 1), roadmap="2025:1"
    )
    services.work(details=details, at=world.NOW, by=staff.officer)
    task, indicator = Task.objects.get(no=1).pk, Indicator.objects.get(code=world.SCHOOLS).pk
    world.adopt(later(), at=world.NOW)
    assert (Task.objects.get(no=1).pk, Task.objects.get(no=1).title) == (task, "绿色低碳学校")
    kept = Indicator.objects.get(code=world.SCHOOLS)
    assert (kept.pk, kept.by, kept.source, kept.weight) == (indicator, "register", "green-schools", 2)
    view = queries.indicator(world.SCHOOLS, world.TODAY)
    assert view.figure is not None
    assert (view.figure.words, view.light.completion_bp) == ("1所", 1250)
    assert [each.words for each in view.targets] == ["到2085年，不少于8所"]
    assert queries.version_content(2)["groups"][0]["tasks"][0]["indicators"][0]["id"] == world.SCHOOLS
    sub = SubTask.objects.get()
    assert (sub.task_id, sub.roadmap_item and sub.roadmap_item.text) == (task, "选定试点学校")


def test_the_county_s_stages_stay_but_for_one_on_the_very_day() -> None:
    world.open_plan()
    stages = tuple(StagedTarget(date(year, 12, 31), Decimal(value)) for year, value in ((2070, 2), (2080, 3)))
    measure = replace(world.measure(world.SCHOOLS, "register", "green-schools"), staged=stages)
    services.define(registers=world.registers(), measures=[measure], at=world.START)
    school, classes = indicators_of(world.draft(), 1)
    moved = replace(school, deadline="2080", deadline_year=2080)
    world.adopt(world.changed(world.draft(), 1, indicators=(moved, classes)))
    targets = queries.indicator(world.SCHOOLS, world.TODAY).targets
    assert [(each.due_on, each.value, each.staged) for each in targets] == [
        (date(2070, 12, 31), Decimal(2), True), (date(2080, 12, 31), Decimal(4), False),
    ]  # fmt: skip


def test_a_list_that_was_written_anew_is_compared_by_equal_names_alone() -> None:
    old, new = [f"旧的第{n}条" for n in range(400)], [f"新的第{n}条" for n in range(400)]
    assert _compare.pair(old, [*new, old[7]]) == {400: 7}
    assert _compare.pair(["建设绿色学校3所"], ["建设绿色学校"]) == {0: 0}


def test_what_is_dropped_stays_and_may_come_back() -> None:
    staff = world.open_plan()
    world.approve(staff, world.report(staff, world.RULES, "1", as_of=date(2026, 5, 1)))
    rules = Indicator.objects.get(code=world.RULES).pk
    world.adopt(later(), at=world.NOW)
    gone = queries.indicator(world.RULES, world.TODAY)
    assert gone.dropped
    assert gone.figure is not None
    assert gone.light.status is Status.DONE
    assert Task.objects.get(title="绿色宣传").dropped
    plan = queries.plan(world.TODAY)
    assert plan is not None
    assert [task.title for task in plan.tasks] == ["绿色低碳学校", "绿色餐饮", "屋顶光伏"]
    assert world.RULES not in [each.code for task in plan.tasks for each in task.indicators]
    world.adopt(world.draft(), at=world.NOW)
    assert Indicator.objects.get(code=world.RULES, dropped=False).pk == rules
    assert not Task.objects.get(title="绿色宣传").dropped
    assert Task.objects.get(title="屋顶光伏").dropped


def test_tasks_may_change_places_and_names() -> None:
    world.adopt()
    before = {task.title: task.pk for task in Task.objects.all()}
    plan = world.draft()
    one, two = plan.groups[0].tasks
    swapped = (replace(two, no=1), replace(one, no=2))
    world.adopt(replace(plan, groups=(replace(plan.groups[0], tasks=swapped), plan.groups[1])))
    assert {task.title: task.pk for task in Task.objects.all()} == before
    assert {task.no: task.title for task in Task.objects.all()} == {1: "绿色餐饮", 2: "绿色学校", 3: "绿色宣传"}
    one, two = plan.groups[0].tasks
    named = (replace(one, title="绿色学校甲"), replace(two, title="绿色学校"))
    world.adopt(replace(plan, groups=(replace(plan.groups[0], tasks=named), plan.groups[1])))
    assert Task.objects.get(no=2).pk == before["绿色学校"]


def test_two_indicators_with_one_id_do_not_become_one() -> None:
    plan = world.draft()
    school = indicators_of(plan, 1)[0]
    twice = (school, replace(school, deadline="2085", deadline_year=2085, value=Decimal(2)))
    world.adopt(world.changed(plan, 1, indicators=twice))
    codes = [world.SCHOOLS, f"{world.SCHOOLS}-2"]
    assert list(Indicator.objects.filter(task__no=1).values_list("code", flat=True)) == codes


@pytest.mark.parametrize("change", [{"title": "绿色餐饮"}, {"no": 2}, {"title": "长" * 81}])
def test_what_the_tables_cannot_hold_is_refused_before_anything_is_stored(change: dict[str, Any]) -> None:
    number = received(world.changed(world.draft(), 1, **change))
    with pytest.raises(BadInput):
        services.adopt(number=number, at=world.NOW)
    assert not PlanVersion.objects.exists()
    assert queries.document(number).state == "open"


def test_long_texts_are_cut_in_the_tables_and_whole_in_the_content() -> None:
    plan = world.draft()
    long = replace(indicators_of(plan, 3)[0], text="长" * 300, unit="部" * 30)
    world.adopt(world.changed(plan, 3, indicators=(long,)))
    row = Indicator.objects.get(code=world.FILMS)
    assert (len(row.text), row.text[-1], len(row.unit)) == (200, "…", 20)
    assert queries.version_content(1)["groups"][1]["tasks"][0]["indicators"][0]["text"] == "长" * 300


def test_only_the_working_group_adopts() -> None:
    staff = world.hire()
    number = received(world.draft())
    for by in (staff.officer, staff.reviewer, staff.nobody):
        with pytest.raises(Forbidden):
            services.adopt(number=number, at=world.NOW, by=by)
    assert services.adopt(number=number, at=world.NOW, by=staff.office) == 1
    entry = parties.audit_trail(action="plan.adopt")[0]
    assert (entry.actor, entry.target, entry.detail["version"]) == ("staff:office", number, 1)


def test_a_document_is_adopted_or_abandoned_once() -> None:
    number = received(world.draft())
    assert services.adopt(number=number, at=world.NOW, abandon=True) == 0
    with pytest.raises(Conflict, match="已作废"):
        services.adopt(number=number, at=world.NOW)
    with pytest.raises(NotFound):
        services.adopt(number="doc_00000000000000000000000000", at=world.NOW)
    with pytest.raises(NotFound):
        queries.version()


@pytest.mark.django_db(transaction=True)
def test_two_who_adopt_the_same_document_at_once_make_one_version(in_threads: Callable[..., list[Any]]) -> None:
    number = received(world.draft())
    results = in_threads(*[lambda: services.adopt(number=number, at=world.NOW)] * 2)
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "int"]
    assert PlanVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_documents_adopted_at_once_become_two_versions(in_threads: Callable[..., list[Any]]) -> None:
    first, second = received(world.draft()), received(world.draft(status="送审稿"))
    results = in_threads(
        lambda: services.adopt(number=first, at=world.NOW), lambda: services.adopt(number=second, at=world.NOW)
    )
    assert sorted(results) == [1, 2]
    assert Task.objects.filter(dropped=False).count() == 3
