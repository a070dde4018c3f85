"""Boxes (专栏): a title and its actions."""

from __future__ import annotations

import re

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.draft import Action, Box
from tanhui_plandoc.tasks import OpenBox

_TITLED = re.compile("([^。：；！？]{1,40})：|([^。：；，！？]{1,30})。(?=.)")
_BULLET = "●■◆◇○□➢★▲·•- "


def actions(box: OpenBox) -> list[tuple[str, Cited]]:
    """The actions of a box as title and text; a paragraph without a title goes on with the action before it."""
    found: list[tuple[str, list[Cited]]] = []
    for each in box.passages:
        text = each.text.strip(_BULLET)
        match = _TITLED.match(text.text)
        if match:
            found.append((match[1] or match[2], [text.cut(match.end()).strip()]))
        elif found and not each.is_numbered:
            found[-1][1].append(text)
        elif text:
            found.append((text.text if len(text.text) <= 40 else "", [] if len(text.text) <= 40 else [text]))
    return [(title, joined(texts)) for title, texts in found]


def box_of(box: OpenBox) -> Box:
    """The box as the draft has it."""
    made = tuple(Action(title, text.text, text.lines or box.heading.text.lines) for title, text in actions(box))
    lines = sorted({*box.heading.text.numbers, *(number for each in box.passages for number in each.text.numbers)})
    return Box(box.heading.number, box.heading.text.text.strip("。： "), made, tuple(lines))


def section_of(box: OpenBox) -> str:
    """How a box is called for people."""
    return f"专栏{box.heading.number}" if box.heading.number is not None else "专栏"
