"""What a loaded method is: frozen values, in base units where they are used for arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal, Protocol

from tanhui_methods.factors import FactorRow
from tanhui_methods.syntax import Expression, Formula
from tanhui_methods.units import Unit

GRADES: Final = ("A", "B", "C", "D")
PERIODS: Final = ("day", "month", "year")
FACTS: Final = ("person", "day", "at", "tie", "grade")
METHOD_STATUSES: Final = {
    "draft": "草案",
    "committee_review": "专家委员会评审",
    "public_notice": "公示",
    "in_force": "施行",
    "withdrawn": "废止",
}
"""The stages of a version's life in their order, and what people call them."""
Period = Literal["day", "month", "year"]
Kind = Literal["integer", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Input:
    """One column of an event: a bounded integer of a unit, one of stated choices, or a text.

    `low` and `high` are in the input's own unit; `unit` is None for choices and texts.
    """

    name: str
    title: str
    kind: Kind
    unit: Unit | None
    low: int
    high: int
    choices: Mapping[str, str]
    personal: bool
    line: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A value (in base units) for the days `[start, end)` of activity; None means without limit."""

    start: date | None
    end: date | None
    value: Fraction
    best_before: date | None
    row: FactorRow | None = None

    def holds(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a parameter: the values over time for one choice, one band, or always.

    `key` is the choice (text) or the lower end of the band (in the input's own unit), None for a plain value.
    """

    key: str | int | None
    segments: tuple[Segment, ...]
    written: str
    source: str
    status: str
    note: str
    line: int

    def at(self, day: date) -> Segment | None:
        """The segment in force on a day of activity, or None: then there is no value, not even zero."""
        return next((segment for segment in self.segments if segment.holds(day)), None)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant with unit and source, or a table of constants chosen by one input."""

    name: str
    title: str
    unit: Unit
    by: str | None
    entries: tuple[Entry, ...]
    uncertainty: str
    note: str
    factor: str
    region: str
    line: int

    def statuses(self) -> Iterator[str]:
        for entry in self.entries:
            rows = [segment.row for segment in entry.segments if segment.row is not None]
            yield from (row.status for row in rows) if rows else (entry.status,)


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule that must hold; otherwise the event is `not_applicable:<name>` with the message."""

    name: str
    rule: Expression
    text: str
    message: str
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit per person and period: a number of events, of an input's units, of grams or of points."""

    name: str
    title: str
    per: Period
    of: str
    limit: int
    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Deduplication:
    """Events of one person and period that agree in `key` count once: the first by (at, tie)."""

    within: Period
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grades:
    """Multiplier by evidence grade (index 0 is A); None means that the grade is not accepted."""

    multipliers: tuple[Fraction | None, ...]
    written: tuple[str, ...]
    source: str
    status: str
    line: int


@dataclass(frozen=True, slots=True)
class Points:
    """`rate` points a gram, cumulated over the person's day, or `fixed` points an event that counts."""

    rate: Fraction
    fixed: int
    source: str
    status: str
    line: int
    written: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    reduction_g: int
    points: int
    grade: str
    outcome: str
    cap: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: events of a small world and what each must come to."""

    title: str
    note: str
    events: tuple[Mapping[str, Any], ...]
    expected: tuple[Expectation, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Chapter:
    heading: str
    markdown: str
    line: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one event came to. `cap` names the first cap that reduced it."""

    event_id: int
    reduction_g: int
    points: int
    grade: int
    outcome: str
    cap: str | None = None


class Rulebook(Protocol):
    """What expressions are evaluated against: a method, or the inputs of one with rules from elsewhere."""

    @property
    def path(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Input]: ...
    @property
    def parameters(self) -> Mapping[str, Parameter]: ...
    @property
    def caps(self) -> tuple[Cap, ...]: ...
    def breakpoints(self) -> tuple[date, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One version of one method, checked: every name known, every unit right, every value in range."""

    number: str
    title: str
    family: str
    name: str
    version: str
    status: str
    valid_from: date
    valid_to: date | None
    supersedes: str | None
    issuing_body: str
    references: tuple[str, ...]
    tradable: bool
    advocacy: bool
    inputs: Mapping[str, Input]
    parameters: Mapping[str, Parameter]
    formulas: Mapping[str, Formula]
    conditions: tuple[Condition, ...]
    caps: tuple[Cap, ...]
    dedup: Deduplication | None
    grades: Grades
    points: Points
    examples: tuple[Example, ...]
    chapters: tuple[Chapter, ...]
    text: str
    path: str
    content_hash: str
    rule_hash: str
    order: tuple[str, ...] = field(default=())
    """Formulas that `reduction` needs, each after what it needs."""
    used: tuple[str, ...] = field(default=())
    """Parameters on which the result depends, in order of declaration."""

    @property
    def identity(self) -> str:
        """`name version`, as written in receipts and hashes."""
        return f"{self.name} {self.version}"

    @property
    def cap_horizon(self) -> Period:
        """The longest period whose other events may change the result of one event."""
        periods = [cap.per for cap in self.caps] + ([self.dedup.within] if self.dedup else [])
        return max(periods, key=PERIODS.index, default="day")

    @property
    def provisional(self) -> bool:
        """Whether the result rests on a value that is only provisional or still to be settled by the county."""
        statuses = {status for name in self.used for status in self.parameters[name].statuses()}
        return bool(statuses & {"provisional", "local"})

    @property
    def citizen_title(self) -> str:
        return self.title.removesuffix("碳普惠方法学")

    def in_force(self, on: date) -> bool:
        """Whether the version was in force on a day (a withdrawn one was, until its `valid_to`)."""
        lives = self.status in {"in_force", "withdrawn"}
        return lives and self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def factor_rows(self) -> tuple[FactorRow, ...]:
        """Every factor row that the method may resolve to."""
        return factor_rows(self.parameters.values())

    def breakpoints(self) -> tuple[date, ...]:
        """Days on which a value or its freshness changes; between them the rule is constant."""
        days: set[date] = set()
        for name in self.used:
            for entry in self.parameters[name].entries:
                for segment in entry.segments:
                    days.update(day for day in (segment.start, segment.end) if day is not None)
                    if segment.best_before is not None and segment.best_before < date.max:
                        days.add(date.fromordinal(segment.best_before.toordinal() + 1))
        return tuple(sorted(days))


def factor_rows(parameters: Iterable[Parameter]) -> tuple[FactorRow, ...]:
    rows: dict[str, FactorRow] = {}
    for parameter in parameters:
        for entry in parameter.entries:
            for segment in entry.segments:
                if segment.row is not None:
                    rows[segment.row.canonical] = segment.row
    return tuple(rows.values())
