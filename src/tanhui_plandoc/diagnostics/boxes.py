"""Rules about the boxes (专栏): the annex has each under its title, each has a target, their numbers go up by one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import at, box_section
from tanhui_plandoc.draft import AnnexRow, Box, Diagnostic, Draft, Place, Task

_BOX_NO = re.compile(r"专栏 ?(\d{1,3})?[:： .、]?")
_ROWS = 20
_NOT_WORDS = re.compile("[^0-9A-Za-z\u3400-\u9fff]")


def boxes_and_annex(draft: Draft) -> Iterator[Diagnostic]:
    """Where an annex lists the boxes: one that it leaves out, or calls otherwise."""
    listing = {row.section for task in draft.tasks for row in task.annex_rows if row.box}
    for task in draft.tasks:
        for section in sorted(listing) if task.boxes else ():
            rows = [row for row in task.annex_rows if row.section == section]
            numbered = {number: row for row in reversed(rows) for number in _BOX_NO.findall(row.box)}
            for box in task.boxes:
                named = numbered.get(str(box.no)) or _titled(rows, box)
                yield from _against(task, box, section, rows, named)


def _titled(rows: Sequence[AnnexRow], box: Box) -> AnnexRow | None:
    return next((row for row in rows[:_ROWS] if row.box and _same_title(row.box, box.title)), None)


def _against(
    task: Task, box: Box, section: str, rows: Sequence[AnnexRow], named: AnnexRow | None
) -> Iterator[Diagnostic]:
    place = Place(box.lines[:1], box.title)
    if named is None:
        yield report(
            "box-without-annex-row",
            f"任务{task.no}的{box_section(box.no)}“{box.title}”（{at('', box.lines[:1])}）在{section}中没有列出。",
            [place, *(Place(row.lines, row.box or task.title) for row in rows[:_ROWS])],
            task_no=task.no,
            subject=_subject(box),
        )
    elif not _same_title(named.box, box.title):
        yield report(
            "box-title-differs",
            f"{box_section(box.no)}在正文（{at('', box.lines[:1])}）题为“{box.title}”，"
            f"在{at(section, named.lines)}写作“{named.box}”。",
            [place, Place(named.lines, named.box)],
            task_no=task.no,
            subject=_subject(box),
        )


def _same_title(cell: str, title: str) -> bool:
    return _NOT_WORDS.sub("", title) in _NOT_WORDS.sub("", _BOX_NO.sub("", cell))


def _subject(box: Box) -> str:
    return "" if box.no is None else f"box:{box.no}"


def box_without_target(draft: Draft) -> Iterator[Diagnostic]:
    """Other boxes say what is due by when, this one does not."""
    boxes = [(task, box, _has_target(box, due)) for task in draft.tasks for due in (_due(task),) for box in task.boxes]
    if not any(held for _, _, held in boxes):
        return
    for task, box, held in boxes:
        if not held:
            yield report(
                "box-without-target",
                f"任务{task.no}的{box_section(box.no)}“{box.title}”（{at('', box.lines[:1])}）没有一项有期限的目标。",
                [Place(box.lines[:1], box.title)],
                task_no=task.no,
                subject=_subject(box),
            )


def _due(task: Task) -> set[int]:
    """The lines of all dated targets."""
    dated = [one for one in task.indicators if one.deadline_year is not None]
    return {line for one in dated for lines in (one.lines, *(each.lines for each in one.occurrences)) for line in lines}


def _has_target(box: Box, due: set[int]) -> bool:
    return any(not due.isdisjoint(action.lines) for action in box.actions)


def box_number(draft: Draft) -> Iterator[Diagnostic]:
    """The numbers of the boxes do not follow one another."""
    before = 0
    for task in draft.tasks:
        for box in task.boxes:
            if box.no is None:
                continue
            if box.no != before + 1:
                yield report(
                    "box-number",
                    f"专栏编号不连续：专栏{before + 1}应在专栏{box.no}之处（{at('', box.lines[:1])}）。",
                    [Place(box.lines[:1], box.title)],
                    task_no=task.no,
                    subject=_subject(box),
                )
            before = box.no
