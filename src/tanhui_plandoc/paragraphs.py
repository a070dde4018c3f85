"""Logical paragraphs: what a page or a line end broke in mid-sentence is joined again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tanhui_plandoc.cited import Cited
from tanhui_plandoc.lines import Line, clean, normalize

_HEADING_CHARS = 30
_ENDS = "。！？；：…!?;:"
_CLOSERS = "”’）】》〕」』)]"
_INSIDE_A_SENTENCE = re.compile("[，。；：！？]|(?<=[^一二三四五六七八九十百\\d])、")
_STARTS_ANEW = re.compile(
    "[一二三四五六七八九十百]+、"
    r"|（[一二三四五六七八九十百\d]{1,4}）"
    r"|\d{1,3}(?:\.(?!\d)|、|）)"
    r"|第[一二三四五六七八九十百\d]+[章节条篇]"
    r"|[^，。；：]{1,8}〔20\d\d〕\d{1,4}号|各[^，。；：]{2,40}(?:，[^，。；：]{2,20}){0,2}：$"
    r"|(?:专栏|附件|附表|附录)[一二三四五六七八九十\d]*"
    "|(?:牵头|责任|配合|参与|主办|协办|负责|分管|包保)(?:单位|部门|领导|人|主体)："
    "|(?:工作|主要|具体|完成|办结|整改|验收)(?:目标|措施|举措|任务|内容|要求|标准|成效|时限|期限|时间)："
    r"|(?:任务|行动|工程|举措|问题|事项|项目)[一二三四五六七八九十\d]{1,3}："
    r"|注[：:1-9]|[●■◆◇○□➢★▲·•]|[12]\d{3}年\d{1,2}月(?:\d{1,2}日)?$"
)
_LIST_CHARS = 80
_ENDS_IN_A_LIST = re.compile("(?:牵头|责任|配合)(?:单位|部门)：[^。；：]*[局委办府心室门位队司会院校社镇]$")
_NAMED = re.compile(r"(?:任务|行动|工程|举措|问题|事项|项目)[一二三四五六七八九十\d]{1,3}：")
_LABELLED = re.compile("[〔【（]?(?:牵头|责任|配合|参与|主办|协办|负责)(?:单位|部门)：")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph or, with `cells`, a row of a table.

    `lines` are the source lines that it came from, from 1; `starts` the offsets in `text` at which they begin.
    """

    text: str
    lines: tuple[int, ...]
    cells: tuple[str, ...] | None = None
    starts: tuple[int, ...] = ()

    @property
    def cited(self) -> Cited:
        """Its text, of which every part knows its lines."""
        return Cited(self.text, self.starts or (0,) * len(self.lines[:1]), self.lines)


@dataclass
class _Open:
    """A paragraph to which lines may still be added."""

    pieces: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    length: int = 0
    depth: int = 0

    def add(self, line: Line) -> None:
        if self.pieces and _needs_space(self.pieces[-1], line.text):
            self.pieces.append(" ")
            self.length += 1
        self.pieces.append(line.text)
        if line.number not in self.numbers[-1:]:
            self.numbers.append(line.number)
            self.starts.append(self.length)
        self.length += len(line.text)
        opened, closed = (sum(map(line.text.count, signs)) for signs in ("（〔【", "）〕】"))
        self.depth = max(0, self.depth + opened - closed)

    def takes(self, text: str) -> bool:
        """Whether that line goes on with it."""
        return not _STARTS_ANEW.match(text) and self.goes_on()

    def goes_on(self) -> bool:
        """Whether its last line was broken in mid-sentence."""
        last = self.pieces[-1]
        if len(self.pieces) == 1 and _is_heading(last):
            return False
        if self.depth == 0 and last.endswith(("）", "】", "〕")):
            return False
        if self.depth == 0 and (len(last) <= _HEADING_CHARS and _LABELLED.match(self.pieces[0])):
            return last.endswith(("、", "，"))
        if self.depth == 0 and _ENDS_IN_A_LIST.search(last[-_LIST_CHARS:]):
            return False
        return last.rstrip(_CLOSERS)[-1:] not in _ENDS or self.depth > 0

    def close(self) -> Paragraph:
        text = clean("".join(self.pieces)) if len(self.pieces) > 1 else self.pieces[0]
        starts = tuple(min(start, len(text)) for start in self.starts)
        return Paragraph(text, tuple(self.numbers), starts=starts)


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs and table rows of a text as a PDF extractor leaves it. Pure; never fails.

    A line goes on in the next where it ends in mid-sentence or in an open bracket and the next does not start
    with a numbering, `专栏`, `附件` or a bullet. Headings, which end without a full stop, stay by themselves.
    """
    found: list[Paragraph] = []
    current: _Open | None = None
    for line in normalize(text):
        if current and (line.cells or not (line.text.startswith("、") or current.takes(line.text))):
            found.append(current.close())
            current = None
        if line.cells:
            found.append(Paragraph(line.text, (line.number,), line.cells))
            continue
        current = current or _Open()
        current.add(line)
    if current:
        found.append(current.close())
    return found


def _is_heading(text: str) -> bool:
    named = _NAMED.match(text)
    return len(text) <= _HEADING_CHARS and not _INSIDE_A_SENTENCE.search(text, named.end() if named else 0)


def _needs_space(before: str, after: str) -> bool:
    """Words of Latin script are parted; numbers and Chinese are not."""
    return before[-1:].isascii() and before[-1:].isalpha() and after[:1].isascii() and after[:1].isalpha()
