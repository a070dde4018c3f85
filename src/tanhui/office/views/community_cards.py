"""Cards for people without a phone: found by person, issued before a witness, printed, taken back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.community import queries, services
from tanhui.community.types import CardDetails, CardPrint, CardRevoked, CardSheet, CardView
from tanhui.kernel.errors import NotFound, TanhuiError
from tanhui.office import qr
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.office.community_desk import FORM, find
from tanhui.office.community_forms import CardForm, ReasonForm, WhoForm
from tanhui.office.form_page import form_page
from tanhui.parties import queries as parties
from tanhui.parties.types import PartyRef

SECTION = "community-cards"


@require_safe
@office_page("community-cards")
def cards(request: HttpRequest) -> HttpResponse:
    """Find a person first."""
    asked = "who" in request.GET
    form = WhoForm(request.GET if asked else None)
    del form.fields["note"]
    persons: list[PartyRef] = []
    status = 200
    if asked and form.is_valid():
        try:
            persons = find(request, form.cleaned_data["who"])
        except TanhuiError as error:
            form.add_error("who", f"{error.message}。{error.fix}" if error.fix else error.message)
            status = error.status
        if len(persons) == 1:
            return redirect("office:community-cards-of", party=persons[0].number)
    context = {"section": SECTION, "form": form, "persons": persons}
    return render(request, "office/community/cards.html", context, status=status)


def _person(request: HttpRequest, number: str) -> PartyRef:
    """A resident whom this person may serve. Raises NotFound, Forbidden."""
    found = parties.party(number)
    parties.require_hand(actor(request), found.id, "community.serve")
    return found


@require_safe
@office_page("community-cards-of")
def cards_of(request: HttpRequest, party: str) -> HttpResponse:
    """The cards of one person."""
    found = _person(request, party)
    context = {"section": SECTION, "person": found, "cards": queries.cards_of(found.id), "me": request.user.pk}
    return render(request, "office/community/cards_of.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("community-card-issue")
def issue(request: HttpRequest, party: str) -> HttpResponse:
    """A new card, before a witness."""
    found = _person(request, party)
    form = CardForm(request.POST or None)

    def save() -> str:
        data = form.cleaned_data
        details = CardDetails(found.id, data["witness"].strip(), data["serials"])
        sheet: Any = services.card(details=details, at=timezone.now(), by=actor(request))
        return reverse("office:community-card-sheet", args=[party, sheet.card.number])

    back = reverse("office:community-cards-of", args=[party])
    return form_page(
        request, form, save, template=FORM, section=SECTION, title=f"给{found.display_name}制卡", back=back
    )


def _card(found: PartyRef, number: str) -> CardView:
    card = next((each for each in queries.cards_of(found.id) if each.number == number), None)
    if card is None:
        raise NotFound("这位居民没有这张卡片", where=number[:40], fix="从卡片列表里选择")
    return card


@require_safe
@office_page("community-card-sheet")
def sheet(request: HttpRequest, party: str, card: str) -> HttpResponse:
    """The sheet to print: every token as a QR code, each to be used once."""
    found = _person(request, party)
    _card(found, card)
    printed: CardSheet = services.card(details=CardPrint(card), at=timezone.now(), by=actor(request))
    codes = [(order, qr.drawn(token, error="l", border=3)) for order, token in enumerate(printed.tokens, 1)]
    context = {"section": SECTION, "person": found, "card": printed.card, "codes": codes}
    return render(request, "office/community/card_sheet.html", context)


@require_POST
@office_page("community-card-revoke")
def revoke(request: HttpRequest, party: str, card: str) -> HttpResponse:
    """A card is lost or given back."""
    found = _person(request, party)
    _card(found, card)
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    act(
        request,
        verb=lambda: services.card(details=CardRevoked(card, reason), at=timezone.now(), by=actor(request)),
        done=lambda _: "卡片已作废，没有用过的码都不能再用",
    )
    return redirect("office:community-cards-of", party=party)
