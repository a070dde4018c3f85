"""Supervision: notices of rectification, good cases, money, and the public's feedback."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import QuerySet, Sum

from tanhui.kernel.county import load_county
from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import _county
from tanhui.plan._acting import line, plan_department, ref, require_hand, require_part, said
from tanhui.plan._acting import task_in_force as task_of
from tanhui.plan.models import (
    Assignment,
    Feedback,
    FundingEntry,
    FundingLine,
    GoodCase,
    Indicator,
    Notice,
    ProgressReview,
)
from tanhui.plan.types import (
    CaseDetails,
    CaseView,
    FeedbackDetails,
    FeedbackReply,
    FeedbackView,
    FundingDetails,
    FundingView,
    NoticeAnswer,
    NoticeDetails,
    NoticeVerdict,
    NoticeView,
    NotYourTask,
)

REPLY_DAYS = 21
"""Calendar days for a reply to the public, where the county says nothing (`[feedback] reply_days`)."""

TOO_MUCH_FEN = 10**15
"""Ten trillion yuan: no county's money, and far below what the database holds of many."""

NOTICE_STATES = {"open": "待答复", "answered": "待办结", "closed": "已办结"}
_LINK = URLValidator(schemes=("http", "https"))


def notice(details: NoticeDetails, at: datetime, by: Actor) -> str:
    """Send a notice to a department that has a part in the task."""
    parties.require(by, "plan.supervise")
    task, department = require_part(by, details.task_no, details.department, "plan.supervise")
    indicator = None
    if details.indicator:
        indicator = Indicator.objects.filter(code=details.indicator, task=task).first()
        if indicator is None:
            raise NotFound(f"任务{task.no}没有这个指标", where=details.indicator[:40], fix="核对指标")
    meeting_row = None
    if details.review:
        meeting_row = ProgressReview.objects.filter(number=details.review).first()
        if meeting_row is None:
            raise NotFound("没有这次调度", where=details.review[:40], fix="核对编号")
    _in_time(details.due_on, at)
    return Notice.objects.create(
        number=new_number("ntc", at),
        review=meeting_row,
        department=department,
        task=task,
        indicator=indicator,
        problem=said(details.problem, "problem", 500),
        due_on=details.due_on,
        issued_by=by.name,
        issued_at=at,
    ).number


def _in_time(due_on: date | None, at: datetime) -> date:
    if due_on is None or due_on < local_day(at):
        raise BadInput("答复期限须是今天或以后的日期", where="due_on", fix="填写新的期限")
    return due_on


def _locked_notice(number: str) -> Notice:
    row = (
        Notice.objects.select_for_update(of=("self",))
        .select_related("department", "task")
        .filter(number=number)
        .first()
    )
    if row is None:
        raise NotFound("没有这份督办通知", where=number[:40], fix="核对编号")
    if row.closed_at is not None:
        raise Conflict("这份督办通知已办结", where=number, fix="不必再处理")
    return row


def answer(details: NoticeAnswer, at: datetime, by: Actor) -> str:
    """The department's answer, once a round."""
    row = _locked_notice(details.number)
    require_hand(by, row.department)
    if row.answered_at is not None:
        raise Conflict("这份督办通知已经答复，等待专班办结", where=row.number, fix="如被退回可再次答复")
    row.answer = said(details.answer, "answer", 1000)
    row.answered_by, row.answered_at = by.name, at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    return row.number


def verdict(details: NoticeVerdict, at: datetime, by: Actor) -> str:
    """Close an answered notice, or send it back with a new deadline; what was answered before is kept."""
    parties.require(by, "plan.supervise")
    row = _locked_notice(details.number)
    if row.answered_at is None:
        raise Conflict("部门还没有答复，不能办结", where=row.number, fix="等待答复")
    if row.answered_by == by.name and not by.is_system:
        raise Forbidden("答复人不能给自己的答复下结论", where=row.number, fix="请专班另一位同事办理")
    words = said(details.verdict, "verdict", 500)
    if details.accepted:
        row.verdict, row.closed_at = words, at
    else:
        due_on = _in_time(details.due_on, at)
        row.history = [
            *row.history,
            {
                "due_on": row.due_on.isoformat(),
                "answer": row.answer,
                "answered_by": row.answered_by,
                "answered_at": row.answered_at.isoformat(),
                "verdict": words,
            },
        ]
        row.due_on, row.answer, row.answered_by, row.answered_at = due_on, "", "", None
    row.save()
    return row.number


def case(details: CaseDetails, at: datetime, by: Actor) -> str:
    """File a good case, or publish one that somebody else filed."""
    if details.number or details.publish:
        return _publish_case(details.number, at, by)
    task, department = require_part(by, details.task_no, details.department)
    if details.sample and not _county.is_demo():
        raise BadInput("正式运行的县不能登记示例", where="sample", fix="去掉“示例”")
    if details.link:
        try:
            _LINK(details.link)
        except ValidationError as error:
            raise BadInput("公开链接须以 http:// 或 https:// 开头", where="link", fix="核对链接") from error
    return GoodCase.objects.create(
        number=new_number("gcs", at),
        task=task,
        department=department,
        title=said(details.title, "title", 80),
        text=said(details.text, "text", 3000),
        link=line(details.link, "link", 300, least=0),
        sample=details.sample,
        filed_by=by.name,
        filed_at=at,
    ).number


