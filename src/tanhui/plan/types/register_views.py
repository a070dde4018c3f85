"""What goes out: registers and records."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tanhui.plan.types.status import DepartmentRef


@dataclass(frozen=True)
class FieldSpec:
    """A field of a register, from its document."""

    name: str
    title: str
    type: str
    required: bool = False
    public: bool = False
    unit: str = ""
    help: str = ""
    choices: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    places: int = 0
    max_length: int = 0
    level: str = ""


@dataclass(frozen=True)
class FeedSpec:
    """How a register counts for an indicator."""

    indicator: str
    how: str
    field: str = ""
    total: str = ""
    per: str = ""
    where: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    unit: str = ""
    factor: Decimal = Decimal(1)
    latest_per: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegisterDocument:
    """A register as the county's document says it."""

    code: str
    title: str
    row: str
    tasks: tuple[int, ...]
    topics: tuple[str, ...]
    public: bool
    may_file: tuple[str, ...]
    evidence_required: bool
    evidence_note: str
    fields: tuple[FieldSpec, ...]
    dated_by: str
    placed_by: str
    key: tuple[str, ...]
    feeds: tuple[FeedSpec, ...]
    samples: int
    sample_values: Mapping[str, tuple[Any, ...]]
    content: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class RegisterView:
    """A register with its counts. `key` names the fields that tell rows apart, `dated_by` the one that dates a row."""

    code: str
    title: str
    row: str
    tasks: tuple[int, ...]
    public: bool
    may_file: tuple[DepartmentRef, ...]
    evidence_required: bool
    evidence_note: str
    fields: tuple[FieldSpec, ...]
    has_places: bool
    approved: int
    waiting: int
    last_on: date | None
    feeds: tuple[tuple[str, str], ...]
    key: tuple[str, ...] = ()
    dated_by: str = ""


@dataclass(frozen=True)
class RecordView:
    """A record as a page shows it: a row of a register, or with `register` empty a value by hand of an indicator.
    `cells` are (field, text to read) in the register's order."""

    number: str
    register: str
    register_title: str
    indicator: str
    indicator_text: str
    cells: tuple[tuple[FieldSpec, str], ...]
    values: Mapping[str, Any]
    happened_on: date
    division: str
    place: tuple[Decimal, Decimal] | None
    department: DepartmentRef
    state: str
    state_label: str
    filed_by: str
    filed_by_id: int | None
    filed_at: datetime
    reviewed_by: str
    reviewed_at: datetime | None
    review_note: str
    note: str
    corrects: str
    corrected_by: str
    void: bool
    sample: bool
    evidence: tuple[EvidenceView, ...]


@dataclass(frozen=True)
class EvidenceView:
    """A file of evidence, without its bytes."""

    number: str
    name: str
    media_type: str
    size: int
    digest: str


@dataclass(frozen=True)
class RowFault:
    """What is wrong with one cell of a file: row as the spreadsheet counts it, the column's title, and why."""

    row: int
    column: str
    message: str


@dataclass(frozen=True)
class PlaceView:
    """A registered place for the map."""

    register: str
    register_title: str
    title: str
    longitude: Decimal
    latitude: Decimal
    division: str
    number: str
    sample: bool


@dataclass(frozen=True)
class SuggestedRow:
    """What an occasion on the platform (`occ_…`) suggests for a register: field name → text as it would be typed."""

    occasion: str
    title: str
    held_on: date
    values: Mapping[str, str]
