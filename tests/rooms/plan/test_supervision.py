"""Supervision: progress reviews, notices with answer and verdict, good cases, money, feedback."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from tests.rooms.plan import world

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.plan.models import Feedback, FundingEntry, FundingLine, GoodCase, Notice, ProgressReview
from tanhui.plan.types import (
    CaseDetails,
    FeedbackDetails,
    FeedbackReply,
    FundingDetails,
    NoticeAnswer,
    NoticeDetails,
    NoticeVerdict,
    NotYourTask,
    ReviewMeeting,
    WorkDetails,
)

pytestmark = pytest.mark.django_db
JULY = date(2026, 7, 1)
LATER = world.NOW + timedelta(days=3)


def work(details: WorkDetails, by: Actor, **more: Any) -> str:
    arguments: dict[str, Any] = {"at": world.NOW} | more
    return services.work(details=details, by=by, **arguments)


def notice(staff: world.Staff, **changes: Any) -> str:
    details = {"department": world.COMMERCE, "task_no": 2, "problem": "办法没有出台", "due_on": JULY} | changes
    return work(NoticeDetails(**details), staff.office)


def test_a_review_is_opened_with_notices_and_closed_with_the_state_of_the_day() -> None:
    staff = world.open_plan()
    world.approve(staff, world.file_school(staff))
    number = work(ReviewMeeting(title="二季度调度", held_on=world.TODAY, agenda="绿色餐饮"), staff.office)
    notice(staff, review=number, indicator=world.RULES)
    view = queries.review(number, world.TODAY)
    assert (view.title, view.closed_at, view.state_then) == ("二季度调度", None, {})
    assert [(each.department.code, each.indicator_text, each.review) for each in view.notices] == [
        (world.COMMERCE, "出台评定办法", number)
    ]
    work(ReviewMeeting(number=number, conclusions="七月底前出台"), staff.deputy)
    view = queries.review(number, world.TODAY)
    assert (view.conclusions, view.state_then["as_of"]) == ("七月底前出台", "2026-06-15")
    assert [(task["no"], task["label"], task["percent"]) for task in view.state_then["tasks"]] == [
        (1, "正常推进", "16.66%"), (2, "逾期", "–"), (3, "暂无数据", "–"),
    ]  # fmt: skip
    with pytest.raises(Conflict, match="已经结束"):
        work(ReviewMeeting(number=number, conclusions="改口"), staff.office)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgressReview.objects.update(conclusions="改口")
    assert [each.number for each in queries.reviews()] == [number]


def test_a_review_that_was_not_held_cannot_be_closed() -> None:
    staff = world.open_plan()
    number = work(ReviewMeeting(title="三季度调度", held_on=JULY), staff.office)
    with pytest.raises(BadInput, match="还没有到"):
        work(ReviewMeeting(number=number, conclusions="太早"), staff.office)
    with pytest.raises(BadInput):
        work(ReviewMeeting(title="没有日期"), staff.office)
    with pytest.raises(Forbidden):
        work(ReviewMeeting(title="越权", held_on=JULY), staff.officer)
    with pytest.raises(NotFound):
        work(ReviewMeeting(number="prv_00000000000000000000000000", conclusions="无"), staff.office)


def test_a_notice_is_answered_and_closed() -> None:
    staff = world.open_plan()
    number = notice(staff)
    assert [each.number for each in queries.notices(department=world.COMMERCE, on=world.TODAY)] == [number]
    assert queries.notice(number, world.TODAY).state_label == "待答复"
    assert not queries.notice(number, JULY).late
    assert queries.notice(number, JULY + timedelta(days=1)).late
    work(NoticeAnswer(number, "已报县政府"), staff.merchant)
    view = queries.notice(number, JULY + timedelta(days=9))
    assert (view.state, view.answer, view.answered_by, view.late) == ("answered", "已报县政府", "staff:merchant", False)
    with pytest.raises(Conflict, match="已经答复"):
        work(NoticeAnswer(number, "再答"), staff.merchant)
    work(NoticeVerdict(number, True, "办法已印发"), staff.office)
    assert queries.notice(number, JULY).state == "closed"
    assert queries.notices(open_only=True, on=JULY) == []
    with pytest.raises(Conflict, match="已办结"):
        work(NoticeVerdict(number, True, "再次"), staff.office)
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.update(verdict="改口")


def test_a_notice_sent_back_has_a_new_deadline_and_keeps_the_first_round() -> None:
    staff = world.open_plan()
    number = notice(staff)
    with pytest.raises(Conflict, match="还没有答复"):
        work(NoticeVerdict(number, True, "太早"), staff.office)
    work(NoticeAnswer(number, "在办"), staff.merchant)
    with pytest.raises(BadInput):
        work(NoticeVerdict(number, False, "没有说明时间"), staff.office)
    work(NoticeVerdict(number, False, "没有说明时间", JULY + timedelta(days=10)), staff.office, at=LATER)
    view = queries.notice(number, world.TODAY)
    assert (view.state, view.due_on, view.answer) == ("open", JULY + timedelta(days=10), "")
    assert [(each["due_on"], each["answer"], each["verdict"]) for each in view.history] == [
        ("2026-07-01", "在办", "没有说明时间")
    ]
    work(NoticeAnswer(number, "七月八日印发"), staff.merchant, at=LATER)
    assert queries.notice(number, world.TODAY).state == "answered"


def test_who_sends_answers_and_ends_a_notice() -> None:
    staff = world.open_plan()
    with pytest.raises(Forbidden):
        work(NoticeDetails(world.COMMERCE, 2, "越权", JULY), staff.merchant)
    with pytest.raises(NotYourTask):
        notice(staff, task_no=3)
    with pytest.raises(NotFound):
        notice(staff, indicator=world.SCHOOLS)
    with pytest.raises(BadInput):
        notice(staff, due_on=date(2026, 6, 14))
    number = notice(staff)
    with pytest.raises(NotYourTask):
        work(NoticeAnswer(number, "冒名"), staff.officer)
    work(NoticeAnswer(number, "专班代答"), staff.office)
    with pytest.raises(Forbidden, match="自己的答复"):
        work(NoticeVerdict(number, True, "同意"), staff.office)
    with pytest.raises(Forbidden):
        work(NoticeVerdict(number, True, "同意"), staff.merchant)
    work(NoticeVerdict(number, True, "同意"), staff.deputy)


def test_a_good_case_is_published_by_a_second_person_and_then_stays() -> None:
    staff = world.open_plan()
    details = CaseDetails(
        task_no=1,
        department=world.EDUCATION,
        title="屋顶菜园（示例）",
        text="学生种菜",
        link="https://school.example/1",
    )
    number = work(details, staff.officer)
    assert queries.cases() == []
    assert [each.number for each in queries.cases(public_only=False)] == [number]
    for by in (staff.officer, staff.merchant_reviewer):
        with pytest.raises(Forbidden):
            work(CaseDetails(number=number, publish=True), by)
    work(CaseDetails(number=number, publish=True), staff.reviewer)
    view = queries.case(number)
    assert (view.title, view.department.code, view.published_at) == ("屋顶菜园（示例）", world.EDUCATION, world.NOW)
    assert queries.task(1, world.TODAY).cases == (view,)
    with pytest.raises(Conflict):
        work(CaseDetails(number=number, publish=True), staff.office)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoodCase.objects.update(title="改名")


def test_the_working_group_may_not_publish_what_it_filed_itself() -> None:
    staff = world.open_plan()
    details = CaseDetails(task_no=1, department=world.EDUCATION, title="一案", text="做法")
    number = work(details, staff.office)
    with pytest.raises(Forbidden, match="自己填报"):
        work(CaseDetails(number=number, publish=True), staff.office)
    work(CaseDetails(number=number, publish=True), staff.deputy)


@pytest.mark.parametrize(
    "change", [{"link": "javascript:alert(1)"}, {"text": "联系 13800138000"}, {"title": ""}, {"text": "长" * 3001}]
)
def test_a_faulty_case_is_refused(change: dict[str, str]) -> None:
    staff = world.open_plan()
    details = {"task_no": 1, "department": world.EDUCATION, "title": "一案", "text": "做法"} | change
    with pytest.raises(BadInput):
        work(CaseDetails(**details), staff.officer)


def test_samples_are_for_demo_counties_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    staff = world.open_plan()
    details = CaseDetails(task_no=1, department=world.EDUCATION, title="示例", text="虚构", sample=True)
    assert queries.case(work(details, staff.officer)).sample
    monkeypatch.setattr("tanhui.plan._county.is_demo", lambda: False)
    with pytest.raises(BadInput, match="示例"):
        work(details, staff.officer)


def money(kind: str, fen: int, number: str = "", **changes: Any) -> FundingDetails:
    new = {"task_no": 2, "department": world.COMMERCE, "title": "评定补助", "origin": "县级财政", "year": 2026}
    details = {} if number else new
    return FundingDetails(kind, fen, date(2026, 6, 1), number=number, **(details | changes))


def test_funding_is_summed_by_kind_and_only_appended() -> None:
    staff = world.open_plan()
    number = work(money("planned", 100_000_00), staff.merchant)
    for kind, fen in (("committed", 60_000_00), ("paid", 20_000_50), ("paid", -50), ("planned", 5_00)):
        work(money(kind, fen, number), staff.merchant)
    view = queries.funding(2)[0]
    assert (view.planned_fen, view.committed_fen, view.paid_fen) == (100_005_00, 60_000_00, 20_000_00)
    assert [(label, fen) for label, fen, *_ in view.entries] == [
        ("计划", 100_000_00), ("落实", 60_000_00), ("支付", 20_000_50), ("支付", -50), ("计划", 5_00),
    ]  # fmt: skip
    assert queries.funding(1) == []
    with pytest.raises(BadInput, match="冲减"):
        work(money("paid", -20_000_01, number), staff.merchant)
    with pytest.raises(NotYourTask):
        work(money("paid", 1, number), staff.officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        FundingEntry.objects.update(amount_fen=1)


@pytest.mark.parametrize(
    ("kind", "fen", "change"),
    [
        ("lent", 1, {}),
        ("paid", 0, {}),
        ("paid", -1, {}),
        ("planned", 1, {"year": 26}),
        ("planned", 1, {"title": ""}),
        ("planned", 1, {"origin": "源" * 81}),
    ],
)
def test_faulty_money_is_refused(kind: str, fen: int, change: dict[str, Any]) -> None:
    staff = world.open_plan()
    with pytest.raises(BadInput):
        work(money(kind, fen, **change), staff.merchant)
    with pytest.raises(BadInput, match="以后"):
        work(FundingDetails("paid", 1, date(2026, 6, 16), number="fnd_0"), staff.merchant)
    assert not FundingLine.objects.exists()


def test_feedback_has_a_deadline_a_reply_and_shows_only_if_made_public() -> None:
    staff = world.open_plan()
    number = services.work(details=FeedbackDetails(1, "希望多种树"), at=world.NOW)
    view = queries.feedback_by_number(number, world.TODAY)
    assert (view.text, view.due_on, view.public) == ("希望多种树", world.TODAY + timedelta(days=21), False)
    assert queries.feedback_by_number(number, world.TODAY + timedelta(days=22)).late
    assert [each.number for each in queries.feedback(open_only=True, on=world.TODAY)] == [number]
    with pytest.raises(Forbidden):
        work(FeedbackReply(number, "冒名", True), staff.merchant)
    work(FeedbackReply(number, "今年种三百棵", True), staff.officer)
    view = queries.feedback_by_number(number, world.TODAY + timedelta(days=99))
    assert (view.reply, view.late, view.public) == ("今年种三百棵", False, True)
    shown = queries.feedback(task_no=1, public_only=True, on=world.TODAY)
    assert shown == [queries.feedback_by_number(number, world.TODAY)]
    with pytest.raises(Conflict, match="已经答复"):
        work(FeedbackReply(number, "再答", False), staff.office)


def test_feedback_that_stays_private_is_not_shown() -> None:
    staff = world.open_plan()
    number = services.work(details=FeedbackDetails(3, "宣传片太长"), at=world.NOW)
    work(FeedbackReply(number, "已剪短", False), staff.office)
    assert queries.feedback(task_no=3, public_only=True, on=world.TODAY) == []
    assert queries.feedback(open_only=True, on=world.TODAY) == []


@pytest.mark.parametrize(
    "text",
    [
        "打我电话13800138000",
        "打我电话 138-0013-8000",
        "打我电话１３８ ００１３ ８０００",
        "+86 13800138000",
        "座机0730-1234567",
        "身份证430626199001010011",
        "身份证 430626 19900101 001X",
        "",
        "  ",
        "长" * 501,
    ],
)
def test_feedback_with_a_number_of_a_person_or_without_words_is_refused(text: str) -> None:
    world.adopt()
    with pytest.raises(BadInput):
        services.work(details=FeedbackDetails(1, text), at=world.NOW)
    assert not Feedback.objects.exists()


def test_feedback_may_speak_of_years_and_amounts() -> None:
    world.adopt()
    services.work(details=FeedbackDetails(1, "2025年完成了1200000千瓦时，比2024年多12.5%"), at=world.NOW)
    with pytest.raises(NotFound):
        services.work(details=FeedbackDetails(9, "没有这项任务"), at=world.NOW)
    with pytest.raises(NotFound):
        queries.feedback_by_number("fbk_00000000000000000000000000", world.TODAY)
