"""The rule that every overall target of the plan is served by a task."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import Nearest, at, body_passages, content, short
from tanhui_plandoc.draft import Diagnostic, Draft, Place

MOST = 100
"""A plan has a dozen overall targets; what has more than this is none, and is not compared further."""
_SERVED = 0.1
_TERM = 6
VAGUE = re.compile(
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
    goals = draft.overall_targets[:MOST]
    for goal, terms in zip(goals, _repeated_terms(draft.title, [goal.text for goal in goals]), strict=True):
        wanted = VAGUE.sub("，", goal.text)
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
    goals = [VAGUE.sub("，", goal) for goal in goals]
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
