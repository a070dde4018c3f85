"""Who may change the alliance: the operator everything; a merchant's manager its cashiers, shops and phones."""

from __future__ import annotations

from tanhui.kernel.errors import Forbidden
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.rewards.models import MerchantDevice, MerchantStaff, Shop
from tanhui.rewards.types import (
    DeviceEnd,
    DeviceEntry,
    DeviceInvite,
    MerchantStaffDetails,
    MerchantStaffView,
    SamePerson,
    ShopDetails,
    StaffRole,
)

OwnDetails = DeviceInvite | DeviceEnd | ShopDetails | MerchantStaffDetails
"""What a manager may be told to do with the own merchant."""


def require(details: object, by: Actor) -> None:
    """Raises Forbidden unless the actor may admit this. A pairing code that a phone shows is its own proof."""
    if isinstance(details, DeviceEntry):
        return
    if by.user_id is None or not isinstance(details, OwnDetails):
        parties.require(by, "rewards.admit")
        return
    if _manages(by.user_id, _merchant_of(details)):
        _require_own_limits(details, by.user_id)
        return
    parties.require(by, "rewards.admit")


def _manages(user_id: int, merchant: str) -> bool:
    rows = MerchantStaff.objects.filter(
        merchant__number=merchant, user_id=user_id, role=StaffRole.MANAGER, user__is_active=True, ended_at__isnull=True
    )
    return rows.exists()


def _merchant_of(details: OwnDetails) -> str:
    if not isinstance(details, DeviceEnd):
        return details.merchant
    numbers = MerchantDevice.objects.filter(number=details.number).values_list("merchant__number", flat=True)
    return numbers.first() or ""


def _require_own_limits(details: OwnDetails, user_id: int) -> None:
    """A manager makes cashiers, not managers, and changes shops that the operator has entered."""
    if isinstance(details, MerchantStaffDetails):
        managers = MerchantStaff.objects.filter(
            merchant__number=details.merchant, user_id=details.user_id, role=StaffRole.MANAGER, ended_at__isnull=True
        )
        if details.role is not StaffRole.CASHIER or details.user_id == user_id or managers.exists():
            raise Forbidden("店长只能登记和撤下收银员", where="role", fix="店长的变更请平台运营人员办理")
    if isinstance(details, ShopDetails):
        shops = Shop.objects.filter(number=details.number, merchant__number=details.merchant)
        kept = shops.values_list("division_code", "plate").first()
        if kept is None or kept != (details.division_code, details.plate):
            raise Forbidden("店长不能增加门店，也不能改所在地和牌号", where="shop", fix="请平台运营人员核实后办理")


def require_stranger(merchant_id: int, by: Actor) -> None:
    """Raises SamePerson where the actor works for the merchant: nobody decides what the own merchant is paid."""
    if by.user_id is None:
        return
    if MerchantStaff.objects.filter(merchant_id=merchant_id, user_id=by.user_id, ended_at__isnull=True).exists():
        raise SamePerson("您是这家商户的人员，须回避", where="merchant", fix="请另一位同事办理")


def staff(merchant: str) -> list[MerchantStaffView]:
    """Who works for a merchant now, managers first."""
    rows = MerchantStaff.objects.filter(merchant__number=merchant, ended_at__isnull=True).select_related("user")
    return [
        MerchantStaffView(row.user_id, row.user.username, str(row.user), StaffRole(row.role), row.began_at)
        for row in rows.order_by("-role", "began_at", "id")
    ]
