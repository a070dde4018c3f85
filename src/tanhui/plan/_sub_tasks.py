"""Sub-tasks: who does what by when, and what must be done first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db.models import QuerySet

from tanhui.kernel.days import chinese_date, local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties.types import Actor
from tanhui.plan import _drafts, rules
from tanhui.plan._acting import ref, require_part, said
from tanhui.plan.models import Dependency, RoadmapItem, SubTask
from tanhui.plan.types import Status, SubTaskDetails, SubTaskView


def sub_task(details: SubTaskDetails, at: datetime, by: Actor) -> str:
    """Make a sub-task or change one; dependencies stay free of circles, and nothing is done before its time."""
    _drafts.take_turn()
    row = _existing(details, by) if details.number else _new(details, at, by)
    _change(row, details, local_day(at))
    row.save()
    if details.after is not None:
        _set_requirements(row, details.after)
    if row.done_on is not None and (waiting := unmet([row.pk]).get(row.pk)):
        raise Conflict(f"先做的事项还没有完成：{'、'.join(waiting)}", where=row.title, fix="先完成它们，或去掉先后关系")
    return row.number


def _new(details: SubTaskDetails, at: datetime, by: Actor) -> SubTask:
    if details.task_no is None or details.department is None or details.title is None or details.due_on is None:
        raise BadInput("新的子任务须写明任务、部门、事项和期限", where="sub_task", fix="补全这四项")
    task, department = require_part(by, details.task_no, details.department)
    return SubTask(number=new_number("sub", at), task=task, department=department, created_by=by.name, created_at=at)


def _existing(details: SubTaskDetails, by: Actor) -> SubTask:
    row = SubTask.objects.select_for_update(of=("self",)).select_related("task", "department").filter(
        number=details.number
    ).first()  # fmt: skip
    if row is None:
        raise NotFound("没有这项子任务", where=details.number[:40], fix="核对编号")
    require_part(by, row.task.no, row.department.code)
    if details.task_no not in (None, row.task.no):
        raise BadInput("子任务不能换到另一项任务", where="task_no", fix="取消这一项，在另一项任务下新建")
    if details.department not in (None, row.department.code):
        _, row.department = require_part(by, row.task.no, str(details.department))
    touched = (details.title, details.due_on, details.done_on, details.after)
    if row.done_on is not None and (details.cancelled or any(each is not None for each in touched)):
        raise Conflict(f"这项子任务已于{chinese_date(row.done_on)}完成，只能补充说明", where=row.number, fix="另建一项")
    if row.cancelled and details.cancelled is not False and any(each is not None for each in touched):
        raise Conflict("这项子任务已取消", where=row.number, fix="先恢复它")
    return row


def _change(row: SubTask, details: SubTaskDetails, today: date) -> None:
    if details.title is not None:
        row.title = said(details.title, "title", 120)
    if details.due_on is not None:
        row.due_on = details.due_on
    if details.note is not None:
        row.note = said(details.note, "note", 500, least=0)
    if details.roadmap is not None:
        row.roadmap_item = _roadmap_item(row, details.roadmap)
    if details.cancelled is not None:
        row.cancelled = details.cancelled
    if details.done_on is not None:
        if details.done_on > today:
            raise BadInput("完成日期不能在以后", where="done_on", fix=f"填写{chinese_date(today)}或之前的日期")
        row.done_on = details.done_on


def _roadmap_item(row: SubTask, place: str) -> RoadmapItem | None:
    """The roadmap item at `year:position` of the sub-task's task; an empty place unties it."""
    if not place:
        return None
    match = re.fullmatch(r"(\d{4})?:(\d{1,3})", place)
    found = match and RoadmapItem.objects.filter(
        task=row.task, due_year=int(match[1]) if match[1] else None, position=int(match[2])
    ).first()  # fmt: skip
    if not found:
        raise NotFound("这项任务的路线图没有这一条", where=place[:20], fix="从任务页的路线图中选择")
    return found


def _set_requirements(row: SubTask, numbers: Iterable[str]) -> None:
    wanted = {each.number: each for each in SubTask.objects.filter(number__in=set(numbers))}
    for number in numbers:
        if number not in wanted:
            raise NotFound("没有要先做的这项子任务", where=number[:40], fix="核对编号")
    Dependency.objects.filter(after=row).delete()
    edges: dict[int, set[int]] = {}
    for before, after in Dependency.objects.values_list("before_id", "after_id"):
        edges.setdefault(after, set()).add(before)
    for each in wanted.values():
        if each.pk == row.pk or _reaches(edges, each.pk, row.pk):
            raise Conflict(
                f"“{each.title}”本身要等“{row.title}”，先后关系成了循环", where=each.number, fix="去掉其中一个先后关系"
            )
    Dependency.objects.bulk_create(Dependency(before=each, after=row) for each in wanted.values())


def _reaches(edges: Mapping[int, set[int]], start: int, goal: int) -> bool:
    seen, open_ends = {start}, [start]
    while open_ends:
        for each in edges.get(open_ends.pop(), ()):
            if each == goal:
                return True
            if each not in seen:
                seen.add(each)
                open_ends.append(each)
    return False


def unmet(sub_task_ids: Iterable[int]) -> dict[int, list[str]]:
    """Sub-tasks → titles of what must be done first and is not. One query."""
    found: dict[int, list[str]] = {}
    rows = Dependency.objects.filter(
        after_id__in=list(sub_task_ids), before__done_on__isnull=True, before__cancelled=False
    )
    for after, title in rows.order_by("before__due_on", "before_id").values_list("after_id", "before__title"):
        found.setdefault(after, []).append(title)
    return found


def views(rows: QuerySet[SubTask], on: date) -> list[SubTaskView]:
    """Sub-tasks by deadline, with what they wait for. Three queries."""
    listed = list(rows.select_related("task", "department", "roadmap_item").order_by("due_on", "id"))
    waiting = unmet(row.pk for row in listed)
    after: dict[int, list[str]] = {}
    edges = Dependency.objects.filter(after__in=[row.pk for row in listed]).order_by("id")
    for row_id, number in edges.values_list("after_id", "before__number"):
        after.setdefault(row_id, []).append(number)
    return [
        SubTaskView(
            number=row.number,
            task_no=row.task.no,
            department=ref(row.department),
            title=row.title,
            due_on=row.due_on,
            done_on=row.done_on,
            cancelled=row.cancelled,
            note=row.note,
            status=status_of(row, on),
            waits_for=tuple(waiting.get(row.pk, ())),
            after=tuple(after.get(row.pk, ())),
            roadmap=row.roadmap_item.text if row.roadmap_item else "",
        )
        for row in listed
    ]


def status_of(row: SubTask, on: date) -> Status:
    """How a sub-task stands; a cancelled one is as good as done."""
    if row.done_on is not None or row.cancelled:
        return Status.DONE
    if row.due_on < on:
        return Status.LATE
    return Status.DUE_SOON if (row.due_on - on).days <= rules.DUE_SOON_DAYS else Status.ON_TIME
