"""A place is booked, waited for, given back.

One order of locks for everybody, so that nobody waits in a circle: the person, the occasion (shared), the places,
bookings, and last the audit trail.
"""

from __future__ import annotations

from datetime import datetime

from tanhui.community import _hands
from tanhui.community._occasions import shared
from tanhui.community._places import free, lock_places, take
from tanhui.community._views import booking_views
from tanhui.community.models import Booking, Occasion
from tanhui.community.rules import check_key, check_words, not_bookable
from tanhui.community.types import (
    AlreadyBooked,
    BookingDetails,
    BookingState,
    BookingView,
    KeyReused,
    NotBookable,
    OccasionState,
)
from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties.types import Actor


def book(details: BookingDetails, at: datetime, by: Actor | None) -> BookingView:
    """Within the caller's transaction; whatever is refused leaves nothing."""
    check_key(details.key)
    note = check_words(details.note, "note", 200)
    person = _hands.living(details.party_id)
    _hands.require_booker(by, person.id)
    _hands.lock_person(person.id)
    asked = digest(["book", details.occasion])
    known = Booking.objects.select_related("occasion").filter(party_id=person.id, key=details.key).first()
    if known is not None:
        if bytes(known.input_hash) != asked:
            raise KeyReused("这个请求键已用于另一次预约", where="key", fix="换一个新的键")
        return booking_views([known], replayed=True)[0]
    occasion = shared(details.occasion)
    _check_bookable(occasion, person.id, at)
    by_user, by_party = _hands.hand_of(by, person.id)
    places = lock_places(occasion)
    row = Booking.objects.create(
        number=new_number("bkg", at),
        occasion=occasion,
        party_id=person.id,
        state=BookingState.BOOKED if take(places) else BookingState.WAITING,
        key=details.key,
        input_hash=asked,
        note=note,
        booked_at=at,
        by_user_id=by_user,
        by_party_id=by_party,
        changed_at=at,
    )
    view = booking_views([row])[0]
    if by_user is not None or by_party is not None:
        _hands.record(by, "community.book", row.number, {"occasion": occasion.number, "party": person.number}, at)
    return view


def _check_bookable(occasion: Occasion, party_id: int, at: datetime) -> None:
    why = not_bookable(occasion.state, occasion.bookable, occasion.book_from, occasion.book_to, occasion.starts_at, at)
    if why:
        raise NotBookable(why, where=occasion.title, fix="选择其他活动")
    standing = Booking.objects.filter(occasion=occasion, party_id=party_id).exclude(state=BookingState.RELEASED)
    for row in standing:
        raise AlreadyBooked(f"您{BookingState(row.state).label}这项活动", where=row.number, fix="在“我的预约”中查看")


def release(number: str, party_id: int, at: datetime, by: Actor | None) -> BookingView:
    """Within the caller's transaction; the first who waits moves up in it."""
    _hands.require_booker(by, party_id)
    _hands.lock_person(party_id)
    row = Booking.objects.select_related("occasion").filter(number=number, party_id=party_id).first()
    if row is None:
        raise NotFound("没有这个预约", where=number[:40], fix="核对编号")
    occasion = shared(row.occasion.number)
    if row.state == BookingState.RELEASED:
        return booking_views([row], replayed=True)[0]
    if occasion.state != OccasionState.OPEN or at >= occasion.starts_at:
        raise NotBookable("活动已开始或已结束，不能取消预约", where=occasion.title, fix="有急事请联系主办单位")
    places = lock_places(occasion)
    row.refresh_from_db(fields=["state"])  # who held the places before us may have moved it up
    held = row.state == BookingState.BOOKED
    if not held and row.state != BookingState.WAITING:
        raise NotBookable(f"这个预约{BookingState(row.state).label}，不能取消", where=number, fix="联系主办单位")
    row.state, row.changed_at = BookingState.RELEASED, at
    row.save(update_fields=["state", "changed_at"])
    if held:
        free(places, at)
    view = booking_views([row])[0]
    if by is not None and by.party_id != party_id:
        _hands.record(by, "community.release", number, {"occasion": occasion.number}, at)
    return view
