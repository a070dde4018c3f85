"""What goes out: work, supervision and reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tanhui.plan.types.status import DepartmentRef, Status


@dataclass(frozen=True)
class SubTaskView:
    """A sub-task. `waits_for` are the titles of those that must be done first and are not; `roadmap`
    the text of the roadmap item that it serves."""

    number: str
    task_no: int
    department: DepartmentRef
    title: str
    due_on: date
    done_on: date | None
    cancelled: bool
    note: str
    status: Status
    waits_for: tuple[str, ...]
    after: tuple[str, ...]
    roadmap: str = ""


@dataclass(frozen=True)
class ReviewView:
    """A progress review."""

    number: str
    title: str
    held_on: date
    agenda: str
    conclusions: str
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    state_then: Mapping[str, Any]
    notices: tuple[NoticeView, ...] = ()


@dataclass(frozen=True)
class NoticeView:
    """A notice. `state` is open, answered, closed; `late` where the answer is overdue or came late.

    `history` are the rounds before: {due_on, answer, answered_by, answered_at, verdict}, texts.
    """

    number: str
    department: DepartmentRef
    task_no: int
    indicator: str
    indicator_text: str
    problem: str
    due_on: date
    issued_by: str
    issued_at: datetime
    answer: str
    answered_by: str
    answered_at: datetime | None
    verdict: str
    closed_at: datetime | None
    state: str
    state_label: str
    late: bool
    review: str = ""
    history: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class AppraisalView:
    """A year's scores. `items` are the rule's lines (code, title, points); `scores` per department as mappings
    {department, name, total, items: {code: {points, basis}}}, points as text with two decimals, best first."""

    number: str
    year: int
    title: str
    status: str
    items: tuple[Mapping[str, Any], ...]
    scores: tuple[Mapping[str, Any], ...]
    rules_hash: str
    computed_at: datetime
    published_at: datetime | None


@dataclass(frozen=True)
class CaseView:
    """A good case."""

    number: str
    task_no: int
    department: DepartmentRef
    title: str
    text: str
    link: str
    sample: bool
    filed_by: str
    filed_at: datetime
    published_at: datetime | None


@dataclass(frozen=True)
class FundingView:
    """A funding line with its three sums, in fen, and its entries (kind label, amount, day, note, by)."""

    number: str
    task_no: int
    department: DepartmentRef
    title: str
    origin: str
    year: int
    planned_fen: int
    committed_fen: int
    paid_fen: int
    sample: bool
    entries: tuple[tuple[str, int, date, str, str], ...] = ()


@dataclass(frozen=True)
class FeedbackView:
    """What the public wrote, and the reply. The task may have been dropped since, and its number be another's."""

    number: str
    task_no: int
    text: str
    received_at: datetime
    due_on: date
    reply: str
    replied_at: datetime | None
    public: bool
    late: bool
    task_title: str = ""
    task_dropped: bool = False


@dataclass(frozen=True)
class ReportView:
    """A published report. `content` is what the page shows; see `tanhui.plan._reports` for its keys."""

    number: str
    title: str
    as_of: date
    content: Mapping[str, Any]
    content_hash: str
    published_by: str
    published_at: datetime
    previous: str
    next: str
