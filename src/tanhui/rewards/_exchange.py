"""Points become a voucher, and an unused one becomes points again.

One order of locks for everybody, so that nobody waits in a circle: the person, the offer or the voucher, accounts of
the ledger, and last the rows that many want (stock, then offer day), which are held only for the end.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, F, Q

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_end, day_start, local_day
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import Book, Insufficient
from tanhui.parties import queries as parties
from tanhui.parties.types import PartyErased, PartyKind
from tanhui.rewards import _books
from tanhui.rewards._codes import code_of, hash_of
from tanhui.rewards._views import holder_view, points_of
from tanhui.rewards.models import Offer, Stock, Voucher, VoucherPoints
from tanhui.rewards.rules import may_cancel, on_sale, points_by_year, spend, validity
from tanhui.rewards.types import (
    KeyReused,
    LimitReached,
    NotCancellable,
    NotEnoughPoints,
    NotOnSale,
    OfferKind,
    SoldOut,
    VoucherState,
    VoucherView,
)

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,80}")


def exchange(party_id: int, offer: str, key: str, at: datetime) -> VoucherView:
    """Within the caller's transaction; whatever is refused leaves nothing."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "请求键须为 1 至 80 个字母、数字或 . _ : -", where="key", fix="每次兑换换一个新的键，重试用原来的键"
        )
    lock_person(party_id)
    asked = digest(["exchange", offer])
    known = Voucher.objects.select_related("offer").filter(party_id=party_id, key=key).first()
    if known is not None:
        if bytes(known.input_hash) != asked:
            raise KeyReused("这个请求键已用于另一次兑换", where="key", fix="换一个新的键")
        return holder_view(known, replayed=True)
    bought = _offer_on_sale(offer, at)
    _refuse_sold_out(bought)
    _check_person(party_id)
    _check_limits(bought, party_id, at)
    points = _points_for(bought, party_id, at)
    voucher = _new_voucher(bought, party_id, key, asked, at)
    postings = [_books.bought(voucher.number, party_id, points.items(), bought.title, at)]
    if voucher.state == VoucherState.REDEEMED:
        postings.append(_books.fulfilled(voucher.number, voucher.price_points, bought.title, at))
    try:
        ledger.post(postings=postings, at=at)
    except Insufficient as error:
        raise NotEnoughPoints("积分刚刚有变动，现在不够兑换", where=bought.title, fix="查看积分后再试") from error
    voucher.save(force_insert=True)
    VoucherPoints.objects.bulk_create(
        [VoucherPoints(voucher=voucher, expiry_year=year, points=part) for year, part in points.items()]
    )
    view = holder_view(voucher)
    _take(bought, at)
    return view


def cancel(number: str, party_id: int, at: datetime) -> VoucherView:
    """Within the caller's transaction."""
    lock_person(party_id)
    rows = Voucher.objects.select_for_update(of=("self",), no_key=True).select_related("offer")
    voucher = rows.filter(number=number, party_id=party_id).first()
    if voucher is None:
        raise NotFound("没有这张券", where=number[:40], fix="核对编号")
    if voucher.state == VoucherState.CANCELLED:
        return holder_view(voucher, replayed=True)
    if voucher.state != VoucherState.OPEN:
        raise NotCancellable(
            f"这张券{VoucherState(voucher.state).label}，不能取消", where=number, fix="只能取消待使用的券"
        )
    if at >= voucher.valid_to:
        raise NotCancellable("这张券已过有效期，积分会自动退回", where=number, fix="三天后查看积分")
    if not may_cancel(voucher.offer.cancel_hours, voucher.exchanged_at, at):
        raise NotCancellable("已过可以取消的时间", where=number, fix="请在有效期内使用")
    points = points_of([voucher.pk])[voucher.pk]
    voucher.state, voucher.ended_at = VoucherState.CANCELLED, at
    voucher.save(update_fields=["state", "ended_at"])
    ledger.post(postings=[_books.returned(number, party_id, points, voucher.offer.title, at)], at=at)
    view = holder_view(voucher)
    _give_back(voucher)
    return view


