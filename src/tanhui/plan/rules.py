"""How far a promise is kept: completion, status, pace and forecast. Pure and exact; no clock, no database.

Completion is in basis points (10000 is all), rounded down, so that nothing is called done too early; a strict
comparator (`>`, `<`) is strict. The rules are the house's own and are explained in docs/reference/registers.md.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from tanhui.plan.types import Light, Status

ALL = 10_000
DUE_SOON_DAYS = 90
RHYTHMS = {
    "daily": "每日", "weekly": "每周", "monthly": "每月", "quarterly": "每季度", "half_yearly": "每半年",
    "yearly": "每年", "irregular": "持续",
}  # fmt: skip
_COMPARATORS = {">=": "不少于", "<=": "不超过", "=": "达到", ">": "超过", "<": "低于", "": "达到"}


@dataclass(frozen=True)
class Goal:
    """What is to be reached: `kind` is quantitative, milestone or recurring, `recurrence` a rhythm or empty."""

    kind: str
    comparator: str = ""
    value: Decimal | None = None
    value_max: Decimal | None = None
    baseline: Decimal | None = None
    recurrence: str = ""
    due_on: date | None = None


@dataclass(frozen=True)
class Reading:
    """A value as of a day."""

    value: Decimal
    as_of: date


def period(recurrence: str, day: date) -> tuple[date, date] | None:
    """First and last day of the rhythm's period that holds the day; None for no rhythm or an irregular one."""
    if recurrence == "daily":
        return day, day
    if recurrence == "weekly":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    months = {"monthly": 1, "quarterly": 3, "half_yearly": 6, "yearly": 12}.get(recurrence)
    if months is None:
        return None
    start = (day.month - 1) // months * months + 1
    end = start + months - 1
    return date(day.year, start, 1), date(day.year, end, calendar.monthrange(day.year, end)[1])


def met(goal: Goal, value: Decimal | Fraction) -> bool:
    """Whether a value reaches the goal. Without a number: one for milestones and duties, never for quantities."""
    target = goal.value
    if target is None:
        return goal.kind != "quantitative" and value >= 1
    if goal.comparator == "range":
        return target <= value <= (goal.value_max if goal.value_max is not None else target)
    if goal.comparator == ">":
        return value > target
    if goal.comparator == "<=":
        return value <= target
    return value < target if goal.comparator == "<" else value >= target


def completion(goal: Goal, reading: Reading | None, today: date) -> int | None:
    """Basis points, from 0 to 10000; None without a reading, or where a quantity has no number to reach.

    A recurring duty counts what was done in the current period alone.
    """
    if reading is None:
        return None
    value = reading.value
    if goal.kind == "recurring":
        current = period(goal.recurrence, today)
        value = value if current is None or current[0] <= reading.as_of <= current[1] else Decimal(0)
    if goal.value is None and goal.kind == "quantitative":
        return None
    if met(goal, value):
        return ALL
    share = _share(goal, Fraction(value))
    return min(ALL - 1, max(0, int(share * ALL)))


def _share(goal: Goal, value: Fraction) -> Fraction:
    """How much of the way is gone, for a value that does not reach the goal; may lie outside 0 to 1."""
    target = Fraction(goal.value if goal.value is not None else 1)
    baseline = Fraction(goal.baseline) if goal.baseline is not None else None
    if goal.comparator == "range":
        highest = Fraction(goal.value_max) if goal.value_max is not None else target
        return _ratio(value, target) if value < target else _ratio(highest, value)
    if goal.comparator in ("<=", "<"):
        if baseline is not None and baseline > target:
            return (baseline - value) / (baseline - target)
        return _ratio(target, value)
    start = baseline if baseline is not None else Fraction(0)
    return (value - start) / (target - start) if target > start else Fraction(0)


def _ratio(part: Fraction, whole: Fraction) -> Fraction:
    return part / whole if whole > 0 else Fraction(0)


