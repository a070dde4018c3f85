"""A report as a Word document: title block, overview, a table a task, supervision, money."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table

from tanhui.plan import _report_files as files
from tanhui.plan.types import Status

BODY, HEADING = "宋体", "黑体"
"""Fonts that every Chinese office machine has."""

_TASK_WIDTHS = (12, 62, 50, 22, 20, 22, 69)
_INDICATOR_WIDTHS = (52, 42, 38, 20, 18, 30, 30, 27)


def write(content: Mapping[str, Any]) -> bytes:
    """The document's bytes: equal content, equal bytes."""
    content = files.readable(content)
    document = Document()
    as_of = date.fromisoformat(content["as_of"])
    _page(document)
    _properties(document, content, as_of)
    title = document.add_paragraph(style="Title")
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.add_run(content["title"])
    for text in files.title_lines(content):
        document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_heading("一、总体进展", 1)
    summary = content["summary"]
    statuses = files.status_line(content, [(status.value, status.label) for status in Status])
    document.add_paragraph(
        f"{len(content['tasks'])}项任务、{summary['indicators']}项指标，总完成率{summary['percent']}：{statuses}。"
    )
    document.add_paragraph(f"与上期比较：{summary['change']}。")
    _table(document, files.TASK_HEADER, files.task_rows(content), _TASK_WIDTHS)
    document.add_heading("二、各任务进展", 1)
    for task in content["tasks"]:
        _task(document, task)
    document.add_heading("三、分领域进展", 1)
    _table(document, files.TOPIC_HEADER, files.topic_rows(content), (35, 72, 90, 60))
    document.add_heading("四、督办通知", 1)
    _table(document, files.NOTICE_HEADER, files.notice_rows(content), (45, 16, 110, 43, 43))
    document.add_heading("五、典型案例", 1)
    _table(document, files.CASE_HEADER, files.case_rows(content), (20, 60, 177))
    document.add_heading("六、资金", 1)
    _table(document, files.FUNDING_HEADER, files.funding_rows(content), (60, 100))
    document.add_paragraph(f"方案内容摘要：{content['plan']['hash']}")
    file = io.BytesIO()
    document.save(file)
    return files.packed_again(file.getvalue(), as_of)


def _page(document: WordDocument) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    paragraph = document.styles["Title"].element.get_or_add_pPr()
    for border in paragraph.findall(qn("w:pBdr")):
        paragraph.remove(border)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number = OxmlElement("w:fldSimple")
    number.set(qn("w:instr"), "PAGE")
    footer._p.append(number)
    for name, font, size in (
        ("Normal", BODY, 10.5),
        ("Title", HEADING, 20),
        ("Heading 1", HEADING, 15),
        ("Heading 2", HEADING, 12),
    ):
        style = document.styles[name]
        style.font.name, style.font.size = font, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(theme), None)
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia"):
            fonts.set(qn(script), font)


def _properties(document: WordDocument, content: Mapping[str, Any], as_of: date) -> None:
    """Said by the content, not by the machine that wrote it."""
    moment = datetime.combine(as_of, time.min, UTC)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = content["title"], "", ""
    properties.last_modified_by, properties.revision, properties.language = "", 1, "zh-CN"
    properties.created = properties.modified = moment


def _task(document: WordDocument, task: Mapping[str, Any]) -> None:
    document.add_heading(f"{task['no']}. {task['title']}", 2)
    sub_tasks = task["sub_tasks"]
    parts = [
        f"牵头：{'、'.join(task['leads'])}",
        *([f"配合：{'、'.join(task['supporters'])}"] if task["supporters"] else []),
        f"状态：{task['label']}，完成率{task['percent']}",
        f"本期审核通过记录{task['records']}条",
    ]
    if sub_tasks["all"]:
        parts.append(f"子任务{sub_tasks['all']}项，完成{sub_tasks['done']}项，逾期{sub_tasks['late']}项")
    document.add_paragraph("；".join(parts) + "。")
    document.add_paragraph(f"与上期比较：{task['change']}。")
    _table(
        document, files.INDICATOR_HEADER, [files.indicator_row(each) for each in task["indicators"]], _INDICATOR_WIDTHS
    )


def _table(document: WordDocument, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    if not rows:
        document.add_paragraph("无。")
        return
    table = document.add_table(rows=1, cols=len(header), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _fill(table, 0, header, widths, bold=True)
    repeated = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(repeated)
    for number, row in enumerate(rows, start=1):
        table.add_row()
        _fill(table, number, row, widths)
    document.add_paragraph()


def _fill(table: Table, number: int, texts: Sequence[str], widths: Sequence[int], *, bold: bool = False) -> None:
    for cell, text, width in zip(table.rows[number].cells, texts, widths, strict=True):
        cell.width = Mm(width)
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(9), bold or None
        if bold:
            shade = OxmlElement("w:shd")
            for key, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", "E3F1EB")):
                shade.set(qn(key), value)
            cell._tc.get_or_add_tcPr().append(shade)
