"""The verb `work`: each kind of details has its act. Contacts and overrides are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tanhui.kernel.errors import Conflict, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.plan import _appraisal, _meetings, _sub_tasks, _supervision
from tanhui.plan._acting import require_part, said
from tanhui.plan.models import Contact, Indicator, Override
from tanhui.plan.types import (
    AppraisalRun,
    CaseDetails,
    ContactDetails,
    FeedbackDetails,
    FeedbackReply,
    FundingDetails,
    NoticeAnswer,
    NoticeDetails,
    NoticeVerdict,
    OverrideDetails,
    ReviewMeeting,
    SubTaskDetails,
    WorkDetails,
)

Act = Callable[[Any, datetime, Actor], str]


def do(*, details: WorkDetails, at: datetime, by: Actor) -> str:
    """Do what the kind of details says; returns the number of what was made. One audit line each."""
    number = ACTS[type(details)][1](details, at, by)
    parties_services.record(actor=by, action=name_of(details), target=number, at=at)
    return number


def name_of(details: WorkDetails) -> str:
    """What the audit trail calls this kind of work."""
    return f"plan.{ACTS[type(details)][0]}"


def contact(details: ContactDetails, at: datetime, by: Actor) -> str:
    """Put a member of staff in a department's place for a task, or end it."""
    task, department = require_part(by, details.task_no, details.department)
    running = Contact.objects.select_for_update().filter(task=task, department=department, ended_at__isnull=True)
    user = parties.staff(details.username) if details.username is not None else None
    held = running.first()
    if user is None and held is None:
        raise NotFound("这个部门在这项任务上没有联系人", where="username", fix="填写联系人的用户名")
    if held is not None and (user is None or held.user_id != user.id):
        held.ended_at = at
        held.save(update_fields=["ended_at"])
        held = None
    if user is not None and held is None:
        Contact.objects.create(task=task, department=department, user_id=user.id, since_at=at)
    return f"task:{task.no}/{department.code}"


def override(details: OverrideDetails, at: datetime, by: Actor) -> str:
    """Set an indicator's status over the rule's, with a reason; or give it back to the rule."""
    parties.require(by, "plan.supervise")
    indicator = Indicator.objects.select_for_update().filter(code=details.indicator, dropped=False).first()
    if indicator is None:
        raise NotFound("没有这个指标", where=details.indicator[:40], fix="核对指标代码")
    reason = said(details.reason, "reason", 500)
    latest = indicator.overrides.order_by("-id").first()
    if details.status is None and (latest is None or not latest.status):
        raise Conflict("这个指标没有人工判定", where=indicator.code, fix="不必恢复")
    status = "" if details.status is None else details.status.value
    Override.objects.create(indicator=indicator, status=status, reason=reason, decided_by=by.name, decided_at=at)
    return indicator.code


ACTS: Mapping[type, tuple[str, Act]] = {
    ContactDetails: ("contact", contact),
    SubTaskDetails: ("sub_task", _sub_tasks.sub_task),
    OverrideDetails: ("override", override),
    ReviewMeeting: ("progress_review", _meetings.meeting),
    NoticeDetails: ("notice", _supervision.notice),
    NoticeAnswer: ("notice_answer", _supervision.answer),
    NoticeVerdict: ("notice_verdict", _supervision.verdict),
    AppraisalRun: ("appraisal", _appraisal.run),
    CaseDetails: ("case", _supervision.case),
    FundingDetails: ("funding", _supervision.funding),
    FeedbackDetails: ("feedback", _supervision.feedback),
    FeedbackReply: ("feedback_reply", _supervision.reply),
}
