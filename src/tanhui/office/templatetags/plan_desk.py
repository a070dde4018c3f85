"""What the departments' pages say of a figure beyond the room's views."""

from __future__ import annotations

from django import template

from tanhui.office.plan_counties import is_demo
from tanhui.plan.types import RecordView

register = template.Library()


@register.simple_tag
def invented() -> bool:
    """Whether figures here come of sample rows, so that every page says so."""
    return is_demo()


@register.filter
def cell_of(record: RecordView, name: str) -> str:
    """What a record says in the field of that name; empty where it says nothing."""
    return next((text for spec, text in record.cells if spec.name == name), "")
