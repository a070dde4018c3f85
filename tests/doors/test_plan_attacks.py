"""What a hostile visitor, or a colleague of another department, tries at the plan's pages with real requests."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.plan_desks import ROW, of
from tests.doors.plan_world import EDUCATION, FORESTRY, PDF, REGISTER, SIGNS, file_training, open_plan, plan_step
from tests.rooms.scenarios.world import START

from tanhui.kernel.days import local_day
from tanhui.office import urls as office_urls
from tanhui.parties import queries as parties
from tanhui.parties import services as party_services
from tanhui.parties.models import User
from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import queries, services
from tanhui.plan.models import Feedback, FundingEntry, GoodCase, Notice, Override, Record, Report, SubTask, Task
from tanhui.plan.types import (
    CaseDetails,
    FeedbackDetails,
    FeedbackReply,
    FundingDetails,
    NoticeDetails,
    OverrideDetails,
    ReviewMeeting,
    RowDetails,
    Status,
    Upload,
)
from tanhui.portal import plan_urls

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}{% debug %}"
DAY = local_day(START)


def _world() -> dict[str, Any]:
    open_plan()
    users = {
        "officer": of("lin", Role.OFFICER, FORESTRY),
        "reviewer": of("shen", Role.REVIEWER, FORESTRY),
        "teacher": of("jiao", Role.OFFICER, EDUCATION),
        "inspector": of("du", Role.REVIEWER, EDUCATION),
        "group": hire("group", Role.ACTION_OFFICE),
        "second": hire("second", Role.ACTION_OFFICE),
        "auditor": hire("auditor", Role.AUDITOR),
        "partner": hire("partner", Role.PARTNER, scope=Scope("source", "bus")),
    }
    by = {name: Actor.staff(user) for name, user in users.items()}
    evil_row = RowDetails(
        {"title": EVIL[:40], "held_on": "2025-05-21", "people": "3", "audience": "林农", "content": EVIL * 5,
         "spot": ("113.6", "28.7")},
        (Upload('a"; filename=evil.html\r\nX-Evil: 1<b>.pdf', PDF),),
        EVIL,
    )  # fmt: skip
    (evil,) = services.file(register=REGISTER, rows=[evil_row], department=FORESTRY, at=START, by=by["officer"])
    approved, waiting = file_training(by["officer"]), file_training(by["officer"], "苗圃管理（示例）")
    services.review(numbers=[approved, evil], approve=True, note=EVIL, at=START, by=by["reviewer"])
    step = plan_step(by["officer"], EVIL[:100], DAY)
    office = by["group"]
    notice = services.work(details=NoticeDetails(FORESTRY, 1, EVIL, DAY + timedelta(days=9)), at=START, by=office)
    case = services.work(
        details=CaseDetails(task_no=1, department=FORESTRY, title=EVIL[:80], text=EVIL), at=START, by=by["officer"]
    )
    services.work(details=CaseDetails(number=case, publish=True), at=START, by=by["reviewer"])
    waiting_case = services.work(
        details=CaseDetails(task_no=1, department=FORESTRY, title="另一案", text=EVIL), at=START, by=by["officer"]
    )
    funding = services.work(
        details=FundingDetails(
            "planned", 500, DAY, task_no=1, department=FORESTRY, title=EVIL, origin=EVIL[:80], year=2026, note="=1+1"
        ),
        at=START,
        by=by["officer"],
    )
    feedback = services.work(details=FeedbackDetails(1, EVIL), at=START)
    replied = services.work(details=FeedbackDetails(1, EVIL), at=START)
    services.work(details=FeedbackReply(replied, EVIL, True), at=START, by=by["officer"])
    services.work(details=OverrideDetails("i-area", Status.LATE, EVIL), at=START, by=office)
    meeting = services.work(
        details=ReviewMeeting(title=EVIL[:80], held_on=DAY, agenda=EVIL, conclusions=""), at=START, by=office
    )
    report = services.publish_report(as_of=DAY, title=EVIL, at=START, by=office)
    proof = queries.record(approved).evidence[0].number
    return {
        **users, "by": by, "evil": evil, "approved": approved, "waiting": waiting, "step": step, "notice": notice,
        "case": case, "waiting_case": waiting_case, "funding": funding, "feedback": feedback, "replied": replied,
        "meeting": meeting, "report": report, "proof": proof,
    }  # fmt: skip


@pytest.fixture(scope="module")
def numbers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The plan in force with hostile text wherever a text may stand."""
    with lasting(django_db_blocker):
        yield _world()


