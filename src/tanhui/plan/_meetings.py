"""Progress reviews (调度): opened, held, closed with conclusions and the state of the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import _plan, _supervision
from tanhui.plan._acting import said
from tanhui.plan.models import Notice, ProgressReview
from tanhui.plan.types import NoticeView, ReviewMeeting, ReviewView


def meeting(details: ReviewMeeting, at: datetime, by: Actor) -> str:
    """Open a progress review, or close it with its conclusions and the state of that day."""
    parties.require(by, "plan.supervise")
    if not details.number:
        if details.held_on is None:
            raise BadInput("调度须写明日期", where="held_on", fix="填写日期")
        return ProgressReview.objects.create(
            number=new_number("prv", at),
            title=said(details.title, "title", 80),
            held_on=details.held_on,
            agenda=said(details.agenda, "agenda", 3000, least=0),
            opened_by=by.name,
            opened_at=at,
        ).number
    row = ProgressReview.objects.select_for_update().filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这次调度", where=details.number[:40], fix="核对编号")
    if row.closed_at is not None:
        raise Conflict("这次调度已经结束，结论不再改动", where=row.number, fix="发起新的调度")
    if row.held_on > local_day(at):
        raise BadInput("调度日期还没有到，不能结束", where="held_on", fix="到当天再填写结论")
    row.conclusions = said(details.conclusions, "conclusions", 5000)
    row.state_then = _plan.state(local_day(at))
    row.closed_at = at
    row.save(update_fields=["conclusions", "state_then", "closed_at"])
    return row.number


def reviews() -> list[ReviewView]:
    """Progress reviews, the latest first, without their notices."""
    return [_review(row, ()) for row in ProgressReview.objects.order_by("-held_on", "-id")]


def review(number: str, on: date) -> ReviewView:
    """A progress review with its notices. Raises NotFound."""
    row = ProgressReview.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这次调度", where=number[:40], fix="核对编号")
    return _review(row, _supervision.notice_views(Notice.objects.filter(review=row), on))


def _review(row: ProgressReview, notices: Iterable[NoticeView]) -> ReviewView:
    return ReviewView(
        number=row.number,
        title=row.title,
        held_on=row.held_on,
        agenda=row.agenda,
        conclusions=row.conclusions,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        state_then=row.state_then,
        notices=tuple(notices),
    )
