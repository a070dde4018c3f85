"""A report as an Excel workbook: overview, indicators, fields, notices, cases, money. Texts are never formulas."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from tanhui.plan import _report_files as files
from tanhui.plan.types import Status

_FONT = "宋体"
_THIN = Side(style="thin", color="B7C4BD")
_GRID = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_SHADE = PatternFill("solid", fgColor="E3F1EB")
_WRAP = Alignment(wrap_text=True, vertical="top")


def write(content: Mapping[str, Any]) -> bytes:
    """The workbook's bytes: equal content, equal bytes."""
    content = files.readable(content)
    as_of = date.fromisoformat(content["as_of"])
    book = Workbook()
    book.remove(book.active)
    moment = datetime.combine(as_of, time.min, UTC).replace(tzinfo=None)
    book.properties.title, book.properties.creator = content["title"], ""
    book.properties.created = book.properties.modified = moment
    summary = content["summary"]
    statuses = files.status_line(content, [(status.value, status.label) for status in Status])
    intro = [
        *files.title_lines(content),
        f"{len(content['tasks'])}项任务、{summary['indicators']}项指标，总完成率{summary['percent']}：{statuses}",
        f"与上期比较：{summary['change']}",
        f"方案内容摘要：{content['plan']['hash']}",
    ]
    _sheet(
        book, "总览", content["title"], intro, files.TASK_HEADER, files.task_rows(content), (6, 28, 24, 12, 10, 10, 36)
    )
    indicators = [
        (str(task["no"]), task["title"], *files.indicator_row(each))
        for task in content["tasks"]
        for each in task["indicators"]
    ]
    header = ("任务", "任务名称", *files.INDICATOR_HEADER)
    _sheet(book, "指标", content["title"], [], header, indicators, (6, 22, 34, 24, 22, 12, 10, 20, 24, 30))
    _sheet(book, "分领域", content["title"], [], files.TOPIC_HEADER, files.topic_rows(content), (16, 36, 44, 30))
    _sheet(book, "督办", content["title"], [], files.NOTICE_HEADER, files.notice_rows(content), (20, 8, 60, 18, 18))
    _sheet(book, "案例", content["title"], [], files.CASE_HEADER, files.case_rows(content), (8, 20, 60))
    _sheet(book, "资金", content["title"], [], files.FUNDING_HEADER, files.funding_rows(content), (16, 24))
    file = io.BytesIO()
    book.save(file)
    return files.packed_again(file.getvalue(), as_of)


def _sheet(
    book: Workbook,
    name: str,
    title: str,
    intro: Sequence[str],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
) -> None:
    sheet = book.create_sheet(name)
    _put(sheet, 1, 1, title, Font(name=_FONT, size=15, bold=True))
    for number, text in enumerate(intro, start=2):
        _put(sheet, number, 1, text, Font(name=_FONT, size=10.5))
    top = len(intro) + 3
    for column, (text, width) in enumerate(zip(header, widths, strict=True), start=1):
        cell = _put(sheet, top, column, text, Font(name=_FONT, size=10.5, bold=True))
        cell.fill, cell.border, cell.alignment = _SHADE, _GRID, _WRAP
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate(rows, start=top + 1):
        for column, text in enumerate(row, start=1):
            cell = _put(sheet, number, column, text, Font(name=_FONT, size=10.5))
            cell.border, cell.alignment = _GRID, _WRAP
    if not rows:
        _put(sheet, top + 1, 1, "无", Font(name=_FONT, size=10.5))
    sheet.freeze_panes = sheet.cell(top + 1, 1)
    sheet.print_title_rows = f"{top}:{top}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _put(sheet: Worksheet, row: int, column: int, text: str, font: Font) -> Any:
    """A text as it is: one that begins like a formula stays a text."""
    cell = sheet.cell(row, column)
    cell.value, cell.data_type = text, "s"
    cell.font = font
    return cell
