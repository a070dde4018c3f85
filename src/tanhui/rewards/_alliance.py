"""The alliance: merchants with their contracts, shops and staff."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import IntegrityError, transaction

from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, PartyKind
from tanhui.rewards.models import Merchant, MerchantStaff, Shop
from tanhui.rewards.types import (
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    ShopDetails,
    StaffRole,
)

_NEXT: dict[MerchantState, tuple[MerchantState, ...]] = {
    MerchantState.APPLIED: (MerchantState.ACTIVE, MerchantState.LEFT),
    MerchantState.ACTIVE: (MerchantState.SUSPENDED, MerchantState.LEFT),
    MerchantState.SUSPENDED: (MerchantState.ACTIVE, MerchantState.LEFT),
    MerchantState.LEFT: (),
}
_PLATE = re.compile(r"[A-Z0-9-]{0,20}")

AdmitDetails = MerchantDetails | MerchantStatus | ShopDetails | MerchantStaffDetails


def admit(details: AdmitDetails, at: datetime, by: Actor) -> str:
    """By the kind of details; the number of the merchant or the shop. The audit trail has every change."""
    if isinstance(details, MerchantDetails):
        number, what = _apply(details, at), {"title": details.title.strip()}
    elif isinstance(details, MerchantStatus):
        number = _change_state(details, at)
        what = {"state": details.state.value, "reason": details.reason.strip()[:200]}
    elif isinstance(details, ShopDetails):
        number = _shop(details, at)
        what = {"merchant": details.merchant, "title": details.title.strip(), "closed": str(details.closed)}
    else:
        number = _staff(details, at)
        what = {"user": str(details.user_id), "role": details.role.value, "given": str(details.given)}
    action = f"rewards.admit_{_WORDS[type(details)]}"
    parties_services.record(actor=by, action=action, target=number, detail=what, at=at)
    return number


_WORDS = {MerchantDetails: "merchant", MerchantStatus: "status", ShopDetails: "shop", MerchantStaffDetails: "staff"}


def _apply(details: MerchantDetails, at: datetime) -> str:
    ref = parties.party_by_id(details.party_id)
    if ref.kind is not PartyKind.ORGANIZATION:
        raise BadInput("商户须是已登记的单位", where="party_id", fix="先用统一社会信用代码登记单位")
    title = named(details.title, "title")
    if details.contract_to <= details.contract_from:
        raise BadInput("合作截止日须晚于起始日", where="contract_to")
    try:
        with transaction.atomic():
            row = Merchant.objects.create(
                number=new_number("mer", at),
                party_id=ref.id,
                title=title,
                state=MerchantState.APPLIED,
                contract_from=details.contract_from,
                contract_to=details.contract_to,
                applied_at=at,
            )
    except IntegrityError as error:
        raise Conflict("这家单位已是商户或正在申请", where=ref.number, fix="在商户列表中查找") from error
    return row.number


def lock_merchant(number: str) -> Merchant:
    """The merchant; redemptions under way have ended, new ones wait. Raises NotFound."""
    row = Merchant.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这个商户", where=number[:40], fix="核对商户编号")
    return row


def _change_state(details: MerchantStatus, at: datetime) -> str:
    row = lock_merchant(details.merchant)
    state = MerchantState(row.state)
    if details.state not in _NEXT[state]:
        message = f"商户{state.label}，不能改为{details.state.label}"
        raise Conflict(message, where=row.number, fix="核对商户的状态")
    if details.state is MerchantState.SUSPENDED and not details.reason.strip():
        raise BadInput("暂停商户须写明原因", where="reason")
    row.state, row.state_at = details.state, at
    row.save(update_fields=["state", "state_at"])
    return row.number


def _shop(details: ShopDetails, at: datetime) -> str:
    merchant = lock_merchant(details.merchant)
    title = named(details.title, "title")
    if not _PLATE.fullmatch(details.plate):
        raise BadInput("牌号由大写字母、数字和 - 组成，至多 20 位", where="plate")
    if not any(details.division_code in (each.code, each.statistical_code) for each in parties.divisions()):
        raise NotFound("没有这个行政区划", where="division_code", fix="从区划列表中选择")
    row = Shop(number=new_number("shp", at), merchant=merchant)
    if details.number:
        found = Shop.objects.select_for_update().filter(number=details.number, merchant=merchant).first()
        if found is None:
            raise NotFound("这家商户没有这个门店", where=details.number[:40], fix="核对门店编号")
        row = found
    row.title, row.division_code, row.plate = title, details.division_code, details.plate
    row.address = details.address.strip()[:120]
    row.closed_at = (row.closed_at or at) if details.closed else None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Conflict("门店名称或牌号已经有了", where=title, fix="换一个名称或牌号") from error
    return row.number


def _staff(details: MerchantStaffDetails, at: datetime) -> str:
    merchant = lock_merchant(details.merchant)
    if details.user_id not in parties.staff_names([details.user_id]):
        raise NotFound("没有这个账号", where="user_id", fix="先为其建立账号")
    current = MerchantStaff.objects.filter(merchant=merchant, user_id=details.user_id, ended_at__isnull=True)
    role = StaffRole(details.role)
    if details.given and current.filter(role=role).exists():
        return merchant.number
    current.update(ended_at=at)
    if details.given:
        MerchantStaff.objects.create(merchant=merchant, user_id=details.user_id, role=role, began_at=at)
    return merchant.number


def named(text: str, where: str) -> str:
    """A name of 1 to 80 characters. Raises BadInput."""
    clean = " ".join(text.split())
    if not 0 < len(clean) <= 80 or not clean.isprintable():
        raise BadInput("名称须为 1 至 80 个字符", where=where)
    return clean
