"""Registers as Excel workbooks: the template to fill in, what was filled in, the table of faults, the export.

Formulas are never executed: in what comes in they are faults, in what goes out a text is a text.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput
from tanhui.plan._fields import LINK_LENGTH, NO, YES, Known
from tanhui.plan._register_document import LATITUDE, LONGITUDE, NOTE, PROOF
from tanhui.plan.types import FieldSpec, RegisterDocument, RowDetails, RowFault, Upload

MAX_UPLOAD = 5 * 1024 * 1024
MAX_UNPACKED = 24 * 1024 * 1024  # several times what 5,000 rows of a register need
MAX_PARTS = 200
LAST_ROW = 20_000  # of a sheet: further down nothing is looked for
MOST_COLUMNS = 120

FILL_IN, EXAMPLE, CHOICES = "填报", "示例（不导入）", "选项"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_HEADER = Font(bold=True)
_REQUIRED = PatternFill("solid", fgColor="FFF2CC")


@dataclass(frozen=True)
class Column:
    """A column of the sheet: which field it fills, and which part of a place (0 longitude, 1 latitude)."""

    title: str
    field: FieldSpec | None
    part: int | None = None


def columns(document: RegisterDocument) -> list[Column]:
    """The columns of a register's sheet: its fields, a place as two, and the note last."""
    found: list[Column] = []
    for field in document.fields:
        if field.type == "place":
            found += [Column(field.title + LONGITUDE, field, 0), Column(field.title + LATITUDE, field, 1)]
        else:
            found.append(Column(field.title, field))
    return [*found, Column(PROOF if document.evidence_required else NOTE, None)]


@dataclass(frozen=True)
class Sheet:
    """What a workbook holds: rows by their number in the sheet, faults, the fields and the titles that are there."""

    rows: list[tuple[int, RowDetails]]
    faults: list[RowFault]
    fields: tuple[FieldSpec, ...]
    titles: frozenset[str]


def read_workbook(upload: Upload, document: RegisterDocument) -> Sheet:
    """The rows of a workbook with the faults of its header and cells. Raises BadInput for what is no workbook."""
    book = _open(upload)
    try:
        sheet = book[FILL_IN] if FILL_IN in book.sheetnames else book.worksheets[0]
        lines = sheet.iter_rows(min_row=1, max_row=LAST_ROW + 1, max_col=MOST_COLUMNS)
        header = [_shown(cell.value) for cell in next(lines, ())]
        at, faults = _match(header, document)
        rows: list[tuple[int, RowDetails]] = []
        for number, cells in enumerate(lines, start=2):
            details, found = _row(number, cells, header, at)
            faults += found
            if details is not None:
                rows.append((number, details))
    except Exception as error:  # a damaged workbook fails in any of many ways inside the library
        raise _no_workbook(upload) from error
    finally:
        book.close()
    if not rows and not faults:
        raise BadInput("表格里没有要填报的行", where=upload.name[:80], fix=f"在“{FILL_IN}”表里从第 2 行填起")
    if rows and rows[-1][0] > LAST_ROW:
        raise BadInput(f"第 {LAST_ROW} 行以后还有内容", where=upload.name[:80], fix="分成几个文件，各从第 2 行填起")
    names = {column.field.name for column in at.values() if column.field is not None}
    fields = tuple(field for field in document.fields if field.name in names)
    return Sheet(rows, faults, fields, frozenset(column.title for column in at.values()))


