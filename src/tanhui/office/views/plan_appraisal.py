"""What the plan's year ends with, and what the public says: appraisal, good cases, feedback."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.files import csv_file
from tanhui.office.plan_office_forms import CaseForm, ReplyForm, YearForm
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui.plan.types import AppraisalRun, AppraisalView, CaseDetails, CaseView

_FILE_HEADER = ["年度", "部门", "总分", "项目", "满分", "得分", "依据"]


def _chosen(request: HttpRequest, found: list[AppraisalView]) -> AppraisalView | None:
    number = request.GET.get("number", "")[:30]
    if number:
        return plan.appraisal(number)
    return found[0] if found else None


def _rows(chosen: AppraisalView) -> list[dict[str, Any]]:
    """Each department with its cells in the order of the items."""
    return [
        {**score, "cells": [(item, score["items"].get(item["code"], {})) for item in chosen.items]}
        for score in chosen.scores
    ]


@require_safe
@office_page("plan-appraisal")
def appraisal(request: HttpRequest) -> HttpResponse:
    """The scores of a year, department by department, with what each is based on."""
    return _appraisal(request)


def _appraisal(request: HttpRequest, form: YearForm | None = None, status: int = 200) -> HttpResponse:
    found = plan.appraisals()
    chosen = _chosen(request, found)
    context = {
        "section": "plan-appraisal",
        "appraisals": found,
        "chosen": chosen,
        "rows": _rows(chosen) if chosen else [],
        "form": (form or YearForm(today=today())) if may(request.user, "plan-appraisal-compute") else None,
        "publishable": chosen is not None and chosen.published_at is None and chosen.year < today().year,
    }
    return render(request, "office/plan/appraisal.html", context, status=status)


@require_POST
@office_page("plan-appraisal-compute")
def compute(request: HttpRequest) -> HttpResponse:
    """Compute a year's scores; may be repeated until they are published."""
    return _run(request, publish=False)


@require_POST
@office_page("plan-appraisal-publish")
def publish(request: HttpRequest) -> HttpResponse:
    """Compute a year's scores a last time and publish them."""
    return _run(request, publish=True)


def _run(request: HttpRequest, *, publish: bool) -> HttpResponse:
    form = YearForm(request.POST, today=today())
    if not form.is_valid():
        return _appraisal(request, form, 422)
    details = AppraisalRun(year=form.cleaned_data["year"], publish=publish)
    words = f"{details.year}年度考核结果已公布，不再改动" if publish else f"已计算{details.year}年度得分，核对后再公布"
    done = act(
        request,
        verb=lambda: services.work(details=details, at=timezone.now(), by=actor(request)),
        done=lambda _: words,
    )
    return redirect("office:plan-appraisal") if done else _appraisal(request, form, 409)


@require_safe
@office_page("plan-appraisal-csv")
def appraisal_csv(request: HttpRequest) -> HttpResponse:
    """The same scores as a file, one row a department and item."""
    chosen = _chosen(request, plan.appraisals())
    if chosen is None:
        raise NotFound("还没有考核结果", fix="先计算一个年度的得分")
    rows = (
        (chosen.year, row["name"], row["total"], item["title"], item["points"], cell.get("points", ""),
         cell.get("basis", ""))
        for row in _rows(chosen)
        for item, cell in row["cells"]
    )  # fmt: skip
    return csv_file(f"appraisal-{chosen.year}.csv", _FILE_HEADER, rows)


@require_safe
@office_page("plan-cases")
def cases(request: HttpRequest) -> HttpResponse:
    """Good cases: those that wait for a second person, and those published."""
    found = plan.cases(public_only=False)
    context = {
        "section": "plan-cases",
        "waiting": [(each, _may_publish(request, each)) for each in found if each.published_at is None],
        "published": [each for each in found if each.published_at is not None],
        "titles": plan.task_titles(),
    }
    return render(request, "office/plan/cases.html", context)


def _may_publish(request: HttpRequest, case: CaseView) -> bool:
    """Whether this person reviews for the department, and did not file the case."""
    reviews = any(each.code == case.department.code for each in plan.may_review(request.user.pk or 0))
    return reviews and case.filed_by != actor(request).name


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-case-file")
def file_case(request: HttpRequest) -> HttpResponse:
    """Collect a good case."""
    now = plan.plan(today())
    form = CaseForm(
        request.POST or None,
        departments=plan.may_file(request.user.pk or 0),
        tasks=now.tasks if now else (),
        initial={"task_no": request.GET.get("task", "")[:4]},
    )
    status = 200
    if request.method == "POST":
        if form.is_valid() and act(
            request,
            verb=lambda: services.work(details=form.details(), at=timezone.now(), by=actor(request)),
            done=lambda _: f"已报送：{form.cleaned_data['title']}，等待第二人审核公布",
        ):
            return redirect("office:plan-cases")
        status = 409 if form.is_valid() else 422
    return render(request, "office/plan/case_form.html", {"section": "plan-cases", "form": form}, status=status)


@require_POST
@office_page("plan-case-publish")
def publish_case(request: HttpRequest, number: str) -> HttpResponse:
    """Publish a case, as a second person."""
    act(
        request,
        verb=lambda: services.work(
            details=CaseDetails(number=number, publish=True), at=timezone.now(), by=actor(request)
        ),
        done=lambda _: "已公布，公众可以在任务页看到",
    )
    return redirect("office:plan-cases")


@require_safe
@office_page("plan-feedback")
def feedback(request: HttpRequest) -> HttpResponse:
    """What the public wrote, what waits for a reply first."""
    return _feedback(request)


def _may_reply(request: HttpRequest, task_no: int) -> bool:
    """Whether this person acts for a department that leads the task, or for the working group."""
    if not may(request.user, "plan-feedback-reply"):
        return False
    now = plan.plan(today())
    leads = {each.code for task in (now.tasks if now else ()) if task.no == task_no for each in task.leads}
    own = {each.code for each in plan.may_file(request.user.pk or 0)}
    return bool(leads & own) or may(request.user, "plan-meeting-open")


def _feedback(request: HttpRequest, number: str = "", form: ReplyForm | None = None, status: int = 200) -> HttpResponse:
    found = plan.feedback(on=today())
    waiting = sorted((each for each in found if each.replied_at is None), key=lambda each: each.due_on)
    at = number or request.GET.get("at", "")[:30]
    if at not in {each.number for each in waiting}:
        at = waiting[0].number if waiting else ""
    opened = next((each for each in waiting if each.number == at), None)
    replies = opened is not None and _may_reply(request, opened.task_no)
    context = {
        "section": "plan-feedback",
        "waiting": waiting,
        "late": sum(1 for each in waiting if each.late),
        "replied": [each for each in found if each.replied_at is not None],
        "titles": plan.task_titles(),
        "opened": at,
        "form": (form or ReplyForm()) if replies else None,
    }
    return render(request, "office/plan/feedback.html", context, status=status)


@require_POST
@office_page("plan-feedback-reply")
def reply(request: HttpRequest, number: str) -> HttpResponse:
    """Reply, and decide whether both are shown."""
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _feedback(request, number, form, 422)
    done = act(
        request,
        verb=lambda: services.work(details=form.details(number), at=timezone.now(), by=actor(request)),
        done=lambda _: "已答复" + ("并公开" if form.cleaned_data["public"] else ""),
    )
    return redirect("office:plan-feedback") if done else _feedback(request, number, form, 409)
