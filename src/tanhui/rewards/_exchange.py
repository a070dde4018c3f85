"""Points become a voucher, and an unused one becomes points again.

One order of locks for everybody, so that nobody waits in a circle: the person, the phone, the offer or the voucher,
accounts of the ledger, and last the rows that many want (stock, offer day, the offer's money, the year's money, places
in queues), which are held only for the end.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from tanhui.kernel.canonical import digest
from tanhui.kernel.days import day_end, day_start, local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import Book, Insufficient
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, PartyErased, PartyKind
from tanhui.rewards import _books, _holds, _limits, _waiting
from tanhui.rewards._codes import code_of, hash_of
from tanhui.rewards._persons import lock_person
from tanhui.rewards._views import holder_view, merchants_of, points_of, voucher_view
from tanhui.rewards.models import Merchant, Offer, Voucher
from tanhui.rewards.rules import may_cancel, on_sale, points_by_year, spend, validity
from tanhui.rewards.types import (
    BudgetShort,
    KeyReused,
    LimitReached,
    MerchantState,
    NotCancellable,
    NotEnoughPoints,
    NotOnSale,
    OfferKind,
    OfferState,
    SoldOut,
    VoucherState,
    VoucherView,
    WaitingState,
    WaitingView,
)

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_FROZEN: dict[str, tuple[Offer, tuple[str, ...]]] = {}
MOST_FROZEN = 500


class _Look(NamedTuple):
    """One row of `rewards_look`: what an exchange must know, read under the person's lock."""

    known_id: int | None
    known_hash: bytes | None
    person_kind: str | None
    person_erased: bool | None
    offer_state: str | None
    room: str | None
    code_taken: bool | None
    hold_reason: str | None
    hold_case: str | None
    hold_until: datetime | None
    place_id: int | None
    place_state: str | None
    place_until: datetime | None
    others_wait: bool | None
    ever: int | None
    today: int | None
    anything_today: int | None
    others_on_device: int | None

    def held(self, at: datetime) -> bool:
        """Whether one is reserved for the person now."""
        kept = self.place_state == WaitingState.RESERVED and self.place_until is not None
        return kept and self.place_until > at  # type: ignore[operator]  # asked one line above


def exchange(party_id: int, offer: str, key: str, at: datetime, by: Actor | None, device: str) -> VoucherView:
    """Within the caller's transaction; whatever is refused leaves nothing."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "请求键须为 1 至 80 个字母、数字或 . _ : -", where="key", fix="每次兑换换一个新的键，重试用原来的键"
        )
    handled_by = _hand(by, party_id)
    phone = None if handled_by else _limits.device_key(device)
    known = frozen(offer)
    number = new_number("vou", at)
    asked = digest(["exchange", offer])
    look = _look_at(party_id, key, known, hash_of(code_of(number)), phone, at)
    if look.known_id is not None:
        return _again(look, asked)
    bought, merchants = _on_sale(known, look, offer, at)
    _check_person(look, party_id)
    _refuse_hold(look)
    _refuse_room(bought, look, at)
    _check_limits(bought, look)
    _limits.refuse_haste(look.anything_today or 0, look.others_on_device)
    points = _points_for(bought, party_id, at)
    voucher = _new_voucher(bought, party_id, _free_number(number, look, at), at)
    voucher.key, voucher.input_hash, voucher.handled_by, voucher.device_key = key, asked, handled_by, phone
    _post(voucher, points, at)
    _take(voucher, points, look.place_id if look.held(at) else None, at)
    if handled_by:
        _record(by, "rewards.exchange_for", voucher.number, party_id, at)
    return voucher_view(voucher, tuple(points.items()), show=merchants)


def queue(party_id: int, offer: str, at: datetime, by: Actor | None) -> WaitingView:
    """A place in the queue, within the caller's transaction."""
    handled_by = _hand(by, party_id)
    known = frozen(offer)
    look = _look_at(party_id, "", known, b"", None, at)
    wanted, _ = _on_sale(known, look, offer, at)
    _check_person(look, party_id)
    _refuse_hold(look)
    _check_limits(wanted, look)
    place = _waiting.join(wanted, party_id, at)
    if handled_by and place.entered_at == at:
        _record(by, "rewards.queue_for", place.number, party_id, at)
    return place


