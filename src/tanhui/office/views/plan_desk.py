"""Today's desk of a department: what is late, what came back, what to review, what to file; one click to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import today
from tanhui.parties.types import COUNTY
from tanhui.plan import queries as plan
from tanhui.plan.types import DepartmentRef, DeskView

_SHOWN = 8
"""Rows to review that the desk itself shows; the rest is one click away."""
_COUNTED = 200
"""Rows of one department that are counted; more are never waiting on a normal day."""


@dataclass(frozen=True)
class Pile:
    """One pile on the desk: its place on the page, what it is, how much, and whether it presses."""

    anchor: str
    title: str
    count: int
    presses: bool


@require_safe
@office_page("plan-desk")
def desk(request: HttpRequest) -> HttpResponse:
    """What waits today; the working group looks at the county, or at one department."""
    now = plan.plan(today())
    if now is None:
        return render(request, "office/plan/none.html", {"section": "plan-desk", "title": "今日工作台"})
    user_id = request.user.pk or 0
    whole = plan.desk(user_id, timezone.now())
    wanted = request.GET.get("department", "")
    departments = whole.departments
    chosen = next((each for each in departments if each.code == wanted), None)
    if wanted and chosen is None:
        raise NotFound("没有这个部门，或者不在您的范围内", where=wanted, fix="从工作台上的部门列表里选择")
    shown = only(whole, chosen, user_id) if chosen else whole
    stale = tuple(each for each in shown.stale if each not in shown.late)
    owed = tuple(each for each in shown.owed if each not in shown.late and each not in stale)
    context = {
        "section": "plan-desk",
        "today": today(),
        "board": replace(shown, stale=stale, owed=owed),
        "departments": departments,
        "chosen": chosen,
        "titles": plan.task_titles(),
        "piles": _piles(request, shown, len(stale), len(owed)),
        "to_review": shown.to_review[:_SHOWN],
        "to_review_count": shown.to_review_count,
        "county_wide": may(request.user, "plan-file", COUNTY) or may(request.user, "plan-review", COUNTY),
    }
    return render(request, "office/plan/desk.html", context)


def only(whole: DeskView, department: DepartmentRef, user_id: int) -> DeskView:
    """The part of the desk that is one department's: what it leads, filed, owes or has to answer."""
    _, led, _ = plan.department(department.code, today())
    tasks = {task.no for task in led}
    filed = plan.records(state="filed", department=department.code, limit=_COUNTED)
    waiting = tuple(each for each in filed if each.filed_by_id != user_id)
    return replace(
        whole,
        owed=tuple(each for each in whole.owed if each.task_no in tasks),
        late=tuple(each for each in whole.late if each.task_no in tasks),
        stale=tuple(each for each in whole.stale if each.task_no in tasks),
        to_review=waiting,
        to_review_count=len(waiting),
        returned=_own(whole.returned, department),
        sub_tasks=_own(whole.sub_tasks, department),
        notices=_own(whole.notices, department),
        feedback=tuple(each for each in whole.feedback if each.task_no in tasks),
        registers=tuple(each for each in whole.registers if department in each.may_file),
    )


def _own(rows: Sequence[Any], department: DepartmentRef) -> tuple[Any, ...]:
    return tuple(each for each in rows if each.department.code == department.code)


def _piles(request: HttpRequest, desk: DeskView, stale: int, owed: int) -> list[Pile]:
    piles = [
        Pile("late", "逾期的指标", len(desk.late), True),
        Pile("notices", "要答复的督办通知", len(desk.notices), True),
        Pile("returned", "被退回的记录", len(desk.returned), True),
    ]
    if may(request.user, "plan-review"):
        piles.append(Pile("review", "要审核的记录", desk.to_review_count, True))
    return [
        *piles,
        Pile("owed", "要填报的指标", owed, False),
        Pile("stale", "久未更新的指标", stale, False),
        Pile("steps", "要完成的子任务", len(desk.sub_tasks), False),
        Pile("feedback", "要答复的公众意见", len(desk.feedback), False),
    ]
