"""What somebody with bad intentions, or bad luck, tries at the room: figures, screens, snapshots, workbooks."""

from __future__ import annotations

import hashlib
import io
import json
import random
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, connection, transaction
from tests.rooms.plan import filing, world
from tests.rooms.plan.filing import TRAININGS, approve, define, document, figure, file, open_county, stored, workbook
from tests.rooms.plan.world import EDUCATION, NOW, PDF, SCHOOLS, TODAY

from tanhui.kernel.canonical import canonical_json, digest
from tanhui.kernel.errors import BadInput, Conflict, TanhuiError
from tanhui.plan import _evidence, _report_excel, _report_word, _reports, queries, services
from tanhui.plan.models import Figure, FundingEntry, Record
from tanhui.plan.types import (
    CaseDetails,
    FeedbackDetails,
    FileFaults,
    FundingDetails,
    NoticeAnswer,
    NoticeDetails,
    ReviewMeeting,
    RowDetails,
    RowRefused,
    SubTaskDetails,
    Upload,
)

PHONES = ("138 0013 8000", "138-0013-8000", "138\u200b0013\u200b8000", "１３８００１３８０００", "+8613800138000",
          "①③⑧⓪⓪①③⑧⓪⓪⓪")  # fmt: skip


@pytest.fixture
def county(db: None) -> None:
    open_county()


@pytest.fixture
def staff(db: None) -> world.Staff:
    return world.open_plan()


