"""How a passage is numbered: 第一章, 一、, 第三条, （二）, 4., （5）, 专栏6, 附件7."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanhui_plandoc.cited import Cited
from tanhui_plandoc.numbers import chinese_number
from tanhui_plandoc.paragraphs import Paragraph

_ORDINAL = r"[一二三四五六七八九十百零〇\d]{1,5}"

BOX, ANNEX, TEXT, ROW, BARE = "box", "annex", "text", "row", "bare"
CHAPTER, SECTION, HAN, ARTICLE, HAN_BRACKET, DIGIT, DIGIT_BRACKET, SAID = (
    "chapter",
    "section",
    "han",
    "article",
    "han-bracket",
    "digit",
    "digit-bracket",
    "said",
)
RANKS = {
    kind: rank
    for rank, kind in enumerate(
        (CHAPTER, SECTION, HAN, ARTICLE, HAN_BRACKET, BARE, DIGIT, DIGIT_BRACKET, SAID), start=1
    )
}
"""How deep each numbering stands by custom: the smaller, the higher. `BARE` is a heading without a number."""

_MARKERS = (
    (BOX, re.compile(rf"专栏({_ORDINAL})?[：:.、]?")),
    (ANNEX, re.compile(rf"(?:附件|附表|附录)({_ORDINAL})?[：:.、]?")),
    (CHAPTER, re.compile(rf"第({_ORDINAL})[章篇编]")),
    (SECTION, re.compile(rf"第({_ORDINAL})节")),
    (ARTICLE, re.compile(rf"第({_ORDINAL})条|(?:任务|行动|工程|举措|问题|事项|项目)({_ORDINAL})：")),
    (HAN, re.compile("([一二三四五六七八九十百]{1,5})、")),
    (HAN_BRACKET, re.compile("（([一二三四五六七八九十百]{1,5})）")),
    (DIGIT_BRACKET, re.compile(r"（(\d{1,3})）|(\d{1,3})）")),
    (DIGIT, re.compile(r"(\d{1,3})(?:\.(?!\d)|、)")),
)
_HEADING_CHARS = 30
_INSIDE_A_SENTENCE = re.compile("[，。；：！？（）]")
_SAID = re.compile("(?:(?<=[。；：])|^)([一二三四五六七八九十])是")


@dataclass(frozen=True)
class Passage:
    """A paragraph without its number, or a row of a table. `kind` is one of the names above; `word` is
    what an annex calls itself: 附件, 附表."""

    kind: str
    text: Cited
    number: int | None = None
    cells: tuple[Cited, ...] = ()
    word: str = ""

    @property
    def rank(self) -> int:
        """How deep it stands; text and rows stand below every heading."""
        return RANKS.get(self.kind, len(RANKS) + 1)

    @property
    def is_numbered(self) -> bool:
        """Whether it opens something: a chapter, a task, a point."""
        return self.kind in RANKS and self.kind != BARE


def passages(found: list[Paragraph]) -> list[Passage]:
    """The paragraphs of a document with their numbers told apart from what they say."""
    return [each for paragraph in found for each in _passages(paragraph)]


def _passages(paragraph: Paragraph) -> list[Passage]:
    text = paragraph.cited
    if paragraph.cells is not None:
        number = paragraph.lines[0]
        return [Passage(ROW, text, cells=tuple(Cited(cell, (0,), (number,)) for cell in paragraph.cells))]
    for kind, pattern in _MARKERS:
        match = pattern.match(paragraph.text)
        if match:
            said = next((group for group in match.groups() if group), "")
            value = chinese_number(said)
            word = paragraph.text[:2] if kind == ANNEX else ""
            return [Passage(kind, text.cut(match.end()).strip(), None if value is None else int(value), word=word)]
    return [Passage(BARE if is_heading(paragraph.text) else TEXT, text)]


def points(text: Cited) -> tuple[Cited, list[Cited]]:
    """A text with 一是…；二是… in it: what comes before, and the points, each without its number."""
    matches = list(_SAID.finditer(text.text))
    wanted = "一二三四五六七八九十"[: len(matches)]
    if len(matches) < 2 or "".join(match.group(1) for match in matches) != wanted:
        return text, []
    ends = [match.start() for match in matches[1:]] + [len(text.text)]
    return text.cut(0, matches[0].start()), [
        text.cut(match.end(), end) for match, end in zip(matches, ends, strict=True)
    ]


def is_heading(text: str) -> bool:
    """Whether it is short and no part of a sentence."""
    return 0 < len(text) <= _HEADING_CHARS and not _INSIDE_A_SENTENCE.search(text)
