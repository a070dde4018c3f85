"""What is published around the plan: reports and good cases; and what the public says to it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import BadInput, Busy, NotFound, TanhuiError
from tanhui.plan import queries as plans
from tanhui.plan import services
from tanhui.plan.types import FeedbackDetails
from tanhui.portal.plan_forms import FeedbackForm
from tanhui.portal.plan_reading import ORDER, invented, readable, task_in_force, today
from tanhui.portal.senders import count_sent

_TYPES = {
    "word": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "excel": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


_FUNDING = (("planned", "计划资金"), ("committed", "落实资金"), ("paid", "支付资金"))


def _yuan(fen: int) -> str:
    return format(Decimal(fen).scaleb(-2), ",.2f")


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Every published report, newest first."""
    context = {"section": "plan", "part": "reports", "reports": plans.reports(), "sample": invented()}
    return render(request, "portal/plan/reports.html", context)


@require_safe
@readable
def report(request: HttpRequest, number: str) -> HttpResponse:
    """One report as it was published."""
    found = plans.report(number)
    content = found.content
    context = {
        "section": "plan",
        "part": "reports",
        "report": found,
        "content": content,
        "counts": [(status, content["summary"]["counts"].get(status.value, 0)) for status in ORDER],
        "notices": [{**each, "due_on": date.fromisoformat(each["due_on"])} for each in content["notices"]],
        "funding": [(words, _yuan(content["funding"].get(f"{kind}_fen", 0))) for kind, words in _FUNDING],
    }
    return render(request, "portal/plan/report.html", context)


@require_safe
@readable
def report_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The very file that was published."""
    name, content = plans.report_file(number, "word" if kind == "docx" else "excel")
    response = HttpResponse(content, content_type=_TYPES["word" if kind == "docx" else "excel"])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    """Good cases that a second person published."""
    found = [case for case in plans.cases(public_only=True) if case.published_at]
    return render(request, "portal/plan/cases.html", {"section": "plan", "part": "cases", "cases": found})


@require_safe
@readable
def case(request: HttpRequest, number: str) -> HttpResponse:
    """One good case."""
    found = plans.case(number)
    if found.published_at is None:
        raise NotFound("没有这个案例", fix="从案例目录进入")
    task = task_in_force(found.task_no)
    return render(request, "portal/plan/case.html", {"section": "plan", "part": "cases", "case": found, "task": task})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@readable
def feedback_new(request: HttpRequest, no: int) -> HttpResponse:
    """Write about a task. Nobody's name is asked; the number that comes back leads to the reply."""
    task = task_in_force(no)
    form = FeedbackForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        number = _send(request, form, no)
        if number:
            return redirect(reverse("portal:plan-feedback-one", args=[number]) + "?sent=1")
    context = {"section": "plan", "part": "plan", "task": task, "form": form}
    return render(request, "portal/plan/feedback_new.html", context, status=422 if form.errors else 200)


def _send(request: HttpRequest, form: FeedbackForm, no: int) -> str:
    """The number of what was sent; empty where it was refused, with the reason on the form."""
    now = timezone.now()
    try:
        count_sent(request, now)
        return services.work(details=FeedbackDetails(task_no=no, text=form.cleaned_data["text"]), at=now)
    except (BadInput, Busy) as error:
        form.add_error("text", f"{error.message}。{error.fix}" if error.fix else error.message)
        return ""


@require_safe
def feedback(request: HttpRequest) -> HttpResponse:
    """Ask for a number."""
    number = request.GET.get("number", "").strip()[:60]
    if number and "/" not in number:
        return redirect("portal:plan-feedback-one", number=number)
    context: dict[str, object] = {"section": "plan", "part": "feedback", "number": number}
    if not number:
        return render(request, "portal/plan/feedback.html", context)
    context["error"] = NotFound("没有找到这个编号的意见", fix="核对编号后再试")
    return render(request, "portal/plan/feedback.html", context, status=404)


@require_safe
@never_cache
def feedback_one(request: HttpRequest, number: str) -> HttpResponse:
    """What was written and the reply, for whoever has the number."""
    context: dict[str, object] = {"section": "plan", "part": "feedback", "number": number}
    try:
        found = plans.feedback_by_number(number, today())
    except TanhuiError as error:
        return render(request, "portal/plan/feedback.html", {**context, "error": error}, status=error.status)
    context |= {"feedback": found, "sent": request.GET.get("sent") == "1"}
    response = render(request, "portal/plan/feedback_one.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
