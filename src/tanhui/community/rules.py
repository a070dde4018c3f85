"""Rules without a database: what may be booked, when a check-in counts, what is plausible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from tanhui.community.types import (
    CLOCK_TOLERANCE,
    OFFLINE_WINDOW,
    ClockOff,
    ImplausibleQuantity,
    Material,
    Measured,
    OccasionKind,
    OccasionState,
    Weighed,
)
from tanhui.kernel.errors import BadInput

MARGIN = timedelta(hours=2)
"""How long before its beginning and after its end people may be checked in at an occasion."""
CORRECTION_WINDOW = timedelta(days=30)
"""How long after it was recorded a check-in may be corrected."""
COLLECTING = (OccasionKind.PICKUP, OccasionKind.COLLECTION, OccasionKind.EXCHANGE_DAY)
"""Where things are brought; one may come more than once. To the others a person comes once."""
LEARNING = (OccasionKind.TRAINING, OccasionKind.LECTURE, OccasionKind.STUDY_VISIT)
MAX_LINES = 20
MOST_STORED = 10**9
"""Of the quantity that a material is not counted by, which has no most of its own."""
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{8,64}")


def check_key(key: str) -> None:
    """Raises BadInput where it may not name a booking."""
    if not _KEY.fullmatch(key):
        message = "请求键须为 1 至 80 个字母、数字或 . _ : -"
        raise BadInput(message, where="key", fix="每次预约换一个新的键，重试用原来的键")


def check_nonce(nonce: str) -> None:
    """Raises BadInput where it may not name an attempt."""
    if not _NONCE.fullmatch(nonce):
        raise BadInput("请求号须为 8 至 64 个字母、数字、- 或 _", where="nonce", fix="每次签到换一个新的请求号")


def check_words(text: str, where: str, most: int, *, least: int = 0) -> str:
    """The text without blanks around it. Raises BadInput where it is too short or too long."""
    words = text.strip()
    if not least <= len(words) <= most:
        raise BadInput(f"应为 {least} 至 {most} 个字", where=where, fix="改短或补写后再提交")
    return words


def not_bookable(
    state: str, bookable: bool, opens: datetime | None, closes: datetime | None, starts_at: datetime, at: datetime
) -> str:
    """Why no place can be booked now, in Chinese; empty where one can."""
    if state != OccasionState.OPEN:
        return (
            f"这项活动{OccasionState(state).label}，不能预约" if state != OccasionState.DRAFT else "这项活动还没有开放"
        )
    if not bookable:
        return "这项活动不用预约，到时直接参加"
    if opens is not None and at < opens:
        return "还没有开始预约"
    return "已停止预约" if at >= (closes or starts_at) else ""


def check_clock(happened_at: datetime, offline: bool, at: datetime) -> None:
    """Raises ClockOff where the phone's clock is ahead, or the entry comes too late; BadInput without a zone."""
    if happened_at.tzinfo is None:
        raise BadInput("签到时间没有时区", where="happened_at", fix="时间须带时区，如 +08:00")
    if happened_at > at + CLOCK_TOLERANCE:
        raise ClockOff("手机时间比平台快了 10 分钟以上", where="happened_at", fix="校准手机时间后重新登记")
    if offline and happened_at < at - OFFLINE_WINDOW:
        fix = "请运营人员凭纸质记录补办"
        raise ClockOff("离线记录超过 72 小时才上传，不能计入", where="happened_at", fix=fix)
    if not offline and happened_at < at - CLOCK_TOLERANCE:
        fix = "校准手机时间；没有网络时登记的，按离线记录上传"
        raise ClockOff("手机时间比平台慢了 10 分钟以上", where="happened_at", fix=fix)


def not_attended(state: str, starts_at: datetime, ends_at: datetime, happened_at: datetime, offline: bool) -> str:
    """Why nobody can be checked in there at that time, in Chinese; empty where one can."""
    if state == OccasionState.CANCELLED:
        return "这项活动已取消"
    if state == OccasionState.DRAFT:
        return "这项活动还没有开放"
    if state == OccasionState.CLOSED and not offline:
        return "这项活动已结束"
    if happened_at < starts_at - MARGIN:
        return "这项活动还没有开始"
    return "这项活动的签到时间已过" if happened_at >= ends_at + MARGIN else ""


def check_measured(measured: Sequence[Measured], known: Sequence[Material], accepted: Sequence[str]) -> None:
    """Raises BadInput for what cannot be a measurement here, ImplausibleQuantity for more than one person brings.

    `known` are the materials of `measured`, in the same order; `accepted` those of the occasion (none: any).
    """
    if len(measured) > MAX_LINES or len({each.material for each in measured}) < len(measured):
        raise BadInput(f"同一种物料只写一行，至多 {MAX_LINES} 行", where="measured", fix="合并后再登记")
    for each, material in zip(measured, known, strict=True):
        if accepted and each.material not in accepted:
            raise BadInput(f"这项活动不收{material.title}", where="measured", fix="核对活动所收的物料")
        amount = each.mass_g if material.quantity == "mass_g" else each.item_count
        if amount is None:
            unit = "克" if material.quantity == "mass_g" else "件"
            raise BadInput(f"{material.title}按{unit}登记", where=material.quantity, fix=f"填写多少{unit}")
        for value in (each.mass_g, each.item_count):
            if value is not None and not 0 < value <= MOST_STORED:
                raise BadInput(f"{material.title}的数量须大于零，不能过大", where="measured", fix="没有的物料不用写")
        if amount > material.most:
            raise ImplausibleQuantity(
                f"{material.title} {quantity_words(amount, material.quantity)}超过一人一次的上限"
                f" {quantity_words(material.most, material.quantity)}，没有登记",
                where="measured",
                fix="核对读数和单位（1 千克 = 1000 克）；确有这么多的，请分户登记或联系运营人员",
            )
        if each.weighed is Weighed.SCALE and not each.reading.strip():
            raise BadInput("电子秤读数没有原文", where="reading", fix="照秤上的显示填写，如 3.42 kg")
        check_words(each.reading, "reading", 80)


def quantity_words(amount: int, quantity: str) -> str:
    """The amount as people read it: 3.5 千克, 12 件."""
    if quantity != "mass_g":
        return f"{amount} 件"
    kilograms, grams = divmod(amount, 1000)
    rest = f".{grams:03d}".rstrip("0") if grams else ""
    return f"{kilograms}{rest} 千克"


def below(code: str) -> str:
    """What codes of this division and of all below it begin with: 6 digits a county, 9 a township, 12 a village."""
    for length in (6, 9):
        if code[length:].strip("0") == "":
            return code[:length]
    return code
