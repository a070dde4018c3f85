"""The working group's pages of the plan: a document is read, settled and adopted; supervision, money, reports."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.doors.plan_office_world import CORPUS, open_office
from tests.rooms.scenarios.world import START

from tanhui.office.acts import today
from tanhui.office.plan_office_forms import MAX_DOCUMENT_BYTES
from tanhui.office.views.plan_reports import SCREENS
from tanhui.parties import queries as parties
from tanhui.parties.types import Role, Scope
from tanhui.plan import queries, services
from tanhui.project.county import this_county

pytestmark = pytest.mark.django_db


SCAN = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF"""
"""A PDF with a page on which nothing is written."""


@pytest.fixture(scope="module")
def numbers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """An invented plan in force whose first targets are long overdue, a second document with open findings, and one
    of everything that supervision knows."""
    with lasting(django_db_blocker):
        yield open_office()


@pytest.fixture
def plan(numbers: dict[str, str], db: None) -> dict[str, str]:
    """The plan of this file, within the test's own transaction."""
    return numbers


@pytest.fixture
def group(plan: dict[str, str]) -> Client:
    """The working group at its desk."""
    return enter(hire("group", Role.ACTION_OFFICE))


def _officer(code: str) -> Client:
    return enter(hire(f"of-{code}"[:20], Role.OFFICER, scope=Scope("organization", code)))


def _get(client: Client, page: str, *arguments: Any, **query: str) -> Page:
    response: Any = client.get(reverse(f"office:{page}", args=arguments), query)
    assert response.status_code == 200, (page, response.status_code)
    found = Page(response)
    assert found.faults() == [], page
    return found


def _post(client: Client, page: str, *arguments: Any, expect: int = 200, **data: Any) -> Page:
    response: Any = client.post(reverse(f"office:{page}", args=arguments), data, follow=True)
    assert response.status_code == expect, (page, response.status_code)
    found = Page(response)
    assert found.faults() == [], page
    return found


def _csv(client: Client, page: str, **query: str) -> list[list[str]]:
    response: Any = client.get(reverse(f"office:{page}"), query)
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


# --- documents ---


def _upload(client: Client, name: str, content: bytes, expect: int = 200) -> Page:
    return _post(client, "plan-drafts", expect=expect, file=SimpleUploadedFile(name, content))


def test_a_document_is_uploaded_read_and_shown_with_its_findings(group: Client) -> None:
    page = _upload(group, "送审稿.txt", (CORPUS / "boxes_and_annexes.txt").read_bytes())
    document = next(row for row in queries.documents() if row.name == "送审稿.txt")
    assert document.received_by == "staff:group"
    assert document.open_findings > 3
    assert document.title in page.text
    assert f"已处理 0 / {document.findings}" in page.text
    assert len(page.all("mark")) >= 1
    listed = _get(group, "plan-drafts")
    assert "送审稿.txt" in listed.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("方案.doc", b"x", "另存为 .docx"),
        ("方案.txt", b"", "文件是空的"),
        ("方案.txt", "今天天气很好。\n".encode(), "没有读出任何重点任务"),
        ("方案.txt", b"\xff\xff\x00\x01", "不是文字文件"),
        ("方案.docx", b"\xd0\xcf\x11\xe0 locked", "加了密码"),
        ("方案.pdf", b"not a pdf", "PDF"),
        ("扫描.pdf", SCAN, "文字识别"),
        ("方案.txt", b"a" * (MAX_DOCUMENT_BYTES + 1), "超过 8 MB"),
    ],
)
def test_what_cannot_be_read_says_why_and_stores_nothing(name: str, content: bytes, words: str, group: Client) -> None:
    before = len(queries.documents())
    page = _upload(group, name, content, expect=422)
    assert words in page.text
    assert "没有读入" in page.text
    assert len(queries.documents()) == before


