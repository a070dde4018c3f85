"""What comes in: the arguments of the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tanhui.plan.types.status import Status


@dataclass(frozen=True)
class Correction:
    """One change of a draft: `subject` as in a diagnostic, the field's name, and its new value (None: none).

    Subjects and fields: `indicator:<id>` (text, kind, deadline_year, comparator, value, value_max, unit, recurrence,
    or `drop` with True), `task:<no>` (title, leads, supporters: lists of department names), `box:<no>` (title),
    `roadmap:<task no>:<position>` (text, mark, period, or `drop`).
    """

    subject: str
    field: str
    value: Any


@dataclass(frozen=True)
class Upload:
    """A file as it came in."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class RowDetails:
    """One row for a register: field name → text, number, or for a place (longitude, latitude) as the person gave it."""

    values: Mapping[str, Any]
    evidence: tuple[Upload, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class HandFigure:
    """An indicator's value by hand, as of a day, with evidence."""

    indicator: str
    value: str
    as_of: date
    evidence: tuple[Upload, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class ContactDetails:
    """Who answers for a department's part in a task; a `username` of None ends it."""

    task_no: int
    department: str
    username: str | None


@dataclass(frozen=True)
class SubTaskDetails:
    """A new sub-task (`number` empty) or a change of one: whatever is None stays.

    `after` are the numbers of sub-tasks to be done first; `roadmap` is `year:position` of an item of the task's
    roadmap, empty to untie it.
    """

    number: str = ""
    task_no: int | None = None
    department: str | None = None
    title: str | None = None
    due_on: date | None = None
    done_on: date | None = None
    cancelled: bool | None = None
    note: str | None = None
    after: tuple[str, ...] | None = None
    roadmap: str | None = None


@dataclass(frozen=True)
class OverrideDetails:
    """A status by hand over the rule's, or (None) the rule again; the reason is public."""

    indicator: str
    status: Status | None
    reason: str


@dataclass(frozen=True)
class ReviewMeeting:
    """Open a progress review (`number` empty), or close it with its conclusions."""

    number: str = ""
    title: str = ""
    held_on: date | None = None
    agenda: str = ""
    conclusions: str = ""


@dataclass(frozen=True)
class NoticeDetails:
    """A notice of rectification to a department."""

    department: str
    task_no: int
    problem: str
    due_on: date
    indicator: str = ""
    review: str = ""


@dataclass(frozen=True)
class NoticeAnswer:
    """The department's answer."""

    number: str
    answer: str


@dataclass(frozen=True)
class NoticeVerdict:
    """The end of a notice; `accepted` false sends it back with a new deadline."""

    number: str
    accepted: bool
    verdict: str
    due_on: date | None = None


@dataclass(frozen=True)
class AppraisalRun:
    """Compute a year's scores by the county's rules; `publish` freezes them."""

    year: int
    publish: bool = False


@dataclass(frozen=True)
class CaseDetails:
    """A good case; with `number` and `publish` an existing one is published by a second person."""

    task_no: int = 0
    department: str = ""
    title: str = ""
    text: str = ""
    link: str = ""
    number: str = ""
    publish: bool = False
    sample: bool = False


@dataclass(frozen=True)
class FundingDetails:
    """A new funding line (`number` empty), or a further amount on one."""

    kind: str
    amount_fen: int
    happened_on: date
    number: str = ""
    task_no: int = 0
    department: str = ""
    title: str = ""
    origin: str = ""
    year: int = 0
    note: str = ""
    sample: bool = False


@dataclass(frozen=True)
class FeedbackDetails:
    """What somebody of the public says about a task."""

    task_no: int
    text: str


@dataclass(frozen=True)
class FeedbackReply:
    """The reply; `public` shows both on the task's page."""

    number: str
    reply: str
    public: bool


WorkDetails = (
    ContactDetails
    | SubTaskDetails
    | OverrideDetails
    | ReviewMeeting
    | NoticeDetails
    | NoticeAnswer
    | NoticeVerdict
    | AppraisalRun
    | CaseDetails
    | FundingDetails
    | FeedbackDetails
    | FeedbackReply
)