def cancel(number: str, party_id: int, at: datetime, by: Actor | None) -> VoucherView | WaitingView:
    """A voucher, or a place in a queue (`wtg_…`), within the caller's transaction."""
    handled_by = _hand(by, party_id)
    lock_person(party_id)
    given: VoucherView | WaitingView
    given = _waiting.leave(number, party_id, at) if number.startswith("wtg_") else _cancel(number, party_id, at)
    if handled_by and given.ended_at == at:
        _record(by, "rewards.cancel_for", number, party_id, at)
    return given


def _cancel(number: str, party_id: int, at: datetime) -> VoucherView:
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
    if not may_cancel(voucher.offer.cancel_hours, voucher.exchanged_at, at) and redeemable(voucher.offer, at):
        raise NotCancellable("已过可以取消的时间", where=number, fix="请在有效期内使用")
    points = points_of([voucher.pk])[voucher.pk]
    voucher.state, voucher.ended_at = VoucherState.CANCELLED, at
    voucher.save(update_fields=["state", "ended_at"])
    ledger.post(postings=[_books.returned(number, party_id, points, voucher.offer.title, at)], at=at)
    view = holder_view(voucher)
    _waiting.free([voucher.pk], at)
    return view


def redeemable(offer: Offer, at: datetime) -> bool:
    """Whether any merchant of the offer may redeem today; without one, holders are not kept to the hours."""
    today = local_day(at)
    active = Merchant.objects.filter(offers__offer=offer, state=MerchantState.ACTIVE)
    return active.filter(contract_from__lte=today, contract_to__gt=today).exists()


def frozen(number: str) -> tuple[Offer, tuple[str, ...]] | None:
    """An offer with its merchants. One that left the draft never changes but in its state, so it is read once; the
    state is told by the look under lock.
    """
    found = _FROZEN.get(number)
    if found is not None:
        return found
    row = Offer.objects.filter(number=number).first()
    if row is None:
        return None
    found = row, merchants_of([row.pk]).get(row.pk, ())
    if row.state != OfferState.DRAFT:
        if len(_FROZEN) >= MOST_FROZEN:
            _FROZEN.clear()
        _FROZEN[number] = found
    return found


def record_refusal(refused: Forbidden, *, target: str, at: datetime, by: Actor | None) -> None:
    """Write into the audit trail that somebody was refused to act for a person."""
    if by is not None:
        detail = {"why": refused.message}
        parties_services.record(actor=by, action="rewards.hand_refused", target=target[:40], detail=detail, at=at)


def _record(by: Actor | None, action: str, target: str, party_id: int, at: datetime) -> None:
    """Who acted for whom; last, because the trail's lock is."""
    if by is not None:
        detail = {"for": parties.party_by_id(party_id).number}
        parties_services.record(actor=by, action=action, target=target, detail=detail, at=at)


def _hand(by: Actor | None, party_id: int) -> str:
    """Who acts for the person; empty for the person alone. Raises Forbidden, NotFound."""
    if by is None or by.party_id == party_id:
        return ""
    parties.require_hand(by, party_id)
    return by.name


_LOOK = "SELECT * FROM rewards_look(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def _look_at(
    party_id: int,
    key: str,
    known: tuple[Offer, tuple[str, ...]] | None,
    code_hash: bytes,
    phone: bytes | None,
    at: datetime,
) -> _Look:
    today = local_day(at)
    offer_id = known[0].pk if known else None
    with connection.cursor() as cursor:
        span: list[Any] = [day_start(today), day_end(today), at, today.year]
        cursor.execute(_LOOK, [party_id, key, offer_id, code_hash, phone, *span])
        return _Look(*cursor.fetchone())


def _again(look: _Look, asked: bytes) -> VoucherView:
    if bytes(look.known_hash or b"") != asked:
        raise KeyReused("这个请求键已用于另一次兑换", where="key", fix="换一个新的键")
    return holder_view(Voucher.objects.select_related("offer").get(pk=look.known_id or 0), replayed=True)


def _on_sale(
    known: tuple[Offer, tuple[str, ...]] | None, look: _Look, number: str, at: datetime
) -> tuple[Offer, tuple[str, ...]]:
    if known is None:
        raise NotFound("没有这项权益", where=number[:40], fix="从商城中选择")
    why = on_sale(look.offer_state or "", known[0].sale_from, known[0].sale_to, at)
    if why:
        raise NotOnSale(why, where=known[0].title, fix="从商城中选择可兑换的权益")
    return known