def test_a_finding_is_corrected_in_its_form_and_the_next_one_opens(group: Client, plan: dict[str, str]) -> None:
    number = plan["open"]
    found = next(row for row in queries.findings(number) if any(field[1] == "text" for field in row.correctable))
    fields = {f"f{found.position}-c{at}": field[3] for at, field in enumerate(found.correctable)}
    at = next(at for at, field in enumerate(found.correctable) if field[1] == "text")
    form = {**fields, f"f{found.position}-choice": "correct", f"f{found.position}-note": "已向专班核实"}
    unchanged = _post(group, "plan-finding", number, found.position, expect=422, **form)
    assert "没有改动" in unchanged.text
    form[f"f{found.position}-c{at}"] = "改正后的说法"
    response: Any = group.post(reverse("office:plan-finding", args=[number, found.position]), form)
    waiting = [row.position for row in queries.findings(number) if not row.choice]
    assert response.status_code == 302
    assert response.url.endswith(f"#finding-{next(each for each in waiting if each > found.position)}")
    settled = next(row for row in queries.findings(number) if row.position == found.position)
    assert (settled.choice, settled.decided_by, settled.note) == ("correct", "staff:group", "已向专班核实")
    assert [each["value"] for each in settled.corrections] == ["改正后的说法"]
    page = _get(group, "plan-draft", number, at=str(found.position))
    assert "改正后的说法" in page.text
    assert "已处理 1 /" in page.text


def test_a_second_correction_of_a_finding_keeps_the_first(group: Client, plan: dict[str, str]) -> None:
    number = plan["open"]
    found = next(row for row in queries.findings(number) if row.subject.startswith("indicator:"))
    names = [field[1] for field in found.correctable]

    def send(**changes: str) -> None:
        now = next(row for row in queries.findings(number) if row.position == found.position)
        prefix = f"f{found.position}"
        form = {f"{prefix}-c{at}": changes.get(field[1], field[3]) for at, field in enumerate(now.correctable)}
        _post(group, "plan-finding", number, found.position, **form, **{f"{prefix}-choice": "correct"})

    assert {"text", "deadline_year"} <= set(names)
    send(text="先改说法")
    send(deadline_year="2031")
    kept = next(row for row in queries.findings(number) if row.position == found.position)
    assert {(each["field"], each["value"]) for each in kept.corrections} == {
        ("text", "先改说法"), ("deadline_year", "2031"),
    }  # fmt: skip


def test_a_note_needs_words_and_nothing_typed_is_lost(group: Client, plan: dict[str, str]) -> None:
    found = queries.findings(plan["open"])[0]
    page = _post(
        group, "plan-finding", plan["open"], found.position, expect=422, **{f"f{found.position}-choice": "note"}
    )
    assert "请写明说明" in page.text
    assert any(each.get("value") == "note" and "checked" in each for each in page.all("input"))


def test_light_findings_are_accepted_at_once_and_grave_ones_never(group: Client, plan: dict[str, str]) -> None:
    number = plan["open"]
    kinds = {row.severity for row in queries.findings(number)}
    light = "naming" if "naming" in kinds else "typographic"
    _post(group, "plan-findings-accept", number, severity=light)
    assert queries.findings(number, severity=light, open_only=True) == []
    refused: Any = group.post(reverse("office:plan-findings-accept", args=[number]), {"severity": "substantive"})
    assert refused.status_code == 404
    assert queries.findings(number, severity="substantive", open_only=True) != []


def test_findings_are_filtered(group: Client, plan: dict[str, str]) -> None:
    page = _get(group, "plan-draft", plan["adopted"], open="1")
    shown = [row for row in queries.findings(plan["adopted"]) if not row.choice]
    if shown:
        assert shown[0].message in page.text
    grave = queries.findings(plan["adopted"], severity="substantive")
    assert grave[0].message not in page.text


# --- adoption ---


def _settle_all(number: str) -> None:
    for each in queries.findings(number, severity="substantive", open_only=True):
        services.settle(number=number, position=each.position, choice="accept", at=START)


