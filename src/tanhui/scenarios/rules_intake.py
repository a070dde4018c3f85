"""What a row of evidence must look like to be taken. Values in, values out; no database, no clock."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import lru_cache

from tanhui.scenarios.rules import STANDARD_INPUTS
from tanhui.scenarios.types import Evidence, IntakeSettings

MAX_QUANTITIES = 20
MAX_NOTE = 500
MAX_REVISION = 1000
GRADE_NAMES = {"A": 1, "B": 2, "C": 3, "D": 4}

# What no honest act can exceed, so that a slipped decimal or 1e308 never reaches arithmetic. Whether a trip
# of 200 km is plausible is not decided here but by the scenario's rules, where a resident can contest it.
_LARGEST = {
    "m": 50_000_000,  # more than once around the Earth
    "g": 10_000_000_000,  # ten thousand tonnes
    "wh": 1_000_000_000_000,  # a gigawatt for a thousand hours
    "count": 1_000_000_000,
    "s": 400 * 86_400,
}
_LARGEST_OTHER = 1_000_000_000_000

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|z|[+-]\d\d(?::?\d\d)?)?\Z",
    re.ASCII,
)
_AMOUNT = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s.+-][^\d\s]{0,9})?\Z", re.ASCII)

# Exact factors to the unit that quantity names end with.
_UNITS: dict[str, tuple[str, Decimal]] = {
    "m": ("m", Decimal(1)),
    "米": ("m", Decimal(1)),
    "km": ("m", Decimal(1000)),
    "公里": ("m", Decimal(1000)),
    "千米": ("m", Decimal(1000)),
    "里": ("m", Decimal(500)),
    "g": ("g", Decimal(1)),
    "克": ("g", Decimal(1)),
    "kg": ("g", Decimal(1000)),
    "千克": ("g", Decimal(1000)),
    "公斤": ("g", Decimal(1000)),
    "斤": ("g", Decimal(500)),
    "t": ("g", Decimal(1_000_000)),
    "吨": ("g", Decimal(1_000_000)),
    "Wh": ("wh", Decimal(1)),
    "kWh": ("wh", Decimal(1000)),
    "度": ("wh", Decimal(1000)),
    "千瓦时": ("wh", Decimal(1000)),
    "MWh": ("wh", Decimal(1_000_000)),
    "s": ("s", Decimal(1)),
    "秒": ("s", Decimal(1)),
    "min": ("s", Decimal(60)),
    "分钟": ("s", Decimal(60)),
    "h": ("s", Decimal(3600)),
    "小时": ("s", Decimal(3600)),
    "个": ("count", Decimal(1)),
    "件": ("count", Decimal(1)),
    "次": ("count", Decimal(1)),
    "步": ("count", Decimal(1)),
    "count": ("count", Decimal(1)),
    "人": ("count", Decimal(1)),
    "点": ("count", Decimal(1)),
    "points": ("count", Decimal(1)),
}


class RowFault(Exception):
    """One row cannot become evidence: a stable code and a Chinese reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Prepared:
    """Evidence in the form that is stored: instants in UTC, quantities by column, the rest as details.

    The texts are made once, for the digest and for the database; an empty text stands for nothing.
    """

    happened_text: str
    ended_text: str
    columns: tuple[int | None, int | None, int | None, int | None]
    details: dict[str, int | str]
    details_text: str


def unit_of(name: str) -> str:
    """The unit that a quantity name ends with: `distance_m` → `m`, `step_count` → `count`."""
    return name.rpartition("_")[2]


def known_unit(unit: str) -> bool:
    """Whether a column may be declared in that unit."""
    return unit in _UNITS


@lru_cache(maxsize=1024)
def unit_fits(unit: str, name: str) -> bool:
    """Whether `unit` measures the same quantity as the unit that `name` ends with."""
    return unit in _UNITS and _UNITS[unit][0] == unit_of(name)


@lru_cache(maxsize=1024)
def largest(name: str) -> int:
    """The largest value of a quantity that is taken at all."""
    return _LARGEST.get(unit_of(name), _LARGEST_OTHER)


