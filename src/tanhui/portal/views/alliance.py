"""Joining the alliance: a unit applies, and asks by its number what became of it. Nobody has to sign in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.portal.alliance_forms import JoinForm
from tanhui.portal.senders import count_sent
from tanhui.rewards import queries, services


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def join(request: HttpRequest) -> HttpResponse:
    """The form; the credit code is checked before anything is kept."""
    form = JoinForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            now = timezone.now()
            try:
                count_sent(request, now, "申请")
                number = services.admit(details=form.details(), at=now)
            except TanhuiError as error:
                field = error.where if error.where in form.fields else None
                form.add_error(field, f"{error.message}。{error.fix}" if error.fix else error.message)
                status = error.status
            else:
                return redirect(reverse("portal:mall-join-one", args=[number]) + "?sent=1")
    return render(request, "portal/till/join.html", {"section": "mall", "form": form}, status=status)


@require_safe
@never_cache
def application(request: HttpRequest, number: str) -> HttpResponse:
    """Where an application stands; who has its number may ask."""
    context: dict[str, object] = {"section": "mall", "sent": "sent" in request.GET}
    try:
        context["application"] = queries.application(number)
    except NotFound as error:
        return render(request, "portal/till/join_one.html", context | {"error": error}, status=404)
    return render(request, "portal/till/join_one.html", context)
