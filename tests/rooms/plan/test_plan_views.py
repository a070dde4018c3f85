"""The plan as pages show it: lights from figures, few queries, the desk of a department."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.rooms.plan import world

from tanhui.kernel.errors import NotFound
from tanhui.plan import queries, services
from tanhui.plan.types import (
    FeedbackDetails,
    IndicatorView,
    NoticeDetails,
    PlanView,
    RowDetails,
    Status,
    SubTaskDetails,
)

pytestmark = pytest.mark.django_db


def plan(on: date = world.TODAY) -> PlanView:
    view = queries.plan(on)
    assert view is not None
    return view


def indicator(code: str, on: date = world.TODAY) -> IndicatorView:
    return queries.indicator(code, on)


def test_before_adoption_there_is_no_plan() -> None:
    assert queries.plan(world.TODAY) is None
    assert queries.departments() == []
    with pytest.raises(NotFound):
        queries.task(1, world.TODAY)


def test_the_plan_at_a_glance() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff), world.file_school(staff, "虚构二中"))
    view = plan()
    assert (view.version.version, view.indicators, view.roadmap, view.boxes) == (1, 6, 3, 1)
    assert [task.title for task in view.tasks] == ["绿色学校", "绿色餐饮", "绿色宣传"]
    assert view.counts == {Status.ON_TIME: 1, Status.LATE: 1, Status.NO_DATA: 4}
    first = view.tasks[0]
    assert (first.proactive, first.routine, first.registers) == (1, 1, 1)
    assert [each.code for each in first.leads] == [world.EDUCATION]
    assert [each.code for each in first.supporters] == [world.ECOLOGY]
    # half of the schools at weight 2, nothing of the classes at weight 1
    assert (first.light.completion_bp, first.light.percent) == (3333, "33.33%")
    # the same over the plan's weights: 2 of 7
    assert view.light.completion_bp == 5000 * 2 // 7
    assert view.light.status is Status.LATE


def test_a_figure_says_where_it_comes_from() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_restaurant(staff))
    number = world.report(staff, world.WASTE, "12.5")
    world.approve(staff, number)
    counted, written = indicator(world.RESTAURANTS).figure, indicator(world.WASTE).figure
    assert counted is not None
    assert written is not None
    assert (counted.words, counted.kind, counted.name, counted.title) == (
        "1家", "register", "green-restaurants", "绿色餐厅台账（示例）",
    )  # fmt: skip
    assert (written.words, written.kind, written.name, written.title) == ("12.5吨", "hand", number, "人工填报")
    assert not counted.sample
    assert indicator(world.WASTE).light.completion_bp == 8000


def test_a_figure_of_invented_rows_says_so() -> None:
    staff = world.open_plan()
    row = RowDetails({"restaurant": "示例餐厅（虚构）", "awarded_on": "2026-03-01"})
    numbers = services.file(
        register="green-restaurants", rows=[row], department=world.COMMERCE, sample=True, at=world.NOW,
        by=staff.merchant,
    )  # fmt: skip
    world.approve(staff, *numbers)
    figure = indicator(world.RESTAURANTS).figure
    assert figure is not None
    assert figure.sample


def test_a_limit_is_better_kept_the_lower_the_figure_and_shows_regress() -> None:
    staff = world.open_plan()
    for value, as_of in (("9", date(2026, 5, 1)), ("14", date(2026, 6, 1))):
        world.approve(staff, world.report(staff, world.WASTE, value, as_of=as_of))
    light = indicator(world.WASTE).light
    assert (light.status, light.completion_bp, light.regress) == (Status.ON_TIME, 10 * 10_000 // 14, True)
    earlier = indicator(world.WASTE, date(2026, 5, 15)).light
    assert (earlier.status, earlier.completion_bp, earlier.regress) == (Status.DONE, 10_000, False)


def test_a_figure_grows_stale() -> None:
    staff = world.open_plan()
    world.approve(staff, world.report(staff, world.WASTE, "12", as_of=date(2026, 6, 1)))
    assert not indicator(world.WASTE, date(2026, 9, 29)).light.stale
    assert indicator(world.WASTE, date(2026, 9, 30)).light.stale


def test_a_figure_that_nothing_stands_behind_any_more_is_none() -> None:
    staff = world.open_plan()
    number = world.report(staff, world.WASTE, "12", as_of=date(2026, 6, 1))
    world.approve(staff, number)
    void = services.file(
        corrects=number, void=True, rows=[RowDetails({}, note="登错了")], department=world.COMMERCE, at=world.NOW,
        by=staff.merchant,
    )  # fmt: skip
    world.approve(staff, *void)
    view = indicator(world.WASTE)
    assert view.figure is None
    assert view.light.status is Status.NO_DATA


def test_a_day_in_the_past_shows_what_was_counted_until_then() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff))
    after = world.NOW + timedelta(days=10)
    world.approve(staff, world.file_school(staff, "虚构二中", at=after), at=after)
    assert [indicator(world.SCHOOLS, day).figure.value for day in (world.TODAY, world.TODAY + timedelta(days=10))] == [
        Decimal(1), Decimal(2),
    ]  # type: ignore[union-attr]  # fmt: skip
    assert indicator(world.SCHOOLS, date(2026, 6, 1)).figure is None


def test_the_plan_takes_at_most_twelve_queries_however_much_there_is() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff), world.file_restaurant(staff), world.report(staff, world.WASTE, "9"))
    with CaptureQueriesContext(connection) as few:
        queries.plan(world.TODAY)
    names = [f"虚构餐厅{number}" for number in range(30)]
    rows = [RowDetails({"restaurant": name, "awarded_on": "2026-03-01"}) for name in names]
    numbers = services.file(
        register="green-restaurants", rows=rows, department=world.COMMERCE, at=world.NOW, by=staff.merchant
    )
    world.approve(staff, *numbers)
    with CaptureQueriesContext(connection) as more:
        queries.plan(world.TODAY)
    assert len(few) == len(more) <= 12


def test_a_department_sees_what_it_leads_and_what_it_supports() -> None:
    world.open_plan()
    ref, led, supported = queries.department(world.EDUCATION, world.TODAY)
    assert (ref.name, ref.short_name) == ("虚构县教育局", "教育局")
    assert [task.no for task in led] == [1]
    assert [task.no for task in supported] == [2]
    assert [each.code for each in queries.departments()] == [world.COMMERCE, world.ECOLOGY, world.EDUCATION]
    with pytest.raises(NotFound):
        queries.department("no-such", world.TODAY)


def test_a_task_page_has_everything_about_the_task() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff))
    page = queries.task(1, world.TODAY)
    assert [box["title"] for box in page.boxes] == ["绿色校园行动"]
    assert [(item.due_year, item.position, item.text) for item in page.roadmap] == [
        (2025, 1, "选定试点学校"), (2090, 1, "绿色学校全覆盖"),
    ]  # fmt: skip
    assert [(each.code, each.approved) for each in page.registers] == [("green-schools", 1)]
    with pytest.raises(NotFound):
        queries.task(9, world.TODAY)


def test_the_desk_of_an_officer_and_of_a_reviewer() -> None:
    staff = world.open_plan()
    returned = world.file_restaurant(staff, "退回餐厅")
    world.give_back(staff, returned)
    waiting = world.file_restaurant(staff, "待审餐厅")
    world.file_school(staff)
    details = SubTaskDetails(task_no=2, department=world.COMMERCE, title="起草办法", due_on=date(2026, 7, 1))
    services.work(details=details, at=world.NOW, by=staff.merchant)
    notice = NoticeDetails(world.COMMERCE, 2, "办法没有出台", date(2026, 7, 1))
    services.work(details=notice, at=world.NOW, by=staff.office)
    services.work(details=FeedbackDetails(2, "希望多评几家"), at=world.NOW)
    services.work(details=FeedbackDetails(1, "别的任务"), at=world.NOW)
    assert staff.merchant.user_id is not None
    desk = queries.desk(staff.merchant.user_id, world.NOW)
    assert [each.code for each in desk.departments] == [world.COMMERCE]
    assert [each.code for each in desk.late] == [world.RULES]
    assert [each.code for each in desk.owed] == [world.RESTAURANTS, world.WASTE]
    assert [each.number for each in desk.returned] == [returned]
    assert desk.to_review_count == 0
    assert [each.title for each in desk.sub_tasks] == ["起草办法"]
    assert [each.problem for each in desk.notices] == ["办法没有出台"]
    assert [each.text for each in desk.feedback] == ["希望多评几家"]
    assert [each.code for each in desk.registers] == ["green-restaurants"]
    assert staff.merchant_reviewer.user_id is not None
    desk = queries.desk(staff.merchant_reviewer.user_id, world.NOW)
    assert ([each.number for each in desk.to_review], desk.to_review_count) == ([waiting], 1)
    assert desk.registers == ()


def test_the_desk_of_the_working_group_and_of_nobody() -> None:
    staff = world.open_plan()
    world.file_school(staff)
    world.file_restaurant(staff)
    assert staff.office.user_id is not None
    assert staff.nobody.user_id is not None
    desk = queries.desk(staff.office.user_id, world.NOW)
    assert (len(desk.departments), desk.to_review_count) == (3, 2)
    desk = queries.desk(staff.nobody.user_id, world.NOW)
    assert (desk.departments, desk.owed, desk.late, desk.registers, desk.to_review_count) == ((), (), (), (), 0)
