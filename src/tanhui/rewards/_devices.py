"""Phones of merchants: a manager lets one in by a code, it comes in once and gets a token, and may be ended."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.db import connection

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards.models import Merchant, MerchantDevice, MerchantStaff, Redemption, Shop
from tanhui.rewards.types import (
    INVITE_LIFE,
    MOST_DEVICES,
    DeviceDetails,
    DeviceEntry,
    DeviceInvite,
    DeviceRef,
    DeviceRefused,
    DeviceState,
    DeviceView,
    MerchantState,
    StaffRole,
)

TOKEN_HEAD = "TD1."  # noqa: S105  # how a token begins, no secret
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of pairing codes: none that look alike."""
_CODE_LETTERS = 12  # of 31: 59 bits, for ten minutes, behind the door's limit on tries
_NOT_LETTERS = re.compile(r"[\s\-·　]+")
_CODE = re.compile(f"[{_LETTERS}]{{{_CODE_LETTERS}}}")
_TOKEN = re.compile(r"TD1\.[A-Za-z0-9_-]{43}")
_SEEN_EVERY = timedelta(hours=1)


def admit(details: DeviceDetails, at: datetime, by: Actor) -> str:
    """By the kind of details: the pairing code, the token, or the phone's number. The audit trail has the act."""
    if isinstance(details, DeviceEntry):
        return _enter(details, at)
    if isinstance(details, DeviceInvite):
        return _invite(details, at, by)
    row = MerchantDevice.objects.select_for_update(no_key=True).filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这台设备", where=details.number[:40], fix="从设备列表中选择")
    if row.ended_at is None:
        row.ended_at = at
        row.save(update_fields=["ended_at"])
        parties_services.record(actor=by, action="rewards.device_end", target=row.number, detail={}, at=at)
    return row.number


def _invite(details: DeviceInvite, at: datetime, by: Actor) -> str:
    merchant = Merchant.objects.select_for_update(no_key=True).filter(number=details.merchant).first()
    if merchant is None or merchant.state == MerchantState.LEFT:
        raise NotFound("没有这个商户，或已退出", where=details.merchant[:40], fix="核对商户编号")
    shop = Shop.objects.filter(number=details.shop, merchant=merchant, closed_at__isnull=True).first()
    if shop is None:
        raise NotFound("没有这个门店，或门店已停用", where="shop", fix="从本商户的门店中选择")
    staff = MerchantStaff.objects.filter(merchant=merchant, user_id=details.user_id, ended_at__isnull=True)
    if not staff.exists():
        raise NotFound("不是本商户的人员", where="user_id", fix="先登记为本商户的人员")
    title = " ".join(details.title.split())
    if not 0 < len(title) <= 40 or not title.isprintable():
        raise BadInput("设备名称须为 1 至 40 个字符", where="title", fix="如：前台手机")
    standing = MerchantDevice.objects.filter(merchant=merchant, ended_at__isnull=True)
    if standing.exclude(token_hash__isnull=True, invited_until__lte=at).count() >= MOST_DEVICES:
        raise Conflict(f"设备已有 {MOST_DEVICES} 台", where="title", fix="先停用不再使用的")
    code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
    row = MerchantDevice.objects.create(
        number=new_number("dev", at),
        merchant=merchant,
        shop=shop,
        user_id=details.user_id,
        title=title,
        code_hash=key_ring().keyed_hash("device code", code),
        invited_at=at,
        invited_until=at + INVITE_LIFE,
    )
    what = {"merchant": merchant.number, "shop": shop.number, "user": str(details.user_id), "title": title}
    parties_services.record(actor=by, action="rewards.device_invite", target=row.number, detail=what, at=at)
    return "-".join(code[place : place + 4] for place in range(0, _CODE_LETTERS, 4))


def _enter(details: DeviceEntry, at: datetime) -> str:
    code = _NOT_LETTERS.sub("", details.code).upper()
    row = None
    if _CODE.fullmatch(code):
        hashed = key_ring().keyed_hash("device code", code)
        row = MerchantDevice.objects.select_for_update(no_key=True).filter(code_hash=hashed).first()
    if row is None or row.token_hash is not None or row.ended_at is not None or at >= row.invited_until:
        raise DeviceRefused("配对码不对、用过了或已失效", where="code", fix="请店长重新生成一个，十分钟内扫码")
    token = TOKEN_HEAD + secrets.token_urlsafe(32)
    row.token_hash = key_ring().keyed_hash("device token", token)
    row.entered_at = row.last_seen_at = at
    row.save(update_fields=["token_hash", "entered_at", "last_seen_at"])
    actor = Actor.system("till")
    parties_services.record(actor=actor, action="rewards.device_enter", target=row.number, detail={}, at=at)
    return token


def device(token: str, at: datetime) -> DeviceRef:
    """The phone of that token, in one read: every request of a till asks. Raises DeviceRefused."""
    found = None
    if _TOKEN.fullmatch(token):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM rewards_phone(%s)", [key_ring().keyed_hash("device token", token)])
            found = cursor.fetchone()
    if found is None:
        raise DeviceRefused("这台设备没有配对，或已停用", fix="请店长重新允许这台设备")
    row, seen, number, title, merchant, merchant_title, state, first, last, *rest = found
    shop, shop_title, closed, user_id, username, role = rest
    if at - seen > _SEEN_EVERY:
        MerchantDevice.objects.filter(pk=row).update(last_seen_at=at)
    return DeviceRef(
        number=number,
        title=title,
        merchant=merchant,
        merchant_title=merchant_title,
        merchant_state=MerchantState(state),
        contract_from=first,
        contract_to=last,
        shop=shop,
        shop_title=shop_title,
        shop_closed=closed,
        user_id=user_id,
        username=username,
        role=StaffRole(role),
    )


def require_own(merchant: str, redemption: str) -> None:
    """Raises Forbidden where another merchant redeemed it than the one whose phone asks."""
    if Redemption.objects.filter(number=redemption).exclude(merchant__number=merchant).exists():
        raise Forbidden("这笔核销是另一家商户的", where=redemption[:40], fix="在核销的那家商户的设备上撤销")


def devices(merchant: str, at: datetime) -> list[DeviceView]:
    """The phones of a merchant, newest first, without invitations that lapsed unused a day ago."""
    rows = (
        MerchantDevice.objects.filter(merchant__number=merchant).select_related("shop").order_by("-invited_at", "-id")
    )
    kept = rows.exclude(token_hash__isnull=True, invited_until__lt=at - timedelta(days=1))
    return [_view(row, merchant, at) for row in kept]


def _view(row: MerchantDevice, merchant: str, at: datetime) -> DeviceView:
    if row.ended_at is not None:
        state = DeviceState.ENDED
    elif row.token_hash is not None:
        state = DeviceState.ACTIVE
    else:
        state = DeviceState.INVITED if at < row.invited_until else DeviceState.LAPSED
    return DeviceView(
        number=row.number,
        merchant=merchant,
        shop=row.shop.number,
        shop_title=row.shop.title,
        user_id=row.user_id,
        title=row.title,
        state=state,
        invited_at=row.invited_at,
        invited_until=row.invited_until,
        entered_at=row.entered_at,
        last_seen_at=row.last_seen_at,
        ended_at=row.ended_at,
    )
