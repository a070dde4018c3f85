"""The eight verbs of the room: permission, then the act, then a line in the audit trail.

`by` is the member of staff who acts, or the system where nothing else is said; only the public's own feedback needs
no permission. Each takes the time as an argument. All are atomic; what is refused because it is another department's
is written to the audit trail all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction

from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.plan import _adopt, _drafts, _records, _registers, _reports, _work
from tanhui.plan.types import Correction, HandFigure, NotYourTask, RegisterDocument, RowDetails, Upload, WorkDetails
from tanhui_plandoc import Draft

__all__ = ["adopt", "define", "draft", "file", "publish_report", "review", "settle", "work"]

SYSTEM = Actor.system("plan")


@transaction.atomic
def draft(*, name: str, draft: Draft, text: str = "", at: datetime, by: Actor = SYSTEM) -> str:
    """Put a plan as read on the desk, with its diagnostics as findings; returns the document's number (`doc_…`).

    `text` is the source line by line, kept so that a finding shows its sentence. The same draft again, while the
    first is open or in force, gives the first number again. Raises Forbidden; BadInput where nothing of a plan was
    found in it.
    """
    parties.require(by, "plan.draft")
    return _drafts.receive(name=name, draft=draft, text=text, at=at, by=by)


@transaction.atomic
def settle(
    *,
    number: str,
    position: int,
    choice: str,
    corrections: Sequence[Correction] = (),
    note: str = "",
    at: datetime,
    by: Actor = SYSTEM,
) -> None:
    """Decide a finding: `accept` the text as it stands, `correct` the draft, or `note` what was considered.

    A later decision replaces an earlier one until the document is adopted. Raises Forbidden, NotFound, Conflict
    where the document is adopted or abandoned, BadInput where a correction names nothing that is there.
    """
    parties.require(by, "plan.draft")
    _drafts.settle(number=number, position=position, choice=choice, corrections=corrections, note=note, at=at, by=by)


@transaction.atomic
def adopt(*, number: str, at: datetime, by: Actor = SYSTEM, abandon: bool = False) -> int:
    """Freeze a settled document as the next version of the plan and bring it in force; returns the version.

    Against the version before it is compared: added, dropped, moved. Tasks and indicators that go on keep their
    work, records and figures; dropped ones stay, marked. `abandon` puts the document aside instead (returns 0).
    Raises Forbidden, NotFound, FindingsOpen, Conflict where it was adopted already.
    """
    parties.require(by, "plan.adopt")
    return _adopt.abandon(number=number, at=at, by=by) if abandon else _adopt.adopt(number=number, at=at, by=by)


@transaction.atomic
def define(
    *, registers: Iterable[RegisterDocument], measures: Iterable[object] = (), at: datetime, by: Actor = SYSTEM
) -> int:
    """Take the county's registers and its list of how each indicator is counted; returns how many editions are new.

    Safe to repeat. A register that is no longer in the list is retired: its rows stay and count on. Figures are
    counted anew where the rule of counting changed. Raises Forbidden, BadInput with the document and the place.
    """
    parties.require(by, "plan.define")
    return _registers.define(registers=list(registers), measures=list(measures), at=at, by=by)


def file(
    *,
    register: str = "",
    rows: Sequence[RowDetails] = (),
    workbook: Upload | None = None,
    hand: HandFigure | None = None,
    corrects: str = "",
    void: bool = False,
    withdraw: str = "",
    department: str,
    sample: bool = False,
    at: datetime,
    by: Actor = SYSTEM,
) -> list[str]:
    """File rows in a register, a workbook of rows, an indicator's value by hand, or a correction of a record
    (`corrects`, with one row or `void`); or take an unreviewed record back (`withdraw`). Returns record numbers.

    All rows are stored or none. The department must be one that the register (or the indicator's task) names, and
    `by` must act for it: who files what is another's gets NotYourTask, and the attempt is in the audit trail.
    Raises Forbidden, NotYourTask, RowRefused, FileFaults (every fault by row and column), Conflict for duplicates.
    """
    try:
        with transaction.atomic():
            return _records.file(
                register=register, rows=rows, workbook=workbook, hand=hand, corrects=corrects, void=void,
                withdraw=withdraw, department=department, sample=sample, at=at, by=by,
            )  # fmt: skip
    except NotYourTask as refused:
        _records.record_refusal(
            refused, what=register or (hand.indicator if hand else corrects or withdraw), at=at, by=by
        )
        raise


@transaction.atomic
def review(*, numbers: Sequence[str], approve: bool, note: str = "", at: datetime, by: Actor = SYSTEM) -> int:
    """A second person approves or returns records (a note is needed to return); returns how many were decided.

    All or none. Figures that the registers feed are counted anew in the same transaction. Raises Forbidden (also for
    one's own records), AlreadyReviewed where another was first, NotFound, BadInput.
    """
    return _records.review(numbers=numbers, approve=approve, note=note, at=at, by=by)


def work(*, details: WorkDetails, at: datetime, by: Actor = SYSTEM) -> str:
    """Everything around a task, by the kind of `details`: contact, sub-task, override, progress review, notice with
    answer and verdict, appraisal, good case, funding, feedback and its reply; returns the number of what was made.

    Departments act within their own scope, the working group for all; feedback is the public's own. Acting for
    another department gets NotYourTask, and the attempt is in the audit trail.
    Raises Forbidden, NotYourTask, NotFound, Conflict (a circle of dependencies, a closed notice), BadInput.
    """
    try:
        with transaction.atomic():
            return _work.do(details=details, at=at, by=by)
    except NotYourTask as refused:
        _records.record_refusal(refused, what=_work.name_of(details), at=at, by=by)
        raise


@transaction.atomic
def publish_report(*, as_of: date, title: str = "", at: datetime, by: Actor = SYSTEM) -> str:
    """Freeze the state as of a day as a published report: page, Word and Excel; returns its number (`rpt_…`).

    Compared with the last one. Raises Forbidden, Conflict where a later or the same day was published already,
    BadInput for a day to come or before the plan.
    """
    parties.require(by, "plan.publish")
    return _reports.publish(as_of=as_of, title=title, at=at, by=by)
