"""Bookings by telephone, and the sheets of an occasion: who is to come, where to drive, and the code on the wall."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import (
    ROTATION_S,
    BookingDetails,
    BookingState,
    BookingView,
    OccasionKind,
    OccasionState,
    OccasionView,
)
from tanhui.kernel.errors import Conflict, NotFound, TanhuiError
from tanhui.office import qr
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.office.community_desk import find, names_of, occasion_here, place_names
from tanhui.office.community_forms import WhoForm
from tanhui.office.files import csv_file, moment
from tanhui.office.views.community_occasions import SECTION, occasion_page
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import PartyRef, ResidentDetails

_HERE = (BookingState.BOOKED, BookingState.ATTENDED)
_STOPS = ["序号", "昵称", "地址", "备注", "状态", "预约编号"]
_ATTENDED = ["昵称", "预约编号", "状态", "签到时间", "签到编号", "签到状态"]


@require_POST
@office_page("community-book")
def book(request: HttpRequest, number: str) -> HttpResponse:
    """A place for somebody on the telephone; where a name fits several, they are shown to choose from."""
    found = occasion_here(request, "community-book", number)
    form = WhoForm(request.POST, pickup=found.kind is OccasionKind.PICKUP)
    if not form.is_valid():
        return occasion_page(request, found, book=form, status=422)
    try:
        persons = find(request, form.cleaned_data["who"])
        if len(persons) > 1:
            return occasion_page(request, found, book=form, choices=persons)
        made = _book(request, found, persons[0], form.cleaned_data)
    except TanhuiError as error:
        form.add_error("who", f"{error.message}。{error.fix}" if error.fix else error.message)
        return occasion_page(request, found, book=form, status=error.status)
    words = "已约上" if made.state is BookingState.BOOKED else f"名额已满，排在候补第{made.ahead + 1}位"
    act(request, verb=lambda: words, done=lambda said: f"{persons[0].display_name}{said}")
    return redirect("office:community-occasion", number=number)


@transaction.atomic
def _book(request: HttpRequest, found: OccasionView, person: PartyRef, data: Mapping[str, Any]) -> BookingView:
    """The place, and where to fetch it, together or not at all."""
    at, by = timezone.now(), actor(request)
    if data.get("address"):
        parties_services.register(details=ResidentDetails(address=data["address"]), at=at, by=by, party_id=person.id)
    details = BookingDetails(found.number, person.id, secrets.token_urlsafe(18), data["note"])
    return services.book(details=details, at=at, by=by)


@require_POST
@office_page("community-release")
def release(request: HttpRequest, number: str, booking: str) -> HttpResponse:
    """A place is given back; whoever waits first moves up."""
    occasion_here(request, "community-release", number)
    held = next((each for each in queries.bookings(number) if each.number == booking), None)
    if held is None:
        raise NotFound("这场活动没有这个预约", where=booking[:40], fix="从预约名单里选择")
    act(
        request,
        verb=lambda: services.release(number=booking, party_id=held.party_id, at=timezone.now(), by=actor(request)),
        done=lambda _: "预约已取消；有候补的，第一位已经补上",
    )
    return redirect("office:community-occasion", number=number)


def _stops(request: HttpRequest, number: str) -> list[tuple[BookingView, str, str]]:
    """Bookings with names and addresses, in the order of their addresses; the look is recorded by `parties`."""
    rows = [each for each in queries.bookings(number) if each.state in _HERE]
    ids = [each.party_id for each in rows]
    names, addresses = parties.display_names(ids), parties.addresses_of(ids, by=actor(request), at=timezone.now())
    stops = [(each, names.get(each.party_id, ""), addresses.get(each.party_id, "")) for each in rows]
    return sorted(stops, key=lambda stop: (not stop[2], stop[2], stop[0].booked_at))


@require_safe
@office_page("community-route")
def route(request: HttpRequest, number: str) -> HttpResponse:
    """The collectors' sheet: whom to visit, where. Every look at the addresses is in the audit trail."""
    found = occasion_here(request, "community-route", number)
    context = {"section": SECTION, "occasion": found, "stops": _stops(request, number), "printed_at": timezone.now()}
    return render(request, "office/community/route.html", context)


@require_safe
@office_page("community-route-csv")
def route_csv(request: HttpRequest, number: str) -> HttpResponse:
    """The collectors' sheet as a file."""
    occasion_here(request, "community-route-csv", number)
    rows = (
        (order, name, address, each.note, each.state.label, each.number)
        for order, (each, name, address) in enumerate(_stops(request, number), 1)
    )
    return csv_file("route.csv", _STOPS, rows)


@require_safe
@office_page("community-attendance")
def attendance(request: HttpRequest, number: str) -> HttpResponse:
    """Who was to come and who came, to print and sign."""
    found = occasion_here(request, "community-attendance", number)
    rows = _attendance(found)
    context = {"section": SECTION, "occasion": found, "rows": rows, "printed_at": timezone.now()}
    return render(request, "office/community/attendance.html", context)


def _attendance(found: OccasionView) -> list[tuple[str, BookingView | None, object]]:
    """Name, booking, check-in: bookings first, then those who came without one."""
    bookings = [each for each in queries.bookings(found.number) if each.state is not BookingState.RELEASED]
    check_ins = {each.party_id: each for each in queries.check_ins(found.number)}
    known = {each.party_id for each in bookings}
    persons = names_of([*known, *check_ins])
    names = {party_id: person.display_name for party_id, person in persons.items()}
    rows: list[tuple[str, BookingView | None, object]] = [
        (names.get(each.party_id, ""), each, check_ins.get(each.party_id)) for each in bookings
    ]
    return rows + [(names.get(who, ""), None, each) for who, each in check_ins.items() if who not in known]


@require_safe
@office_page("community-attendance-csv")
def attendance_csv(request: HttpRequest, number: str) -> HttpResponse:
    """Attendance as a file."""
    found = occasion_here(request, "community-attendance-csv", number)
    bookings = {each.party_id: each for each in queries.bookings(number)}
    rows = [
        (each.party, bookings[each.party_id].number if each.party_id in bookings else "", "到场",
         moment(each.happened_at), each.number, each.state.label)
        for each in queries.check_ins(found.number)
    ]  # fmt: skip
    come = {each.party_id for each in queries.check_ins(found.number)}
    absent = [
        each for each in bookings.values() if each.party_id not in come and each.state is not BookingState.RELEASED
    ]
    names = parties.display_names(each.party_id for each in absent)
    rows += [(names.get(each.party_id, ""), each.number, each.state.label, "", "", "") for each in absent]
    return csv_file("attendance.csv", _ATTENDED, rows)


@require_safe
@office_page("community-screen")
def screen(request: HttpRequest, number: str) -> HttpResponse:
    """The code on the wall, for a projector or a tablet; without script the page loads itself anew."""
    found = occasion_here(request, "community-screen", number)
    if found.state is not OccasionState.OPEN:
        raise Conflict(f"这场活动{found.state.label}，不能签到", where=number, fix="发布以后再打开签到码")
    context = {
        "section": SECTION,
        "occasion": found,
        "place": place_names().get(found.division_code, ""),
        "code": _drawn(found),
        "seconds": ROTATION_S,
    }
    return render(request, "office/community/screen.html", context)


@require_safe
@office_page("community-screen-code")
def screen_code(request: HttpRequest, number: str) -> HttpResponse:
    """The code of now, for the page's script."""
    found = occasion_here(request, "community-screen-code", number)
    return JsonResponse({"svg": _drawn(found)})


def _drawn(found: OccasionView) -> str:
    return qr.drawn(queries.rotating_code(found.number, timezone.now()))
