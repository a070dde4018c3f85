"""What the sign-in pages ask for."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from tanhui.office.second_factor import demo_code

register = template.Library()


@register.simple_tag
def demo_code_of(user: Any) -> str | None:
    """The right code of a demo account, so that a visitor needs no phone; nothing outside of a demo."""
    return demo_code(user.get_username(), timezone.now())


@register.filter
def in_fours(text: str) -> str:
    """A secret in groups of four, as people read it aloud."""
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))