def test_adopting_with_open_findings_is_refused_and_afterwards_makes_the_next_version(
    group: Client, plan: dict[str, str]
) -> None:
    number = plan["open"]
    asked = _get(group, "plan-adopt", number)
    assert "暂时不能采纳" in asked.text
    assert "取消任务5" in asked.text
    refused = _post(group, "plan-adopt", number, expect=409)
    assert "实质疑点没有决定" in refused.text
    assert len(queries.versions()) == 1
    _settle_all(number)
    ready = _get(group, "plan-adopt", number)
    assert "采纳为第2版" in ready.text
    done = _post(group, "plan-adopt", number)
    assert "已采纳为第2版" in done.text
    assert [row.version for row in queries.versions()] == [2, 1]
    assert "取消任务5" in _get(group, "plan-version", 2).text
    again = _post(group, "plan-adopt", number, expect=409)
    assert "不能再采纳" in again.text
    assert parties.audit_trail(action="plan.adopt")[0].actor == "staff:group"


def test_a_document_is_put_aside_and_the_plan_stays(group: Client, plan: dict[str, str]) -> None:
    page = _post(group, "plan-abandon", plan["open"])
    assert "已作废" in page.text
    assert queries.document(plan["open"]).state == "abandoned"
    assert len(queries.versions()) == 1
    form = {f"f{1}-choice": "accept"}
    assert "不能再" in _post(group, "plan-finding", plan["open"], 1, expect=409, **form).text


def test_the_frozen_content_has_the_hash_that_the_version_shows(group: Client, plan: dict[str, str]) -> None:
    page = _get(group, "plan-version", 1)
    file: Any = group.get(reverse("office:plan-version-json", args=[1]))
    assert hashlib.sha256(file.content).hexdigest() in page.text
    assert plan["title"] in page.text
    assert "现行" in _get(group, "plan-versions").text


# --- supervision ---


def test_a_meeting_is_opened_and_closed_with_its_conclusions(group: Client) -> None:
    day = today().isoformat()
    empty = _post(group, "plan-meeting-open", expect=422, title="", held_on=day)
    assert "没有发起" in empty.text
    page = _post(group, "plan-meeting-open", title="第四季度调度", held_on=day, agenda="一、看进展")
    assert "进行中" in page.text
    number = next(row.number for row in queries.reviews() if row.title == "第四季度调度")
    assert "没有结束" in _post(group, "plan-meeting-close", number, expect=422, conclusions="").text
    done = _post(group, "plan-meeting-close", number, conclusions="各部门月底前补报数据")
    assert "各部门月底前补报数据" in done.text
    assert "结束时的进展" in done.text
    assert "已经结束" in _post(group, "plan-meeting-close", number, expect=409, conclusions="再写一次").text


def test_late_indicators_get_their_notices_in_one_click_and_only_once(group: Client, plan: dict[str, str]) -> None:
    page = _get(group, "plan-meeting", plan["meeting"])
    late = [each for task in queries.plan(today()).tasks for each in task.indicators if each.light.status == "late"]  # type: ignore[union-attr]
    assert late
    assert late[0].text in page.text
    done = _post(group, "plan-notice-issue", at_once="1", indicator=late[0].code, review=plan["meeting"])
    leads = queries.task(late[0].task_no, today()).task.leads
    assert f"已发出{len(leads)}份督办通知" in done.text
    made = [row for row in queries.notices(on=today(), open_only=True) if row.indicator == late[0].code]
    assert sorted(row.department.code for row in made) == sorted(each.code for each in leads)
    assert {row.review for row in made} == {plan["meeting"]}
    again = _post(group, "plan-notice-issue", at_once="1", indicator=late[0].code, review=plan["meeting"])
    assert "没有发出通知" in again.text
    assert len([row for row in queries.notices(on=today()) if row.indicator == late[0].code]) == len(leads)


