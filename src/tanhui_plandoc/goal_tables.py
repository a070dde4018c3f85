"""Tables of indicators among the goals of a plan: 指标, 单位, 2020年, 2025年, 属性."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.draft import OverallTarget

_NAME = re.compile("指标|目标名称|^名称$|^项目$")
_YEAR = re.compile(r"(20\d\d)年?(?:底|末)?(?:规划|预期)?(?:目标值?|值)?$")
_GOAL = re.compile("目标值?$")
_UNIT = re.compile("^(?:计量)?单位$")
_UNIT_IN_NAME = re.compile("（([^（）]{1,12})）$")
_A_UNIT = re.compile("[%‰]|吨|亩|公里|千瓦|立方米|平方米|微克|[个家人万户元座场套辆公顷]$")
_NOTHING = re.compile("[-—–/]*$")
_FAR_APART = 2


class GoalTable:
    """Reads the rows of a goals chapter one after another; the columns are those of the last heading."""

    def __init__(self, issued: str) -> None:
        """`issued` is the plan's own date (ISO): a column before it tells what was, not what is aimed at."""
        self._issued = int(issued[:4] or 0)
        self._name: int | None = None
        self._unit: int | None = None
        self._values: list[tuple[int, int | None]] = []

    def take(self, cells: Sequence[Cited]) -> list[OverallTarget] | None:
        """The goals of a row, none for a heading; None where it is not understood."""
        if self._is_heading([cell.text for cell in cells]):
            return []
        if self._name is None or self._name >= len(cells) or not cells[self._name].text:
            return None
        name, unit = _parted(cells[self._name])
        if self._unit is not None and self._unit < len(cells):
            unit = cells[self._unit] or unit
        found = []
        for at, year in self._values:
            value = cells[at] if at < len(cells) else Cited("")
            if _NOTHING.match(value.text):
                continue
            said = joined([name, value] if value.text.endswith(unit.text) else [name, value, unit])
            found.append(OverallTarget(said.text, year, said.lines))
        return found

    def _is_heading(self, texts: list[str]) -> bool:
        name = next((at for at, text in enumerate(texts) if _NAME.search(text)), None)
        years = [(at, int(match[1])) for at, text in enumerate(texts) if (match := _YEAR.match(text))]
        bare = [(at, None) for at, text in enumerate(texts) if _GOAL.search(text) and at != name]
        if name is None or not (years or bare):
            return False
        self._name, self._values = name, [*self._aimed_at(years), *([] if years else bare)]
        self._unit = next((at for at, text in enumerate(texts) if _UNIT.match(text)), None)
        return True

    def _aimed_at(self, years: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Without the year to compare with: one before the plan, or far before the next where its date is unknown."""
        if self._issued:
            return [each for each in years if each[1] >= self._issued]
        is_base = len(years) > 1 and years[1][1] - years[0][1] >= _FAR_APART
        return years[1:] if is_base else years


def _parted(name: Cited) -> tuple[Cited, Cited]:
    """能耗下降（%）: what is measured, and its unit."""
    match = _UNIT_IN_NAME.search(name.text)
    if match and (len(match[1]) == 1 or _A_UNIT.search(match[1])):
        return name.cut(0, match.start()), name.cut(*match.span(1))
    return name, Cited("")
