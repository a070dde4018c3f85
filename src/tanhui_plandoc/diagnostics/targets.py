"""Rules about one target said in several places: number, deadline, rhythm, and whether each annex has it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import Nearest, at, pairs, place_of, roadmap_section, share, short
from tanhui_plandoc.draft import Diagnostic, Draft, Indicator, Kind, Measure, Occurrence, Place, RoadmapItem, Source
from tanhui_plandoc.draft import Task as PlanTask

_COMPARED = {">=": "至少", "<=": "不超过", "=": "", ">": "超过", "<": "低于", "range": ""}
_RHYTHMS = {
    "daily": "每天",
    "weekly": "每周",
    "monthly": "每月",
    "quarterly": "每季度",
    "half_yearly": "每半年",
    "yearly": "每年",
    "irregular": "定期（无频次）",
}
_SAME = 0.8
_NEAR = 0.45
_DIGITS = frozenset("0123456789一二三四五六七八九十两")


def indicators(draft: Draft) -> Iterator[tuple[PlanTask, Indicator]]:
    """Every indicator with its task."""
    for task in draft.tasks:
        for one in task.indicators:
            yield task, one


def value_differs(draft: Draft) -> Iterator[Diagnostic]:
    """A number is not the same in all places."""
    for task, one in indicators(draft):
        stated = [each for each in one.occurrences if each.measure.value is not None]
        if len({(each.measure.value, each.measure.value_max, each.measure.unit) for each in stated}) > 1:
            yield _differs("value-differs", "数量", task, one, [(each, _amount(each.measure)) for each in stated])


def recurrence_differs(draft: Draft) -> Iterator[Diagnostic]:
    """In one place something is done again and again with a rhythm, in another once or with another rhythm."""
    for task, one in indicators(draft):
        rhythms = {each.measure.recurrence for each in one.occurrences}
        if len(rhythms) > 1 and rhythms - {None, "irregular"}:
            said = [(each, _RHYTHMS.get(each.measure.recurrence or "", "未写频次")) for each in one.occurrences]
            yield _differs("recurrence-differs", "频次", task, one, said)


def deadline_differs(draft: Draft) -> Iterator[Diagnostic]:
    """A target is due in different years; a roadmap's column stands for the years since the column before."""
    roadmap, columns = roadmap_section(draft), _columns(draft)
    for task, one in indicators(draft):
        dated = [each for each in one.occurrences if each.measure.deadline_year is not None]
        plain = [each for each in dated if each.section != roadmap]
        years = {each.measure.deadline_year for each in plain}
        expected = {_column(year, columns) for year in years}
        off = [each for each in dated if each.section == roadmap and each.measure.deadline_year not in expected]
        if len(years) > 1 or (years and off):
            said = [(each, f"{each.measure.deadline_year}年") for each in dated]
            yield _differs("deadline-differs", "期限", task, one, said)


def _columns(draft: Draft) -> list[int]:
    return sorted({item.deadline_year for task in draft.tasks for item in task.roadmap if item.deadline_year})


def _column(year: int | None, columns: Sequence[int]) -> int | None:
    return next((column for column in columns if year is not None and column >= year), None)


def _differs(
    code: str, what: str, task: PlanTask, one: Indicator, said: Sequence[tuple[Occurrence, str]]
) -> Diagnostic:
    parts = dict.fromkeys(f"{at(each.section, each.lines)}为{words}" for each, words in said)
    return report(
        code,
        f"任务{task.no}“{short(one.text)}”的{what}各处不一致：{'，'.join(parts)}。",
        [place_of(each) for each, _ in said],
        task_no=task.no,
        subject=f"indicator:{one.id}",
    )


def _amount(measure: Measure) -> str:
    text = measure.value_text
    if text is None:
        upper = "" if measure.value_max is None else f"—{measure.value_max:f}"
        text = f"{measure.value:f}{upper}{measure.unit or ''}"
    return f"“{_COMPARED.get(measure.comparator or '', '')}{text}”"


@dataclass
class _Missing:
    """What an annex says of a task's targets, sorted."""

    absent: list[Indicator]
    without_number: dict[RoadmapItem, list[Indicator]]


def missing_in_table(draft: Draft) -> Iterator[Diagnostic]:
    """A dated target of the body or a box that the annex's table of targets does not have."""
    sections = dict.fromkeys(row.section for task in draft.tasks for row in task.annex_rows if row.targets)
    for section in sections:
        for task in draft.tasks:
            rows = [row for row in task.annex_rows if row.section == section]
            told = pairs("".join(row.targets for row in rows))
            absent = [
                one for one in _due(task) if not _stands_in(one, section) and share(pairs(one.text), told) < _SAME
            ]
            if absent:
                yield _missing(section, task, absent, [Place(row.lines, row.targets) for row in rows if row.targets])


