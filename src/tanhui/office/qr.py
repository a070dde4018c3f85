"""QR codes on pages of the office, drawn as shapes: the content policy allows no picture from elsewhere."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString, mark_safe


def drawn(text: str, *, error: str = "m", border: int = 4) -> SafeString:
    """The code of a text as SVG that fills its box. `error` is the level of correction, `border` is in modules."""
    code = segno.make(text, error=error, micro=False).svg_inline(border=border, scale=8, omitsize=True)
    return mark_safe(code)  # noqa: S308  drawn by segno: shapes without any text of ours
