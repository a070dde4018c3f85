"""Registers in the office: rows by a form that the register makes, workbooks, refusals beside the fields."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter
from tests.doors.plan_desks import (
    ROW,
    get,
    group,
    numbers,
    of,
    officer,
    plan,
    post,
    proof,
    reviewer,
    teacher,
    value,
)
from tests.doors.plan_world import EDUCATION, PDF, REGISTER, SIGNS

from tanhui.parties import queries as parties
from tanhui.parties.types import Role
from tanhui.plan import queries

__all__ = ["group", "numbers", "officer", "plan", "reviewer", "teacher"]

pytestmark = pytest.mark.django_db


# ---- registers


def test_registers_are_searched_and_say_what_they_feed(officer: Client) -> None:
    page = get(officer, "plan-registers")
    assert page.text.index("本单位填报的台账") < page.text.index("林场技术培训台账") < page.text.index("护林标识牌台账")
    assert "护林标识牌台账" not in get(officer, "plan-registers", text="培训").text
    assert "护林标识牌台账" in get(officer, "plan-registers", task="2").text
    one = get(officer, "plan-register", REGISTER)
    for words in (
        "一场林场技术培训",
        "林场技术培训场次",
        "培训名称、举办日期都相同的，只能登记一次",
        "油茶修剪（示例）",
        "苗圃管理（示例）",
    ):
        assert words in one.text
    assert "油茶修剪" not in get(officer, "plan-register", REGISTER, state="filed").text
    assert "苗圃管理" not in get(officer, "plan-register", REGISTER, text="油茶").text
    assert "没有记录" in get(officer, "plan-register", REGISTER, state="withdrawn").text


def test_template_and_export_are_workbooks(officer: Client) -> None:
    for page, words in (("plan-template", "培训名称"), ("plan-export", "油茶修剪（示例）")):
        response: Any = officer.get(reverse(f"office:{page}", args=[REGISTER]))
        assert "attachment" in response["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
        assert any(words in cell for cell in cells), page


def test_the_form_asks_what_the_register_says(officer: Client) -> None:
    page = get(officer, "plan-file", REGISTER)
    names = {each.get("name"): each for each in (*page.all("input"), *page.all("select"), *page.all("textarea"))}
    assert names["value_held_on"]["type"] == "date"
    assert names["value_audience"]["type"] == "radio"
    assert names["value_township"]["list"] == "known-divisions-township"
    assert {"value_spot", "value_spot_latitude", "value_season", "value_content", "evidence"} <= set(names)
    assert "三市镇" in {each["value"] for each in page.all("option") if "value" in each}
    assert "佐证材料（必须上传）" in page.text
    assert "参加人数（人）" in page.text


def test_a_row_is_filed_with_its_evidence_and_waits_for_review(officer: Client) -> None:
    page = post(officer, "plan-file", REGISTER, data={**ROW, "evidence": [proof(), proof("通知.pdf", PDF + b"%2")]})
    assert "等待" in page.text
    filed = queries.records(register=REGISTER, text="油茶修剪二期")[0]
    assert filed.state == "filed"
    assert [each.name for each in filed.evidence] == ["签到.pdf", "通知.pdf"]
    assert filed.place is not None
    again = post(officer, "plan-file", REGISTER, data={**ROW, "evidence": proof()}, status=409)
    assert "已经登记过" in again.text


def test_every_fault_of_a_row_stands_beside_its_field_and_nothing_typed_is_lost(officer: Client) -> None:
    wrong = ROW | {
        "value_title": "",
        "value_held_on": "2999-01-01",
        "value_people": "很多人",
        "value_township": "不存在镇",
        "value_since": "二五年",
        "value_spot": "28.702",
        "value_spot_latitude": "113.581",
        "value_link": "不是网址",
        "note": "没有电话",
    }
    page = post(officer, "plan-file", REGISTER, data=wrong, status=422)
    for words in (
        "必填",
        "还没有到",
        "“很多人”不是数字",
        "没有“不存在镇”",
        "不是年份",
        "经纬度有没有填反",
        "网址",
        "须上传佐证材料",
    ):
        assert words in page.text
    assert "参加人数：" not in page.text
    assert value(page, "value_people") == "很多人"
    assert value(page, "value_spot_latitude") == "113.581"
    assert "没有电话" in page.text
    assert len(queries.records(register=REGISTER)) == 2


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("程序.pdf", b"MZ\x90\x00 not a document", "程序.pdf"),
        ("空.pdf", b"", "空的"),
        ("大.pdf", PDF + b" " * (5 * 1024 * 1024), "不超过 5 MB"),
    ],
)
def test_evidence_of_the_wrong_kind_is_refused_beside_its_field(
    name: str, content: bytes, words: str, officer: Client
) -> None:
    page = post(officer, "plan-file", REGISTER, data={**ROW, "evidence": proof(name, content)}, status=422)
    assert words in page.text
    assert len(queries.records(register=REGISTER)) == 2


def test_too_many_files_are_refused(officer: Client) -> None:
    files = [proof(f"{number}.pdf") for number in range(7)]
    page = post(officer, "plan-file", REGISTER, data={**ROW, "evidence": files}, status=422)
    assert "最多6个文件" in page.text


def test_another_department_is_refused_and_the_attempt_is_in_the_trail(plan: dict[str, Any]) -> None:
    stranger = enter(of("jiao", Role.OFFICER, EDUCATION))
    assert "您不代表其中任何一个单位" in get(stranger, "plan-file", REGISTER).text
    page = post(stranger, "plan-file", REGISTER, data={**ROW, "evidence": proof()}, status=403)
    assert "林业局" in page.text
    assert value(page, "value_title") == ROW["value_title"]
    entry = parties.audit_trail(action="plan.file_refused")[0]
    assert (entry.actor, entry.target) == ("staff:jiao", REGISTER)
    assert len(queries.records(register=REGISTER)) == 2


def _book(client: Client, rows: list[list[Any]], header: list[str] | None = None) -> SimpleUploadedFile:
    """The register's own template with these rows under its first columns."""
    response: Any = client.get(reverse("office:plan-template", args=[SIGNS]))
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    sheet = book.worksheets[0]
    for column, words in enumerate(header or [], start=1):
        sheet.cell(1, column, words)
    for at, row in enumerate(rows, start=2):
        for column, cell in enumerate(row, start=1):
            sheet.cell(at, column, cell)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("标识牌.xlsx", out.getvalue())


