"""Reading the plan for the public: what a page shows of a task first, what is due when, and what nobody may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tanhui.kernel.county import load_county
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import NotFound
from tanhui.plan import queries as plans
from tanhui.plan.types import DepartmentRef, FieldSpec, IndicatorView, PlanView, RecordView, Stance, Status, TaskView

View = Callable[..., HttpResponse]
ORDER = (Status.DONE, Status.ON_TIME, Status.DUE_SOON, Status.LATE, Status.NO_DATA)


@dataclass(frozen=True)
class TaskRow:
    """A task with the indicator that stands for it, and how many more it has."""

    task: TaskView
    main: IndicatorView | None
    more: int


@dataclass(frozen=True)
class DueYear:
    """What the plan promised by the end of a year (None: no deadline) and how far that is."""

    year: int | None
    indicators: int
    counts: tuple[tuple[Status, int], ...]


@dataclass(frozen=True)
class PlanLine:
    """The plan in one line: how many tasks and indicators it has, and how many tasks have which light."""

    title: str
    tasks: int
    indicators: int
    counts: tuple[tuple[Status, int], ...]
    sample: bool


def today() -> date:
    """The county's day, now: rooms never look at the clock, the portal tells them."""
    return local_day(timezone.now())


def plan_line(found: PlanView | None) -> PlanLine | None:
    """The line for the home page; None before a plan is adopted."""
    if found is None:
        return None
    counts = tuple(pair for pair in counted(task.light.status for task in found.tasks) if pair[1])
    return PlanLine(found.version.title, len(found.tasks), found.indicators, counts, of_samples(found.tasks))


def readable(view: View) -> View:
    """A page in Chinese where the room knows nothing of what was asked for."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            return render(request, "404.html", {"exception": error}, status=404)

    return guarded


def invented() -> bool:
    """Whether this county is a demonstration: figures then come of sample rows, and every page says so."""
    return load_county(settings.TANHUI_COUNTY).is_demo


def of_samples(tasks: Iterable[TaskView]) -> bool:
    """Whether a value of these tasks is made of sample rows."""
    return any(each.figure and each.figure.sample for task in tasks for each in standing(task))


def standing(task: TaskView) -> list[IndicatorView]:
    """The indicators that the plan in force still has."""
    return [each for each in task.indicators if not each.dropped]


def task_in_force(no: int) -> TaskView:
    """One task of the plan at a glance. Raises NotFound."""
    found = plans.plan(today())
    task = next((each for each in found.tasks if each.no == no), None) if found else None
    if task is None:
        raise NotFound(f"方案里没有第{no}项任务", fix="从总览选择任务")
    return task


def title_in_force(no: int) -> str:
    """The title of a task of the plan in force. Raises NotFound."""
    title = plans.task_titles().get(no)
    if title is None:
        raise NotFound(f"方案里没有第{no}项任务", fix="从总览选择任务")
    return title


def row_of(task: TaskView) -> TaskRow:
    """A task for a list. The heaviest indicator stands for it; among equals a counted one before a milestone."""
    indicators = standing(task)
    ranked = sorted(indicators, key=lambda each: (-each.weight, each.kind != "quantitative"))
    return TaskRow(task, ranked[0] if ranked else None, max(0, len(indicators) - 1))


def counted(statuses: Iterable[Status]) -> list[tuple[Status, int]]:
    """How many there are of each status, in the order of the legend, the absent ones too."""
    found = Counter(statuses)
    return [(status, found[status]) for status in ORDER]


def by_due_year(tasks: Iterable[TaskView]) -> list[DueYear]:
    """The indicators by the year in which they are due; those without a deadline last."""
    years: dict[int | None, list[Status]] = {}
    for task in tasks:
        for each in standing(task):
            due = each.target.due_on if each.target else None
            years.setdefault(due.year if due else None, []).append(each.light.status)
    ordered = sorted(years, key=lambda year: (year is None, year or 0))
    return [
        DueYear(year, len(years[year]), tuple(pair for pair in counted(years[year]) if pair[1])) for year in ordered
    ]


def departments_of(tasks: Iterable[TaskView]) -> list[DepartmentRef]:
    """Every department that leads or supports one of the tasks, in the order in which the plan names them."""
    return list(dict.fromkeys(each for task in tasks for each in (*task.leads, *task.supporters)))


def stances(tasks: Iterable[TaskView]) -> list[tuple[Stance, int]]:
    """How many roadmap items are to be done in which way."""
    everything = list(tasks)
    return [
        (Stance.PROACTIVE, sum(task.proactive for task in everything)),
        (Stance.ROUTINE, sum(task.routine for task in everything)),
    ]


def public_fields(fields: Sequence[FieldSpec]) -> list[FieldSpec]:
    """The columns that everybody may see."""
    return [each for each in fields if each.public]


def public_cells(record: RecordView, fields: Sequence[FieldSpec]) -> list[tuple[FieldSpec, str]]:
    """What everybody may see of a record, under the columns of the register as it is now: a field that is not public,
    now or when the row was filed, is not shown."""
    texts = {spec.name: text for spec, text in record.cells if spec.public}
    return [(spec, texts.get(spec.name, "")) for spec in fields]