def parse_amount(text: str, name: str, unit: str) -> int:
    """A written amount in `unit` as a whole number of the unit that `name` ends with, rounded down.

    Rounding down is conservative: a resident is never credited with more than was reported.
    Raises RowFault for no number, another unit, a negative value or one out of bounds.
    """
    if text.isascii() and text.isdigit() and len(text) <= 15 and unit_fits(unit, name):
        amount = int(text) * int(_UNITS[unit][1])
        if amount <= largest(name):
            return amount
    match = _AMOUNT.match(text.strip()) if len(text) <= 60 else None
    if match is None:
        raise RowFault("not_a_number", f"{name} 不是数字：“{text[:40]}”")
    number, written = match.groups()
    if written is not None and written != unit:
        if written in _UNITS:
            raise RowFault("mixed_units", f"{name} 一列声明的单位是 {unit}，此行写的是 {written}：请统一单位")
        raise RowFault("unknown_unit", f"{name} 的单位“{written}”不认识")
    if unit not in _UNITS:
        raise RowFault("unknown_unit", f"{name} 的单位“{unit[:20]}”不认识")
    if _UNITS[unit][0] != unit_of(name):
        raise RowFault("mixed_units", f"{name} 的单位不能是 {unit}")
    try:
        value = Decimal(number)
        if not -400 < value.adjusted() < 400:
            raise InvalidOperation
    except InvalidOperation:
        raise RowFault("out_of_range", f"{name} 超出范围：{text[:40]}") from None
    if value.adjusted() > 18:
        raise RowFault("out_of_range", f"{name} 超出范围：{text[:40]}，上限 {largest(name)} {unit_of(name)}")
    if value < 0:
        raise RowFault("negative", f"{name} 不能为负：{text[:40]}")
    amount = int((value * _UNITS[unit][1]).to_integral_value(ROUND_FLOOR))
    if amount > largest(name):
        raise RowFault("out_of_range", f"{name} 超出范围：{text[:40]}，上限 {largest(name)} {unit_of(name)}")
    return amount


def parse_instant(text: str, zone: tzinfo | None, label: str) -> datetime:
    """An ISO 8601 instant. A time without an offset is read in `zone`, or refused where there is none."""
    match = _INSTANT.match(text.strip()) if len(text) <= 40 else None
    if match is None:
        raise RowFault("bad_time", f"{label} 不是 ISO 8601 时间：“{text[:40]}”，例如 2026-11-22T08:30:00+08:00")
    year, month, day, hour, minute, second, _fraction, offset = match.groups()
    if offset is None and zone is None:
        raise RowFault("no_zone", f"{label} 没有时区：“{text}”，请写成 2026-11-22T08:30:00+08:00")
    try:
        stated = zone if offset is None else _offset(offset)
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=stated)
        return moment if stated is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowFault("bad_time", f"{label} 不是存在的时间：“{text[:40]}”") from None


@lru_cache(maxsize=256)
def _offset(text: str) -> tzinfo:
    """The zone of a written offset: `Z`, `+08`, `+08:00` or `+0800`. Raises ValueError beyond a day."""
    if text in "Zz":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:] if len(text) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def parse_grade(text: str) -> int:
    """An evidence grade by its letter."""
    if text not in GRADE_NAMES:
        raise RowFault("bad_grade", f"证据等级只能是 A、B、C、D，不是“{text[:20]}”")
    return GRADE_NAMES[text]


def check(evidence: Evidence, at: datetime, settings: IntakeSettings) -> Prepared:
    """The evidence in the form that is stored. Raises RowFault with the first reason against it."""
    _check_identity(evidence)
    happened_at, ended_at = _check_times(evidence, at, settings)
    quantities = evidence.quantities
    if len(quantities) > MAX_QUANTITIES:
        raise RowFault("too_many_quantities", f"数量项不能超过 {MAX_QUANTITIES} 个")
    details: dict[str, int | str] = {}
    columns: list[int | None] = [None, None, None, None]
    for name, value in quantities.items():
        _check_quantity(name, value)
        if name in STANDARD_INPUTS:
            if not isinstance(value, int):
                raise RowFault("not_a_number", f"{name} 须是整数")
            columns[STANDARD_INPUTS.index(name)] = value
        else:
            details[name] = value
    if ended_at is not None:
        details["duration_s"] = int((ended_at - happened_at).total_seconds())
    return Prepared(
        happened_at.isoformat(),
        ended_at.isoformat() if ended_at else "",
        (columns[0], columns[1], columns[2], columns[3]),
        details,
        _encode(details) if details else "",
    )


