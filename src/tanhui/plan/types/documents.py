"""What the county's other documents say: how indicators are counted, what serves which promise, the ten fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class StagedTarget:
    """A value that the county wants by a day before the plan's own."""

    due_on: date
    value: Decimal


@dataclass(frozen=True)
class Measurement:
    """How one indicator is counted. `source` is a register's code or a source's name, empty where `by` is hand."""

    indicator: str
    note: str
    by: str
    source: str
    weight: int
    stale_after_days: int
    baseline: Decimal | None
    baseline_on: date | None
    staged: tuple[StagedTarget, ...]
    where: str


@dataclass(frozen=True)
class CoverageEntry:
    """What the county says of one promise. `kind` is clause, action, indicator, roadmap, safeguard or overall, `ref`
    as in coverage.yaml; `by` are words such as `register:green-restaurants`."""

    kind: str
    ref: str
    by: tuple[str, ...]
    how: str
    missing: str
    where: str


@dataclass(frozen=True)
class TopicEntry:
    """One of the fields in which progress is published, with the numbers of its tasks."""

    code: str
    title: str
    tasks: tuple[int, ...]
    note: str
