"""Who: lists of departments as plans write them, and the table of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tanhui_plandoc.cited import Cited
from tanhui_plandoc.draft import Department

_BODIES = re.compile(
    "(?:局|委|办|部|中心|社|会|院|校|公司|集团|政府|队|处|站|所|团|联|协|室|厅|行|乡|镇|街道|村|区|委员会|办公室|单位|部门|企业|馆|台|科"
    "|专班|小组|法院|大队|支队|机构|学校|银行|海关|供电|电信|移动|联通|邮政|场|园|团县委|团市委|组|科协|股|厂|管委会|平台公司)$"
)
_TAIL = re.compile("(?:等(?:有关|相关|各)?(?:单位|部门|县直单位|县直部门)?|等按职责)$")
_PLACES = re.compile("（[^（）]{0,12}）")
_SEAM = re.compile("(?<=[\u4e00-\u9fff]{3})局(?=[县市区州省镇][\u4e00-\u9fff]{2})")
_COMMAS = "、，,；;/ 。：\t"


@dataclass(frozen=True)
class Aliases:
    """Names of departments: what a plan writes, and which department it is."""

    known: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> Aliases:
        """From rows with `code`, `name` and `aliases` (parted by `;`), as in a county's organizations.csv."""
        known: dict[str, tuple[str, str]] = {}
        for row in rows:
            code, name = row.get("code", ""), row.get("name", "")
            for each in (name, *(row.get("aliases") or "").split(";")):
                if each.strip():
                    known.setdefault(each.strip(), (code, name))
        return cls(known)

    def department(self, raw: Cited) -> Department:
        """The department of that name; its own name where the table does not know it."""
        code, name = self.known.get(raw.text, ("", raw.text))
        return Department(name, raw.text, code, raw.lines)

    def knows(self, raw: str) -> bool:
        """Whether the table has that name."""
        return raw in self.known


def names(listed: Cited) -> list[Cited]:
    """The names in a list such as 教育局、林业局和团县委等部门, each with its lines."""
    found = []
    for item in [one for each in _split(listed) for one in _run_together(each)]:
        item = item.strip(_COMMAS)
        tail = _TAIL.search(item.text)
        if tail:
            item = item.cut(0, tail.start()).strip(_COMMAS)
        found += _both(item)
    return [each for each in found if each.text]


def is_body(name: str) -> bool:
    """Whether a name is one of a department or another body, by its last word."""
    return 2 <= len(name) <= 24 and bool(_BODIES.search(_PLACES.sub("", name)))


def _split(listed: Cited) -> list[Cited]:
    """At commas, but not within brackets: 各乡镇（街道、园区）is one."""
    pieces, depth, start = [], 0, 0
    for at, sign in enumerate(listed.text):
        depth = max(0, depth + (sign == "（") - (sign == "）"))
        if sign in _COMMAS and depth == 0:
            pieces.append(listed.cut(start, at))
            start = at + 1
    return [*pieces, listed.cut(start)]


def _run_together(item: Cited) -> list[Cited]:
    """县财政局县住建局: a cell lost the line end between two names."""
    ends = [match.end() for match in _SEAM.finditer(item.text)]
    if not ends:
        return [item]
    pieces = [item.cut(start, end) for start, end in zip([0, *ends], [*ends, len(item.text)], strict=True)]
    return pieces if all(is_body(each.text) for each in pieces) else [item]


def _both(item: Cited) -> list[Cited]:
    """A and B, where both are bodies by themselves."""
    for match in re.finditer("以及|[和及与]", item.text[:60]):
        before, after = item.cut(0, match.start()), item.cut(match.end())
        if is_body(before.text) and (is_body(after.text) or _TAIL.search(after.text)):
            return [before, *_both(after)]
    return [item]