def test_a_notice_is_written_with_what_is_known_and_checked(group: Client, plan: dict[str, str]) -> None:
    late = next(
        each
        for task in queries.plan(today()).tasks
        for each in task.indicators
        if each.light.status == "late"  # type: ignore[union-attr]
    )
    page = _get(group, "plan-notice-issue", indicator=late.code)
    assert "已过期限" in page.text
    past = {"department": plan["lead"], "task_no": "1", "problem": "没有完成", "due_on": "2020-01-01"}
    refused = _post(group, "plan-notice-issue", expect=409, **past)
    assert "今天或以后" in refused.text
    assert "没有完成" in refused.text
    assert "请选择部门" in _post(group, "plan-notice-issue", expect=422, **{**past, "department": ""}).text


def test_only_the_noticed_department_answers_and_the_verdict_comes_after(group: Client, plan: dict[str, str]) -> None:
    number = plan["notice"]
    early = _post(group, "plan-notice-judge", number, expect=409, accepted="yes", verdict="可以")
    assert "还没有答复" in early.text
    other = next(each.code for each in queries.departments() if each.code != plan["lead"])
    refused = _post(_officer(other), "plan-notice-answer", number, expect=409, answer="替别人答复")
    assert "您不能代表" in refused.text
    assert queries.notice(number, today()).state == "open"
    own = _officer(plan["lead"])
    assert "整改答复" in _get(own, "plan-notice", number).text
    answered = _post(own, "plan-notice-answer", number, answer="已完成三成，下月底补齐")
    assert "等待专班认定" in answered.text
    back = _post(group, "plan-notice-judge", number, expect=422, accepted="no", verdict="太慢")
    assert "新的答复期限" in back.text
    due = (today() + timedelta(days=7)).isoformat()
    returned = _post(group, "plan-notice-judge", number, accepted="no", verdict="太慢", due_on=due)
    assert "已完成三成，下月底补齐" in returned.text
    assert "退回的答复" in returned.text
    _post(own, "plan-notice-answer", number, answer="全部完成")
    closed = _post(group, "plan-notice-judge", number, accepted="yes", verdict="核实完成")
    assert "已办结" in closed.text
    assert queries.notice(number, today()).state == "closed"


def test_notices_are_listed_filtered_and_handed_out(group: Client, plan: dict[str, str]) -> None:
    assert "登记工作没有按期完成" in _get(group, "plan-notices", department=plan["lead"], open="1").text
    other = next(each.code for each in queries.departments() if each.code != plan["lead"])
    assert "没有督办通知" in _get(group, "plan-notices", department=other).text
    rows = _csv(group, "plan-notices-csv")
    assert rows[1][0] == plan["notice"]


# --- appraisal, cases, feedback ---


def test_a_year_is_computed_shown_with_its_basis_and_published_when_it_is_over(group: Client) -> None:
    assert "还没有考核结果" in _get(group, "plan-appraisal").text
    year = today().year
    page = _post(group, "plan-appraisal-compute", year=str(year))
    assert "试算" in page.text
    assert "牵头" in page.text
    early = _post(group, "plan-appraisal-publish", expect=409, year=str(year))
    assert "还没有结束" in early.text
    _post(group, "plan-appraisal-compute", expect=422, year="x")
    rows = _csv(group, "plan-appraisal-csv")
    chosen = queries.appraisals()[0]
    assert len(rows) == 1 + len(chosen.scores) * len(chosen.items)


