"""What the annexes say of each task: who is responsible, its box, its targets, its place on the roadmap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import deadlines
from tanhui_plandoc.departments import Aliases
from tanhui_plandoc.draft import AnnexRow, Department
from tanhui_plandoc.likeness import likeness
from tanhui_plandoc.responsibility import listed
from tanhui_plandoc.rhythms import rhythm
from tanhui_plandoc.roadmap import Item, is_roadmap, items
from tanhui_plandoc.tables import BOXED, CONTENT, DEADLINE, LEAD, NUMBER, SUPPORT, TARGET, TASK, Row, Table
from tanhui_plandoc.targets import Given, Target, targets
from tanhui_plandoc.tasks import title_key

_ALIKE = 0.6
_MOST_TITLES = 300
_MOST_GUESSES = 300


@dataclass
class Said:
    """What tables say of one task. With a target comes whether its column is one of goals."""

    rows: list[AnnexRow] = field(default_factory=list)
    targets: list[tuple[str, Target, bool]] = field(default_factory=list)
    items: list[tuple[str, Item]] = field(default_factory=list)


def titles(tables: Sequence[Table]) -> list[str]:
    """The tasks that the tables name, each once, as they write them first."""
    found: dict[str, str] = {}
    for table in tables:
        for row in table.rows:
            title = table.cell(row, TASK).text
            if title_key(title):
                found.setdefault(title_key(title), title)
    return list(found.values())


class Titles:
    """Finds a task by a title that may be written a little differently."""

    def __init__(self, known: Sequence[str]) -> None:
        """`known` are the titles of the tasks, in order."""
        self._keys = [title_key(title) for title in known]
        self._place = {key: at for at, key in reversed(list(enumerate(self._keys))) if key}
        self._guesses = 0

    def knows(self, title: str) -> bool:
        """Whether that is exactly the title of a task."""
        return title_key(title) in self._place

    def find(self, title: str) -> int | None:
        """The position of the task; None where no title is that one or much like it."""
        key = title_key(title)
        if key in self._place or not key:
            return self._place.get(key)
        self._guesses += 1
        if len(self._keys) > _MOST_TITLES or self._guesses > _MOST_GUESSES:
            return None
        score, at = max(((likeness(key[:80], one[:80]), -at) for at, one in enumerate(self._keys)), default=(0.0, 0))
        return -at if score >= _ALIKE else None


def attributed(
    tables: Sequence[Table], known: Sequence[str], given: Given, aliases: Aliases
) -> tuple[list[Said], list[Cited]]:
    """For each task what the tables say of it, and the rows of no task. `given` holds for the whole plan."""
    said = [Said() for _ in known]
    lost: list[Cited] = []
    finder = Titles(known)
    for table in tables:
        for row in _mended(table, finder):
            at = finder.find(table.cell(row, TASK).text)
            if at is None:
                if any(cell.text for cell in row.cells):
                    lost.append(row.cited)
                continue
            if is_roadmap(table):
                said[at].items += [(table.section, item) for item in items(table, row, given.issued)]
            if table.has(LEAD, SUPPORT, TARGET, BOXED) and not (is_roadmap(table) and not table.has(LEAD, SUPPORT)):
                _add_row(said[at].rows, _row(table, row, aliases))
                said[at].targets += [(table.section, one, table.has(TARGET)) for one in _targets(table, row, given)]
    return said, lost


def _mended(table: Table, finder: Titles) -> list[Row]:
    """The rows, a title that was broken over two of them put together."""
    task = next((at for at, column in enumerate(table.columns) if column.role == TASK), 0)
    made: list[Row] = []
    for row in table.rows:
        if made and finder.knows(made[-1].cells[task].text + row.cells[task].text):
            pairs = zip(made[-1].cells, row.cells, strict=True)
            made[-1] = Row([joined(pair) for pair in pairs], made[-1].heading)
        else:
            made.append(row)
    return made


def _add_row(rows: list[AnnexRow], row: AnnexRow) -> None:
    """Several rows of one task and the same departments are one with several targets."""
    last = rows[-1] if rows else None
    if last and (last.section, last.box) == (row.section, row.box) and _who(last) == _who(row):
        said = "；".join(each.rstrip("；。") for each in (last.targets, row.targets) if each)
        rows[-1] = replace(last, targets=said, lines=tuple(sorted({*last.lines, *row.lines})))
    else:
        rows.append(row)


def _who(row: AnnexRow) -> tuple[list[str], list[str]]:
    return [one.raw for one in row.leads], [one.raw for one in row.supporters]


def _row(table: Table, row: Row, aliases: Aliases) -> AnnexRow:
    leads = listed(table.cell(row, LEAD), aliases)
    supporters = listed(table.cell(row, SUPPORT), aliases)
    shared = not table.has(SUPPORT) and not any(
        "牵头" in column.title or "主办" in column.title for column in table.columns if column.role == LEAD
    )
    if shared:
        leads, supporters = _first_leads(leads)
    box, goal = table.cell(row, BOXED), _goal(table, row)
    return AnnexRow(table.section, leads, supporters, box.text, goal.text, row.cited.lines)


def _first_leads(found: tuple[Department, ...]) -> tuple[tuple[Department, ...], tuple[Department, ...]]:
    return found[:1], found[1:]


def _targets(table: Table, row: Row, given: Given) -> list[Target]:
    column = table.cell(row, DEADLINE).text
    due = deadlines(column, given.issued)
    often = rhythm(column)
    of_row = replace(given, due=due[-1] if due else None, recurrence=often.name if often else None, every=True)
    return targets(_goal(table, row), of_row)


def _goal(table: Table, row: Row) -> Cited:
    """What is to be reached: the column of goals, else that of the work."""
    return table.cell(row, TARGET if table.has(TARGET) else CONTENT)


def number_of(table: Table, row: Row) -> str:
    """The number that a row gives its task."""
    return table.cell(row, NUMBER).text


def text_of(table: Table, row: Row) -> Cited:
    """What a row says is to be done."""
    return table.cell(row, CONTENT)
