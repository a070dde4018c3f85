"""The passages of a draft, how a message cites them, and how near two of them are."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tanhui_plandoc.draft import Draft, Occurrence, Place, Source, Task

_YEAR = re.compile(r"(?:到|在|于|截至)?20\d\d(?:[-—~至]20\d\d)?年?(?:\d{1,2}月)?[底末]?(?:之前|以前|前)?")
_NUMBER = re.compile(r"\d[\d,.]*(?:[-—–~～至]\d[\d,.]*)?[万亿]*(?:[%％]|[\u3400-\u9fff])?")
_COMPARING = re.compile("至少|不少于|不低于|不超过|达到|超过|以上|以下|以内|左右|力争|争取")
_SILENT = re.compile("[^0-9A-Za-z\u3400-\u9fff]|[的了和与及或等在对将把为以并]")
_COMMON = 60
_SHOWN = 40


class Passage(NamedTuple):
    """A piece of the plan with its section. `task_no` is None where it belongs to no task."""

    section: str
    text: str
    lines: tuple[int, ...]
    task_no: int | None = None

    @property
    def place(self) -> Place:
        return Place(self.lines, self.text)


def passages(draft: Draft) -> Iterator[Passage]:
    """Every passage of the plan, in the order of its parts: goals, tasks with boxes and annexes, safeguards."""
    for goal in draft.overall_targets:
        yield Passage("主要目标", goal.text, goal.lines)
    section = roadmap_section(draft)
    for task in draft.tasks:
        yield from body_passages(task)
        for row in task.annex_rows:
            yield Passage(row.section, row.targets, row.lines, task.no)
        for item in task.roadmap:
            yield Passage(section, item.text, item.lines, task.no)
    for safeguard in draft.safeguards:
        parts = safeguard.clauses or (safeguard,)
        yield from (Passage(f"保障措施“{safeguard.title}”", part.text, part.lines) for part in parts)


def body_passages(task: Task) -> Iterator[Passage]:
    """The sentences of a task's body and the actions of its boxes."""
    said = sum(len(clause.text) for clause in task.clauses)
    parts = task.clauses if said * 10 >= len(task.text) * 8 else (task,)
    yield from (Passage("正文", part.text, part.lines, task.no) for part in parts)
    for box in task.boxes:
        for action in box.actions:
            yield Passage(box_section(box.no), action.text, action.lines, task.no)


def box_section(no: int | None) -> str:
    return "专栏" if no is None else f"专栏{no}"


def roadmap_section(draft: Draft) -> str:
    """What people call the roadmap: the section of an occurrence that stands on a roadmap's line."""
    for task in draft.tasks:
        if not task.roadmap:
            continue
        lines = {line for item in task.roadmap for line in item.lines}
        for indicator in task.indicators:
            for one in indicator.occurrences:
                if one.source is Source.ANNEX and lines.intersection(one.lines):
                    return one.section
    return "路线图"


def place_of(occurrence: Occurrence) -> Place:
    return Place(occurrence.lines, occurrence.quote)


def at(section: str, lines: Sequence[int]) -> str:
    """A place as a message names it: 附件1第207行."""
    if not lines:
        return section
    return f"{section}第{lines[0]}行" if lines[0] == lines[-1] else f"{section}第{lines[0]}—{lines[-1]}行"


def short(text: str, limit: int = _SHOWN) -> str:
    """A text cut for a message."""
    text = text.replace("\t", " ").rstrip("。；，、：")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def content(text: str) -> str:
    """What a passage is about: without dates, numbers, comparing words, function words and punctuation."""
    return _SILENT.sub("", _COMPARING.sub("", _NUMBER.sub("", _YEAR.sub("", text))))


def pairs(text: str) -> frozenset[str]:
    """The pairs of neighboring signs in what a passage is about."""
    kept = content(text)
    return frozenset(kept[start : start + 2] for start in range(len(kept) - 1))


def share(part: frozenset[str], whole: frozenset[str]) -> float:
    """How much of a passage's pairs stands in another, from 0 to 1."""
    return len(part & whole) / len(part) if part else 0.0


@dataclass(frozen=True)
class Near:
    """The nearest of several texts: its number, how much of the other text's pairs it holds, rare ones weighing more
    (`weighed`) or all alike (`held`); both from 0 to 1."""

    number: int
    weighed: float
    held: float


class Nearest:
    """Finds the text that shares most of another's pairs. Pairs that stand in too many texts tell nothing."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [pairs(text) for text in texts]
        self._where: dict[str, list[int]] = defaultdict(list)
        for number, found in enumerate(self._texts):
            for pair in found:
                self._where[pair].append(number)

    def find(self, text: str) -> Near | None:
        """The nearest text; nothing where none shares a telling pair."""
        wanted = pairs(text)
        scores: dict[int, float] = defaultdict(float)
        total = 0.0
        for pair in sorted(wanted):
            where = self._where.get(pair, [])
            if len(where) > _COMMON:
                continue
            weight = math.log(1 + len(self._texts) / max(1, len(where)))
            total += weight
            for number in where:
                scores[number] += weight
        if not scores:
            return None
        best = max(scores, key=lambda number: (scores[number], -number))
        return Near(best, scores[best] / total, share(wanted, self._texts[best]))
