"""The row of an occasion that many want. Locked last, so it is held only for the end of a transaction."""

from __future__ import annotations

from datetime import datetime

from tanhui.community.models import Booking, Occasion, Places
from tanhui.community.types import BookingState


def lock_places(occasion: Occasion) -> Places:
    """Until the transaction ends nobody else takes, frees or waits for a place of this occasion."""
    return Places.objects.select_for_update(no_key=True).get(occasion=occasion)


def take(places: Places) -> bool:
    """One place of locked `places`; False where none is left. Nobody waits while one is free."""
    if places.capacity is not None and places.taken >= places.capacity:
        return False
    places.taken += 1
    places.save(update_fields=["taken"])
    return True


def free(places: Places, at: datetime) -> None:
    """Give one place of locked `places` back: to who waits longest, else to everybody."""
    places.taken -= 1
    places.save(update_fields=["taken"])
    move_up(places, at)


def move_up(places: Places, at: datetime) -> None:
    """Those who wait get what is free, in their order."""
    waiting = Booking.objects.filter(occasion_id=places.occasion_id, state=BookingState.WAITING).order_by("id")
    room = None if places.capacity is None else max(places.capacity - places.taken, 0)
    next_ones = list(waiting.select_for_update(no_key=True).values_list("pk", flat=True)[:room])
    if next_ones:
        Booking.objects.filter(pk__in=next_ones).update(state=BookingState.BOOKED, changed_at=at)
        places.taken += len(next_ones)
        places.save(update_fields=["taken"])
