"""Rules about the roadmap's marks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import at, content, roadmap_section, short
from tanhui_plandoc.draft import Diagnostic, Draft, Legend, Mark, Place, RoadmapItem, Task

_SIGNS = {Mark.PROACTIVE: "★", Mark.ROUTINE: "▲"}
_BETWEEN = re.compile("[^\u3400-\u9fff]|[和或及与]|代表|表示")


def _items(draft: Draft) -> Iterator[tuple[Task, str, RoadmapItem]]:
    for task in draft.tasks:
        for position, item in enumerate(task.roadmap, start=1):
            yield task, f"roadmap:{task.no}:{position}", item


def roadmap_unmarked(draft: Draft) -> Iterator[Diagnostic]:
    """An item without a mark in a roadmap that marks its items."""
    items = list(_items(draft))
    if not any(item.mark for _, _, item in items):
        return
    section = roadmap_section(draft)
    for task, subject, item in items:
        if item.mark is None:
            yield report(
                "roadmap-unmarked",
                f"任务{task.no}在{at(section, item.lines)}的“{short(item.text)}”（{item.period}）没有标记。",
                [Place(item.lines, item.text)],
                task_no=task.no,
                subject=subject,
            )


def mark_against_legend(draft: Draft) -> Iterator[Diagnostic]:
    """An item uses the very word by which the legend explains the other mark."""
    words = {legend.mark: _words(legend) for legend in draft.legend}
    section = roadmap_section(draft)
    for task, subject, item in _items(draft):
        for legend in draft.legend:
            if item.mark is None or item.mark == legend.mark or item.mark not in words:
                continue
            word = next((one for one in words[legend.mark] if _leads_a_phrase(one, item.text)), None)
            if word:
                yield report(
                    "mark-against-legend",
                    f"任务{task.no}在{at(section, item.lines)}的“{short(item.text)}”写有“{word}”，标记却是"
                    f"{_SIGNS[item.mark]}；按图例，“{legend.text}”应标{_SIGNS[legend.mark]}。",
                    [Place(item.lines, item.text), Place(legend.lines, legend.text)],
                    task_no=task.no,
                    subject=subject,
                )


def _words(legend: Legend) -> list[str]:
    """主动做和（或）创新做 → 主动, 创新."""
    parts = (part.removesuffix("做").removesuffix("的") for part in _BETWEEN.split(legend.text))
    return [part for part in parts if len(part) >= 2]


def _leads_a_phrase(word: str, text: str) -> bool:
    """The word says how it is done, and is not part of a name such as 主动式."""
    return any(re.match(f"{word}(?!式|型)", piece) for piece in re.split("[，；、。“”（）]", text))


def mark_differs(draft: Draft) -> Iterator[Diagnostic]:
    """The same item stands twice with different marks."""
    same: dict[str, list[tuple[Task, str, RoadmapItem]]] = defaultdict(list)
    for task, subject, item in _items(draft):
        if item.mark and len(content(item.text)) >= 4:
            same[content(item.text)].append((task, subject, item))
    for found in same.values():
        if len({item.mark for _, _, item in found}) > 1:
            task, subject, first = found[0]
            told = "，".join(f"{at('', item.lines)}为{_SIGNS[item.mark]}" for _, _, item in found if item.mark)
            yield report(
                "mark-differs",
                f"路线图中同一项“{short(first.text)}”的标记不一致：{told}。",
                [Place(item.lines, item.text) for _, _, item in found],
                task_no=task.no,
                subject=subject,
            )
