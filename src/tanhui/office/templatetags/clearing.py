"""How pages of clearing write months and shares."""

from __future__ import annotations

from datetime import date

from django import template

from tanhui.office import clearing_files

register = template.Library()


@register.filter
def month(value: date) -> str:
    """2026年10月."""
    return clearing_files.month_words(value)


@register.filter
def percent(basis_points: int) -> str:
    """9,500 → 95.00%."""
    return clearing_files.percent(basis_points)
