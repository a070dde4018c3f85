"""The room's verbs. What a check-in is worth is decided in `scenarios`; here it is said who was there and what came.

`by` is who acts: None where a resident acts for himself (the door has signed him in), a resident for a child or
somebody of the household, a member of staff, or the system.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import overload

from django.db import transaction

from tanhui.community import _bookings, _cards, _check_ins, _confirm, _hands, _occasions, _points, _quiz, _teams
from tanhui.community.types import (
    BookingDetails,
    BookingView,
    CardDetails,
    CardPrint,
    CardRevoked,
    CardSheet,
    CardView,
    CheckInDetails,
    CheckInView,
    ConfirmDetails,
    OccasionDetails,
    OccasionStatus,
    PointDetails,
    PointReport,
    PriceDetails,
    QuizAnswers,
    QuizResult,
    TeamDetails,
    TeamMember,
    UploadResult,
)
from tanhui.kernel.errors import TanhuiError
from tanhui.parties.types import Actor

__all__ = ["answer", "arrange", "book", "card", "check_in", "confirm", "release", "upload"]

Arrangement = PointDetails | PointReport | PriceDetails | OccasionDetails | OccasionStatus | TeamDetails | TeamMember


def arrange(*, details: Arrangement, at: datetime, by: Actor) -> str:
    """Set up what people come to, and where: returns the number of what was made or changed.

    - `PointDetails` (`cpt_…`), `PriceDetails` (`prc_…`), `OccasionDetails`, `OccasionStatus` (`occ_…`), `TeamDetails`
      (`tem_…`): by an operator (`community.run`) where it is.
    - `PointReport`: by a resident, or by somebody who has not signed in (an `Actor` with neither party nor user), it
      is a report; by staff of the place (`community.serve`) it is the state.
    - `TeamMember`: by the resident, a guardian, a clerk or staff of the place.

    The same again changes nothing. Raises Forbidden, NotFound, BadInput, Conflict, LimitReached.
    """
    try:
        with transaction.atomic():
            return _arranged(details, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.arrange_refused", target=type(details).__name__, at=at, by=by)
        raise


def _arranged(details: Arrangement, at: datetime, by: Actor) -> str:
    if isinstance(details, PointDetails):
        return _points.set_point(details, at, by)
    if isinstance(details, PointReport):
        return _points.report(details, at, by)
    if isinstance(details, PriceDetails):
        return _points.set_price(details, at, by)
    if isinstance(details, OccasionDetails):
        return _occasions.set_occasion(details, at, by)
    if isinstance(details, OccasionStatus):
        return _occasions.set_status(details, at, by)
    if isinstance(details, TeamDetails):
        return _teams.set_team(details, at, by)
    return _teams.set_member(details, at, by)


def book(*, details: BookingDetails, at: datetime, by: Actor | None = None) -> BookingView:
    """Book a place for a person; where none is left, a place in the waiting list (`ahead` says how many before).

    The same key with the same occasion gives the first booking again. Raises NotBookable, AlreadyBooked, KeyReused,
    Forbidden (the audit trail has it), NotFound, PartyErased, BadInput; then nothing has changed.
    """
    try:
        with transaction.atomic():
            return _bookings.book(details, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.book_refused", target=details.occasion, at=at, by=by)
        raise


def release(*, number: str, party_id: int, at: datetime, by: Actor | None = None) -> BookingView:
    """Give a booked place (`bkg_…`) or a place in the waiting list back before the occasion begins.

    Whoever waits longest has the place in the same moment. Safe to repeat. Raises NotBookable, NotFound, Forbidden.
    """
    try:
        with transaction.atomic():
            return _bookings.release(number, party_id, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.release_refused", target=number, at=at, by=by)
        raise


def check_in(*, details: CheckInDetails, at: datetime, by: Actor | None = None) -> CheckInView:
    """A person is at an occasion, and what was brought is weighed; each measurement that a scenario knows becomes one
    behavior in the same transaction.

    - With the occasion's changing code: the person himself, nothing measured; counts at once.
    - With the token of a printed card, by staff of the place: counts at once.
    - With the person's name, by staff of the place: pending until a second person confirms.
    - With `corrects`: replaces another within 30 days, by staff with a reason, pending until confirmed. Without
      measurements it takes the first one back.

    The same nonce of the same recorder gets the first answer. Raises Forbidden, ConsentMissing, CardRefused,
    ImplausibleQuantity (these the audit trail has), NotBookable (not open, or not the time), AlreadyBooked, ClockOff,
    KeyReused, Conflict, NotFound, PartyErased, BadInput; then nothing has changed.
    """
    try:
        with transaction.atomic():
            return _check_ins.check_in(details, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.check_in_refused", target=details.occasion, at=at, by=by)
        raise


def confirm(*, details: ConfirmDetails, at: datetime, by: Actor) -> CheckInView:
    """A second person of the place says that a pending check-in is right, so that it counts, or not, with a reason.

    Safe to repeat. Raises SecondPersonNeeded, Forbidden (the audit trail has both), NotFound, Conflict (somebody
    else was first), BadInput, ConsentMissing.
    """
    try:
        with transaction.atomic():
            return _confirm.confirm(details, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.confirm_refused", target=details.number, at=at, by=by)
        raise


def upload(*, entries: Iterable[CheckInDetails], at: datetime, by: Actor) -> list[UploadResult]:
    """Check-ins made without network, one after the other, each in its own transaction; each is answered.

    Broken off at any place and sent again, nothing is lost and nothing is counted twice: nonces tell.
    """
    return [_uploaded(details, at, by) for details in entries]


def _uploaded(details: CheckInDetails, at: datetime, by: Actor) -> UploadResult:
    try:
        return UploadResult(details.nonce, check_in(details=details, at=at, by=by))
    except TanhuiError as refused:
        return UploadResult(details.nonce, None, refused.code, str(refused.message), refused.fix)


@overload
def card(*, details: CardDetails | CardPrint, at: datetime, by: Actor) -> CardSheet: ...
@overload
def card(*, details: CardRevoked, at: datetime, by: Actor) -> CardView: ...
def card(*, details: CardDetails | CardPrint | CardRevoked, at: datetime, by: Actor) -> CardSheet | CardView:
    """Issue a card of single-use tokens for a resident before a witness, print it within 24 hours by the same hand, or
    end one that is lost.

    By a clerk of the resident or staff of the place; the witness is another such. Raises Forbidden,
    SecondPersonNeeded (the audit trail has both), NotFound, PartyErased, BadInput.
    """
    target = "card" if isinstance(details, CardDetails) else details.number
    try:
        with transaction.atomic():
            if isinstance(details, CardRevoked):
                return _cards.revoke(details, at, by)
            if isinstance(details, CardPrint):
                return _cards.printed(details, at, by)
            return _cards.issue(details, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.card_refused", target=target, at=at, by=by)
        raise


@transaction.atomic
def answer(*, details: QuizAnswers, party_id: int, at: datetime) -> QuizResult:
    """A resident answers the questions that the nonce drew; questions left open are wrong.

    The same nonce with the same answers gets the first result. Raises LimitReached (attempts of the day), KeyReused,
    NotFound, PartyErased, BadInput (a question that was not put, an option that there is not).
    """
    return _quiz.answer(details, party_id, at)
