"""From the text of a plan to its draft."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from tanhui_plandoc.annexes import Said, attributed, number_of, text_of, titles
from tanhui_plandoc.boxes import actions, box_of, section_of
from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import Deadline, deadlines
from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.diagnostics import diagnose
from tanhui_plandoc.draft import Clause, Draft, Group, Legend, Measure, OverallTarget, Place, Source, Task
from tanhui_plandoc.front import Front, front
from tanhui_plandoc.goals import overall_targets, safeguards
from tanhui_plandoc.indicators import Stand, indicators
from tanhui_plandoc.numbering import BARE, ROW, Passage, passages
from tanhui_plandoc.numbers import chinese_number
from tanhui_plandoc.paragraphs import Paragraph, paragraphs
from tanhui_plandoc.roadmap import Item, item_of, legends
from tanhui_plandoc.sections import Parts, divide, title_of
from tanhui_plandoc.sentences import sentences
from tanhui_plandoc.tables import DEADLINE, GROUP, TASK, Table, tables
from tanhui_plandoc.targets import MOST, Given, Target, core, targets
from tanhui_plandoc.tasks import OpenTask, open_tasks, title_key

BODY = "正文"
_QUOTE_CHARS = 120
_MOST_CHARS = 60_000
_MOST_PARAGRAPHS = 4_000


def read(text: str, *, aliases: Aliases | None = None) -> Draft:
    """Read a plan: a pure function of the text and the table of names. Never raises; what it cannot understand
    is a diagnostic `unread` with its lines."""
    aliases = aliases or Aliases()
    unread: list[Place] = []
    head = front(passages(_within_reason(paragraphs(text), unread)))
    parts = divide(head.rest)
    found, listed = _tables(parts, head.issued, unread)
    named = {title_key(title) for title in titles(found)}
    unclear: list[Cited] = []
    opened = open_tasks(parts.tasks, aliases, named, unclear) or _of_rows(found)
    said, lost = attributed(found, [task.title.text for task in opened], _given(head), aliases)
    for task in opened:
        task.texts = _of_reason(task.texts, unread)
    legend = legends([each.text for annex in parts.annexes for each in annex.passages if each.kind != ROW])
    unread += [_place(each) for each in [*unclear, *lost]]
    unread += _unknown_signs(said, legend)
    unread += _jumps(opened)
    if head.rest and not opened:
        unread.append(_place(head.rest[0].text._replace(text="全文没有找到任务")))
    tasks = [
        _task(task, number, key, of_task, legend, head, unread)
        for task, number, key, of_task in zip(opened, _numbers(opened), _keys(opened), said, strict=True)
    ]
    draft = Draft(
        title=head.title,
        status=head.status,
        date=head.date,
        overall_targets=_goals(parts, head.issued, unread) + listed,
        groups=_groups(opened, tasks, parts.tasks_title),
        safeguards=safeguards(parts.safeguards),
        legend=tuple(legend.values()),
    )
    return replace(draft, diagnostics=diagnose(draft, unread))


def _within_reason(found: list[Paragraph], unread: list[Place]) -> list[Paragraph]:
    """No plan has so many paragraphs; what follows is not read, and that is said."""
    if len(found) > _MOST_PARAGRAPHS:
        unread.append(Place(found[_MOST_PARAGRAPHS].lines, found[_MOST_PARAGRAPHS].text[:_QUOTE_CHARS]))
    return found[:_MOST_PARAGRAPHS]


def _of_reason(texts: list[Cited], unread: list[Place]) -> list[Cited]:
    """No task is as long as a book; what follows is not read, and that is said."""
    left = _MOST_CHARS
    for at, text in enumerate(texts):
        if len(text.text) > left:
            unread.append(_place(text.cut(left)))
            return [*texts[:at], text.cut(0, left)]
        left -= len(text.text)
    return texts


def _tables(parts: Parts, issued: str, unread: list[Place]) -> tuple[list[Table], tuple[OverallTarget, ...]]:
    """Every table of the text and of the annexes, and the goals of those that list indicators; rows that no heading
    explains are unread."""
    found: list[Table] = []
    goals: list[OverallTarget] = []
    strange: list[Cited] = []
    elsewhere = [each.text for each in parts.safeguards if each.kind == ROW]
    _note(elsewhere, unread)
    for section, area in [(BODY, parts.tasks), *((annex.section, annex.passages) for annex in parts.annexes)]:
        made, lost = tables(area, section)
        found += made
        goals += overall_targets(lost, issued, strange)
    _note(strange, unread)
    return found, tuple(goals)


def _goals(parts: Parts, issued: str, unread: list[Place]) -> tuple[OverallTarget, ...]:
    """The goals of their chapter; without one, the dated clauses of the chapter that opens the plan."""
    lost: list[Cited] = []
    opening = parts.overall
    found = overall_targets(parts.targets, issued, lost)
    if found:
        opening = [each for each in opening if each.kind == ROW]
    found += overall_targets(opening, issued, lost, dated_only=True)
    _note(lost, unread)
    return found


def _note(lost: list[Cited], unread: list[Place]) -> None:
    """Rows that are not understood, as one place."""
    if lost:
        lines = tuple(sorted({number for each in lost for number in each.numbers}))
        unread.append(Place(lines, lost[0].text[:_QUOTE_CHARS]))


def _place(text: Cited) -> Place:
    return Place(text.lines, text.text[:_QUOTE_CHARS])


def _unknown_signs(said: Sequence[Said], legend: dict[str, Legend]) -> Iterable[Place]:
    """Signs of the roadmap that the legend does not know, each with the lines where it stands."""
    strange: dict[str, list[int]] = {}
    for each in said:
        for _, item in each.items:
            if item.sign and item_of(item, legend).mark is None:
                strange.setdefault(item.sign, []).extend(item.text.numbers)
    return [Place(tuple(sorted(set(lines))), sign) for sign, lines in strange.items()]


def _of_rows(found: Sequence[Table]) -> list[OpenTask]:
    """The tasks of a plan that has them in tables only."""
    opened: dict[str, OpenTask] = {}
    for table in found:
        group: Passage | None = None
        for row in table.rows:
            shown = table.cell(row, GROUP) or row.heading
            if shown and (group is None or group.text.text != shown.text):
                group = Passage(BARE, shown)
            title = table.cell(row, TASK)
            key = title_key(title.text)
            if key and key not in opened:
                number = chinese_number(number_of(table, row))
                task = OpenTask(title, None if number is None else int(number), group, is_row=True)
                task.due = table.cell(row, DEADLINE)
                task.texts = [text_of(table, row)]
                task.lines = list(row.cited.numbers)
                opened[key] = task
    return list(opened.values())


def _jumps(opened: Sequence[OpenTask]) -> Iterable[Place]:
    """Where the numbers of a group leave one out, a task may have been lost: by the document or by the reader."""
    for before, after in pairwise(opened):
        if before.group is after.group and before.number and after.number and after.number > before.number + 1:
            quote = f"（序号由{before.number}跳到{after.number}）{after.title.text[:_QUOTE_CHARS]}"
            yield Place(after.title.lines or tuple(after.lines[:1]), quote)


def _numbers(opened: Sequence[OpenTask]) -> list[int]:
    """The numbers of the document where each is its own; else counted through."""
    numbers = [task.number for task in opened]
    given = [number for number in numbers if number]
    if len(set(given)) == len(numbers):
        return given
    return list(range(1, len(numbers) + 1))


def _keys(opened: Sequence[OpenTask]) -> list[str]:
    """The titles, told apart where two tasks have the same: the ids of indicators hang on them."""
    seen: dict[str, int] = {}
    keys = []
    for task in opened:
        title = task.title.text
        seen[title] = seen.get(title, 0) + 1
        keys.append(title if seen[title] == 1 else f"{title}\n{seen[title]}")
    return keys


def _groups(opened: Sequence[OpenTask], tasks: Sequence[Task], chapter: Passage | None) -> tuple[Group, ...]:
    """Tasks under their headings, or under that of their chapter."""
    found: list[tuple[Passage | None, list[Task]]] = []
    for task, made in zip(opened, tasks, strict=True):
        if not found or found[-1][0] != task.group:
            found.append((task.group, []))
        found[-1][1].append(made)
    return tuple(_group(no, heading or chapter, made) for no, (heading, made) in enumerate(found, start=1))


def _group(no: int, heading: Passage | None, tasks: Sequence[Task]) -> Group:
    if heading is None:
        return Group(no, "", tuple(tasks))
    return Group(no, title_of(heading), tuple(tasks), heading.text.lines)


def _task(
    task: OpenTask, number: int, key: str, said: Said, legend: dict[str, Legend], head: Front, unread: list[Place]
) -> Task:
    body = joined(task.texts)
    stands = _stands(task, said, head, unread)
    leads, supporters = tuple(task.leads), tuple(task.supporters)
    if not leads and not supporters and said.rows:
        leads, supporters = said.rows[0].leads, said.rows[0].supporters
    return Task(
        no=number,
        title=task.title.text,
        text=body.text,
        lines=tuple(sorted(set(task.lines))),
        clauses=tuple(Clause(no, each.text, each.lines) for no, each in enumerate(sentences(body), start=1)),
        leads=leads,
        supporters=supporters,
        boxes=tuple(box_of(box) for box in task.boxes),
        indicators=indicators(key, stands),
        roadmap=tuple(item_of(item, legend) for _, item in said.items),
        annex_rows=tuple(said.rows),
    )


def _stands(task: OpenTask, said: Said, head: Front, unread: list[Place]) -> list[list[Stand]]:
    """Every place that speaks of a task's targets: its body, its boxes, and each annex by itself. A column of work
    opens no milestone beside a body that has its own targets."""
    issued = head.issued
    own = deadlines(task.due.text, issued)
    given = replace(_given(head), otherwise=own[-1]) if own else _given(head)
    texts = [] if task.is_row and not any(is_goal for _, _, is_goal in said.targets) else task.texts
    body = [Stand(Source.BODY, BODY, one) for text in texts for one in _targets(text, given, unread)]
    if own and not task.is_row and not any(each.target.measure.deadline_year for each in body):
        body.append(Stand(Source.BODY, BODY, _whole(task, own[-1])))
    boxes = [
        Stand(Source.BOX, section_of(box), one)
        for box in task.boxes
        for _, text in actions(box)
        for one in _targets(text, given, unread)
    ]
    annexes: dict[tuple[str, bool], list[Stand]] = {}
    for section, one, is_goal in said.targets:
        opens = is_goal or _counts(one) or not body
        annexes.setdefault((section, False), []).append(Stand(_source(section), section, one, opens))
    for section, item in said.items:
        for one in _of_item(item, issued, unread):
            annexes.setdefault((section, True), []).append(
                Stand(_source(section), section, one, _counts(one), item.since)
            )
    return [body, boxes, *annexes.values()]


def _whole(task: OpenTask, due: Deadline) -> Target:
    """The task itself, due by its 完成时限, where none of its targets is."""
    measure = Measure(deadline_year=due.year, deadline=due.iso)
    text = task.title.text
    return Target(text, core(text), task.due.text, task.due.lines, measure, (0, 0))


def _given(head: Front) -> Given:
    return Given(head.issued, otherwise=Deadline(0, 0, head.year, str(head.year)) if head.year else None)


def _source(section: str) -> Source:
    return Source.BODY if section == BODY else Source.ANNEX


def _of_item(item: Item, issued: str, unread: list[Place]) -> list[Target]:
    due = Deadline(0, 0, item.due, str(item.due)) if item.due else None
    return _targets(item.text, Given(issued, due, every=True), unread)


def _targets(text: Cited, given: Given, unread: list[Place]) -> list[Target]:
    """The targets of a passage; one with so many that the rest was left is said to be unread."""
    found = targets(text, given)
    if len(found) >= MOST:
        unread.append(_place(text))
    return found


def _counts(target: Target) -> bool:
    """Whether an item of the roadmap is a target also where no other place says so: by a number or a rhythm."""
    measure = target.measure
    number = measure.value is not None and (measure.comparator != "=" or (measure.value_text or "")[:1].isdigit())
    return number or measure.recurrence is not None
