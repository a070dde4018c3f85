"""The roadmap (路线图): what is to be done in which period, marked ★ or ▲ as a legend says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import deadlines
from tanhui_plandoc.draft import Legend, Mark, RoadmapItem
from tanhui_plandoc.tables import CONTENT, DEADLINE, LEAD, MARK, PERIOD, SUPPORT, TARGET, Row, Table

_SIGNS = "★☆▲△●○◆◇■□◎※"
_SIGN = re.compile(f"（[{_SIGNS}]）|[{_SIGNS}]|[；。]+")
_LEGEND = re.compile(f"[（“]?([{_SIGNS}])[）”]?(?:代表|表示|指的是|指|为|是|即|：)([^；;。{_SIGNS}]{{1,60}})")
_ANEW = re.compile("主动|创新|率先|带头|牵头|新增|自主|先行|探索|重点")
_AS_USUAL = re.compile("常规|配合|例行|日常|持续|一般|跟进|支持")
_CUSTOM = {"★": Mark.PROACTIVE, "▲": Mark.ROUTINE}
_MOST_ITEMS = 500
_EDGE = "；。，、 "


@dataclass(frozen=True)
class Item:
    """An item of the roadmap as read, with the text that knows its lines. It is due by `due`, after `since`: the year
    of the column before."""

    text: Cited
    period: str
    sign: str
    due: int | None
    since: int = 0


def legends(found: list[Cited]) -> dict[str, Legend]:
    """What each sign means, from lines such as 注：★代表主动做；▲代表常规做。"""
    made: dict[str, Legend] = {}
    for text in found:
        for match in _LEGEND.finditer(text.text):
            said = match[2].strip("，、“”：: ")
            anew, usual = _ANEW.search(said), _AS_USUAL.search(said)
            if anew and (not usual or anew.start() < usual.start()):
                made.setdefault(match[1], Legend(Mark.PROACTIVE, said, text.cut(*match.span()).lines))
            elif usual:
                made.setdefault(match[1], Legend(Mark.ROUTINE, said, text.cut(*match.span()).lines))
    return made


def mark_of(sign: str, known: dict[str, Legend]) -> Mark | None:
    """The mark that a sign is by the legend, or by custom where there is none."""
    if sign in known:
        return known[sign].mark
    return None if known else _CUSTOM.get(sign)


def is_roadmap(table: Table) -> bool:
    """Whether a table says what is done in which period."""
    if table.has(PERIOD):
        return True
    return table.has(DEADLINE, MARK) and table.has(CONTENT, TARGET) and not table.has(LEAD, SUPPORT)


def items(table: Table, row: Row, issued: str) -> list[Item]:
    """The items of a row, column by column."""
    if table.has(PERIOD):
        cells = [
            (column.title, cell) for column, cell in zip(table.columns, row.cells, strict=True) if column.role == PERIOD
        ]
    else:
        cells = [(table.cell(row, DEADLINE).text, joined([table.cell(row, CONTENT), table.cell(row, TARGET)], "；"))]
    sign = table.cell(row, MARK).text.strip("（）")
    years = {period: dated[-1].year for period, _ in cells if (dated := deadlines(period, issued))}
    made = []
    for period, cell in cells:
        due = years.get(period)
        since = max((year for year in years.values() if due and year < due), default=0)
        made += [Item(text, period, own or sign, due, since) for text, own in _parted(cell)]
    return made


def item_of(item: Item, known: dict[str, Legend]) -> RoadmapItem:
    """The item as the draft has it."""
    return RoadmapItem(item.period, item.text.text, mark_of(item.sign, known), item.due, item.text.lines)


def _parted(cell: Cited) -> list[tuple[Cited, str]]:
    """The items of a cell with their signs: one ends at its sign, or at a semicolon or full stop without one.

    What follows after very many is left together as the last.
    """
    found: list[tuple[Cited, str]] = []
    start, waiting = 0, ""
    for match in _SIGN.finditer(cell.text):
        if len(found) == _MOST_ITEMS:
            break
        text = cell.cut(start, match.start()).strip(_EDGE)
        start = match.end()
        sign = match.group().strip("（）；。")
        if text:
            found.append((text, sign or waiting))
            waiting = ""
        elif sign and found and not found[-1][1]:
            found[-1] = (found[-1][0], sign)
        elif sign:
            waiting = sign
    last = cell.cut(start).strip(_EDGE)
    if last:
        found.append((last, waiting))
    return found
