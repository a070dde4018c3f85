"""Supervision of the plan: progress reviews, and notices of rectification with their answers and ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.days import chinese_date, local_day
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_office_forms import AnswerForm, MeetingCloseForm, MeetingForm, NoticeForm, VerdictForm
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import DepartmentRef, IndicatorView, NoticeDetails, PlanView, ReviewMeeting, Status, TaskView

ANSWER_DAYS = 15
"""The days that a notice gives for an answer where nobody says otherwise."""
_STATES = (("open", "待答复"), ("answered", "待办结"), ("closed", "已办结"))
_HEADER = ["编号", "部门", "任务", "指标", "问题", "发出", "答复期限", "逾期", "状态", "答复", "认定", "办结"]


@dataclass(frozen=True)
class LateLine:
    """A late indicator with those who lead its task, and whether a notice about it is still open."""

    task: TaskView
    indicator: IndicatorView
    noticed: tuple[DepartmentRef, ...]

    @property
    def waiting(self) -> tuple[DepartmentRef, ...]:
        """Leading departments that have no open notice about it."""
        return tuple(each for each in self.task.leads if each not in self.noticed)


def late_lines(now: PlanView | None) -> list[LateLine]:
    """Every late indicator of the plan in force."""
    open_notices = [row for row in plan.notices(on=today(), open_only=True) if row.indicator]
    return [
        LateLine(task, indicator, tuple(row.department for row in open_notices if row.indicator == indicator.code))
        for task in (now.tasks if now else ())
        for indicator in task.indicators
        if indicator.light.status is Status.LATE
    ]


@require_safe
@office_page("plan-supervision")
def supervision(request: HttpRequest) -> HttpResponse:
    """How the plan stands, the progress reviews so far, and what is late."""
    return _supervision(request)


def _supervision(request: HttpRequest, form: MeetingForm | None = None, status: int = 200) -> HttpResponse:
    day = today()
    now = plan.plan(day)
    quarter = (day.month + 2) // 3
    initial = {"title": f"{day.year}年第{'一二三四'[quarter - 1]}季度工作调度", "held_on": day}
    context = {
        "section": "plan-supervision",
        "plan": now,
        "counts": [(each, now.counts.get(each, 0)) for each in Status] if now else [],
        "late": late_lines(now),
        "reviews": plan.reviews(),
        "form": (form or MeetingForm(initial=initial)) if now and may(request.user, "plan-meeting-open") else None,
        "open_notices": len(plan.notices(on=day, open_only=True)),
        "answer_by": day + timedelta(days=ANSWER_DAYS),
    }
    return render(request, "office/plan/supervision.html", context, status=status)


@require_POST
@office_page("plan-meeting-open")
def open_meeting(request: HttpRequest) -> HttpResponse:
    """Open a progress review with the state of the plan now."""
    form = MeetingForm(request.POST)
    if not form.is_valid():
        return _supervision(request, form, 422)
    made: list[str] = []
    done = act(
        request,
        verb=lambda: made.append(services.work(details=form.details(), at=timezone.now(), by=actor(request))),
        done=lambda _: f"已发起：{form.cleaned_data['title']}",
    )
    return redirect("office:plan-meeting", number=made[0]) if done else _supervision(request, form, 409)


@require_safe
@office_page("plan-meeting")
def meeting(request: HttpRequest, number: str) -> HttpResponse:
    """One progress review: the state of that day, the late indicators, its notices, its conclusions."""
    return _meeting(request, number)


def _state_now(now: PlanView | None, on: date) -> Mapping[str, Any]:
    """How the plan stands, as a progress review keeps it when it ends."""
    if now is None:
        return {}
    return {
        "as_of": on.isoformat(),
        "version": now.version.version,
        "percent": now.light.percent,
        "counts": {status.value: now.counts.get(status, 0) for status in Status},
        "tasks": [
            {
                "no": task.no,
                "title": task.title,
                "status": task.light.status.value,
                "label": task.light.status.label,
                "percent": task.light.percent,
            }
            for task in now.tasks
        ],
    }


def _meeting(
    request: HttpRequest, number: str, form: MeetingCloseForm | None = None, status: int = 200
) -> HttpResponse:
    day = today()
    found = plan.review(number, day)
    running = found.closed_at is None
    now = plan.plan(day) if running else None
    state = _state_now(now, day) if running else found.state_then
    context = {
        "section": "plan-supervision",
        "review": found,
        "state": state,
        "counts": [(each.value, each.label, state.get("counts", {}).get(each.value, 0)) for each in Status],
        "late": late_lines(now),
        "form": (form or MeetingCloseForm()) if running and may(request.user, "plan-meeting-close") else None,
        "answer_by": day + timedelta(days=ANSWER_DAYS),
    }
    return render(request, "office/plan/meeting.html", context, status=status)


@require_POST
@office_page("plan-meeting-close")
def close_meeting(request: HttpRequest, number: str) -> HttpResponse:
    """End a progress review with its conclusions."""
    form = MeetingCloseForm(request.POST)
    if not form.is_valid():
        return _meeting(request, number, form, 422)
    details = ReviewMeeting(number=number, conclusions=form.cleaned_data["conclusions"])
    done = act(
        request,
        verb=lambda: services.work(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: "调度已结束，结论不再改动",
    )
    return redirect("office:plan-meeting", number=number) if done else _meeting(request, number, form, 409)


@require_safe
@office_page("plan-notices")
def notices(request: HttpRequest) -> HttpResponse:
    """Notices, newest first, filtered by department and by whether they are open."""
    department, open_only = request.GET.get("department", "")[:40], request.GET.get("open") == "1"
    query = request.GET.copy()
    context = {
        "section": "plan-notices",
        "notices": plan.notices(on=today(), department=department, open_only=open_only),
        "departments": plan.departments(),
        "wanted": {"department": department, "open": open_only},
        "query": query.urlencode(),
    }
    return render(request, "office/plan/notices.html", context)


@require_safe
@office_page("plan-notices-csv")
def notices_csv(request: HttpRequest) -> HttpResponse:
    """The same notices as a file."""
    found = plan.notices(
        on=today(), department=request.GET.get("department", "")[:40], open_only=request.GET.get("open") == "1"
    )
    rows = (
        (row.number, row.department.name, row.task_no, row.indicator_text, row.problem, local_day(row.issued_at),
         row.due_on, "是" if row.late else "否", row.state_label, row.answer, row.verdict,
         local_day(row.closed_at) if row.closed_at else "")
        for row in found
    )  # fmt: skip
    return csv_file("notices.csv", _HEADER, rows)


def _problem(indicator: IndicatorView) -> str:
    due = indicator.target.due_on if indicator.target else None
    target = f"：目标为“{indicator.target.words}”" if indicator.target else ""
    figure = f"目前{indicator.figure.words}" if indicator.figure else "目前没有数据"
    when = f"（{chinese_date(due)}）" if due else ""
    return f"“{indicator.text}”已过期限{when}仍未完成{target}，{figure}。请说明原因，提出补救措施和完成时间。"


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-notice-issue")
def issue(request: HttpRequest) -> HttpResponse:
    """Write a notice; or, with an indicator and `at_once`, issue one to each leading department that has none open."""
    if request.method == "POST" and request.POST.get("at_once"):
        return _issue_at_once(request)
    now = plan.plan(today())
    choices: dict[str, Any] = {"departments": plan.departments(), "tasks": now.tasks if now else ()}
    form = NoticeForm(request.POST or None, initial=_initial(request), **choices)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _issue(request, [form.details()]):
            return redirect("office:plan-notices")
        status = 409 if form.is_valid() else 422
    return render(request, "office/plan/notice_form.html", {"section": "plan-notices", "form": form}, status=status)


def _initial(request: HttpRequest) -> dict[str, Any]:
    initial: dict[str, Any] = {key: request.GET.get(key, "")[:40] for key in ("department", "task_no", "review")}
    initial["due_on"] = today() + timedelta(days=ANSWER_DAYS)
    code = request.GET.get("indicator", "")[:40]
    if code:
        found = plan.indicator(code, today())
        initial |= {"indicator": code, "task_no": str(found.task_no), "problem": _problem(found)}
    return initial


def _issue_at_once(request: HttpRequest) -> HttpResponse:
    code, review = request.POST.get("indicator", "")[:40], request.POST.get("review", "")[:30]
    lines = [each for each in late_lines(plan.plan(today())) if each.indicator.code == code]
    due_on = today() + timedelta(days=ANSWER_DAYS)
    details = [
        NoticeDetails(
            department=department.code,
            task_no=line.task.no,
            problem=_problem(line.indicator)[:500],
            due_on=due_on,
            indicator=code,
            review=review,
        )
        for line in lines
        for department in line.waiting
    ]
    _issue(request, details)
    return redirect("office:plan-meeting", number=review) if review else redirect("office:plan-supervision")


def _issue(request: HttpRequest, details: Sequence[NoticeDetails]) -> bool:
    def send() -> int:
        with transaction.atomic():
            for each in details:
                services.work(details=each, at=timezone.now(), by=actor(request))
        return len(details)

    return act(
        request,
        verb=send,
        done=lambda count: f"已发出{count}份督办通知" if count else "没有发出通知：这一项没有逾期，或者已经在督办",
    )


@require_safe
@office_page("plan-notice")
def notice(request: HttpRequest, number: str) -> HttpResponse:
    """One notice: what is wrong, the answer, the end."""
    return _notice(request, number)


def _acts_for(request: HttpRequest, department: DepartmentRef) -> bool:
    return any(each.code == department.code for each in plan.may_file(request.user.pk or 0))


def _notice(request: HttpRequest, number: str, status: int = 200, **forms: Any) -> HttpResponse:
    found = plan.notice(number, today())
    answers = found.state == "open" and may(request.user, "plan-notice-answer") and _acts_for(request, found.department)
    judges = found.state == "answered" and may(request.user, "plan-notice-judge")
    initial = {"due_on": today() + timedelta(days=ANSWER_DAYS)}
    context = {
        "section": "plan-notices",
        "notice": found,
        "task_title": plan.task_titles().get(found.task_no, "已取消的任务"),
        "stages": list(_stages(found.state)),
        "answer_form": forms.get("answer") or (AnswerForm(initial={"answer": found.answer}) if answers else None),
        "verdict_form": forms.get("verdict") or (VerdictForm(initial=initial) if judges else None),
    }
    return render(request, "office/plan/notice.html", context, status=status)


def _stages(state: str) -> Iterator[tuple[str, str]]:
    order = [key for key, _ in _STATES]
    here = order.index(state) if state in order else 0
    for at, (_, words) in enumerate(_STATES):
        yield words, "here" if at == here else "done" if at < here else ""


@require_POST
@office_page("plan-notice-answer")
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """The department's answer."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _notice(request, number, 422, answer=form)
    done = act(
        request,
        verb=lambda: services.work(details=form.details(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "已提交答复，等待专班认定",
    )
    return redirect("office:plan-notice", number=number) if done else _notice(request, number, 409)


@require_POST
@office_page("plan-notice-judge")
def judge(request: HttpRequest, number: str) -> HttpResponse:
    """The working group accepts an answer, or sends it back."""
    form = VerdictForm(request.POST)
    if not form.is_valid():
        return _notice(request, number, 422, verdict=form)
    details = form.details(number)
    done = act(
        request,
        verb=lambda: services.work(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: "已办结" if details.accepted else "已退回，等待重新答复",
    )
    return redirect("office:plan-notice", number=number) if done else _notice(request, number, 409)
