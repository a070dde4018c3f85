"""Workbooks: the template is filled in, read, and exported again; every fault is told and nothing is stored."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from tests.rooms.plan.filing import (
    NOW,
    RESTAURANTS,
    SYSTEM,
    TRAININGS,
    approve,
    cells,
    define,
    document,
    figure,
    filed,
    officer,
    open_county,
    restaurant,
    stored,
    workbook,
)

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import queries as parties
from tanhui.plan import _sheets, queries, services
from tanhui.plan.models import Record
from tanhui.plan.types import FileFaults, NotYourTask, RowFault, Upload

pytestmark = pytest.mark.django_db

HEADER = [
    "餐厅名称",
    "位置（经度）",
    "位置（纬度）",
    "所在乡镇",
    "评定日期",
    "餐位",
    "面积",
    "类别",
    "是否通过",
    "主办单位",
    "年度",
    "信用代码",
    "公开链接",
    "说明",
    "佐证（文号、存放处或链接）",
]
GOOD: dict[str, Any] = {
    "餐厅名称": "甲",
    "所在乡镇": "长寿镇",
    "评定日期": date(2026, 5, 1),
    HEADER[-1]: "平教〔2026〕1号",
}


def line(**changes: Any) -> list[Any]:
    """A good row under the header, with some cells changed."""
    values = GOOD | changes
    return [values.get(title) for title in HEADER]


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def send(upload: Upload, **more: Any) -> list[str]:
    wanted = {"register": "restaurants", "department": "education", "at": NOW, "by": SYSTEM, **more}
    return services.file(workbook=upload, **wanted)


def faults(upload: Upload, register: str = "restaurants") -> list[tuple[int, str, str]]:
    """What filing says, which is what the check says before; nothing is stored."""
    before = stored()
    with pytest.raises(FileFaults) as refused:
        send(upload, register=register)
    assert stored() == before
    assert queries.check_workbook(register, upload, NOW) == list(refused.value.faults)
    return [(fault.row, fault.column, fault.message) for fault in refused.value.faults]


def test_the_template_has_headings_hints_lists_and_an_example() -> None:
    book = openpyxl.load_workbook(io.BytesIO(queries.template("restaurants")))
    assert book.sheetnames == ["填报", "示例（不导入）", "选项"]
    sheet = book["填报"]
    assert [cell.value for cell in sheet[1]] == HEADER
    assert sheet.max_row == 1
    hints = {cell.value: cell.comment.text for cell in sheet[1]}
    assert hints["餐位"] == "可不填；整数，只填数字；单位：个；不小于 1；不大于 5000。"
    assert hints["评定日期"] == "必填；日期，如 2025-06-01，不能晚于今天。"
    assert hints[HEADER[-1]] == "必填。佐证材料的文号、存放处或公开链接。现场照片"
    lists = {str(rule.sqref)[0]: rule for rule in sheet.data_validations.dataValidation}
    assert lists["H"].formula1 == "'选项'!$H$2:$H$3"
    assert (lists["F"].type, lists["F"].formula1, lists["F"].formula2) == ("whole", "1", "5000")
    choices = [[cell.value for cell in column if cell.value] for column in book["选项"].iter_cols()]
    assert choices[7] == ["类别", "正餐", "快餐"]
    assert choices[3] == ["所在乡镇", "加义镇", "长寿镇"]
    assert choices[8] == ["是否通过", "是", "否"]
    assert "平江县教育局" in choices[9]
    example = [cell.value for cell in book["示例（不导入）"][2]]
    assert example[0] == "示例餐厅甲（虚构）"
    assert "虚构" in book["示例（不导入）"]["A4"].value


def test_the_example_in_the_template_would_be_taken() -> None:
    book = openpyxl.load_workbook(io.BytesIO(queries.template("restaurants")))
    example = [cell.value for cell in book["示例（不导入）"][2]]
    assert len(send(workbook(HEADER, example))) == 1


def test_an_example_village_has_a_code_where_two_have_its_name() -> None:
    text = RESTAURANTS.replace("level: township", "level: village")
    define(document(text), document(TRAININGS))
    book = openpyxl.load_workbook(io.BytesIO(queries.template("restaurants")))
    assert book["示例（不导入）"]["D2"].value == "430626103201"
    assert book["选项"]["D1"].value is None


def test_template_filled_imported_exported_and_imported_again() -> None:
    book = openpyxl.load_workbook(io.BytesIO(queries.template("restaurants")))
    rows = [
        line(
            **{
                "位置（经度）": 113.581,
                "位置（纬度）": "28.7020001",
                "餐位": 120,
                "面积": 88.5,
                "类别": "正餐",
                "是否通过": "是",
                "主办单位": "教育局",
                "年度": 2026,
                "公开链接": "https://example.org/",
                "说明": "=1+1 是文字\n第二行",
            }
        ),
        line(餐厅名称="乙", 评定日期=datetime.combine(date(2026, 5, 2), time()), 餐位="1,000", 面积=None),
        [None] * len(HEADER),
        line(餐厅名称="丙", 评定日期="2026年5月3日"),
    ]
    for position, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            cell = book["填报"].cell(row=position, column=column, value=value)
            if isinstance(value, str):
                cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    upload = Upload("填报.xlsx", file.getvalue())
    assert queries.check_workbook("restaurants", upload, NOW) == []
    numbers = send(upload, by=officer())
    assert len(numbers) == 3
    assert [queries.record(number).note for number in numbers] == ["平教〔2026〕1号"] * 3
    approve(*numbers)
    assert figure("i-restaurants") == (3, 3)
    kept = {row.number: row.values for row in Record.objects.all()}
    assert kept[numbers[0]]["spot"] == ["113.581", "28.702"]
    assert kept[numbers[0]]["remark"] == "=1+1 是文字\n第二行"
    exported = cells(queries.export("restaurants"))
    assert exported[0] == [*HEADER[:-1], "编号", "填报部门", "审核日期", "示例"]
    assert exported[1][:5] == ["甲", 113.581, 28.702, "长寿镇", datetime.combine(date(2026, 5, 1), time())]
    assert exported[1][-4:] == [numbers[0], "平江县教育局", datetime.combine(date(2026, 9, 20), time()), None]
    for number in numbers:
        approve(*services.file(corrects=number, void=True, department="education", at=NOW, by=SYSTEM))
    again = [[*row[: len(HEADER) - 1], "平教〔2026〕1号"] for row in exported[1:]]
    fresh = send(workbook(HEADER, *again))
    assert [Record.objects.get(number=number).values for number in fresh] == [kept[number] for number in numbers]


def test_what_looks_like_a_formula_goes_out_as_text() -> None:
    filed(restaurant('=HYPERLINK("x")', remark="#REF!"), register="restaurants")
    remark = cells(queries.export("restaurants"))[1][13]
    assert remark == "#REF!"
    for content in (queries.export("restaurants"), queries.export("restaurants", public_only=True)):
        book = openpyxl.load_workbook(io.BytesIO(content))
        cell = book.worksheets[0]["A2"]
        assert (cell.value, cell.data_type, cell.quotePrefix) == ('=HYPERLINK("x")', "s", True)
        assert "<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()


def test_the_public_export_has_public_columns_and_marks_samples() -> None:
    filed(restaurant(seats="12"), register="restaurants", sample=True)
    header, row = cells(queries.export("restaurants", public_only=True))
    assert header == [*HEADER[:5], "类别", "编号", "填报部门", "审核日期", "示例"]
    assert row[-1] == "示例"


def test_every_fault_is_told_by_row_and_column() -> None:
    filed(restaurant("已有"), register="restaurants")
    upload = workbook(
        HEADER,
        line(餐位="12人", 评定日期=date(2026, 12, 1)),
        line(餐厅名称="乙", 所在乡镇="汨罗镇"),
        line(餐厅名称="丙"),
        line(餐厅名称="丙", 面积="大"),
        line(餐厅名称="丙"),
        line(餐厅名称="已有"),
        line(餐厅名称=None, **{HEADER[-1]: None}),
        line(餐厅名称="丁", 说明="=1+1", 餐位="#REF!"),
        [*line(餐厅名称="戊"), "多余"],
        formulas=True,
    )
    assert faults(upload) == [
        (2, "评定日期", "2026-12-01 还没有到，只能填已经发生的"),
        (2, "餐位", "“12人”不是数字，只填数字，单位是个"),
        (3, "所在乡镇", "没有“汨罗镇”这个行政区划，请从列表中选"),
        (5, "面积", "“大”不是数字，只填数字，单位是平方米"),
        (6, "餐厅名称", "与第 4 行重复"),
        (7, "餐厅名称", f"已经登记过，记录编号 {Record.objects.get().number}"),
        (8, "餐厅名称", "必填，还没有填"),
        (8, HEADER[-1], "这本台账须有佐证，请写明文号、存放处或公开链接"),
        (9, "餐位", "单元格里是错误值 #REF!"),
        (9, "说明", "单元格里是公式，请填数值"),
        (10, "P", "这一格没有列名"),
    ]


def test_wrong_columns_are_faults_of_the_first_row() -> None:
    header = ["餐厅", *HEADER[1:4], "评定日期", "评定日期", *HEADER[5:-1]]
    found = faults(workbook(header, ["甲", None, None, "长寿镇", date(2026, 5, 1), None, "多"]))
    assert found == [
        (1, "餐厅", "台账没有这一列，请按模板的列名"),
        (1, "评定日期", "这一列出现了两次"),
        (1, "餐厅名称", "缺少这一列，请按模板的列名"),
        (1, HEADER[-1], "缺少这一列，请按模板的列名"),
        (2, "餐位", "“多”不是数字，只填数字，单位是个"),
    ]


def test_columns_may_stand_in_any_order() -> None:
    row = dict(zip(HEADER, line(), strict=True))
    shuffled = HEADER[::-1]
    assert len(send(workbook(shuffled, [row[title] for title in shuffled]))) == 1


def test_a_register_without_required_evidence_may_leave_the_note_out() -> None:
    header = ["日期", "主题", "人数", "对象", "是否通过", "绿色数量", "总数量"]
    assert send(workbook(header, [date(2026, 5, 1), "甲", 3, "干部", "是", 0.1, 3]), register="trainings")
    assert Record.objects.get().values["green"] == "0.1"


def test_the_faults_come_as_a_workbook() -> None:
    found = [RowFault(2, "餐位", "“12人”不是数字"), RowFault(3, "餐厅名称", "=危险")]
    assert cells(queries.faults_workbook(found, "restaurants")) == [
        ["行", "栏目", "问题"],
        [2, "餐位", "“12人”不是数字"],
        [3, "餐厅名称", "=危险"],
    ]
    with pytest.raises(NotFound):
        queries.faults_workbook(found, "nothing")


def test_another_departments_workbook_is_refused_and_audited() -> None:
    before = stored()
    with pytest.raises(NotYourTask):
        send(workbook(HEADER, line()), by=officer("tourism", "culture-tourism"))
    assert stored() == before
    assert len(parties.audit_trail(action="plan.file_refused")) == 1


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return file.getvalue()


def repacked(change: str, content: bytes) -> bytes:
    """A good workbook with one part replaced."""
    file = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(workbook(HEADER, line()).content))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in good.infolist():
            archive.writestr(part, content if part.filename == change else good.read(part))
    return file.getvalue()


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet>&a;</worksheet>"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "不是可以读的 Excel"),
        (b"name,seats\r\n1,2\r\n", "不是可以读的 Excel"),
        (b"%PDF-1.4", "不是可以读的 Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "旧版 Excel"),
        (b"PK\x03\x04" + bytes(100), "不是可以读的 Excel"),
        (packed(a_xml=b"<a/>"), "不是可以读的 Excel"),
        (packed(xl__workbook_xml=bytes(30_000_000)), "解开后太大"),
        (packed(**{f"p{n}_xml": b"<a/>" for n in range(300)}), "解开后太大"),
        (bytes(6 * 1024 * 1024), "超过 5 MB"),
    ],
)
def test_what_is_no_workbook_is_refused_politely(content: bytes, message: str) -> None:
    before = stored()
    with pytest.raises(BadInput, match=message):
        send(Upload("填报.xlsx", content))
    with pytest.raises(BadInput, match=message):
        queries.check_workbook("restaurants", Upload("填报.xlsx", content), NOW)
    assert stored() == before


@pytest.mark.parametrize("content", [ENTITIES, b"<worksheet", b"", bytes(1000)])
def test_a_damaged_or_cunning_sheet_is_refused_politely(content: bytes) -> None:
    before = stored()
    with pytest.raises(BadInput, match="不是可以读的 Excel"):
        send(Upload("填报.xlsx", repacked("xl/worksheets/sheet1.xml", content)))
    assert stored() == before


def test_a_part_that_unpacks_to_more_than_it_says_is_refused() -> None:
    content = bytearray(packed(xl__workbook_xml=bytes(2_000_000)))
    for place in (content.find(b"PK\x03\x04") + 22, content.find(b"PK\x01\x02") + 24):
        content[place : place + 4] = (10).to_bytes(4, "little")
    with pytest.raises(BadInput, match="不是可以读的 Excel"):
        send(Upload("填报.xlsx", bytes(content)))


def test_empty_and_huge_sheets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="没有要填报的行"):
        send(workbook(HEADER))
    with pytest.raises(BadInput, match="没有要填报的行"):
        send(Upload("模板.xlsx", queries.template("restaurants")))
    assert faults(workbook([]))[0] == (1, "餐厅名称", "缺少这一列，请按模板的列名")
    monkeypatch.setattr("tanhui.plan._records.MAX_ROWS", 3)
    before = stored()
    with pytest.raises(BadInput, match="一次最多 3 行，现有 4 行"):
        send(workbook(HEADER, *[line(餐厅名称=f"餐厅{n}") for n in range(4)]))
    assert stored() == before


def test_rows_far_down_are_not_passed_over_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sheets, "LAST_ROW", 3)
    before = stored()
    with pytest.raises(BadInput, match="第 3 行以后"):
        send(workbook(HEADER, *[line(餐厅名称=f"餐厅{n}") for n in range(4)]))
    assert stored() == before


def test_an_import_of_many_rows_counts_them_once() -> None:
    rows = [line(餐厅名称=f"餐厅{n}", 餐位=n + 1, 面积=Decimal("1.5")) for n in range(400)]
    numbers = send(workbook(HEADER, *rows))
    assert len(set(numbers)) == 400
    assert approve(*numbers) == 400
    assert figure("i-restaurants") == (400, 400)
    assert len(queries.figures("i-restaurants")) == 1


def test_a_field_may_be_called_as_the_note_in_no_register() -> None:
    text = TRAININGS.replace("title: 主题", "title: 备注（不公开）")
    with pytest.raises(BadInput, match="备注（不公开）"):
        define(document(RESTAURANTS), document(text))