def status(goal: Goal, reading: Reading | None, today: date) -> Status:
    """How an indicator stands on a day, by rule."""
    rhythm = period(goal.recurrence, today) if goal.kind == "recurring" else None
    if rhythm is not None:
        return _status_in_period(goal, reading, today, rhythm)
    if reading is not None and met(goal, reading.value):
        return Status.DONE
    due = goal.due_on
    if due is not None and today > due:
        return Status.LATE
    if reading is None:
        return Status.NO_DATA
    if due is not None and (due - today).days <= DUE_SOON_DAYS:
        return Status.DUE_SOON
    return Status.ON_TIME


def _status_in_period(goal: Goal, reading: Reading | None, today: date, current: tuple[date, date]) -> Status:
    """A recurring duty: done within the period; late where the period before ended without it."""
    if reading is None:
        return Status.NO_DATA
    first, last = current
    if reading.as_of >= first:
        if met(goal, reading.value):
            return Status.DONE
    else:
        before = period(goal.recurrence, first - timedelta(days=1))
        if before is None or reading.as_of < before[0] or not met(goal, reading.value):
            return Status.LATE
    soon = min(DUE_SOON_DAYS, ((last - first).days + 1) // 3)
    return Status.DUE_SOON if (last - today).days <= soon else Status.ON_TIME


def forecast(goal: Goal, readings: Sequence[Reading], starts_on: date) -> Fraction | None:
    """The value on the due day if it goes on as it did: a line through the first and the last reading, or from the
    baseline at the plan's start where there is one day only. `readings` oldest first. None where no line is."""
    if not readings or goal.due_on is None or goal.kind != "quantitative" or goal.value is None:
        return None
    last = readings[-1]
    first = readings[0]
    if first.as_of >= last.as_of:
        first = Reading(goal.baseline if goal.baseline is not None else Decimal(0), starts_on)
    days = (last.as_of - first.as_of).days
    if days <= 0 or goal.due_on <= last.as_of:
        return None
    pace = (Fraction(last.value) - Fraction(first.value)) / days
    return Fraction(last.value) + pace * (goal.due_on - last.as_of).days


def regress(goal: Goal, before: Reading, after: Reading) -> bool:
    """Whether the later reading is further from the goal than the one before it."""
    if goal.kind == "recurring" and period(goal.recurrence, before.as_of) != period(goal.recurrence, after.as_of):
        return False
    if goal.comparator in ("<=", "<"):
        return after.value > before.value
    if goal.comparator == "range" and goal.value is not None:
        return _reached(goal, after.value) < _reached(goal, before.value)
    return after.value < before.value


def _reached(goal: Goal, value: Decimal) -> Fraction:
    """How much of the way into a range is gone, from below or from above; 1 inside."""
    return Fraction(1) if met(goal, value) else _share(goal, Fraction(value))


def stale(looked_on: date | None, stale_after_days: int, today: date) -> bool:
    """Whether a figure was last counted longer ago than it may be."""
    return looked_on is not None and (today - looked_on).days > stale_after_days


def indicator_light(
    goal: Goal,
    readings: Sequence[Reading],
    *,
    today: date,
    starts_on: date,
    unit: str = "",
    looked_on: date | None = None,
    stale_after_days: int = 0,
    overridden: tuple[Status, str] | None = None,
) -> Light:
    """Everything about one indicator. `readings` oldest first; `looked_on` is the day of the last count; an officer's
    word is (status, reason). What is done once and for all does not grow stale."""
    last = readings[-1] if readings else None
    rule = status(goal, last, today)
    ahead = goal.due_on is not None and today <= goal.due_on
    value = forecast(goal, readings, starts_on) if ahead and rule is not Status.DONE else None
    return Light(
        completion_bp=completion(goal, last, today),
        status=overridden[0] if overridden else rule,
        rule_status=rule,
        overridden=overridden[1] if overridden else "",
        stale=bool(stale_after_days)
        and (rule is not Status.DONE or goal.kind == "recurring")
        and stale(looked_on, stale_after_days, today),
        regress=len(readings) > 1 and regress(goal, readings[-2], readings[-1]),
        missing_forecast=value is not None and not met(goal, value),
        forecast=number_words(_two_places(value), unit) if value is not None else "",
    )


def _two_places(value: Fraction) -> Decimal:
    return Decimal(value.numerator * 100 // value.denominator).scaleb(-2)


def overall(parts: Iterable[tuple[int, int | None]]) -> int | None:
    """The mean of (weight, basis points), rounded down. What has no number counts nothing; None where none has."""
    listed = list(parts)
    if all(points is None for _, points in listed):
        return None
    return sum(weight * (points or 0) for weight, points in listed) // sum(weight for weight, _ in listed)


def overall_status(statuses: Iterable[Status]) -> Status:
    """A task's status from those of its indicators: the worst that needs somebody."""
    found = set(statuses)
    for worst in (Status.LATE, Status.DUE_SOON):
        if worst in found:
            return worst
    if not found - {Status.NO_DATA}:
        return Status.NO_DATA
    return Status.DONE if found == {Status.DONE} else Status.ON_TIME


def overall_light(parts: Iterable[tuple[int, Light]]) -> Light:
    """A task's or the plan's light from (weight, light) of its indicators; a task's status heeds officers' words."""
    listed = list(parts)
    return Light(
        completion_bp=overall((weight, light.completion_bp) for weight, light in listed),
        status=overall_status(light.status for _, light in listed),
        rule_status=overall_status(light.rule_status for _, light in listed),
        stale=any(light.stale for _, light in listed),
        regress=any(light.regress for _, light in listed),
        missing_forecast=any(light.missing_forecast for _, light in listed),
    )


def figure_words(kind: str, value: Decimal, unit: str = "") -> str:
    """A value as people read it everywhere: 已完成 for a milestone, 3次 for a duty that is only counted, else the
    number with its unit, at most two decimals. Rounded down as completion is: nothing looks better than it is."""
    if kind == "milestone" and not unit:
        return "已完成" if value >= 1 else "未完成"
    return number_words(_two_places(Fraction(value)), unit or ("次" if kind == "recurring" else ""))


def number_words(value: Decimal, unit: str = "") -> str:
    """A number as people write it, exact, with its unit: 148,001.5亩. No superfluous zeros, thousands grouped."""
    text = format(value, ",f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'0' if text in ('-0', '') else text}{unit}"


def due_words(due_on: date | None) -> str:
    """The deadline: 到2025年 for the last day of a year, 到2025年6月底 for that of a month, else the day."""
    if due_on is None:
        return ""
    if (due_on.month, due_on.day) == (12, 31):
        return f"到{due_on.year}年"
    if due_on.day == calendar.monthrange(due_on.year, due_on.month)[1]:
        return f"到{due_on.year}年{due_on.month}月底"
    return f"到{due_on.year}年{due_on.month}月{due_on.day}日"


def target_words(goal: Goal, unit: str = "", *, value_text: str = "", due_on: date | None = None) -> str:
    """A target ready to read: 到2025年，不少于5家. `value_text` is the document's own way to write the number."""
    parts = [due_words(due_on if due_on is not None else goal.due_on)]
    rhythm = RHYTHMS.get(goal.recurrence, "") if goal.kind == "recurring" else ""
    amount = ""
    if goal.value is not None and goal.comparator == "range":
        highest = goal.value_max if goal.value_max is not None else goal.value
        amount = f"{number_words(goal.value)}—{number_words(highest, unit)}"
    elif goal.value is not None:
        amount = f"{_COMPARATORS.get(goal.comparator, '达到')}{value_text or number_words(goal.value, unit)}"
    elif goal.kind == "milestone":
        amount = "完成"
    parts.append(f"{rhythm}{amount}")
    return "，".join(part for part in parts if part)
