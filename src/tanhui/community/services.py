"""The room's verbs. What a check-in is worth is decided in `scenarios`; here it is said who was there and what came.

`by` is who acts: None where a resident acts for himself (the door has signed him in), a resident for a child or
somebody of the household, a member of staff, or the system.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tanhui.community import _bookings, _hands, _occasions, _points, _teams
from tanhui.community.types import (
    BookingDetails,
    BookingView,
    OccasionDetails,
    OccasionStatus,
    PointDetails,
    PointReport,
    PriceDetails,
    TeamDetails,
    TeamMember,
)
from tanhui.kernel.errors import TanhuiError
from tanhui.parties.types import Actor

__all__ = ["arrange", "book", "release"]

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
        _hands.record_refusal(refused, action="community.arrange", target=type(details).__name__, at=at, by=by)
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
        _hands.record_refusal(refused, action="community.book", target=details.occasion, at=at, by=by)
        raise


def release(*, number: str, party_id: int, at: datetime, by: Actor | None = None) -> BookingView:
    """Give a booked place (`bkg_…`) or a place in the waiting list back before the occasion begins.

    Whoever waits longest has the place in the same moment. Safe to repeat. Raises NotBookable, NotFound, Forbidden.
    """
    try:
        with transaction.atomic():
            return _bookings.release(number, party_id, at, by)
    except TanhuiError as refused:
        _hands.record_refusal(refused, action="community.release", target=number, at=at, by=by)
        raise
