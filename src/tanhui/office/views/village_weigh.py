"""The weigh page: who is here, how much of what, the paper that the person takes home; and the second person's list.

Works without script. The page names each attempt before it is made (the nonce), so that a form that is sent twice is
answered once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import (
    CheckInDetails,
    CheckInState,
    CheckInView,
    ConfirmDetails,
    OccasionKind,
    OccasionView,
)
from tanhui.kernel.errors import Conflict, TanhuiError
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.community_desk import find, mine, occasion_here, place_names, reach
from tanhui.office.community_weigh_forms import CorrectForm, WeighForm
from tanhui.office.plan_forms import show_refusal
from tanhui.parties import queries as parties
from tanhui.parties.types import PartyRef

_SCALE = "village_scale"
"""Where the session keeps whether amounts were last read off a scale."""
_AROUND, _LONGEST = timedelta(hours=36), timedelta(days=60)
_RECENT = 20


@require_safe
@office_page("village-weigh")
def weigh(request: HttpRequest) -> HttpResponse:
    """Choose the occasion: what is open around now, the nearest first."""
    now = timezone.now()
    found = [
        each
        for each in mine(
            request, "village-weigh", queries.occasions(starts_from=now - _LONGEST, starts_to=now + _AROUND)
        )
        if now <= each.ends_at + _AROUND
    ]
    found.sort(key=lambda each: (not each.starts_at <= now < each.ends_at, abs(each.starts_at - now)))
    context = {"section": "village-weigh", "occasions": found, "now": now, "places": place_names()}
    return render(request, "office/community/weigh_choose.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("village-weigh-at")
def weigh_at(request: HttpRequest, number: str) -> HttpResponse:
    """One person after the other: card or name, amounts, done."""
    found = occasion_here(request, "village-weigh-at", number)
    shape: dict[str, Any] = {"materials": _materials(found), "minutes": found.kind is OccasionKind.VOLUNTEER}
    choices: list[PartyRef] = []
    form, status = WeighForm(request.POST or None, initial=_fresh(request, found), **shape), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                choices = _chosen(request, form)
                if len(choices) < 2:
                    made = _check_in(request, form, found, choices)
                    return redirect("office:village-receipt", number=made.number)
                status = 200
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
    context = {
        "section": "village-weigh",
        "occasion": found,
        "place": place_names().get(found.division_code, ""),
        "form": form,
        "choices": choices,
        "recent": sorted(queries.check_ins(number), key=lambda each: each.recorded_at, reverse=True)[:_RECENT],
    }
    return render(request, "office/community/weigh.html", context, status=status)


def _materials(found: OccasionView) -> list[Any]:
    return [each for each in queries.materials() if each.code in found.materials]


def _fresh(request: HttpRequest, found: OccasionView) -> dict[str, Any]:
    """A new nonce; and the way of weighing that was chosen last, for every material."""
    scales = {f"scale-{each.code}": True for each in _materials(found)} if request.session.get(_SCALE) else {}
    return scales | {"nonce": secrets.token_urlsafe(18), "minutes": found.minutes}


def _chosen(request: HttpRequest, form: WeighForm) -> list[PartyRef]:
    """Nobody where a card speaks for the person; else the one who was chosen, or all whom the words fit."""
    data = form.cleaned_data
    if data["card"].strip():
        return []
    if data["party"]:
        return [parties.party(data["party"])]
    return find(request, data["who"])


def _check_in(request: HttpRequest, form: WeighForm, found: OccasionView, persons: list[PartyRef]) -> CheckInView:
    data, at = form.cleaned_data, timezone.now()
    request.session[_SCALE] = any(value for name, value in data.items() if name.startswith("scale-"))
    details = CheckInDetails(
        occasion=found.number,
        nonce=data["nonce"],
        happened_at=at,
        party_id=persons[0].id if persons else None,
        card=data["card"].strip() if not persons else "",
        measured=form.measured(),
        minutes=data.get("minutes"),
    )
    return services.check_in(details=details, at=at, by=actor(request))


@require_safe
@office_page("village-receipt")
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """What the person takes home: on a narrow roll or on A4."""
    found = queries.check_in(number)
    occasion = occasion_here(request, "village-receipt", found.occasion)
    now = timezone.now()
    context = {
        "section": "village-weigh",
        "check_in": found,
        "occasion": occasion,
        "place": place_names().get(occasion.division_code, ""),
        "narrow": request.GET.get("paper", "58") != "a4",
        "may_correct": found.state in (CheckInState.COUNTED, CheckInState.PENDING)
        and bool(found.measured)
        and now - found.recorded_at < timedelta(days=30),
    }
    return render(request, "office/community/receipt.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("village-correct")
def correct(request: HttpRequest, number: str) -> HttpResponse:
    """The right amounts; a second person confirms them before they count."""
    current = queries.check_in(number)
    occasion = occasion_here(request, "village-correct", current.occasion)
    if current.state is CheckInState.CORRECTED:
        raise Conflict("这一次已经更正过了", where=number, fix="在更正后的那一条上再更正")
    form = CorrectForm(
        request.POST or None,
        materials=_materials(occasion),
        current=current,
        initial={"nonce": secrets.token_urlsafe(18)},
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            details = CheckInDetails(
                occasion=current.occasion,
                nonce=form.cleaned_data["nonce"],
                happened_at=current.happened_at,
                party_id=current.party_id,
                measured=form.measured(),
                minutes=current.minutes,
                corrects=number,
                reason=form.cleaned_data["reason"],
            )
            try:
                made = services.check_in(details=details, at=timezone.now(), by=actor(request))
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
            else:
                return redirect("office:village-receipt", number=made.number)
    context = {"section": "village-weigh", "check_in": current, "occasion": occasion, "form": form}
    return render(request, "office/community/correct.html", context, status=status)


@dataclass(frozen=True)
class Waiting:
    """A check-in that waits; `own`: this person made it, so that another must confirm."""

    row: CheckInView
    own: bool


@require_safe
@office_page("village-pending")
def pending(request: HttpRequest) -> HttpResponse:
    """Everything within reach that waits for a second person, the oldest first."""
    found = {
        each.number: each for scope in reach(request.user, "village-pending") for each in queries.pending(scope.value)
    }
    user = request.user.pk or 0
    me = parties.staff_names([user]).get(user, "")
    rows = [Waiting(each, each.recorded_by == me) for each in sorted(found.values(), key=lambda each: each.recorded_at)]
    context = {
        "section": "village-pending",
        "rows": rows,
        "others": sum(not each.own for each in rows),
        "may_confirm": may(request.user, "village-confirm"),
    }
    return render(request, "office/community/pending.html", context)


@require_POST
@office_page("village-confirm")
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """The second person's word."""
    found = queries.check_in(number)
    occasion_here(request, "village-confirm", found.occasion)
    right = request.POST.get("right") == "yes"
    details = ConfirmDetails(number, right, request.POST.get("reason", "").replace("\0", "").strip()[:200])
    act(
        request,
        verb=lambda: services.confirm(details=details, at=timezone.now(), by=actor(request)),
        done=lambda made: f"{made.party}：{made.state.label}",
    )
    return redirect("office:village-pending")