def _publish_case(number: str, at: datetime, by: Actor) -> str:
    row = GoodCase.objects.select_for_update(of=("self",)).select_related("department").filter(number=number).first()
    if row is None:
        raise NotFound("没有这个案例", where=number[:40], fix="核对编号")
    require_hand(by, row.department, "plan.review")
    if row.published_at is not None:
        raise Conflict("这个案例已经公布", where=number, fix="不必再公布")
    if row.filed_by == by.name and not by.is_system:
        raise Forbidden("填报人不能公布自己填报的案例", where=number, fix="请另一位同事审核公布")
    row.published_by, row.published_at = by.name, at
    row.save(update_fields=["published_by", "published_at"])
    return number


def funding(details: FundingDetails, at: datetime, by: Actor) -> str:
    """A new funding line with its first amount, or a further amount on one. Sums never fall below nothing."""
    if details.kind not in FundingEntry.Kind.values:
        raise BadInput(f"没有“{details.kind}”这种资金记录", where="kind", fix="选择计划、落实或支付")
    if details.amount_fen == 0:
        raise BadInput("金额不能是零", where="amount_fen", fix="填写金额")
    if abs(details.amount_fen) >= TOO_MUCH_FEN:
        raise BadInput("金额太大", where="amount_fen", fix="核对单位是不是元")
    if details.happened_on > local_day(at):
        raise BadInput("日期不能在以后", where="happened_on", fix="填写文件或付款的日期")
    if details.number:
        found = FundingLine.objects.select_for_update(of=("self",)).select_related("department")
        row = found.filter(number=details.number).first()
        if row is None:
            raise NotFound("没有这项资金安排", where=details.number[:40], fix="核对编号")
        require_hand(by, row.department)
    else:
        row = _new_line(details, at, by)
    so_far = row.entries.filter(kind=details.kind).aggregate(sum=Sum("amount_fen"))["sum"] or 0
    if so_far + details.amount_fen < 0:
        raise BadInput("冲减超过了已登记的金额", where="amount_fen", fix="核对金额")
    FundingEntry.objects.create(
        line=row,
        kind=details.kind,
        amount_fen=details.amount_fen,
        happened_on=details.happened_on,
        note=said(details.note, "note", 300, least=0),
        entered_by=by.name,
        entered_at=at,
    )
    return row.number


def _new_line(details: FundingDetails, at: datetime, by: Actor) -> FundingLine:
    task, department = require_part(by, details.task_no, details.department)
    if details.sample and not _county.is_demo():
        raise BadInput("正式运行的县不能登记示例", where="sample", fix="去掉“示例”")
    if not 2000 <= details.year <= 2100:
        raise BadInput("年度应是四位年份", where="year", fix="填写如 2025")
    return FundingLine.objects.create(
        number=new_number("fnd", at),
        task=task,
        department=department,
        title=said(details.title, "title", 120),
        origin=said(details.origin, "origin", 80),
        year=details.year,
        sample=details.sample,
        created_at=at,
    )


def feedback(details: FeedbackDetails, at: datetime, by: Actor) -> str:
    """Take what somebody of the public wrote; the number is all that leads to it."""
    task = task_of(details.task_no)
    facts = load_county(settings.TANHUI_COUNTY).facts.get("feedback", {})
    return Feedback.objects.create(
        number=new_number("fbk", at),
        task=task,
        text=said(details.text, "text", 500),
        received_at=at,
        due_on=local_day(at) + timedelta(days=int(facts.get("reply_days", REPLY_DAYS))),
    ).number


def reply(details: FeedbackReply, at: datetime, by: Actor) -> str:
    """A leading department's (or the working group's) reply, once."""
    row = Feedback.objects.select_for_update(of=("self",)).select_related("task").filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这条意见", where=details.number[:40], fix="核对编号")
    _require_lead(by, row)
    if row.replied_at is not None:
        raise Conflict("这条意见已经答复", where=row.number, fix="不必再答复")
    row.reply = said(details.reply, "reply", 1000)
    row.replied_by, row.replied_at, row.public = by.name, at, details.public
    row.save(update_fields=["reply", "replied_by", "replied_at", "public"])
    return row.number


def _require_lead(by: Actor, row: Feedback) -> None:
    leads = Assignment.objects.filter(task=row.task, leads=True).select_related("department")
    for each in leads:
        try:
            return require_hand(by, each.department)
        except NotYourTask:
            continue
    parties.require(by, "plan.supervise")


# --- reads ---


def notices(*, on: date, department: str = "", open_only: bool = False) -> list[NoticeView]:
    """Notices, those that wait first, then by deadline."""
    rows = Notice.objects.all()
    if department:
        rows = rows.filter(department__code=department)
    if open_only:
        rows = rows.filter(closed_at__isnull=True)
    return notice_views(rows, on)