@pytest.fixture
def plan(numbers: dict[str, Any], db: None) -> dict[str, Any]:
    return numbers


def quiet(user: User | None = None) -> Client:
    """A browser; a broken view answers 500 instead of failing the test at once."""
    client = enter(user) if user else Client()
    client.raise_request_exception = False
    return client


def addresses(plan: dict[str, Any]) -> list[str]:
    """Every page of the plan, of the office and of the public, with numbers that exist."""
    arguments = {
        "no": 1, "code": "", "version": 1, "position": 1, "kind": "word",
    }  # fmt: skip
    by_name = {
        "plan-sub-task": plan["step"], "plan-sub-task-done": plan["step"], "plan-notice": plan["notice"],
        "plan-notice-answer": plan["notice"], "plan-notice-judge": plan["notice"], "plan-meeting": plan["meeting"],
        "plan-meeting-close": plan["meeting"], "plan-funding-line": plan["funding"],
        "plan-funding-add": plan["funding"], "plan-feedback-reply": plan["feedback"], "plan-evidence": plan["proof"],
        "plan-feedback-one": plan["replied"], "plan-case": plan["case"], "plan-case-publish": plan["waiting_case"],
        "plan-report": plan["report"], "plan-report-file": plan["report"],
    }  # fmt: skip
    found = []
    for space, patterns in (("office", office_urls.urlpatterns), ("portal", plan_urls.urlpatterns)):
        for pattern in patterns:
            if not (pattern.name or "").startswith("plan"):
                continue
            kwargs = {name: arguments.get(name, "") for name in pattern.pattern.regex.groupindex}
            if "code" in kwargs:
                indicator, department = "indicator" in pattern.name, "department" in pattern.name
                kwargs["code"] = (
                    "i-area" if indicator or pattern.name in ("plan-hand", "plan-override")
                    else FORESTRY if department else REGISTER
                )  # fmt: skip
            if "number" in kwargs:
                kwargs["number"] = by_name.get(pattern.name, plan["evil"])
            if space == "portal" and "kind" in kwargs:
                kwargs["kind"] = "docx"
            found.append(reverse(f"{space}:{pattern.name}", kwargs=kwargs))
    assert len(found) > 80
    return found


def test_nothing_that_a_page_shows_is_run(plan: dict[str, Any]) -> None:
    """Hostile text stands on the pages as text: in the markup of both sites, for the group and for the public."""
    seen = 0
    for client in (quiet(plan["group"]), quiet(plan["officer"]), quiet()):
        for address in addresses(plan):
            response: Any = client.get(address)
            assert response.status_code < 500, address
            if not response.get("Content-Type", "").startswith("text/html"):
                continue
            page = response.content.decode()
            assert "<script>alert" not in page, address
            assert "<img src=x" not in page, address
            assert "49{" not in page, address
            seen += "&lt;script&gt;alert" in page
            for target in re.findall(r'(?:href|src|action)="([^"]*)"', page):
                assert not html.unescape(target).strip().lower().startswith(("javascript:", "data:text")), address
    assert seen > 20


