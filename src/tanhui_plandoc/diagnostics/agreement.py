"""Rules about one promise in two wordings: another word for the same thing, or a hedge that one place drops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import (
    Nearest,
    Passage,
    at,
    body_passages,
    content,
    roadmap_section,
    short,
)
from tanhui_plandoc.diagnostics.targets import indicators
from tanhui_plandoc.draft import Diagnostic, Draft, Place, RoadmapItem, Task

_HEDGE = "探索|鼓励|支持|争取|力争|试点|倡导|引导"
_HEDGED = re.compile(f"({_HEDGE})([\u3400-\u9fff“”、《》]{{5,80}})")
_ANY_HEDGE = re.compile(_HEDGE)
_PIECE = re.compile("[^，。；：！？\t]+")
_DOUBLED = re.compile("(.)\\1")
_LONGEST = 120
_WORDINGS = 4
_WEAK = "部内中里上下各该其有性化型类地做是省市县"
_ALIKE = 0.6
_KEY = 8
_FILLERS = re.compile("每年|每季度|每月|定期|持续|至少|分别|全县|完成|全面|积极|加快|切实|读本|环境教育科普")


def wording_differs(draft: Draft) -> Iterator[Diagnostic]:
    """Two places say the same with another word in the middle, such as 共享电单车 and 共享单车."""
    for task, one in indicators(draft):
        said = [Passage(each.section, each.quote, each.lines) for each in one.occurrences]
        seen: set[tuple[str, str]] = set()
        for other in said[1:]:
            words = _another_word(said[0].text, other.text) if len(seen) < _WORDINGS else None
            if words and words not in seen:
                seen.add(words)
                yield _two_words(task, f"indicator:{one.id}", said[0], other, words)
    section = roadmap_section(draft)
    for task in draft.tasks:
        if task.roadmap:
            yield from _items_and_body(task, section)


def _items_and_body(task: Task, section: str) -> Iterator[Diagnostic]:
    """Items of the roadmap that are no targets, beside the phrase of the body that each repeats."""
    body = [
        Passage(passage.section, piece, passage.lines)
        for passage in body_passages(task)
        for piece in _PIECE.findall(passage.text)
    ]
    nearest = Nearest([piece.text for piece in body])
    for position, item in enumerate(task.roadmap, start=1):
        for piece in _PIECE.findall(item.text):
            found = nearest.find(piece)
            if found is None or found.weighed < _ALIKE:
                continue
            there, here = body[found.number], Passage(section, item.text, item.lines)
            words = _another_word(there.text, piece)
            if words:
                yield _two_words(task, f"roadmap:{task.no}:{position}", there, here, words)


def _two_words(task: Task, subject: str, first: Passage, other: Passage, words: tuple[str, str]) -> Diagnostic:
    if bool(_DOUBLED.search(words[0])) != bool(_DOUBLED.search(words[1])):
        return _doubled(task, subject, first, other, words)
    return report(
        "wording-differs",
        f"任务{task.no}同一件事用词不同：{at(first.section, first.lines)}写“{words[0]}”，"
        f"{at(other.section, other.lines)}写“{words[1]}”。",
        [first.place, other.place],
        task_no=task.no,
        subject=subject,
    )


def _doubled(task: Task, subject: str, first: Passage, other: Passage, words: tuple[str, str]) -> Diagnostic:
    """One of the two wordings is the other with a sign written twice."""
    if _DOUBLED.search(words[0]):
        first, other, words = other, first, words[::-1]
    return report(
        "repeated-word",
        f"任务{task.no}“{words[1]}”多写了一个字（{at(other.section, other.lines)}），"
        f"{at(first.section, first.lines)}写的是“{words[0]}”。",
        [other.place, first.place],
        task_no=task.no,
        subject=subject,
    )


def _another_word(one: str, other: str) -> tuple[str, str] | None:
    """The differing words with their neighbors, where both texts go on alike before and after; else nothing."""
    left, right = (_FILLERS.sub("", content(text))[:_LONGEST] for text in (one, other))
    matching = SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    blocks = [block for block in matching if block.size >= 2]
    for before, after in pairwise(blocks):
        gap_left = left[before.a + before.size : after.a]
        gap_right = right[before.b + before.size : after.b]
        if _tells(gap_left, gap_right):
            start_left, start_right = before.a + before.size - 2, before.b + before.size - 2
            return left[start_left : after.a + 2], right[start_right : after.b + 2]
    return None


def _tells(one: str, other: str) -> bool:
    """Whether it is another word: up to three signs for others, or one sign more that is no mere filling."""
    shorter, longer = sorted((one, other), key=len)
    if not shorter:
        return len(longer) == 1 and longer not in _WEAK
    return len(longer) <= 3 and shorter != longer


def commitment_differs(draft: Draft) -> Iterator[Diagnostic]:
    """The body explores, encourages or supports what the roadmap simply promises."""
    section = roadmap_section(draft)
    for task in draft.tasks:
        if not task.roadmap:
            continue
        body = list(body_passages(task))
        hedged = _hedged(body)
        plain = frozenset(gram for passage in body for gram in _grams(_HEDGED.sub("", passage.text)))
        for position, item in enumerate(task.roadmap, start=1):
            found = None if _ANY_HEDGE.search(item.text) else _dropped(item, hedged, plain)
            if found:
                yield _weaker(task, position, item, section, *found)


def _grams(text: str) -> Iterator[str]:
    return (text[start : start + _KEY] for start in range(len(text) - _KEY + 1))


def _hedged(body: list[Passage]) -> dict[str, tuple[Passage, str]]:
    """What stands behind a hedge, by every run of a few signs: the passage and the hedge."""
    found: dict[str, tuple[Passage, str]] = {}
    for passage in body:
        for match in _HEDGED.finditer(passage.text):
            for gram in _grams(match.group(2)):
                found.setdefault(gram, (passage, match.group(1)))
    return found


def _dropped(
    item: RoadmapItem, hedged: dict[str, tuple[Passage, str]], plain: frozenset[str]
) -> tuple[Passage, str, str] | None:
    """The hedged passage that an item repeats without its hedge; none where the body also says it without."""
    for piece in _PIECE.findall(item.text):
        for key in (piece[:_KEY], piece[-_KEY:]):
            if key in hedged and key not in plain:
                return *hedged[key], piece
    return None


def _weaker(
    task: Task, position: int, item: RoadmapItem, section: str, passage: Passage, hedge: str, piece: str
) -> Diagnostic:
    return report(
        "commitment-differs",
        f"任务{task.no}的“{short(piece)}”，{at(passage.section, passage.lines)}写的是“{hedge}”，"
        f"{at(section, item.lines)}去掉了“{hedge}”，力度不同。",
        [passage.place, Place(item.lines, item.text)],
        task_no=task.no,
        subject=f"roadmap:{task.no}:{position}",
    )