def lock_person(party_id: int) -> None:
    """Until the transaction ends nobody else exchanges or cancels for this person."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"rewards:person:{party_id}"])


def _offer_on_sale(number: str, at: datetime) -> Offer:
    """The offer, shared until the transaction ends: who withdraws it waits for the exchanges under way."""
    found = list(Offer.objects.raw("SELECT * FROM rewards_offer WHERE number = %s FOR SHARE", [number]))
    if not found:
        raise NotFound("没有这项权益", where=number[:40], fix="从商城中选择")
    offer = found[0]
    why = on_sale(offer.state, offer.sale_from, offer.sale_to, at)
    if why:
        raise NotOnSale(why, where=offer.title, fix="从商城中选择可兑换的权益")
    return offer


def _refuse_sold_out(offer: Offer) -> None:
    """A look before the work: when the last one is gone, nobody queues for the row any more."""
    if offer.stock_id is not None and not Stock.objects.filter(pk=offer.stock_id, taken__lt=F("quantity")).exists():
        raise SoldOut("已经兑完了", where=offer.title, fix="选择其他权益")


def _check_person(party_id: int) -> None:
    ref = parties.party_by_id(party_id)
    if ref.erased:
        raise PartyErased(f"{ref.number} 已注销", where="party_id", fix="请本人重新加入")
    if ref.kind is not PartyKind.RESIDENT:
        raise BadInput(f"{ref.number} 是单位，不能兑换", where="party_id", fix="由居民本人兑换")


def _check_limits(offer: Offer, party_id: int, at: datetime) -> None:
    """What one person may have; counted under the person's lock. Cancelled ones do not count."""
    if offer.per_person_limit is None and offer.per_person_day_limit is None:
        return
    today = local_day(at)
    had = (
        Voucher.objects.filter(party_id=party_id, offer=offer)
        .exclude(state=VoucherState.CANCELLED)
        .aggregate(
            ever=Count("id"),
            today=Count("id", filter=Q(exchanged_at__gte=day_start(today), exchanged_at__lt=day_end(today))),
        )
    )
    if offer.per_person_limit is not None and had["ever"] >= offer.per_person_limit:
        raise LimitReached(f"每人限兑 {offer.per_person_limit} 份，您已兑满", where=offer.title, fix="选择其他权益")
    if offer.per_person_day_limit is not None and had["today"] >= offer.per_person_day_limit:
        raise LimitReached(f"每人每天限兑 {offer.per_person_day_limit} 份", where=offer.title, fix="明天再来兑换")


def _points_for(offer: Offer, party_id: int, at: datetime) -> dict[int, int]:
    available = available_points(party_id, local_day(at))
    points = spend(available, offer.price_points)
    if points is None:
        held = sum(available.values())
        message = f"兑换需要 {offer.price_points} 分，您现有可用积分 {held} 分"
        raise NotEnoughPoints(message, where=offer.title, fix="多参加低碳行动，积够后再兑换")
    return points


def available_points(party_id: int, on: date) -> dict[int, int]:
    """Expiry year → points that are good on that day."""
    balances = ledger_queries.balances_of(party_id)
    held = {each.account.code: each.balance for each in balances if each.account.book is Book.POINTS}
    return points_by_year(held, on)


def _new_voucher(offer: Offer, party_id: int, key: str, asked: bytes, at: datetime) -> Voucher:
    """A voucher not yet stored, under a number whose code no other has."""
    number = new_number("vou", at)
    while Voucher.objects.filter(code_hash=hash_of(code_of(number))).exists():
        number = new_number("vou", at)
    at_once = OfferKind(offer.kind).at_once
    valid_from, valid_to = validity(at, offer.valid_days, offer.valid_until)
    return Voucher(
        number=number,
        offer=offer,
        party_id=party_id,
        code_hash=hash_of(code_of(number)),
        state=VoucherState.REDEEMED if at_once else VoucherState.OPEN,
        price_points=offer.price_points,
        face_value_fen=offer.face_value_fen,
        valid_from=valid_from,
        valid_to=valid_to,
        exchanged_at=at,
        key=key,
        input_hash=asked,
        ended_at=at if at_once else None,
    )


_TAKE_STOCK = "UPDATE rewards_stock SET taken = taken + 1 WHERE id = %s AND taken < quantity"
_TAKE_DAY = """
INSERT INTO rewards_offer_day AS d (offer_id, day, ceiling, taken) VALUES (%s, %s, %s, 1)
ON CONFLICT (offer_id, day) DO UPDATE SET taken = d.taken + 1 WHERE d.taken < d.ceiling
"""


def _take(offer: Offer, at: datetime) -> None:
    """The rows that many want, last and in one order. Raises SoldOut, which takes everything before back."""
    with connection.cursor() as cursor:
        if offer.stock_id is not None:
            cursor.execute(_TAKE_STOCK, [offer.stock_id])
            if cursor.rowcount != 1:
                raise SoldOut("已经兑完了", where=offer.title, fix="选择其他权益")
        if offer.per_day_limit is not None:
            cursor.execute(_TAKE_DAY, [offer.pk, local_day(at), offer.per_day_limit])
            if cursor.rowcount != 1:
                raise SoldOut("今天的份额已经兑完了", where=offer.title, fix="明天再来兑换")


def _give_back(voucher: Voucher) -> None:
    """What a cancelled voucher had taken; an expired one gives nothing back, it was there to be used."""
    offer = voucher.offer
    with connection.cursor() as cursor:
        if offer.stock_id is not None:
            cursor.execute("UPDATE rewards_stock SET taken = taken - 1 WHERE id = %s", [offer.stock_id])
        if offer.per_day_limit is not None:
            cursor.execute(
                "UPDATE rewards_offer_day SET taken = taken - 1 WHERE offer_id = %s AND day = %s",
                [offer.pk, local_day(voucher.exchanged_at)],
            )