def test_a_case_is_filed_by_one_and_published_by_another(group: Client, plan: dict[str, str]) -> None:
    own = _officer(plan["lead"])
    form = {"task_no": "1", "department": plan["lead"], "title": "上门登记", "text": "每厂半天。", "link": ""}
    assert "等待第二人审核" in _post(own, "plan-case-file", **form).text
    number = next(row.number for row in queries.cases(public_only=False) if row.title == "上门登记")
    assert own.post(reverse("office:plan-case-publish", args=[number])).status_code == 403
    listed = _get(own, "plan-cases")
    assert "上门登记" in listed.text
    assert not any("publish" in each.get("action", "") for each in listed.all("form"))
    done = _post(group, "plan-case-publish", number)
    assert "已公布" in done.text
    assert "已经公布" in _post(group, "plan-case-publish", number).text
    phone = _post(own, "plan-case-file", expect=409, **{**form, "text": "联系13800000000"})
    assert "个人信息" in phone.text
    assert "联系13800000000" in phone.text


def test_feedback_is_replied_to_once_by_the_lead(group: Client, plan: dict[str, str]) -> None:
    number = plan["feedback"]
    assert "登记的工厂名单在哪里看" in _get(group, "plan-feedback").text
    other = next(
        each.code
        for each in queries.departments()
        if each.code not in {d.code for d in queries.task(1, today()).task.leads}
    )
    refused: Any = _officer(other).post(
        reverse("office:plan-feedback-reply", args=[number]), {"reply": "不归我管", "public": "yes"}
    )
    assert refused.status_code in (403, 409)
    assert queries.feedback_by_number(number, today()).replied_at is None
    shown = _get(enter(hire("other", Role.OFFICER, scope=Scope("organization", other))), "plan-feedback")
    assert not any("reply" in each.get("action", "") for each in shown.all("form"))
    own = _officer(plan["lead"])
    assert "请选择是否公开" in _post(own, "plan-feedback-reply", number, expect=422, reply="见门户").text
    done = _post(own, "plan-feedback-reply", number, reply="见门户任务页", public="yes")
    assert "已答复并公开" in done.text
    again = _post(own, "plan-feedback-reply", number, expect=409, reply="再答一次", public="no")
    assert "已经答复" in again.text
    assert queries.feedback_by_number(number, today()).reply == "见门户任务页"


# --- money ---


def test_money_is_exact_to_the_fen_and_corrected_by_a_negative_amount(group: Client, plan: dict[str, str]) -> None:
    assert "123,456,789.01" in _get(group, "plan-funding").text
    own, day = _officer(plan["lead"]), today().isoformat()
    form = {"kind": "paid", "amount": "0.07", "happened_on": day, "note": "凭证一"}
    _post(own, "plan-funding-add", plan["funding"], **form)
    _post(own, "plan-funding-add", plan["funding"], **{**form, "amount": "-0.05", "note": "冲减"})
    (line,) = [row for row in queries.funding() if row.number == plan["funding"]]
    assert (line.planned_fen, line.paid_fen) == (12_345_678_901, 2)
    for amount, words in (("0.001", "精确到分"), ("0", "不能是零"), ("十元", "只填数字"), ("", "必填")):
        page = _post(own, "plan-funding-add", plan["funding"], expect=422, **{**form, "amount": amount})
        assert words in page.text, amount
    too_much = _post(own, "plan-funding-add", plan["funding"], expect=409, **{**form, "amount": "-1"})
    assert "冲减超过" in too_much.text
    rows = _csv(group, "plan-funding-csv")
    assert [row[7].lstrip("'") for row in rows if row[6] == "支付"] == ["0.07", "-0.05"]


def test_a_department_enters_only_its_own_money(group: Client, plan: dict[str, str]) -> None:
    other = next(each.code for each in queries.departments() if each.code != plan["lead"])
    day = today().isoformat()
    form = {"kind": "planned", "amount": "5", "happened_on": day}
    refused = _post(_officer(other), "plan-funding-add", plan["funding"], expect=409, **form)
    assert "您不能代表" in refused.text
    line = {**form, "task_no": "1", "department": plan["lead"], "title": "宣传", "origin": "社会资金", "year": "2026"}
    not_own = _post(_officer(other + "x"), "plan-funding-new", expect=422, **line)
    assert "没有登记" in not_own.text
    assert "已登记" in _post(group, "plan-funding-new", **line).text
    assert sorted(row.title for row in queries.funding()) == ["宣传", "登记经费（示例）"]


