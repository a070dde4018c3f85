"""What the reader gives: a plan as structured facts, every one of them with the lines that it came from.

The names of the fields are a contract: `Draft.as_json` writes them and `Draft.from_json` reads them back. Line numbers
count from 1 as an editor does; a quote is the normalized sentence as it stands there.
"""

from __future__ import annotations

import hashlib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any


class Kind(StrEnum):
    """What is promised: a number, a state of things, or something done again and again."""

    QUANTITATIVE = "quantitative"
    MILESTONE = "milestone"
    RECURRING = "recurring"


class Source(StrEnum):
    """In which part of the document something stands."""

    BODY = "body"
    BOX = "box"
    ANNEX = "annex"


class Severity(StrEnum):
    """How much a diagnostic matters: what is promised, what is named, how it is written."""

    SUBSTANTIVE = "substantive"
    NAMING = "naming"
    TYPOGRAPHIC = "typographic"


class Mark(StrEnum):
    """How a roadmap item is to be done: ★ of one's own accord or anew, ▲ as usual or in support."""

    PROACTIVE = "proactive"
    ROUTINE = "routine"


COMPARATORS = (">=", "<=", "=", ">", "<", "range")
RECURRENCES = ("daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "irregular")
"""`irregular`: said to be done again, such as 定期 or 持续, without a rhythm."""


@dataclass(frozen=True)
class Place:
    """A quote and the lines where it stands."""

    lines: tuple[int, ...]
    quote: str


@dataclass(frozen=True)
class Measure:
    """What a passage asks for: by when, how much. `value` is exact, in `unit`, with 万 and 亿 multiplied out.

    `value_text` is how the document writes it (22 万亩). `deadline` is an ISO year, month or day, as exact as the
    document is; `deadline_year` its year.
    """

    deadline_year: int | None = None
    deadline: str | None = None
    comparator: str | None = None
    value: Decimal | None = None
    value_max: Decimal | None = None
    unit: str | None = None
    value_text: str | None = None
    recurrence: str | None = None


@dataclass(frozen=True)
class Occurrence:
    """One place where a target stands. `section` names it for people: 正文, 专栏1, 附件1, 附件2.

    `quote` is the clause around it; `text` the target alone, without its deadline, as it is worded there.
    """

    source: Source
    section: str
    quote: str
    lines: tuple[int, ...]
    measure: Measure = Measure()
    text: str = ""


@dataclass(frozen=True)
class Indicator:
    """A target, with every place where it stands. `id` does not change with the number or the deadline."""

    id: str
    text: str
    kind: Kind
    source: Source
    lines: tuple[int, ...] = ()
    deadline_year: int | None = None
    deadline: str | None = None
    comparator: str | None = None
    value: Decimal | None = None
    value_max: Decimal | None = None
    unit: str | None = None
    value_text: str | None = None
    recurrence: str | None = None
    occurrences: tuple[Occurrence, ...] = ()


@dataclass(frozen=True)
class Department:
    """A department as named (`raw`) and as the alias table resolves it; `code` is the table's, empty if unknown."""

    name: str
    raw: str
    code: str = ""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Clause:
    """A sentence of a task's body that says what is to be done. `no` counts within the task, from 1."""

    no: int
    text: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Action:
    """An action of a box."""

    title: str
    text: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Box:
    """A box (专栏): a task's action in detail."""

    no: int | None
    title: str
    actions: tuple[Action, ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class RoadmapItem:
    """A line of the roadmap. `period` is its column's heading, such as 到2025年."""

    period: str
    text: str
    mark: Mark | None = None
    deadline_year: int | None = None
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class AnnexRow:
    """What a table of the annexes says of a task (分工表). `box` and `targets` are its cells as they stand, joined."""

    section: str
    leads: tuple[Department, ...] = ()
    supporters: tuple[Department, ...] = ()
    box: str = ""
    targets: str = ""
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Legend:
    """What a mark of the roadmap means, in the document's own words."""

    mark: Mark
    text: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """A key task (重点任务). `no` is unique in the plan, even where the document starts again in each group."""

    no: int
    title: str
    text: str
    lines: tuple[int, ...] = ()
    clauses: tuple[Clause, ...] = ()
    leads: tuple[Department, ...] = ()
    supporters: tuple[Department, ...] = ()
    boxes: tuple[Box, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    roadmap: tuple[RoadmapItem, ...] = ()
    annex_rows: tuple[AnnexRow, ...] = ()


@dataclass(frozen=True)
class Group:
    """A chapter of tasks."""

    no: int
    title: str
    tasks: tuple[Task, ...] = ()
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class OverallTarget:
    """A goal of the whole plan, in one clause of the overall targets."""

    text: str
    deadline_year: int | None = None
    lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class Safeguard:
    """A chapter of the safeguards (组织保障)."""

    no: int
    title: str
    text: str
    lines: tuple[int, ...] = ()
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True)
class Diagnostic:
    """Something that disagrees, is missing or was not understood. `message` is Chinese and says what and where.

    `subject` says what it is about, so that a correction knows what to change: `indicator:<id>`, `task:<no>`,
    `box:<no>`, `roadmap:<task no>:<position from 1>`, or empty.
    """

    code: str
    severity: Severity
    message: str
    task_no: int | None = None
    places: tuple[Place, ...] = ()
    suggestion: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Draft:
    """A plan as read. Pure data: equal text gives an equal draft."""

    title: str = ""
    status: str = ""
    date: str = ""
    overall_targets: tuple[OverallTarget, ...] = ()
    groups: tuple[Group, ...] = ()
    safeguards: tuple[Safeguard, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    legend: tuple[Legend, ...] = ()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks of all groups."""
        return tuple(task for group in self.groups for task in group.tasks)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values under the field names above. Whole numbers stay whole."""
        plain: dict[str, Any] = _plain(self)
        return plain

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Draft:
        """The draft that `as_json` wrote, or that somebody wrote by hand: fields that are absent take their default.

        Raises ValueError that names the field, where one is unknown, missing or of the wrong type.
        """
        return typing.cast(Draft, _read(cls, content, "draft"))


def indicator_id(task_title: str, subject: str) -> str:
    """A stable id: a hash over the task's title and what is counted, without number, deadline and comparing words."""
    digest = hashlib.sha256(f"{task_title}\n{subject}".encode()).hexdigest()
    return f"i-{digest[:8]}"


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value) if isinstance(value, StrEnum) else value


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(wanted: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(wanted)
    if origin in (typing.Union, types.UnionType):
        some = next(each for each in typing.get_args(wanted) if each is not type(None))
        return None if value is None else _read(some, value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{where}: a list is needed, not {value!r}")
        each = typing.get_args(wanted)[0]
        return tuple(_read(each, one, f"{where}[{number}]") for number, one in enumerate(value))
    if is_dataclass(wanted):
        return _record(typing.cast(type, wanted), value, where)
    return _scalar(wanted, value, where)


def _record(wanted: type, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(f"{where}: fields are needed, not {value!r}")
    hints = _hints(wanted)
    unknown = sorted(str(name) for name in set(value) - set(hints))
    if unknown:
        raise ValueError(f"{where}: no field is called {', '.join(unknown)}")
    given = {name: _read(hints[name], one, f"{where}.{name}") for name, one in value.items()}
    try:
        return wanted(**given)
    except TypeError as error:
        raise ValueError(f"{where}: {error}") from error


def _scalar(wanted: Any, value: Any, where: str) -> Any:
    if wanted is Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"{where}: a number is needed, not {value!r}")
        try:
            number = Decimal(str(value))
        except ArithmeticError as error:
            raise ValueError(f"{where}: a number is needed, not {value!r}") from error
        if not number.is_finite():
            raise ValueError(f"{where}: a finite number is needed, not {value!r}")
        return number
    if issubclass(wanted, StrEnum):
        if value not in list(wanted):
            raise ValueError(f"{where}: one of {', '.join(wanted)} is needed, not {value!r}")
        return wanted(value)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise ValueError(f"{where}: {wanted.__name__} is needed, not {value!r}")
    return value
