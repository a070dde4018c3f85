"""Numbers that Word counts by itself: they stand in no text, yet say which passage is a task."""

from __future__ import annotations

import re
from typing import Any

from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

_HAN = "零一二三四五六七八九"
_CHINESE = {
    "chineseCounting",
    "chineseCountingThousand",
    "ideographTraditional",
    "japaneseCounting",
    "taiwaneseCounting",
}


class Numbering:
    """Counts the numbered paragraphs of one document, in order."""

    def __init__(self, document: Any) -> None:
        """`document` is one of python-docx."""
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        part = next(
            (each.target_part for each in document.part.rels.values() if each.reltype.endswith("/numbering")), None
        )
        if part is None:
            return
        abstract = {each.get(qn("w:abstractNumId")): each for each in part.element.iter(qn("w:abstractNum"))}
        for number in part.element.iter(qn("w:num")):
            link = number.find(qn("w:abstractNumId"))
            found = abstract.get(link.get(qn("w:val"))) if link is not None else None
            if found is not None:
                self._levels[number.get(qn("w:numId"))] = dict(_level(each) for each in found.iter(qn("w:lvl")))

    def before(self, paragraph: Paragraph) -> str:
        """What Word shows before that paragraph, such as 一、 or （2）; empty where it counts nothing."""
        place = _place(paragraph)
        if place is None or place[1] not in self._levels.get(place[0], {}):
            return ""
        key, depth = place
        levels, counts = self._levels[key], self._counts.setdefault(key, {})
        counts[depth] = counts.get(depth, levels[depth][2] - 1) + 1
        for below in [each for each in counts if each > depth]:
            del counts[below]

        def shown(match: re.Match[str]) -> str:
            level = int(match[1]) - 1
            form, _, start = levels.get(level, ("decimal", "", 1))
            return _written(counts.get(level, start), form)

        if levels[depth][0] in {"bullet", "none"}:
            return ""
        return re.sub(r"%(\d)", shown, levels[depth][1])


def _level(element: Any) -> tuple[int, tuple[str, str, int]]:
    def value(name: str, default: str) -> str:
        found = element.find(qn(name))
        return default if found is None else str(found.get(qn("w:val")) or default)

    start = value("w:start", "1")
    depth = int(element.get(qn("w:ilvl")) or 0)
    return depth, (value("w:numFmt", "decimal"), value("w:lvlText", ""), int(start) if start.isdigit() else 1)


def _place(paragraph: Paragraph) -> tuple[str, int] | None:
    """The list and the depth of a paragraph, its own or that of its style."""
    properties = [paragraph._p.pPr]
    style = paragraph.style
    while style is not None and len(properties) < 10:
        properties.append(style.element.find(qn("w:pPr")))
        style = style.base_style
    for each in properties:
        listed = each.find(qn("w:numPr")) if each is not None else None
        key = listed.find(qn("w:numId")) if listed is not None else None
        if listed is not None and key is not None:
            depth = listed.find(qn("w:ilvl"))
            return str(key.get(qn("w:val"))), int(depth.get(qn("w:val")) or 0) if depth is not None else 0
    return None


def _written(count: int, form: str) -> str:
    if form not in _CHINESE:
        return str(count)
    if count > 99:
        return str(count)
    tens, ones = divmod(count, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_HAN[tens]}十") + (_HAN[ones] if ones or not tens else "")
