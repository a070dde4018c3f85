"""The goals of the whole plan, clause by clause, and the chapters that secure it."""

from __future__ import annotations

import re

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.deadlines import deadlines, written_date
from tanhui_plandoc.draft import Clause, OverallTarget, Safeguard
from tanhui_plandoc.goal_tables import GoalTable
from tanhui_plandoc.numbering import BARE, ROW, TEXT, Passage, is_heading
from tanhui_plandoc.sections import title_of
from tanhui_plandoc.sentences import parted, sentences
from tanhui_plandoc.targets import pieces
from tanhui_plandoc.tasks import titled

_POINTS_AT = re.compile(r"见(?:下|附)表|见(?:表|专栏|附件)[\d一二三四五六七八九]{0,2}$|(?:目标|指标)如下$")
_EDGE = "。；，、！？：: "


def overall_targets(
    found: list[Passage], issued: str, lost: list[Cited], *, dated_only: bool = False
) -> tuple[OverallTarget, ...]:
    """Every clause of the chapter of goals, with the deadline under which it stands, and every row of its tables;
    `dated_only` where the chapter says other things too. Rows that are not understood are added to `lost`."""
    made: list[OverallTarget] = []
    table = GoalTable(issued)
    for each in found:
        text = each.text
        if each.kind == ROW:
            goals = table.take(each.cells)
            made += goals or []
            lost += [text] if goals is None else []
            continue
        if is_heading(text.text):
            continue
        if each.is_numbered:
            text = titled(each)[1] or text
        year: int | None = None
        for sentence in sentences(text):
            for clause in parted(sentence, "；"):
                for piece in pieces(clause):
                    dated = deadlines(piece.text, issued, year)
                    year = dated[-1].year if dated else year
                    said = piece.without((one.start, one.end) for one in dated).strip(_EDGE)
                    if said and not _POINTS_AT.search(said.text) and (year or not dated_only):
                        made.append(OverallTarget(said.text, year, said.lines))
    return tuple(made)


def safeguards(found: list[Passage]) -> tuple[Safeguard, ...]:
    """The chapters under 组织保障; where it has none, it is one by itself."""
    if not found:
        return ()
    heading, below = found[0], found[1:]
    kind = next((each.kind for each in below if each.is_numbered), None)
    chapters: list[tuple[str, list[Cited], list[int]]] = []
    for each in below:
        if each.kind == ROW or (each.kind in {TEXT, BARE} and _is_signature(each)):
            continue
        if each.kind == kind:
            title, rest = titled(each)
            chapters.append((title.text, [rest], list(each.text.numbers)))
        elif chapters:
            chapters[-1][1].append(each.text)
            chapters[-1][2].extend(each.text.numbers)
        elif kind is None:
            title, rest = titled(each)
            chapters.append((title.text, [rest], list(each.text.numbers)))
    if not chapters:
        rest = titled(heading)[1]
        chapters = [(title_of(heading), [rest], list(heading.text.numbers))] if rest else []
    return tuple(_safeguard(no, *chapter) for no, chapter in enumerate(chapters, start=1))


def _safeguard(no: int, title: str, texts: list[Cited], lines: list[int]) -> Safeguard:
    body = joined(texts)
    clauses = tuple(Clause(at, each.text, each.lines) for at, each in enumerate(sentences(body), start=1))
    return Safeguard(no, title, body.text, tuple(sorted(set(lines))), clauses)


def _is_signature(each: Passage) -> bool:
    return each.kind == BARE or (len(each.text.text) <= 40 and bool(written_date(each.text.text)))
