"""Targets in sentences: what is to be reached by when, how much of it, how often."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import Deadline, deadlines
from tanhui_plandoc.draft import Kind, Measure
from tanhui_plandoc.numbers import Quantity, quantities
from tanhui_plandoc.respectively import respectively
from tanhui_plandoc.rhythms import Rhythm, rhythm
from tanhui_plandoc.sentences import parted, sentences

_LEADING = re.compile("针对|围绕|按照|通过|依托|结合|根据|对照|面向|聚焦|立足|以|在|对|从|为")
_MORE_TO_COME = re.compile(
    "(?:基础上|前提下|过程中|方面|为重点|为目标|为抓手|为契机|为载体|为阵地|为核心|为单位|要求|原则|[等中上下时后前内])$"
)
_DOES = re.compile("建成|完成|实现|推行|建立|打造|达到|开展|组织|推广|落实|形成|创建|推动|加强|提供|提升")
_LEFT_OPEN = re.compile(
    "^(?:全县|全域|其中|力争|争取|确保|同时|此外|并且?|县城|城区|每年|(?:力争)?用?[一二三四五\\d]{1,2}年(?:左右)?时间?)$"
)
_REFERS_BACK = re.compile("[\u4e00-\u9fff]{1,6}后的")
_ALREADY = re.compile("(?:已经?|业已)(?:建成|完成|实现|开展|达到|有|累计|创建)")
_ENUMERATED = re.compile("^[一二三四五六七八九十]是|^（[一二三四五六七八九十\\d]{1,3}）|^\\d{1,2}[.、](?!\\d)|^[①-⑳]")
_CONDITIONS = {"摄氏度", "℃", "度", "分钟", "小时", "天"}
_EDGE = "。；，、！？：: "
_QUOTE_CHARS = 240
_PIECE_CHARS = 80
MOST = 300

_COMPARING = re.compile(
    "至少|最少|不少于|不低于|不超过|不高于|不多于|不大于|不得超过|不得低于|最多|至多|达到|达|超过|突破|控制在|降到|降至"
    "|以上|以下|以内|力争|争取|确保|基本|累计|总共|共|各|其中|分别"
)
_LAST_COMPARING = re.compile(f"(?:{_COMPARING.pattern}|提高到?|提升到?|发展到?|增加到?|稳定在|保持在)+$")
_BARE = re.compile(
    "(?:全部|全面|均|陆续|完成|建成|投运|投入使用|投入运行|到位|竣工|交付|实现|达标|印发|出台|实施|启动|开展|组织|举办|签订|落实|整改|时限为?|期限为?|于"
    "|稳定|保持|提高|提升|增加|发展|下降|减少|降低|[到至在])*"
)
_SETS_UP = re.compile(
    "(?:[一二三四五\\d]年|全[县市区镇年])?(?:力争|计划|累计|总共|共)?(?:购置|签订|评选|整治|治理|配备|营造|新改建|改建|扩建|推出|编制|发放|新建|新开|新增|建设|建成|设置|设立|完成|培育|打造|创建|改造|举办|修复|修建|铺设|投放|种植|发展|推广|组建|安装|淘汰|更换)"
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
    that each of its clauses is a target, as in a column of goals; `otherwise` is the deadline of a
    number that has none of its own: that of the task (完成时限：…), or the year of a plan for one year."""

    issued: str = ""
    due: Deadline | None = None
    recurrence: str | None = None
    every: bool = False
    otherwise: Deadline | None = None


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
            reader = _Clause(clause, due, given, ((sentence.numbers[:1] or (0,))[0], len(found)))
            for piece in _pieces(clause):
                reader.take(_without_number(piece.strip(_EDGE)))
            due = reader.due
            found += reader.found
    return found


