"""What goes out: the plan in force, its versions, and pages that join everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tanhui.plan.types.register_views import RecordView, RegisterView
from tanhui.plan.types.status import DepartmentRef, Stance, Status
from tanhui.plan.types.work_views import CaseView, FeedbackView, FundingView, NoticeView, SubTaskView


@dataclass(frozen=True)
class Light:
    """How far something is: completion in basis points (10000 = all; None without data), status and why.

    `overridden` holds the reason where an officer set the status; `rule_status` is then what the rule says. `stale`:
    the figure is older than it may be. `regress`: the latest figure is worse than the one before. `missing_forecast`:
    at the pace so far the target will be missed; `forecast` is the value that the pace leads to, as text with unit.
    """

    completion_bp: int | None
    status: Status
    rule_status: Status
    overridden: str = ""
    stale: bool = False
    regress: bool = False
    missing_forecast: bool = False
    forecast: str = ""

    @property
    def percent(self) -> str:
        """Completion for people, such as 87.5%; – without data. Rounded down: nothing is called done too early."""
        if self.completion_bp is None:
            return "–"
        whole, rest = divmod(self.completion_bp, 100)
        return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


@dataclass(frozen=True)
class TargetView:
    """What is to be reached by when. `words` is ready to read: 到2025年 不少于5家."""

    due_on: date | None
    comparator: str
    value: Decimal | None
    value_max: Decimal | None
    words: str
    staged: bool
    light: Light | None = None


@dataclass(frozen=True)
class FigureView:
    """A value at a time and where it comes from: `value` is exact, `words` is how people read it (two decimals, unit).

    `kind` is register, source or hand; `name` the register's code, the source's name, or the record's number.
    `sample`: invented rows count in it (a demo county); a page that shows it says so.
    """

    value: Decimal
    words: str
    rows: int
    as_of: date
    counted_at: datetime
    kind: str
    name: str
    title: str
    sample: bool


@dataclass(frozen=True)
class IndicatorView:
    """One indicator as a page shows it."""

    code: str
    task_no: int
    text: str
    kind: str
    unit: str
    recurrence: str
    recurrence_label: str
    weight: int
    by: str
    by_label: str
    source: str
    source_title: str
    targets: tuple[TargetView, ...]
    figure: FigureView | None
    light: Light
    occurrences: tuple[Mapping[str, Any], ...] = ()
    dropped: bool = False

    @property
    def target(self) -> TargetView | None:
        """The plan's own target: the last one that is no stage."""
        own = [each for each in self.targets if not each.staged]
        return own[-1] if own else None


@dataclass(frozen=True)
class RoadmapView:
    """A roadmap item."""

    period: str
    due_year: int | None
    position: int
    text: str
    stance: Stance | None


@dataclass(frozen=True)
class TaskView:
    """A task at a glance. Lights: own, over its indicators by weight."""

    no: int
    title: str
    text: str
    group_no: int
    group_title: str
    leads: tuple[DepartmentRef, ...]
    supporters: tuple[DepartmentRef, ...]
    light: Light
    indicators: tuple[IndicatorView, ...]
    proactive: int
    routine: int
    registers: int = 0


@dataclass(frozen=True)
class TaskPage:
    """Everything about one task."""

    task: TaskView
    boxes: tuple[Mapping[str, Any], ...]
    roadmap: tuple[RoadmapView, ...]
    registers: tuple[RegisterView, ...]
    sub_tasks: tuple[SubTaskView, ...]
    contacts: tuple[tuple[DepartmentRef, str], ...]
    notices: tuple[NoticeView, ...]
    cases: tuple[CaseView, ...]
    funding: tuple[FundingView, ...]
    feedback: tuple[FeedbackView, ...]


@dataclass(frozen=True)
class VersionView:
    """A version of the plan. `comparison` has added, dropped, moved: lists of {what, code, before, after, words}."""

    version: int
    title: str
    status: str
    content_hash: str
    starts_on: date
    adopted_by: str
    adopted_at: datetime
    comparison: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanView:
    """The plan in force at a glance."""

    version: VersionView
    tasks: tuple[TaskView, ...]
    light: Light
    counts: Mapping[Status, int]
    indicators: int
    roadmap: int
    boxes: int


@dataclass(frozen=True)
class FindingView:
    """A finding with the sentence beside it. `places` are (first line, last line, quote) and `passages` the original
    lines around each as (number, text, is meant); `correctable` lists (subject, field, title, value now)."""

    position: int
    code: str
    severity: str
    severity_label: str
    task_no: int | None
    message: str
    suggestion: str
    subject: str
    places: tuple[tuple[int, int, str], ...]
    passages: tuple[tuple[tuple[int, str, bool], ...], ...]
    correctable: tuple[tuple[str, str, str, str], ...]
    choice: str
    choice_label: str
    corrections: tuple[Mapping[str, Any], ...]
    note: str
    decided_by: str


@dataclass(frozen=True)
class DocumentView:
    """A document on the desk. `open_findings` counts those without a decision."""

    number: str
    name: str
    title: str
    status: str
    state: str
    state_label: str
    received_by: str
    received_at: datetime
    findings: int
    open_findings: int
    has_text: bool
    adopted_version: int | None = None


@dataclass(frozen=True)
class DeskView:
    """A department's desk today: what is owed, late, to review, to answer. Reminders newest first."""

    departments: tuple[DepartmentRef, ...]
    owed: tuple[IndicatorView, ...]
    late: tuple[IndicatorView, ...]
    stale: tuple[IndicatorView, ...]
    to_review: tuple[RecordView, ...]
    to_review_count: int
    returned: tuple[RecordView, ...]
    sub_tasks: tuple[SubTaskView, ...]
    notices: tuple[NoticeView, ...]
    feedback: tuple[FeedbackView, ...]
    reminders: tuple[tuple[str, datetime], ...]
    registers: tuple[RegisterView, ...]


@dataclass(frozen=True)
class CoverageRow:
    """One promise and what serves it. `ref` as in coverage.yaml, `kind` clause, action, indicator, roadmap,
    safeguard or overall; `by` are (kind, name, title); `missing` says what is not there yet."""

    kind: str
    ref: str
    task_no: int | None
    text: str
    by: tuple[tuple[str, str, str], ...]
    how: str
    missing: str


@dataclass(frozen=True)
class TopicView:
    """One of the fields in which progress is published, with the tasks and registers that report on it."""

    code: str
    title: str
    tasks: tuple[TaskView, ...]
    registers: tuple[RegisterView, ...]
    note: str
