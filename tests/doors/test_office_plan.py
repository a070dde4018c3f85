"""The departments' pages of the plan: desk, tasks, indicators, registers, records, review; each act by its form."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.doors.plan_world import EDUCATION, FORESTRY, PDF, REGISTER, SIGNS, file_training, open_plan, plan_step
from tests.rooms.scenarios.world import START

from tanhui.parties import queries as parties
from tanhui.parties.models import User
from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import queries, services
from tanhui.plan.types import NoticeDetails, Upload

pytestmark = pytest.mark.django_db

ROW = {
    "value_title": "油茶修剪二期（示例）",
    "value_held_on": "2025-06-01",
    "value_people": "35",
    "value_audience": "林农",
    "value_township": "三市镇",
    "value_spot": "113.581",
    "value_spot_latitude": "28.702",
    "department": FORESTRY,
}


def _of(username: str, role: Role, department: str) -> User:
    return hire(username, role, scope=Scope("organization", department))


@pytest.fixture(scope="module")
def numbers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The plan in force, one approved row, one that waits, one sub-task."""
    with lasting(django_db_blocker):
        open_plan()
        officer, reviewer = _of("lin", Role.OFFICER, FORESTRY), _of("shen", Role.REVIEWER, FORESTRY)
        by = Actor.staff(officer)
        approved, waiting = file_training(by), file_training(by, "苗圃管理（示例）")
        services.review(numbers=[approved], approve=True, at=START, by=Actor.staff(reviewer))
        step = plan_step(by)
        yield {"officer": officer, "reviewer": reviewer, "approved": approved, "waiting": waiting, "step": step}


@pytest.fixture
def plan(numbers: dict[str, Any], db: None) -> dict[str, Any]:
    """The plan of this file, within the test's own transaction."""
    return numbers


@pytest.fixture
def officer(plan: dict[str, Any]) -> Client:
    """Forestry's officer at the desk."""
    return enter(plan["officer"])


@pytest.fixture
def reviewer(plan: dict[str, Any]) -> Client:
    """Forestry's reviewer at the desk."""
    return enter(plan["reviewer"])


@pytest.fixture
def group(plan: dict[str, Any]) -> Client:
    """The working group at its desk."""
    return enter(hire("group", Role.ACTION_OFFICE))


def _get(client: Client, page: str, *arguments: Any, **query: str) -> Page:
    response: Any = client.get(reverse(f"office:{page}", args=arguments), query)
    assert response.status_code == 200, (page, response.status_code)
    seen = Page(response)
    assert seen.faults() == [], page
    return seen


def _post(client: Client, page: str, *arguments: Any, data: dict[str, Any] | None = None, status: int = 200) -> Page:
    response: Any = client.post(reverse(f"office:{page}", args=arguments), data or {}, follow=True)
    assert response.status_code == status, (
        page,
        response.status_code,
        re.findall(r"(?:errorlist|alert)[^§]{0,160}", response.content.decode()),
    )
    seen = Page(response)
    assert seen.faults() == [], page
    return seen


