"""Pure decisions of the room: how a county's scenario and programme files read, and how a short pool is shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

STANDARD_INPUTS = ("distance_m", "mass_g", "energy_wh", "item_count")
"""Inputs with a column of their own; every other input lies in `details`."""

STAGES = ("draft", "committee_review", "public_notice", "in_force", "withdrawn")
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
    """A scenario's plausibility rules as the county file declares them.

    `row` rules are conditions over one behavior (code, condition in the method language, Chinese message).
    `overlap` sets aside an act that starts before an earlier one of the same exclusive group has ended.
    `daily_count` sets aside all acts of a person after that many in a day, in order of time.
    """

    row: tuple[tuple[str, str, str], ...] = ()
    overlap: str = ""
    daily_count: int | None = None
    daily_count_message: str = ""

    def message(self, code: str) -> str:
        """The sentence that the resident reads for that reason code; empty where there is none."""
        for row_code, _condition, message in self.row:
            if row_code == code:
                return message
        return {"overlap": self.overlap, "daily_count": self.daily_count_message}.get(code, "")


def read_plausibility(rules: Sequence[Mapping[str, Any]]) -> PlausibilityRules:
    """Plausibility rules from the `[[rules]]` tables of a county's scenario file."""
    row: list[tuple[str, str, str]] = []
    overlap, daily_count, daily_message = "", None, ""
    for rule in rules:
        kind = rule.get("kind", "row")
        if kind == "row":
            row.append((str(rule["code"]), str(rule["condition"]), str(rule["message"])))
        elif kind == "overlap":
            overlap = str(rule["message"])
        elif kind == "daily_count":
            daily_count, daily_message = int(rule["max_per_day"]), str(rule["message"])
        else:
            raise ValueError(f"unknown kind of plausibility rule: {kind!r}")
    return PlausibilityRules(tuple(row), overlap, daily_count, daily_message)


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
        return start, _next_month(start)
    if kind == "year":
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    raise ValueError(f"unknown horizon {kind!r}")


def _next_month(start: date) -> date:
    return date(start.year + start.month // 12, start.month % 12 + 1, 1)
