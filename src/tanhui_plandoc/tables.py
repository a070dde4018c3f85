"""Tables: what each column is for, and the rows put together again that a page or a cell's lines broke."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import deadlines
from tanhui_plandoc.departments import is_body
from tanhui_plandoc.numbering import BARE, BOX, ROW, TEXT, Passage
from tanhui_plandoc.rhythms import rhythm

PERIOD, DEADLINE, NUMBER, SUPPORT, LEAD, BOXED, TARGET, CONTENT, TASK, GROUP, MARK, NOTE = (
    "period",
    "deadline",
    "number",
    "support",
    "lead",
    "box",
    "target",
    "content",
    "task",
    "group",
    "mark",
    "note",
)
_COLUMNS = (
    (
        PERIOD,
        re.compile(
            r"^(?:到|至|截至)?(?:20\d\d年?[-—–~至到]{1,2})?20\d\d年?(?:底|末)?前?(?:目标|任务|计划)?$"
            "|^(?:近期|中期|远期|第[一二三四]阶段)"
        ),
    ),
    (DEADLINE, re.compile("时限|期限|完成时间|时间(?:节点|安排|要求|进度)|^时间$|进度")),
    (NUMBER, re.compile("^(?:序号|编号|序)$")),
    (MARK, re.compile("^(?:标记|标识|类型|性质|属性)$")),
    (
        NOTE,
        re.compile(
            "^备注$|(?:责任|分管|牵头|包保|包抓|联系|挂点|县级|市级)(?:县|市|区)?(?:领导|人)$|^(?:领导|联系电话)$"
        ),
    ),
    (BOXED, re.compile("专栏")),
    (SUPPORT, re.compile("配合|协办|参与|按?职责分工|协同|支持单位|协助")),
    (LEAD, re.compile("牵头|责任|主办|负责|主责|承办")),
    (TARGET, re.compile("目标|指标|成果|成效|标准")),
    (CONTENT, re.compile("内容|举措|措施|要点|事项要求|具体任务")),
    (TASK, re.compile("任务|工作|行动|工程|事项|项目")),
    (GROUP, re.compile("类别|领域|板块|方面|分类")),
)
_HEADER_CHARS = 16
_LIST_COLUMNS = {LEAD, SUPPORT}
_MERGED = {GROUP, NUMBER, TASK, LEAD, SUPPORT}
_ANY_DAY = "2000-01-01"


@dataclass(frozen=True)
class Column:
    """What a column is for, and its heading."""

    role: str
    title: str


@dataclass
class Row:
    """A row as it was before the page broke it. `heading` is the line of a group above it."""

    cells: list[Cited]
    heading: Cited | None = None

    @property
    def cited(self) -> Cited:
        """All its cells."""
        return joined(self.cells, " ")


@dataclass
class Table:
    """A table and, in `notes`, the lines that stand under it."""

    section: str
    caption: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    notes: list[Cited] = field(default_factory=list)

    def has(self, *roles: str) -> bool:
        """Whether a column is for one of these."""
        return any(column.role in roles for column in self.columns)

    def cell(self, row: Row, role: str) -> Cited:
        """What a row says in the columns of a role."""
        return joined((cell for column, cell in zip(self.columns, row.cells, strict=True) if column.role == role), "；")


def tables(found: list[Passage], section: str) -> tuple[list[Table], list[Passage]]:
    """The tables among some passages, and the rows that belong to none that is understood."""
    made: list[Table] = []
    lost: list[Passage] = []
    caption = ""
    heading: Cited | None = None
    at_new = True
    for each in found:
        if each.kind == ROW:
            columns = _columns(each.cells)
            if columns and (not made or _is_new(made[-1], columns, at_new)):
                made.append(Table(section, caption, columns))
            elif made and made[-1].columns == columns:
                continue
            elif made and _is_group(each, len(made[-1].columns)):
                heading = _heading(each.cells)
            elif made:
                _take_row(made[-1], each, heading, lost)
            else:
                lost.append(each)
            at_new = False
        elif made and _fills_up(made[-1], each):
            _append(made[-1], each)
        elif made and made[-1].rows and each.text.text.startswith(("注", "说明")):
            made[-1].notes.append(each.text)
        elif each.is_numbered or each.kind == BARE:
            heading, at_new = each.text, True
            caption = each.text.text if not made else caption
        elif made:
            made[-1].notes.append(each.text)
    for table in made:
        table.rows = _whole(table)
    return made, lost


def _is_new(table: Table, columns: tuple[Column, ...], at_new: bool) -> bool:
    """Whether what could be a heading opens another table, and is neither repeated on a new page nor a row such as
    清洁行动, 2025年 under a heading of as many columns."""
    if table.columns == columns:
        return False
    return len(table.columns) != len(columns) or (at_new and all(column.role for column in columns if column.title))


_HAN_NUMBER = re.compile("（?[一二三四五六七八九十]{1,3}）?、?")
_GROUP_NUMBER = re.compile(
    "(?:（[一二三四五六七八九十]{1,3}）|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十]{1,3}[章篇])"
)


def _is_group(row: Passage, width: int) -> bool:
    """A row that says only （一） and the heading of a group, in one cell or in two."""
    if width > 3 and _HAN_NUMBER.fullmatch(row.cells[0].text) and row.cells[1:] and row.cells[1].text:
        return not any(cell.text for cell in row.cells[2:])
    return width > 2 and bool(_GROUP_NUMBER.match(row.cells[0].text)) and not any(cell.text for cell in row.cells[1:])


def _heading(cells: tuple[Cited, ...]) -> Cited:
    if _HAN_NUMBER.fullmatch(cells[0].text):
        return cells[1]
    cell = cells[0]
    match = _GROUP_NUMBER.match(cell.text)
    return cell.cut(match.end()) if match else cell


def _columns(cells: tuple[Cited, ...]) -> tuple[Column, ...] | None:
    """The columns, where the cells are the heading of a table that a plan has."""
    texts = [cell.text for cell in cells]
    if sum(bool(text) for text in texts) < 2 or any(len(text) > _HEADER_CHARS for text in texts):
        return None
    if any(re.search("[。；、，]", text) for text in texts):
        return None
    roles = [next((role for role, pattern in _COLUMNS if text and pattern.search(text)), "") for text in texts]
    if not (set(roles) & {TASK, CONTENT} and len({role for role in roles if role}) >= 2):
        return None
    return tuple(Column(role, text) for role, text in zip(_settled(roles, texts), texts, strict=True))


def _settled(roles: list[str], texts: list[str]) -> list[str]:
    """Which of two columns that could be the task is; a heading that spans two columns; 牵头 beside 责任."""
    settled = list(roles)
    if TASK not in settled:
        settled[settled.index(CONTENT)] = TASK
    first = settled.index(TASK)
    if first + 1 < len(settled) and not texts[first + 1]:
        settled[first], settled[first + 1] = GROUP, TASK
    elif settled.count(TASK) > 1:
        second = settled.index(TASK, first + 1)
        settled[second] = CONTENT
    leads = [at for at, role in enumerate(settled) if role == LEAD]
    for at in leads:
        if len(leads) > 1 and "牵头" not in texts[at] and any("牵头" in texts[other] for other in leads):
            settled[at] = SUPPORT
    return settled


def _take_row(table: Table, each: Passage, heading: Cited | None, lost: list[Passage]) -> None:
    width = len(table.columns)
    cells = list(each.cells)
    if len(cells) > width:
        if any(cell.text for cell in cells[width:]):
            lost.append(each)
        cells = cells[:width]
    if table.rows:
        before = table.rows[-1].cells
        if len(before) < width and cells[0].text and len(before) + len(cells) - 1 <= width:
            before[-1:] = [_run_on(before[-1], cells[0], ""), *cells[1:]]
            return
    table.rows.append(Row(cells, heading))


def _fills_up(table: Table, each: Passage) -> bool:
    """Whether a line goes on with a cell that the line before left open."""
    if not table.rows or each.kind not in {TEXT, BARE, BOX} or each.text.text.startswith(("注", "说明")):
        return False
    last = table.rows[-1].cells
    if len(last) < len(table.columns):
        return last[-1].text.endswith(("、", "，")) or each.kind != BARE
    return bool(last[-1].text) and not last[-1].text.endswith(("。", "）", "；")) and each.kind == TEXT


def _append(table: Table, each: Passage) -> None:
    last = table.rows[-1].cells
    last[-1] = _run_on(last[-1], each.text, "")


def _whole(table: Table) -> list[Row]:
    """Rows with every cell; one whose task is left empty goes on with the row before it."""
    roles = [column.role for column in table.columns]
    keys = [at for at, role in enumerate(roles) if role in {TASK, NUMBER}]
    made: list[Row] = []
    for row in table.rows:
        row.cells += [Cited("")] * (len(roles) - len(row.cells))
        if made and not any(row.cells[at].text for at in keys):
            before = made[-1].cells
            if _is_another(roles, before, row.cells):
                filled = [
                    new or old if role in _MERGED else new
                    for old, new, role in zip(before, row.cells, roles, strict=True)
                ]
                made.append(Row(filled, row.heading))
                continue
            made[-1].cells = [_run_on(old, new, role) for old, new, role in zip(before, row.cells, roles, strict=True)]
        else:
            made.append(row)
    return made


def _is_another(roles: list[str], before: list[Cited], after: list[Cited]) -> bool:
    """Whether a row without a task is one more of the task before: it has a deadline of its own."""
    return any(
        role == DEADLINE and old.text and (deadlines(new.text, _ANY_DAY) or rhythm(new.text))
        for role, old, new in zip(roles, before, after, strict=True)
    )


def _run_on(before: Cited, after: Cited, role: str) -> Cited:
    """Two parts of a cell. Between names that are whole a comma was lost with the line."""
    if role in _LIST_COLUMNS and before.text and after.text:
        last = re.split("[、，；]", before.text)[-1]
        if is_body(last) and is_body(re.split("[、，；]", after.text)[0]):
            return joined([before, after], "、")
    return joined([before, after])