def _proof(name: str = "签到.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def _value(page: Page, name: str) -> str:
    return next(each["value"] for each in page.all("input") if each.get("name") == name)


def _state(number: str) -> str:
    return queries.record(number).state


# ---- the desk


def test_the_desk_shows_what_waits_and_leads_to_each_act(plan: dict[str, Any], officer: Client) -> None:
    services.review(
        numbers=[plan["waiting"]], approve=False, note="缺少签到表", at=START, by=Actor.staff(plan["reviewer"])
    )
    services.work(details=NoticeDetails(FORESTRY, 1, "培训没有按期办（示例）", START.date()), at=START)
    page = _get(officer, "plan-desk")
    for words in (
        "平江县林业局",
        "逾期的指标",
        "林场技术培训场次",
        "缺少签到表",
        "培训没有按期办（示例）",
        "编写教材（示例）",
    ):
        assert words in page.text
    links = {each["href"] for each in page.all("a")}
    assert reverse("office:plan-file", args=[REGISTER]) in links
    assert reverse("office:plan-hand", args=["i-area"]) in links
    assert reverse("office:plan-correct", args=[plan["waiting"]]) in links
    assert "要审核的记录" not in page.text
    assert "全县" not in page.text


def test_the_reviewers_desk_counts_what_waits_for_review(plan: dict[str, Any], reviewer: Client) -> None:
    page = _get(reviewer, "plan-desk")
    assert "1 要审核的记录" in page.text
    assert "去审核（1）" in page.text
    start = _get(reviewer, "start")
    assert "1 要审核的记录" in start.text


def test_the_working_group_sees_the_county_and_may_look_at_one_department(group: Client) -> None:
    whole = _get(group, "plan-desk")
    assert "全县工作台" in whole.text
    one = _get(group, "plan-desk", department=EDUCATION)
    assert "护林标识牌" in one.text
    assert "林场技术培训场次" not in one.text
    assert group.get(reverse("office:plan-desk"), {"department": "nobody"}).status_code == 404


def test_who_stands_for_no_department_is_told_where_to_look(plan: dict[str, Any]) -> None:
    page = _get(enter(hire("audit", Role.AUDITOR)), "plan-desk")
    assert "您不代表方案里的部门" in page.text


# ---- tasks and indicators


def test_tasks_are_listed_with_their_lights_and_filtered(officer: Client) -> None:
    page = _get(officer, "plan-tasks")
    assert "1. 护林员培训" in page.text
    assert "2. 林区标识" in page.text
    late = _get(officer, "plan-tasks", status="late")
    assert "1. 护林员培训" in late.text
    assert "2. 林区标识" not in late.text
    assert "没有符合条件的任务" in _get(officer, "plan-tasks", status="done").text
    rows = list(csv.reader(io.StringIO(officer.get(reverse("office:plan-tasks-csv")).content.decode("utf-8-sig"))))
    assert [row[:2] for row in rows[1:]] == [["1", "护林员培训"], ["2", "林区标识"]]
    assert rows[1][8] == "1"


def test_a_task_page_holds_everything_about_the_task(officer: Client) -> None:
    page = _get(officer, "plan-task", 1)
    for words in (
        "林场技术培训场次",
        "1 场",
        "下乡课堂",
        "巡回授课",
        "★",
        "▲",
        "平江县林业局",
        "编写教材（示例）",
        "林场技术培训台账",
    ):
        assert words in page.text
    assert officer.get(reverse("office:plan-task", args=[99])).status_code == 404


def test_a_step_is_added_changed_done_and_waits_for_another(plan: dict[str, Any], officer: Client) -> None:
    missing = _post(
        officer, "plan-sub-task-add", 1, data={"title": "", "due_on": "x", "department": FORESTRY}, status=422
    )
    assert "请写明要做的事" in missing.text
    form = {"title": "印发教材（示例）", "due_on": "2025-07-01", "department": FORESTRY, "after": [plan["step"]]}
    _post(officer, "plan-sub-task-add", 1, data=form)
    fresh = next(each for each in queries.task(1).sub_tasks if each.title == "印发教材（示例）")
    assert fresh.waits_for == ("编写教材（示例）",)
    early = _post(
        officer, "plan-sub-task", 1, fresh.number, data={**form, "done_on": "2025-06-15", "note": ""}, status=409
    )
    assert "编写教材（示例）" in early.text
    _post(officer, "plan-sub-task-done", 1, plan["step"])
    assert next(each for each in queries.task(1).sub_tasks if each.number == plan["step"]).done_on is not None
    _post(officer, "plan-sub-task", 1, fresh.number, data={**form, "title": "印发新教材（示例）"})
    assert "印发新教材（示例）" in {each.title for each in queries.task(1).sub_tasks}
    assert "说明" in _get(officer, "plan-sub-task", 1, plan["step"]).text


def test_a_contact_is_named_for_ones_own_department_only(officer: Client) -> None:
    saved = _post(officer, "plan-contact", 1, data={"department": FORESTRY, "username": "shen"})
    assert "联系人已保存" in saved.text
    assert [name for department, name in queries.task(1).contacts if department.code == FORESTRY] == ["职员shen"]
    refused = _post(officer, "plan-contact", 1, data={"department": EDUCATION, "username": "shen"})
    assert "不能代表" in refused.text
    assert not [name for department, name in queries.task(1).contacts if department.code == EDUCATION and name]


def test_an_indicator_says_where_its_figure_comes_from_and_shows_the_rows(
    plan: dict[str, Any], officer: Client
) -> None:
    page = _get(officer, "plan-indicator", "i-trainings")
    for words in ("1 场", "不少于10场", "林场技术培训台账", "油茶修剪（示例）", "附件1", "第40—41行"):
        assert words in page.text
    assert "苗圃管理（示例）" not in page.text
    assert "人工判定状态" not in page.text
    rows = list(
        csv.reader(
            io.StringIO(
                officer.get(reverse("office:plan-indicator-csv", args=["i-trainings"])).content.decode("utf-8-sig")
            )
        )
    )
    assert rows[1][1] == "1.000000"


def test_a_status_by_hand_keeps_its_reason_in_sight(group: Client, officer: Client) -> None:
    assert officer.post(reverse("office:plan-override", args=["i-trainings"])).status_code == 403
    _post(group, "plan-override", "i-trainings", data={"status": "on_time", "reason": ""}, status=422)
    _post(group, "plan-override", "i-trainings", data={"status": "on_time", "reason": "县里已书面延期（示例）"})
    page = _get(officer, "plan-indicator", "i-trainings")
    assert "县里已书面延期（示例）" in page.text
    assert "按规则为“逾期”" in page.text


def test_a_value_by_hand_is_filed_with_evidence_and_counts_after_review(officer: Client, reviewer: Client) -> None:
    form = {"value": "120亩", "as_of": "2025-06-30", "department": FORESTRY, "note": "按验收单"}
    wrong = _post(officer, "plan-hand", "i-area", data={**form, "evidence": _proof()}, status=422)
    assert "不是数字" in wrong.text
    assert _value(wrong, "value") == "120亩"
    bare = _post(officer, "plan-hand", "i-area", data={**form, "value": "120"}, status=422)
    assert "须上传佐证材料" in bare.text
    _post(officer, "plan-hand", "i-area", data={**form, "value": "120", "evidence": _proof("验收单.pdf")})
    (filed,) = queries.records(indicator="i-area")
    links = {each["href"] for each in _get(officer, "plan-indicator", "i-area").all("a")}
    assert reverse("office:plan-record", args=[filed.number]) in links
    _post(reviewer, "plan-decide", data={"number": filed.number, "act": "approve"})
    figure = queries.indicator("i-area").figure
    assert figure is not None
    assert figure.value == 120
    assert figure.words in _get(officer, "plan-indicator", "i-area").text
    assert officer.get(reverse("office:plan-hand", args=["i-trainings"])).status_code == 409


# ---- registers


def test_registers_are_searched_and_say_what_they_feed(officer: Client) -> None:
    page = _get(officer, "plan-registers")
    assert page.text.index("本单位填报的台账") < page.text.index("林场技术培训台账") < page.text.index("护林标识牌台账")
    assert "护林标识牌台账" not in _get(officer, "plan-registers", text="培训").text
    assert "护林标识牌台账" in _get(officer, "plan-registers", task="2").text
    one = _get(officer, "plan-register", REGISTER)
    for words in (
        "一场林场技术培训",
        "林场技术培训场次",
        "培训名称、举办日期都相同的，只能登记一次",
        "油茶修剪（示例）",
        "苗圃管理（示例）",
    ):
        assert words in one.text
    assert "油茶修剪" not in _get(officer, "plan-register", REGISTER, state="filed").text
    assert "苗圃管理" not in _get(officer, "plan-register", REGISTER, text="油茶").text
    assert "没有记录" in _get(officer, "plan-register", REGISTER, state="withdrawn").text


def test_template_and_export_are_workbooks(officer: Client) -> None:
    for page, words in (("plan-template", "培训名称"), ("plan-export", "油茶修剪（示例）")):
        response: Any = officer.get(reverse(f"office:{page}", args=[REGISTER]))
        assert "attachment" in response["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        cells = {str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row}
        assert any(words in cell for cell in cells), page


def test_the_form_asks_what_the_register_says(officer: Client) -> None:
    page = _get(officer, "plan-file", REGISTER)
    names = {each.get("name"): each for each in (*page.all("input"), *page.all("select"), *page.all("textarea"))}
    assert names["value_held_on"]["type"] == "date"
    assert names["value_audience"]["type"] == "radio"
    assert names["value_township"]["list"] == "known-divisions-township"
    assert {"value_spot", "value_spot_latitude", "value_season", "value_content", "evidence"} <= set(names)
    assert "三市镇" in {each["value"] for each in page.all("option") if "value" in each}
    assert "佐证材料（必须上传）" in page.text
    assert "参加人数（人）" in page.text


def test_a_row_is_filed_with_its_evidence_and_waits_for_review(officer: Client) -> None:
    page = _post(officer, "plan-file", REGISTER, data={**ROW, "evidence": [_proof(), _proof("通知.pdf", PDF + b"%2")]})
    assert "等待" in page.text
    filed = queries.records(register=REGISTER, text="油茶修剪二期")[0]
    assert filed.state == "filed"
    assert [each.name for each in filed.evidence] == ["签到.pdf", "通知.pdf"]
    assert filed.place is not None
    again = _post(officer, "plan-file", REGISTER, data={**ROW, "evidence": _proof()}, status=409)
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
    page = _post(officer, "plan-file", REGISTER, data=wrong, status=422)
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
    assert _value(page, "value_people") == "很多人"
    assert _value(page, "value_spot_latitude") == "113.581"
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
    page = _post(officer, "plan-file", REGISTER, data={**ROW, "evidence": _proof(name, content)}, status=422)
    assert words in page.text
    assert len(queries.records(register=REGISTER)) == 2


def test_too_many_files_are_refused(officer: Client) -> None:
    files = [_proof(f"{number}.pdf") for number in range(7)]
    page = _post(officer, "plan-file", REGISTER, data={**ROW, "evidence": files}, status=422)
    assert "最多6个文件" in page.text


def test_another_department_is_refused_and_the_attempt_is_in_the_trail(plan: dict[str, Any]) -> None:
    stranger = enter(_of("jiao", Role.OFFICER, EDUCATION))
    assert "您不代表其中任何一个单位" in _get(stranger, "plan-file", REGISTER).text
    page = _post(stranger, "plan-file", REGISTER, data={**ROW, "evidence": _proof()}, status=403)
    assert "林业局" in page.text
    assert _value(page, "value_title") == ROW["value_title"]
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
        for column, value in enumerate(row, start=1):
            sheet.cell(at, column, value)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("标识牌.xlsx", out.getvalue())


@pytest.fixture
def teacher(plan: dict[str, Any]) -> Client:
    """Education's officer at the desk."""
    return enter(_of("jiao", Role.OFFICER, EDUCATION))


def test_a_workbook_is_checked_without_storing_and_then_filed(teacher: Client) -> None:
    rows = [["甲-1", "2025-03-01"], ["甲-2", "2025-03-02"]]
    checked = _post(
        teacher, "plan-import", SIGNS, data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": "check"}
    )
    assert "没有发现错误" in checked.text
    assert queries.records(register=SIGNS) == []
    filed = _post(
        teacher, "plan-import", SIGNS, data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": "file"}
    )
    assert "存入2行" in filed.text
    assert len(queries.records(register=SIGNS, state="filed")) == 2


@pytest.mark.parametrize("act", ["check", "file"])
def test_a_workbook_with_faults_tells_them_by_row_and_column_and_stores_nothing(act: str, teacher: Client) -> None:
    rows = [["甲-1", "2025-03-01"], ["甲-1", "2999-01-01"], ["", "昨天"]]
    page = _post(
        teacher,
        "plan-import",
        SIGNS,
        data={"workbook": _book(teacher, rows), "department": EDUCATION, "act": act},
        status=422,
    )
    for words in ("第3行", "第4行", "设立日期", "还没有到", "不是日期", "一行也没有存入"):
        assert words in page.text
    assert queries.records(register=SIGNS) == []
    token = _value(page, "token")
    response: Any = teacher.post(reverse("office:plan-import-faults", args=[SIGNS]), {"token": token})
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0]
    text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "还没有到" in text
    assert "不是日期" in text
    forged = teacher.post(reverse("office:plan-import-faults", args=[SIGNS]), {"token": token[:-2]})
    assert forged.status_code == 422


def test_what_is_no_workbook_or_another_departments_is_refused(plan: dict[str, Any], teacher: Client) -> None:
    text = SimpleUploadedFile("表.xlsx", b"not a workbook")
    page = _post(
        teacher, "plan-import", SIGNS, data={"workbook": text, "department": EDUCATION, "act": "file"}, status=422
    )
    assert "没有提交成功" in page.text
    stranger = enter(plan["officer"])
    refused = _post(
        stranger,
        "plan-import",
        SIGNS,
        data={"workbook": _book(stranger, [["甲-1", "2025-03-01"]]), "department": EDUCATION, "act": "file"},
        status=403,
    )
    assert "教育局" in refused.text
    assert parties.audit_trail(action="plan.file_refused")[0].actor == "staff:lin"


# ---- records and review


def test_a_record_shows_all_fields_its_evidence_and_what_happened(plan: dict[str, Any], officer: Client) -> None:
    page = _get(officer, "plan-record", plan["approved"])
    for words in ("油茶修剪（示例）", "42人", "2025年5月20日", "签到照片.pdf", "职员lin", "审核通过", plan["approved"]):
        assert words in page.text
    (proof,) = queries.record(plan["approved"]).evidence
    response: Any = officer.get(reverse("office:plan-evidence", args=[proof.number]))
    assert response.content == PDF
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_waiting_row_is_withdrawn_and_a_reviewed_one_is_not(plan: dict[str, Any], officer: Client) -> None:
    assert "已撤回" in _post(officer, "plan-withdraw", plan["waiting"]).text
    assert _state(plan["waiting"]) == "withdrawn"
    refused = _post(officer, "plan-withdraw", plan["approved"])
    assert "不能撤回" in refused.text
    assert _state(plan["approved"]) == "approved"


def test_an_approved_row_is_corrected_by_another_that_a_second_person_approves(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    form = _get(officer, "plan-correct", plan["approved"])
    assert _value(form, "value_title") == "油茶修剪（示例）"
    assert _value(form, "value_people") == "42"
    data = {
        "value_title": "油茶修剪（示例）", "value_held_on": "2025-05-20", "value_people": "24",
        "value_audience": "林农", "department": FORESTRY,
    }  # fmt: skip
    silent = _post(officer, "plan-correct", plan["approved"], data=data, status=422)
    assert _value(silent, "value_people") == "24"
    page = _post(officer, "plan-correct", plan["approved"], data={**data, "note": "人数抄反了"})
    assert "人数抄反了" in page.text
    fresh = queries.record(plan["approved"]).corrected_by
    assert queries.records(state="approved", register=REGISTER)[0].number == plan["approved"]
    _post(reviewer, "plan-decide", data={"number": fresh, "act": "approve"})
    assert (_state(plan["approved"]), _state(fresh)) == ("corrected", "approved")


def test_an_approved_row_is_struck_out_with_a_reason(plan: dict[str, Any], officer: Client, reviewer: Client) -> None:
    assert "作废" in _post(officer, "plan-void", plan["approved"], status=422).text
    page = _post(officer, "plan-void", plan["approved"], data={"note": "重复登记（示例）"})
    assert "重复登记（示例）" in page.text
    fresh = queries.record(plan["approved"]).corrected_by
    _post(reviewer, "plan-decide", data={"number": fresh, "act": "approve"})
    assert queries.indicator("i-trainings").figure is None


def test_a_returned_row_is_filed_anew_from_what_it_said(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    bare = _post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "return"}, status=422)
    assert "退回须写明原因" in bare.text
    _post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "return", "note": "日期不对"})
    assert "日期不对" in _get(officer, "plan-record", plan["waiting"]).text
    form = _get(officer, "plan-correct", plan["waiting"])
    assert "日期不对" in form.text
    data = {
        "value_title": _value(form, "value_title"), "value_held_on": "2025-05-21", "value_people": "42",
        "value_audience": "林农", "department": FORESTRY, "evidence": _proof(),
    }  # fmt: skip
    _post(officer, "plan-correct", plan["waiting"], data=data)
    assert len(queries.records(register=REGISTER, state="filed")) == 1
    assert "日期不对" not in _get(officer, "plan-desk").text


