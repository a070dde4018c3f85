"""Queues for what is given out: a place, a reservation for whoever stands first, and what comes back to the stock.

The statements are in `sql/exchange.sql`. Whoever frees stock or money serves the queues in the same transaction, so
nothing is free while somebody waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from tanhui.kernel.days import COUNTY_ZONE, day_start, local_day
from tanhui.kernel.errors import Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.rewards.models import Offer, Waiting
from tanhui.rewards.types import RESERVED_FOR, WaitingState, WaitingView

BATCH = 500
STANDING = (WaitingState.WAITING.value, WaitingState.RESERVED.value)


def year_of(at: datetime) -> int:
    """The county's calendar year, whose money an exchange promises."""
    return local_day(at).year


def reserved_until(at: datetime) -> datetime:
    """How long a place that is reserved now is kept: 48 hours, and never into another year's money."""
    return min(at + RESERVED_FOR, day_start(date(year_of(at) + 1, 1, 1)))


def join(offer: Offer, party_id: int, at: datetime) -> WaitingView:
    """A place at the end of the queue, or the one that the person has. The caller has locked the person.

    Raises Conflict where nobody waits and there is enough.
    """
    known = Waiting.objects.filter(offer=offer, party_id=party_id, state__in=STANDING).first()
    if known is not None and known.state == WaitingState.RESERVED and _over(known, at):
        free([], at, places=[known.pk], state=WaitingState.LAPSED)
        known = None
    if known is not None:
        return view_of(known)
    lock(at, offers=[offer.pk], stocks=[offer.stock_id] if offer.stock_id else [])
    others = Waiting.objects.filter(offer=offer, state=WaitingState.WAITING).exists()
    room = _value("SELECT rewards_room(%s, %s, %s, %s)", [offer.pk, offer.stock_id, offer.face_value_fen, year_of(at)])
    if not others and room == "":
        raise Conflict("现在可以直接兑换，不用排队", where=offer.title, fix="直接兑换")
    row = Waiting.objects.create(
        number=new_number("wtg", at), offer=offer, party_id=party_id, state=WaitingState.WAITING, entered_at=at
    )
    return view_of(row)


def leave(number: str, party_id: int, at: datetime) -> WaitingView:
    """Give a place up; what was reserved goes to the next. Safe to repeat. The caller has locked the person."""
    row = Waiting.objects.select_related("offer").filter(number=number, party_id=party_id).first()
    if row is None:
        raise NotFound("没有这个排队记录", where=number[:40], fix="核对编号")
    if row.state == WaitingState.TAKEN:
        raise Conflict("已经兑换，不能退出排队", where=number, fix="需要时取消那张券")
    if row.state in STANDING:
        free([], at, places=[row.pk], state=WaitingState.LEFT)
        row.refresh_from_db()
    return view_of(row)


def close(offer: Offer, at: datetime) -> None:
    """The offer is sold no more: its queue ends."""
    places = list(Waiting.objects.filter(offer=offer, state__in=STANDING).values_list("pk", flat=True))
    if places:
        free([], at, places=places, state=WaitingState.CLOSED)


def lapse(at: datetime) -> int:
    """Reservations that are over end and go to the next; in batches, each its own transaction. How many ended."""
    done = 0
    while True:
        with transaction.atomic():
            over = Waiting.objects.filter(state=WaitingState.RESERVED, reserved_until__lte=at).order_by("id")
            places = list(over.values_list("pk", flat=True)[:BATCH])
            free([], at, places=places, state=WaitingState.LAPSED)
        done += len(places)
        if len(places) < BATCH:
            return done


def free(
    vouchers: Sequence[int],
    at: datetime,
    *,
    with_stock: bool = True,
    places: Sequence[int] = (),
    state: WaitingState = WaitingState.LAPSED,
) -> None:
    """What these vouchers took comes back (money always, stock and day if so said), these places end, queues are
    served. With nothing to free it serves what somebody left unserved.
    """
    _value(
        "SELECT rewards_free(%s::bigint[], %s::bigint[], %s, %s, %s, %s, %s, %s)",
        [
            list(vouchers), list(places), state.value, with_stock,
            at, reserved_until(at), year_of(at), COUNTY_ZONE.key,
        ],
    )  # fmt: skip


def lock(at: datetime, *, offers: Sequence[int] = (), stocks: Sequence[int] = (), year: int | None = None) -> list[int]:
    """Take, in the one order, the rows that serving the queues may change; the stocks locked."""
    years = sorted({year_of(at), year or year_of(at)})
    statement = "SELECT rewards_lock(%s::bigint[], %s::bigint[], '{}', %s::integer[])"
    return list(_value(statement, [list(offers), list(stocks), years]))


def serve(stocks: Sequence[int], at: datetime) -> None:
    """Reserve for whoever stands first, after `lock` and more stock or money."""
    _value("SELECT rewards_serve(%s::bigint[], %s, %s, %s)", [list(stocks), at, reserved_until(at), year_of(at)])


def views_of(party_id: int) -> list[WaitingView]:
    """A person's places, those that stand first, then the newest."""
    rows = Waiting.objects.filter(party_id=party_id).select_related("offer").order_by("-id")
    return [view_of(row) for row in sorted(rows, key=lambda row: row.state not in STANDING)]


def view_of(row: Waiting) -> WaitingView:
    """A place as its holder sees it."""
    state = WaitingState(row.state)
    ahead = 0
    if state is WaitingState.WAITING:
        ahead = Waiting.objects.filter(offer_id=row.offer_id, state=state, id__lt=row.pk).count()
    return WaitingView(
        row.number, row.offer.number, row.offer.title, state, ahead, row.entered_at, row.reserved_until, row.ended_at
    )


def _over(row: Waiting, at: datetime) -> bool:
    return row.reserved_until is not None and row.reserved_until <= at


def _value(statement: str, arguments: list[Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchone()[0]
