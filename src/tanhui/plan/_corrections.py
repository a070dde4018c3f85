"""What an officer corrects in a draft, applied exactly. Pure: values in, values out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from tanhui.kernel.errors import BadInput
from tanhui.plan.types import Correction
from tanhui_plandoc import Draft
from tanhui_plandoc.draft import (
    COMPARATORS,
    RECURRENCES,
    Box,
    Department,
    Indicator,
    Kind,
    Mark,
    RoadmapItem,
    Task,
)

TITLES = {
    "text": "内容",
    "kind": "类型",
    "deadline_year": "期限（年）",
    "comparator": "比较",
    "value": "目标值",
    "value_max": "上限",
    "unit": "单位",
    "recurrence": "周期",
    "title": "名称",
    "leads": "牵头单位",
    "supporters": "配合单位",
    "mark": "标记",
    "period": "时期",
    "drop": "去掉",
}
"""What an officer reads for each field that may be corrected."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "indicator": ("text", "kind", "deadline_year", "comparator", "value", "value_max", "unit", "recurrence", "drop"),
    "task": ("title", "leads", "supporters"),
    "box": ("title",),
    "roadmap": ("text", "mark", "period", "drop"),
}

_SEPARATORS = re.compile(r"[、，,；;\n]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_YEAR = re.compile(r"20\d\d")


def plain(value: Any) -> Any:
    """A draft as JSON values without floats: whole numbers as integers, other exact numbers as texts. What a database
    cannot hold in a text is left out."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else format(value.normalize(), "f")
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else value


def apply(draft: Draft, corrections: Iterable[Correction], organizations: Mapping[str, str]) -> Draft:
    """The draft with every correction in it. `organizations` are the county's own: name → code.

    Positions and ids are those of the draft as read, so that the order of corrections does not matter.
    Raises BadInput where one names nothing that is there, or two disagree.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for each in corrections:
        changes = wanted.setdefault(each.subject, {})
        if each.field in changes and changes[each.field] != each.value:
            raise BadInput(
                f"两处更正把同一个“{TITLES.get(each.field, each.field)}”改成了不同的内容",
                where=each.subject, fix="先改好另一处疑点的决定，再提交这一处",
            )  # fmt: skip
        changes[each.field] = each.value
    known = _known_departments(draft, organizations)
    unused = set(wanted)
    groups = []
    for group in draft.groups:
        tasks = tuple(_task(task, wanted, unused, known) for task in group.tasks)
        groups.append(replace(group, tasks=tasks))
    if unused:
        subject = sorted(unused)[0]
        raise BadInput("方案里没有要更正的这一项", where=subject, fix="从疑点列出的项目中选择")
    return replace(draft, groups=tuple(groups))


def correctable(draft: Draft, original: Draft, subject: str) -> tuple[tuple[str, str, str, str], ...]:
    """(subject, field, title, value now) of what may be corrected; nothing for a subject that names nothing."""
    kind = subject.partition(":")[0]
    found = find(draft, subject)
    item = found or find(original, subject)
    if item is None:
        return ()
    shown = []
    for name in FIELDS[kind]:
        now = ("否" if found else "是") if name == "drop" else _shown(getattr(item, name))
        shown.append((subject, name, TITLES[name], now))
    return tuple(shown)


def find(draft: Draft, subject: str) -> Task | Box | Indicator | RoadmapItem | None:
    """What a subject names in a draft."""
    kind, _, rest = subject.partition(":")
    for task in draft.tasks:
        if kind == "task" and rest == str(task.no):
            return task
        if kind == "indicator":
            for indicator in task.indicators:
                if indicator.id == rest:
                    return indicator
        if kind == "box":
            for box in task.boxes:
                if box.no is not None and str(box.no) == rest:
                    return box
        if kind == "roadmap":
            for position, item in enumerate(task.roadmap, start=1):
                if rest == f"{task.no}:{position}":
                    return item
    return None


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "、".join(department.name for department in value)
    return str(plain(value))


def _task(task: Task, wanted: Mapping[str, Mapping[str, Any]], unused: set[str], known: _Known) -> Task:
    def of(subject: str) -> Mapping[str, Any]:
        unused.discard(subject)
        return wanted.get(subject, {})

    indicators = (_changed(each, of(f"indicator:{each.id}"), _indicator) for each in task.indicators)
    roadmap = (
        _changed(each, of(f"roadmap:{task.no}:{position}"), _roadmap_item)
        for position, each in enumerate(task.roadmap, start=1)
    )
    boxes = (each if each.no is None else _changed(each, of(f"box:{each.no}"), _box) for each in task.boxes)
    task = replace(
        task,
        indicators=tuple(each for each in indicators if each is not None),
        roadmap=tuple(each for each in roadmap if each is not None),
        boxes=tuple(each for each in boxes if each is not None),
    )
    changes = of(f"task:{task.no}")
    _check_fields("task", changes, f"task:{task.no}")
    if "title" in changes:
        task = replace(task, title=_text(changes["title"], "title", 80))
    if "leads" in changes:
        task = replace(task, leads=_departments(changes["leads"], known, "leads"))
    if "supporters" in changes:
        task = replace(task, supporters=_departments(changes["supporters"], known, "supporters"))
    return task


def _changed(item: Any, changes: Mapping[str, Any], change: Callable[[Any, Mapping[str, Any]], Any]) -> Any:
    return change(item, changes) if changes else item


def _check_fields(kind: str, changes: Mapping[str, Any], subject: str) -> None:
    for name in changes:
        if name not in FIELDS[kind]:
            raise BadInput(f"这里没有可以更正的“{name}”", where=subject, fix="从列出的栏目中选择")


def _dropped(changes: Mapping[str, Any]) -> bool:
    value = changes.get("drop", False)
    if value not in (True, False, "true", "false", "是", "否", ""):
        raise BadInput("“去掉”只能填是或否", where="drop", fix="填写是或否")
    return value in (True, "true", "是")


def _indicator(item: Indicator, changes: Mapping[str, Any]) -> Indicator | None:
    where = f"indicator:{item.id}"
    _check_fields("indicator", changes, where)
    if _dropped(changes):
        return None
    new: dict[str, Any] = {}
    if "text" in changes:
        new["text"] = _text(changes["text"], where, 200)
    if "kind" in changes:
        new["kind"] = _choice(changes["kind"], tuple(Kind), where, Kind)
    if "deadline_year" in changes:
        year = _year(changes["deadline_year"], where)
        if year != item.deadline_year:
            new["deadline_year"], new["deadline"] = year, None if year is None else str(year)
    if "comparator" in changes:
        new["comparator"] = _optional_choice(changes["comparator"], COMPARATORS, where)
    for name in ("value", "value_max"):
        if name in changes:
            new[name] = _number(changes[name], where)
    if "unit" in changes:
        new["unit"] = str(changes["unit"] or "").strip()[:20] or None
    if "recurrence" in changes:
        new["recurrence"] = _optional_choice(changes["recurrence"], RECURRENCES, where)
    if new.get("value", item.value) != item.value or new.get("unit", item.unit) != item.unit:
        new["value_text"] = None
    changed = replace(item, **new)
    if changed.comparator != "range":
        changed = replace(changed, value_max=None)
    elif changed.value is None or changed.value_max is None or changed.value_max < changed.value:
        raise BadInput("区间目标须有下限和不小于它的上限", where=where, fix="填写目标值和上限")
    if changed.comparator is not None and changed.value is None:
        raise BadInput("有比较方式就须有目标值", where=where, fix="填写目标值，或把比较方式留空")
    return changed


def _roadmap_item(item: RoadmapItem, changes: Mapping[str, Any]) -> RoadmapItem | None:
    _check_fields("roadmap", changes, "roadmap")
    if _dropped(changes):
        return None
    if "text" in changes:
        item = replace(item, text=_text(changes["text"], "roadmap", 300))
    if "mark" in changes:
        mark = _optional_choice(
            {"★": "proactive", "▲": "routine"}.get(changes["mark"], changes["mark"]), tuple(Mark), "mark"
        )
        item = replace(item, mark=None if mark is None else Mark(mark))
    if "period" in changes:
        period = _text(changes["period"], "period", 40)
        year = _YEAR.search(period)
        item = replace(item, period=period, deadline_year=int(year.group()) if year else None)
    return item


def _box(item: Box, changes: Mapping[str, Any]) -> Box:
    _check_fields("box", changes, f"box:{item.no}")
    return replace(item, title=_text(changes["title"], f"box:{item.no}", 80))


def _text(value: Any, where: str, length: int) -> str:
    text = str(value if value is not None else "").strip()
    if not 1 <= len(text) <= length:
        raise BadInput(f"应为 1 至 {length} 个字", where=where, fix="填写更正后的文字")
    return text


def _choice(value: Any, known: Iterable[str], where: str, made: Callable[[str], Any] = str) -> Any:
    names = [str(each) for each in known]
    if str(value) not in names:
        raise BadInput(f"“{value}”不在可选范围内", where=where, fix=f"从 {'、'.join(names)} 中选择")
    return made(str(value))


def _optional_choice(value: Any, known: Iterable[str], where: str) -> Any:
    return None if value in (None, "") else _choice(value, known, where)


def _year(value: Any, where: str) -> int | None:
    if value in (None, ""):
        return None
    text = str(value).strip().removesuffix("年")
    if not text.isascii() or not text.isdigit() or not 2000 <= int(text) <= 2100:
        raise BadInput(f"“{value}”不是年份", where=where, fix="填写四位年份，如 2025；没有期限就留空")
    return int(text)


def _number(value: Any, where: str) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or abs(number) >= 10**18 or number != round(number, 6):
        raise BadInput(f"“{value}”不是数字", where=where, fix="只填数字，最多六位小数，单位另填")
    return number


_Known = Mapping[str, Department]


def _known_departments(draft: Draft, organizations: Mapping[str, str]) -> _Known:
    known = {name: Department(name, name, code) for name, code in organizations.items()}
    for task in draft.tasks:
        for each in (*task.leads, *task.supporters):
            department = Department(each.name, each.raw, each.code)
            known.setdefault(each.raw, department)
            known.setdefault(each.name, department)
    return known


def _departments(value: Any, known: _Known, where: str) -> tuple[Department, ...]:
    names = _SEPARATORS.split(value) if isinstance(value, str) else [str(each) for each in value or ()]
    names = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if any(len(name) > 80 for name in names):
        raise BadInput("单位名称最长 80 个字", where=where, fix="用顿号分开各个单位")
    if where == "leads" and not names:
        raise BadInput("至少要有一个牵头单位", where=where, fix="填写单位名称，用顿号分开")
    return tuple(known.get(name, Department(name, name)) for name in names)
