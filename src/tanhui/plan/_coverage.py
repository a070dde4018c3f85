"""Coverage: every promise of the plan in force, and what serves it by the county's declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tanhui.plan import _adopt, _county, _registers, _sources
from tanhui.plan.types import CoverageEntry, CoverageRow
from tanhui_plandoc import Draft

MECHANISMS = {
    "sub-task": "子任务",
    "milestone": "里程碑",
    "feedback": "公众意见",
    "good-case": "典型案例",
    "funding": "资金安排",
    "progress-review": "进展调度",
    "appraisal": "年度考核",
    "notice": "督办通知",
    "report": "进展报告",
    "topic": "专题公布",
}
"""What the room itself does for a promise that is not counted."""

ROOMS = {
    "parties": "居民与单位",
    "ledger": "碳账本",
    "scenarios": "碳普惠场景",
    "community": "回收与活动",
    "rewards": "积分商城",
    "plan": "实施方案",
}
KINDS = {
    "clause": "任务条文",
    "action": "专栏行动",
    "indicator": "指标",
    "roadmap": "路线图事项",
    "safeguard": "保障措施",
    "overall": "总体目标",
}

Promise = tuple[str, str, int | None, str]


def promises(draft: Draft) -> Iterator[Promise]:
    """Everything that a plan promises: (kind, ref as in coverage.yaml, task, text)."""
    for number, goal in enumerate(draft.overall_targets, start=1):
        yield "overall", str(number), None, goal.text
    for task in draft.tasks:
        for clause in task.clauses:
            yield "clause", f"{task.no}.{clause.no}", task.no, clause.text
        for box in task.boxes:
            for number, action in enumerate(box.actions, start=1):
                yield "action", f"{box.no or task.no}.{number}", task.no, action.title
        for indicator in task.indicators:
            yield "indicator", indicator.id, task.no, indicator.text
        places = _adopt.roadmap_places(task.roadmap)
        for item, (year, position) in zip(task.roadmap, places, strict=True):
            yield "roadmap", f"{task.no}:{year or ''}:{position}", task.no, item.text
    for safeguard in draft.safeguards:
        for clause in safeguard.clauses:
            yield "safeguard", f"{safeguard.no}.{clause.no}", None, clause.text


def coverage() -> list[CoverageRow]:
    """One row for each promise of the plan in force. Raises NotFound before adoption, BadInput for a faulty document.

    A declaration counts only where what it names exists; else the row says what is missing.
    """
    draft, entries = _plan_and_entries()
    registers = {code: each.document.title for code, each in _registers.in_force().items() if not each.retired}
    return [_row(promise, entries.get(promise[:2]), registers) for promise in promises(draft)]


def uncovered() -> list[str]:
    """What is unaccounted for, in words: promises without a declaration, declarations of no promise, and
    declarations that name nothing that exists. Empty when the books are even."""
    draft, entries = _plan_and_entries()
    known = {promise[:2]: promise for promise in promises(draft)}
    found = [f"{KINDS[kind]} {ref}“{text}”没有写明由什么落实" for (kind, ref), (_, _, _, text) in known.items()
             if (kind, ref) not in entries]  # fmt: skip
    found += [f"{each.where}：方案里没有{KINDS[kind]} {ref}" for (kind, ref), each in entries.items()
              if (kind, ref) not in known]  # fmt: skip
    registers = {code: each.document.title for code, each in _registers.in_force().items() if not each.retired}
    for each in entries.values():
        found += [f"{each.where}：{name} 不存在" for name in each.by if _served(name, registers) is None]
    return found


def _plan_and_entries() -> tuple[Draft, Mapping[tuple[str, str], CoverageEntry]]:
    draft = Draft.from_json(_adopt.version_content(None))
    return draft, {(each.kind, each.ref): each for each in _county.coverage_entries(_registers.county())}


def _row(promise: Promise, entry: CoverageEntry | None, registers: Mapping[str, str]) -> CoverageRow:
    kind, ref, task_no, text = promise
    if entry is None:
        return CoverageRow(kind, ref, task_no, text, (), "", "没有写明由什么落实")
    served = [(name, _served(name, registers)) for name in entry.by]
    lost = [name for name, found in served if found is None]
    missing = "；".join([*([entry.missing] if entry.missing else []), *(f"{name} 不存在" for name in lost)])
    return CoverageRow(kind, ref, task_no, text, tuple(found for _, found in served if found), entry.how, missing)


def _served(name: str, registers: Mapping[str, str]) -> tuple[str, str, str] | None:
    """(kind, name, title) of what a declaration names; None where there is no such thing.

    Screens belong to the doors above: that each exists is tested where the county's documents are.
    """
    kind, _, rest = name.partition(":")
    titles: Mapping[str, str] = {
        "register": registers,
        "mechanism": MECHANISMS,
        "room": ROOMS,
        "source": {code: source.title for code, source in _sources.sources().items()},
        "screen": {rest: rest},
    }.get(kind, {})
    return (kind, rest, titles[rest]) if rest and rest in titles else None
