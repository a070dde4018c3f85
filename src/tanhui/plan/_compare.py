"""Two plans side by side: what of the new one was in the old one already, and what was added, dropped, moved. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from tanhui.plan._corrections import plain
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import Department, Indicator, RoadmapItem, Safeguard, Task

Change = Mapping[str, str]
ALIKE = 0.6
"""From this share of common characters on, a renamed task or indicator is the same one. Of two candidates the more
alike wins; equal names and ids always come first."""

MOST_COMPARED = 100_000
"""Above so many pairs of names only equal ones are paired: a list that long was written anew, not changed."""

_NUMBERS = re.compile(r"[0-9.,%年到不少于低超过以上下达、，。]+")
_SIGNS = {"proactive": "★", "routine": "▲", None: "无标记"}
_SIGN_OF = {">=": "不少于", ">": "超过", "<=": "不超过", "<": "低于", "=": "", None: ""}


@dataclass(frozen=True)
class Comparison:
    """What became of a plan, each change as {what, code, before, after, words}."""

    added: tuple[Change, ...] = ()
    dropped: tuple[Change, ...] = ()
    moved: tuple[Change, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is stored with a version."""
        return {name: [dict(each) for each in getattr(self, name)] for name in ("added", "dropped", "moved")}


Lines = tuple[int, ...]


def pair(
    old: Sequence[str], new: Sequence[str], cited: tuple[Sequence[Lines], Sequence[Lines]] = ((), ())
) -> dict[int, int]:
    """Positions of the new names → positions of the old: equal ones first, then the most alike, each used once.

    Where both lists cite the very same lines of a document, one after the other, they are two wordings of one text,
    such as a county's short notes and the document itself, and go together in their order.
    """
    if len(old) == len(new) and list(cited[0]) == list(cited[1]) and any(cited[0]):
        return {position: position for position in range(len(new))}
    pairs: dict[int, int] = {}
    free: dict[str, list[int]] = {}
    for position, name in enumerate(old):
        free.setdefault(name, []).append(position)
    for position, name in enumerate(new):
        if free.get(name):
            pairs[position] = free[name].pop(0)
    left = [position for position in range(len(new)) if position not in pairs]
    taken = set(pairs.values())
    open_old = [position for position in range(len(old)) if position not in taken]
    if len(left) * len(open_old) > MOST_COMPARED:
        return pairs
    ranked = sorted((-_alike(old[o], new[n]), n, o) for n in left for o in open_old)
    for likeness, n, o in ranked:
        if -likeness >= ALIKE and n not in pairs and o not in taken:
            pairs[n] = o
            taken.add(o)
    return pairs


def _alike(one: str, other: str) -> float:
    first, second = _NUMBERS.sub("", one), _NUMBERS.sub("", other)
    if not first or not second:
        return 0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0
    return matcher.ratio()


def carry_ids(old: Draft, new: Draft) -> Draft:
    """The new plan with the old plan's ids on the indicators that go on, and no id twice.

    An id is found anywhere; what is merely alike (text and unit) only within the task that goes on.
    """
    tasks = pair([task.title for task in old.tasks], [task.title for task in new.tasks])
    old_ids = {each.id for task in old.tasks for each in task.indicators}
    kept = {each.id for task in new.tasks for each in task.indicators} & old_ids
    used: set[str] = set()
    renamed: dict[int, tuple[Indicator, ...]] = {}
    for number, task in enumerate(new.tasks):
        before = (
            [each for each in old.tasks[tasks[number]].indicators if each.id not in kept] if number in tasks else []
        )
        strangers = [each for each in task.indicators if each.id not in kept]
        pairs = pair([_subject(each) for each in before], [_subject(each) for each in strangers])
        heirs = {id(strangers[n]): before[o].id for n, o in pairs.items()}
        indicators = []
        for each in task.indicators:
            code = _free(heirs.get(id(each), each.id), used)
            used.add(code)
            indicators.append(replace(each, id=code))
        renamed[number] = tuple(indicators)
    position = iter(range(len(new.tasks)))
    groups = (
        replace(group, tasks=tuple(replace(task, indicators=renamed[next(position)]) for task in group.tasks))
        for group in new.groups
    )
    return replace(new, groups=tuple(groups))


def _free(code: str, used: set[str]) -> str:
    number, free = 2, code
    while free in used:
        free, number = f"{code}-{number}", number + 1
    return free


def _subject(each: Indicator) -> str:
    return f"{each.text} {each.unit or ''}"


