"""What can be bought: stocks, drafts, publishing and withdrawing."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import _budget, _waiting
from tanhui.rewards._alliance import named
from tanhui.rewards.models import Merchant, Offer, OfferMerchant, Stock
from tanhui.rewards.types import BudgetDetails, OfferDetails, OfferState, OfferStatus, StockDetails

MAX_POINTS = 10_000_000
MAX_FEN = 100_000_000
MAX_COUNT = 1_000_000_000

_NEXT: dict[OfferState, tuple[OfferState, ...]] = {
    OfferState.DRAFT: (OfferState.PUBLISHED, OfferState.WITHDRAWN),
    OfferState.PUBLISHED: (OfferState.WITHDRAWN,),
    OfferState.WITHDRAWN: (),
}


def offer(details: OfferDetails | OfferStatus | StockDetails | BudgetDetails, at: datetime, by: Actor) -> str:
    """By the kind of details; the number of the offer or the stock, or the year. The audit trail has every change."""
    if isinstance(details, BudgetDetails):
        number, action = _budget.set_line(details, at), "rewards.budget"
        what = {"amount_fen": str(details.amount_fen), "reserve_fen": str(details.reserve_fen)}
        what["source"] = details.source.strip()
    elif isinstance(details, StockDetails):
        number, action, what = _stock(details, at), "rewards.stock", {"quantity": str(details.quantity)}
    elif isinstance(details, OfferStatus):
        number, action = _change_state(details, at), f"rewards.{details.state.value}"
        what = {"state": details.state.value}
    else:
        number, action = _draft(details, at), "rewards.draft"
        what = {"title": details.title.strip()[:80], "price_points": str(details.price_points)}
    parties_services.record(actor=by, action=action, target=number, detail=what, at=at)
    return number


def _stock(details: StockDetails, at: datetime) -> str:
    title = named(details.title, "title")
    if type(details.quantity) is not int or not 0 <= details.quantity <= MAX_COUNT:
        raise BadInput("库存总量须为不小于 0 的整数", where="quantity")
    if not details.number:
        return Stock.objects.create(number=new_number("stk", at), title=title, quantity=details.quantity).number
    known = Stock.objects.filter(number=details.number).values_list("pk", flat=True).first()
    if known is None:
        raise NotFound("没有这项库存", where=details.number[:40], fix="核对编号")
    stocks = _waiting.lock(at, stocks=[known])
    row = Stock.objects.get(pk=known)
    if details.quantity < row.taken:
        message = f"已兑出 {row.taken} 份，总量不能少于它"
        raise Conflict(message, where=row.number, fix="要停止兑换，把总量改为已兑出的数量")
    row.title, row.quantity = title, details.quantity
    row.save(update_fields=["title", "quantity"])  # `taken` is left to the exchanges
    _waiting.serve(stocks, at)
    return row.number


def _change_state(details: OfferStatus, at: datetime) -> str:
    row = _locked(details.offer)
    state = OfferState(row.state)
    if details.state not in _NEXT[state]:
        raise Conflict(f"权益{state.label}，不能改为{details.state.label}", where=row.number, fix="新建一项权益")
    redeemers = OfferMerchant.objects.filter(offer=row).count()
    if details.state is OfferState.PUBLISHED and (row.face_value_fen == 0) != (redeemers == 0):
        raise Conflict("荣誉和捐赠不设核销商户，其他权益至少要有一家", where=row.number, fix="修改草稿后再上架")
    row.state = details.state
    row.save(update_fields=["state"])
    if details.state is OfferState.WITHDRAWN:
        _waiting.close(row, at)
    return row.number


def _locked(number: str) -> Offer:
    row = Offer.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这项权益", where=number[:40], fix="核对编号")
    return row


def _draft(details: OfferDetails, at: datetime) -> str:
    _check(details)
    row = Offer(number=new_number("ofr", at), state=OfferState.DRAFT, created_at=at)
    if details.number:
        row = _locked(details.number)
        if row.state != OfferState.DRAFT:
            raise Conflict("已上架的权益不能修改", where=row.number, fix="新建一项权益，把这一项下架")
    row.kind, row.title, row.terms = details.kind, named(details.title, "title"), details.terms.strip()
    row.price_points, row.face_value_fen = details.price_points, details.face_value_fen
    row.sale_from, row.sale_to = details.sale_from, details.sale_to
    row.valid_days, row.valid_until = details.valid_days, details.valid_until
    row.per_person_limit, row.per_person_day_limit = details.per_person_limit, details.per_person_day_limit
    row.per_day_limit, row.cancel_hours = details.per_day_limit, details.cancel_hours
    row.stock = _stock_named(details.stock)
    merchants = _merchants_named(details.merchants)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise BadInput("权益的内容不符合约束", where="offer", fix="核对价格、面值、时间和限量") from error
    OfferMerchant.objects.filter(offer=row).delete()
    OfferMerchant.objects.bulk_create([OfferMerchant(offer=row, merchant=each) for each in merchants])
    return row.number


def _stock_named(number: str) -> Stock | None:
    if not number:
        return None
    stock = Stock.objects.filter(number=number).first()
    if stock is None:
        raise NotFound("没有这项库存", where=number[:40], fix="先建立库存")
    return stock


def _merchants_named(numbers: tuple[str, ...]) -> list[Merchant]:
    found = {row.number: row for row in Merchant.objects.filter(number__in=numbers)}
    for number in numbers:
        if number not in found:
            raise NotFound("没有这个商户", where=number[:40], fix="核对商户编号")
    return [found[number] for number in sorted(found)]


def _check(details: OfferDetails) -> None:
    """What is wrong with an offer, in words; the database repeats it in its constraints."""
    if not 0 < details.price_points <= MAX_POINTS:
        raise BadInput(
            f"兑换积分须为 1 至 {MAX_POINTS} 的整数", where="price_points", fix="积分不能为 0：没有白送的权益"
        )
    if not 0 <= details.face_value_fen <= MAX_FEN or (details.face_value_fen == 0) != details.kind.at_once:
        raise BadInput("荣誉和公益捐赠的面值为 0，其他权益的面值大于 0（单位：分）", where="face_value_fen")
    if not details.terms.strip() or len(details.terms) > 2000:
        raise BadInput("使用说明须为 1 至 2000 字", where="terms")
    for where in ("sale_from", "sale_to", "valid_until"):
        instant = getattr(details, where)
        if instant is not None and instant.tzinfo is None:
            raise BadInput("时间没有时区", where=where)
    if details.sale_to <= details.sale_from:
        raise BadInput("停止兑换的时间须晚于开始", where="sale_to")
    if (details.valid_days is None) == (details.valid_until is None):
        raise BadInput("有效天数和有效期至须填一项，也只能填一项", where="valid_days")
    if details.valid_days is not None and not 0 < details.valid_days <= 3660:
        raise BadInput("有效天数须为 1 至 3660", where="valid_days")
    if details.valid_until is not None and details.valid_until < details.sale_to:
        raise BadInput("有效期不能早于停止兑换的时间", where="valid_until")
    for where in ("per_person_limit", "per_person_day_limit", "per_day_limit"):
        limit = getattr(details, where)
        if limit is not None and not 0 < limit <= MAX_COUNT:
            raise BadInput("限量须为正整数，不限则留空", where=where)
    if details.cancel_hours is not None and not 0 <= details.cancel_hours <= 24 * 366:
        raise BadInput("可取消的小时数须为 0 至 8784，不限则留空", where="cancel_hours")