class _Clause:
    """Reads one clause piece by piece. `waiting` are phrases that lead to the next piece; `before` is the last piece
    that was no target by itself, `last` the last one that was."""

    def __init__(self, clause: Cited, due: Deadline | None, given: Given, sentence: tuple[int, int]) -> None:
        quote = clause.strip(_EDGE).text
        self.quote = quote if len(quote) <= _QUOTE_CHARS else ""
        self.due, self.given, self.sentence = due, given, sentence
        self.found: list[Target] = []
        self.waiting: list[Cited] = []
        self.before: Cited | None = None
        self.last: Cited | None = None
        self.is_last_dated = False

    def take(self, piece: Cited) -> None:
        """The next piece."""
        dated = deadlines(piece.text, self.given.issued, self.due.year if self.due else None)
        if dated:
            opens = not piece.text[: dated[0].start].strip(_EDGE)
            piece = _emptied(piece.without(_spans(piece.text, dated))).strip(_EDGE)
            if opens or not piece:
                self.due = dated[-1]
        if not piece:
            return
        if _goes_on(piece.text, bool(self.waiting)):
            self.waiting.append(piece)
            return
        if self.found and not dated and _REFERS_BACK.match(piece.text) and not quantities(piece.text):
            return
        piece = joined([*self.waiting, piece], "，")
        if dated and self.last and self._only_dates_the_last(piece.text):
            self.found.pop()
            piece = joined([self.last, piece], "，")
        piece = self._with_subject(piece)
        self.waiting = []
        due = dated[-1] if dated else self.due
        if self.found and self.given.every and not (due or quantities(piece.text) or rhythm(piece.text)):
            return
        parts = respectively(piece, len(dated)) or _counted_apart(piece)
        each_its_own = len(dated) == len(parts)
        self.before = piece if len(piece.text) <= _PIECE_CHARS else None
        before = len(self.found)
        for at, part in enumerate(parts):
            part = part if at == 0 else self._with_subject(part)
            self._add(part, dated[at] if each_its_own else due, is_listed=len(self.found) > before)

    def _add(self, part: Cited, due: Deadline | None, *, is_listed: bool) -> None:
        target = _target(part, due, self.given, self.quote or part.text, self.sentence, is_listed=is_listed)
        if target:
            self.found.append(target)
            self.before, self.last, self.is_last_dated = None, part, due is not None

    def _only_dates_the_last(self, text: str) -> bool:
        """新建3座，2025年底前完成: the deadline belongs to the target before."""
        undated = bool(self.found) and not self.is_last_dated
        return undated and not quantities(text) and not rhythm(text) and bool(_BARE.fullmatch(core(text)))

    def _with_subject(self, piece: Cited) -> Cited:
        """每年不少于10家, 全部建成, 达到40%: what is meant stands in the piece before."""
        if not _BARE.fullmatch(core(piece.text)):
            return piece
        if self.before:
            return joined([self.before, piece], "，")
        counted = quantities(self.last.text) if self.last else ()
        if not self.last or not counted or not quantities(piece.text):
            return piece
        subject = self.last.cut(0, counted[0].start)
        words = _LAST_COMPARING.search(subject.text)
        return joined([subject.cut(0, words.start()) if words else subject, piece])


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


def _spans(text: str, dated: list[Deadline]) -> list[tuple[int, int]]:
    """Where the deadlines stand; of 2024年、2025年 the sign between them too."""
    spans: list[tuple[int, int]] = []
    for each in dated:
        if spans and text[spans[-1][1] : each.start] in {"、", "和", "及", "与", "，"}:
            spans[-1] = (spans[-1][0], each.end)
        else:
            spans.append((each.start, each.end))
    return spans


def _emptied(piece: Cited) -> Cited:
    """Without brackets in which only the deadline stood."""
    return piece.without(match.span() for match in re.finditer("（[前内，、]*）", piece.text))


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


def _target(
    piece: Cited, due: Deadline | None, given: Given, quote: str, sentence: tuple[int, int], *, is_listed: bool
) -> Target | None:
    """`is_listed` tells that the piece before it in a list (建成甲3个、乙2个) is a target by its verb."""
    if due and _ALREADY.search(piece.text) and due.year <= int(given.issued[:4] or 0):
        return None
    often = rhythm(piece.text)
    main = _main(piece.text, often)
    counts = bool(main and main.unit) and not _is_condition(piece.text, main)
    counts = counts and (is_listed or _is_aimed_at(piece.text, quote, main, in_words=given.otherwise is not None))
    if not (due or often or counts or given.every):
        return None
    if counts and not (often or given.recurrence):
        due = due or given.otherwise
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


def _is_aimed_at(text: str, clause: str, main: Quantity | None, *, in_words: bool) -> bool:
    """Without a deadline a number is a target where it is said to be one (至少), or where it counts what is set up
    in all (新建3座), not for each of many (每户2只). `in_words` tells that 一座 is a number too."""
    if main is None or main.is_said:
        return main is not None
    return (main.is_digits or in_words) and bool(_SETS_UP.match(text)) and not re.search("[每各]", clause)


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
    return bool(
        re.search(
            "(?:(?<![制定持控])在|针对|(?<![率比例重])为|对|从|每|全县|全部)$",
            text[max(0, each.start - 2) : each.start],
        )
    )


def core(text: str) -> str:
    """What is promised, without number, unit, deadline and comparing words: the same in every place."""
    spans = [(each.start, each.end) for each in quantities(text)]
    kept = Cited(text).without(spans).text
    return _NOT_LETTERS.sub("", _RHYTHM_WORDS.sub("", _COMPARING.sub("", kept)))