def compare(old: Draft, new: Draft) -> Comparison:
    """What was added, dropped and moved. The indicators' ids must have been carried over (`carry_ids`)."""
    added: list[Change] = []
    dropped: list[Change] = []
    moved: list[Change] = []
    pairs = pair([task.title for task in old.tasks], [task.title for task in new.tasks])
    for number, task in enumerate(new.tasks):
        if number in pairs:
            before = old.tasks[pairs[number]]
            moved += _task_changes(before, task)
            _texts("clause", f"任务{task.no}条文", _clauses(before), _clauses(task), added, dropped, moved)
            _lists(before, task, added, dropped, moved)
        else:
            added.append(_change("task", str(task.no), "", task.title, f"新增任务{task.no}“{task.title}”"))
            _lists(replace(task, boxes=(), roadmap=()), replace(task), added, dropped, moved)
    for number, task in enumerate(old.tasks):
        if number not in pairs.values():
            dropped.append(_change("task", str(task.no), task.title, "", f"取消任务{task.no}“{task.title}”"))
            _lists(task, replace(task, boxes=(), roadmap=()), added, dropped, moved)
    _indicators(old, new, added, dropped, moved)
    goals = [
        [(str(n), each.text, each.lines) for n, each in enumerate(plan.overall_targets, start=1)] for plan in (old, new)
    ]
    _texts("overall", "总体目标", goals[0], goals[1], added, dropped, moved)
    safeguards = [[clause for each in plan.safeguards for clause in _clauses(each)] for plan in (old, new)]
    _texts("safeguard", "保障措施", safeguards[0], safeguards[1], added, dropped, moved)
    return Comparison(tuple(added), tuple(dropped), tuple(moved))


def _clauses(holder: Task | Safeguard) -> list[tuple[str, str, Lines]]:
    return [(f"{holder.no}.{clause.no}", clause.text, clause.lines) for clause in holder.clauses]


def _texts(
    what: str,
    title: str,
    old: Sequence[tuple[str, str, Lines]],
    new: Sequence[tuple[str, str, Lines]],
    added: list[Change],
    dropped: list[Change],
    moved: list[Change],
) -> None:
    """Plain sentences, (code, text, lines) each: what is new, what is gone, what was put in other words."""
    lines = tuple([each[2] for each in plan] for plan in (old, new))
    pairs = pair([each[1] for each in old], [each[1] for each in new], (lines[0], lines[1]))
    for number, (code, text, _) in enumerate(new):
        if number not in pairs:
            added.append(_change(what, code, "", text, f"{title}新增“{text}”"))
        elif old[pairs[number]][1] != text:
            before = old[pairs[number]][1]
            moved.append(_change(what, code, before, text, f"{title}“{before}”改写为“{text}”"))
    for number, (code, text, _) in enumerate(old):
        if number not in pairs.values():
            dropped.append(_change(what, code, text, "", f"{title}取消“{text}”"))


def _change(what: str, code: str, before: str, after: str, words: str) -> Change:
    return {"what": what, "code": code, "before": before, "after": after, "words": words}


def _task_changes(old: Task, new: Task) -> list[Change]:
    found = []
    code = str(new.no)
    if old.title != new.title:
        words = f"任务{new.no}名称由“{old.title}”改为“{new.title}”"
        found.append(_change("task", code, old.title, new.title, words))
    if old.no != new.no:
        words = f"“{new.title}”由任务{old.no}改为任务{new.no}"
        found.append(_change("task", code, str(old.no), str(new.no), words))
    for title, before, after in (("牵头", old.leads, new.leads), ("配合", old.supporters, new.supporters)):
        was, now = _names(before), _names(after)
        gone, come = _strangers(before, after), _strangers(after, before)
        if not gone and not come and (len(was) == len(now) and _in_order(before, after)):
            continue
        parts = [f"增加{'、'.join(come)}"] if come else []
        parts += [f"去掉{'、'.join(gone)}"] if gone else []
        words = f"任务{new.no}“{new.title}”{title}单位{'，'.join(parts) if parts else '次序调整'}"
        found.append(_change("department", code, "、".join(was), "、".join(now), words))
    return found


def _same(one: Department, other: Department) -> bool:
    """Whether two names are of one department: the county's code, the full name, or the document's name for it."""
    return bool(one.code and one.code == other.code) or one.name == other.name or one.raw == other.raw


def _strangers(these: Iterable[Department], those: Sequence[Department]) -> list[str]:
    return [each.name for each in these if not any(_same(each, other) for other in those)]


def _in_order(before: Iterable[Department], after: Iterable[Department]) -> bool:
    return all(_same(one, other) for one, other in zip(before, after, strict=True))


def _names(departments: Iterable[Department]) -> list[str]:
    return [each.name for each in departments]


