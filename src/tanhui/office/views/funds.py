"""The year's money: its lines, whether it reaches, and the months that were signed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.errors import NotFound
from tanhui.office.access import may, office_page
from tanhui.office.acts import act, actor, today
from tanhui.office.clearing_files import month_words, yuan
from tanhui.office.clearing_forms import LineForm
from tanhui.office.form_page import form_page
from tanhui.office.views.clearing_months import last_month
from tanhui.rewards import queries, services
from tanhui.rewards.types import FundsDetails, FundsView


@require_safe
@office_page("funds")
def funds(request: HttpRequest) -> HttpResponse:
    """Lines of every year, newest first."""
    return _funds(request)


def _funds(request: HttpRequest, status: int = 200) -> HttpResponse:
    statements, month = queries.funds_statements(), last_month()
    signed = any(row.month == month for row in statements)
    context = {
        "section": "funds",
        "funds": _view(),
        "lines": sorted(queries.budget_lines(), key=lambda row: (-row.year, row.offer != "", row.title)),
        "statements": statements[:12],
        "month": month,
        "signs": not signed and may(request.user, "funds-sign"),
    }
    return render(request, "office/clearing/funds.html", context, status=status)


def _view() -> FundsView | None:
    """None for a county without a document of its mall's money."""
    try:
        return queries.funds(timezone.now())
    except NotFound:
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("funds-line")
def line(request: HttpRequest) -> HttpResponse:
    """Set a line: new, or with new amounts."""
    asked = (request.GET.get("year", ""), request.GET.get("offer", ""))
    now = next((row for row in queries.budget_lines() if (str(row.year), row.offer) == asked), None)
    initial: dict[str, object] = {"year": today().year}
    if now is not None:
        reserve = yuan(now.reserve_fen) if now.reserve_fen else None
        initial = {"year": now.year, "offer": now.offer, "amount": yuan(now.amount_fen), "reserve": reserve}
    form = LineForm(request.POST or None, offers=queries.offers(published_only=False), initial=initial)

    def save() -> str:
        services.offer(details=form.details(), at=timezone.now(), by=actor(request))
        return reverse("office:funds")

    return form_page(
        request,
        form,
        save,
        section="funds",
        title="设定年度资金",
        lead="同一年度、同一项再设一次，就改成新的金额。不能少于已经答应出去的；增加的，排队的人按先后得到保留。",
        back=reverse("office:funds"),
        crumbs=[(reverse("office:funds"), "年度资金")],
    )


@require_POST
@office_page("funds-sign")
def sign(request: HttpRequest) -> HttpResponse:
    """Sign the month that ended last, without waiting for the night."""
    month = last_month()
    done = act(
        request,
        verb=lambda: services.clear(details=FundsDetails(month), at=timezone.now(), by=actor(request)),
        done=lambda _: f"已签发{month_words(month)}的资金月报",
    )
    return redirect("office:funds") if done else _funds(request, 409)
