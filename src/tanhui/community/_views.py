"""Rows as others may see them; each function asks the database the same few questions for one row or a hundred."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count

from tanhui.community._hands import hand_names
from tanhui.community.models import Booking, Occasion
from tanhui.community.types import BookingState, BookingView, OccasionKind, OccasionState, OccasionView
from tanhui.parties import queries as parties

OWN_HAND = "本人"


def occasion_views(rows: Sequence[Occasion]) -> list[OccasionView]:
    """Occasions with their counts and hosts; `places` and `point` should come with the rows."""
    hosts = parties.parties({row.host_id for row in rows})
    waiting = dict(
        Booking.objects.filter(occasion__in=rows, state=BookingState.WAITING)
        .values_list("occasion_id")
        .annotate(count=Count("id"))
    )
    return [
        OccasionView(
            number=row.number,
            kind=OccasionKind(row.kind),
            title=row.title,
            summary=row.summary,
            host=hosts[row.host_id].number,
            host_title=hosts[row.host_id].display_name,
            division_code=row.division_code,
            place=row.place,
            point=row.point.number if row.point else "",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            bookable=row.bookable,
            book_from=row.book_from,
            book_to=row.book_to,
            capacity=row.places.capacity,
            booked=row.places.taken,
            waiting=waiting.get(row.pk, 0),
            left=None if row.places.capacity is None else row.places.capacity - row.places.taken,
            materials=tuple(row.materials),
            audience=row.audience,
            minutes=row.minutes,
            state=OccasionState(row.state),
            reason=row.reason,
        )
        for row in rows
    ]


def booking_views(rows: Sequence[Booking], *, replayed: bool = False) -> list[BookingView]:
    """Bookings; `occasion` should come with the rows."""
    queues = _queues({row.occasion_id for row in rows if row.state == BookingState.WAITING})
    staff, persons = hand_names(
        {row.by_user_id for row in rows if row.by_user_id is not None},
        {row.by_party_id for row in rows if row.by_party_id is not None},
    )
    return [
        BookingView(
            number=row.number,
            occasion=row.occasion.number,
            occasion_title=row.occasion.title,
            kind=OccasionKind(row.occasion.kind),
            starts_at=row.occasion.starts_at,
            ends_at=row.occasion.ends_at,
            place=row.occasion.place,
            party_id=row.party_id,
            state=BookingState(row.state),
            ahead=queues.get(row.pk, 0),
            booked_at=row.booked_at,
            booked_by=staff.get(row.by_user_id or 0) or persons.get(row.by_party_id or 0) or OWN_HAND,
            note=row.note,
            replayed=replayed,
        )
        for row in rows
    ]


def _queues(occasions: set[int]) -> dict[int, int]:
    """Booking → how many wait before it."""
    if not occasions:
        return {}
    places: dict[int, int] = {}
    ahead: dict[int, int] = {}
    rows = Booking.objects.filter(occasion_id__in=occasions, state=BookingState.WAITING)
    for pk, occasion in rows.order_by("id").values_list("pk", "occasion_id"):
        ahead[pk] = places.get(occasion, 0)
        places[occasion] = ahead[pk] + 1
    return ahead
