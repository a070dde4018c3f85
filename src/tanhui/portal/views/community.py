"""Recycling and activities for everybody: how to sort, where to bring it, what is on, a quiz, the volunteers' teams."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tanhui.community import queries as community
from tanhui.community import services
from tanhui.community.types import Material, OccasionKind, PointReport, PointState, QuizAnswers, TeamRole
from tanhui.kernel.county import load_county
from tanhui.kernel.days import day_start, local_day, next_month
from tanhui.kernel.errors import BadInput, Busy, NotFound
from tanhui.parties.types import Actor
from tanhui.plan import queries as plans
from tanhui.portal.community_forms import QuizForm, ReportForm
from tanhui.portal.community_reading import (
    PUBLIC,
    OccasionCard,
    PointCard,
    box_around,
    by_day,
    by_town,
    first_days,
    month_of,
    month_sheet,
    most_words,
    occasion_card,
    on_sheet,
    point_cards,
    prices_in_words,
)
from tanhui.portal.files import csv_file
from tanhui.portal.map_sheet import MapSheet, outline
from tanhui.portal.places import towns
from tanhui.portal.plan_reading import invented, readable
from tanhui.portal.senders import count_sent
from tanhui.portal.views.home import method_addresses
from tanhui.scenarios import queries as scenarios

MOST = 20_000
"""More occasions than a county has in a month."""
SHOWN = 200
"""How many occasions stand on a page; who wants more chooses a township."""
ANYBODY = Actor("public")
"""Whoever reports without signing in: nobody that the house knows."""


@require_safe
def materials(request: HttpRequest) -> HttpResponse:
    """What is collected and how it is sorted, what it counts for, and what recyclers pay for it."""
    known = _materials()
    prices = prices_in_words(community.prices(on=local_day(timezone.now())), known)
    methods = {each.code: each.method_name for each in scenarios.scenarios()}
    addresses = method_addresses()
    rows = [
        {
            "material": each,
            "most": most_words(each),
            "method": addresses.get(methods.get(each.scenario, ""), ""),
            "prices": [price for price in prices if price.view.material == each.code],
        }
        for each in known.values()
    ]
    context = {"section": "community", "part": "materials", "rows": rows, "prices": prices, "sample": invented()}
    return render(request, "portal/community/materials.html", context)


@require_safe
@readable
def picture(request: HttpRequest, code: str) -> HttpResponse:
    """The county's own drawing of a material."""
    found = _materials().get(code)
    path = load_county(settings.TANHUI_COUNTY).folder / "community" / "pictures" / (found.picture if found else "")
    if found is None or not found.picture or "/" in found.picture or not path.is_file():
        raise NotFound("没有这张图", fix="从“怎么分”页面查看")
    response = HttpResponse(path.read_bytes(), content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@require_safe
def prices_csv(request: HttpRequest) -> HttpResponse:
    """What recyclers pay, as a file."""
    rows = [
        (each.material, each.view.organization_title, each.words, each.view.price_fen, each.view.valid_from)
        for each in prices_in_words(community.prices(on=local_day(timezone.now())), _materials())
    ]
    return csv_file("prices.csv", ["品类", "回收企业", "收购价", "分", "从哪天起"], rows)


@require_safe
def points(request: HttpRequest) -> HttpResponse:
    """Points and boxes on a map and in a list, with the same numbers."""
    cards = _point_cards()
    wanted = {key: request.GET.get(key, "").strip()[:60] for key in ("material", "town", "state")}
    shown = [each for each in cards if _wanted(each, wanted)]
    sheet = MapSheet(box_around(shown, plans.map_box()) if wanted["town"] else plans.map_box())
    context = {
        "section": "community",
        "part": "points",
        "sheet": sheet,
        "outline": outline(load_county(settings.TANHUI_COUNTY), sheet),
        "groups": by_town(shown),
        "drawn": on_sheet(shown, sheet),
        "shown": len(shown),
        "total": len(cards),
        "materials": [each for each in _materials().values() if any(each in card.materials for card in cards)],
        "towns": list(dict.fromkeys(each.town for each in cards if each.town)),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "states": [(state, next((e for e in cards if e.point.state is state), None)) for state in PointState],
        "sample": invented(),
    }
    return render(request, "portal/community/points.html", context)


def _wanted(card: PointCard, wanted: Mapping[str, str]) -> bool:
    return (
        (not wanted["material"] or wanted["material"] in card.point.materials)
        and (not wanted["town"] or wanted["town"] == card.town)
        and (wanted["state"] != "open" or card.point.state is PointState.OPEN)
    )


@require_safe
def points_csv(request: HttpRequest) -> HttpResponse:
    """All points as a file."""
    header = ["编号", "类别", "名称", "乡镇", "地址", "收什么", "开放时间", "状态", "核对时间", "经度", "纬度"]
    rows = [
        (
            card.point.number,
            card.point.kind.label,
            card.point.title,
            card.town,
            card.point.address,
            "、".join(each.title for each in card.materials),
            card.point.hours,
            card.point.state.label,
            card.point.state_at.isoformat(timespec="minutes"),
            _degrees(card.point.longitude_e6),
            _degrees(card.point.latitude_e6),
        )
        for card in _point_cards()
    ]
    return csv_file("points.csv", header, rows)


def _degrees(millionths: int | None) -> str:
    """Degrees with six places; empty for none."""
    return "" if millionths is None else f"{millionths / 1_000_000:.6f}"


@require_safe
def points_geojson(request: HttpRequest) -> HttpResponse:
    """The points that have a place, as GeoJSON (RFC 7946, WGS 84)."""
    features = [
        {
            "type": "Feature",
            "id": each.number,
            "geometry": {
                "type": "Point",
                "coordinates": [each.longitude_e6 / 1_000_000, each.latitude_e6 / 1_000_000],
            },
            "properties": {
                "title": each.title,
                "kind": each.kind.value,
                "address": each.address,
                "materials": list(each.materials),
                "hours": each.hours,
                "state": each.state.value,
            },
        }
        for each in community.points()
        if each.longitude_e6 is not None and each.latitude_e6 is not None
    ]
    response = JsonResponse(
        {"type": "FeatureCollection", "features": features},
        json_dumps_params={"ensure_ascii": False},
        content_type="application/geo+json",
    )
    response["Content-Disposition"] = 'attachment; filename="points.geojson"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@readable
def point(request: HttpRequest, number: str) -> HttpResponse:
    """One point, what is on there, and a form to say that it is full or broken: a choice, nobody's name."""
    found = community.point(number)
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _report(request, form, number):
        return redirect(reverse("portal:community-point", args=[number]) + "?sent=1")
    now = timezone.now()
    (card,) = point_cards([found], towns(), _materials())
    coming = [each for each in _occasions(now, starts_from=day_start(local_day(now))) if each.view.point == number]
    context = {
        "section": "community",
        "part": "points",
        "card": card,
        "point": found,
        "form": form,
        "days": by_day([each for each in coming if each.view.ends_at > now]),
        "sent": request.GET.get("sent") == "1",
        "sample": invented(),
    }
    return render(request, "portal/community/point.html", context, status=422 if form.errors else 200)


def _report(request: HttpRequest, form: ReportForm, number: str) -> bool:
    """Whether the report was taken; where it was refused, the reason stands on the form."""
    now = timezone.now()
    try:
        count_sent(request, now, "反映")
        services.arrange(details=PointReport(number, PointState(form.cleaned_data["state"])), at=now, by=ANYBODY)
    except (BadInput, Busy) as error:
        form.add_error("state", f"{error.message}。{error.fix}" if error.fix else error.message)
        return False
    return True


@require_safe
def occasions(request: HttpRequest) -> HttpResponse:
    """A month of collections and activities: a sheet of days, and every occasion below it."""
    now = timezone.now()
    today = local_day(now)
    first = month_of(request.GET.get("month", ""), today)
    everything = _occasions(now, starts_from=day_start(first), starts_to=day_start(next_month(first)))
    wanted = {key: request.GET.get(key, "").strip()[:60] for key in ("kind", "town")}
    days = by_day([each for each in everything if _matches(each, wanted)])
    current = first == today.replace(day=1)
    coming, later = first_days([each for each in days if not current or each.day >= today], SHOWN)
    context = {
        "section": "community",
        "part": "occasions",
        "month": month_sheet(first, days, later),
        "past": [each for each in days if current and each.day < today],
        "days": coming,
        "more": sum(len(each.cards) for each in later),
        "today": today,
        "now_first": today.replace(day=1),
        "kinds": list(OccasionKind),
        "towns": sorted({each.town for each in everything if each.town}),
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "rest": "".join(f"&{key}={value}" for key, value in wanted.items() if value),
        "shown": sum(len(each.cards) for each in days),
        "total": len(everything),
        "sample": invented(),
    }
    return render(request, "portal/community/occasions.html", context)


def _matches(card: OccasionCard, wanted: Mapping[str, str]) -> bool:
    return (not wanted["kind"] or wanted["kind"] == card.view.kind.value) and (
        not wanted["town"] or wanted["town"] == card.town
    )


@require_safe
def occasions_csv(request: HttpRequest) -> HttpResponse:
    """A month's occasions as a file."""
    now = timezone.now()
    first = month_of(request.GET.get("month", ""), local_day(now))
    header = ["编号", "类别", "名称", "日期", "时间", "地点", "乡镇", "主办单位", "名额", "已预约", "候补", "状态"]
    rows = [
        (
            card.view.number,
            card.view.kind.label,
            card.view.title,
            card.day,
            card.times,
            card.view.place,
            card.town,
            card.view.host_title,
            "" if card.view.capacity is None else card.view.capacity,
            card.view.booked,
            card.view.waiting,
            card.booking,
        )
        for day in by_day(_occasions(now, starts_from=day_start(first), starts_to=day_start(next_month(first))))
        for card in day.cards
    ]
    return csv_file(f"occasions-{first:%Y-%m}.csv", header, rows)


@require_safe
@readable
def occasion(request: HttpRequest, number: str) -> HttpResponse:
    """One occasion: when, where, what to bring, how to come."""
    found = community.occasion(number)
    if found.state not in PUBLIC:
        raise NotFound("没有这场活动", fix="从活动安排里查看")
    card = occasion_card(found, timezone.now(), towns(), _materials())
    context = {
        "section": "community",
        "part": "occasions",
        "card": card,
        "occasion": found,
        "audience": next((each.title for each in community.audiences() if each.code == found.audience), ""),
        "sample": invented(),
    }
    return render(request, "portal/community/occasion.html", context)


@require_safe
def quizzes(request: HttpRequest) -> HttpResponse:
    """The banks of questions that one may practice."""
    context = {"section": "community", "part": "quizzes", "quizzes": community.quizzes()}
    return render(request, "portal/community/quizzes.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@readable
def quiz(request: HttpRequest, code: str) -> HttpResponse:
    """Practice without an account: questions are drawn, answers are marked, nothing is kept."""
    posted = request.method == "POST"
    nonce = request.POST.get("nonce", "") if posted else secrets.token_urlsafe(12)
    try:
        drawn = community.quiz(code, nonce)
    except BadInput:
        return redirect("portal:community-quiz", code=code)
    form = QuizForm(drawn, request.POST.dict() if posted else None)
    context = {"section": "community", "part": "quizzes", "quiz": drawn, "form": form}
    if posted and form.is_valid():
        context["result"] = result = community.marked(QuizAnswers(code, nonce, form.cleaned_data))
        context["marked"] = [
            {
                "question": question,
                "chosen": form.cleaned_data[question.code],
                "right": result.right[question.code],
                "explained": result.explained.get(question.code, ""),
            }
            for question in drawn.questions
        ]
        return render(request, "portal/community/quiz_result.html", context)
    return render(request, "portal/community/quiz.html", context, status=422 if posted else 200)


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """The volunteers' teams: how many in which role, and how many hours; nobody's name."""
    located = towns()
    rows = [
        {
            "team": each,
            "town": located.get(each.division_code, ("", ""))[1],
            "members": [each.members.get(role.value, 0) for role in TeamRole],
            "hours": each.minutes // 60,
        }
        for each in community.teams()
        if not each.ended
    ]
    context = {"section": "community", "part": "teams", "rows": rows, "roles": list(TeamRole), "sample": invented()}
    return render(request, "portal/community/teams.html", context)


def _materials() -> dict[str, Material]:
    return {each.code: each for each in community.materials()}


def _point_cards() -> list[PointCard]:
    return point_cards(community.points(), towns(), _materials())


def _occasions(at: datetime, starts_from: datetime, starts_to: datetime | None = None) -> list[OccasionCard]:
    """What is open, over or called off in the period, as cards; drafts are seen by their makers only."""
    located, known = towns(), _materials()
    found = community.occasions(starts_from=starts_from, starts_to=starts_to, limit=MOST)
    return [occasion_card(each, at, located, known) for each in found if each.state in PUBLIC]
