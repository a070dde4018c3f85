"""How numbers, days and states are written for people: the same words in the portal and in the office."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from tanhui.kernel.county import County, load_county
from tanhui.kernel.days import COUNTY_ZONE, chinese_date
from tanhui_methods import METHOD_STATUSES

register = template.Library()

NOTHING = "—"
STATUS_WORDS = {
    "verified": ("good", "已核实"),
    "press": ("info", "媒体报道"),
    "code": ("info", "公开代码"),
    "provisional": ("warn", "暂定"),
    "local": ("warn", "待本县核定"),
    "unknown": ("bad", "未找到"),
}
_STAGE_KINDS = {"committee_review": "info", "public_notice": "info", "in_force": "good", "withdrawn": "bad"}
STAGE_WORDS = {stage: (_STAGE_KINDS.get(stage, ""), words) for stage, words in METHOD_STATUSES.items()} | {
    "unregistered": ("", "未登记施行")
}
OUTCOME_WORDS = {
    "counted": ("good", "已计入"),
    "capped": ("warn", "达到上限"),
    "excluded": ("bad", "未计入"),
    "duplicate": ("bad", "重复"),
    "not_applicable": ("bad", "不适用"),
}


@lru_cache(maxsize=4)
def _county(name: str) -> County:
    return load_county(name)


@register.simple_tag
def county() -> County:
    """The county of this installation."""
    return _county(settings.TANHUI_COUNTY)


@register.simple_tag(takes_context=True)
def elders(context: template.Context) -> bool:
    """Whether this visitor asked for large print."""
    request = context.get("request")
    return request is not None and request.COOKIES.get("display") == "large"


@register.filter
def grouped(value: object) -> str:
    """1234567 → 1,234,567; Decimals keep their places; nothing → a dash."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, int | Decimal):
        return format(value, ",")
    return str(value)


@register.filter
def yuan(fen: int | None) -> SafeString:
    """Fen as yuan for reading, exact to the fen: 1,234.56."""
    sign, size = ("−", -fen) if fen is not None and fen < 0 else ("", fen or 0)
    whole, rest = divmod(size, 100)
    return format_html('<span class="nowrap">{}{}.{}</span>', sign, format(whole, ","), f"{rest:02d}")


def mass_parts(grams: int) -> tuple[str, str]:
    """A mass of CO2e as (number, unit): grams, kilograms or tonnes, cut off and never rounded up."""
    size = abs(grams)
    if size < 1_000:
        return format(grams, ","), "克"
    scale, unit = (1_000, "千克") if size < 1_000_000 else (1_000_000, "吨")
    places = Decimal("0.01") if size < 1_000 * scale else Decimal(1)
    return format((Decimal(grams) / scale).quantize(places, ROUND_DOWN), ","), unit


@register.filter
def grams(value: int | None) -> SafeString:
    """A mass of CO2e for reading, with the exact grams as the element's title."""
    if value is None:
        return SafeString(NOTHING)
    number, unit = mass_parts(value)
    exact = format(value, ",")
    return format_html('<data class="nowrap" value="{}" title="{} 克">{} {}</data>', value, exact, number, unit)


@register.filter
def grams_number(value: int | None) -> str:
    """Only the number of `grams`."""
    return NOTHING if value is None else mass_parts(value)[0]


@register.filter
def grams_unit(value: int | None) -> str:
    """Only the unit of `grams`."""
    return "" if value is None else mass_parts(value)[1]


@register.filter
def day(value: date | datetime | None) -> str:
    """A date as people write it."""
    if value is None:
        return NOTHING
    return chinese_date(value.astimezone(COUNTY_ZONE).date() if isinstance(value, datetime) else value)


@register.filter
def moment(value: datetime | None) -> SafeString:
    """An instant in the county's zone: 2026年11月22日 23:05."""
    if value is None:
        return SafeString(NOTHING)
    local = value.astimezone(COUNTY_ZONE)
    machine, clock = local.isoformat(timespec="seconds"), f"{local:%H:%M}"
    shape = '<time datetime="{}"><span class="nowrap">{}</span> {}</time>'
    return format_html(shape, machine, chinese_date(local.date()), clock)


@register.simple_tag
def period(starts_on: date | None, ends_on: date | None) -> str:
    """A half-open period as people say it: from the first to the last day, both included."""
    if starts_on is None and ends_on is None:
        return NOTHING
    if ends_on is None:
        return f"{chinese_date(starts_on)}起" if starts_on else NOTHING
    last = chinese_date(ends_on - timedelta(days=1))
    return f"{chinese_date(starts_on)}至{last}" if starts_on else f"至{last}"


def _badge(kind: str, words: str) -> SafeString:
    return format_html('<span class="badge{}">{}</span>', f" {kind}" if kind else "", words)


@register.filter
def status_badge(value: object) -> SafeString:
    """How well a value is known."""
    return _badge(*STATUS_WORDS.get(str(value), ("", str(value))))


@register.filter
def stage_badge(value: object) -> SafeString:
    """The stage of a method version."""
    return _badge(*STAGE_WORDS.get(str(value), ("", str(value))))


@register.filter
def outcome_badge(value: object) -> SafeString:
    """What became of a piece of evidence, without the reason."""
    return _badge(*OUTCOME_WORDS.get(str(value).partition(":")[0], ("", str(value))))


@register.filter
def short(value: object) -> SafeString:
    """A public number or a hash, shortened for a table; the whole is in the title."""
    text = str(value)
    if len(text) <= 24:
        return format_html('<span class="mono">{}</span>', text)
    return format_html('<span class="mono nowrap" title="{}">{}…{}</span>', text, text[:8], text[-4:])


@register.filter
def change(before: int, after: int) -> str:
    """after − before with its sign, and the percentage of `before`, cut off."""
    difference = after - before
    if not difference:
        return "0"
    sign = "+" if difference > 0 else "−"
    share = f"（{sign}{abs(difference) * 100 // before}%）" if before > 0 else ""
    return f"{sign}{abs(difference):,}{share}"


@register.filter
def attribute(mapping: Any, key: object) -> Any:
    """The value of a mapping under a key that is a variable."""
    return mapping.get(key) if mapping else None


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "typographer": False}).enable("table")


@register.filter
def markdown(text: str | None) -> SafeString:
    """Markdown without raw HTML; tables scroll in their own box."""
    html = _markdown().render(text or "")
    html = html.replace("<table>", '<div class="table-box" tabindex="0" role="region" aria-label="表格"><table>')
    return mark_safe(html.replace("</table>", "</table></div>"))  # noqa: S308  raw HTML is off: markdown-it escapes it


@register.simple_tag
def bar(part: int, whole: int) -> SafeString:
    """A bar of part / whole as an SVG with attributes only: the content policy allows no inline style."""
    width = max(0, min(1000, part * 1000 // whole)) / 10 if whole else 0
    return format_html(
        '<svg aria-hidden="true" focusable="false"><rect class="track" width="100%" height="100%"/>'
        '<rect width="{}%" height="100%"/></svg>',
        width,
    )


@register.filter
def co2(text: object) -> SafeString:
    """CO2 with a real subscript: the character U+2082 is missing from Chinese fonts."""
    return mark_safe(str(escape(str(text))).replace("CO2", "CO<sub>2</sub>"))  # noqa: S308  escaped before
