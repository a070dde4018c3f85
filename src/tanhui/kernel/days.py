"""Days are the county's days: one stated zone decides where a day begins, never a session setting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

COUNTY_ZONE = ZoneInfo("Asia/Shanghai")


def local_day(at: datetime) -> date:
    """The county's calendar day of an aware instant."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(COUNTY_ZONE).date()


def day_start(day: date) -> datetime:
    """The first instant of the county's day, in UTC."""
    return datetime.combine(day, time.min, COUNTY_ZONE).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The first instant after the county's day, in UTC: periods are half-open."""
    return day_start(day + timedelta(days=1))


def next_month(day: date) -> date:
    """The first day of the month after."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def chinese_date(day: date) -> str:
    """A date as people write it: 2026年11月22日."""
    return f"{day.year}年{day.month}月{day.day}日"