def test_a_workbook_is_checked_without_storing_and_then_filed(teacher: Client) -> None:
    rows = [["甲-1", "2025-03-01"], ["甲-2", "2025-03-02"]]
    checked = post(
        teacher, "plan-import", SIGNS, data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": "check"}
    )
    assert "没有发现错误" in checked.text
    assert queries.records(register=SIGNS) == []
    filed = post(
        teacher, "plan-import", SIGNS, data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": "file"}
    )
    assert "存入2行" in filed.text
    assert len(queries.records(register=SIGNS, state="filed")) == 2


@pytest.mark.parametrize("act", ["check", "file"])
def test_a_workbook_with_faults_tells_them_by_row_and_column_and_stores_nothing(act: str, teacher: Client) -> None:
    rows = [["甲-1", "2025-03-01"], ["甲-1", "2999-01-01"], ["", "昨天"]]
    page = post(
        teacher,
        "plan-import",
        SIGNS,
        data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": act},
        status=422,
    )
    for words in ("第3行", "第4行", "设立日期", "还没有到", "不是日期", "一行也没有存入"):
        assert words in page.text
    assert queries.records(register=SIGNS) == []
    token = value(page, "token")
    response: Any = teacher.post(reverse("office:plan-import-faults", args=[SIGNS]), {"token": token})
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
    text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "还没有到" in text
    assert "不是日期" in text
    forged = teacher.post(reverse("office:plan-import-faults", args=[SIGNS]), {"token": token[:-2]})
    assert forged.status_code == 422


def test_what_is_no_workbook_or_another_departments_is_refused(plan: dict[str, Any], teacher: Client) -> None:
    text = SimpleUploadedFile("表.xlsx", b"not a workbook")
    page = post(
        teacher, "plan-import", SIGNS, data={"workbook": text, "department": EDUCATION, "act": "file"}, status=422
    )
    assert "没有提交成功" in page.text
    stranger = enter(plan["officer"])
    refused = post(
        stranger,
        "plan-import",
        SIGNS,
        data={"workbook": _book(stranger, [["甲-1", "2025-03-01"]]), "department": EDUCATION, "act": "file"},
        status=403,
    )
    assert "教育局" in refused.text
    assert parties.audit_trail(action="plan.file_refused")[0].actor == "staff:lin"