def notice_of(number: str, on: date) -> NoticeView:
    """One notice. Raises NotFound."""
    for found in notice_views(Notice.objects.filter(number=number), on):
        return found
    raise NotFound("没有这份督办通知", where=number[:40], fix="核对编号")


def notice_views(rows: QuerySet[Notice], on: date) -> list[NoticeView]:
    """Notices for others to read, in one query."""
    rows = rows.select_related("department", "task", "indicator", "review").order_by("due_on", "id")
    found = [_notice(row, on) for row in rows]
    return sorted(found, key=lambda view: ("open", "answered", "closed").index(view.state))


def _notice(row: Notice, on: date) -> NoticeView:
    state = "closed" if row.closed_at else "answered" if row.answered_at else "open"
    answered_on = local_day(row.answered_at) if row.answered_at else on
    return NoticeView(
        number=row.number,
        department=ref(row.department),
        task_no=row.task.no,
        indicator=row.indicator.code if row.indicator else "",
        indicator_text=row.indicator.text if row.indicator else "",
        problem=row.problem,
        due_on=row.due_on,
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        verdict=row.verdict,
        closed_at=row.closed_at,
        state=state,
        state_label=NOTICE_STATES[state],
        late=answered_on > row.due_on,
        review=row.review.number if row.review else "",
        history=tuple(row.history),
    )


def cases(public_only: bool = True) -> list[CaseView]:
    """Good cases, the latest first."""
    rows = GoodCase.objects.filter(published_at__isnull=False) if public_only else GoodCase.objects.all()
    return case_views(rows)


def case_of(number: str) -> CaseView:
    """One case. Raises NotFound."""
    for found in case_views(GoodCase.objects.filter(number=number)):
        return found
    raise NotFound("没有这个案例", where=number[:40], fix="核对编号")


def case_views(rows: QuerySet[GoodCase]) -> list[CaseView]:
    """Cases for others to read, in one query."""
    return [
        CaseView(
            number=row.number,
            task_no=row.task.no,
            department=ref(row.department),
            title=row.title,
            text=row.text,
            link=row.link,
            sample=row.sample,
            filed_by=row.filed_by,
            filed_at=row.filed_at,
            published_at=row.published_at,
        )
        for row in rows.select_related("task", "department").order_by("-id")
    ]


def funding_lines(task_no: int | None = None, department: str = "") -> list[FundingView]:
    """Funding lines with their sums, by task and year. Two queries."""
    rows = FundingLine.objects.select_related("task", "department").prefetch_related("entries")
    if task_no is not None:
        rows = rows.filter(task__no=task_no, task__dropped=False)
    if department:
        rows = rows.filter(department=plan_department(department))
    return [_funding(row) for row in rows.order_by("task__no", "-year", "id")]


def _funding(row: FundingLine) -> FundingView:
    entries = sorted(row.entries.all(), key=lambda entry: (entry.happened_on, entry.pk))
    sums = dict.fromkeys(FundingEntry.Kind.values, 0)
    for entry in entries:
        sums[entry.kind] += entry.amount_fen
    return FundingView(
        number=row.number,
        task_no=row.task.no,
        department=ref(row.department),
        title=row.title,
        origin=row.origin,
        year=row.year,
        planned_fen=sums["planned"],
        committed_fen=sums["committed"],
        paid_fen=sums["paid"],
        sample=row.sample,
        entries=tuple(
            (each.get_kind_display(), each.amount_fen, each.happened_on, each.note, each.entered_by) for each in entries
        ),
    )


def feedback_list(
    *, on: date, task_no: int | None = None, open_only: bool = False, public_only: bool = False
) -> list[FeedbackView]:
    """What the public wrote, by deadline of the reply; `public_only` gives what was replied to and made public."""
    rows = Feedback.objects.all()
    if task_no is not None:
        rows = rows.filter(task__no=task_no, task__dropped=False)
    if open_only:
        rows = rows.filter(replied_at__isnull=True)
    if public_only:
        rows = rows.filter(public=True)
    return feedback_views(rows, on)


def feedback_by_number(number: str, on: date) -> FeedbackView:
    """What somebody wrote, by the number that they were given. Raises NotFound."""
    for found in feedback_views(Feedback.objects.filter(number=number), on):
        return found
    raise NotFound("没有这个编号的意见", where=number[:40], fix="核对编号是否抄写完整")


def feedback_views(rows: QuerySet[Feedback], on: date) -> list[FeedbackView]:
    """Feedback for others to read, in one query."""
    return [
        FeedbackView(
            number=row.number,
            task_no=row.task.no,
            text=row.text,
            received_at=row.received_at,
            due_on=row.due_on,
            reply=row.reply,
            replied_at=row.replied_at,
            public=row.public,
            late=(local_day(row.replied_at) if row.replied_at else on) > row.due_on,
            task_title=row.task.title,
            task_dropped=row.task.dropped,
        )
        for row in rows.select_related("task").order_by("due_on", "id")
    ]
