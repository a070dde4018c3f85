"""The plan in force as pages show it: at a glance, by task, by department, by indicator. Few queries for everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from tanhui.kernel.errors import NotFound
from tanhui.parties import queries as parties
from tanhui.plan import _adopt, _lights, _registers, _sub_tasks, _supervision, rules
from tanhui.plan._acting import plan_department, ref, task_in_force
from tanhui.plan.models import (
    Assignment,
    Contact,
    Department,
    Feedback,
    GoodCase,
    Indicator,
    Notice,
    PlanVersion,
    RoadmapItem,
    SubTask,
    Task,
)
from tanhui.plan.types import (
    DepartmentRef,
    IndicatorView,
    PlanView,
    RoadmapView,
    Stance,
    Status,
    TaskPage,
    TaskView,
)

_SIZES = """
SELECT (SELECT count(*) FROM plan_roadmap_item r JOIN plan_task t ON t.id = r.task_id AND NOT t.dropped),
       (SELECT count(*) FROM plan_action_box b JOIN plan_task t ON t.id = b.task_id AND NOT t.dropped)
"""


def plan(on: date) -> PlanView | None:
    """The plan in force as of a day; None before adoption. A fixed number of queries, none of them over records."""
    version = PlanVersion.objects.defer("content").order_by("-version").first()
    if version is None:
        return None
    tasks = task_views(on, version.starts_on)
    indicators = [each for task in tasks for each in task.indicators]
    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        roadmap, boxes = cursor.fetchone()
    return PlanView(
        version=_adopt.version_view(version),
        tasks=tuple(tasks),
        light=rules.overall_light((each.weight, each.light) for each in indicators),
        counts=Counter(each.light.status for each in indicators),
        indicators=len(indicators),
        roadmap=roadmap,
        boxes=boxes,
    )


def task_views(on: date, starts_on: date, tasks: Iterable[int] | None = None) -> list[TaskView]:
    """Tasks in force by number, all or those of these ids. Eight queries for any number."""
    rows = Task.objects.filter(dropped=False).annotate(
        proactive=Count("roadmap", filter=Q(roadmap__stance=Stance.PROACTIVE)),
        routine=Count("roadmap", filter=Q(roadmap__stance=Stance.ROUTINE)),
    )
    if tasks is not None:
        rows = rows.filter(pk__in=list(tasks))
    listed = list(rows.order_by("no"))
    ids = [row.pk for row in listed]
    parts: dict[tuple[int, bool], list[DepartmentRef]] = {}
    for each in Assignment.objects.filter(task__in=ids).select_related("department").order_by("position"):
        parts.setdefault((each.task_id, each.leads), []).append(ref(each.department))
    indicators: dict[int, list[IndicatorView]] = {}
    found = Indicator.objects.filter(task__in=ids, dropped=False).select_related("task").order_by("position", "id")
    kept = list(found)
    views = _lights.views(kept, on=on, starts_on=starts_on)
    for row in kept:
        indicators.setdefault(row.task_id, []).append(views[row.pk])
    registers = Counter(
        number for each in _registers.in_force().values() if not each.retired for number in each.document.tasks
    )
    return [_task(row, parts, indicators.get(row.pk, ()), registers[row.no]) for row in listed]


def _task(
    row: Any,
    parts: Mapping[tuple[int, bool], Sequence[DepartmentRef]],
    indicators: Sequence[IndicatorView],
    registers: int,
) -> TaskView:
    return TaskView(
        no=row.no,
        title=row.title,
        text=row.text,
        group_no=row.group_no,
        group_title=row.group_title,
        leads=tuple(parts.get((row.pk, True), ())),
        supporters=tuple(parts.get((row.pk, False), ())),
        light=rules.overall_light((each.weight, each.light) for each in indicators),
        indicators=tuple(indicators),
        proactive=row.proactive,
        routine=row.routine,
        registers=registers,
    )


def starts_on(on: date) -> date:
    """The day from which the plan in force counts; before adoption the day asked about."""
    return PlanVersion.objects.order_by("-version").values_list("starts_on", flat=True).first() or on


def task(no: int, on: date) -> TaskPage:
    """Everything about a task in force. Raises NotFound."""
    row = task_in_force(no)
    view = task_views(on, starts_on(on), [row.pk])[0]
    codes = [code for code, each in _registers.in_force().items() if not each.retired and no in each.document.tasks]
    contacts = list(
        Contact.objects.filter(task=row, ended_at__isnull=True)
        .select_related("department")
        .order_by("department__code")
    )
    names = parties.staff_names(each.user_id for each in contacts)
    return TaskPage(
        task=view,
        boxes=tuple(
            {"no": box.no, "title": box.title, "actions": box.actions} for box in row.boxes.order_by("no", "id")
        ),
        roadmap=tuple(roadmap_view(item) for item in row.roadmap.order_by("due_year", "position")),
        registers=tuple(_registers.views(codes)) if codes else (),
        sub_tasks=tuple(_sub_tasks.views(SubTask.objects.filter(task=row), on)),
        contacts=tuple((ref(each.department), names[each.user_id]) for each in contacts),
        notices=tuple(_supervision.notice_views(Notice.objects.filter(task=row), on)),
        cases=tuple(_supervision.case_views(GoodCase.objects.filter(task=row))),
        funding=tuple(_supervision.funding_lines(no)),
        feedback=tuple(_supervision.feedback_views(Feedback.objects.filter(task=row), on)),
    )


def task_titles() -> dict[int, str]:
    """Number → title of the tasks in force, by number. One query."""
    return dict(Task.objects.filter(dropped=False).order_by("no").values_list("no", "title"))


def roadmap_view(item: RoadmapItem) -> RoadmapView:
    """A roadmap item for others to read."""
    return RoadmapView(
        period=item.period,
        due_year=item.due_year,
        position=item.position,
        text=item.text,
        stance=Stance(item.stance) if item.stance else None,
    )


def departments() -> list[DepartmentRef]:
    """The departments that have a part in the plan in force, by code."""
    rows = Department.objects.filter(assignments__task__dropped=False).distinct().order_by("code")
    return [ref(row) for row in rows]


def department(code: str, on: date) -> tuple[DepartmentRef, list[TaskView], list[TaskView]]:
    """A department, the tasks that it leads, the tasks that it supports. Raises NotFound."""
    row = plan_department(code)
    parts = dict(Assignment.objects.filter(department=row, task__dropped=False).values_list("task__no", "leads"))
    ids = Assignment.objects.filter(department=row, task__dropped=False).values_list("task_id", flat=True)
    views = task_views(on, starts_on(on), ids)
    return ref(row), [each for each in views if parts[each.no]], [each for each in views if not parts[each.no]]


def indicator(code: str, on: date) -> IndicatorView:
    """One indicator, also a dropped one. Raises NotFound."""
    row = Indicator.objects.select_related("task").filter(code=code).first()
    if row is None:
        raise NotFound("没有这个指标", where=code[:40], fix="核对指标代码")
    return _lights.views([row], on=on, starts_on=starts_on(on))[row.pk]


def state(on: date) -> dict[str, Any]:
    """How the plan stands on a day, as plain values that are kept with a progress review."""
    view = plan(on)
    if view is None:
        return {}
    return {
        "as_of": on.isoformat(),
        "version": view.version.version,
        "percent": view.light.percent,
        "counts": {status.value: view.counts.get(status, 0) for status in Status},
        "tasks": [
            {
                "no": each.no,
                "title": each.title,
                "status": each.light.status.value,
                "label": each.light.status.label,
                "percent": each.light.percent,
            }
            for each in view.tasks
        ],
    }
