"""Documents on paper: a Typst template filled with data, as PDF/A-3 that carries its signed data inside.

Data reach a template as text and never as markup. The same data give the same bytes: the time of making is an argument.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

from tanhui.kernel.errors import TanhuiError

_FOLDER = Path(__file__).parent / "papers"
_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "PingFang SC", "Microsoft YaHei",
    "HarmonyOS Sans SC", "WenQuanYi Micro Hei", "SimHei",
)  # fmt: skip
"""Chinese typefaces by preference. Which of them there are is the machine's matter; they are embedded."""
_MONO = ("Noto Sans Mono CJK SC", "DejaVu Sans Mono")


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """The machine's typefaces, looked for once: it takes a second."""
    return typst.Fonts()


class NoTypeface(TanhuiError):
    """The machine has no Chinese typeface: a document would be empty boxes."""

    code = "no_typeface"
    status = 503


def pdf(template: str, data: Mapping[str, Any], *, at: datetime, texts: Mapping[str, str] | None = None) -> bytes:
    """The document as PDF/A-3a. `texts` are further inputs of the template (pictures as SVG, files to attach).

    Raises NoTypeface.
    """
    families = set(_fonts().families())
    found = [name for name in _FONTS if name in families]
    if not found:
        raise NoTypeface(
            "服务器没有中文字体，不能生成 PDF",
            where="PDF",
            fix="Debian/Ubuntu：apt install fonts-noto-cjk；也可以下载 Excel",
        )
    filled = {**data, "fonts": found[:1], "mono": [*(name for name in _MONO if name in families), *found[:1]]}
    inputs = {"data": json.dumps(filled, ensure_ascii=False), **(texts or {})}
    made = typst.compile(
        _FOLDER / f"{template}.typ",
        root=_FOLDER,
        font_paths=_fonts(),
        format="pdf",
        sys_inputs=inputs,
        pdf_standards="a-3a",
        timestamp=at.replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def qr_svg(text: str) -> str:
    """A QR code as a picture for `texts`."""
    out = BytesIO()
    segno.make(text, error="m").save(out, kind="svg", border=0)
    return out.getvalue().decode()
