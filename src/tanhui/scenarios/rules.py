"""Pure decisions of the room: how a county's scenario and programme files read, and how a short pool is shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tanhui.kernel.days import next_month
from tanhui.kernel.errors import BadInput

STANDARD_INPUTS = ("distance_m", "mass_g", "energy_wh", "item_count")
"""Inputs with a column of their own; every other input lies in `details`."""

_NEXT: Mapping[str | None, frozenset[str]] = {
    None: frozenset({"draft"}),
    "draft": frozenset({"committee_review", "withdrawn"}),
    "committee_review": frozenset({"public_notice", "draft", "withdrawn"}),
    "public_notice": frozenset({"in_force", "committee_review", "withdrawn"}),
    "in_force": frozenset({"withdrawn"}),
    "withdrawn": frozenset(),
}


def next_stages(stage: str | None) -> frozenset[str]:
    """The stages that may follow `stage` in a method version's life; none follows `withdrawn`."""
    return _NEXT[stage]


@dataclass(frozen=True)
class PlausibilityRules:
    """A scenario's plausibility rules as the county file declares them, with the sentence a resident reads.

    `row` rules are conditions over one behavior (code, condition in the method language, sentence).
    `overlaps` sets aside an act that starts before an earlier one of the same exclusive group has ended.
    `daily_count` sets aside all acts of a person after that many in a day, in order of time.
    """

    row: tuple[tuple[str, str, str], ...] = ()
    overlaps: bool = False
    daily_count: int | None = None
    messages: Mapping[str, str] = field(default_factory=dict)


OVERLAP, DAILY_COUNT = "overlap", "too_many"
"""The reason codes of the two rules that look at more than one behavior."""


def read_plausibility(rules: Sequence[Mapping[str, Any]]) -> PlausibilityRules:
    """Plausibility rules from the `[[rules]]` tables of a county's scenario file. Raises BadInput."""
    row: list[tuple[str, str, str]] = []
    overlaps, daily_count = False, None
    messages: dict[str, str] = {}
    for rule in rules:
        code, kind = str(rule["code"]), rule["kind"]
        if kind == "row":
            row.append((code, str(rule["condition"]), str(rule["message"])))
        elif kind == "overlap" and code == OVERLAP:
            overlaps = True
        elif kind == "daily_count" and code == DAILY_COUNT:
            daily_count = int(rule["limit"])
        else:
            raise BadInput(
                f"不认识的合理性规则：kind = {kind}，code = {code}",
                fix=f"kind 只有 row、overlap（code 为 {OVERLAP}）、daily_count（code 为 {DAILY_COUNT}）三种",
            )
        messages[code] = str(rule["message"])
    return PlausibilityRules(tuple(row), overlaps, daily_count, messages)


@dataclass(frozen=True)
class Programme:
    """The points programme: its pool a year, its cap a month, and when points expire."""

    points_per_year: int | None = None
    points_per_month: int | None = None
    expires_after_years: int = 2
    status: str = "provisional"
    source: str = ""
    rule: str = ""

    def expiry_year(self, day: date) -> int:
        """The calendar year at whose end points of an act on `day` expire."""
        return day.year + self.expires_after_years


def read_programme(table: Mapping[str, Any]) -> Programme:
    """The points programme from the county's `programme.toml`."""
    pool = table.get("pool", {})
    return Programme(
        points_per_year=pool.get("yearly_points"),
        points_per_month=pool.get("monthly_points"),
        expires_after_years=int(table.get("expiry", {}).get("years", 2)),
        status=str(table.get("status", "provisional")),
        source=str(table.get("source", "")),
        rule=str(table.get("pro_rata", {}).get("rule", "")),
    )


@dataclass(frozen=True)
class MonthPool:
    """How the pool meets one month: `full` points by rule, `pool` points to give, so a ratio of at most one."""

    month: date
    full: int
    pool: int | None

    @property
    def short(self) -> bool:
        """Whether the month must be paid pro rata."""
        return self.pool is not None and self.full > self.pool

    def paid(self, full_points: int) -> int:
        """What a resident whose month is worth `full_points` is paid: rounded down, so never over the pool."""
        if not self.short:
            return full_points
        assert self.pool is not None
        return full_points * self.pool // self.full


def share_pool(programme: Programme, full_by_month: Mapping[date, int]) -> list[MonthPool]:
    """Share each year's pool over its months in order: a month gets its cap or what the year has left.

    `full_by_month` maps the first day of a month to the points that rules alone would give. The result depends
    on the evidence only, never on the order in which it was settled.
    """
    left: dict[int, int] = {}
    result = []
    for month in sorted(full_by_month):
        full = full_by_month[month]
        bounds = []
        if programme.points_per_month is not None:
            bounds.append(programme.points_per_month)
        if programme.points_per_year is not None:
            bounds.append(left.setdefault(month.year, programme.points_per_year))
        pool = min(bounds) if bounds else None
        result.append(MonthPool(month, full, pool))
        if programme.points_per_year is not None:
            assert pool is not None
            left[month.year] -= max(0, min(full, pool))
    return result


def horizon(day: date, kind: str) -> tuple[date, date]:
    """The half-open period whose acts share a cap with an act on `day`: its day, month or year."""
    if kind == "day":
        return day, date.fromordinal(day.toordinal() + 1)
    if kind == "month":
        start = day.replace(day=1)
        return start, next_month(start)
    if kind == "year":
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    raise ValueError(f"unknown horizon {kind!r}")
