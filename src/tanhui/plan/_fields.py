"""From what a person typed (or a spreadsheet holds) to the value that a record keeps, with the reason where it fails.

Pure. Values are kept as JSON: text, whole numbers, true and false; decimals, days and places as exact text
(`"12.5"`, `"2025-06-01"`, `["113.581", "28.702"]`), divisions by statistical code, organizations by county code.
Equal facts are kept equally, so that duplicates are found and distinct values are counted by comparing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import isfinite
from typing import Any

from tanhui.plan import rules
from tanhui.plan.types import FieldSpec

YES, NO = "是", "否"
EARLIEST = date(1949, 10, 1)  # no fact of a county's plan is older
MAX_DIGITS = 12  # of a whole part, so that sums stay within the eighteen digits of a figure
LINK_LENGTH = 300
PLACE_DIGITS = 6  # of a degree: about a tenth of a metre

Box = tuple[Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True)
class Known:
    """What values are checked against. `divisions` maps codes and names to (code, name, level); where two divisions
    share a name it maps to None. `organizations` maps codes, names and aliases to (code, name)."""

    today: date
    divisions: Mapping[str, tuple[str, str, str] | None]
    organizations: Mapping[str, tuple[str, str]]
    box: Box


class Fault(Exception):
    """A value that cannot be taken; the text is the reason, in Chinese."""


def read_row(
    fields: Sequence[FieldSpec], given: Mapping[str, Any], known: Known
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that a record keeps, and the faults by field name. Empty values are left out."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for field in fields:
        raw = given.get(field.name)
        try:
            if _empty(raw):
                if field.required:
                    raise Fault("必填，还没有填")
                continue
            values[field.name] = read_value(field, raw, known)
        except Fault as fault:
            faults[field.name] = str(fault)
    unknown = [str(name) for name in given if name not in {field.name for field in fields}]
    for name in unknown:
        faults[name] = "台账没有这一栏"
    return values, faults


def _empty(raw: Any) -> bool:
    if isinstance(raw, tuple | list):
        return all(_empty(each) for each in raw)
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read_value(field: FieldSpec, raw: Any, known: Known) -> Any:
    """One value that is not empty. Raises Fault."""
    return _READERS[field.type](field, raw, known)


def clean(raw: Any) -> str:
    """A text without control characters and outer blanks; full-width letters and digits become plain ones."""
    if isinstance(raw, bool):
        return YES if raw else NO
    if isinstance(raw, datetime):
        raw = raw.date() if raw.time() == datetime.min.time() else raw
    if isinstance(raw, float) and isfinite(raw):
        raw = Decimal(repr(raw))
        raw = int(raw) if raw == raw.to_integral_value() else raw
    text = unicodedata.normalize("NFC", str(raw))
    return "".join(each for each in text if each in "\n\t" or not _unprintable(each)).strip()


def _unprintable(character: str) -> bool:
    """What no database, workbook or page can hold or show: controls, formats, surrogates, non-characters."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs") or ord(character) & 0xFFFE == 0xFFFE


def _narrow(raw: Any) -> str:
    return unicodedata.normalize("NFKC", clean(raw)).strip()


_PERSONAL = re.compile(r"(?<![0-9])((\+?86)?1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9Xx])(?![0-9])")
_BETWEEN = re.compile(r"(?<=[0-9])[\s\-\u2010-\u2015\u2212·.]+(?=[0-9Xx])")


def joined_digits(text: str) -> str:
    """The text with every digit plain, and nothing that is blank, unseen or a dash between two of them."""
    plain = unicodedata.normalize("NFKC", text)
    return _BETWEEN.sub("", "".join(each for each in plain if each.isspace() or not _unprintable(each)))


def refuse_personal(text: str) -> None:
    """Phone and identity numbers have no place in a register, however written. Raises Fault."""
    if _PERSONAL.search(joined_digits(text)):
        raise Fault("不能写电话或证件号码，台账不收个人信息")