def _refuse_hold(look: _Look) -> None:
    if look.hold_reason is not None:
        raise _holds.refuse(look.hold_reason, look.hold_case or "", look.hold_until)


def _refuse_room(offer: Offer, look: _Look, at: datetime) -> None:
    """A look before the work: what is out, or whom the queue is before, nobody waits for the rows any more."""
    if look.held(at):
        return
    if look.place_state == WaitingState.WAITING:
        raise SoldOut("您已在排队，轮到时会为您保留", where=offer.title, fix="在我的排队里查看前面还有几人")
    if look.room:
        raise _short(look.room, offer.title)
    if look.others_wait:
        raise SoldOut("有人在排队，先到先得", where=offer.title, fix="加入排队，或选择其他权益")


def _short(what: str, title: str) -> Conflict:
    """What `rewards_take` says, in words."""
    wait = "加入排队，或选择其他权益"
    if what == "day":
        return SoldOut("今天的份额已经兑完了", where=title, fix="明天再来兑换")
    if what == "none":
        return BudgetShort("本年度商城资金还没有下达", where=title, fix="加入排队，资金下达后按先后兑换")
    if what == "year":
        return BudgetShort("本年度商城资金已经用完", where=title, fix=wait)
    if what == "offer":
        return BudgetShort("这项权益的本年度资金已经用完", where=title, fix=wait)
    if what == "place":
        return SoldOut("为您保留的一份已过期", where=title, fix=wait)
    return SoldOut("已经兑完了", where=title, fix=wait)


def _check_person(look: _Look, party_id: int) -> None:
    if look.person_kind == PartyKind.RESIDENT and not look.person_erased:
        return
    ref = parties.party_by_id(party_id)
    if ref.erased:
        raise PartyErased(f"{ref.number} 已注销", where="party_id", fix="请本人重新加入")
    raise BadInput(f"{ref.number} 是单位，不能兑换", where="party_id", fix="由居民本人兑换")


def _check_limits(offer: Offer, look: _Look) -> None:
    """What one person may have; counted under the person's lock. Cancelled ones do not count."""
    if offer.per_person_limit is not None and (look.ever or 0) >= offer.per_person_limit:
        raise LimitReached(f"每人限兑 {offer.per_person_limit} 份，您已兑满", where=offer.title, fix="选择其他权益")
    if offer.per_person_day_limit is not None and (look.today or 0) >= offer.per_person_day_limit:
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


def _free_number(number: str, look: _Look, at: datetime) -> str:
    """A number whose code no other voucher has."""
    taken = bool(look.code_taken)
    while taken:
        number = new_number("vou", at)
        taken = Voucher.objects.filter(code_hash=hash_of(code_of(number))).exists()
    return number


def _new_voucher(offer: Offer, party_id: int, number: str, at: datetime) -> Voucher:
    """A voucher not yet stored."""
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
        ended_at=at if at_once else None,
    )


def _post(voucher: Voucher, points: dict[int, int], at: datetime) -> None:
    title = voucher.offer.title
    postings = [_books.bought(voucher.number, voucher.party_id, points.items(), title, at)]
    if voucher.state == VoucherState.REDEEMED:
        postings.append(_books.fulfilled(voucher.number, voucher.price_points, title, at))
    try:
        ledger.post(postings=postings, at=at, final=True)
    except Insufficient as error:
        raise NotEnoughPoints("积分刚刚有变动，现在不够兑换", where=title, fix="查看积分后再试") from error


_BUY = f"SELECT rewards_buy({', '.join(['%s'] * 15)}, %s::integer[], %s::integer[], {', '.join(['%s'] * 5)})"


def _take(voucher: Voucher, points: dict[int, int], place: int | None, at: datetime) -> None:
    """Store the voucher and take what many want, last and in one order. What is short takes everything before back."""
    offer, today = voucher.offer, local_day(at)
    stored: list[Any] = [
        voucher.number, offer.pk, voucher.party_id, voucher.code_hash, voucher.state, voucher.price_points,
        voucher.face_value_fen, voucher.valid_from, voucher.valid_to, at, voucher.key, voucher.input_hash,
        voucher.ended_at, voucher.handled_by, voucher.device_key, list(points), list(points.values()),
        today, today.year, place, offer.stock_id, offer.per_day_limit,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_BUY, stored)
        short: str = cursor.fetchone()[0]
    if short:
        raise _short(short, offer.title)