ODD = ("'", "%", "x" * 5000, "-1", "9" * 23, "١٢", "rec_none", "😀", "\r\nX: y", "2026-02-30", "")
ASKED = (
    "before", "text", "task", "state", "department", "register", "status", "at", "severity", "number", "division",
    "kind", "as_of", "page", "sort", "year",
)  # fmt: skip
TYPED = (
    "number", "act", "note", "from", "department", "value", "as_of", "title", "text", "task_no", "kind", "amount",
    "happened_on", "username", "due_on", "done_on", "problem", "answer", "verdict", "accepted", "reply", "public",
    "year", "status", "reason", "choice", "severity", "token", "held_on", "agenda", "conclusions", "link", "after",
    "value_title", "value_held_on", "value_people", "value_spot", "value_spot_latitude", "origin", "roadmap", "sample",
)  # fmt: skip
NONSENSE = ("", "\x00😀'", "９" * 40, "x" * 6000, "NaN", "9" * 400, "0001-01-01", "9999-12-31")


def test_no_parameter_breaks_a_page(plan: dict[str, Any]) -> None:
    group, public = quiet(plan["group"]), quiet()
    for address in addresses(plan):
        client = group if address.startswith("/office") else public
        for turn in range(len(ODD)):
            data = {name: ODD[(turn + place) % len(ODD)] for place, name in enumerate(ASKED)}
            response = client.get(address, data)
            assert response.status_code < 500, (address, data)


@pytest.mark.parametrize("odd", ["9" * 30, "9" * 5000, "'", "%00", "😀", "rec_" + "0" * 26, "%0d%0aX:1", "a" * 3000])
def test_no_number_in_an_address_breaks_a_page(plan: dict[str, Any], odd: str) -> None:
    group, public = quiet(plan["group"]), quiet()
    for prefix in ("tasks", "indicators", "registers", "records", "evidence", "drafts", "versions", "supervision",
                   "notices", "funding", "reports", "cases", "feedback", "departments"):  # fmt: skip
        for client, root in ((group, "/office/plan/"), (public, "/plan/")):
            for tail in ("/", ".csv"):
                response = client.get(f"{root}{prefix}/{odd}{tail}")
                assert response.status_code < 500, (root, prefix, tail)


@pytest.mark.parametrize("value", NONSENSE)
def test_no_form_breaks_on_nonsense(plan: dict[str, Any], value: str) -> None:
    """Every address that takes a form, with the same in all fields."""
    group, public = quiet(plan["group"]), quiet()
    for address in addresses(plan):
        client = group if address.startswith("/office") else public
        response = client.post(address, dict.fromkeys(TYPED, value))
        assert response.status_code < 500, address