def _text(field: FieldSpec, raw: Any, known: Known) -> str:
    text = clean(raw)
    if field.type == "text":
        text = " ".join(text.split())
    if len(text) > field.max_length:
        raise Fault(f"最多 {field.max_length} 个字，现有 {len(text)} 个")
    refuse_personal(text)
    return text


_PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?|[+-]?\.[0-9]+")


def _number(field: FieldSpec, raw: Any) -> Decimal:
    if isinstance(raw, bool | date):
        raise Fault(f"“{clean(raw)}”不是数字")
    text = _narrow(raw)
    if not _PLAIN_NUMBER.fullmatch(text):
        unit = f"，单位是{field.unit}" if field.unit else ""
        raise Fault(f"“{clean(raw)[:40]}”不是数字，只填数字{unit}")
    number = Decimal(text.replace(",", ""))
    if number.adjusted() >= MAX_DIGITS:
        raise Fault("数字太大，请核对单位")
    if field.minimum is not None and number < field.minimum:
        raise Fault(f"不能小于 {field.minimum}{field.unit}")
    if field.maximum is not None and number > field.maximum:
        raise Fault(f"不能大于 {field.maximum}{field.unit}")
    return number


def _integer(field: FieldSpec, raw: Any, known: Known) -> int:
    number = _number(field, raw)
    if number != number.to_integral_value():
        raise Fault(f"应是整数，现为 {number}")
    return int(number)


def _decimal(field: FieldSpec, raw: Any, known: Known) -> str:
    number = _number(field, raw)
    if number != round(number, field.places):
        raise Fault(f"小数最多 {field.places} 位")
    return exact_text(number)


