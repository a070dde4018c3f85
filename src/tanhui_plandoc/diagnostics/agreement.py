"""Rules about one promise in two wordings: another word for the same thing, or a hedge that one place drops."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import (
    Passage,
    at,
    body_passages,
    content,
    place_of,
    roadmap_section,
    short,
)
from tanhui_plandoc.diagnostics.targets import indicators
from tanhui_plandoc.draft import Diagnostic, Draft, Occurrence, Place, RoadmapItem, Task

_HEDGES = ("探索", "鼓励", "支持", "争取", "力争", "试点", "倡导", "引导")
_HEDGE = "|".join(_HEDGES)
_HEDGED = re.compile(f"(?:积极|鼓励|逐步)?({_HEDGE})([\u3400-\u9fff“”、《》]{{5,80}})")
_PIECE = re.compile("[^，。；：！？\t]+")
_LONGEST = 120
_WORDINGS = 4
_FILLERS = re.compile(
    "每年|每季度|每月|到|共|出|约|定期|持续|至少|各|分别|全县|一|两|个|条|家|场|套|件|完成|全面|积极|加快|切实|读本|环境教育科普"
)


def wording_differs(draft: Draft) -> Iterator[Diagnostic]:
    """Two places say the same target with another word in the middle, such as 共享电单车 and 共享单车."""
    for task, one in indicators(draft):
        first = one.occurrences[0] if one.occurrences else None
        seen: set[tuple[str, str]] = set()
        for other in one.occurrences[1:]:
            if first is None or len(seen) >= _WORDINGS:
                break
            words = _another_word(first.quote, other.quote)
            if words and words not in seen:
                seen.add(words)
                yield _two_words(task, one.id, first, other, words)


def _two_words(task: Task, of: str, first: Occurrence, other: Occurrence, words: tuple[str, str]) -> Diagnostic:
    return report(
        "wording-differs",
        f"任务{task.no}同一目标用词不同：{at(first.section, first.lines)}写“{words[0]}”，"
        f"{at(other.section, other.lines)}写“{words[1]}”。",
        [place_of(first), place_of(other)],
        task_no=task.no,
        subject=f"indicator:{of}",
    )


def _another_word(one: str, other: str) -> tuple[str, str] | None:
    """The differing words with their neighbors, where both texts go on alike before and after; else nothing."""
    left, right = (_FILLERS.sub("", content(text))[:_LONGEST] for text in (one, other))
    blocks = [
        block for block in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks() if block.size >= 2
    ]
    for before, after in itertools.pairwise(blocks):
        gap_left = left[before.a + before.size : after.a]
        gap_right = right[before.b + before.size : after.b]
        if max(len(gap_left), len(gap_right)) <= 3 and gap_left != gap_right:
            start_left, start_right = before.a + before.size - 2, before.b + before.size - 2
            return left[start_left : after.a + 2], right[start_right : after.b + 2]
    return None


def commitment_differs(draft: Draft) -> Iterator[Diagnostic]:
    """The body explores, encourages or supports what the roadmap simply promises."""
    section = roadmap_section(draft)
    for task in draft.tasks:
        hedged = [(passage, match) for passage in body_passages(task) for match in _HEDGED.finditer(passage.text)]
        for position, item in enumerate(task.roadmap, start=1):
            found = _dropped(item, hedged)
            if found:
                yield _weaker(task, position, item, section, *found)


def _dropped(item: RoadmapItem, hedged: list[tuple[Passage, re.Match[str]]]) -> tuple[Passage, str, str] | None:
    for piece in _PIECE.findall(item.text):
        for passage, match in hedged:
            thing = match.group(2)
            if match.group(1) not in item.text and len(piece) >= 6 and (piece in thing or _begins_alike(piece, thing)):
                return passage, match.group(1), piece
    return None


def _begins_alike(piece: str, thing: str) -> bool:
    return len(piece) >= 8 and thing.startswith(piece[:8])


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
