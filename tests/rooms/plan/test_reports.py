"""Reports: published once, compared with the last, with Word and Excel files that say the same as the page."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook
from tests.rooms.plan import world

from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.plan import _report_excel, _report_word, queries, services
from tanhui.plan.models import Report
from tanhui.plan.types import (
    CaseDetails,
    FundingDetails,
    NoticeDetails,
    OverrideDetails,
    Status,
    SubTaskDetails,
)

pytestmark = pytest.mark.django_db
AUTUMN = datetime(2026, 9, 30, 4, tzinfo=UTC)
AUTUMN_DAY = date(2026, 9, 30)


def publish(staff: world.Staff, as_of: date = world.TODAY, at: datetime = world.NOW, **more: Any) -> str:
    return services.publish_report(as_of=as_of, at=at, by=staff.office, **more)


def busy(staff: world.Staff) -> None:
    """A first period with something of everything."""
    world.approve(staff, world.file_school(staff), world.file_restaurant(staff))
    world.approve(staff, world.report(staff, world.WASTE, "12.5"))
    for details in (
        OverrideDetails(world.RULES, Status.ON_TIME, "=1+1 省里延后"),
        NoticeDetails(world.COMMERCE, 2, "办法没有出台", date(2026, 7, 1)),
        SubTaskDetails(task_no=1, department=world.EDUCATION, title="选学校", due_on=date(2026, 6, 1)),
        FundingDetails(
            "planned", 1_234_567_89, date(2026, 6, 1), task_no=2, department=world.COMMERCE, title="补助",
            origin="县级财政", year=2026,
        ),
    ):  # fmt: skip
        services.work(details=details, at=world.NOW, by=staff.office)
    case = CaseDetails(task_no=1, department=world.EDUCATION, title="屋顶菜园", text="做法")
    number = services.work(details=case, at=world.NOW, by=staff.officer)
    services.work(details=CaseDetails(number=number, publish=True), at=world.NOW, by=staff.reviewer)


def content(number: str) -> dict[str, Any]:
    return dict(queries.report(number).content)


def test_a_report_says_how_everything_stands() -> None:
    staff = world.open_plan()
    busy(staff)
    view = queries.report(publish(staff))
    said: dict[str, Any] = dict(view.content)
    assert view.title == "虚构县绿色行动方案（示例）进展报告（截至2026年6月15日）"
    assert (said["as_of"], said["previous"], said["samples"]) == ("2026-06-15", None, False)
    assert said["summary"]["counts"] == {"done": 0, "on_time": 4, "due_soon": 0, "late": 0, "no_data": 2}
    assert said["summary"]["change"] == "首期报告，没有上期可比"
    first, second, _ = said["tasks"]
    assert (first["label"], first["percent"], first["records"]) == ("正常推进", "16.66%", 1)
    assert first["sub_tasks"] == {"all": 1, "done": 0, "late": 1}
    assert second["records"] == 2
    school = first["indicators"][0]
    assert (school["target"], school["value"], school["source"], school["percent"], school["change"]) == (
        "到2090年，不少于4所", "1所", "台账：绿色学校台账（示例）", "25%", "首期",
    )  # fmt: skip
    rules = second["indicators"][2]
    assert (rules["label"], rules["notes"]) == ("正常推进", ["人工判定（按规则为逾期）：=1+1 省里延后"])
    assert [(each["department"], each["label"], each["late"]) for each in said["notices"]] == [
        ("商务局", "待答复", False)
    ]
    assert [each["title"] for each in said["cases"]] == ["屋顶菜园"]
    assert said["funding"] == {"planned_fen": 1_234_567_89, "committed_fen": 0, "paid_fen": 0}
    assert len(said["topics"]) == 10
    assert view.content_hash == digest(view.content).hex()


def test_the_second_report_compares_with_the_first() -> None:
    staff = world.open_plan()
    busy(staff)
    first = publish(staff)
    world.approve(staff, world.file_school(staff, "虚构二中", at=AUTUMN), at=AUTUMN)
    world.approve(staff, world.report(staff, world.WASTE, "14", as_of=AUTUMN_DAY, at=AUTUMN), at=AUTUMN)
    world.approve(staff, world.report(staff, world.RULES, "1", as_of=AUTUMN_DAY, at=AUTUMN), at=AUTUMN)
    second = publish(staff, AUTUMN_DAY, AUTUMN, title="三季度报告")
    said = content(second)
    assert said["previous"] == {"number": first, "title": queries.report(first).title, "as_of": "2026-06-15"}
    school, classes = said["tasks"][0]["indicators"]
    assert (school["change"], classes["change"]) == ("由1所增至2所", "仍无数据")
    assert [each["change"] for each in said["tasks"][1]["indicators"]] == [
        "与上期持平", "由12.5吨增至14吨", "本期首次有数据：已完成",
    ]  # fmt: skip
    assert "比上一次数据后退" in said["tasks"][1]["indicators"][1]["notes"]
    assert said["tasks"][0]["change"] == "完成率由16.66%变为33.33%"
    assert said["tasks"][2]["change"] == "与上期持平"
    assert [task["records"] for task in said["tasks"]] == [1, 2, 0]
    assert said["cases"] == []
    assert said["notices"][0]["late"]
    assert said["summary"]["change"].startswith("总完成率由")
    assert (queries.report(first).next, queries.report(second).previous) == (second, first)
    assert [each.title for each in queries.reports()] == ["三季度报告", queries.report(first).title]


def test_a_changed_target_and_a_new_indicator_are_named() -> None:
    staff = world.open_plan()
    publish(staff)
    plan = world.draft()
    school, classes = plan.tasks[0].indicators
    moved = replace(school, value=Decimal(8))
    new = replace(classes, id="i-12121212", text="每月不同的事情", unit="次")
    later = world.changed(plan, 1, indicators=(moved, new))
    world.adopt(later, at=AUTUMN)
    said = content(publish(staff, AUTUMN_DAY, AUTUMN))
    assert [each["change"] for each in said["tasks"][0]["indicators"]] == [
        "目标由“到2090年，不少于4所”改为“到2090年，不少于8所”", "新列入的指标",
    ]  # fmt: skip


def test_a_published_report_never_changes() -> None:
    staff = world.open_plan()
    number = publish(staff)
    before = (content(number), *queries.report_file(number, "word"), *queries.report_file(number, "excel"))
    world.approve(staff, world.file_school(staff, at=AUTUMN), at=AUTUMN)
    assert (content(number), *queries.report_file(number, "word"), *queries.report_file(number, "excel")) == before
    for change in (lambda: Report.objects.update(content={}), lambda: Report.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_preview_stores_nothing_and_says_what_will_be_published() -> None:
    staff = world.open_plan()
    busy(staff)
    seen = queries.report_preview(world.TODAY, world.TODAY)
    assert not Report.objects.exists()
    assert seen == content(publish(staff))
    with pytest.raises(Conflict):
        queries.report_preview(world.TODAY, world.TODAY)


def test_what_cannot_be_published_is_refused() -> None:
    staff = world.hire()
    with pytest.raises(BadInput, match="还没有方案"):
        publish(staff)
    world.organizations()
    world.adopt()
    with pytest.raises(BadInput, match="还没有方案"):
        publish(staff, date(2025, 12, 31))
    with pytest.raises(BadInput, match="以后"):
        publish(staff, world.TODAY + timedelta(days=1))
    with pytest.raises(BadInput):
        publish(staff, title="长" * 121)
    for by in (staff.officer, staff.reviewer, staff.nobody):
        with pytest.raises(Forbidden):
            services.publish_report(as_of=world.TODAY, at=world.NOW, by=by)
    publish(staff)
    for day in (world.TODAY, world.TODAY - timedelta(days=1)):
        with pytest.raises(Conflict, match="已经发布"):
            publish(staff, day)
    assert [entry.action for entry in parties.audit_trail(actor="staff:office")] == ["plan.publish_report"]
    with pytest.raises(NotFound):
        queries.report("rpt_00000000000000000000000000")
    with pytest.raises(NotFound):
        queries.report_file(queries.reports()[0].number, "pdf")


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_publish_one_report(in_threads: Callable[..., list[Any]]) -> None:
    staff = world.open_plan()
    results = in_threads(*[lambda: publish(staff)] * 2)
    assert sorted(type(each).__name__ for each in results) == ["Conflict", "str"]
    assert Report.objects.count() == 1


def test_the_word_file_says_what_the_content_says() -> None:
    staff = world.open_plan()
    busy(staff)
    number = publish(staff)
    said = content(number)
    name, file = queries.report_file(number, "word")
    assert name == f"{said['title']}.docx"
    document = Document(io.BytesIO(file))
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == said["title"]
    assert texts[1:4] == [
        "方案：虚构县绿色行动方案（示例）（征求意见稿），第1版", "数据截至：2026年6月15日", "上一期：无",
    ]  # fmt: skip
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name.startswith("Heading")]
    assert headings == [
        "一、总体进展", "二、各任务进展", "1. 绿色学校", "2. 绿色餐饮", "3. 绿色宣传", "三、分领域进展", "四、督办通知",
        "五、典型案例", "六、资金",
    ]  # fmt: skip
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    overview, *tasks = tables[:4]
    assert overview[0] == ["序号", "任务", "牵头单位", "状态", "完成率", "本期记录", "与上期比较"]
    assert [row[1:5] for row in overview[1:]] == [
        [task["title"], "、".join(task["leads"]), task["label"], task["percent"]] for task in said["tasks"]
    ]
    for table, task in zip(tasks, said["tasks"], strict=True):
        assert [row[0] for row in table[1:]] == [each["text"] for each in task["indicators"]]
        assert [row[1] for row in table[1:]] == [each["target"] for each in task["indicators"]]
        assert [row[3] for row in table[1:]] == [each["label"] for each in task["indicators"]]
    assert tasks[0][1][2] == "1所（2026年6月15日）"
    assert tables[-1][1:] == [["计划", "1,234,567.89元"], ["落实", "0.00元"], ["支付", "0.00元"]]
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) == "宋体"


def test_the_excel_file_says_what_the_content_says_and_holds_no_formula() -> None:
    staff = world.open_plan()
    busy(staff)
    number = publish(staff)
    said = content(number)
    name, file = queries.report_file(number, "excel")
    assert name == f"{said['title']}.xlsx"
    book = load_workbook(io.BytesIO(file))
    assert book.sheetnames == ["总览", "指标", "分领域", "督办", "案例", "资金"]
    for sheet in book:
        assert sheet.cell(1, 1).value == said["title"]
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    sheet = book["指标"]
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert rows[0][:4] == ("任务", "任务名称", "指标", "目标")
    expected = [
        (str(task["no"]), each["text"], each["target"], each["label"])
        for task in said["tasks"]
        for each in task["indicators"]
    ]
    assert [(row[0], row[2], row[3], row[5]) for row in rows[1:]] == expected
    assert sheet.freeze_panes == "A4"
    assert sheet.cell(3, 3).font.name == "宋体"
    overview = list(book["总览"].iter_rows(values_only=True))
    header = next(number for number, row in enumerate(overview) if row[0] == "序号")
    assert [row[4] for row in overview[header + 1 :]] == [task["percent"] for task in said["tasks"]]
    assert [row[0] for row in book["案例"].iter_rows(min_row=4, values_only=True)] == ["1"]


def test_equal_content_gives_equal_bytes_and_no_time_of_writing() -> None:
    staff = world.open_plan()
    busy(staff)
    said = content(publish(staff))
    for write, kind in ((_report_word.write, "word"), (_report_excel.write, "excel")):
        assert write(said) == write(said) == queries.report_file(queries.reports()[0].number, kind)[1]
        with zipfile.ZipFile(io.BytesIO(write(said))) as packed:
            assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            core = packed.read("docProps/core.xml").decode()
        assert core.count("2026-06-15T00:00:00Z") == 2
        assert write(said | {"title": "别的"}) != write(said)


def test_control_characters_and_empty_lists_break_no_file() -> None:
    staff = world.open_plan()
    said = content(publish(staff))
    odd: dict[str, Any] = said | {"title": "一\x0b二\x00", "tasks": [], "topics": [], "notices": [], "cases": []}
    document = Document(io.BytesIO(_report_word.write(odd)))
    assert document.paragraphs[0].text == "一二"
    assert "无。" in [paragraph.text for paragraph in document.paragraphs]
    book = load_workbook(io.BytesIO(_report_excel.write(odd)))
    assert book["指标"].cell(4, 1).value == "无"
