"""For merchants' phones: redeem now or later, take back, see the day. A phone is known by its token, not by a user.

A refusal at the till is an answer with its reason, not an error: errors are what could not be recorded at all.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router
from ninja.security import HttpBearer

from tanhui.api import limits, schemas
from tanhui.api import schemas_merchant as said
from tanhui.api.answers import answers
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Busy, TanhuiError
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.rewards import queries as rewards
from tanhui.rewards import services
from tanhui.rewards.types import (
    OFFLINE_WINDOW,
    UNDO_WINDOW,
    DeviceEntry,
    DeviceRef,
    DeviceRefused,
    Outcome,
    RedemptionDetails,
    RedemptionResult,
    RedemptionView,
    TooFast,
)

_CURSOR = re.compile(r"rdm_[0-9a-z]{26}")


class MerchantDevice(HttpBearer):
    """`Authorization: Bearer TD1.…`; the phone comes to the operation as `request.auth`."""

    openapi_scheme = "bearer"

    def authenticate(self, request: HttpRequest, token: str) -> DeviceRef:
        at = _at(request)
        try:
            device = rewards.device(token, at)
        except DeviceRefused:
            limits.count("refused", limits.caller_address(request), at)
            raise
        limits.count("merchant", device.number, at)
        return device


router = Router(tags=["merchant"], auth=MerchantDevice())


@router.post("/sign-in", auth=None, response=answers(said.MerchantTokenOut, 401, 422), summary="设备配对")
def sign_in(request: HttpRequest, payload: said.MerchantSignInIn) -> Any:
    """店长在商户页面上允许一台设备，得到配对码（也是二维码）；设备用它换取凭证。

    配对码只能用一次。凭证属于这台设备、这个门店、这名人员，店长可随时停用；请存在设备里，不会再给第二次。
    """
    at = _at(request)
    limits.count("sign_in", limits.caller_address(request), at)
    token = services.admit(details=DeviceEntry(payload.code), at=at)
    return said.MerchantTokenOut(token=token, **_me(rewards.device(token, at)))


@router.get("/me", response=answers(said.MerchantMeOut, 401), summary="这台设备")
def me(request: HttpRequest) -> Any:
    """属于哪家商户、哪个门店、谁在经办；合作状态；离线验券的公钥。"""
    return said.MerchantMeOut(**_me(_device(request)))


@router.post("/redemptions", response=answers(said.RedemptionOut, 401, 403, 409, 422), summary="核销一张券")
def redeem(request: HttpRequest, payload: said.RedemptionIn) -> Any:
    """不能受理也是结果：`outcome` 说明原因，记录在案。

    同一个请求号、同一张券，重试多少次都是同一个结果；请求号用于另一张券时是错误 `key_reused`。
    """
    at, device = _at(request), _device(request)
    details = RedemptionDetails(payload.code, device.merchant, device.shop, payload.nonce, payload.claimed_at or at)
    return _out(services.redeem(details=details, at=at, by=_actor(device)))


@router.post("/redemptions/batch", response=answers(said.OfflineAnswersOut, 401, 422), summary="上传没有网络时的核销")
def redeem_batch(request: HttpRequest, payload: said.OfflineRedemptionsIn) -> Any:
    """每条单独记录，各有结果，一条不成不影响其他。重传用原来的请求号，不会重复。

    按当时的时间判断是否有效，但离线核销须在 72 小时内上传；同一张券在两处离线使用的，先到的有效。
    """
    at, device = _at(request), _device(request)
    return said.OfflineAnswersOut(answers=[_answer(device, each, at) for each in payload.redemptions])


@router.post(
    "/redemptions/{number}/undo",
    response=answers(said.RedemptionOut, 401, 403, 404, 409, 422),
    summary="撤销一次核销",
)
def undo(
    request: HttpRequest,
    number: Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="核销编号 rdm_…")],
    payload: said.UndoIn,
) -> Any:
    """核销记录后 30 分钟内，由同一商户撤销；券恢复为待使用。重复撤销与撤销一次相同。"""
    device = _device(request)
    at, by = _at(request), _actor(device)
    return _out(services.undo(number=number, reason=payload.reason, at=at, by=by, merchant=device.merchant))


@router.get("/day", response=answers(said.DayOut, 401, 422), summary="本商户一天的核销")
def day(
    request: HttpRequest,
    day: Annotated[date | None, Query(description="哪一天；不写为今天")] = None,
    before: Annotated[
        str | None, Query(max_length=80, pattern=schemas.CURSOR, description="上一页答复里的 next_cursor")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="一页的条数")] = 100,
) -> Any:
    """当天的每一次尝试，包括没有受理的；合计只算有效的核销。"""
    if before is not None and not _CURSOR.fullmatch(before):
        raise BadInput("翻页位置无效", where="before", fix="用上一页答复里的 next_cursor")
    wanted = day or local_day(_at(request))
    lines = sorted(rewards.redemptions(_device(request).merchant, wanted), key=lambda row: row.number, reverse=True)
    standing = [row for row in lines if row.outcome is Outcome.REDEEMED and not row.undone]
    rest = [row for row in lines if before is None or row.number < before]
    page = rest[:limit]
    return said.DayOut(
        day=wanted,
        redeemed_count=len(standing),
        redeemed_fen=sum(row.face_value_fen for row in standing),
        redemptions=[_line(row) for row in page],
        next_cursor=page[-1].number if len(rest) > limit else None,
    )


def _at(request: HttpRequest) -> Any:
    return request.received_at  # type: ignore[attr-defined]


def _device(request: HttpRequest) -> DeviceRef:
    return request.auth  # type: ignore[attr-defined]


def _actor(device: DeviceRef) -> Actor:
    return Actor(f"staff:{device.username}", user_id=device.user_id)


def _answer(device: DeviceRef, entry: said.OfflineRedemptionIn, at: Any) -> said.OfflineAnswerOut:
    shop = entry.shop or device.shop
    details = RedemptionDetails(entry.code, device.merchant, shop, entry.nonce, entry.claimed_at, offline=True)
    try:
        result = services.redeem(details=details, at=at, by=_actor(device))
    except TanhuiError as error:
        again = isinstance(error, Busy | TooFast)
        return said.OfflineAnswerOut(nonce=entry.nonce, result=None, code=error.code, detail=error.message, again=again)
    return said.OfflineAnswerOut(nonce=entry.nonce, result=_out(result), code=None, detail=None, again=False)


def _out(result: RedemptionResult) -> said.RedemptionOut:
    return said.RedemptionOut(
        number=result.number,
        outcome=result.outcome.value,
        message=result.message,
        fix=result.outcome.advice,
        title=result.title,
        face_value_fen=result.face_value_fen,
        claimed_at=result.claimed_at,
        recorded_at=result.recorded_at,
        replayed=result.replayed,
    )


def _line(row: RedemptionView) -> said.DayLineOut:
    return said.DayLineOut(
        number=row.number,
        outcome=row.outcome.value,
        message=row.message,
        shop=row.shop,
        staff=row.staff,
        title=row.title,
        face_value_fen=row.face_value_fen,
        offline=row.offline,
        claimed_at=row.claimed_at,
        recorded_at=row.recorded_at,
        undone=row.undone,
    )


def _me(device: DeviceRef) -> dict[str, Any]:
    key = rewards.token_key()
    return {
        "device": device.number,
        "device_title": device.title,
        "merchant": said.MerchantOut(
            number=device.merchant,
            title=device.merchant_title,
            state=device.merchant_state.value,
            contract_from=device.contract_from,
            contract_to=device.contract_to,
        ),
        "shop": device.shop,
        "shop_title": device.shop_title,
        "shop_closed": device.shop_closed,
        "staff": parties.staff_names([device.user_id]).get(device.user_id, ""),
        "role": device.role.value,
        "voucher_key": {"algorithm": key.algorithm, "public_key": key.public_key},
        "offers": [each.number for each in rewards.offers(published_only=False) if device.merchant in each.merchants],
        "offline_hours": OFFLINE_WINDOW // timedelta(hours=1),
        "undo_minutes": UNDO_WINDOW // timedelta(minutes=1),
    }
