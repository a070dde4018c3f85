"""What a merchant's phone sends and gets."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, Field

from tanhui.api.schemas import NUMBER, Input, Text

MOST_UPLOADS = 200
NONCE = r"^[A-Za-z0-9_-]{8,64}$"


def _in_this_century(moment: datetime) -> datetime:
    """In UTC: no zone and no year that a database cannot store."""
    if not 2000 <= moment.year < 2100:
        raise ValueError("another century")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_this_century)]
Code = Annotated[Text, Field(min_length=1, max_length=2900, description="十六位券码，或二维码里的 TH1. 凭证")]
Nonce = Annotated[str, Field(pattern=NONCE, description="请求号；每次核销一个，重试和离线上传时不变")]
Outcome = Literal[
    "redeemed",
    "undone",
    "bad_check_digit",
    "bad_signature",
    "unknown_code",
    "clock_off",
    "merchant_suspended",
    "shop_unknown",
    "other_merchant",
    "already_redeemed",
    "cancelled",
    "not_yet_valid",
    "expired",
]


class MerchantSignInIn(Input):
    code: Annotated[Text, Field(min_length=1, max_length=40)] = Field(
        description="店长页面上显示的配对码，十分钟内有效"
    )


class TokenKeyOut(Schema):
    algorithm: Literal["Ed25519"]
    public_key: str = Field(description="32 字节，十六进制；离线时用它核对 TH1. 凭证")


class MerchantOut(Schema):
    number: str = Field(description="商户编号 mer_…")
    title: str
    state: Literal["applied", "active", "suspended", "left"]
    contract_from: date
    contract_to: date = Field(description="合作截止日，不含当日")


class MerchantMeOut(Schema):
    device: str = Field(description="设备编号 dev_…")
    device_title: str
    merchant: MerchantOut
    shop: str = Field(description="门店编号 shp_…")
    shop_title: str
    shop_closed: bool
    staff: str = Field(description="在这台设备上经办的人员")
    role: Literal["manager", "cashier"]
    voucher_key: TokenKeyOut
    offers: list[str] = Field(description="本商户可以核销的权益编号 ofr_…；离线时核对券用")
    offline_hours: int = Field(description="离线核销至多多少小时后上传")
    undo_minutes: int = Field(description="核销后多少分钟内可以撤销")


class MerchantTokenOut(MerchantMeOut):
    token: str = Field(description="放在 Authorization: Bearer 里；只给这一次")


class RedemptionIn(Input):
    code: Code
    nonce: Nonce
    claimed_at: Moment | None = Field(None, description="商户自己的时间；不写为收到的时间")


class OfflineRedemptionIn(Input):
    code: Code
    nonce: Nonce
    claimed_at: Moment = Field(description="当时的时间，带时区")
    shop: Annotated[str, Field(max_length=32, pattern=NUMBER)] | None = Field(
        None, description="当时的门店 shp_…；不写为这台设备现在的门店"
    )


class OfflineRedemptionsIn(Input):
    redemptions: Annotated[list[OfflineRedemptionIn], Field(min_length=1, max_length=MOST_UPLOADS)]


class RedemptionOut(Schema):
    """一次核销的结果。`outcome` 不是 redeemed 的，都不能受理；`message` 给店员看。"""

    number: str = Field(description="核销编号 rdm_…")
    outcome: Outcome
    message: str
    fix: str = Field(description="店员接着怎么办；可以为空")
    title: str = Field(description="券的名称；没有受理的为空")
    face_value_fen: int
    claimed_at: AwareDatetime
    recorded_at: AwareDatetime
    replayed: bool = Field(description="这个请求号以前已有结果，没有重复核销")


class OfflineAnswerOut(Schema):
    nonce: str
    result: RedemptionOut | None = Field(None, description="已记录的结果")
    code: str | None = Field(None, description="没有记录时的错误代码")
    detail: str | None = Field(None, description="没有记录的原因")
    again: bool = Field(False, description="稍后用同一请求号再传")


class OfflineAnswersOut(Schema):
    answers: list[OfflineAnswerOut] = Field(description="与上传的次序相同，一条一个结果")


class UndoIn(Input):
    reason: Annotated[Text, Field(min_length=1, max_length=200)] = Field(description="撤销原因；不写客人的个人信息")


class DayLineOut(Schema):
    number: str
    outcome: Outcome
    message: str
    shop: str = Field(description="门店名称")
    staff: str
    title: str
    face_value_fen: int
    offline: bool
    claimed_at: AwareDatetime
    recorded_at: AwareDatetime
    undone: bool


class DayOut(Schema):
    day: date
    redeemed_count: int = Field(description="当天有效的核销张数，不含已撤销")
    redeemed_fen: int = Field(description="当天有效的面值合计（分）")
    redemptions: list[DayLineOut] = Field(description="当天的每一次尝试，新的在前")
    next_cursor: str | None = Field(description="下一页用它作 before；没有下一页为 null")
