"""How the plan is drawn: bars of completion, and the signs ★ and ▲. The same in the portal and in the office."""

from __future__ import annotations

import re
from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tanhui.kernel.days import chinese_date
from tanhui.plan.types import FieldSpec, Light, Stance

register = template.Library()

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@register.simple_tag
def progress(light: Light) -> SafeString:
    """A bar of completion in the light's color, as an SVG with attributes only; the percentage stands beside it.

    Without data only the empty track; anything above nothing shows at least a sliver.
    """
    done = light.completion_bp or 0
    width = max(done, 100) / 100 if done else 0
    return format_html(
        '<svg class="meter light-{}" aria-hidden="true" focusable="false">'
        '<rect class="track" width="100%" height="100%"/><rect class="fill" width="{}%" height="100%"/></svg>',
        light.status,
        width,
    )


@register.simple_tag
def stance(value: Stance | str, count: int | None = None) -> SafeString:
    """★ or ▲, with a count where one is given; the words stand in the title and for screen readers."""
    meant = Stance(value)
    return format_html(
        '<span class="stance stance-{}" title="{}"><span class="sign" aria-hidden="true">{}</span>'
        '<span class="unseen">{}</span>{}</span>',
        meant,
        meant.label,
        meant.sign,
        meant.label,
        "" if count is None else count,
    )


@register.filter
def cell(text: str, spec: FieldSpec) -> SafeString | str:
    """What a register's cell shows people: days in Chinese, days and places on one line."""
    if not text:
        return ""
    if spec.type == "date" and _DAY.fullmatch(text):
        return format_html('<span class="nowrap">{}</span>', chinese_date(date.fromisoformat(text)))
    return format_html('<span class="nowrap">{}</span>', text) if spec.type == "place" else text