def test_the_queue_offers_others_rows_and_not_ones_own(plan: dict[str, Any], reviewer: Client) -> None:
    page = _get(reviewer, "plan-review")
    assert "苗圃管理（示例）" in page.text
    (box,) = [each for each in page.all("input") if each.get("type") == "checkbox"]
    assert box["value"] == plan["waiting"]
    both = hire("both", Role.OFFICER, Role.REVIEWER, scope=Scope("organization", FORESTRY))
    own = file_training(Actor.staff(both), "自己填的（示例）")
    browser = enter(both)
    page = _get(browser, "plan-review")
    boxes = {each["id"]: each for each in page.all("input") if each.get("type") == "checkbox"}
    assert "disabled" in boxes[own]
    assert "disabled" not in boxes[plan["waiting"]]
    assert "须由另一位审核人审核" in page.text
    refused = _post(browser, "plan-decide", data={"number": [own, plan["waiting"]], "act": "approve"}, status=403)
    assert "不能审核自己填报的记录" in refused.text
    assert (_state(own), _state(plan["waiting"])) == ("filed", "filed")


def test_several_are_approved_at_once_and_the_figure_moves(
    plan: dict[str, Any], officer: Client, reviewer: Client
) -> None:
    more = file_training(Actor.staff(plan["officer"]), "防火演练（示例）")
    page = _post(reviewer, "plan-decide", data={"number": [plan["waiting"], more], "act": "approve"})
    assert "2条记录审核通过" in page.text
    assert "没有等待审核的记录" in page.text
    figure = queries.indicator("i-trainings").figure
    assert figure is not None
    assert figure.value == 3
    assert parties.audit_trail(action="plan.approve")[0].actor == "staff:shen"


