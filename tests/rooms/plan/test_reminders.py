"""Reminders: every occasion once, to those who lead, run twice or at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.rooms.plan import world

from tanhui.plan import _reminders, queries, services, tasks
from tanhui.plan.models import Reminder
from tanhui.plan.types import FeedbackDetails, FeedbackReply, NoticeAnswer, NoticeDetails, SubTaskDetails
from tanhui_plandoc import Draft

pytestmark = pytest.mark.django_db


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def remind(day: date) -> list[tuple[str, str, str]]:
    """What is new on a day: (department, kind, occasion)."""
    before = set(Reminder.objects.values_list("pk", flat=True))
    made = _reminders.remind(at=noon(day))
    new = Reminder.objects.exclude(pk__in=before).order_by("pk")
    assert made == len(new)
    return [(row.department.code, row.kind, row.occasion) for row in new]


def due(day: str) -> Draft:
    """A plan of one task with one indicator that is due on a day."""
    plan = world.draft()
    film = replace(plan.tasks[2].indicators[0], deadline=day, deadline_year=int(day[:4]))
    group = replace(plan.groups[1], tasks=(replace(plan.tasks[2], indicators=(film,)),))
    return replace(plan, groups=(group,))


def test_a_deadline_is_reminded_of_at_each_stage_once() -> None:
    world.adopt(due("2026-12-31"))
    day = date(2026, 12, 31)
    seen = {}
    for left in range(95, -5, -1):
        for _, kind, occasion in remind(day - timedelta(days=left)):
            seen[left] = (kind, occasion)
    assert seen == {
        90: ("deadline", "2026-12-31/90"),
        30: ("deadline", "2026-12-31/30"),
        7: ("deadline", "2026-12-31/7"),
        0: ("deadline", "2026-12-31/0"),
        -1: ("deadline", "2026-12-31/late"),
    }


def test_a_day_on_which_nothing_ran_is_made_up_for() -> None:
    world.adopt(due("2026-12-31"))
    assert remind(date(2026, 12, 20)) == [(world.ECOLOGY, "deadline", "2026-12-31/30")]
    assert remind(date(2026, 12, 20)) == []
    assert remind(date(2027, 3, 1)) == [(world.ECOLOGY, "deadline", "2026-12-31/late")]
    assert [row.message for row in Reminder.objects.order_by("pk")] == [
        "任务3指标“制作宣传片”：目标到2026年，不少于2部，期限2026年12月31日，还有11天",
        "任务3指标“制作宣传片”：目标到2026年，不少于2部，期限2026年12月31日已过60天",
    ]


def test_what_is_done_is_not_reminded_of() -> None:
    staff = world.open_plan()
    world.approve(staff, world.report(staff, world.RULES, "1"))
    assert remind(world.TODAY) == []


def test_a_stale_figure_is_reminded_of_once_until_it_is_new_again() -> None:
    staff = world.open_plan()
    world.approve(staff, world.report(staff, world.RULES, "1"))
    world.approve(staff, world.report(staff, world.WASTE, "12"))
    stale = world.TODAY + timedelta(days=121)
    assert remind(stale - timedelta(days=1)) == []
    assert remind(stale) == [(world.COMMERCE, "stale", "2026-06-15/stale")]
    assert remind(stale + timedelta(days=5)) == []
    at = noon(stale + timedelta(days=6))
    number = world.report(staff, world.WASTE, "11", as_of=stale + timedelta(days=6), at=at)
    world.approve(staff, number, at=at)
    assert remind(stale + timedelta(days=7)) == []
    assert remind(stale + timedelta(days=6 + 121)) == [(world.COMMERCE, "stale", "2026-10-20/stale")]


def test_work_notices_and_feedback_have_deadlines_too() -> None:
    staff = world.open_plan()
    world.approve(staff, world.report(staff, world.RULES, "1"))
    soon = world.TODAY + timedelta(days=5)
    sub = services.work(
        details=SubTaskDetails(task_no=1, department=world.EDUCATION, title="选学校", due_on=soon),
        at=world.NOW, by=staff.officer,
    )  # fmt: skip
    notice = services.work(details=NoticeDetails(world.COMMERCE, 2, "慢", soon), at=world.NOW, by=staff.office)
    letter = services.work(details=FeedbackDetails(3, "意见"), at=world.NOW)
    assert remind(world.TODAY) == [
        (world.EDUCATION, "sub_task", "2026-06-20/7"),
        (world.COMMERCE, "notice", "2026-06-20/7"),
        (world.ECOLOGY, "feedback", "2026-07-06/30"),
    ]
    services.work(details=SubTaskDetails(number=sub, done_on=world.TODAY), at=world.NOW, by=staff.officer)
    services.work(details=NoticeAnswer(notice, "好"), at=world.NOW, by=staff.merchant)
    services.work(details=FeedbackReply(letter, "谢谢", False), at=world.NOW, by=staff.office)
    assert remind(date(2026, 8, 1)) == []
    assert staff.officer.user_id is not None
    desk = queries.desk(staff.officer.user_id, world.NOW)
    assert [message for message, _ in desk.reminders] == ["子任务“选学校”期限2026年6月20日，还有5天"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_remind_once(in_threads: Callable[..., list[Any]]) -> None:
    world.adopt(due("2026-12-31"))
    results = in_threads(*[lambda: _reminders.remind(at=noon(date(2026, 12, 25)))] * 2)
    assert sorted(results) == [0, 1]
    assert Reminder.objects.count() == 1


def test_the_background_tasks_run_twice_without_harm() -> None:
    world.open_plan()
    tasks.refresh_sources(0)
    tasks.remind(0)
    made = Reminder.objects.count()
    tasks.refresh_sources(0)
    tasks.remind(0)
    assert made > 0
    assert Reminder.objects.count() == made
