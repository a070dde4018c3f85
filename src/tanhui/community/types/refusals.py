"""Refusals that a person reads."""

from __future__ import annotations

from tanhui.kernel.errors import BadInput, Conflict


class NotBookable(Conflict):
    """The occasion is not open, or not within its booking time."""

    code = "not_bookable"


class AlreadyBooked(Conflict):
    """The person holds a place already, or was checked in already."""

    code = "already_booked"


class KeyReused(Conflict):
    """The key or nonce was used before with another content."""

    code = "key_reused"


class CardRefused(Conflict):
    """The card's token is not ours, revoked, or used before (when and where is said)."""

    code = "card_refused"


class ImplausibleQuantity(BadInput):
    """More than one person brings at once; nothing was recorded."""

    code = "implausible_quantity"


class ClockOff(Conflict):
    """The phone's clock is ahead, or the entry is uploaded too late."""

    code = "clock_off"


class SecondPersonNeeded(Conflict):
    """The second person must be another than the first."""

    code = "second_person_needed"


class LimitReached(Conflict):
    """No more of it today: attempts at a quiz, reports about a point."""

    code = "limit_reached"