def test_the_second_of_two_reviewers_is_told_and_changes_nothing(plan: dict[str, Any], reviewer: Client) -> None:
    services.review(
        numbers=[plan["waiting"]],
        approve=False,
        note="先退回",
        at=START,
        by=Actor.staff(hire("first", Role.ACTION_OFFICE)),
    )
    page = _post(reviewer, "plan-decide", data={"number": plan["waiting"], "act": "approve"}, status=409)
    assert "已退回" in page.text
    assert "这次没有审核任何一条" in page.text
    assert _state(plan["waiting"]) == "returned"


def test_review_needs_a_choice(reviewer: Client) -> None:
    assert "先在记录前面打勾" in _post(reviewer, "plan-decide", data={"act": "approve"}, status=422).text


def test_a_reviewer_of_another_department_sees_and_decides_nothing(plan: dict[str, Any]) -> None:
    other = enter(_of("jiao", Role.REVIEWER, EDUCATION))
    assert "没有等待审核的记录" in _get(other, "plan-review").text
    _post(other, "plan-decide", data={"number": plan["waiting"], "act": "approve"}, status=403)
    assert _state(plan["waiting"]) == "filed"


def test_names_that_lie_are_harmless(plan: dict[str, Any], officer: Client) -> None:
    file = Upload('照"片<b>.pdf', PDF)
    row = {"title": "<script>alert(1)</script>", "held_on": "2025-01-05", "people": "3", "audience": "林农"}
    number = file_training(Actor.staff(plan["officer"]), row["title"])
    response: Any = officer.get(reverse("office:plan-record", args=[number]))
    assert "<script>alert" not in response.content.decode()
    assert file.name not in response.content.decode()
    assert re.search(r"&lt;script&gt;", response.content.decode())
