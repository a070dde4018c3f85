"""A department's desk today: what it owes, what is late, what waits for its review or its answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tanhui.kernel.days import local_day
from tanhui.plan import _plan, _record_views, _registers, _sub_tasks, _supervision
from tanhui.plan._acting import ref
from tanhui.plan.models import Assignment, Department, Feedback, Notice, Record, Reminder, SubTask
from tanhui.plan.types import DepartmentRef, DeskView, IndicatorView, Status

_SHOWN = 50
_REMINDERS = 20


def desk(user_id: int, at: datetime) -> DeskView:
    """Today for a user, over the departments that the user files or reviews for."""
    on = local_day(at)
    filing, reviewing = (_rows(found(user_id)) for found in (_record_views.may_file, _record_views.may_review))
    mine = {row.pk: row for row in (*filing, *reviewing)}
    leading = set(
        Assignment.objects.filter(department__in=mine, leads=True, task__dropped=False).values_list(
            "task_id", flat=True
        )
    )
    views = _plan.task_views(on, _plan.starts_on(on), leading) if leading else []
    indicators = [each for view in views for each in view.indicators]
    waiting = Record.objects.filter(state=Record.State.FILED, department__in=reviewing).exclude(filed_by=user_id)
    returned = Record.objects.filter(state=Record.State.RETURNED, department__in=filing, corrections__isnull=True)
    sub_tasks = SubTask.objects.filter(department__in=mine, done_on__isnull=True, cancelled=False, task__dropped=False)
    codes = [
        code
        for code, who in _registers.who_may_file(
            each.document for each in _registers.in_force().values() if not each.retired
        ).items()
        if any(row.pk in {each.pk for each in filing} for row in who)
    ]
    reminders = Reminder.objects.filter(department__in=mine).order_by("-made_at", "-id")[:_REMINDERS]
    return DeskView(
        departments=tuple(ref(row) for row in sorted(mine.values(), key=lambda row: row.code)),
        owed=_of(indicators, Status.DUE_SOON, Status.NO_DATA),
        late=_of(indicators, Status.LATE),
        stale=tuple(each for each in indicators if each.light.stale and each.light.status is not Status.DONE),
        to_review=tuple(_record_views.views(waiting.order_by("id")[:_SHOWN])),
        to_review_count=waiting.count(),
        returned=tuple(_record_views.views(returned.order_by("-id")[:_SHOWN])),
        sub_tasks=tuple(_sub_tasks.views(sub_tasks, on)),
        notices=tuple(_supervision.notice_views(Notice.objects.filter(department__in=mine, answered_at=None), on)),
        feedback=tuple(
            _supervision.feedback_views(Feedback.objects.filter(task__in=leading, replied_at__isnull=True), on)
        ),
        reminders=tuple((row.message, row.made_at) for row in reminders),
        registers=tuple(_registers.views(codes)) if codes else (),
    )


def _rows(refs: Iterable[DepartmentRef]) -> list[Department]:
    return list(Department.objects.filter(code__in=[each.code for each in refs]).order_by("code"))


def _of(indicators: list[IndicatorView], *wanted: Status) -> tuple[IndicatorView, ...]:
    return tuple(each for each in indicators if each.light.status in wanted)
