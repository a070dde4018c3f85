"""Emission factors as tables: value, unit, region, year, source, status, and how long each is good for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

from tanhui_methods.errors import Findings, MethodError
from tanhui_methods.numbers import read_date, read_number
from tanhui_methods.units import Unit, UnitError, parse_unit

HEADER: Final = (
    "factor", "region", "year", "value", "unit", "source", "status",
    "valid_from", "valid_to", "best_before", "note",
)  # fmt: skip
STATUSES: Final = {
    "verified": "已核实",
    "press": "据新闻报道",
    "code": "据公开代码",
    "provisional": "暂定",
    "local": "由县核定",
}
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,79}\Z")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}\Z")
_YEARS = range(1900, 2201)
_LARGEST_FILE = 8_000_000


@dataclass(frozen=True, slots=True)
class FactorRow:
    """One value of one factor, for one region and one year (or any year), with its source."""

    factor: str
    region: str
    year: int | None
    value: Fraction
    written: str
    unit: Unit
    source: str
    status: str
    valid_from: date | None
    valid_to: date | None
    best_before: date | None
    note: str
    path: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    @property
    def canonical(self) -> str:
        """The row as one line, for the rule hash; independent of where it is kept."""
        parts = (
            self.factor, self.region, self.year, self.written, self.unit.text, self.source, self.status,
            self.valid_from, self.valid_to, self.best_before, self.note,
        )  # fmt: skip
        return "\x1f".join("" if part is None else str(part) for part in parts)

    def span(self) -> tuple[date | None, date | None]:
        """The days of activity for which the row may be used, half-open."""
        if self.year is None:
            return self.valid_from, self.valid_to
        start, end = date(self.year, 1, 1), date(self.year + 1, 1, 1)
        return (
            max(start, self.valid_from) if self.valid_from else start,
            min(end, self.valid_to) if self.valid_to else end,
        )


class FactorTable:
    """All factor rows of an installation. Look-up is exact: another region or year never stands in."""

    def __init__(self, rows: Iterable[FactorRow] = ()) -> None:
        self.rows: tuple[FactorRow, ...] = tuple(rows)
        self._by_key: dict[tuple[str, str], list[FactorRow]] = {}
        for row in self.rows:
            self._by_key.setdefault((row.factor, row.region), []).append(row)

    @classmethod
    def read(cls, folders: Sequence[Path], *, root: Path | None = None) -> FactorTable:
        """Read every `*.csv` of the folders; rows remember their file as seen from `root`.

        Raises MethodErrors with file and line.
        """
        findings = Findings("")
        rows: list[FactorRow] = []
        for folder in folders:
            for path in sorted(folder.glob("*.csv")):
                try:
                    rows.extend(_read_file(path, _seen_from(root, path)))
                except MethodError as error:
                    for each in getattr(error, "errors", (error,)):
                        findings.keep(each)
        table = cls(rows)
        for overlap in table._overlaps():
            findings.keep(overlap)
        findings.stop()
        return table

    def of(self, factor: str, region: str) -> tuple[FactorRow, ...]:
        """The rows of a factor in a region, earliest first."""
        rows = self._by_key.get((factor, region), [])
        return tuple(sorted(rows, key=lambda row: (row.year or 0, row.valid_from or date.min)))

    def regions(self, factor: str) -> tuple[str, ...]:
        return tuple(sorted({region for name, region in self._by_key if name == factor}))

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for name, _ in self._by_key}))

    def _overlaps(self) -> Iterable[MethodError]:
        for (factor, region), rows in self._by_key.items():
            if len({row.year is None for row in rows}) > 1:
                row = rows[-1]
                yield MethodError(
                    f"因子 {factor}（{region}）有的行写了年份，有的没有，无法判断该取哪一行",
                    path=row.path, line=row.line, fix="同一因子、同一地区的行要么都写年份，要么都不写",
                )  # fmt: skip
                continue
            ordered = sorted(rows, key=lambda row: row.span()[0] or date.min)
            for before, after in pairwise(ordered):
                if (before.span()[1] or date.max) > (after.span()[0] or date.min):
                    yield MethodError(
                        f"因子 {factor}（{region}{'，' + str(after.year) if after.year else ''}）"
                        f"在同一天有两行可取，另一行在 {before.path} 第 {before.line} 行",
                        path=after.path, line=after.line, fix="只保留一行，或用 valid_from、valid_to 分开时段",
                    )  # fmt: skip


def _seen_from(root: Path | None, path: Path) -> str:
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return str(path)


def _read_file(path: Path, shown: str) -> list[FactorRow]:
    if path.stat().st_size > _LARGEST_FILE:
        raise MethodError("文件太大（至多8 MB）", path=shown, fix="拆成几个文件")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MethodError(
            f"不是 UTF-8 编码（第 {error.start + 1} 个字节处）", path=shown, fix="另存为 UTF-8 编码的 CSV"
        ) from None
    return read_factors(text, path=shown)


def read_factors(text: str, *, path: str) -> list[FactorRow]:
    """Read one factor table from its text. Raises MethodErrors."""
    findings = Findings(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[FactorRow] = []
    try:
        header = next(reader, [])
        if tuple(cell.strip() for cell in header) != HEADER:
            raise MethodError(
                f"表头应为“{','.join(HEADER)}”，实为“{','.join(header)[:200]}”",
                path=path, line=1, fix="按固定表头重排各列",
            )  # fmt: skip
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                rows.append(_row([cell.strip() for cell in cells], path, reader.line_num))
            except MethodError as error:
                findings.keep(error)
    except csv.Error as error:
        findings.add(reader.line_num, f"CSV 写法有误（{error}）", "检查引号与换行")
    findings.stop()
    return rows


def _row(cells: list[str], path: str, line: int) -> FactorRow:
    def fail(message: str, fix: str = "") -> MethodError:
        return MethodError(message, path=path, line=line, fix=fix)

    if len(cells) != len(HEADER):
        raise fail(f"应有 {len(HEADER)} 列，实有 {len(cells)} 列", "文字里有逗号的要加引号")
    named = dict(zip(HEADER, cells, strict=True))
    if not _NAME.match(named["factor"]):
        raise fail(f"因子名“{named['factor'][:80]}”应为小写英文、数字、下划线或连字符")
    if not _REGION.match(named["region"]):
        raise fail(f"地区“{named['region'][:40]}”应为代码，例如 CN、CN-43")
    if not named["source"]:
        raise fail("没有写出处（source）", "每个数都要有出处；没有出处的写“演示暂定值”并把状态写成 provisional")
    if named["status"] not in STATUSES:
        raise fail(f"状态“{named['status'][:40]}”不认识", f"可用：{'、'.join(STATUSES)}")
    if named["year"] and (not named["year"].isascii() or not named["year"].isdigit() or
                          len(named["year"]) != 4 or int(named["year"]) not in _YEARS):  # fmt: skip
        raise fail(f"年份“{named['year'][:40]}”应为四位数字，或空着表示不分年份")
    try:
        value = read_number(named["value"])
        unit = parse_unit(named["unit"])
        dates = {key: read_date(named[key]) if named[key] else None for key in HEADER[7:10]}
    except (UnitError, ValueError) as error:
        raise fail(str(error)) from None
    row = FactorRow(
        named["factor"], named["region"], int(named["year"]) if named["year"] else None, value,
        named["value"], unit, named["source"], named["status"],
        dates["valid_from"], dates["valid_to"], dates["best_before"], named["note"], path, line,
    )  # fmt: skip
    start, end = row.span()
    if start and end and start >= end:
        raise fail("有效期为空：valid_from 不早于 valid_to，或与年份不相交")
    return row
