"""The mall: what points buy, for everybody; vouchers, for their holders. Merchants redeem on their own pages."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal, cast

import segno
from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Status

from tanhui.api import limits, schemas, tokens
from tanhui.api.answers import answers
from tanhui.api.idempotency import IdempotencyKeyReused, key_of
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.rewards import queries as rewards
from tanhui.rewards import services as rewards_services
from tanhui.rewards.types import (
    HoldView,
    KeyReused,
    OfferKind,
    OfferState,
    OfferView,
    VoucherState,
    VoucherView,
    WaitingView,
)

open_router = Router(tags=["open"])
resident_router = Router(tags=["resident"], auth=tokens.ResidentToken())

OfferNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="权益编号 ofr_…")]
VoucherNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="券编号 vou_…")]
ExchangeKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]+$", description="幂等键；每次兑换一个，重试时不变"
    ),
]
Device = Annotated[
    str, Header(alias="X-Device", max_length=200, pattern=r"^[!-~]*$", description="手机自己长期不变的名字；可以不给")
]
Kind = Literal["restaurant", "scenic", "parking", "transit", "goods", "honor", "donation"]
State = Literal["open", "redeemed", "cancelled", "expired"]
PageSize = Annotated[int, Query(ge=1, le=100, description="一页的条数")]
Cursor = Annotated[str | None, Query(max_length=80, pattern=schemas.CURSOR, description="上一页答复里的 next_cursor")]

_OFFER_CURSOR = re.compile(r"([a-z]{1,12})-([0-9]{1,9})-(ofr_[0-9a-z]{26})")
_VOUCHER_CURSOR = re.compile(r"vou_[0-9a-z]{26}")
_SPOKEN = str.maketrans("0123456789 ", "零一二三四五六七八九，")


@open_router.get("/offers", response=answers(schemas.OffersOut, 422), summary="积分商城")
def offers(
    request: HttpRequest,
    kind: Annotated[Kind | None, Query(description="只看这一类")] = None,
    after: Cursor = None,
    limit: PageSize = 50,
) -> Any:
    """已上架的权益，按类别和所需积分排列。积分只能兑换，不能买卖、转让或兑现。"""
    limits.count_open(request)
    found = sorted(rewards.offers(kind=OfferKind(kind) if kind else None), key=_place)
    if after is not None:
        last = _place_of(after)
        found = [view for view in found if _place(view) > last]
    titles = {view.number: view.title for view in rewards.merchants()}
    page = found[:limit]
    return schemas.OffersOut(
        offers=[_offer_out(view, titles) for view in page],
        next_cursor=_cursor(page[-1]) if len(found) > limit else None,
    )


@open_router.get("/offers/{number}", response=answers(schemas.OfferOut, 404, 422), summary="一项权益")
def offer(request: HttpRequest, number: OfferNumber) -> Any:
    """价格、面值、限量、有效期和可使用的商户。下架的也能看到：已兑换的券仍按它使用。"""
    limits.count_open(request)
    view = rewards.offer(number)
    if view.state is OfferState.DRAFT:
        raise NotFound("没有这项权益", where=number, fix="从 /api/v1/open/offers 中选择")
    return _offer_out(view, {each: rewards.merchant(each).title for each in view.merchants})


@open_router.get("/voucher-key", response=answers(schemas.VoucherKeyOut), summary="离线验券的公钥")
def voucher_key(request: HttpRequest) -> Any:
    """没有网络时，用它核对二维码里的凭证是不是本平台签发的。

    凭证是 `TH1.<内容>.<签名>`：签名是对前两段（连同其间的点）的 Ed25519 签名；内容是 JSON，`v` 券编号、`c` 券码、
    `o` 权益编号、`t` 名称、`m` 可核销的商户（超过 20 家时为空）、`f` 与 `u` 有效期起止（Unix 秒）、`w` 面值（分）。
    后两段都是不带等号的 base64url。核对无误只说明券是真的，是否用过以上传后的结果为准。
    """
    limits.count_open(request)
    key = rewards.token_key()
    return schemas.VoucherKeyOut(algorithm=key.algorithm, public_key=key.public_key)


@resident_router.post(
    "/vouchers",
    response=answers(schemas.VoucherBoughtOut, 401, 403, 404, 409, 410, 422, status=201),
    summary="用积分兑换",
)
def exchange(
    request: HttpRequest,
    payload: schemas.ExchangeIn,
    response: HttpResponse,
    idempotency_key: ExchangeKey,
    device: Device = "",
) -> Any:
    """先用最早到期的积分。同一个幂等键、同一项权益，重试多少次都只兑换一张；答复是那张券，二维码在“出示一张券”里。

    不能兑换时的 `code`：`not_on_sale` 没有上架或不在兑换时间，`sold_out` 兑完了或有人在排队，`budget_short` 本年度资金
    用完或没有下达，`limit_reached` 已到每人限兑，`not_enough_points` 积分不够，`too_fast` 今天兑换得太多，
    `on_hold` 兑换已暂停（见 /api/v1/resident/holds）。这时什么都没有改变。`sold_out` 和 `budget_short` 时可以排队。

    `X-Device` 是手机自己长期不变的名字（如安装时生成的 UUID），可以不给；只保存它的摘要，用来防止一部手机替多人代刷。
    """
    key = hashlib.sha256((key_of(request, required=True) or "").encode()).hexdigest()
    try:
        view = rewards_services.exchange(
            party_id=_party_id(request), offer=payload.offer, key=f"http:{key}", at=_at(request), device=device
        )
    except KeyReused as error:
        raise IdempotencyKeyReused(
            "这个幂等键已用于另一次兑换", where="Idempotency-Key", fix="每次兑换生成新的幂等键"
        ) from error
    if view.replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(201, _bought(view))


@resident_router.get("/vouchers", response=answers(schemas.VouchersOut, 401, 422), summary="我的券")
def vouchers(
    request: HttpRequest,
    state: Annotated[State | None, Query(description="只看这一种")] = None,
    before: Cursor = None,
    limit: PageSize = 50,
) -> Any:
    """新的在前，不含券码。翻页用上一页的 `next_cursor`。"""
    if before is not None and not _VOUCHER_CURSOR.fullmatch(before):
        raise BadInput("翻页位置无效", where="before", fix="用上一页答复里的 next_cursor")
    held = rewards.vouchers_of(_party_id(request), VoucherState(state) if state else None)
    found = sorted(held, key=lambda view: view.number, reverse=True)
    if before is not None:
        found = [view for view in found if view.number < before]
    page = found[:limit]
    return schemas.VouchersOut(
        vouchers=[voucher_out(view) for view in page], next_cursor=page[-1].number if len(found) > limit else None
    )


@resident_router.get(
    "/vouchers/{number}", response=answers(schemas.VoucherShownOut, 401, 404, 422), summary="出示一张券"
)
def voucher(request: HttpRequest, number: VoucherNumber) -> Any:
    """待使用的券带有券码、读给店员听的读法、签名的凭证和它的二维码（SVG 图像）；用过、取消或过期的没有。"""
    return _shown(rewards.voucher(number, _party_id(request)))


@resident_router.post(
    "/vouchers/{number}/cancel", response=answers(schemas.VoucherOut, 401, 404, 409, 422), summary="取消一张券"
)
def cancel(request: HttpRequest, number: VoucherNumber) -> Any:
    """待使用的券在权益规定的时间内可以取消，积分退回原来的到期年份。重复取消与取消一次相同，不需要幂等键。"""
    if not number.startswith("vou_"):
        raise NotFound("没有这张券", where=number, fix="核对编号")
    given = rewards_services.cancel(number=number, party_id=_party_id(request), at=_at(request))
    return voucher_out(cast(VoucherView, given))


@resident_router.post(
    "/offers/{number}/queue",
    response=answers(schemas.WaitingOut, 401, 403, 404, 409, 410, 422, status=201),
    summary="排队",
)
def join_queue(request: HttpRequest, number: OfferNumber) -> Any:
    """库存或资金用完，或已有人排队时，排在最后；已经在排的，答复是原来的位置。轮到时保留 48 小时，用“用积分兑换”换。

    能直接兑换时答复 409。排队不扣积分。
    """
    place = rewards_services.exchange(
        party_id=_party_id(request), offer=number, key="queue", at=_at(request), wait=True
    )
    return Status(201, waiting_out(place))


@resident_router.delete(
    "/offers/{number}/queue", response=answers(schemas.WaitingOut, 401, 404, 409, 422), summary="退出排队"
)
def leave_queue(request: HttpRequest, number: OfferNumber) -> Any:
    """退出后，已保留的一份给下一位。没有在排队的答复 404。"""
    mine = rewards.places_of(_party_id(request))
    place = next((view for view in mine if view.offer == number and view.ended_at is None), None)
    if place is None:
        raise NotFound("您没有在排这项权益的队", where=number, fix="在 /api/v1/resident/queue 查看")
    left = rewards_services.cancel(number=place.number, party_id=_party_id(request), at=_at(request))
    return waiting_out(cast(WaitingView, left))


@resident_router.get("/queue", response=answers(schemas.QueueOut, 401), summary="我的排队")
def my_queue(request: HttpRequest) -> Any:
    """排着的和保留着的在前，后面是已经结束的。"""
    return schemas.QueueOut(places=[waiting_out(view) for view in rewards.places_of(_party_id(request))])


@resident_router.get("/holds", response=answers(schemas.HoldsOut, 401), summary="暂停兑换的决定")
def my_holds(request: HttpRequest) -> Any:
    """关于您的暂停兑换的决定、原因和期限。已兑换的券照常使用；有异议可凭案件编号申诉。"""
    return schemas.HoldsOut(holds=[hold_out(view) for view in rewards.holds_of(_party_id(request))])


def _at(request: HttpRequest) -> Any:
    return request.received_at  # type: ignore[attr-defined]


def _party_id(request: HttpRequest) -> int:
    return int(request.auth.id)  # type: ignore[attr-defined]


def _place(view: OfferView) -> tuple[str, int, str]:
    return view.kind.value, view.price_points, view.number


def _cursor(view: OfferView) -> str:
    return "-".join(str(part) for part in _place(view))


def _place_of(cursor: str) -> tuple[str, int, str]:
    match = _OFFER_CURSOR.fullmatch(cursor)
    if match is None:
        raise BadInput("翻页位置无效", where="after", fix="用上一页答复里的 next_cursor")
    return match[1], int(match[2]), match[3]


def _offer_out(view: OfferView, titles: dict[str, str]) -> schemas.OfferOut:
    return schemas.OfferOut(
        number=view.number,
        kind=view.kind.value,
        kind_title=view.kind.label,
        title=view.title,
        terms=view.terms,
        state=view.state.value,
        price_points=view.price_points,
        face_value_fen=view.face_value_fen,
        sale_from=view.sale_from,
        sale_to=view.sale_to,
        valid_days=view.valid_days,
        valid_until=view.valid_until,
        per_person_limit=view.per_person_limit,
        per_person_day_limit=view.per_person_day_limit,
        per_day_limit=view.per_day_limit,
        cancel_hours=view.cancel_hours,
        left=view.left,
        merchants=[schemas.MerchantOut(number=each, title=titles[each]) for each in view.merchants],
    )


def waiting_out(view: WaitingView) -> schemas.WaitingOut:
    """A place in a queue as its holder sees it."""
    return schemas.WaitingOut(
        number=view.number,
        offer=view.offer,
        title=view.title,
        state=view.state.value,
        state_title=view.state.label,
        ahead=view.ahead,
        entered_at=view.entered_at,
        reserved_until=view.reserved_until,
        ended_at=view.ended_at,
    )


def hold_out(view: HoldView) -> schemas.HoldOut:
    """A hold as the person concerned reads it."""
    return schemas.HoldOut(
        number=view.number,
        reason=view.reason,
        case=view.case,
        began_at=view.began_at,
        until=view.until,
        lifted_at=view.lifted_at,
    )


def voucher_out(view: VoucherView) -> schemas.VoucherOut:
    """A voucher as lists and exports show it: without its code."""
    return schemas.VoucherOut(**_voucher(view))


def _shown(view: VoucherView) -> schemas.VoucherShownOut:
    drawn = segno.make_qr(view.token, error="l").svg_data_uri(scale=4) if view.token else ""
    return schemas.VoucherShownOut(**_bought(view).model_dump(), qr_image=drawn)


def _bought(view: VoucherView) -> schemas.VoucherBoughtOut:
    """Without the picture: drawing it costs ten times the exchange, and few look at it at once."""
    return schemas.VoucherBoughtOut(
        **_voucher(view), code=view.code, spoken=view.code.translate(_SPOKEN), token=view.token
    )


def _voucher(view: VoucherView) -> dict[str, Any]:
    return {
        "number": view.number,
        "offer": view.offer,
        "kind": view.kind.value,
        "title": view.title,
        "state": view.state.value,
        "state_title": view.state.label,
        "price_points": view.price_points,
        "face_value_fen": view.face_value_fen,
        "points_by_expiry_year": {str(year): points for year, points in view.points},
        "valid_from": view.valid_from,
        "valid_to": view.valid_to,
        "exchanged_at": view.exchanged_at,
        "ended_at": view.ended_at,
    }
