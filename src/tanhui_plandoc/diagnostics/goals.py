"""Rules that hold the tasks against the overall targets of the plan."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import Nearest, at, body_passages, content, pairs, place_of, share, short
from tanhui_plandoc.draft import Diagnostic, Draft, Indicator, Kind, OverallTarget, Place, Task

_MOST = 100
"""A plan has a dozen overall targets; what has more than this is none, and is not compared further."""
_SERVED = 0.1
_SAME_THING = 0.5
_TERM = 6
_VAGUE = re.compile(
    "一批|一系列|若干|全面|初步|基本|逐步|有效|普遍|进一步|完成|建成|建立|建设|开发|创建|制定|完善|形成|搭建|推广|宣传|提升|全部|更加|明显|显著"
)
_QUOTED = re.compile("“[^“”]{1,60}”")
_LISTED = re.compile("[^，。；：、]{1,30}(?:、[^，。；：、]{1,30}){3,}")


def goal_unserved(draft: Draft) -> Iterator[Diagnostic]:
    """A goal of the whole plan of which no task says anything, or whose term the tasks only mention in a list."""
    said = [task.title for task in draft.tasks]
    said += [passage.text for task in draft.tasks for passage in body_passages(task)]
    said += [one.text for task in draft.tasks for one in task.indicators]
    if not said:
        return
    nearest = Nearest(said)
    outside_lists = "\n".join(_LISTED.sub("，", _QUOTED.sub("，", text)) for text in said)
    goals = draft.overall_targets[:_MOST]
    for goal, terms in zip(goals, _repeated_terms(draft.title, [goal.text for goal in goals]), strict=True):
        wanted = _VAGUE.sub("，", goal.text)
        alien = [term for term in terms if term not in outside_lists]
        served = any(_shares(nearest, part) for part in (wanted, wanted.rpartition("的")[2]))
        if len(content(wanted)) < 4 or (served and not alien):
            continue
        about = f"；“{alien[0]}”在任务中至多只是列举时提到" if alien else ""
        yield report(
            "goal-unserved",
            f"主要目标“{short(goal.text)}”（{at('', goal.lines)}）没有任务与之对应{about}。",
            [Place(goal.lines, goal.text)],
        )


def _shares(nearest: Nearest, text: str) -> bool:
    found = nearest.find(text)
    return found is not None and found.held >= _SERVED


def _repeated_terms(title: str, goals: list[str]) -> list[list[str]]:
    """For each goal the long terms that another goal names too and the plan's title does not: what it all is about."""
    goals = [_VAGUE.sub("，", goal) for goal in goals]
    where: dict[str, set[int]] = defaultdict(set)
    for number, goal in enumerate(goals):
        for start in range(len(goal) - _TERM + 1):
            where[goal[start : start + _TERM]].add(number)
    found = []
    for goal in goals:
        terms = [""]
        for start in range(len(goal) - _TERM + 1):
            gram = goal[start : start + _TERM]
            if len(where[gram]) > 1 and gram not in title and content(gram) == gram:
                terms[-1] = terms[-1] + gram[-1] if terms[-1] else gram
            elif terms[-1]:
                terms.append("")
        found.append([term for term in terms if term])
    return found


def deadline_against_overall(draft: Draft) -> Iterator[Diagnostic]:
    """A task is due later than the plan's own goal about the same thing, or a state is reached years before it."""
    goals = [goal for goal in draft.overall_targets[:_MOST] if goal.deadline_year]
    heads = [(goal, _head(goal.text), pairs(_VAGUE.sub("", goal.text))) for goal in goals]
    for task in draft.tasks if heads else ():
        actions = {line: action.title for box in task.boxes for action in box.actions for line in action.lines}
        for one in task.indicators:
            if one.deadline_year is None or one.kind is Kind.RECURRING:
                continue
            names = dict.fromkeys((one.text, *(actions[line] for line in one.lines if line in actions)))
            things = [(content(_VAGUE.sub("", name)), pairs(name)) for name in names]
            for goal, head, wanted in heads:
                if _against(one, goal) and _same_thing(head, wanted, things):
                    yield _conflict(task, one, goal)
                    break


def _against(one: Indicator, goal: OverallTarget) -> bool:
    return one.deadline_year is not None and goal.deadline_year is not None and one.deadline_year > goal.deadline_year


def _head(text: str) -> str:
    """What a goal ends in: in Chinese, the thing itself."""
    return content(_VAGUE.sub("", text))[-4:]


def _same_thing(head: str, wanted: frozenset[str], things: list[tuple[str, frozenset[str]]]) -> bool:
    return len(head) >= 2 and any(text.endswith(head) and share(wanted, its) >= _SAME_THING for text, its in things)


def _conflict(task: Task, one: Indicator, goal: OverallTarget) -> Diagnostic:
    return report(
        "deadline-against-overall",
        f"任务{task.no}“{short(one.text)}”（{at('', one.lines)}）的期限是{one.deadline_year}年，"
        f"晚于主要目标“{short(goal.text)}”（{at('', goal.lines)}）的{goal.deadline_year}年。",
        [Place(goal.lines, goal.text), *(place_of(each) for each in one.occurrences)],
        task_no=task.no,
        subject=f"indicator:{one.id}",
    )