def _rewritten(upload: Upload, part: str, change: Callable[[bytes], bytes]) -> Upload:
    """The workbook with one of its parts changed by hand."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(upload.content)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return Upload(upload.name, packed.getvalue())


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e300", "1e-300", "0.1e1"])
def test_a_number_that_a_spreadsheet_cannot_hold_is_a_fault(county: None, number: str) -> None:
    header = ["日期", "主题", "人数", "对象", "是否通过", "绿色数量", "总数量"]
    book = workbook(header, ["2026-05-01", "甲", 4217, "干部", "是", 1, 2])
    bad = _rewritten(book, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"4217", number.encode()))
    if number == "0.1e1":
        assert file(register="trainings", workbook=bad)
        return
    with pytest.raises(FileFaults):
        file(register="trainings", workbook=bad)
    assert Record.objects.count() == 0


@pytest.mark.parametrize(
    "typed", ["1e5", "NaN", "Infinity", "-inf", "1" * 4000, "0x10", "1_000", "五", "1,00", "--1", "1" + "0" * 30]
)
def test_what_is_no_plain_number_is_refused(county: None, typed: str) -> None:
    with pytest.raises(RowRefused):
        file(RowDetails({"held_on": "2026-05-01", "people": typed}), register="trainings")


def test_numbers_have_one_form(county: None) -> None:
    values = {"held_on": "2026-05-01", "people": "-０", "green": "000１.500", "whole": "+2."}
    (number,) = file(RowDetails(values), register="trainings")
    assert Record.objects.get(number=number).values == {
        "held_on": "2026-05-01", "people": 0, "green": "1.5", "whole": "2",
    }  # fmt: skip


def test_a_sum_past_what_a_figure_holds_is_refused_and_nothing_is_decided(county: None) -> None:
    define(document(filing.RESTAURANTS), document(TRAININGS.replace('factor: "10000"', 'factor: "10000000"')))
    before = stored()
    numbers = file(RowDetails({"held_on": "2026-05-01", "green": "999999999999"}), register="trainings")
    with pytest.raises(BadInput, match="太大"):
        approve(*numbers)
    assert Record.objects.get(number=numbers[0]).state == "filed"
    assert stored() == (before[0] + 1, before[1])


def test_a_share_of_nothing_is_nothing(county: None) -> None:
    approve(*file(RowDetails({"held_on": "2026-05-01", "green": "5", "whole": "0"}), register="trainings"))
    assert figure("i-share") == (Decimal(0), 1)


def test_a_text_does_not_become_a_number_to_add_up(county: None) -> None:
    """Rows keep the values of the edition that they were filed under: adding them up would fail for good."""
    approve(*file(RowDetails({"held_on": "2026-05-01", "topic": "不是数字", "people": "3"}), register="trainings"))
    text = TRAININGS.replace("name: topic, title: 主题, type: text", "name: topic, title: 主题, type: integer")
    changed = document(text.replace("field: people, where: {passed: true}, unit: 人", "field: topic, unit: 人"))
    with pytest.raises(BadInput, match="以前不是数字"):
        define(document(filing.RESTAURANTS), changed)


# --- invented rows ---


def test_where_a_county_is_no_demonstration_invented_rows_count_nowhere(
    staff: world.Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = RowDetails({"school": "示例学校（虚构）", "awarded_on": "2026-03-01"})
    (invented,) = services.file(
        register="green-schools", rows=[row], department=EDUCATION, sample=True, at=NOW, by=staff.officer
    )
    world.approve(staff, invented)
    assert queries.indicator(SCHOOLS, TODAY).figure.value == 1  # type: ignore[union-attr]
    assert queries.indicator(SCHOOLS, TODAY).figure.sample  # type: ignore[union-attr]
    monkeypatch.setattr("tanhui.plan._county.is_demo", lambda: False)
    services.define(registers=world.registers(), measures=world.measures(), at=NOW)
    found = queries.indicator(SCHOOLS, TODAY)
    assert found.figure is None or found.figure.value == 0
    assert queries.feeding_rows(SCHOOLS) == []
    assert queries.public_rows("green-schools") == []
    assert queries.register("green-schools").approved == 0
    world.approve(staff, world.file_school(staff, "真一中"))
    found = queries.indicator(SCHOOLS, TODAY)
    assert found.figure is not None
    assert (found.figure.value, found.figure.sample) == (1, False)


def test_a_report_says_so_where_its_money_is_invented(staff: world.Staff) -> None:
    details = FundingDetails(
        "planned", 100, TODAY, task_no=1, department=EDUCATION, title="示例经费", origin="虚构", year=2026, sample=True
    )
    services.work(details=details, at=NOW, by=staff.officer)
    report = queries.report(services.publish_report(as_of=TODAY, at=NOW, by=staff.office))
    assert report.content["samples"]


# --- personal numbers ---


@pytest.mark.parametrize("phone", PHONES)
def test_no_telephone_number_passes_however_written(staff: world.Staff, phone: str) -> None:
    text = f"请联系{phone}谢谢"
    row = RowDetails({"school": text, "awarded_on": "2026-03-01"}, (PDF,))
    with pytest.raises(RowRefused):
        services.file(register="green-schools", rows=[row], department=EDUCATION, at=NOW, by=staff.officer)
    noted = RowDetails({"school": "一中", "awarded_on": "2026-03-01"}, (PDF,), text)
    with pytest.raises(RowRefused):
        services.file(register="green-schools", rows=[noted], department=EDUCATION, at=NOW, by=staff.officer)
    for details in (
        FeedbackDetails(1, text),
        NoticeDetails(EDUCATION, 1, text, TODAY),
        SubTaskDetails(task_no=1, department=EDUCATION, title=text, due_on=TODAY),
        CaseDetails(task_no=1, department=EDUCATION, title="做法", text=text),
        FundingDetails("planned", 1, TODAY, task_no=1, department=EDUCATION, title=text, origin="县", year=2026),
        FundingDetails("planned", 1, TODAY, task_no=1, department=EDUCATION, title="款", origin=text, year=2026),
        FundingDetails(
            "planned", 1, TODAY, task_no=1, department=EDUCATION, title="款", origin="县", year=2026, note=text
        ),
        ReviewMeeting(title=text, held_on=TODAY),
    ):
        with pytest.raises(BadInput):
            services.work(details=details, at=NOW, by=staff.office)
    with pytest.raises(BadInput):
        services.publish_report(as_of=TODAY, title=text, at=NOW, by=staff.office)


def test_what_only_looks_like_a_number_of_a_person_passes(staff: world.Staff) -> None:
    for at, harmless in enumerate(
        (
            "2026-03-01至2026-03-31共12345人",
            "平政办发〔2025〕18号",
            "113.581234，28.701234",
            "投资1500.5万元，补贴300.25万元",
        )
    ):
        world.file_school(staff, f"{harmless}{at}")


def test_an_answer_to_a_notice_is_screened_too(staff: world.Staff) -> None:
    number = services.work(details=NoticeDetails(EDUCATION, 1, "进度慢", TODAY), at=NOW, by=staff.office)
    with pytest.raises(BadInput):
        services.work(details=NoticeAnswer(number, "找13800138000"), at=NOW, by=staff.officer)


def test_what_was_not_public_when_it_was_filed_stays_so(staff: world.Staff) -> None:
    world.approve(staff, world.file_school(staff, "甲校"))
    opened = [
        filing.document(text.replace("unit: 个, min: 1", "unit: 个, public: true, min: 1")) for text in world.REGISTERS
    ]
    services.define(registers=opened, measures=world.measures(), at=NOW)
    world.approve(staff, world.file_school(staff, "乙校"))
    sheet = openpyxl.load_workbook(io.BytesIO(queries.export("green-schools", public_only=True))).active
    classes = {row[0]: row[2] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert classes == {"甲校": None, "乙校": 12}


# --- money ---


def test_money_past_what_the_database_holds_is_refused(staff: world.Staff) -> None:
    for amount in (10**19, -(10**19)):
        with pytest.raises(BadInput):
            services.work(
                details=FundingDetails(
                    "planned", amount, TODAY, task_no=1, department=EDUCATION, title="款", origin="县", year=2026
                ),
                at=NOW,
                by=staff.officer,
            )
    assert FundingEntry.objects.count() == 0


# --- one snapshot ---


@pytest.mark.django_db(transaction=True)
def test_a_report_is_one_moment_while_others_review(
    in_threads: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = world.open_plan()
    waiting = [world.file_school(staff, f"学校{at}") for at in range(4)]
    halfway, done = threading.Event(), threading.Event()
    composed = _reports._records_since

    def slow(*args: Any) -> Any:
        halfway.set()
        done.wait(3)
        return composed(*args)

    monkeypatch.setattr(_reports, "_records_since", slow)

    def publish() -> str:
        return services.publish_report(as_of=TODAY, at=NOW, by=staff.office)

    def decide() -> int:
        halfway.wait(20)
        count = world.approve(staff, *waiting)
        done.set()
        return count

    number, count = in_threads(publish, decide)
    assert count == 4
    content = queries.report(number).content
    school = content["tasks"][0]["indicators"][0]
    assert (school["number"], content["tasks"][0]["records"]) == (None, 0)


# --- figures are their rows, whatever happens ---


def _recounted(code: str, register: str) -> int:
    return Record.objects.filter(register__code=register, state="approved", void=False).count()


def test_after_every_act_a_figure_is_its_rows(staff: world.Staff) -> None:
    chance = random.Random(20260615)
    known: list[str] = []
    for turn in range(60):
        act = chance.choice(["file", "file", "approve", "approve", "return", "withdraw", "correct", "void"])
        wanted_state = "filed" if act in ("approve", "return", "withdraw") else "approved"
        fitting = list(Record.objects.filter(state=wanted_state).order_by("id").values_list("number", flat=True))
        number = chance.choice(fitting or known or [""]) if chance.random() < 0.9 else chance.choice(known or [""])
        try:
            if act == "file":
                known.append(world.file_school(staff, f"学校{chance.randrange(12)}"))
            elif act == "approve":
                world.approve(staff, number)
            elif act == "return":
                world.give_back(staff, number)
            else:
                row = RowDetails({"school": f"学校{turn}", "awarded_on": "2026-03-02"}, (PDF,), "理由")
                wanted: dict[str, Any] = {
                    "withdraw": {"withdraw": number},
                    "correct": {"corrects": number, "rows": [row]},
                    "void": {"corrects": number, "void": True, "rows": [RowDetails({}, (), "理由")]},
                }
                known += services.file(**wanted[act], department=EDUCATION, at=NOW, by=staff.officer)
        except TanhuiError:
            pass
        latest = Figure.objects.filter(indicator__code=SCHOOLS).order_by("-id").first()
        assert (int(latest.value) if latest else 0) == _recounted(SCHOOLS, "green-schools"), (turn, act)
    assert {each.state for each in Record.objects.all()} == {"filed", "approved", "returned", "withdrawn", "corrected"}


_CHANGES = (
    "UPDATE plan_record SET \"values\" = '{}'",
    "UPDATE plan_record SET happened_on = '2020-01-01'",
    "UPDATE plan_record SET sample = true",
    "UPDATE plan_record SET filed_by_id = NULL",
    "UPDATE plan_record SET reviewed_by_id = NULL",
    "UPDATE plan_record SET reviewed_by_id = filed_by_id",
    "UPDATE plan_record SET review_note = '别的'",
    "UPDATE plan_record SET state = 'filed', reviewed_at = NULL, reviewed_by_id = NULL",
    "UPDATE plan_record SET state = 'returned'",
    "UPDATE plan_record SET live_key = '\\x00'",
    "UPDATE plan_record SET department_id = (SELECT max(id) FROM plan_department)",
    "DELETE FROM plan_record",
    "TRUNCATE plan_record CASCADE",
    "UPDATE plan_figure SET value = 9",
    "DELETE FROM plan_figure",
    "UPDATE plan_evidence SET content = 'x'",
    "DELETE FROM plan_evidence",
    "UPDATE plan_report SET word = 'x'",
    "DELETE FROM plan_report",
    "UPDATE plan_version SET content = '{}'",
    "UPDATE plan_register_edition SET content = '{}'",
    "DELETE FROM plan_register_edition",
    "UPDATE plan_document SET draft = '{}'",
    "UPDATE plan_document SET state = 'open'",
    "DELETE FROM plan_document",
)


@pytest.mark.parametrize("change", _CHANGES)
def test_the_database_itself_refuses_to_change_what_was_decided(staff: world.Staff, change: str) -> None:
    number = world.file_school(staff)
    world.approve(staff, number)
    services.publish_report(as_of=TODAY, at=NOW, by=staff.office)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


# --- at once ---


@pytest.mark.django_db(transaction=True)
def test_of_two_things_at_once_one_happens(in_threads: Callable[..., list[Any]]) -> None:
    staff = world.open_plan()
    filed = in_threads(*[lambda: world.file_school(staff, "同一所")] * 4)
    assert sum(isinstance(each, str) for each in filed) == 1
    assert sum(isinstance(each, Conflict) for each in filed) == 3
    number = next(each for each in filed if isinstance(each, str))
    decided = in_threads(
        lambda: world.approve(staff, number),
        lambda: world.give_back(staff, number),
        lambda: world.approve(staff, number, by=staff.reviewer),
        lambda: services.file(withdraw=number, department=EDUCATION, at=NOW, by=staff.officer),
    )
    assert sum(not isinstance(each, Exception) for each in decided) == 1
    other = world.file_school(staff, "另一所")
    world.approve(staff, other)
    row = RowDetails({"school": "改名", "awarded_on": "2026-03-02"}, (PDF,), "理由")
    struck = in_threads(
        lambda: services.file(corrects=other, rows=[row], department=EDUCATION, at=NOW, by=staff.officer),
        lambda: services.file(corrects=other, void=True, department=EDUCATION, at=NOW, by=staff.officer),
    )
    assert sorted(type(each).__name__ for each in struck) == ["Conflict", "list"]
    latest = Figure.objects.filter(indicator__code=SCHOOLS).order_by("-id").first()
    assert latest is not None
    assert int(latest.value) == _recounted(SCHOOLS, "green-schools")


@pytest.mark.django_db(transaction=True)
def test_a_finding_is_not_settled_past_its_adoption(in_threads: Callable[..., list[Any]]) -> None:
    world.organizations()
    plan = replace(world.draft(), diagnostics=world.diagnostics())
    number = services.draft(name="方案.txt", draft=plan, text=world.TEXT, at=world.START)
    for position in (1, 2):
        services.settle(number=number, position=position, choice="accept", at=world.START)
    outcomes = in_threads(
        lambda: services.adopt(number=number, at=NOW),
        lambda: services.adopt(number=number, at=NOW),
        lambda: services.adopt(number=number, at=NOW, abandon=True),
        *[lambda: services.settle(number=number, position=3, choice="note", note="看过", at=NOW)] * 3,
    )
    assert sum(each in (0, 1) for each in outcomes[:3] if not isinstance(each, Exception)) == 1
    assert all(isinstance(each, Conflict | int | None) for each in outcomes), outcomes
    assert len(queries.versions()) <= 1


# --- workbooks that are weapons ---


def _school_book(*rows: tuple[Any, ...]) -> Upload:
    return workbook(["学校名称", "评定日期", "班级数", "佐证（文号、存放处或链接）"], *rows)


def test_a_workbook_that_unfolds_without_end_is_refused(staff: world.Staff) -> None:
    book = _school_book(("甲校", "2026-03-01", 3, "文号1"))
    bomb = b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(
        b"<!ENTITY %c '%s'>" % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
    )
    declared = bomb + b"]>"
    sheet = "xl/worksheets/sheet1.xml"
    wide = declared.decode() + "<worksheet><sheetData><row><c t='str'><v>&j;</v></c></row></sheetData></worksheet>"
    for bad in (
        _rewritten(book, sheet, lambda xml: declared + xml),
        _rewritten(book, sheet, lambda _: wide.encode("utf-16")),
        _rewritten(book, sheet, lambda _: b"\0" * (30 << 20)),
        _rewritten(book, sheet, lambda xml: xml[: len(xml) // 2]),
        _rewritten(
            book, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"worksheets/sheet1.xml", b"../../etc/passwd")
        ),
        Upload("x.xlsx", b"PK\x03\x04" + b"\xff" * 500),
    ):
        with pytest.raises(BadInput):
            services.file(register="green-schools", workbook=bad, department=EDUCATION, at=NOW, by=staff.officer)
    assert Record.objects.count() == 0


def test_a_workbook_of_a_hundred_thousand_rows_is_refused(staff: world.Staff) -> None:
    lines = b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (at, at) for at in range(2, 100_002))
    book = _school_book(("甲校", "2026-03-01", 3, "文号1"))
    many = _rewritten(
        book, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", lines + b"</sheetData>")
    )
    with pytest.raises(BadInput):
        services.file(register="green-schools", workbook=many, department=EDUCATION, at=NOW, by=staff.officer)


def test_a_version_can_be_hashed_again_by_anybody(staff: world.Staff) -> None:
    content = json.loads(canonical_json(dict(queries.version_content(1))))
    assert hashlib.sha256(canonical_json(content)).hexdigest() == queries.version().content_hash
    world.approve(staff, world.file_school(staff))
    report = queries.report(services.publish_report(as_of=TODAY, at=NOW, by=staff.office))
    again = _reports.compose(as_of=TODAY, title=report.title, version=_reports.PlanVersion.objects.get(), previous=None)
    assert digest(again).hex() == report.content_hash
    assert queries.report_file(report.number, "word")[1] == _report_word.write(report.content)
    assert queries.report_file(report.number, "excel")[1] == _report_excel.write(report.content)


@pytest.mark.parametrize("start", [b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"])
def test_what_a_file_is_can_be_asked_of_any_bytes(start: bytes) -> None:
    chance = random.Random(7)
    whole = _school_book(("甲校", "2026-03-01", 3, "文号1")).content
    for _ in range(300):
        broken = bytearray(whole if start == b"PK\x03\x04" else start + chance.randbytes(200))
        for _ in range(chance.randrange(1, 12)):
            broken[chance.randrange(len(start), len(broken))] = chance.randrange(256)
        tail = bytearray(broken[-400:])
        tail[chance.randrange(len(tail))] = chance.randrange(256)
        assert isinstance(_evidence.fault([Upload("a", bytes(broken[:-400] + tail))]), str)