def _check_identity(evidence: Evidence) -> None:
    external_id, subject = evidence.external_id, evidence.subject
    if not external_id or len(external_id) > 80 or not external_id.isprintable():
        raise RowFault("bad_external_id", "编号须是 1 至 80 个可见字符")
    if evidence.party_id is None and subject is None:
        raise RowFault("no_subject", "没有人员编号")
    if subject is not None and (not subject or len(subject) > 200 or not subject.isprintable()):
        raise RowFault("bad_subject", "人员编号须是 1 至 200 个可见字符")
    if not 1 <= evidence.revision <= MAX_REVISION:
        raise RowFault("bad_revision", f"修订号须在 1 至 {MAX_REVISION} 之间")
    if not 1 <= evidence.grade <= 4:
        raise RowFault("bad_grade", "证据等级只能是 A、B、C、D")
    if evidence.note and (len(evidence.note) > MAX_NOTE or _UNWRITABLE.search(evidence.note)):
        raise RowFault("bad_note", f"说明不能超过 {MAX_NOTE} 个字，不能含控制字符")


def _check_times(evidence: Evidence, at: datetime, settings: IntakeSettings) -> tuple[datetime, datetime | None]:
    happened_at, ended_at = evidence.happened_at, evidence.ended_at
    if happened_at.tzinfo is None or (ended_at is not None and ended_at.tzinfo is None):
        raise RowFault("no_zone", "时间没有时区")
    if happened_at.year < at.year - settings.oldest_years:
        raise RowFault("too_old", f"发生在 {happened_at:%Y} 年，超过 {settings.oldest_years} 年的不再受理")
    latest = at + settings.clock_skew
    if happened_at > latest or (ended_at is not None and ended_at > latest):
        raise RowFault("in_the_future", f"时间在将来：{ended_at or happened_at}，收到时是 {at:%Y-%m-%d %H:%M} UTC")
    if ended_at is None:
        return happened_at.astimezone(UTC), None
    if ended_at < happened_at:
        raise RowFault("ends_before_start", f"结束时间 {ended_at} 早于开始时间 {happened_at}")
    if (ended_at - happened_at).days > 366:
        raise RowFault("too_long", "开始到结束超过一年")
    return happened_at.astimezone(UTC), ended_at.astimezone(UTC)


@lru_cache(maxsize=1024)
def _name_fits(name: str) -> bool:
    return _NAME.match(name) is not None


def _check_quantity(name: str, value: object) -> None:
    if not isinstance(name, str) or not _name_fits(name):
        raise RowFault("bad_quantity_name", f"数量名只能用小写字母、数字和下划线：“{str(name)[:40]}”")
    if isinstance(value, str):
        if unit_of(name) in _LARGEST:
            raise RowFault("not_a_number", f"{name} 须是整数（{unit_of(name)}），不能是文字")
        if len(value) > 80 or _UNWRITABLE.search(value):
            raise RowFault("bad_text", f"{name} 须是不超过 80 个字的文字")
    elif not isinstance(value, int) or isinstance(value, bool):
        raise RowFault("not_a_number", f"{name} 须是整数（{unit_of(name)}）或文字")
    elif value < 0:
        raise RowFault("negative", f"{name} 不能为负")
    elif value > largest(name):
        raise RowFault("out_of_range", f"{name} 超出范围，上限 {largest(name)} {unit_of(name)}")


def content_digest(evidence: Evidence, prepared: Prepared, person: str) -> bytes:
    """SHA-256 of what the partner stated: the same act stated twice has the same digest.

    The parts are joined by the unit separator, which none of them can contain.

    `person` is the keyed digest of the partner's identifier (or the party's serial), never the identifier
    itself. The grade is the one stated, so that raising a partner's limit later makes no conflict.
    """
    stated = (
        evidence.scenario,
        person,
        prepared.happened_text,
        prepared.ended_text,
        str(int(evidence.grade)),
        *map(str, prepared.columns),
        prepared.details_text,
        evidence.note,
    )
    return hashlib.sha256("\x1f".join(stated).encode()).digest()


def evidence_text(evidence: Evidence) -> str:
    """A refused piece of evidence as text, to be kept (encrypted) as it came."""
    stated: Mapping[str, object] = {
        "external_id": str(evidence.external_id)[:500],
        "revision": evidence.revision,
        "scenario": evidence.scenario,
        "subject": evidence.subject,
        "happened_at": str(evidence.happened_at),
        "ended_at": str(evidence.ended_at),
        "quantities": {str(key)[:80]: str(value)[:200] for key, value in list(evidence.quantities.items())[:50]},
        "note": evidence.note[:1000],
    }
    return ascii(stated)