def exact_text(number: Decimal) -> str:
    """A number in its one form: no exponent, no superfluous zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


_DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?")


def _date(field: FieldSpec, raw: Any, known: Known) -> str:
    if isinstance(raw, datetime):
        day = raw.date()
    elif isinstance(raw, date):
        day = raw
    else:
        match = _DAY.fullmatch(_narrow(raw))
        try:
            day = date(*(int(each) for each in match.groups())) if match else date.min
        except ValueError:
            day = date.min
        if day == date.min:
            raise Fault(f"“{clean(raw)[:40]}”不是日期，写成 2025-06-01")
    if day > known.today:
        raise Fault(f"{day.isoformat()} 还没有到，只能填已经发生的")
    if day < EARLIEST:
        raise Fault(f"{day.isoformat()} 太早，请核对年份")
    return day.isoformat()


def _year(field: FieldSpec, raw: Any, known: Known) -> int:
    if isinstance(raw, bool | date):
        raise Fault("应是四位年份，如 2025")
    text = _narrow(raw).removesuffix("年")
    if not re.fullmatch(r"[0-9]{4}", text):
        raise Fault(f"“{clean(raw)[:40]}”不是年份，写成 2025")
    year = int(text)
    if year > known.today.year:
        raise Fault(f"{year} 年还没有到")
    if year < EARLIEST.year:
        raise Fault(f"{year} 年太早，请核对")
    return year


def _choice(field: FieldSpec, raw: Any, known: Known) -> str:
    text = clean(raw)
    if text not in field.choices:
        raise Fault(f"“{text[:40]}”不在选项里，可选：{'、'.join(field.choices)}")
    return text


def _yes_no(field: FieldSpec, raw: Any, known: Known) -> bool:
    if isinstance(raw, bool):
        return raw
    text = clean(raw)
    if text not in (YES, NO):
        raise Fault(f"“{text[:40]}”应填“{YES}”或“{NO}”")
    return text == YES


_LEVEL_NAMES = {"county": "县", "township": "乡镇（街道）", "village": "村（社区）"}


def _division(field: FieldSpec, raw: Any, known: Known) -> str:
    text = _narrow(raw)
    if text not in known.divisions:
        raise Fault(f"没有“{text[:40]}”这个行政区划，请从列表中选")
    found = known.divisions[text]
    if found is None:
        raise Fault(f"有几个地方都叫“{text[:40]}”，请填 12 位统计用区划代码")
    if field.level and found[2] != field.level:
        raise Fault(f"“{found[1]}”不是{_LEVEL_NAMES[field.level]}")
    return found[0]


def _organization(field: FieldSpec, raw: Any, known: Known) -> str:
    text = _narrow(raw)
    found = known.organizations.get(text)
    if found is None:
        raise Fault(f"没有“{text[:40]}”这个单位，请填县内单位的名称或代码")
    return found[0]


_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _credit_code(field: FieldSpec, raw: Any, known: Known) -> str:
    """GB 32100-2015: 18 characters, the last one a check character (weights are powers of 3 modulo 31)."""
    text = _narrow(raw).upper()
    if len(text) != 18 or any(each not in _CREDIT_ALPHABET for each in text):
        raise Fault(f"“{text[:40]}”不是 18 位统一社会信用代码")
    total = sum(_CREDIT_ALPHABET.index(each) * pow(3, position, 31) for position, each in enumerate(text[:17]))
    if _CREDIT_ALPHABET.index(text[17]) != (31 - total % 31) % 31:
        raise Fault(f"“{text}”的校验码不对，请核对")
    return text


def _link(field: FieldSpec, raw: Any, known: Known) -> str:
    text = clean(raw)
    if not re.fullmatch(r"https?://[^\s/@<>\"']+(/[^\s<>\"']*)?", text) or len(text) > LINK_LENGTH:
        raise Fault("应是 http:// 或 https:// 开头的网址")
    return text


def _place(field: FieldSpec, raw: Any, known: Known) -> list[str]:
    parts = list(raw) if isinstance(raw, tuple | list) else re.split(r"[,，\s]+", _narrow(raw))
    if len(parts) != 2 or any(_empty(part) for part in parts):
        raise Fault("须填经度和纬度两个数，如 113.581 和 28.702")
    west, south, east, north = known.box
    longitude = _degrees(parts[0], "经度", west, east)
    latitude = _degrees(parts[1], "纬度", south, north)
    return [longitude, latitude]


def _degrees(raw: Any, what: str, least: Decimal, most: Decimal) -> str:
    try:
        number = Decimal(_narrow(raw))
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation as error:
        raise Fault(f"{what}“{clean(raw)[:40]}”不是数字，写成度，如 113.581") from error
    if not least <= number <= most:
        raise Fault(f"{what} {number} 不在范围内（{least}—{most} 度），请核对经纬度有没有填反")
    step = Decimal(1).scaleb(-PLACE_DIGITS)
    return exact_text(number.quantize(step, ROUND_HALF_UP))


_READERS = {
    "text": _text,
    "long_text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "year": _year,
    "choice": _choice,
    "yes_no": _yes_no,
    "division": _division,
    "organization": _organization,
    "credit_code": _credit_code,
    "place": _place,
    "link": _link,
}


def words(field: FieldSpec, value: Any, known: Known) -> str:
    """A kept value as people read it, with its unit; empty for none."""
    if value is None:
        return ""
    if field.type == "yes_no":
        return YES if value else NO
    if field.type in ("integer", "decimal"):
        return rules.number_words(Decimal(value), field.unit)
    if field.type == "year":
        return f"{value}年"
    if field.type == "division":
        found = known.divisions.get(value)
        return found[1] if found else str(value)
    if field.type == "organization":
        named = known.organizations.get(value)
        return named[1] if named else str(value)
    return f"{value[0]}，{value[1]}" if field.type == "place" else str(value)


def happened_on(kind: str, value: Any, today: date) -> date:
    """The day of a date. A fact known by its year alone stands on the last day of the year, or today if earlier."""
    return min(date(int(value), 12, 31), today) if kind == "year" else date.fromisoformat(str(value))


def value_field(unit: str) -> FieldSpec:
    """The one field of a value by hand."""
    return FieldSpec(name="value", title="数值", type="decimal", required=True, public=True, unit=unit, places=6)
