"""A partner's mapping file: which column of its table is which part of the evidence. Values in, values out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tanhui.scenarios.rules_intake import (
    GRADE_NAMES,
    RowFault,
    known_unit,
    parse_amount,
    parse_grade,
    parse_instant,
    unit_fits,
    unit_of,
)
from tanhui.scenarios.types import Evidence, FileFault, MappingFault, Refusal

Row = MappingType[str, str]

_TOP = {"title", "file", "evidence", "quantities"}
_FILE = {"delimiter", "sheet", "header_row"}
_EVIDENCE = {
    "external_id",
    "subject",
    "happened_at",
    "ended_at",
    "revision",
    "note",
    "scenario",
    "scenario_column",
    "scenario_values",
    "zone",
    "grade",
    "grade_column",
}
_QUANTITY = {"column", "unit", "unit_column", "kind", "values", "value", "optional"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """How one quantity is made of a row: a column in a unit, a column of texts, or a constant."""

    name: str
    column: str | None
    unit: str | None
    unit_column: str | None
    values: MappingType[str, str] | None
    is_text: bool
    constant: int | str | None
    optional: bool


@dataclass(frozen=True, slots=True)
class FileMapping:
    """One partner's table, read."""

    title: str
    delimiter: str
    sheet: str | None
    header_row: int
    external_id: str
    subject: str
    happened_at: str
    ended_at: str | None
    revision: str | None
    note: str | None
    scenario: str | None
    scenario_column: str | None
    scenario_values: MappingType[str, str]
    zone: tzinfo | None
    grade: int
    grade_column: str | None
    quantities: tuple[Quantity, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there."""
        named = [self.external_id, self.subject, self.happened_at, self.ended_at, self.revision, self.note]
        named += [self.scenario_column, self.grade_column]
        for quantity in self.quantities:
            named += [quantity.column, quantity.unit_column]
        return tuple(dict.fromkeys(name for name in named if name))


def read_mapping(text: str, *, path: str) -> FileMapping:
    """The mapping in a TOML text. Raises MappingFault naming `path` and the entry."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingFault(f"映射文件不是合法的 TOML：{error}", where=path, fix="改正该行后重试") from error
    _refuse_unknown(table, _TOP, path, "")
    file, evidence = _section(table, "file", path), _section(table, "evidence", path)
    _refuse_unknown(file, _FILE, path, "file.")
    _refuse_unknown(evidence, _EVIDENCE, path, "evidence.")
    for key in ("external_id", "subject", "happened_at"):
        if not isinstance(evidence.get(key), str):
            raise MappingFault(f"缺少 evidence.{key}：它的列名", where=path, fix=f'写上 {key} = "列名"')
    if ("scenario" in evidence) == ("scenario_column" in evidence):
        raise MappingFault("evidence.scenario 与 evidence.scenario_column 须写其一", where=path)
    grade = str(evidence.get("grade", "D"))
    if grade not in GRADE_NAMES:
        raise MappingFault(f"evidence.grade 只能是 A、B、C、D，不是 {grade}", where=path)
    delimiter = str(file.get("delimiter", ","))
    if len(delimiter) != 1:
        raise MappingFault("file.delimiter 须是一个字符", where=path)
    quantities = _section(table, "quantities", path)
    return FileMapping(
        title=str(table.get("title", "")),
        delimiter=delimiter,
        sheet=_text(file, "sheet"),
        header_row=_header_row(file, path),
        external_id=evidence["external_id"],
        subject=evidence["subject"],
        happened_at=evidence["happened_at"],
        ended_at=_text(evidence, "ended_at"),
        revision=_text(evidence, "revision"),
        note=_text(evidence, "note"),
        scenario=_text(evidence, "scenario"),
        scenario_column=_text(evidence, "scenario_column"),
        scenario_values=_texts(evidence.get("scenario_values", {}), path, "evidence.scenario_values"),
        zone=_zone(evidence, path),
        grade=GRADE_NAMES[grade],
        grade_column=_text(evidence, "grade_column"),
        quantities=tuple(_quantity(name, entry, path) for name, entry in quantities.items()),
    )


def _header_row(file: MappingType[str, Any], path: str) -> int:
    row = file.get("header_row", 1)
    if not isinstance(row, int) or not 1 <= row <= 100:
        raise MappingFault("file.header_row 须是 1 至 100 的整数", where=path)
    return row


def _section(table: MappingType[str, Any], name: str, path: str) -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise MappingFault(f"{name} 须是一节：[{name}]", where=path)
    return section


def _refuse_unknown(section: MappingType[str, Any], known: set[str], path: str, prefix: str) -> None:
    for key in section:
        if key not in known:
            near = get_close_matches(key, known, 1)
            fix = f"是不是 {prefix}{near[0]}？" if near else f"可用的有：{'、'.join(sorted(known))}"
            raise MappingFault(f"不认识的条目 {prefix}{key}", where=path, fix=fix)


def _text(section: MappingType[str, Any], key: str) -> str | None:
    return None if section.get(key) is None else str(section[key])


def _texts(value: Any, path: str, label: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise MappingFault(f'{label} 须是对照表，例如 {{ "废纸" = "paper" }}', where=path)
    return value


def _zone(evidence: MappingType[str, Any], path: str) -> tzinfo | None:
    name = evidence.get("zone")
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingFault(f"没有时区 {name}", where=path, fix='例如 zone = "Asia/Shanghai"') from None


def _quantity(name: str, entry: Any, path: str) -> Quantity:
    label = f"quantities.{name}"
    if not isinstance(entry, dict):
        raise MappingFault(f'{label} 须写成 {{ column = "列名", unit = "m" }}', where=path)
    _refuse_unknown(entry, _QUANTITY, path, label + ".")
    is_text = entry.get("kind") == "text"
    if ("column" in entry) == ("value" in entry):
        raise MappingFault(f"{label} 须写 column 或 value 其一", where=path)
    constant = entry.get("value")
    if constant is not None and (isinstance(constant, bool) or not isinstance(constant, int | str)):
        raise MappingFault(f"{label}.value 须是整数或文字", where=path)
    unit, unit_column = _text(entry, "unit"), _text(entry, "unit_column")
    if constant is None and not is_text:
        if (unit is None) == (unit_column is None):
            raise MappingFault(f"{label} 须写 unit 或 unit_column 其一", where=path, fix='例如 unit = "km"')
        if unit is not None and not known_unit(unit):
            raise MappingFault(f"{label} 的单位 {unit} 不认识", where=path)
        if unit is not None and not unit_fits(unit, name):
            fix = f"名称以单位结尾：{name} 的单位须能换算成 {unit_of(name)}"
            raise MappingFault(f"{label} 不能由 {unit} 换算", where=path, fix=fix)
    values = entry.get("values")
    return Quantity(
        name=name,
        column=_text(entry, "column"),
        unit=unit,
        unit_column=unit_column,
        values=None if values is None else _texts(values, path, f"{label}.values"),
        is_text=is_text,
        constant=constant,
        optional=bool(entry.get("optional", False)),
    )


def check_header(mapping: FileMapping, header: Sequence[str], *, where: str) -> None:
    """Refuse a table whose header lacks a column of the mapping or has one twice. Raises FileFault."""
    missing = [name for name in mapping.columns if name not in header]
    if missing:
        near = get_close_matches(missing[0], list(header), 1)
        hint = f"；表头里有相近的“{near[0]}”" if near else ""
        found = "、".join(name[:40] for name in header[:20]) or "（空）"
        raise FileFault(
            f"缺少列：{'、'.join(missing)}{hint}。读到的表头是：{found}",
            where=f"{where} 第 {mapping.header_row} 行",
            fix="按约定的表头导出；列名确已改变时，改映射文件",
        )
    twice = sorted({name for name in mapping.columns if list(header).count(name) > 1})
    if twice:
        raise FileFault(f"表头有重复的列：{'、'.join(twice)}", where=f"{where} 第 {mapping.header_row} 行")


def evidence_of(mapping: FileMapping, row: Row, row_number: int) -> Evidence | Refusal:
    """The evidence in one row, or why there is none. Columns of the mapping must be in the row."""
    try:
        return _evidence(mapping, row, row_number)
    except RowFault as fault:
        content = ",".join(f"{key}={value}" for key, value in row.items())
        return Refusal(row_number, fault.code, fault.message, content[:4000])


def _evidence(mapping: FileMapping, row: Row, row_number: int) -> Evidence:
    ended = row[mapping.ended_at].strip() if mapping.ended_at else ""
    grade = mapping.grade
    if mapping.grade_column:
        grade = parse_grade(row[mapping.grade_column].strip())
    return Evidence(
        external_id=row[mapping.external_id].strip(),
        scenario=_scenario(mapping, row),
        happened_at=parse_instant(row[mapping.happened_at], mapping.zone, mapping.happened_at),
        ended_at=parse_instant(ended, mapping.zone, mapping.ended_at or "") if ended else None,
        grade=grade,
        quantities=_amounts(mapping, row),
        subject=row[mapping.subject].strip() or None,
        revision=_revision(row[mapping.revision]) if mapping.revision else 1,
        note=row[mapping.note].strip() if mapping.note else "",
        row_number=row_number,
    )


def _scenario(mapping: FileMapping, row: Row) -> str:
    if mapping.scenario is not None:
        return mapping.scenario
    written = row[mapping.scenario_column or ""].strip()
    if not mapping.scenario_values:
        return written
    if written not in mapping.scenario_values:
        raise RowFault("unknown_scenario", f"映射文件没有对照“{written[:40]}”是哪个场景")
    return mapping.scenario_values[written]


def _revision(text: str) -> int:
    text = text.strip()
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise RowFault("bad_revision", f"修订号须是正整数：“{text[:20]}”")
    return int(text)


def _amounts(mapping: FileMapping, row: Row) -> dict[str, int | str]:
    amounts: dict[str, int | str] = {}
    for quantity in mapping.quantities:
        if quantity.constant is not None:
            amounts[quantity.name] = quantity.constant
            continue
        written = row[quantity.column or ""].strip()
        if not written:
            if quantity.optional:
                continue
            raise RowFault("missing_value", f"{quantity.column} 是空的")
        if quantity.is_text:
            amounts[quantity.name] = _choice(quantity, written)
        else:
            unit = quantity.unit or row[quantity.unit_column or ""].strip()
            amounts[quantity.name] = parse_amount(written, quantity.name, unit)
    return amounts


def _choice(quantity: Quantity, written: str) -> str:
    if quantity.values is None:
        return written
    if written not in quantity.values:
        known = "、".join(list(quantity.values)[:10])
        raise RowFault("unknown_value", f"{quantity.column} 的值“{written[:40]}”没有对照（已知：{known}）")
    return quantity.values[written]
