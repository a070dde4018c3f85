"""The till: a merchant's person redeems a voucher, sees the day, and takes a mistake back.

Works without script. The page names each attempt before it is made (the nonce), so that a form that is sent twice is
answered once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.office.rewards_forms import TillForm, UndoForm
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    UNDO_WINDOW,
    KeyReused,
    MembershipView,
    MerchantState,
    Outcome,
    RedemptionDetails,
    RedemptionResult,
    RedemptionView,
)

_KEPT = "till_shop"
"""Where the session keeps the shop that was chosen last."""


@dataclass(frozen=True)
class Line:
    """One attempt of today; `undo_until` where it may still be taken back."""

    row: RedemptionView
    undo_until: datetime | None


@dataclass(frozen=True)
class Answer:
    """What the cashier reads first."""

    yes: bool
    message: str
    fix: str = ""
    result: RedemptionResult | None = None


def _shops(memberships: list[MembershipView]) -> dict[str, tuple[str, str]]:
    """Shop number → (merchant's number, words), of all shops that are open."""
    several = len(memberships) > 1
    return {
        shop.number: (each.merchant, f"{each.title}：{shop.title}" if several else shop.title)
        for each in memberships
        for shop in queries.shops(each.merchant)
        if not shop.closed
    }


def _day(memberships: list[MembershipView], at: datetime) -> list[Line]:
    """Every attempt of today, newest first; shortly after midnight also what may still be undone of yesterday."""
    today, before = local_day(at), local_day(at - UNDO_WINDOW)
    found = [
        Line(row, _undo_until(row, at))
        for each in memberships
        for day in {today, before}
        for row in queries.redemptions(each.merchant, day)
        if row.outcome is not Outcome.UNDONE and (day == today or _undo_until(row, at))
    ]
    return sorted(found, key=lambda line: line.row.recorded_at, reverse=True)


def _undo_until(row: RedemptionView, at: datetime) -> datetime | None:
    last = row.recorded_at + UNDO_WINDOW
    return last if row.outcome is Outcome.REDEEMED and not row.undone and at <= last else None


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("till")
def till(request: HttpRequest) -> HttpResponse:
    """Type a code; a big yes or no; the day below."""
    memberships = queries.merchant_of(request.user.pk or 0)
    shops = _shops(memberships)
    choices = [(number, words) for number, (_, words) in shops.items()]
    answer, form, status = None, None, 200
    if request.method == "POST":
        form = TillForm(request.POST, shops=choices)
        status = 422
        if form.is_valid():
            request.session[_KEPT] = form.cleaned_data["shop"]
            answer = _redeem(request, form, shops[form.cleaned_data["shop"]][0])
            form, status = None, 200
    if form is None:
        initial = {"nonce": secrets.token_urlsafe(18), "shop": request.session.get(_KEPT, "")}
        form = TillForm(shops=choices, initial=initial)
    lines = _day(memberships, timezone.now())
    standing = [line.row for line in lines if line.row.outcome is Outcome.REDEEMED and not line.row.undone]
    context = {
        "section": "till",
        "memberships": memberships,
        "stopped": [each for each in memberships if each.state is not MerchantState.ACTIVE],
        "shops": choices,
        "form": form,
        "answer": answer,
        "lines": lines,
        "count": len(standing),
        "sum": sum(row.face_value_fen for row in standing),
    }
    return render(request, "office/rewards/till.html", context, status=status)


def _redeem(request: HttpRequest, form: TillForm, merchant: str) -> Answer:
    """One attempt, by the room; what it cannot take at all is a no as well."""
    data, at = form.cleaned_data, timezone.now()
    details = RedemptionDetails(data["code"], merchant, data["shop"], data["nonce"], at)
    try:
        result = services.redeem(details=details, at=at, by=actor(request))
    except KeyReused:
        return Answer(False, "这张表单已经用过了", "请在下面重新输入券码。")
    except TanhuiError as error:
        return Answer(False, error.message, error.fix)
    return Answer(result.outcome is Outcome.REDEEMED, result.message, result.outcome.advice, result)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("till-undo")
def undo(request: HttpRequest, number: str) -> HttpResponse:
    """Take one redemption of today back, with a reason."""
    at = timezone.now()
    line = next(
        (each for each in _day(queries.merchant_of(request.user.pk or 0), at) if each.row.number == number), None
    )
    if line is None:
        raise NotFound("今天没有这笔核销", where=number[:40], fix="从今日记录里选择")
    form = UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act(
            request,
            verb=lambda: services.undo(number=number, reason=form.cleaned_data["reason"], at=at, by=actor(request)),
            done=lambda answer: f"{answer.message}：{answer.title}",
        )
        return redirect("office:till")
    context = {"section": "till", "line": line, "form": form}
    return render(request, "office/rewards/undo.html", context, status=422 if form.errors else 200)
