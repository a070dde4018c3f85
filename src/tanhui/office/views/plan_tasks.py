"""The tasks of the plan: all at a glance, one with everything about it, its sub-tasks and contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_forms import ContactForm, SubTaskForm, show_refusal
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import DepartmentRef, RoadmapView, Status, SubTaskDetails, SubTaskView, TaskPage, TaskView

_HEADER = ["编号", "任务", "篇", "牵头部门", "配合部门", "状态", "完成率", "指标", "逾期", "暂无数据"]


@dataclass(frozen=True)
class TaskRow:
    """A task in the list, with what its indicators say."""

    task: TaskView
    late: int
    no_data: int


@require_safe
@office_page("plan-tasks")
def tasks(request: HttpRequest) -> HttpResponse:
    """All tasks with their lights, by chapter; filtered by department and status."""
    now = plan.plan(today())
    if now is None:
        return render(request, "office/plan/none.html", {"section": "plan-tasks", "title": "重点任务"})
    department, status = request.GET.get("department", ""), request.GET.get("status", "")
    rows = _rows(now.tasks, department, status)
    counts = Counter(row.task.light.status for row in _rows(now.tasks, department, ""))
    context = {
        "section": "plan-tasks",
        "plan": now,
        "groups": [(title, list(group)) for title, group in groupby(rows, lambda row: row.task.group_title)],
        "shown": len(rows),
        "departments": plan.departments(),
        "statuses": [(each, counts[each]) for each in Status],
        "wanted": {"department": department, "status": status},
        "query": request.GET.urlencode(),
    }
    return render(request, "office/plan/tasks.html", context)


def _rows(tasks: Iterable[TaskView], department: str, status: str) -> list[TaskRow]:
    return [
        TaskRow(task, _with(task, Status.LATE), _with(task, Status.NO_DATA))
        for task in tasks
        if (not department or department in {each.code for each in (*task.leads, *task.supporters)})
        and (not status or task.light.status == status)
    ]


def _with(task: TaskView, status: Status) -> int:
    return sum(1 for each in task.indicators if each.light.status == status)


@require_safe
@office_page("plan-tasks-csv")
def tasks_csv(request: HttpRequest) -> HttpResponse:
    """The same list as a file."""
    now = plan.plan(today())
    rows = _rows(now.tasks if now else (), request.GET.get("department", ""), request.GET.get("status", ""))
    cells = (
        (row.task.no, row.task.title, row.task.group_title, _names(row.task.leads), _names(row.task.supporters),
         row.task.light.status.label, row.task.light.percent, len(row.task.indicators), row.late, row.no_data)
        for row in rows
    )  # fmt: skip
    return csv_file("plan-tasks.csv", _HEADER, cells)


def _names(departments: Iterable[DepartmentRef]) -> str:
    return "、".join(each.name for each in departments)


@require_safe
@office_page("plan-task")
def task(request: HttpRequest, no: int) -> HttpResponse:
    """Everything about one task."""
    page = plan.task(no, today())
    contacts = {department.code: name for department, name in page.contacts}
    own = _own_departments(request, page)
    context = {
        "section": "plan-tasks",
        "page": page,
        "task": page.task,
        "periods": _periods(page.roadmap),
        "people": [
            (department, role, contacts.get(department.code, ""), department in own)
            for role, departments in (("牵头", page.task.leads), ("配合", page.task.supporters))
            for department in departments
        ],
        "own": own,
        "open_notices": [each for each in page.notices if each.state != "closed"],
        "spent": _spent(page),
    }
    return render(request, "office/plan/task.html", context)


def _periods(items: Sequence[RoadmapView]) -> list[tuple[str, list[RoadmapView]]]:
    return [(period, list(group)) for period, group in groupby(items, lambda each: each.period)]


def _spent(page: TaskPage) -> tuple[int, int, int]:
    """Planned, committed and paid over all lines, in fen."""
    lines = page.funding
    return (
        sum(each.planned_fen for each in lines),
        sum(each.committed_fen for each in lines),
        sum(each.paid_fen for each in lines),
    )


def _own_departments(request: HttpRequest, page: TaskPage) -> list[DepartmentRef]:
    """The departments of this task for which the person acts."""
    if not may(request.user, "plan-sub-task-add"):
        return []
    mine = {each.code for each in plan.may_file(request.user.pk or 0)}
    return [each for each in (*page.task.leads, *page.task.supporters) if each.code in mine]


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-contact")
def contact(request: HttpRequest, no: int) -> HttpResponse:
    """Name, change or end a department's contact for a task."""
    page = plan.task(no, today())
    initial = {"department": request.GET.get("department", "")}
    form = ContactForm(request.POST or None, departments=_own_departments(request, page), initial=initial)
    if request.method == "POST" and form.is_valid():
        details = form.details(no)
        saved = act(
            request,
            verb=lambda: services.work(details=details, at=timezone.now(), by=actor(request)),
            done=lambda _: "联系人已保存" if details.username else "联系人已取消",
        )
        if saved:
            return redirect("office:plan-task", no=no)
    context = {"section": "plan-tasks", "form": form, "task": page.task, "title": "任务联系人", "verb": "保存"}
    return render(request, "office/plan/task_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-sub-task-add")
def sub_task_add(request: HttpRequest, no: int) -> HttpResponse:
    """A new step towards a task."""
    page = plan.task(no, today())
    form = SubTaskForm(
        request.POST or None, departments=_own_departments(request, page), others=_standing(page.sub_tasks)
    )
    return _sub_task(request, form, page, None)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-sub-task")
def sub_task(request: HttpRequest, no: int, number: str) -> HttpResponse:
    """Change a step, mark it done, or call it off."""
    page = plan.task(no, today())
    current = next((each for each in page.sub_tasks if each.number == number), None)
    if current is None:
        raise NotFound("这项任务没有这个子任务", where=number, fix="从任务页的子任务列表里选择")
    others = [each for each in _standing(page.sub_tasks) if each.number != number]
    form = SubTaskForm(
        request.POST or None, departments=_own_departments(request, page), others=others, current=current
    )
    return _sub_task(request, form, page, current)


def _standing(sub_tasks: Iterable[SubTaskView]) -> list[SubTaskView]:
    return [each for each in sub_tasks if not each.cancelled]


def _sub_task(request: HttpRequest, form: SubTaskForm, page: TaskPage, current: SubTaskView | None) -> HttpResponse:
    no, status = page.task.no, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            details = form.details(task_no=no, number=current.number if current else "")
            try:
                services.work(details=details, at=timezone.now(), by=actor(request))
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:plan-task", no=no)
    title, verb = ("修改子任务", "保存") if current else ("添加子任务", "添加")
    context = {"section": "plan-tasks", "form": form, "task": page.task, "title": title, "verb": verb}
    return render(request, "office/plan/task_form.html", context, status=status)


@require_POST
@office_page("plan-sub-task-done")
def sub_task_done(request: HttpRequest, no: int, number: str) -> HttpResponse:
    """Mark a step done today."""
    details = SubTaskDetails(number=number, task_no=no, done_on=today())
    act(
        request,
        verb=lambda: services.work(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: "子任务已标为完成",
    )
    if request.POST.get("from") == "desk":
        return redirect("office:plan-desk")
    return redirect("office:plan-task", no=no)