def _lists(old: Task, new: Task, added: list[Change], dropped: list[Change], moved: list[Change]) -> None:
    """Boxes and roadmap items of a task."""
    boxes = pair([box.title for box in old.boxes], [box.title for box in new.boxes])
    for number, box in enumerate(new.boxes):
        if number not in boxes:
            added.append(_change("box", str(box.no or ""), "", box.title, f"任务{new.no}新增专栏“{box.title}”"))
            continue
        before = old.boxes[boxes[number]]
        was, now = [a.title for a in before.actions], [a.title for a in box.actions]
        if before.title != box.title or was != now:
            words = f"任务{new.no}专栏“{before.title}”有改动" + (
                f"，名称改为“{box.title}”" if before.title != box.title else f"：行动由{len(was)}项改为{len(now)}项"
            )
            moved.append(_change("box", str(box.no or ""), "、".join(was), "、".join(now), words))
    for number, box in enumerate(old.boxes):
        if number not in boxes.values():
            dropped.append(_change("box", str(box.no or ""), box.title, "", f"任务{old.no}取消专栏“{box.title}”"))
    cited = ([item.lines for item in old.roadmap], [item.lines for item in new.roadmap])
    roadmap = pair([item.text for item in old.roadmap], [item.text for item in new.roadmap], cited)
    for number, item in enumerate(new.roadmap):
        code = f"{new.no}:{number + 1}"
        if number in roadmap:
            moved += _roadmap_changes(code, old.roadmap[roadmap[number]], item)
        else:
            added.append(
                _change("roadmap", code, "", item.text, f"任务{new.no}路线图新增“{item.text}”（{item.period}）")
            )
    for number, item in enumerate(old.roadmap):
        if number not in roadmap.values():
            words = f"任务{old.no}路线图取消“{item.text}”（{item.period}）"
            dropped.append(_change("roadmap", f"{old.no}:{number + 1}", item.text, "", words))


def _roadmap_changes(code: str, old: RoadmapItem, new: RoadmapItem) -> list[Change]:
    found = []
    if old.text != new.text:
        found.append(_change("roadmap", code, old.text, new.text, f"路线图“{old.text}”改为“{new.text}”"))
    if old.mark != new.mark:
        before, after = _SIGNS[old.mark], _SIGNS[new.mark]
        found.append(_change("mark", code, before, after, f"路线图“{new.text}”标记由{before}改为{after}"))
    if old.period != new.period:
        words = f"路线图“{new.text}”时期由{old.period}改为{new.period}"
        found.append(_change("deadline", code, old.period, new.period, words))
    return found


def _indicators(old: Draft, new: Draft, added: list[Change], dropped: list[Change], moved: list[Change]) -> None:
    before = {each.id: (task, each) for task in old.tasks for each in task.indicators}
    after = {each.id: (task, each) for task in new.tasks for each in task.indicators}
    same_task = pair([task.title for task in old.tasks], [task.title for task in new.tasks])
    old_title = {new.tasks[n].title: old.tasks[o].title for n, o in same_task.items()}
    for code, (task, each) in after.items():
        if code not in before:
            words = f"任务{task.no}新增指标“{each.text}”（{number_words(each)}）"
            added.append(_change("indicator", code, "", each.text, words))
            continue
        was_task, was = before[code]
        if old_title.get(task.title) != was_task.title:
            words = f"指标“{each.text}”由“{was_task.title}”移到“{task.title}”"
            moved.append(_change("indicator", code, was_task.title, task.title, words))
        moved += _indicator_changes(code, was, each)
    for code, (task, each) in before.items():
        if code not in after:
            words = f"任务{task.no}取消指标“{each.text}”（{number_words(each)}）"
            dropped.append(_change("indicator", code, each.text, "", words))


def _indicator_changes(code: str, old: Indicator, new: Indicator) -> list[Change]:
    found = []
    if old.text != new.text:
        found.append(_change("indicator", code, old.text, new.text, f"指标“{old.text}”改写为“{new.text}”"))
    before, after = deadline_words(old), deadline_words(new)
    if before != after:
        found.append(_change("deadline", code, before, after, f"指标“{new.text}”期限由{before}改为{after}"))
    before, after = number_words(old), number_words(new)
    if before != after:
        found.append(_change("number", code, before, after, f"指标“{new.text}”目标由{before}改为{after}"))
    return found


def deadline_words(each: Indicator) -> str:
    """Until when, in words."""
    deadline = each.deadline or (str(each.deadline_year) if each.deadline_year else "")
    if not deadline:
        return "无期限"
    return "".join(part.lstrip("0") + unit for part, unit in zip(deadline.split("-"), "年月日", strict=False))


def number_words(each: Indicator) -> str:
    """How much, in words, such as 不少于5家."""
    if each.value is None:
        return "完成"
    value = _number(each.value)
    if each.comparator == "range" and each.value_max is not None:
        value += f"至{_number(each.value_max)}"
    return f"{_SIGN_OF.get(each.comparator, '')}{value}{each.unit or ''}"


def _number(value: Decimal) -> str:
    return str(plain(value))
