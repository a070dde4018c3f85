"""From the text of a plan to its draft."""

from __future__ import annotations

from dataclasses import replace

from tanhui_plandoc.boxes import box_of
from tanhui_plandoc.cited import Cited
from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.diagnostics import diagnose
from tanhui_plandoc.draft import Clause, Draft, Group, Place, Task
from tanhui_plandoc.front import front
from tanhui_plandoc.numbering import Passage, passages
from tanhui_plandoc.paragraphs import paragraphs
from tanhui_plandoc.sections import divide, title_of
from tanhui_plandoc.sentences import sentences
from tanhui_plandoc.tasks import OpenTask, open_tasks, text_of


def read(text: str, *, aliases: Aliases | None = None) -> Draft:
    """Read a plan: a pure function of the text and the table of names. Never raises; what it cannot understand
    is a diagnostic `unread` with its lines."""
    aliases = aliases or Aliases()
    unclear: list[Cited] = []
    head = front(passages(paragraphs(text)))
    parts = divide(head.rest)
    opened = open_tasks(parts.tasks, aliases, set(), unclear)
    groups = _groups(opened, parts.tasks_title)
    draft = Draft(title=head.title, status=head.status, date=head.date, groups=groups)
    unread = [Place(each.lines, each.text) for each in unclear]
    return replace(draft, diagnostics=diagnose(draft, unread))


def _groups(opened: list[OpenTask], chapter: Passage | None) -> tuple[Group, ...]:
    """Tasks under their headings. Numbers that start again in each group are counted through."""
    numbers = [task.number for task in opened]
    unique = None not in numbers and len(set(numbers)) == len(numbers)
    groups: list[Group] = []
    heading: Passage | None = None
    for at, task in enumerate(opened, start=1):
        made = _task(task, task.number if unique and task.number else at)
        if not groups or task.group is not heading:
            heading = task.group
            shown = heading or chapter
            title = title_of(shown) if shown else ""
            groups.append(Group(len(groups) + 1, title, (), shown.text.lines if shown else ()))
        groups[-1] = replace(groups[-1], tasks=(*groups[-1].tasks, made))
    return tuple(groups)


def _task(task: OpenTask, number: int) -> Task:
    body = text_of(task)
    return Task(
        no=number,
        title=task.title.text,
        text=body.text,
        lines=tuple(sorted(set(task.lines))),
        clauses=tuple(Clause(no, each.text, each.lines) for no, each in enumerate(sentences(body), start=1)),
        leads=tuple(task.leads),
        supporters=tuple(task.supporters),
        boxes=tuple(box_of(box) for box in task.boxes),
    )
