"""How the pages of villages and teams write times, amounts and hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tanhui.community.types import CheckInView, MeasurementView
from tanhui.kernel.days import COUNTY_ZONE, chinese_date

register = template.Library()
_TAIL = 6


@register.simple_tag
def span(starts_at: datetime, ends_at: datetime) -> SafeString:
    """From when to when, in the county's zone: 2026年11月22日 8:30—11:30."""
    first, last = starts_at.astimezone(COUNTY_ZONE), ends_at.astimezone(COUNTY_ZONE)
    end = f"{last:%H:%M}" if last.date() == first.date() else f"{chinese_date(last.date())} {last:%H:%M}"
    shape = '<time datetime="{}"><span class="nowrap">{}</span> <span class="nowrap">{}—{}</span></time>'
    return format_html(shape, first.isoformat(timespec="minutes"), chinese_date(first.date()), f"{first:%H:%M}", end)


@register.filter
def at_key(names: Mapping[str, str], key: str) -> str:
    """What a table of names says of a key; the key where it says nothing."""
    return names.get(key, key)


@register.filter
def amount(measured: MeasurementView) -> str:
    """One quantity: 3.5 千克, 12 件."""
    if measured.mass_g is None:
        return f"{measured.item_count} 件"
    return f"{(Decimal(measured.mass_g) / 1000).normalize():f} 千克"


@register.filter
def amounts(check_in: CheckInView) -> str:
    """Everything that was brought, in one line; the hours where nothing was weighed."""
    words = [f"{each.title} {amount(each)}" for each in check_in.measured]
    if check_in.minutes:
        words.append(hours(check_in.minutes))
    return "、".join(words) or "到场"


@register.filter
def hours(minutes: int) -> str:
    """90 → 1.5 小时, cut off to a tenth."""
    return f"{minutes // 60}.{minutes % 60 // 6} 小时"


@register.filter
def tail(number: str) -> str:
    """The last signs of a number, by which people tell two of the same name apart."""
    return f"尾号 {number[-_TAIL:]}"
