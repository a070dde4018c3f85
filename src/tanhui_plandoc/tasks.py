"""The tasks of a plan: at which numbering they stand, their groups, their boxes, what each says and who does it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.draft import Department
from tanhui_plandoc.numbering import (
    ARTICLE,
    BARE,
    BOX,
    HAN_BRACKET,
    RANKS,
    ROW,
    SAID,
    TEXT,
    Passage,
    is_heading,
    points,
)
from tanhui_plandoc.numbers import chinese_number
from tanhui_plandoc.responsibility import Unclear, responsibilities

_ENOUGH = 0.6
_NOTHING = Cited("")
_TITLE_CHARS = 40
_BULLETS = "●■◆◇○□➢▲·• "
_BRACKETED = re.compile("[【（〔]([^【】（）〔〕]{2,40})[】）〕]")
_BOLD_TITLE = re.compile("[^。：；，！？]{2,40}[。：]")
_SAID = re.compile("[一二三四五六七八九十]是")
_DUE = re.compile(
    "(?:(?:完成|整改|办结|落实|实施)(?:时限|期限|时间)|(?<!完成|整改|办结|落实|实施)时限)：([^；;。，（）〔〕【】]{2,30})。?"
)
_LABELLED = re.compile("[〔【（]?(?:牵头|责任|配合|协办|参与|主办|负责)(?:单位|部门|领导|主体)")
_A_TARGET = re.compile(r"\d|，")


@dataclass
class OpenBox:
    """A box while it is read."""

    heading: Passage
    passages: list[Passage] = field(default_factory=list)


@dataclass
class OpenTask:
    """A task while it is read. `texts` are its body without title and responsibility, passage by passage;
    `is_owned_at_once` tells that its first paragraph says who is responsible, `is_row` that it stands in a table only;
    `due` is what it says under 完成时限."""

    title: Cited
    number: int | None
    group: Passage | None
    texts: list[Cited] = field(default_factory=list)
    boxes: list[OpenBox] = field(default_factory=list)
    leads: list[Department] = field(default_factory=list)
    supporters: list[Department] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    is_owned_at_once: bool = False
    is_row: bool = False
    due: Cited = _NOTHING

    def take(self, passage: Cited, aliases: Aliases, unclear: list[Cited]) -> Cited:
        """Note who is responsible by that passage and by when; what is left of it."""
        labelled = _DUE.search(passage.text)
        if labelled and not self.due:
            self.due = passage.cut(*labelled.span(1))
            if labelled.end() - labelled.start() == len(passage.text):
                return Cited("")
        spans = []
        for each in responsibilities(passage, aliases):
            if isinstance(each, Unclear):
                unclear.append(passage.cut(*each.span))
                continue
            spans.append(each.span)
            self.leads += [one for one in each.leads if one.name not in {known.name for known in self.leads}]
            taken = {one.name for one in self.supporters} if self.supporters else set()
            self.supporters += [one for one in each.supporters if one.name not in taken]
        return passage.without(spans)


def open_tasks(area: list[Passage], aliases: Aliases, known: set[str], unclear: list[Cited]) -> list[OpenTask]:
    """The tasks of their chapter, in order. `known` are titles that a table of the annexes names; passages about
    responsibility that cannot be understood are added to `unclear`."""
    area = _with_points(area, aliases)
    owned = [bool(each.kind != ROW and responsibilities(each.text, aliases)) for each in area]
    kind = _kind(area, owned, known)
    if kind is None:
        return []
    tasks: list[OpenTask] = []
    group: Passage | None = None
    for at, each in enumerate(area):
        opens = each.kind == kind or _stands_alone(area, owned, at, kind)
        if tasks and tasks[-1].boxes and opens and not owned[at] and _continues_box(tasks[-1], each):
            opens = False
        if opens and (kind != TEXT or owned[at] or title_key(titled(each)[0].text) in known):
            tasks.append(_opened(each, group, aliases, unclear))
            tasks[-1].is_owned_at_once = owned[at]
        elif _is_above(each, kind):
            group = each
        elif tasks and tasks[-1].group is group:
            _add(tasks[-1], each, owned[at], aliases, unclear)
    return tasks


def _with_points(area: list[Passage], aliases: Aliases) -> list[Passage]:
    """Where each point of 一是…；二是… has its own responsibility, or is a paragraph with one, it stands by itself."""
    found: list[Passage] = []
    for each in area:
        before, said = points(each.text) if "一是" in each.text.text else (each.text, [])
        owned = [point for point in said if responsibilities(point, aliases)]
        if said and len(owned) == len(said):
            found.append(Passage(each.kind, before, each.number))
            found += [Passage(SAID, point, number) for number, point in enumerate(said, start=1)]
        elif each.kind == TEXT and _SAID.match(each.text.text) and responsibilities(each.text, aliases):
            found.append(Passage(SAID, each.text.cut(2), int(chinese_number(each.text.text[0]) or 0)))
        else:
            found.append(each)
    return found


def _kind(area: list[Passage], owned: list[bool], known: set[str]) -> str | None:
    """The numbering at which tasks stand: the deepest where most passages have somebody responsible; else the one
    whose titles an annex knows; else the highest that says something itself."""
    total = sum(owned)
    kinds = sorted({each.kind for each in area if each.kind in RANKS}, key=lambda kind: -RANKS[kind])
    if total:
        for kind in [*kinds, TEXT]:
            spans = _spans(area, kind)
            with_owner = sum(any(owned[start:end]) for start, end in spans)
            held = sum(sum(owned[start:end]) for start, end in spans)
            if with_owner >= _ENOUGH * len(spans) and held >= _ENOUGH * total:
                return TEXT if total > len(spans) and _are_paragraphs(area, owned) else kind
    for kind in [*kinds, TEXT]:
        titles = [title_key(titled(each)[0].text) for each in area if each.kind == kind]
        if known and sum(title in known for title in titles) >= _ENOUGH * len(known):
            return kind
    numbered = [kind for kind in reversed(kinds) if kind != BARE]
    for kind in numbered:
        spans = _spans(area, kind)
        telling = sum(bool(titled(area[start])[1]) or _has_text(area, start) for start, _ in spans)
        if telling >= _ENOUGH * len(spans):
            return kind
    return numbered[-1] if numbered and not known else None


def _are_paragraphs(area: list[Passage], owned: list[bool]) -> bool:
    """Whether the tasks are paragraphs without a number below the headings: each has a title and its owner."""
    texts = [(each, has) for each, has in zip(area, owned, strict=True) if each.kind == TEXT]
    good = sum(
        has and bool(_BOLD_TITLE.match(each.text.text)) and not _LABELLED.match(each.text.text) for each, has in texts
    )
    return good >= _ENOUGH * len(texts) and good == sum(owned)


def _rank(kind: str) -> int:
    return RANKS.get(kind, len(RANKS) + 1)


def _is_above(each: Passage, kind: str) -> bool:
    """Whether it heads a group of tasks. Articles are counted through, also under headings （一）."""
    if kind == ARTICLE and each.kind == HAN_BRACKET:
        return is_heading(each.text.text)
    return each.is_numbered and each.rank < _rank(kind)


def _has_text(area: list[Passage], start: int) -> bool:
    return start + 1 < len(area) and area[start + 1].kind == TEXT


def _spans(area: list[Passage], kind: str) -> list[tuple[int, int]]:
    """From each passage of a kind to the next one as high."""
    spans: list[tuple[int, int]] = []
    start: int | None = None
    for at, each in enumerate(area):
        ends = each.kind == kind or _is_above(each, kind)
        if ends and start is not None:
            spans.append((start, at))
            start = None
        if each.kind == kind:
            start = at
    return spans if start is None else [*spans, (start, len(area))]


def _stands_alone(area: list[Passage], owned: list[bool], at: int, kind: str) -> bool:
    """A passage above the tasks that has its own responsibility and no task below it is a task itself."""
    each = area[at]
    if not _is_above(each, kind) or kind in {BARE, TEXT}:
        return False
    end = at + 1
    while end < len(area) and area[end].kind != kind and not (area[end].is_numbered and area[end].rank <= each.rank):
        end += 1
    return any(owned[at:end]) and (end == len(area) or area[end].kind != kind)


def _continues_box(task: OpenTask, each: Passage) -> bool:
    """Actions of a box may be numbered as tasks are: 1., 2. within the box of task 5."""
    if each.number is None or task.number is None:
        return False
    inside = [one.number for one in task.boxes[-1].passages if one.kind == each.kind]
    expected = (inside[-1] or 0) + 1 if inside else 1
    return each.number == expected and (each.number != task.number + 1 or (bool(inside) and task.is_owned_at_once))


def _opened(each: Passage, group: Passage | None, aliases: Aliases, unclear: list[Cited]) -> OpenTask:
    task = OpenTask(Cited(""), each.number, group)
    text = task.take(each.text, aliases, unclear)
    task.title, rest = titled(Passage(each.kind, text, each.number))
    task.lines += each.text.numbers
    if rest:
        task.texts.append(rest)
    return task


def _add(task: OpenTask, each: Passage, is_owned: bool, aliases: Aliases, unclear: list[Cited]) -> None:
    if each.kind == ROW:
        return
    if each.kind == BOX:
        task.boxes.append(OpenBox(each))
    elif task.boxes and not is_owned:
        task.boxes[-1].passages.append(each)
    else:
        rest = task.take(each.text, aliases, unclear).strip()
        if rest:
            task.texts.append(rest)
    task.lines += each.text.numbers


def titled(each: Passage) -> tuple[Cited, Cited]:
    """The title of a task and the rest of its first paragraph."""
    text = each.text.strip(_BULLETS) if each.text.text[:1] in _BULLETS else each.text
    said = _SAID.match(text.text)
    if said:
        first = re.match("[^，。；：]{1,40}", text.text[said.end() :])
        return (text.cut(said.end(), said.end() + first.end()) if first else Cited("")), text
    match = _BRACKETED.match(text.text)
    if match:
        return text.cut(*match.span(1)), text.cut(match.end()).strip("。： ")
    match = _BOLD_TITLE.match(text.text)
    if match:
        title, rest = text.cut(0, match.end() - 1), text.cut(match.end()).strip()
        if rest or not _A_TARGET.search(title.text):
            return title, rest
        return title, text
    if len(text.text) <= _TITLE_CHARS and not re.search("[。；，]", text.text):
        return text, Cited("")
    first = re.match("[^，。；：]{1,40}", text.text)
    return (text.cut(0, first.end()) if first else Cited("")), text


def title_key(title: str) -> str:
    """What of a title counts when two are compared: its letters, without its number."""
    title = re.sub(
        r"^(?:\d{1,3}[.、]|（?[一二三四五六七八九十]{1,4}[、）]|第[一二三四五六七八九十\d]{1,4}[条章])",
        "",
        title.strip(),
    )
    return re.sub(r"[^\w]", "", title)


def text_of(task: OpenTask) -> Cited:
    """The whole body of a task."""
    return joined(task.texts)
