"""Targets in sentences: what is to be reached by when, how much of it, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import Deadline, deadlines
from tanhui_plandoc.draft import Kind, Measure
from tanhui_plandoc.numbers import Quantity, quantities
from tanhui_plandoc.rhythms import Rhythm, rhythm
from tanhui_plandoc.sentences import parted, sentences

_LEADING = re.compile("针对|围绕|按照|通过|依托|结合|根据|对照|面向|聚焦|立足|以|在|对|从|为")
_MORE_TO_COME = re.compile(
    "(?:基础上|前提下|过程中|方面|为重点|为目标|为抓手|为契机|为载体|为阵地|为核心|为单位|要求|原则|[等中上下时后前内])$"
)
_DOES = re.compile("建成|完成|实现|推行|建立|打造|达到|开展|组织|推广|落实|形成|创建|推动|加强|提供|提升")
_LEFT_OPEN = re.compile("^(?:全县|全域|其中|力争|争取|确保|同时|此外|并且?|县城|城区|每年)$")
_REFERS_BACK = re.compile("[\u4e00-\u9fff]{1,6}后的")
_ALREADY = re.compile("(?:已经?|业已)(?:建成|完成|实现|开展|达到|有|累计|创建)")
_ENUMERATED = re.compile("^[一二三四五六七八九十]是|^（[一二三四五六七八九十\\d]{1,3}）|^\\d{1,2}[.、](?!\\d)|^[①-⑳]")
_CONDITIONS = {"摄氏度", "℃", "度", "分钟", "小时", "天"}
_EDGE = "。；，、！？：: "
_QUOTE_CHARS = 240
MOST = 300

_COMPARING = re.compile(
    "至少|最少|不少于|不低于|不超过|不高于|不多于|不大于|不得超过|不得低于|最多|至多|达到|达|超过|突破|控制在|降到|降至"
    "|以上|以下|以内|力争|争取|确保|基本|累计|总共|共|各|其中"
)
_RHYTHM_WORDS = re.compile("每年度?|每半年|每季度?|每月|每周|不?定期|按月|按季度?")
_NOT_LETTERS = re.compile(r"[^\w]+")


@dataclass(frozen=True)
class Target:
    """One target as it stands in one place. `text` is without its deadline, `core` without number and comparing
    words too; `quote` the clause around it; `sentence` tells targets of one sentence from those of another."""

    text: str
    core: str
    quote: str
    lines: tuple[int, ...]
    measure: Measure
    sentence: tuple[int, int]

    @property
    def kind(self) -> Kind:
        """Done again and again, a number, or a state of things."""
        if self.measure.recurrence:
            return Kind.RECURRING
        return Kind.MILESTONE if self.measure.value is None else Kind.QUANTITATIVE


@dataclass(frozen=True)
class Given:
    """What holds for a passage from outside: the plan's date, the deadline or rhythm of its column; `every` tells
    that each of its clauses is a target, as in a column of goals."""

    issued: str = ""
    due: Deadline | None = None
    recurrence: str | None = None
    every: bool = False


def targets(text: Cited, given: Given) -> list[Target]:
    """The targets of a passage: dated, numbered with words such as 至少, or done in a rhythm. Nothing is read after
    the clause with the `MOST`th."""
    found: list[Target] = []
    for sentence in sentences(text):
        due = given.due
        for clause in parted(sentence, "；"):
            if len(found) >= MOST:
                return found
            if _ENUMERATED.match(clause.text):
                due = given.due
            more, due = _of_clause(clause, due, given, (sentence.numbers[:1] or (0,))[0], len(found))
            found += more
    return found


def _of_clause(
    clause: Cited, due: Deadline | None, given: Given, line: int, count: int
) -> tuple[list[Target], Deadline | None]:
    found: list[Target] = []
    open_pieces: list[Cited] = []
    quote = clause.strip(_EDGE).text
    shown = quote if len(quote) <= _QUOTE_CHARS else ""
    own: Deadline | None = None
    for piece in _pieces(clause):
        piece = _without_number(piece.strip(_EDGE))
        own = None
        dated = deadlines(piece.text, given.issued, due.year if due else None)
        if dated:
            own = dated[-1]
            opens = not piece.text[: dated[0].start].strip(_EDGE)
            piece = piece.without((each.start, each.end) for each in dated).strip(_EDGE)
            if opens or not piece:
                due = own
        if not piece:
            continue
        if _goes_on(piece.text, bool(open_pieces)):
            open_pieces.append(piece)
            continue
        if found and not dated and _REFERS_BACK.match(piece.text) and not quantities(piece.text):
            continue
        whole = joined([*open_pieces, piece], "，")
        open_pieces = []
        if found and given.every and not (own or due or quantities(whole.text) or rhythm(whole.text)):
            continue
        for part in _counted_apart(whole):
            target = _target(part, own or due, given, shown or part.text, (line, count))
            if target:
                found.append(target)
    return found, due


def pieces(text: Cited) -> list[Cited]:
    """A clause cut at its commas, a phrase such as 针对…… joined to what it leads to."""
    found: list[Cited] = []
    waiting: list[Cited] = []
    for piece in _pieces(text):
        piece = piece.strip(_EDGE)
        if _goes_on(piece.text, bool(waiting)):
            waiting.append(piece)
        else:
            found.append(joined([*waiting, piece], "，"))
            waiting = []
    return [*found, *waiting]


def _pieces(text: Cited) -> list[Cited]:
    return parted(text, "，：")


def _without_number(piece: Cited) -> Cited:
    match = _ENUMERATED.match(piece.text)
    return piece.cut(match.end()) if match else piece


def _goes_on(text: str, waiting: bool) -> bool:
    """Whether a piece only leads to the next: 针对……等行业主体, 在……的基础上, 全县."""
    if _LEFT_OPEN.match(text):
        return True
    if not _LEADING.match(text) or quantities(text):
        return False
    return bool(_MORE_TO_COME.search(text)) or not _DOES.search(text)


def _counted_apart(piece: Cited) -> list[Cited]:
    """建成A3个、B2个 are two targets; a list with one number is one."""
    counted = [each for each in quantities(piece.text) if each.unit and each.is_digits]
    if len(counted) < 2:
        return [piece]
    parts = parted(piece, "、")
    if len(parts) < 2 or any(len([each for each in quantities(part.text) if each.unit]) != 1 for part in parts):
        return [piece]
    return [part.strip(_EDGE) for part in parts]


def _target(piece: Cited, due: Deadline | None, given: Given, quote: str, sentence: tuple[int, int]) -> Target | None:
    if due and _ALREADY.search(piece.text) and due.year <= int(given.issued[:4] or 0):
        return None
    often = rhythm(piece.text)
    main = _main(piece.text, often)
    counts = bool(main and main.unit and main.is_said) and not _is_condition(piece.text, main)
    if not (due or often or counts or given.every):
        return None
    measure = Measure(
        deadline_year=due.year if due else None,
        deadline=due.iso if due else None,
        comparator=main.comparator if main else None,
        value=main.value if main else None,
        value_max=main.value_max if main else None,
        unit=main.unit if main else None,
        value_text=main.text if main else None,
        recurrence=often.name if often else given.recurrence,
    )
    return Target(piece.text, core(piece.text), quote, piece.lines, measure, sentence)


def _is_condition(text: str, main: Quantity | None) -> bool:
    """一千吨以上的工厂, 空调不低于26摄氏度: a number that describes and is not to be reached by a day."""
    return main is None or main.unit in _CONDITIONS or _describes(text, main)


def _main(text: str, often: Rhythm | None) -> Quantity | None:
    """The number that is aimed at: one with 至少 and the like, else one in digits, else the first."""
    found = [each for each in quantities(text) if not (often and each.text in {"一次", "1次"} and not each.is_said)]
    if not found:
        return None
    return min(found, key=lambda each: _rank(text, each))


def _rank(text: str, each: Quantity) -> tuple[bool, bool, bool, bool, int]:
    return _describes(text, each), not each.is_said, each.unit is None, not each.is_digits, each.start


def _describes(text: str, each: Quantity) -> bool:
    """在5个乡镇, 每2个, 30人以上的: where or for whom, not how much."""
    if text[each.start : each.end].endswith(("以上", "以下", "以内")) and text[each.end : each.end + 1] == "的":
        return True
    return bool(re.search("(?:在|针对|为|对|从|每|全县|全部)$", text[max(0, each.start - 2) : each.start]))


def core(text: str) -> str:
    """What is promised, without number, unit, deadline and comparing words: the same in every place."""
    spans = [(each.start, each.end) for each in quantities(text)]
    kept = Cited(text).without(spans).text
    return _NOT_LETTERS.sub("", _RHYTHM_WORDS.sub("", _COMPARING.sub("", kept)))
