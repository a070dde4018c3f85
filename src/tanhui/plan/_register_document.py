"""A register's document: from the county's YAML (or the edition kept in the database) to typed values.

Pure. Every mistake is refused with the place where it stands; the words are explained in
docs/reference/registers.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tanhui.kernel.errors import BadInput
from tanhui.plan._yaml import (
    FIX,
    Fields,
    Items,
    items_of,
    known,
    plain,
    text_of,
    truth_of,
    whole_of,
)
from tanhui.plan.types import FeedSpec, FieldSpec, RegisterDocument

TYPES = (
    "text", "long_text", "integer", "decimal", "date", "year", "choice", "yes_no", "division", "organization",
    "credit_code", "place", "link",
)  # fmt: skip
HOW = ("count", "sum", "distinct", "share", "latest")
LEVELS = ("county", "township", "village")
NUMBERS = ("integer", "decimal")
TEXT_LENGTH, LONG_TEXT_LENGTH = 120, 1000  # unless the document says otherwise
NOTE, PROOF = "备注（不公开）", "佐证（文号、存放处或链接）"  # the last column of a workbook
LONGITUDE, LATITUDE = "（经度）", "（纬度）"  # a place has two columns
MAX_PLACES = 6  # as many as a stored figure keeps

_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = (
    "code", "title", "row", "tasks", "roadmap", "topics", "public", "may_file", "evidence", "fields", "dated_by",
    "placed_by", "key", "feeds", "samples", "sample_values",
)  # fmt: skip
_FIELD_KEYS = (
    "name", "title", "type", "required", "public", "unit", "help", "choices", "min", "max", "places", "max_length",
    "level",
)  # fmt: skip
_ONLY_FOR = {
    "choices": ("choice",),
    "min": NUMBERS,
    "max": NUMBERS,
    "unit": NUMBERS,
    "places": ("decimal",),
    "max_length": ("text", "long_text"),
    "level": ("division",),
}
_FEED_KEYS = ("indicator", "how", "field", "total", "per", "where", "unit", "factor", "latest_per")


def read_register(document: Fields) -> RegisterDocument:
    """A register as its document says it. Raises BadInput with file and line."""
    known(document, _KEYS, ("code", "title", "row", "tasks", "may_file", "fields", "dated_by"))
    code = text_of(document, "code", most=60)
    if not _CODE.fullmatch(code):
        raise BadInput(f"代码“{code}”只能用小写字母、数字和连字符", where=document.at("code"), fix=FIX)
    fields = tuple(_field(each) for each in items_of(document, "fields", of=Fields))
    by_name = {field.name: field for field in fields}
    _unique(document, fields)
    evidence = _mapping(document, "evidence")
    known(evidence, ("required", "note"))
    return RegisterDocument(
        code=code,
        title=text_of(document, "title", most=80),
        row=text_of(document, "row", most=120),
        tasks=tuple(items_of(document, "tasks", of=int)),
        topics=tuple(items_of(document, "topics", of=str)),
        public=truth_of(document, "public"),
        may_file=tuple(items_of(document, "may_file", of=str)),
        evidence_required=truth_of(evidence, "required"),
        evidence_note=text_of(evidence, "note", most=200),
        fields=fields,
        dated_by=_dated_by(document, by_name),
        placed_by=_placed_by(document, by_name),
        key=_names(document, "key", by_name),
        feeds=tuple(_feed(each, by_name) for each in items_of(document, "feeds", of=Fields)),
        samples=whole_of(document, "samples"),
        sample_values=_sample_values(document, by_name),
        content=plain(document),
    )


_kept: dict[str, RegisterDocument] = {}  # editions never change, and a county has few of them


def kept_register(content_hash: str, content: Mapping[str, Any]) -> RegisterDocument:
    """The register of an edition in the database; read once, then remembered by its hash."""
    if content_hash not in _kept:
        _kept[content_hash] = read_register(as_fields(content, name=f"edition {content_hash[:12]}"))
    return _kept[content_hash]


def remembered(content_hash: str) -> RegisterDocument | None:
    """The register of an edition that was read before; None where its content has to be fetched."""
    return _kept.get(content_hash)


def as_fields(value: Mapping[str, Any], *, name: str) -> Fields:
    """A plain mapping as the strict reader would have given it; everything stands in line 1."""
    fields = Fields(name, 1)
    for key, each in value.items():
        fields[key] = _lined(each, name)
        fields.lines[key] = 1
    return fields


def _lined(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return as_fields(value, name=name)
    if isinstance(value, list | tuple):
        items = Items(name, 1)
        items.extend(_lined(each, name) for each in value)
        items.lines.extend(1 for _ in value)
        return items
    return value


def _field(each: Fields) -> FieldSpec:
    known(each, _FIELD_KEYS, ("name", "title", "type"))
    name, kind = text_of(each, "name", most=40), text_of(each, "type")
    if not _NAME.fullmatch(name):
        raise BadInput(f"栏目代码“{name}”只能用小写字母、数字和下划线", where=each.at("name"), fix=FIX)
    if kind not in TYPES:
        raise BadInput(f"没有“{kind}”这种类型", where=each.at("type"), fix=f"可用：{'、'.join(TYPES)}")
    for key, kinds in _ONLY_FOR.items():
        if key in each and kind not in kinds:
            raise BadInput(f"“{key}”只用于 {'、'.join(kinds)}", where=each.at(key), fix="删去，或改类型")
    choices = tuple(items_of(each, "choices", of=str))
    if kind == "choice" and (not choices or len(set(choices)) < len(choices)):
        raise BadInput("choice 须列出互不相同的选项", where=each.at("choices"), fix="写成 choices: [甲, 乙]")
    level = text_of(each, "level")
    if level and level not in LEVELS:
        raise BadInput(f"没有“{level}”这一级", where=each.at("level"), fix=f"可用：{'、'.join(LEVELS)}")
    places = whole_of(each, "places", 2 if kind == "decimal" else 0)
    if places > MAX_PLACES:
        raise BadInput(f"小数最多 {MAX_PLACES} 位", where=each.at("places"), fix="改小")
    minimum, maximum = exact(each, "min"), exact(each, "max")
    if minimum is not None and maximum is not None and minimum > maximum:
        raise BadInput("下限大于上限", where=each.at("min"), fix="核对 min 和 max")
    length = {"text": TEXT_LENGTH, "long_text": LONG_TEXT_LENGTH}.get(kind, 0)
    return FieldSpec(
        name=name,
        title=text_of(each, "title", most=40),
        type=kind,
        required=truth_of(each, "required"),
        public=truth_of(each, "public"),
        unit=text_of(each, "unit", most=20),
        help=text_of(each, "help", most=200),
        choices=choices,
        minimum=minimum,
        maximum=maximum,
        places=places,
        max_length=whole_of(each, "max_length", length),
        level=level,
    )


def exact(fields: Fields, key: str) -> Decimal | None:
    """An exact number, written as a whole number or as text; None where absent. Raises BadInput."""
    value = fields.get(key)
    if value is None:
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        number = Decimal(value)
        if not number.is_finite():
            raise ValueError
    except (ValueError, InvalidOperation) as error:
        raise BadInput(f"“{key}”应是数字", where=fields.at(key), fix='小数加引号，如 "0.5"') from error
    return number


def _unique(document: Fields, fields: tuple[FieldSpec, ...]) -> None:
    if not fields:
        raise BadInput("台账没有栏目", where=document.at("fields"), fix=FIX)
    items = document["fields"]
    for position, field in enumerate(fields):
        if field.title in (NOTE, PROOF) or field.title.endswith((LONGITUDE, LATITUDE)):
            raise BadInput(f"栏目不能叫“{field.title}”，表格里已有这一列", where=items.at(position), fix="改名")
    for what in ("name", "title"):
        seen: set[str] = set()
        for position, field in enumerate(fields):
            if getattr(field, what) in seen:
                text = getattr(field, what)
                raise BadInput(f"两个栏目都叫“{text}”", where=items.at(position), fix="改名")
            seen.add(getattr(field, what))


def _mapping(fields: Fields, key: str) -> Fields:
    value = fields.get(key)
    if value is None:
        return Fields(fields.file, fields.lines.get(key, fields.line))
    if not isinstance(value, Fields):
        raise BadInput(f"“{key}”应是“名称: 值”", where=fields.at(key), fix=FIX)
    return value


def _one(fields: Fields, key: str, by_name: Mapping[str, FieldSpec]) -> FieldSpec | None:
    name = text_of(fields, key)
    if name and name not in by_name:
        raise BadInput(f"没有栏目“{name}”", where=fields.at(key), fix=f"可用：{'、'.join(by_name)}")
    return by_name[name] if name else None


def _names(fields: Fields, key: str, by_name: Mapping[str, FieldSpec]) -> tuple[str, ...]:
    names = items_of(fields, key, of=str)
    for name in names:
        if name not in by_name:
            raise BadInput(f"没有栏目“{name}”", where=fields.at(key), fix=f"可用：{'、'.join(by_name)}")
    return tuple(names)


def _dated_by(document: Fields, by_name: Mapping[str, FieldSpec]) -> str:
    field = _one(document, "dated_by", by_name)
    if field is None or field.type not in ("date", "year") or not field.required:
        raise BadInput("dated_by 须是必填的 date 或 year 栏目", where=document.at("dated_by"), fix=FIX)
    return field.name


def _placed_by(document: Fields, by_name: Mapping[str, FieldSpec]) -> str:
    field = _one(document, "placed_by", by_name)
    if field is not None and field.type != "place":
        raise BadInput("placed_by 须是 place 栏目", where=document.at("placed_by"), fix=FIX)
    return field.name if field else ""


def _sample_values(document: Fields, by_name: Mapping[str, FieldSpec]) -> dict[str, tuple[Any, ...]]:
    given = _mapping(document, "sample_values")
    known(given, tuple(by_name))
    return {name: tuple(plain(items_of(given, name))) for name in given}


def _feed(each: Fields, by_name: Mapping[str, FieldSpec]) -> FeedSpec:
    known(each, _FEED_KEYS, ("indicator", "how"))
    how = text_of(each, "how")
    if how not in HOW:
        raise BadInput(f"没有“{how}”这种算法", where=each.at("how"), fix=f"可用：{'、'.join(HOW)}")
    field, total = _one(each, "field", by_name), _one(each, "total", by_name)
    per, latest_per = _one(each, "per", by_name), _names(each, "latest_per", by_name)
    if how != "count" and field is None:
        raise BadInput(f"{how} 须写明栏目 field", where=each.at("how"), fix=FIX)
    if how == "count" and field is not None:
        raise BadInput("count 数的是行，不用 field", where=each.at("field"), fix="删去，或改用 distinct")
    if how in ("sum", "share", "latest") and field is not None and field.type not in NUMBERS:
        raise BadInput(f"{how} 的 field 须是数字栏目", where=each.at("field"), fix=FIX)
    if (how == "share") != (total is not None) or (total is not None and total.type not in NUMBERS):
        raise BadInput("total 须是数字栏目，且只用于 share", where=each.at("how"), fix=FIX)
    if per is not None and (how not in ("count", "sum") or per.type != "choice"):
        raise BadInput("per 须是 choice 栏目，且只用于 count 和 sum", where=each.at("per"), fix=FIX)
    if latest_per and how not in ("sum", "share", "latest"):
        raise BadInput("latest_per 只用于 sum、share 和 latest", where=each.at("latest_per"), fix=FIX)
    factor = exact(each, "factor")
    if factor is not None and factor <= 0:
        raise BadInput("factor 须大于 0", where=each.at("factor"), fix=FIX)
    where = _mapping(each, "where")
    known(where, tuple(by_name))
    return FeedSpec(
        indicator=text_of(each, "indicator", most=40),
        how=how,
        field=field.name if field else "",
        total=total.name if total else "",
        per=per.name if per else "",
        where={name: _wanted(where, name, by_name[name]) for name in where},
        unit=text_of(each, "unit", most=20),
        factor=factor if factor is not None else Decimal(1),
        latest_per=latest_per,
    )


def _wanted(where: Fields, name: str, field: FieldSpec) -> tuple[Any, ...]:
    """The values, as rows keep them, one of which a row must have."""
    given = where[name] if isinstance(where[name], Items) else [where[name]]
    for value in given:
        fits = {
            "choice": isinstance(value, str) and value in field.choices,
            "yes_no": isinstance(value, bool),
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "year": isinstance(value, int) and not isinstance(value, bool),
        }
        if not fits.get(field.type, False):
            fix = f"可用：{'、'.join(field.choices)}" if field.choices else "where 只用于选项、是否、整数和年度"
            raise BadInput(f"“{field.title}”不会有这个值：{value}", where=where.at(name), fix=fix)
    return tuple(given)