def missing_in_roadmap(draft: Draft) -> Iterator[Diagnostic]:
    """A dated target of the body or a box that the roadmap does not have, or has without its number."""
    if not any(task.roadmap for task in draft.tasks):
        return
    section = roadmap_section(draft)
    for task in draft.tasks:
        if task.roadmap and not any(pairs(item.text) for item in task.roadmap):
            continue  # amounts by the year, such as 10个, that name no thing
        missing = _missing_from(task, section)
        if missing.absent:
            yield _missing(section, task, missing.absent, [])
        for item, without in missing.without_number.items():
            numbers = "、".join(f"“{short(one.text, 30)}”" for one in without)
            yield report(
                "number-missing",
                f"任务{task.no}{numbers}，在{at(section, item.lines)}只写“{short(item.text)}”，没有写数量。",
                [*(Place(one.lines, one.text) for one in without), Place(item.lines, item.text)],
                task_no=task.no,
                subject=_about(task, without),
            )


def _missing_from(task: PlanTask, section: str) -> _Missing:
    nearest = Nearest([item.text for item in task.roadmap])
    found = _Missing([], {})
    for one in _due(task):
        held = [each for each in one.occurrences if each.section == section]
        if held and (one.value is None or any(each.measure.value is not None for each in held)):
            continue
        best = nearest.find(one.text)
        item, near = (task.roadmap[best.number], best.held) if best else (None, 0.0)
        lacks_number = one.value is not None and item is not None and not _DIGITS.intersection(item.text)
        if item and lacks_number and (held or near >= _NEAR):
            found.without_number.setdefault(item, []).append(one)
        elif not held and near < _SAME:
            found.absent.append(one)
    return found


def _due(task: PlanTask) -> list[Indicator]:
    return [one for one in task.indicators if one.deadline_year and one.source is not Source.ANNEX]


def _stands_in(one: Indicator, section: str) -> bool:
    return any(each.section == section for each in one.occurrences)


def _missing(section: str, task: PlanTask, absent: Sequence[Indicator], around: Sequence[Place]) -> Diagnostic:
    named = "；".join(f"“{short(one.text, 30)}”" for one in absent)
    return report(
        "missing-in-annex",
        f"任务{task.no}“{task.title}”有{len(absent)}项目标在{section}中没有：{named}。",
        [*(Place(one.lines, one.text) for one in absent), *around],
        task_no=task.no,
        subject=_about(task, absent),
    )


def _about(task: PlanTask, some: Sequence[Indicator]) -> str:
    return f"indicator:{some[0].id}" if len(some) == 1 else f"task:{task.no}"


def missing_in_body(draft: Draft) -> Iterator[Diagnostic]:
    """A dated target that only an annex states, although the tasks have a text of their own."""
    for task in draft.tasks:
        told = pairs(task.text)
        for one in task.indicators:
            wanted = pairs(one.text)
            alone = one.source is Source.ANNEX and one.deadline_year is not None
            if not alone or not wanted or len(told) <= len(wanted) or share(wanted, told) >= _SAME:
                continue
            yield report(
                "missing-in-body",
                f"任务{task.no}“{short(one.text)}”只在附件（{at('', one.lines)}）中提出，正文和专栏没有。",
                [place_of(each) for each in one.occurrences] or [Place(one.lines, one.text)],
                task_no=task.no,
                subject=f"indicator:{one.id}",
            )


def deadline_unknown(draft: Draft) -> Iterator[Diagnostic]:
    """A number is promised, and nobody knows by when."""
    for task, one in indicators(draft):
        if one.value is not None and one.deadline_year is None and one.recurrence is None:
            yield report(
                "deadline-unknown",
                f"任务{task.no}“{short(one.text)}”（{at('', one.lines)}）有数量，没有期限，也没有频次。",
                [Place(one.lines, one.text)],
                task_no=task.no,
                subject=f"indicator:{one.id}",
            )


def deadline_past(draft: Draft) -> Iterator[Diagnostic]:
    """A target was due before the year of the plan itself."""
    if not draft.date[:4].isdigit():
        return
    for task, one in indicators(draft):
        if one.deadline_year and one.deadline_year < int(draft.date[:4]):
            yield report(
                "deadline-past",
                f"任务{task.no}“{short(one.text)}”的期限{one.deadline_year}年早于方案日期{draft.date}。",
                [Place(one.lines, one.text)],
                task_no=task.no,
                subject=f"indicator:{one.id}",
            )


def task_without_indicator(draft: Draft) -> Iterator[Diagnostic]:
    """Nothing in a task can be counted or is due at any time."""
    for task in draft.tasks:
        if not any(_can_be_held(one) for one in task.indicators):
            yield report(
                "task-without-indicator",
                f"任务{task.no}“{task.title}”（{at('', task.lines[:1])}）没有任何有数量、有期限或有频次的目标。",
                [Place(task.lines[:1], task.title)] if task.lines else [],
                task_no=task.no,
                subject=f"task:{task.no}",
            )


def _can_be_held(one: Indicator) -> bool:
    rhythm = one.kind is Kind.RECURRING and one.recurrence is not None
    return one.deadline_year is not None or one.value is not None or rhythm
