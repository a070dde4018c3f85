"""Clean lines: one spelling of widths, spaces and marks, each with its place in the source."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_PAGE_NUMBER = re.compile(r"第\d{1,4}页(?:[,，/]?共\d{1,4}页)?|[-—–―·~]+ ?\d{1,4} ?[-—–―·~]+|\d{1,3} ?/ ?\d{1,3}")
_MARKDOWN_HEADING = re.compile(r"\s{0,3}#{1,6}\s+")
_NUMBER_AT_AN_EDGE = re.compile(
    r"^[-—–·~ ]*\d{1,3}(?:[-—–·~ ]+|$)|[-—–·~ ]+\d{1,3}[-—–·~ ]*$|第\d{1,3}页(?:共\d{1,3}页)?"
)
_COULD_BE_A_HEAD = re.compile("[^。，；：、]{4,40}")
_LONE_NUMBER = re.compile(r"\d{1,4}")

# Signs of Chinese text: ideographs, their punctuation, and the marks that plans use.
CHINESE = (
    r"\u2018-\u201f\u2026\u2014\u2460-\u24ff\u25a0-\u27bf\u3001-\u301f\u3021-\u303f\u3400-\u4dbf\u4e00-\u9fff"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\U00020000-\U0003ffff"
)
_HAS_CHINESE = re.compile(f"[{CHINESE}]")
_SPACE_BESIDE_CHINESE = re.compile(f"(?<=[{CHINESE}]) | (?=[{CHINESE}])")
_MARK_BESIDE_CHINESE = re.compile(f"(?<=[{CHINESE}])[,:;!?]|[,:;!?](?=[{CHINESE}])|(?<=%),")
_FULL_STOP = re.compile(r"(?<=[\u4e00-\u9fff）”])(?<![一二三四五六七八九十])\.(?=[\u4e00-\u9fff“（\d]|$)")
_WIDE = {",": "，", ":": "：", ";": "；", "!": "！", "?": "？"}
_WIDE_BRACKETS = str.maketrans({"(": "（", ")": "）"})


# Radicals that PDF fonts give for whole characters; Unicode keeps no compatibility mapping for these.
_RADICALS = dict(
    zip(
        "⺁⺋⺎⺐⺓⺗⺝⺟⺠⺪⺬⻁⻄⻅⻆⻉⻋⻎⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "厂㔾兀尢幺心月母民疋示虎西见角贝车辶长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)


def _spellings() -> dict[int, str | None]:
    """One character for another: full-width letters and digits, look-alike radicals, odd spaces, the invisible."""
    table: dict[int, str | None] = {}
    narrow = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
    narrow += [ord(sign) for sign in "％＋－．／＝＜＞＆＃＠＊＿｜"]
    lookalike = [*range(0x2E80, 0x2FE0), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20)]
    for code in narrow + lookalike:
        table[code] = unicodedata.normalize("NFKC", chr(code))
    table.update({ord(radical): whole for radical, whole in _RADICALS.items()})
    for code in [*range(0x20), *range(0x7F, 0xA0), 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F)]:
        table[code] = None
    for code in [0x2060, 0xFEFF, *range(0xD800, 0xE000)]:
        table[code] = None
    for code in [0x09, 0x0B, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]:
        table[code] = " "
    return table


_SPELLING = _spellings()


@dataclass(frozen=True)
class Line:
    """A line that says something. `number` counts from 1 as an editor does; a row of a table has its `cells`."""

    number: int
    text: str
    cells: tuple[str, ...] | None = None


def normalize(text: str) -> list[Line]:
    """The lines of a text, cleaned, without the empty ones, page numbers and running heads. Never fails.

    Bold marks go; digits and letters become half-width, punctuation within Chinese full-width; spaces beside
    Chinese go; a line with tabs is a row of cells, empty cells kept.
    """
    lines: list[Line] = []
    breaks: list[int] = []
    for number, source in enumerate(_LINE_ENDS.split(text), start=1):
        if not source.strip():
            continue
        heading = _MARKDOWN_HEADING.match(source)
        source = source[heading.end() :] if heading else source
        pieces = source.split("\f")
        for at, piece in enumerate(pieces):
            if at:
                _turn_page(lines, breaks)
            line = _row(number, piece) if _is_row(piece) else Line(number, clean(piece))
            at_page_break = len(pieces) > 1
            if not line.text.strip("\t"):
                continue
            if _is_page_number(line.text, at_page_break):
                _turn_page(lines, breaks)
            else:
                lines.append(line)
    return _without_running_heads(lines, breaks)


def _turn_page(lines: list[Line], breaks: list[int]) -> None:
    """A page ends here: with a lone number, if that is its last line."""
    if lines and lines[-1].cells is None and _LONE_NUMBER.fullmatch(lines[-1].text):
        lines.pop()
    if lines and len(lines) not in breaks[-1:]:
        breaks.append(len(lines))


def _without_running_heads(lines: list[Line], breaks: list[int]) -> list[Line]:
    """Without the lines that stand again and again at the head or the foot of a page. The first line of all counts
    as one and stays: a running head often repeats the title."""
    edges = sorted({at for each in breaks for at in (each - 1, each) if 0 <= at < len(lines)})
    edges = [at for at in edges if lines[at].cells is None and _COULD_BE_A_HEAD.fullmatch(lines[at].text)]
    seen = Counter(_head(lines[at]) for at in {0, *edges} if lines)
    least = max(2, len(breaks) // 3)
    running = {at for at in edges if at and seen[_head(lines[at])] >= least and _head(lines[at])}
    return [line for at, line in enumerate(lines) if at not in running]


def _head(line: Line) -> str:
    """What of a running head is the same on every page: all but the number of the page."""
    return _NUMBER_AT_AN_EDGE.sub("", line.text)


def clean(text: str) -> str:
    """One spelling of a piece of text, without line breaks. Cleaning twice changes nothing more."""
    plain = text.translate(_SPELLING)
    if plain.isalnum():  # most cells: nothing to part or to widen
        return plain
    previous = None
    while previous != text:
        previous = text
        text = " ".join(text.replace("**", "").translate(_SPELLING).split(" ")).strip(" ")
        text = re.sub(" {2,}", " ", text)
        text = _SPACE_BESIDE_CHINESE.sub("", text)
        if _HAS_CHINESE.search(text):
            text = text.translate(_WIDE_BRACKETS)
            text = _MARK_BESIDE_CHINESE.sub(lambda match: _WIDE[match.group()], text)
            text = _FULL_STOP.sub("。", text)
    return text


def _is_row(source: str) -> bool:
    """A tab parts cells, but for a single one in front: that is how some write an indent."""
    return "\t" in source.removeprefix("\t")


def _row(number: int, source: str) -> Line:
    cells = tuple(clean(cell) for cell in source.split("\t"))
    return Line(number, "\t".join(cells), cells)


def _is_page_number(text: str, at_page_break: bool) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(text) or (at_page_break and _LONE_NUMBER.fullmatch(text)))
