"""Rules about who does it: lists that differ between body and annex, names that differ throughout the plan."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import at
from tanhui_plandoc.draft import AnnexRow, Department, Diagnostic, Draft, Place, Task

_TASKS_ENOUGH = 4
_MOST_OFTEN = 0.4
_SHORTEST = 3
_LONGEST = 30
_PLACE = re.compile("^(?:[^县市区]{2,3}[县市区]|县(?!委)|市(?![场政委]))(?=.{3})")
_BUCKET = 60


class Names:
    """Which names mean one department: by the alias table, else where one looks like the other's short form."""

    def __init__(self, draft: Draft) -> None:
        self.mentions: dict[str, list[tuple[Task, str, Department]]] = defaultdict(list)
        for task in draft.tasks:
            for section, one in _mentions(task):
                self.mentions[one.raw].append((task, section, one))
        self._first: dict[str, str] = {}
        self._by_table()
        self._by_looks()

    def same(self, raw: str) -> str:
        """One name that stands for all names of the department."""
        while self._first.get(raw, raw) != raw:
            raw = self._first[raw]
        return raw

    def groups(self) -> list[list[str]]:
        """The names of each department, in the order of the text."""
        found: dict[str, list[str]] = defaultdict(list)
        for raw in self.mentions:
            found[self.same(raw)].append(raw)
        return list(found.values())

    def _join(self, one: str, other: str) -> None:
        self._first[self.same(other)] = self.same(one)

    def _by_table(self) -> None:
        codes: dict[str, str] = {}
        for raw, found in self.mentions.items():
            code = found[0][2].code
            if code:
                self._join(codes.setdefault(code, raw), raw)

    def _by_looks(self) -> None:
        alike: dict[tuple[str, str], list[str]] = defaultdict(list)
        bare_names: dict[str, str] = {}
        for raw, found in self.mentions.items():
            bare = _bare(raw)
            if found[0][2].code or not _SHORTEST <= len(bare) <= _LONGEST:
                continue
            if bare in bare_names:
                self._join_apart(bare_names[bare], raw)
                continue
            bare_names[bare] = raw
            alike[bare[0], bare[-1]].append(bare)
        for bucket in alike.values():
            for place, one in enumerate(bucket[:_BUCKET]):
                for other in bucket[place + 1 : _BUCKET]:
                    if _short_form(one, other):
                        self._join_apart(bare_names[one], bare_names[other])

    def _join_apart(self, one: str, other: str) -> None:
        """Join two names, unless one list has both: then they are two departments."""
        if not self._side_by_side(one, other):
            self._join(one, other)

    def _side_by_side(self, one: str, other: str) -> bool:
        lists = [{(task.no, section) for task, section, _ in self.mentions[raw]} for raw in (one, other)]
        return bool(lists[0] & lists[1])


def _mentions(task: Task) -> Iterator[tuple[str, Department]]:
    for one in (*task.leads, *task.supporters):
        yield "正文", one
    for row in task.annex_rows:
        for one in (*row.leads, *row.supporters):
            yield row.section, one


def _bare(name: str) -> str:
    """Without the place in front: 示例县教育局, 县教育局 → 教育局; 市场监管局 and 县委 stay."""
    return _PLACE.sub("", name) if len(name) <= _LONGEST else name


def _short_form(one: str, other: str) -> bool:
    """Whether the shorter name's signs all stand in the longer one, in order."""
    brief, long = sorted((one, other), key=len)
    rest = iter(long)
    return brief != long and all(sign in rest for sign in brief)


def department_two_names(draft: Draft) -> Iterator[Diagnostic]:
    """One department under two names."""
    names = Names(draft)
    for group in names.groups():
        if len(group) < 2:
            continue
        places = [Place(one.lines, raw) for raw in group for _, _, one in names.mentions[raw]]
        told = "，".join(f"“{raw}”{len(names.mentions[raw])}处（{_where(names.mentions[raw][0])}）" for raw in group)
        yield report("department-two-names", f"看来是同一个单位，名称却有{len(group)}种：{told}。", places)


def _where(mention: tuple[Task, str, Department]) -> str:
    task, section, one = mention
    return f"任务{task.no}，{at(section, one.lines[:1])}"


def department_once(draft: Draft) -> Iterator[Diagnostic]:
    """A department supports a single task and leads none, where most departments have more to do."""
    names = Names(draft)
    groups = names.groups()
    leading = {names.same(one.raw) for task in draft.tasks for one in task.leads}
    helping = [group for group in groups if names.same(group[0]) not in leading]
    once = [group for group in helping if len({task.no for raw in group for task, _, _ in names.mentions[raw]}) == 1]
    if len(draft.tasks) < _TASKS_ENOUGH or len(once) > len(groups) * _MOST_OFTEN:
        return
    for group in once:
        mentions = [mention for raw in group for mention in names.mentions[raw]]
        task = mentions[0][0]
        yield report(
            "department-once",
            f"“{group[0]}”只在任务{task.no}“{task.title}”（{at('', mentions[0][2].lines[:1])}）出现，其他任务都没有。",
            [Place(one.lines, one.raw) for _, _, one in mentions],
            task_no=task.no,
            subject=f"task:{task.no}",
        )


