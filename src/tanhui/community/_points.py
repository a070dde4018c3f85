"""Collection points and boxes, how they are, and what recyclers pay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from tanhui.community import _hands
from tanhui.community._documents import documents, material
from tanhui.community.models import CollectionPoint, MaterialPrice, PointNotice
from tanhui.community.rules import check_words
from tanhui.community.types import (
    LimitReached,
    PointDetails,
    PointKind,
    PointReport,
    PointState,
    PointView,
    PriceDetails,
    PriceView,
)
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor

REPORTS_A_DAY = 10
"""How many reports about points one resident may send within 24 hours."""


def set_point(details: PointDetails, at: datetime, by: Actor) -> str:
    """Register a point, or change one; its state stays what staff saw last."""
    _hands.require(by, _hands.RUN, details.division_code)
    place = _hands.division(details.division_code)
    for code in details.materials:
        material(code)
    if not details.materials:
        raise BadInput("回收点至少收一种物料", where="materials", fix="从物料列表中选择")
    if (details.longitude_e6 is None) != (details.latitude_e6 is None):
        raise BadInput("经度和纬度要么都写，要么都不写", where="longitude_e6", fix="在地图上点选位置")
    content = {
        "kind": details.kind.value,
        "title": check_words(details.title, "title", 80, least=1),
        "division_code": place.statistical_code,
        "address": check_words(details.address, "address", 120),
        "materials": list(details.materials),
        "hours": check_words(details.hours, "hours", 80),
        "longitude_e6": details.longitude_e6,
        "latitude_e6": details.latitude_e6,
    }
    if details.number:
        point = _locked(details.number)
        _hands.require(by, _hands.RUN, point.division_code)
        CollectionPoint.objects.filter(pk=point.pk).update(**content)
    else:
        point = CollectionPoint.objects.create(
            number=new_number("cpt", at), state=PointState.OPEN, state_at=at, created_at=at, **content
        )
    detail = {name: value for name, value in content.items() if name in ("title", "division_code", "materials")}
    _hands.record(by, "community.point", point.number, detail, at)
    return point.number


def report(details: PointReport, at: datetime, by: Actor) -> str:
    """Staff's word is the state; anybody else's is kept until staff looked. Told twice, it is kept once."""
    note = check_words(details.note, "note", 200)
    point = _locked(details.number)
    if by.user_id is None and not by.is_system:
        _report_of_public(point, details.state, note, at, by.party_id)
        return point.number
    _hands.require(by, _hands.SERVE, point.division_code)
    PointNotice.objects.create(point=point, official=True, user_id=by.user_id, state=details.state, note=note, at=at)
    point.state, point.state_at = details.state, at
    point.save(update_fields=["state", "state_at"])
    _hands.record(by, "community.point_state", point.number, {"state": details.state.value}, at)
    return point.number


def _report_of_public(point: CollectionPoint, state: PointState, note: str, at: datetime, party_id: int | None) -> None:
    """A resident's report, or that of somebody without an account (whose words are not kept)."""
    if state is PointState.CLOSED:
        raise BadInput("只有工作人员可以停用回收点", where="state", fix="选择已满、待维修或可投放")
    said = PointNotice.objects.filter(official=False)
    said = said.filter(party__isnull=True) if party_id is None else said.filter(party_id=party_id)
    if party_id is not None:
        _hands.living(party_id)
    if said.filter(point=point, state=state, at__gte=point.state_at).exists():
        return
    if party_id is not None and said.filter(at__gt=at - timedelta(days=1)).count() >= REPORTS_A_DAY:
        raise LimitReached(f"一天最多反映 {REPORTS_A_DAY} 次", where="number", fix="明天再来，或打电话告诉运营人员")
    kept = note if party_id is not None else ""
    PointNotice.objects.create(point=point, official=False, party_id=party_id, state=state, note=kept, at=at)


def _locked(number: str) -> CollectionPoint:
    row = CollectionPoint.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这个回收点", where=number[:40], fix="从回收点列表中选择")
    return row


def point_views(rows: Sequence[CollectionPoint]) -> list[PointView]:
    """Points as everybody sees them; of what residents and passers-by say, the latest since staff looked."""
    said: dict[int, PointNotice] = {}
    notices = PointNotice.objects.filter(point__in=rows, user__isnull=True)
    for notice in notices.order_by("point_id", "-at", "-id").distinct("point_id"):
        said[notice.point_id] = notice
    return [
        PointView(
            number=row.number,
            kind=PointKind(row.kind),
            title=row.title,
            division_code=row.division_code,
            address=row.address,
            materials=tuple(row.materials),
            hours=row.hours,
            longitude_e6=row.longitude_e6,
            latitude_e6=row.latitude_e6,
            state=PointState(row.state),
            state_at=row.state_at,
            reported=_reported(row, said.get(row.pk)),
        )
        for row in rows
    ]


def _reported(point: CollectionPoint, said: PointNotice | None) -> PointState | None:
    """What was said last since staff looked, where it is something else than what staff saw."""
    if said is None or said.at < point.state_at or said.state == point.state:
        return None
    return PointState(said.state)


def set_price(details: PriceDetails, at: datetime, by: Actor) -> str:
    """Write down what a recycler pays from a day on; the same again is the same price."""
    _hands.require(by, _hands.RUN)
    owner = _hands.organization(details.organization)
    material(details.material)
    if not 0 <= details.price_fen <= 10_000_000:
        raise BadInput("单价须在 0 到 100000 元之间", where="price_fen", fix="单位是分，1 元 = 100 分")
    same = MaterialPrice.objects.filter(
        organization_id=owner.id, material=details.material, valid_from=details.valid_from
    )
    last = same.order_by("-id").first()
    if last is not None and last.price_fen == details.price_fen:
        return last.number
    row = MaterialPrice.objects.create(
        number=new_number("prc", at),
        organization_id=owner.id,
        material=details.material,
        price_fen=details.price_fen,
        valid_from=details.valid_from,
        recorded_at=at,
    )
    detail = {"organization": owner.number, "material": details.material, "price_fen": details.price_fen}
    _hands.record(by, "community.price", row.number, detail | {"valid_from": details.valid_from.isoformat()}, at)
    return row.number


def price_views(on: date | None) -> list[PriceView]:
    """What each recycler pays for each material on that day, by material in the county's order, dearest first."""
    rows = MaterialPrice.objects.all() if on is None else MaterialPrice.objects.filter(valid_from__lte=on)
    latest = list(
        rows.order_by("organization_id", "material", "-valid_from", "-id").distinct("organization_id", "material")
    )
    owners = parties.parties({row.organization_id for row in latest})
    order = {code: place for place, code in enumerate(documents().materials)}
    latest.sort(key=lambda row: (order.get(row.material, len(order)), -row.price_fen, row.organization_id))
    return [
        PriceView(
            owners[row.organization_id].number,
            owners[row.organization_id].display_name,
            row.material,
            row.price_fen,
            row.valid_from,
        )
        for row in latest
    ]