def test_without_a_token_no_form_is_taken(plan: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = enter(plan["group"]).cookies
    before = Record.objects.count(), Feedback.objects.count()
    for address in addresses(plan):
        assert client.post(address, {"text": "没有令牌的意见"}).status_code in (403, 405), address
    assert (Record.objects.count(), Feedback.objects.count()) == before


# --- who may do what ---


def _acts(plan: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Everything that changes something of forestry's, or is the working group's, as its form would send it."""
    office = "/office/plan"
    record, waiting = plan["approved"], plan["waiting"]
    row = {**ROW, "note": "理由", "evidence": SimpleUploadedFile("证.pdf", PDF)}
    day = DAY.isoformat()
    money = {"kind": "paid", "amount": "1", "happened_on": day, "year": "2026"}
    return [
        (f"{office}/registers/{REGISTER}/file/", row),
        (f"{office}/records/{waiting}/withdraw/", {}),
        (f"{office}/records/{record}/correct/", {**ROW, "note": "理由"}),
        (f"{office}/records/{record}/void/", {"note": "理由"}),
        (f"{office}/review/decide/", {"number": waiting, "act": "approve", "note": "好"}),
        (f"{office}/review/decide/", {"number": waiting, "act": "return", "note": "改"}),
        (f"{office}/tasks/1/contact/", {"department": FORESTRY, "username": "jiao"}),
        (f"{office}/tasks/1/steps/", {"department": FORESTRY, "title": "新步骤", "due_on": "2090-01-01"}),
        (f"{office}/tasks/1/steps/{plan['step']}/", {"department": FORESTRY, "title": "改", "due_on": "2090-01-01"}),
        (f"{office}/tasks/1/steps/{plan['step']}/done/", {}),
        (f"{office}/indicators/i-area/override/", {"status": "done", "reason": "我说的"}),
        (f"{office}/indicators/i-area/report/",
         {"value": "5", "as_of": "2025-06-01", "department": FORESTRY, "evidence": SimpleUploadedFile("证.pdf", PDF)}),
        (f"{office}/notices/issue/", {"department": FORESTRY, "task_no": "1", "problem": "慢", "due_on": "2090-01-01"}),
        (f"{office}/notices/{plan['notice']}/answer/", {"answer": "改了"}),
        (f"{office}/notices/{plan['notice']}/judge/", {"accepted": "yes", "verdict": "好"}),
        (f"{office}/supervision/open/", {"title": "会", "held_on": day}),
        (f"{office}/supervision/{plan['meeting']}/close/", {"conclusions": "完"}),
        (f"{office}/appraisal/compute/", {"year": DAY.year}),
        (f"{office}/appraisal/publish/", {"year": DAY.year}),
        (f"{office}/cases/file/", {"task_no": "1", "department": FORESTRY, "title": "案", "text": "文"}),
        (f"{office}/cases/{plan['waiting_case']}/publish/", {}),
        (f"{office}/feedback/{plan['feedback']}/reply/", {"reply": "好", "public": "yes"}),
        (f"{office}/funding/new/", money | {"task_no": "1", "department": FORESTRY, "title": "款", "origin": "县"}),
        (f"{office}/funding/{plan['funding']}/add/", {"kind": "paid", "amount": "1", "happened_on": day}),
        (f"{office}/reports/publish/", {"as_of": timezone.localdate().isoformat(), "title": ""}),
        (f"{office}/drafts/", {"file": SimpleUploadedFile("案.txt", "一、重点任务\n1.种树。".encode())}),
    ]  # fmt: skip


def _state() -> tuple[Any, ...]:
    """What the acts would change."""
    return (
        list(Record.objects.order_by("id").values_list("number", "state", "review_note")),
        list(SubTask.objects.order_by("id").values_list("number", "title", "done_on")),
        list(Notice.objects.order_by("id").values_list("number", "answer", "closed_at")),
        list(GoodCase.objects.order_by("id").values_list("number", "published_at")),
        list(Feedback.objects.order_by("id").values_list("number", "reply")),
        FundingEntry.objects.count(), Override.objects.count(), Report.objects.count(),
        queries.task(1, DAY).contacts, len(queries.documents()), len(queries.appraisals()),
        [each.closed_at for each in queries.reviews()], len(queries.reviews()),
    )  # fmt: skip


@pytest.mark.parametrize("who", ["teacher", "inspector", "auditor", "partner", None])
def test_what_is_another_departments_is_not_changed(plan: dict[str, Any], who: str | None) -> None:
    client = quiet(plan[who] if who else None)
    before = _state()
    for address, data in _acts(plan):
        response: Any = client.post(address, data)
        assert response.status_code < 500, address
        assert _state() == before, (who, address)


def test_the_same_acts_are_taken_from_who_may(plan: dict[str, Any]) -> None:
    """Else the refusals of this file would prove nothing."""
    clients, done = [quiet(plan["group"]), quiet(plan["officer"]), quiet(plan["reviewer"])], set()
    for address, data in _acts(plan):
        for client in clients:
            before = _state()
            for value in data.values():
                if isinstance(value, SimpleUploadedFile):
                    value.seek(0)
            client.post(address, data)
            done |= {address} if _state() != before else set()
    left = {address for address, _ in _acts(plan)} - done
    assert len(left) < 5, left


def test_after_a_role_ended_nothing_is_left(plan: dict[str, Any]) -> None:
    client = quiet(plan["officer"])
    assert client.get("/office/plan/").status_code == 200
    for role in (Role.OFFICER,):
        party_services.grant(
            user_id=plan["officer"].pk, role=role, given=False, at=timezone.now(), by=Actor.system("tests"),
            scope=Scope("organization", FORESTRY),
        )  # fmt: skip
    before = _state()
    for address in addresses(plan):
        if address.startswith("/office"):
            assert client.get(address).status_code in (302, 403, 405), address
    for address, data in _acts(plan):
        client.post(address, data)
        assert _state() == before, address


def test_who_holds_the_groups_role_for_one_department_is_not_the_group(plan: dict[str, Any]) -> None:
    narrow = quiet(of("narrow", Role.ACTION_OFFICE, EDUCATION))
    before = _state()
    for address, data in _acts(plan):
        narrow.post(address, data)
        assert _state() == before, address


def test_an_officer_who_reviews_too_leaves_the_own_rows_to_another(plan: dict[str, Any]) -> None:
    both = plan["officer"]
    party_services.grant(
        user_id=both.pk, role=Role.REVIEWER, at=START, by=Actor.system("tests"), scope=Scope("organization", FORESTRY)
    )
    client = quiet(both)
    answer = client.post("/office/plan/review/decide/", {"number": plan["waiting"], "act": "approve", "note": ""})
    assert (answer.status_code, queries.record(plan["waiting"]).state) == (403, "filed")
    client.post(f"/office/plan/records/{plan['approved']}/void/", {"note": "理由"})
    (struck,) = Record.objects.filter(void=True)
    answer = client.post("/office/plan/review/decide/", {"number": struck.number, "act": "approve", "note": ""})
    assert answer.status_code == 403
    assert queries.record(plan["approved"]).state == "approved"
    client.post(f"/office/plan/cases/{plan['waiting_case']}/publish/")
    assert queries.case(plan["waiting_case"]).published_at is None


# --- files ---


def _zip(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "<html><script>alert(1)</script>")
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\n%PDF-1.4", b"GIF89a", b"PK\x03\x04broken", _zip("index.html"), _zip("../word/document.xml.exe"), b"MZ\x90",
        b"%!PS", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ],
)  # fmt: skip
def test_what_is_no_evidence_is_refused_whatever_it_is_called(plan: dict[str, Any], content: bytes) -> None:
    before, client = Record.objects.count(), quiet(plan["officer"])
    for name in ("证.pdf", "证.xlsx", "证.png"):
        file = SimpleUploadedFile(name, content, "application/pdf")
        answer = client.post(f"/office/plan/registers/{REGISTER}/file/", {**ROW, "evidence": file})
        assert answer.status_code == 422
    assert Record.objects.count() == before


def test_evidence_is_saved_and_never_shown_in_place(plan: dict[str, Any]) -> None:
    (proof,) = queries.record(plan["evil"]).evidence
    response: Any = quiet(plan["auditor"]).get(f"/office/plan/evidence/{proof.number}/")
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    assert (response["X-Content-Type-Options"], response["Content-Type"]) == ("nosniff", "application/pdf")
    assert "sandbox" in response["Content-Security-Policy"]
    assert "X-Evil" not in response
    assert quiet().get(f"/office/plan/evidence/{proof.number}/").status_code == 302
    assert quiet(plan["partner"]).get(f"/office/plan/evidence/{proof.number}/").status_code == 403


def test_no_text_of_a_register_is_a_formula_in_a_file(plan: dict[str, Any]) -> None:
    row = RowDetails(
        {"title": '=HYPERLINK("http://x")', "held_on": "2025-05-22", "people": "3", "audience": "林农"},
        (Upload("a.pdf", PDF),),
    )
    numbers = services.file(register=REGISTER, rows=[row], department=FORESTRY, at=START, by=plan["by"]["officer"])
    services.review(numbers=numbers, approve=True, at=START, by=plan["by"]["reviewer"])
    group = quiet(plan["group"])
    for client, address in (
        (group, f"/office/plan/registers/{REGISTER}/rows.xlsx"),
        (quiet(), f"/plan/registers/{REGISTER}.xlsx"),
    ):
        book = openpyxl.load_workbook(io.BytesIO(client.get(address).content))
        assert all(cell.data_type != "f" for line in book.active.iter_rows() for cell in line)
    assert ",=" not in quiet().get(f"/plan/registers/{REGISTER}.csv").content.decode()
    assert ",=" not in group.get("/office/plan/funding.csv").content.decode()
    files = (quiet().get(f"/plan/reports/{plan['report']}.{kind}") for kind in ("docx", "xlsx"))
    for response in files:
        assert response.status_code == 200
        assert "\n" not in response["Content-Disposition"]


# --- the public's side ---


def test_the_public_sees_no_name_of_staff_and_no_note(plan: dict[str, Any]) -> None:
    public = quiet()
    names = [plan[who].get_username() for who in ("officer", "reviewer", "group", "teacher")]
    shown = [plan[who].display_name for who in ("officer", "reviewer", "group", "teacher")]
    private = ["content", plan["proof"]]
    for address in addresses(plan):
        if address.startswith("/office"):
            continue
        page = public.get(address).content.decode("utf-8", "replace")
        for word in (*shown, *(f"staff:{name}" for name in names), private[1]):
            assert word not in page, (address, word)
    report = queries.report(plan["report"]).content
    assert not any(f"staff:{name}" in str(report) for name in names)


def test_rows_of_a_register_that_is_not_public_stay_inside(plan: dict[str, Any]) -> None:
    row = RowDetails({"sign": "保密牌一号", "put_on": "2025-05-01"})
    numbers = services.file(register=SIGNS, rows=[row], department=EDUCATION, at=START, by=plan["by"]["teacher"])
    services.review(numbers=numbers, approve=True, at=START, by=plan["by"]["inspector"])
    public = quiet()
    for address in (*addresses(plan), f"/plan/registers/{SIGNS}/", "/plan/indicators/i-signs/", "/plan/tasks/2/"):
        if not address.startswith("/office"):
            assert "保密牌" not in public.get(address).content.decode("utf-8", "replace"), address
    assert public.get(f"/plan/registers/{SIGNS}.xlsx").status_code == 404
    assert public.get(f"/plan/registers/{SIGNS}.csv").status_code == 404


def test_feedback_on_a_task_that_was_dropped_is_still_found(plan: dict[str, Any]) -> None:
    Task.objects.filter(no=1).update(dropped=True)
    response: Any = quiet().get(f"/plan/feedback/{plan['replied']}/")
    page = response.content.decode()
    assert (response.status_code, "护林员培训（已不在现行方案中）" in page) == (200, True)
    assert "/plan/tasks/1/" not in page


def test_refusals_leave_no_personal_number_in_the_trail(plan: dict[str, Any]) -> None:
    client = quiet(plan["teacher"])
    row = {**ROW, "value_title": "找 138 0013 8000", "evidence": SimpleUploadedFile("证.pdf", PDF)}
    assert client.post(f"/office/plan/registers/{REGISTER}/file/", row).status_code == 403
    (entry,) = [each for each in parties.audit_trail(actor="staff:jiao") if each.action == "plan.file_refused"]
    assert "138" not in str(entry.detail) + entry.target


def test_a_sender_is_stopped_after_a_few(plan: dict[str, Any]) -> None:
    public = quiet()
    codes = [
        public.post("/plan/tasks/1/feedback/", {"text": f"第{each}条意见很好"}, REMOTE_ADDR="203.0.113.77",
                    HTTP_X_FORWARDED_FOR=f"198.51.100.{each}").status_code
        for each in range(8)
    ]  # fmt: skip
    assert codes == [302] * 5 + [422] * 3


def test_where_one_goes_next_is_always_here(plan: dict[str, Any]) -> None:
    client = quiet(plan["group"])
    for address in addresses(plan):
        for data in ({"next": "//evil.example", "from": "//evil.example", "number": "//evil.example"},):
            for response in (client.get(address, data), client.post(address, data)):
                assert not str(response.get("Location", "")).startswith(("//", "http")), address
