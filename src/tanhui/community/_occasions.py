"""What is held: drafts, open occasions, and how they end.

Whoever changes an occasion holds its row; who books or checks in shares it, so a change waits for those under way.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tanhui.community import _hands
from tanhui.community._documents import documents, material
from tanhui.community._places import lock_places, move_up
from tanhui.community.models import Booking, CheckIn, CollectionPoint, Occasion, Places
from tanhui.community.rules import below, check_words
from tanhui.community.types import (
    OFFLINE_WINDOW,
    BookingState,
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
)
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties.types import Actor

_MOVABLE = frozenset({"title", "summary", "place", "point", "starts_at", "ends_at", "book_from", "book_to"})
"""What of an open occasion may still change, besides its capacity."""


def set_occasion(details: OccasionDetails, at: datetime, by: Actor) -> str:
    """Write a draft, or change one; of an open occasion times, place, words and capacity."""
    _hands.require(by, _hands.RUN, details.division_code)
    content = _content(details)
    if not details.number:
        if details.ends_at <= at:
            raise BadInput("活动的时间已经过去", where="ends_at", fix="核对日期")
        row = Occasion.objects.create(number=new_number("occ", at), state=OccasionState.DRAFT, created_at=at, **content)
        Places.objects.create(occasion=row, capacity=details.capacity)
    else:
        row = _locked(details.number)
        _hands.require(by, _hands.RUN, row.division_code)
        _change(row, content, details.capacity, at)
    detail = {"title": row.title, "kind": row.kind, "starts_at": row.starts_at, "capacity": details.capacity}
    _hands.record(by, "community.occasion", row.number, detail, at)
    return row.number


def _content(details: OccasionDetails) -> dict[str, Any]:
    """The columns of what is asked. Raises BadInput, NotFound."""
    times = [details.starts_at, details.ends_at, details.book_from, details.book_to]
    if any(each is not None and each.tzinfo is None for each in times):
        raise BadInput("时间须带时区", where="starts_at", fix="如 2026-06-10T08:00+08:00")
    if details.ends_at <= details.starts_at:
        raise BadInput("结束时间须晚于开始时间", where="ends_at", fix="核对时间")
    if details.book_from and details.book_to and details.book_to <= details.book_from:
        raise BadInput("停止预约须晚于开始预约", where="book_to", fix="核对时间")
    if details.capacity is not None and not 1 <= details.capacity <= 100_000:
        raise BadInput("名额须在 1 至 100000 之间", where="capacity", fix="不限名额的不写")
    if details.minutes is not None and not 1 <= details.minutes <= 1440:
        raise BadInput("服务时长须在 1 至 1440 分钟之间", where="minutes", fix="按分钟填写，2 小时写 120")
    if details.audience and details.audience not in documents().audiences:
        raise BadInput(f"没有对象 {details.audience[:40]}", where="audience", fix="从县域文件 audiences.toml 中选择")
    for code in details.materials:
        material(code)
    point = None
    if details.point:
        point = CollectionPoint.objects.filter(number=details.point).first()
        if point is None:
            raise NotFound("没有这个回收点", where=details.point[:40], fix="从回收点列表中选择")
    return {
        "kind": details.kind.value,
        "title": check_words(details.title, "title", 80, least=1),
        "summary": check_words(details.summary, "summary", 2000),
        "host_id": _hands.organization(details.host).id,
        "division_code": _hands.division(details.division_code).statistical_code,
        "place": check_words(details.place, "place", 120, least=1),
        "point": point,
        "starts_at": details.starts_at,
        "ends_at": details.ends_at,
        "bookable": details.bookable,
        "book_from": details.book_from,
        "book_to": details.book_to,
        "materials": list(details.materials),
        "audience": details.audience,
        "minutes": details.minutes,
    }


def _change(row: Occasion, content: dict[str, Any], capacity: int | None, at: datetime) -> None:
    if row.state in (OccasionState.CLOSED, OccasionState.CANCELLED):
        raise Conflict(f"这项活动{OccasionState(row.state).label}，不能修改", where=row.number, fix="另建一项活动")
    if row.state == OccasionState.OPEN:
        fixed = [name for name, value in content.items() if name not in _MOVABLE and getattr(row, name) != value]
        if fixed:
            fix = "取消这项活动，另建一项"
            raise Conflict("已开放的活动只能改名称、说明、时间、地点和名额", where=fixed[0], fix=fix)
    for name, value in content.items():
        setattr(row, name, value)
    row.save()
    places = lock_places(row)
    if capacity is not None and capacity < places.taken:
        raise Conflict(f"已有 {places.taken} 人预约，名额不能少于此数", where="capacity", fix="先取消部分预约")
    places.capacity = capacity
    places.save(update_fields=["capacity"])
    move_up(places, at)


def set_status(details: OccasionStatus, at: datetime, by: Actor) -> str:
    """Open, close or call off. The same again changes nothing."""
    row = _locked(details.number)
    _hands.require(by, _hands.RUN, row.division_code)
    reason = check_words(details.reason, "reason", 200)
    if row.state == details.state:
        return row.number
    steps = {
        OccasionState.DRAFT: (OccasionState.OPEN, OccasionState.CANCELLED),
        OccasionState.OPEN: (OccasionState.CLOSED, OccasionState.CANCELLED),
    }
    if details.state not in steps.get(OccasionState(row.state), ()):
        message = f"活动不能从“{OccasionState(row.state).label}”变为“{details.state.label}”"
        raise Conflict(message, where=row.number, fix="另建一项活动")
    if details.state is OccasionState.OPEN:
        _open(row, at)
    elif details.state is OccasionState.CLOSED:
        if at < row.starts_at:
            raise Conflict("活动还没有开始，不能结束", where=row.number, fix="不办的，取消并写明原因")
        _close(row, at)
    else:
        _call_off(row, reason, at)
    _hands.record(by, "community.occasion_state", row.number, {"state": details.state.value, "reason": reason}, at)
    return row.number


def _open(row: Occasion, at: datetime) -> None:
    if row.ends_at <= at:
        raise Conflict("活动的时间已经过去，不能开放", where=row.number, fix="改时间后再开放")
    if row.kind in (OccasionKind.PICKUP, OccasionKind.COLLECTION) and not row.materials:
        raise BadInput("回收活动至少收一种物料", where="materials", fix="从物料列表中选择")
    row.state = OccasionState.OPEN
    row.save(update_fields=["state"])


def _close(row: Occasion, at: datetime) -> None:
    """Who did not come is a no-show; who still waited is let go."""
    bookings = Booking.objects.filter(occasion=row)
    lock_places(row)
    bookings.filter(state=BookingState.WAITING).update(state=BookingState.RELEASED, changed_at=at)
    bookings.filter(state=BookingState.BOOKED).update(state=BookingState.NO_SHOW, changed_at=at)
    row.state, row.closed_at = OccasionState.CLOSED, at
    row.save(update_fields=["state", "closed_at"])


def _call_off(row: Occasion, reason: str, at: datetime) -> None:
    if not reason:
        raise BadInput("取消活动须写明原因", where="reason", fix="写一句居民看得懂的原因")
    if CheckIn.objects.filter(occasion=row).exists():
        raise Conflict("已有人签到，不能取消", where=row.number, fix="改为结束活动")
    places = lock_places(row)
    standing = Booking.objects.filter(occasion=row, state__in=(BookingState.WAITING, BookingState.BOOKED))
    standing.update(state=BookingState.RELEASED, changed_at=at)
    places.taken = 0
    places.save(update_fields=["taken"])
    row.state, row.reason, row.closed_at = OccasionState.CANCELLED, reason, at
    row.save(update_fields=["state", "reason", "closed_at"])


def close_ended(at: datetime) -> int:
    """Close open occasions that ended more than 72 hours ago, each in its own transaction; how many there were.

    Until then check-ins made without network may arrive and keep somebody from being a no-show.
    """
    due = Occasion.objects.filter(state=OccasionState.OPEN, ends_at__lte=at - OFFLINE_WINDOW)
    closed = 0
    for number in list(due.order_by("id").values_list("number", flat=True)):
        with transaction.atomic():
            row = _locked(number)
            if row.state == OccasionState.OPEN and row.ends_at <= at - OFFLINE_WINDOW:
                _close(row, at)
                closed += 1
    return closed


def _locked(number: str) -> Occasion:
    row = Occasion.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这项活动", where=number[:40], fix="从活动列表中选择")
    return row


def shared(number: str) -> Occasion:
    """The occasion, shared until the transaction ends: who closes it waits for us. Raises NotFound."""
    found = list(Occasion.objects.raw("SELECT * FROM community_occasion WHERE number = %s FOR SHARE", [number]))
    if not found:
        raise NotFound("没有这项活动", where=number[:40], fix="从活动列表中选择")
    return found[0]


def occasion_rows(
    kind: OccasionKind | None,
    starts_from: datetime | None,
    starts_to: datetime | None,
    division_code: str,
    state: OccasionState | None,
) -> QuerySet[Occasion]:
    """Occasions that fit, by start, with their places and points."""
    wanted: dict[str, Any] = {
        "kind": kind,
        "state": state,
        "starts_at__gte": starts_from,
        "starts_at__lt": starts_to,
        "division_code__startswith": below(division_code) or None,
    }
    rows = Occasion.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    return rows.select_related("places", "point").order_by("starts_at", "id")