def _open(upload: Upload) -> Any:
    if len(upload.content) > MAX_UPLOAD:
        raise BadInput(f"文件超过 {MAX_UPLOAD // 1024 // 1024} MB", where=upload.name[:80], fix="分成几个文件上传")
    try:
        with zipfile.ZipFile(io.BytesIO(upload.content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise BadInput("表格解开后太大", where=upload.name[:80], fix="从模板重新填写，只留要填报的行")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _refuse_entities(archive, part, upload)
        return openpyxl.load_workbook(io.BytesIO(upload.content), read_only=True, data_only=False, keep_links=False)
    except BadInput:
        raise
    except Exception as error:  # as above
        raise _no_workbook(upload) from error


def _refuse_entities(archive: zipfile.ZipFile, part: zipfile.ZipInfo, upload: Upload) -> None:
    """Declared entities have no place in a workbook, and what a part unpacks to is what its header says at most."""
    with archive.open(part) as content:
        read = content.read(part.file_size + 1)
    if b"<!DOCTYPE" in read or b"<!ENTITY" in read:
        raise _no_workbook(upload)


def _no_workbook(upload: Upload) -> BadInput:
    old = upload.content.startswith(b"\xd0\xcf\x11\xe0")
    problem = "这是旧版 Excel（xls）文件" if old else "这不是可以读的 Excel（xlsx）文件"
    return BadInput(problem, where=upload.name[:80], fix="下载模板填写，或另存为 xlsx 后上传")


def _shown(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _match(header: Sequence[str], document: RegisterDocument) -> tuple[dict[int, Column], list[RowFault]]:
    """Which column stands where; titles are exact, their order is free."""
    wanted = {column.title: column for column in columns(document)}
    at: dict[int, Column] = {}
    faults = []
    for position, title in enumerate(header):
        if not title:
            continue
        if title not in wanted:
            faults.append(RowFault(1, title[:40], "台账没有这一列，请按模板的列名"))
        elif title in {column.title for column in at.values()}:
            faults.append(RowFault(1, title, "这一列出现了两次"))
        else:
            at[position] = wanted[title]
    present = {column.title for column in at.values()}
    for title, column in wanted.items():
        if title not in present and (column.field is not None or document.evidence_required):
            faults.append(RowFault(1, title, "缺少这一列，请按模板的列名"))
    return at, faults


def _row(
    number: int, cells: Sequence[Any], header: Sequence[str], at: Mapping[int, Column]
) -> tuple[RowDetails | None, list[RowFault]]:
    values: dict[str, Any] = {}
    faults = []
    note = ""
    filled = False
    for position, cell in enumerate(cells):
        value = cell.value
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        filled = True
        column = at.get(position)
        if column is None and position < len(header) and header[position]:
            continue  # the header's own fault
        if column is None:
            faults.append(RowFault(number, get_column_letter(position + 1), "这一格没有列名"))
        elif cell.data_type == "f":
            faults.append(RowFault(number, column.title, "单元格里是公式，请填数值"))
        elif cell.data_type == "e":
            faults.append(RowFault(number, column.title, f"单元格里是错误值 {value}"))
        elif column.field is None:
            note = str(value)
        elif column.part is None:
            values[column.field.name] = value
        else:
            place = list(values.get(column.field.name, (None, None)))
            place[column.part] = value
            values[column.field.name] = tuple(place)
    return (RowDetails(values, (), note) if filled else None), faults


def row_faults(number: int, faults: Mapping[str, str], document: RegisterDocument) -> list[RowFault]:
    """Faults by field name as faults by column; those of a place stand in its first column."""
    titles = {
        field.name: field.title + LONGITUDE if field.type == "place" else field.title for field in document.fields
    }
    titles |= {"note": PROOF if document.evidence_required else NOTE, "evidence": "佐证材料"}
    return [RowFault(number, titles.get(name, name), reason) for name, reason in faults.items()]


def template(document: RegisterDocument, known: Known) -> bytes:
    """An empty workbook to fill in: notes on the headings, lists to choose from, and an example in a second sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = FILL_IN
    example, lists = book.create_sheet(EXAMPLE), book.create_sheet(CHOICES)
    for position, column in enumerate(columns(document), start=1):
        letter = get_column_letter(position)
        for each in (sheet, example):
            cell = each.cell(row=1, column=position, value=column.title)
            cell.font = _HEADER
            if _needed(column, document):
                cell.fill = _REQUIRED
            each.column_dimensions[letter].width = max(14, 2 * len(column.title) + 4)
        sheet.cell(row=1, column=position).comment = Comment(_hint(column, document), "碳惠", height=120, width=260)
        _text_cell(example.cell(row=2, column=position), _example(column, document, known))
        allowed = _allowed(column, known)
        if allowed:
            lists.cell(row=1, column=position, value=column.title).font = _HEADER
            for row, value in enumerate(allowed, start=2):
                _text_cell(lists.cell(row=row, column=position), value)
            _choose(sheet, letter, f"'{CHOICES}'!${letter}$2:${letter}${len(allowed) + 1}", column.title)
        elif column.field is not None and column.field.type in ("integer", "decimal"):
            _bound(sheet, letter, column.field)
    example.cell(row=4, column=1, value="这一行是示例，全部虚构；本表不会导入，请在“填报”表里填写。").font = _HEADER
    sheet.freeze_panes = "A2"
    return _bytes(book)


def _needed(column: Column, document: RegisterDocument) -> bool:
    return column.field.required if column.field is not None else document.evidence_required


_KIND_HINTS = {
    "text": "文字", "long_text": "文字", "integer": "整数，只填数字", "decimal": "数字，只填数字",
    "date": "日期，如 2025-06-01，不能晚于今天", "year": "四位年份，如 2025", "choice": "从列表中选",
    "yes_no": "是或否",
    "division": "行政区划名称，同名的填 12 位代码", "organization": "县内单位的名称",
    "credit_code": "18 位统一社会信用代码", "place": "度，如 113.581", "link": "http:// 或 https:// 开头的网址",
}  # fmt: skip


def _hint(column: Column, document: RegisterDocument) -> str:
    field = column.field
    if field is None:
        if document.evidence_required:
            return f"必填。佐证材料的文号、存放处或公开链接。{document.evidence_note}"
        return "可不填。不公开。"
    parts = ["必填" if field.required else "可不填", _KIND_HINTS[field.type]]
    if field.unit:
        parts.append(f"单位：{field.unit}")
    if field.minimum is not None:
        parts.append(f"不小于 {field.minimum}")
    if field.maximum is not None:
        parts.append(f"不大于 {field.maximum}")
    if field.type == "decimal":
        parts.append(f"小数最多 {field.places} 位")
    length = field.max_length or (LINK_LENGTH if field.type == "link" else 0)
    if length:
        parts.append(f"最多 {length} 个字")
    return "；".join(part for part in (*parts, field.help) if part) + "。"


def _example(column: Column, document: RegisterDocument, known: Known) -> Any:
    field = column.field
    if field is None:
        return "示例（虚构）：示例文件〔0000〕1号"
    given = document.sample_values.get(field.name)
    if given:
        value = given[0]
        return value[column.part] if column.part is not None and isinstance(value, list) else _plain(value)
    names = _allowed(column, known)
    if names:
        return names[0]
    west, south, east, north = known.box
    number = field.minimum if field.minimum is not None else Decimal(1)
    return {
        "integer": int(number),
        "decimal": number,
        "date": "2025-06-01",
        "year": 2025,
        "division": _some_division(field, known),
        "credit_code": "",
        "place": (west + east) / 2 if column.part == 0 else (south + north) / 2,
        "link": "https://example.org/",
    }.get(field.type, f"示例{field.title}（虚构）")


def _some_division(field: FieldSpec, known: Known) -> str:
    """The first division of the field's level, by name where only one is called so."""
    places = sorted({each for each in known.divisions.values() if each is not None})
    code, name = next(((code, name) for code, name, level in places if level == (field.level or level)), ("", ""))
    return name if known.divisions.get(name) else code


def _plain(value: Any) -> Any:
    return (YES if value else NO) if isinstance(value, bool) else value


def _allowed(column: Column, known: Known) -> list[str]:
    """The values to choose from; none where there is no list, or too long a one to choose from."""
    field = column.field
    if field is None:
        return []
    if field.type == "choice":
        return list(field.choices)
    if field.type == "yes_no":
        return [YES, NO]
    if field.type == "organization":
        return list(dict.fromkeys(name for _, name in known.organizations.values()))
    if field.type == "division" and field.level != "village":
        places = sorted({each for each in known.divisions.values() if each is not None})
        return [name for _, name, level in places if level == (field.level or "township")]
    return []


def _choose(sheet: Any, letter: str, source: str, title: str) -> None:
    rule = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
    rule.errorTitle, rule.error = title, "请从列表中选"
    rule.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(rule)


def _bound(sheet: Any, letter: str, field: FieldSpec) -> None:
    kind = "whole" if field.type == "integer" else "decimal"
    least = field.minimum if field.minimum is not None else Decimal(-999_999_999_999)
    most = field.maximum if field.maximum is not None else Decimal(999_999_999_999)
    rule = DataValidation(
        type=kind, operator="between", formula1=str(least), formula2=str(most), allow_blank=True, showErrorMessage=True
    )
    rule.errorTitle, rule.error = field.title, f"只填数字{f'，单位是{field.unit}' if field.unit else ''}"
    rule.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(rule)


def _text_cell(cell: Any, value: Any) -> Any:
    """Put a value into a cell; a text stays a text whatever it begins with."""
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True
    return cell


def faults_workbook(faults: Iterable[RowFault], title: str) -> bytes:
    """A workbook with a line for every fault: row, column, what is wrong."""
    return table("错误清单", ("行", "栏目", "问题"), ((each.row, each.column, each.message) for each in faults), title)


def table(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], title: str) -> bytes:
    """A workbook of one sheet, written row by row. `title` stands in the document's properties."""
    book = openpyxl.Workbook(write_only=True)
    book.properties.title = title
    sheet = book.create_sheet(name)
    for position, text in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = max(12, 2 * len(text) + 4)
    sheet.freeze_panes = "A2"
    for line in _with_header(header, rows):
        sheet.append([_text_cell(WriteOnlyCell(sheet), value) if _mistakable(value) else value for value in line])
    return _bytes(book)


def _mistakable(value: Any) -> bool:
    """Whether a spreadsheet would take a text for a formula or an error."""
    return isinstance(value, str) and value.startswith((*_FORMULA_STARTS, "#"))


def _with_header(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    yield header
    yield from rows


def export_cells(fields: Sequence[FieldSpec], values: Mapping[str, Any], known: Known) -> list[Any]:
    """A record's values as cells under `export_header`, typed: numbers as numbers, days as days, names for codes."""
    cells: list[Any] = []
    for field in fields:
        value = values.get(field.name)
        if field.type == "place":
            cells += [Decimal(each) for each in value] if value else [None, None]
        else:
            cells.append(_export_cell(field, value, known))
    return cells


def export_header(fields: Sequence[FieldSpec]) -> list[str]:
    """Column titles for `export_cells`, the same as in the template."""
    titles: list[str] = []
    for field in fields:
        titles += [field.title + LONGITUDE, field.title + LATITUDE] if field.type == "place" else [field.title]
    return titles


def _export_cell(field: FieldSpec, value: Any, known: Known) -> Any:
    if value is None:
        return None
    if field.type == "decimal":
        return Decimal(value)
    if field.type == "date":
        return date.fromisoformat(value)
    if field.type == "yes_no":
        return YES if value else NO
    if field.type == "organization":
        return known.organizations.get(value, (value, value))[1]
    if field.type == "division":
        found = known.divisions.get(value)
        return found[1] if found and known.divisions.get(found[1]) == found else value
    return value


def day_of(at: datetime | None) -> date | None:
    """The county's day of an instant, as a cell takes it."""
    return local_day(at) if at is not None else None


def _bytes(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
