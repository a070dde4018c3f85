"""The first page: title, status, date, and the table of contents to be left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tanhui_plandoc.deadlines import written_date
from tanhui_plandoc.departments import is_body
from tanhui_plandoc.numbering import ANNEX, ARTICLE, BARE, BOX, CHAPTER, DIGIT, HAN, ROW, TEXT, Passage, is_heading

_STATUS = re.compile(
    "（?((?:公开)?征求意见稿|讨论稿|送审稿|报批稿|审议稿|初稿|草案|草稿|修订稿|修订版|试行|暂行|定稿|正式稿|代拟稿)）?"
)
_DOCUMENT = "方案|计划|规划|意见|办法|细则|清单|纲要|要点|安排|预案|决定|措施|行动|通知|任务书|责任书|工程|分工"
_ENDS_AS_TITLE = re.compile(f"(?:{_DOCUMENT})(?:（[^（）]{{1,20}}）)?$")
_ISSUED = re.compile(
    f"(?:印发|发布|下发)《?([^《》]+(?:{_DOCUMENT})(?:（[^（）]{{1,20}}）)?)》?的通知(?=$|各|[^，。；]{{2,60}}$)"
)
_OFFICE = re.compile("(?:政府|办公室|委员会|局|文件|各.+：|〔.+〕.*号)$")
_ENTRY_NUMBER = re.compile(r"(?:\.{2,}|…+|·{3,}|-{3,}|_{3,}|—{2,})?\s*(\d{1,3})$")
_DOTS = re.compile(r"(?:\.{3,}|…{1,}|·{3,}|_{3,})")
_YEAR_OF_TITLE = re.compile(r"(?<![\d—–~～至到-])(20\d\d)年度?(?![前底末以—–~～至到-])")
_YEARS = re.compile(r"20\d\d年?[—–~～至到-]{1,2}20\d\d")
_TITLE_CHARS = 60
_SIGNATURE_NOTE = re.compile("（[^（）]{1,40}）$|(?:抄送|主送|联系人|联系电话)：")
_MOST_SIGN = 3
_LETTER_CHARS = 800
_NOTICE_CHARS = 200
_DATE_CHARS = 40


@dataclass(frozen=True)
class Front:
    """What the first page says. `rest` is the document without it, the table of contents and the signature. `year` is
    the one for which a plan for a single year is made, as its title says (2025年工作要点)."""

    title: str
    status: str
    date: str
    rest: tuple[Passage, ...]
    year: int | None = None

    @property
    def issued(self) -> str:
        """The date from which deadlines count: that of the plan, or the year of its title where it is later."""
        return str(self.year) if self.year and self.year > int(self.date[:4] or 0) else self.date


def front(found: list[Passage]) -> Front:
    """Tell the first page from the rest."""
    found = _without_annex_list(_without_contents(found))
    body = next((at for at, each in enumerate(found) if each.is_numbered or each.kind in {ROW, BOX}), len(found))
    head = [each for each in found[:body] if each.kind in {TEXT, BARE}]
    title, status = _title(head)
    status = status or next((each.text.text.strip("（）") for each in head if _is_status(each)), "")
    date = _date(head, found[body:])
    return Front(title, status, date, tuple(_without_signature(found, body)), _year(title, date))


def _year(title: str, date: str) -> int | None:
    """The year of a plan for one year; a title with a period or a far year names none."""
    years = set() if _YEARS.search(title) else {int(year) for year in _YEAR_OF_TITLE.findall(title)}
    year = years.pop() if len(years) == 1 else None
    return year if year and (not date or 0 <= year - int(date[:4]) <= 1) else None


def _without_signature(found: list[Passage], body: int) -> list[Passage]:
    """Without who signs and when, at the end of the text before the annexes."""
    last = next((at for at in range(body, len(found)) if found[at].kind == ANNEX), len(found))
    end = last
    while end > body and found[end - 1].kind in {TEXT, BARE} and _SIGNATURE_NOTE.match(found[end - 1].text.text):
        end -= 1
    dated = end - 1
    if dated <= body or not _is_date(found[dated]):
        return found
    end = dated
    while end > body and dated - end < _MOST_SIGN and found[end - 1].kind == BARE and is_body(found[end - 1].text.text):
        end -= 1
    return found[:end] + found[last:]


def _is_date(each: Passage) -> bool:
    """Whether it says only when, and perhaps who."""
    text = each.text.text
    is_short = each.kind in {TEXT, BARE} and len(text) <= _DATE_CHARS and not re.search("[。：；，]|[前底]$", text)
    return is_short and bool(written_date(text))


def _is_status(each: Passage) -> bool:
    return bool(_STATUS.fullmatch(each.text.text))


def _title(head: list[Passage]) -> tuple[str, str]:
    """The first lines up to one that ends as the title of a document does; a status in brackets is told apart."""
    pieces: list[str] = []
    issued = next(filter(None, (_ISSUED.search(text) for text in _notices(head[:12]))), None)
    if issued:
        return issued[1], ""
    for each in head[:12]:
        text, status = _without_status(each.text.text)
        issued = _ISSUED.search(text[:_NOTICE_CHARS])
        if issued:
            return issued[1], status
        if not text or len(text) > _TITLE_CHARS or text.endswith(("。", "；", "，")):
            if pieces:
                break
            continue
        if _OFFICE.search(text) or _is_status(each) or written_date(text):
            if pieces:
                break
            continue
        pieces.append(text)
        if _ENDS_AS_TITLE.search(text):
            return "".join(pieces[-3:]), status
    return (pieces[0] if pieces else ""), ""


def _notices(head: list[Passage]) -> Iterator[str]:
    """The subject of a notice over two to four short lines, where it opens with 关于印发."""
    for at, each in enumerate(head):
        if re.search("关于(?:印发|发布|下发)", each.text.text) and not each.text.text.endswith(("。", "通知")):
            for count in range(2, 5):
                text = "".join(one.text.text for one in head[at : at + count])
                if text.endswith("的通知") and "。" not in text:
                    yield text[:_NOTICE_CHARS]


def _without_status(text: str) -> tuple[str, str]:
    if text.endswith("）") and "（" in text:
        before, _, inner = text[:-1].rpartition("（")
        if before and _STATUS.fullmatch(inner):
            return before, inner
    return text, ""


def _date(head: list[Passage], body: list[Passage]) -> str:
    """The date of the first page; else the one under the text, before the annexes."""
    for each in head:
        if len(each.text.text) <= _DATE_CHARS and written_date(each.text.text):
            return written_date(each.text.text)
    last = next((at for at, each in enumerate(body) if each.kind == ANNEX), len(body))
    for each in reversed(body[max(0, last - 5) : last]):
        if _is_date(each):
            return written_date(each.text.text)
    return ""


def _without_contents(found: list[Passage]) -> list[Passage]:
    """Leave out 目录 and its entries: lines that end in a page number, or that stand again as headings later."""
    start = next((at for at, each in enumerate(found[:60]) if each.text.text == "目录"), None)
    if start is None:
        return found
    again = {(each.kind, each.text.text) for each in found[start + 1 : start + 400]}
    end = start + 1
    first: tuple[str, str] | None = None
    while end < len(found):
        each = found[end]
        key = (each.kind, each.text.text)
        if key == first or not (_is_entry(each) or (each.kind in {*_HEADINGS, BARE} and key in again)):
            break
        if each.is_numbered and not _is_entry(each):
            if first is None and _stands_again(found, end):
                first = key
            elif first is None:
                break
        elif not _is_entry(each):
            break
        end += 1
    return found[:start] + found[end:]


def _without_annex_list(found: list[Passage]) -> list[Passage]:
    """A letter names its annexes (附件：1.…2.…) before the plan that it sends, or calls the plan its annex: neither
    begins the annexes of the plan."""
    at = next((at for at, each in enumerate(found) if each.kind == ANNEX), None)
    if at is None or any(each.kind in {*_OPENS, ROW} for each in found[:at]):
        return found
    if sum(len(each.text.text) for each in found[:at]) > _LETTER_CHARS or not any(
        each.kind in _OPENS for each in found[at:]
    ):
        return found
    end = at + 1
    while end < len(found) and found[end].kind == DIGIT and is_heading(found[end].text.text):
        end += 1
    return found[:at] + found[end:]


_OPENS = (CHAPTER, HAN, ARTICLE)
_HEADINGS = ("chapter", "section", "han", "article", "han-bracket", "digit", "digit-bracket", ANNEX)


def _stands_again(found: list[Passage], at: int) -> bool:
    wanted = (found[at].kind, found[at].text.text)
    return any((each.kind, each.text.text) == wanted for each in found[at + 1 : at + 400])


def _is_entry(each: Passage) -> bool:
    if each.kind == ROW:
        return len(each.cells) <= 3 and each.cells[-1].text.isdigit()
    text = each.text.text
    return len(text) <= 80 and bool(_DOTS.search(text) or (_ENTRY_NUMBER.search(text) and each.kind in _HEADINGS))
