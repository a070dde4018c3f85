"""Reminders: before a deadline, when it has passed, and when a figure grows stale. Each occasion once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db import transaction

from tanhui.kernel.days import chinese_date, local_day
from tanhui.plan import _drafts, _plan
from tanhui.plan.models import Assignment, Feedback, Notice, Reminder, SubTask
from tanhui.plan.types import IndicatorView, Status

DAYS_BEFORE = (90, 30, 7, 0)
"""A deadline is reminded of when so many days are left; a day on which nobody looked is made up for later."""


@transaction.atomic
def remind(*, at: datetime) -> int:
    """Make every reminder that is due and was not made; returns how many are new. Safe to run twice, and at once."""
    _drafts.take_turn()
    on = local_day(at)
    due = {each[:4]: each[4] for each in (*_of_indicators(on), *_of_work(on))}
    occasions = {key[3] for key in due}
    made = Reminder.objects.filter(occasion__in=occasions).values_list("department_id", "kind", "subject", "occasion")
    for key in made:
        due.pop(key, None)
    rows = [
        Reminder(department_id=key[0], kind=key[1], subject=key[2], occasion=key[3], message=text[:300], made_at=at)
        for key, text in due.items()
    ]
    Reminder.objects.bulk_create(rows)
    return len(rows)


_Due = tuple[int, str, str, str, str]


def _stage(due_on: date, on: date) -> str:
    """The occasion of a deadline: the nearest number of days reached, or that it has passed. Empty before the first."""
    left = (due_on - on).days
    if left < 0:
        return f"{due_on.isoformat()}/late"
    reached = [days for days in DAYS_BEFORE if left <= days]
    return f"{due_on.isoformat()}/{reached[-1]}" if reached else ""


def _when(due_on: date, on: date) -> str:
    left = (due_on - on).days
    if left < 0:
        return f"期限{chinese_date(due_on)}已过{-left}天"
    return f"期限{chinese_date(due_on)}，今天到期" if left == 0 else f"期限{chinese_date(due_on)}，还有{left}天"


def _of_indicators(on: date) -> Iterator[_Due]:
    leads: dict[int, list[int]] = {}
    for number, department in Assignment.objects.filter(leads=True, task__dropped=False).values_list(
        "task__no", "department_id"
    ):
        leads.setdefault(number, []).append(department)
    for task in _plan.task_views(on, _plan.starts_on(on)):
        for each in task.indicators:
            for kind, occasion, message in _occasions(each, on):
                for department in leads.get(task.no, ()):
                    yield (
                        department,
                        kind,
                        f"indicator:{each.code}",
                        occasion,
                        f"任务{task.no}指标“{each.text}”{message}",
                    )


def _occasions(each: IndicatorView, on: date) -> Iterator[tuple[str, str, str]]:
    if each.light.status is Status.DONE:
        return
    for target in each.targets:
        if target.due_on is None or (target.light is not None and target.light.status is Status.DONE):
            continue
        occasion = _stage(target.due_on, on)
        if occasion:
            yield "deadline", occasion, f"：目标{target.words}，{_when(target.due_on, on)}"
    if each.light.stale and each.figure is not None:
        since = each.figure.as_of
        yield "stale", f"{since.isoformat()}/stale", f"的数据截至{chinese_date(since)}，已陈旧，请更新"


def _of_work(on: date) -> Iterator[_Due]:
    for sub in SubTask.objects.filter(done_on__isnull=True, cancelled=False, task__dropped=False).order_by("id"):
        if occasion := _stage(sub.due_on, on):
            yield (
                sub.department_id,
                "sub_task",
                f"sub-task:{sub.number}",
                occasion,
                (f"子任务“{sub.title}”{_when(sub.due_on, on)}"),
            )
    for row in Notice.objects.filter(answered_at__isnull=True).order_by("id"):
        if occasion := _stage(row.due_on, on):
            yield (
                row.department_id,
                "notice",
                f"notice:{row.number}",
                occasion,
                f"督办通知待答复，{_when(row.due_on, on)}",
            )
    for letter in Feedback.objects.filter(replied_at__isnull=True, task__dropped=False).select_related("task"):
        if occasion := _stage(letter.due_on, on):
            for department in letter.task.assignments.filter(leads=True).values_list("department_id", flat=True):
                yield (
                    department,
                    "feedback",
                    f"feedback:{letter.number}",
                    occasion,
                    (f"任务{letter.task.no}的公众意见待答复，{_when(letter.due_on, on)}"),
                )
