"""Public reads of the room: the plan in force, registers and records, figures, supervision, reports, coverage.

Whatever shows a status, a light or a delay is as of a day, and the caller says which: the doors say today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from tanhui.plan import _desk, _meetings, _plan, _records, _reports, _supervision, _topics
from tanhui.plan._adopt import preview, version, version_content, versions
from tanhui.plan._appraisal import appraisal, appraisals
from tanhui.plan._county import appraisal_rules as county_appraisal
from tanhui.plan._county import coverage_entries as county_coverage
from tanhui.plan._county import measures as county_measures
from tanhui.plan._county import plan_facts as county_plan
from tanhui.plan._county import registers as county_registers
from tanhui.plan._county import topics as county_topics
from tanhui.plan._coverage import coverage, promises, uncovered
from tanhui.plan._drafts import document, documents, draft_of, findings
from tanhui.plan._figure_views import figures
from tanhui.plan._meetings import reviews
from tanhui.plan._plan import departments, task_titles
from tanhui.plan._record_views import (
    evidence_file,
    export,
    faults_workbook,
    feeding_rows,
    may_file,
    may_review,
    places,
    public_rows,
    record,
    records,
    template,
)
from tanhui.plan._registers import map_box
from tanhui.plan._registers import view as register
from tanhui.plan._registers import views as _register_views
from tanhui.plan._reports import report, report_file, reports
from tanhui.plan._suggested import suggested_rows
from tanhui.plan._supervision import case_of as case
from tanhui.plan._supervision import cases
from tanhui.plan._supervision import funding_lines as funding
from tanhui.plan.types import (
    DepartmentRef,
    DeskView,
    FeedbackView,
    IndicatorView,
    NoticeView,
    PlanView,
    RegisterView,
    ReviewView,
    RowFault,
    TaskPage,
    TaskView,
    TopicView,
    Upload,
)

__all__ = [
    "appraisal",
    "appraisals",
    "case",
    "cases",
    "check_workbook",
    "county_appraisal",
    "county_coverage",
    "county_measures",
    "county_plan",
    "county_registers",
    "county_topics",
    "coverage",
    "department",
    "departments",
    "desk",
    "document",
    "documents",
    "draft_of",
    "evidence_file",
    "export",
    "faults_workbook",
    "feedback",
    "feedback_by_number",
    "feeding_rows",
    "figures",
    "findings",
    "funding",
    "indicator",
    "map_box",
    "may_file",
    "may_review",
    "notice",
    "notices",
    "places",
    "plan",
    "preview",
    "promises",
    "public_rows",
    "record",
    "records",
    "register",
    "registers",
    "report",
    "report_file",
    "report_preview",
    "reports",
    "review",
    "reviews",
    "suggested_rows",
    "task",
    "task_titles",
    "template",
    "topics",
    "uncovered",
    "version",
    "version_content",
    "versions",
]


def plan(on: date) -> PlanView | None:
    """The plan in force at a glance; None before any version is adopted."""
    return _plan.plan(on)


def task(no: int, on: date) -> TaskPage:
    """Everything about one task. Raises NotFound."""
    return _plan.task(no, on)


def department(code: str, on: date) -> tuple[DepartmentRef, list[TaskView], list[TaskView]]:
    """A department with the tasks that it leads and those that it supports. Raises NotFound."""
    return _plan.department(code, on)


def indicator(code: str, on: date) -> IndicatorView:
    """One indicator, also a dropped one. Raises NotFound."""
    return _plan.indicator(code, on)


def topics(on: date) -> list[TopicView]:
    """The fields in which progress is published, with the tasks and registers that report on them."""
    return _topics.topics(on)


def desk(user_id: int, at: datetime) -> DeskView:
    """A department's desk at a time: what is owed, late, to review, to answer."""
    return _desk.desk(user_id, at)


def registers() -> list[RegisterView]:
    """The registers in use, by first task and code."""
    return _register_views()


def check_workbook(register: str, upload: Upload, at: datetime) -> list[RowFault]:
    """Every fault that filing this workbook would find; nothing is stored. Raises NotFound, BadInput."""
    return _records.check(register, upload, at=at)


def report_preview(as_of: date, on: date) -> Mapping[str, Any]:
    """The content of a report as of a day, as it would be published on a day. Raises what publishing would."""
    return _reports.preview(as_of, on)


def review(number: str, on: date) -> ReviewView:
    """A progress review with its notices. Raises NotFound."""
    return _meetings.review(number, on)


def notices(*, on: date, department: str = "", open_only: bool = False) -> list[NoticeView]:
    """Notices of rectification, those of a department or all."""
    return _supervision.notices(on=on, department=department, open_only=open_only)


def notice(number: str, on: date) -> NoticeView:
    """One notice. Raises NotFound."""
    return _supervision.notice_of(number, on)


def feedback(
    *, on: date, task_no: int | None = None, open_only: bool = False, public_only: bool = False
) -> list[FeedbackView]:
    """What the public wrote, by deadline of the reply; `public_only` gives what was replied to and made public."""
    return _supervision.feedback_list(on=on, task_no=task_no, open_only=open_only, public_only=public_only)


def feedback_by_number(number: str, on: date) -> FeedbackView:
    """What somebody wrote, by the number that they were given. Raises NotFound."""
    return _supervision.feedback_by_number(number, on)
