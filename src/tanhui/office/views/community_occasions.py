"""Occasions: what people come to, made, opened, closed or called off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import BookingState, OccasionKind, OccasionState, OccasionStatus, OccasionView
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor
from tanhui.office.community_desk import FORM, mine, occasion_here, place_names, serving
from tanhui.office.community_forms import OccasionForm, WhoForm
from tanhui.office.files import csv_file, moment
from tanhui.office.form_page import form_page
from tanhui.parties import queries as parties
from tanhui.parties.types import Scope

SECTION = "community-occasions"
_HEADER = ["编号", "类别", "名称", "状态", "开始", "结束", "地点", "主办单位", "名额", "已约", "候补"]
_STEPS = {
    OccasionState.DRAFT: [(OccasionState.OPEN, "核对无误，发布"), (OccasionState.CANCELLED, "作废")],
    OccasionState.OPEN: [(OccasionState.CLOSED, "结束，不再签到"), (OccasionState.CANCELLED, "取消这场活动")],
    OccasionState.CLOSED: [],
    OccasionState.CANCELLED: [],
}
_ROWS = 200
_LATELY = timedelta(days=120)


@require_safe
@office_page("community-occasions")
def occasions(request: HttpRequest) -> HttpResponse:
    """Those within reach, the next first; by kind and state."""
    kind, state, now = request.GET.get("kind", ""), request.GET.get("state", ""), timezone.now()
    everything = _around(request, "community-occasions", now)
    shown = [
        each
        for each in everything
        if (kind not in list(OccasionKind) or each.kind == kind)
        and (state not in list(OccasionState) or each.state == state)
    ]
    coming = sorted((each for each in shown if each.ends_at >= now), key=lambda each: each.starts_at)
    past = sorted((each for each in shown if each.ends_at < now), key=lambda each: each.starts_at, reverse=True)
    context = {
        "section": SECTION,
        "coming": coming[:_ROWS],
        "past": past[:_ROWS],
        "kinds": list(OccasionKind),
        "states": list(OccasionState),
        "wanted": {"kind": kind, "state": state},
        "total": len(everything),
        "places": place_names(),
        "query": urlencode({"kind": kind, "state": state}),
    }
    return render(request, "office/community/occasions.html", context)


@require_safe
@office_page("community-occasions-csv")
def occasions_csv(request: HttpRequest) -> HttpResponse:
    """All occasions within reach as a file."""
    rows = (
        (each.number, each.kind.label, each.title, each.state.label, moment(each.starts_at), moment(each.ends_at),
         each.place, each.host_title, "不限" if each.capacity is None else each.capacity, each.booked, each.waiting)
        for each in _around(request, "community-occasions-csv", timezone.now())
    )  # fmt: skip
    return csv_file("occasions.csv", _HEADER, rows)


def _around(request: HttpRequest, page: str, now: datetime) -> list[OccasionView]:
    """What is to come, and what was of late, in every state."""
    coming = queries.occasions(starts_from=now, state=None)
    past = queries.occasions(starts_from=now - _LATELY, starts_to=now, state=None)
    return mine(request, page, [*past, *coming])


@require_safe
@office_page("community-occasion")
def occasion(request: HttpRequest, number: str) -> HttpResponse:
    """One occasion: its bookings, who waits, and what may be done now."""
    return occasion_page(request, occasion_here(request, "community-occasion", number))


def occasion_page(
    request: HttpRequest, found: OccasionView, *, book: WhoForm | None = None, choices: Any = (), status: int = 200
) -> HttpResponse:
    """The page of an occasion, with the booking form as it was left."""
    scope = Scope("division", found.division_code)
    serves, runs = may(request.user, "community-book", scope), may(request.user, "community-occasion-state", scope)
    bookings = queries.bookings(found.number) if serves else []
    names = parties.display_names(each.party_id for each in bookings)
    rows = [(each, names.get(each.party_id, "")) for each in bookings]
    context = {
        "section": SECTION,
        "occasion": found,
        "place": place_names().get(found.division_code, ""),
        "serves": serves,
        "runs": runs,
        "held": [row for row in rows if row[0].state in (BookingState.BOOKED, BookingState.ATTENDED)],
        "waiting": [row for row in rows if row[0].state is BookingState.WAITING],
        "gone": [row for row in rows if row[0].state in (BookingState.RELEASED, BookingState.NO_SHOW)],
        "attended": sum(each.state is BookingState.ATTENDED for each in bookings),
        "materials": [each.title for each in queries.materials() if each.code in found.materials],
        "steps": _STEPS[found.state] if runs else [],
        "form": (book or WhoForm(pickup=found.kind is OccasionKind.PICKUP))
        if serves and found.bookable and found.state is OccasionState.OPEN
        else None,
        "choices": choices,
    }
    return render(request, "office/community/occasion.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-occasion-new")
def new(request: HttpRequest) -> HttpResponse:
    """A new draft, blank or like another occasion."""
    like = request.GET.get("like", "")
    found = occasion_here(request, "community-occasion-new", like) if like else None
    form = _form(request, "community-occasion-new", found)
    form.number = ""
    return _filled(request, form, title="新活动", back=reverse("office:community-occasions"))


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-occasion-change")
def change(request: HttpRequest, number: str) -> HttpResponse:
    """The new content of a draft, or new times and place of an open one."""
    found = occasion_here(request, "community-occasion-change", number)
    form = _form(request, "community-occasion-change", found)
    back = reverse("office:community-occasion", args=[number])
    return _filled(request, form, title=f"修改：{found.title}", back=back)


def _form(request: HttpRequest, page: str, current: OccasionView | None) -> OccasionForm:
    return OccasionForm(
        request.POST or None,
        places=serving(request.user, page),
        hosts=list(parties.organizations().values()),
        points=queries.points(),
        materials=queries.materials(),
        audiences=[(each.code, each.title) for each in queries.audiences()],
        current=current,
    )


def _filled(request: HttpRequest, form: OccasionForm, *, title: str, back: str) -> HttpResponse:
    def save() -> str:
        return reverse(
            "office:community-occasion",
            args=[services.arrange(details=form.details(), at=timezone.now(), by=actor(request))],
        )

    return form_page(request, form, save, template=FORM, section=SECTION, title=title, back=back)


@require_POST
@office_page("community-occasion-state")
def change_state(request: HttpRequest, number: str) -> HttpResponse:
    """Publish, close or call off."""
    found = occasion_here(request, "community-occasion-state", number)
    wanted = request.POST.get("state", "")
    if wanted in [state.value for state, _ in _STEPS[found.state]]:
        details = OccasionStatus(number, OccasionState(wanted), request.POST.get("reason", "").replace("\0", "")[:200])
        act(
            request,
            verb=lambda: services.arrange(details=details, at=timezone.now(), by=actor(request)),
            done=lambda _: f"{found.title}：{details.state.label}",
        )
    return redirect("office:community-occasion", number=number)
