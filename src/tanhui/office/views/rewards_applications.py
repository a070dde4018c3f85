"""Applications to the alliance: checked against the papers, decided with the contract's days and rate."""

from __future__ import annotations

from collections import Counter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.kernel.errors import TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.plan_forms import show_refusal
from tanhui.office.rewards_forms import DecisionForm
from tanhui.parties import queries as parties
from tanhui.rewards import queries, services
from tanhui.rewards.types import ApplicationState, ApplicationView


@require_safe
@office_page("rewards-applications")
def applications(request: HttpRequest) -> HttpResponse:
    """All applications, or those in one state."""
    everyone = queries.applications()
    wanted = request.GET.get("state", "")
    counts = Counter(each.state for each in everyone)
    shown = [each for each in everyone if each.state == wanted] if wanted in list(ApplicationState) else everyone
    context = {
        "section": "rewards-applications",
        "rows": shown,
        "states": [(state, counts[state]) for state in ApplicationState],
        "wanted": wanted,
        "total": len(everyone),
        "join": reverse("portal:mall-join"),
    }
    return render(request, "office/rewards/applications.html", context)


@require_safe
@office_page("rewards-application")
def application(request: HttpRequest, number: str) -> HttpResponse:
    """One application with everything that was sent."""
    return _page(request, queries.application(number))


@require_POST
@office_page("rewards-application-decide")
def decide(request: HttpRequest, number: str) -> HttpResponse:
    """Take the unit in, or tell it why not."""
    found = queries.application(number)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        answer = services.admit(details=form.details(number), at=timezone.now(), by=actor(request))
    except TanhuiError as error:
        if found.state is not ApplicationState.RECEIVED:
            raise
        show_refusal(form, error)
        return _page(request, found, form, status=error.status)
    if form.cleaned_data["accepted"]:
        act(
            request,
            verb=lambda: answer,
            done=lambda _: f"{found.title}已加入联盟；接着登记店长，由店长登记收银员和手机",
        )
        return redirect("office:rewards-merchant", number=answer)
    act(request, verb=lambda: answer, done=lambda _: "已记下，申请人凭编号能看到原因")
    return redirect("office:rewards-application", number=number)


def _page(
    request: HttpRequest, found: ApplicationView, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    places = {each.statistical_code: each.name for each in parties.divisions()}
    undecided = found.state is ApplicationState.RECEIVED and may(request.user, "rewards-application-decide")
    context = {
        "section": "rewards-applications",
        "application": found,
        "place": places.get(found.division_code, found.division_code),
        "form": (form or DecisionForm()) if undecided else None,
    }
    return render(request, "office/rewards/application.html", context, status=status)
