"""Collection points and boxes with their states, and what recyclers pay."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import PointReport, PointState, PointView
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.community_desk import FORM, ask, mine, place_names, serving
from tanhui.office.community_forms import PointForm, PointStateForm, PriceForm
from tanhui.office.files import csv_file
from tanhui.office.form_page import form_page
from tanhui.parties import queries as parties
from tanhui.parties.types import Scope

SECTION = "community-points"
_HEADER = ["编号", "类别", "名称", "状态", "居民反映", "地址", "收什么", "开放时间"]


def _titles() -> dict[str, str]:
    return {each.code: each.title for each in queries.materials()}


@require_safe
@office_page("community-points")
def points(request: HttpRequest) -> HttpResponse:
    """All points within reach; those that somebody should look after first."""
    found, titles, places = mine(request, "community-points", queries.points()), _titles(), place_names()
    found.sort(key=lambda each: (each.reported is None, each.state is PointState.OPEN, each.title))
    rows = [
        (each, places.get(each.division_code, ""), "、".join(titles.get(code, code) for code in each.materials))
        for each in found
    ]
    context = {"section": SECTION, "rows": rows}
    return render(request, "office/community/points.html", context)


@require_safe
@office_page("community-points-csv")
def points_csv(request: HttpRequest) -> HttpResponse:
    """All points within reach as a file."""
    titles = _titles()
    rows = (
        (each.number, each.kind.label, each.title, each.state.label, each.reported.label if each.reported else "",
         each.address, "、".join(titles.get(code, code) for code in each.materials), each.hours)
        for each in mine(request, "community-points-csv", queries.points())
    )  # fmt: skip
    return csv_file("points.csv", _HEADER, rows)


@require_safe
@office_page("community-point")
def point(request: HttpRequest, number: str) -> HttpResponse:
    """One point, and how it is."""
    return _point(request, queries.point(number))


def _point(
    request: HttpRequest, found: PointView, form: PointStateForm | None = None, status: int = 200
) -> HttpResponse:
    ask(request, "community-point", found)
    titles, scope = _titles(), Scope("division", found.division_code)
    context = {
        "section": SECTION,
        "point": found,
        "place": place_names().get(found.division_code, ""),
        "materials": [titles.get(code, code) for code in found.materials],
        "form": (form or PointStateForm(initial={"state": found.reported or found.state}))
        if may(request.user, "community-point-state", scope)
        else None,
        "may_change": may(request.user, "community-point-change", scope),
    }
    return render(request, "office/community/point.html", context, status=status)


@require_POST
@office_page("community-point-state")
def state(request: HttpRequest, number: str) -> HttpResponse:
    """Full, broken, open again: whoever stands before it says so."""
    found = queries.point(number)
    form = PointStateForm(request.POST)
    if not form.is_valid():
        return _point(request, found, form, 422)
    report = PointReport(number, PointState(form.cleaned_data["state"]), form.cleaned_data["note"])
    act(
        request,
        verb=lambda: services.arrange(details=report, at=timezone.now(), by=actor(request)),
        done=lambda _: f"{found.title}：{report.state.label}",
    )
    return redirect("office:community-point", number=number)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-point-new")
def new(request: HttpRequest) -> HttpResponse:
    """A new point or box."""
    return _edit(request, "community-point-new", None)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-point-change")
def change(request: HttpRequest, number: str) -> HttpResponse:
    """A point's details."""
    return _edit(request, "community-point-change", queries.point(number))


def _edit(request: HttpRequest, page: str, current: PointView | None) -> HttpResponse:
    form = PointForm(
        request.POST or None,
        places=serving(request.user, page),
        materials=queries.materials(),
        current=current,
    )

    def save() -> str:
        number = services.arrange(details=form.details(), at=timezone.now(), by=actor(request))
        return reverse("office:community-point", args=[number])

    title = f"修改：{current.title}" if current else "新回收点或回收箱"
    back = reverse("office:community-point", args=[current.number]) if current else reverse("office:community-points")
    return form_page(request, form, save, template=FORM, section=SECTION, title=title, back=back)


@require_safe
@office_page("community-prices")
def prices(request: HttpRequest) -> HttpResponse:
    """What recyclers pay, as residents see it."""
    titles = {each.code: each for each in queries.materials()}
    rows = [(each, titles[each.material].title if each.material in titles else each.material,
             "件" if each.material in titles and titles[each.material].quantity == "item_count" else "千克")
            for each in queries.prices(on=today())]  # fmt: skip
    context = {"section": "community-prices", "rows": rows, "today": today()}
    return render(request, "office/community/prices.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-price-new")
def price(request: HttpRequest) -> HttpResponse:
    """A price from a day on."""
    hosts = list(parties.organizations().values())
    form = PriceForm(request.POST or None, hosts=hosts, materials=queries.materials(), initial={"valid_from": today()})

    def save() -> str:
        services.arrange(details=form.details(), at=timezone.now(), by=actor(request))
        return reverse("office:community-prices")

    back = reverse("office:community-prices")
    return form_page(request, form, save, template=FORM, section="community-prices", title="公示收购价", back=back)
