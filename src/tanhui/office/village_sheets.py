"""The stock list of an exchange day as an Excel workbook: what each row may hold, and every fault by row and column.

Formulas are never executed: in what comes in they are faults.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any

import openpyxl
from django import forms
from openpyxl.styles import Font, PatternFill

from tanhui.kernel.days import day_end, day_start
from tanhui.office.plan_office_forms import day_field
from tanhui.rewards.types import MerchantView, OfferDetails, OfferKind

TITLE, POINTS, FACE, QUANTITY, LIMIT, TERMS = "品名", "兑换积分", "面值（元）", "数量", "每人限兑", "说明"
COLUMNS = (TITLE, POINTS, FACE, QUANTITY, LIMIT, TERMS)
_OPTIONAL = (LIMIT, TERMS)
_MOST_ROWS, _MOST_BYTES, _MOST_UNPACKED, _MOST_PARTS = 200, 1024 * 1024, 24 * 1024 * 1024, 60
_TEXT, _LONG = 80, 500
_HIGHEST = {POINTS: 10_000_000, QUANTITY: 1_000_000, LIMIT: 1_000_000}


@dataclass(frozen=True)
class StockRow:
    """One kind of goods."""

    title: str
    points: int
    face_fen: int
    quantity: int
    limit: int | None
    terms: str


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: row of the sheet, title of the column."""

    row: int
    column: str
    words: str


class StockForm(forms.Form):
    """Whose goods, when, and the list."""

    merchant = forms.ChoiceField(label="村组（商户）")
    first = day_field("兑换日")
    last = day_field("最后一天（含）", required=False, help_text="只有一天的不填")
    file = forms.FileField(
        label="物资清单",
        max_length=120,
        help_text="Excel（.xlsx），按模板填，最多 200 行、1 MB",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的", "max_length": "文件名太长，请改短"},
    )

    def __init__(self, *args: Any, merchants: Sequence[MerchantView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["merchant"].choices = [(each.number, each.title) for each in merchants]  # type: ignore[attr-defined]

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > _MOST_BYTES:
            raise forms.ValidationError("文件超过 1 MB，请只留物资清单这一张表")
        content: bytes = file.read()
        if PurePath(file.name).suffix.lower() != ".xlsx" or not _is_workbook(content):
            raise forms.ValidationError("这不是可以读的 Excel（xlsx）文件，请下载模板填写，或另存为 xlsx")
        return content

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "最后一天不能早于兑换日")
        return cleaned

    def details(self, row: StockRow, stock: str) -> OfferDetails:
        """A row as a draft: exchanged and used on these days, at this group."""
        data = self.cleaned_data
        ends = day_end(data["last"] or data["first"])
        return OfferDetails(
            kind=OfferKind.GOODS,
            title=row.title,
            terms=row.terms or "在村组集中兑换日当场领取。",
            price_points=row.points,
            face_value_fen=row.face_fen,
            sale_from=day_start(data["first"]),
            sale_to=ends,
            valid_until=ends,
            per_person_limit=row.limit,
            stock=stock,
            merchants=(data["merchant"],),
        )


def _is_workbook(content: bytes) -> bool:
    """A sound archive of bounded size in which no part declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
                return False
            xml = (archive.read(part) for part in parts if part.filename.endswith((".xml", ".rels")))
            if any(b"<!DOCTYPE" in text or b"<!ENTITY" in text for text in xml):
                return False
            openpyxl.load_workbook(io.BytesIO(content), read_only=True).close()
    except Exception:  # the library raises whatever a torn file makes it meet
        return False
    return True


def read_stock(content: bytes) -> tuple[list[StockRow], list[Fault]]:
    """The rows of the first sheet, and every fault; where there is one, the rows mean nothing."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    lines = book.worksheets[0].iter_rows(min_row=1, max_row=_MOST_ROWS + 2, max_col=40)
    header = [" ".join(str(cell.value or "").split()) for cell in next(lines, ())]
    faults = [Fault(1, each, "缺少这一列，请按模板的列名") for each in COLUMNS if each not in header]
    faults += [Fault(1, each, "这一列出现了两次") for each in COLUMNS if header.count(each) > 1]
    if faults:
        return [], faults
    rows, seen = [], dict[str, int]()
    for number, cells in enumerate(lines, 2):
        values = {title: cells[header.index(title)] for title in COLUMNS if header.index(title) < len(cells)}
        if all(cell.value in (None, "") for cell in values.values()):
            continue
        if number > _MOST_ROWS + 1:
            faults.append(Fault(number, TITLE, f"超过{_MOST_ROWS}行，请分成两个文件"))
            break
        row, wrong = _row(number, values)
        faults += wrong
        if row and row.title in seen:
            faults.append(Fault(number, TITLE, f"与第{seen[row.title]}行重复"))
        elif row:
            seen[row.title] = number
            rows.append(row)
    book.close()
    if not rows and not faults:
        faults.append(Fault(2, TITLE, "清单里没有物品"))
    return rows, faults


def _row(number: int, cells: dict[str, Any]) -> tuple[StockRow | None, list[Fault]]:
    faults, values = [], dict[str, Any]()
    for title in COLUMNS:
        cell = cells.get(title)
        raw = None if cell is None else cell.value
        try:
            if cell is not None and cell.data_type in ("f", "e"):
                raise ValueError("单元格里是公式或错误值，请填数值")
            values[title] = _value(title, raw)
        except ValueError as error:
            faults.append(Fault(number, title, str(error)))
    if faults:
        return None, faults
    return StockRow(*(values[title] for title in COLUMNS)), []


def _value(title: str, raw: Any) -> Any:
    """What a cell means. Raises ValueError with what is wrong."""
    text = "" if raw is None else " ".join(str(raw).split())
    if not text:
        if title in _OPTIONAL:
            return None if title == LIMIT else ""
        raise ValueError("这一格要填")
    if title in (TITLE, TERMS):
        most = _TEXT if title == TITLE else _LONG
        if len(text) > most:
            raise ValueError(f"最多{most}个字，现在有{len(text)}个")
        return text
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"“{text[:20]}”不是数字") from error
    if not number.is_finite() or number <= 0:
        raise ValueError("要大于 0")
    if title == FACE:
        if number > 1_000_000 or number != number.quantize(Decimal("0.01")):
            raise ValueError("面值最多一百万元，精确到分")
        return int(number * 100)
    if number != number.to_integral_value() or number > _HIGHEST[title]:
        raise ValueError(f"要填整数，最多 {_HIGHEST[title]}")
    return int(number)


def stock_template() -> bytes:
    """The columns with one invented example to write over."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "物资清单"
    sheet.append(list(COLUMNS))
    sheet.append(["肥皂（示例，请改）", 120, 3.5, 40, 2, "一块"])
    for cell, width in zip(sheet[1], _widths(), strict=True):
        cell.font = Font(bold=True)
        if cell.value not in _OPTIONAL:
            cell.fill = PatternFill("solid", fgColor="FFF2CC")
        sheet.column_dimensions[cell.column_letter].width = width
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _widths() -> Iterator[int]:
    yield from (24, 12, 12, 10, 12, 30)