def lists_differ(draft: Draft) -> Iterator[Diagnostic]:
    """Body and annex name different leads or supporters, or put the leads in another order."""
    names = Names(draft)
    with_supporters = {row.section for task in draft.tasks for row in task.annex_rows if row.supporters}
    for task in draft.tasks:
        for row in task.annex_rows:
            if not (task.leads and row.leads):
                continue
            yield from _leads(names, task, row)
            if row.section in with_supporters:
                yield from _compared("supporters-differ", "配合单位", names, task, row, task.supporters, row.supporters)


def _leads(names: Names, task: Task, row: AnnexRow) -> Iterator[Diagnostic]:
    differing = list(_compared("leads-differ", "牵头单位", names, task, row, task.leads, row.leads))
    yield from differing
    if not differing and _order(names, task.leads) != _order(names, row.leads):
        yield report(
            "lead-order-differs",
            f"任务{task.no}“{task.title}”的牵头单位顺序不一致：{at('正文', task.leads[0].lines)}为{_list(task.leads)}，"
            f"{at(row.section, row.lines)}为{_list(row.leads)}。",
            _places(task.leads, row.leads),
            task_no=task.no,
            subject=f"task:{task.no}",
        )


def _compared(
    code: str,
    role: str,
    names: Names,
    task: Task,
    row: AnnexRow,
    body: Sequence[Department],
    annex: Sequence[Department],
) -> Iterator[Diagnostic]:
    in_body, in_annex = set(_order(names, body)), set(_order(names, annex))
    if in_body == in_annex:
        return
    only_body = [one for one in body if names.same(one.raw) not in in_annex]
    only_annex = [one for one in annex if names.same(one.raw) not in in_body]
    told = [f"只在正文：{_list(only_body)}"] if only_body else []
    told += [f"只在{row.section}：{_list(only_annex)}"] if only_annex else []
    yield report(
        code,
        f"任务{task.no}“{task.title}”的{role}，正文与{at(row.section, row.lines)}不一致，{'；'.join(told)}。",
        _places(only_body, only_annex),
        task_no=task.no,
        subject=f"task:{task.no}",
    )


def _order(names: Names, departments: Sequence[Department]) -> list[str]:
    return list(dict.fromkeys(names.same(one.raw) for one in departments))


def _list(departments: Sequence[Department]) -> str:
    return "、".join(one.raw for one in departments)


def _places(*lists: Sequence[Department]) -> list[Place]:
    return [Place(one.lines, one.raw) for departments in lists for one in departments]


def department_repeated(draft: Draft) -> Iterator[Diagnostic]:
    """A list names a department twice."""
    for task in draft.tasks:
        lists = [("正文", (*task.leads, *task.supporters))]
        lists += [(row.section, (*row.leads, *row.supporters)) for row in task.annex_rows]
        for section, departments in lists:
            for raw, count in Counter(one.raw for one in departments).items():
                if count > 1:
                    found = [one for one in departments if one.raw == raw]
                    yield report(
                        "repeated-word",
                        f"任务{task.no}的单位名单把“{raw}”写了{count}次（{at(section, found[0].lines)}）。",
                        [Place(one.lines, one.raw) for one in found],
                        task_no=task.no,
                        subject=f"task:{task.no}",
                    )


def task_without_lead(draft: Draft) -> Iterator[Diagnostic]:
    """Nobody leads a task; or only the annex says who, where the text of other tasks says it."""
    in_text = {task.no for task in draft.tasks if any(not _from_annex(task, one) for one in task.leads)}
    for task in draft.tasks:
        named = task.leads or next((row.leads for row in task.annex_rows if row.leads), ())
        if task.no in in_text or (named and not in_text):
            continue
        only = f"，只有{at('附件', named[0].lines)}写了“{_list(named)}”" if named else ""
        yield report(
            "task-without-lead",
            f"任务{task.no}“{task.title}”（{at('', task.lines[:1])}）没有写明牵头单位{only}。",
            [Place(task.lines[:1], task.title)] if task.lines else [],
            task_no=task.no,
            subject=f"task:{task.no}",
        )


def _from_annex(task: Task, one: Department) -> bool:
    return any(set(one.lines) <= set(row.lines) for row in task.annex_rows) and not set(one.lines) & set(task.lines)
