"""Numbers that belong to several things in turn: 甲、乙覆盖率分别达到80%和90%."""

from __future__ import annotations

import re

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.numbers import quantities

_WORD = "分别"
_AND = re.compile("[、和与及]")
_MEASURED = re.compile("(?:[\u4e00-\u9fff]{2}率|占比|比例|比重|排放总量|总量|排放量|消费量|用量|浓度|数量|面积)[^、]*$")


def respectively(piece: Cited, deadlines: int) -> list[Cited]:
    """A piece with 分别 as one piece for each of its numbers; empty where it has not two. `deadlines` were taken out of
    it: with as many numbers, each number belongs to one of them and not to one of several things."""
    at = piece.text.find(_WORD)
    counted = [each for each in quantities(piece.text) if each.start > at and each.unit] if at >= 0 else []
    if len(counted) < 2:
        return []
    subject, verb = piece.cut(0, at), piece.cut(at + len(_WORD), counted[0].start)
    subjects = [subject] * len(counted)
    if deadlines != len(counted):
        subjects = _each(subject, len(counted)) or subjects
    return [joined([one, verb, piece.cut(each.start, each.end)]) for one, each in zip(subjects, counted, strict=True)]


def _each(subject: Cited, count: int) -> list[Cited]:
    """The things of a list; what is measured of them is said with the last only. Empty where they are not so many."""
    ends = [match.start() for match in _AND.finditer(subject.text)]
    if len(ends) + 1 != count:
        return []
    starts = [0, *(end + 1 for end in ends)]
    things = [subject.cut(start, end) for start, end in zip(starts, [*ends, len(subject.text)], strict=True)]
    measured = _MEASURED.search(things[-1].text)
    if not measured:
        return things
    tail = things[-1].cut(measured.start())
    return [one if _MEASURED.search(one.text) else joined([one, tail]) for one in things]