# --- reports and coverage ---


def test_a_report_is_previewed_published_once_and_never_changes(group: Client, plan: dict[str, str]) -> None:
    day = today()
    preview = _get(group, "plan-report-publish", as_of=day.isoformat())
    assert "预览" in preview.text
    assert len(queries.reports()) == 1
    done = _post(group, "plan-report-publish", as_of=day.isoformat(), title="")
    assert "报告已发布" in done.text
    assert len(queries.reports()) == 2
    twice = _post(group, "plan-report-publish", expect=409, as_of=day.isoformat(), title="")
    assert "已经发布" in twice.text
    assert len(queries.reports()) == 2
    future = (day + timedelta(days=1)).isoformat()
    assert "不能在以后" in _post(group, "plan-report-publish", expect=409, as_of=future, title="").text
    assert "没有发布" in _post(group, "plan-report-publish", expect=422, as_of="", title="").text


def test_the_files_of_a_report_are_those_that_were_published(group: Client, plan: dict[str, str]) -> None:
    _get(group, "plan-report", plan["report"])
    for kind in ("word", "excel"):
        file: Any = group.get(reverse("office:plan-report-file", args=[plan["report"], kind]))
        assert file.content == queries.report_file(plan["report"], kind)[1]
        assert file.content[:2] == b"PK"
        assert file.headers["Content-Disposition"].startswith("attachment")
    assert group.get(reverse("office:plan-report-file", args=[plan["report"], "pdf"])).status_code == 404


def test_coverage_is_counted_filtered_and_handed_out(group: Client) -> None:
    everything = _get(group, "plan-coverage")
    assert "承诺对照" in everything.text
    total = len(queries.coverage())
    assert len(_csv(group, "plan-coverage-csv")) == 1 + total
    no = [row for row in queries.coverage() if not row.by]
    assert len(_csv(group, "plan-coverage-csv", served="no")) == 1 + len(no)
    _get(group, "plan-coverage", kind="indicator", served="no", task="1")


def test_every_screen_that_the_county_names_has_words() -> None:
    named = {each for row in queries.county_coverage(this_county()) for each in row.by if each.startswith("screen:")}
    assert len(named) > 5
    assert {each.removeprefix("screen:") for each in named} <= SCREENS.keys()


# --- who may ---


def test_those_who_only_look_see_no_forms(plan: dict[str, str]) -> None:
    looker = enter(hire("looker", Role.AUDITOR))
    for page, arguments in (
        ("plan-versions", []), ("plan-version", [1]), ("plan-supervision", []), ("plan-meeting", [plan["meeting"]]),
        ("plan-notices", []), ("plan-notice", [plan["notice"]]), ("plan-appraisal", []), ("plan-cases", []),
        ("plan-funding", []), ("plan-funding-line", [plan["funding"]]), ("plan-feedback", []), ("plan-reports", []),
        ("plan-report", [plan["report"]]), ("plan-coverage", []),
    ):  # fmt: skip
        page_shown = _get(looker, page, *arguments)
        assert [form for form in page_shown.all("form") if form.get("method") == "post"] == [], page
    for page in ("plan-drafts", "plan-notice-issue", "plan-report-publish", "plan-case-file", "plan-funding-new"):
        assert looker.get(reverse(f"office:{page}")).status_code == 403, page


@pytest.mark.parametrize(
    "path",
    ["drafts/doc_x/", "drafts/doc_x/adopt/", "versions/99/", "supervision/prv_x/", "notices/ntc_x/", "funding/fnd_x/",
     "reports/rpt_x/", "appraisal/?number=apr_x"],
)  # fmt: skip
def test_what_does_not_exist_says_so(path: str, group: Client) -> None:
    response: Any = group.get(f"/office/plan/{path}")
    assert response.status_code == 404
    assert Page(response).faults() == []
