"""Rules that hold a task's targets against the overall targets about the same thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.goals import MOST, VAGUE
from tanhui_plandoc.diagnostics.passages import at, content, pairs, place_of, share, short
from tanhui_plandoc.draft import Diagnostic, Draft, Indicator, Kind, OverallTarget, Place, Task
from tanhui_plandoc.numbers import Quantity, quantities

_SAME_HEAD = 0.5
_SAME_NUMBER = 0.6
_SAME_WORDS = 0.8


@dataclass(frozen=True)
class _Goal:
    """An overall target: `head` is what it ends in, in Chinese the thing itself; `counted` its only number."""

    said: OverallTarget
    head: str
    pairs: frozenset[str]
    counted: Quantity | None


@dataclass(frozen=True)
class _Thing:
    """What a target is about: its text, or the title of the action that it stands in."""

    text: str
    pairs: frozenset[str]


def deadline_against_overall(draft: Draft) -> Iterator[Diagnostic]:
    """A task is due later than the plan's own goal about the same thing, or the very same is due before it."""
    for task, one, goal, things in _beside(draft):
        year, due = goal.said.deadline_year or 0, one.deadline_year or 0
        later = due > year and any(_same_head(goal, thing) for thing in things)
        if later or (due != year and (_same_number(goal, one, things[0]) or _same_words(goal, one, things[0]))):
            yield report(
                "deadline-against-overall",
                f"任务{task.no}“{short(one.text)}”（{at('', one.lines)}）的期限是{due}年，"
                f"{'晚' if due > year else '早'}于主要目标“{short(goal.said.text)}”"
                f"（{at('', goal.said.lines)}）的{year}年。",
                _places(goal, one),
                task_no=task.no,
                subject=f"indicator:{one.id}",
            )


def value_against_overall(draft: Draft) -> Iterator[Diagnostic]:
    """The plan's own goal has another number for the same thing and the same year."""
    for task, one, goal, things in _beside(draft):
        counted = goal.counted
        if counted is None or one.value is None or one.deadline_year != goal.said.deadline_year:
            continue
        if counted.unit == one.unit and counted.value != one.value and _alike(goal, things[0]) >= _SAME_NUMBER:
            yield report(
                "value-against-overall",
                f"任务{task.no}“{short(one.text)}”（{at('', one.lines)}）的数量与"
                f"主要目标“{short(goal.said.text)}”（{at('', goal.said.lines)}）不一致。",
                _places(goal, one),
                task_no=task.no,
                subject=f"indicator:{one.id}",
            )


def _beside(draft: Draft) -> Iterator[tuple[Task, Indicator, _Goal, list[_Thing]]]:
    """Every dated target beside every dated goal that shares words with it."""
    dated = {(goal.text, goal.deadline_year): goal for goal in draft.overall_targets[:MOST] if goal.deadline_year}
    goals = [_goal(goal) for goal in dated.values()]
    where: dict[str, list[int]] = defaultdict(list)
    for number, goal in enumerate(goals):
        for pair in goal.pairs:
            where[pair].append(number)
    for task in draft.tasks if goals else ():
        actions = {line: action.title for box in task.boxes for action in box.actions for line in action.lines}
        for one in task.indicators:
            if one.deadline_year is None or one.kind is Kind.RECURRING:
                continue
            names = dict.fromkeys((one.text, *(actions[line] for line in one.lines if line in actions)))
            things = [_Thing(content(VAGUE.sub("", name)), pairs(VAGUE.sub("", name))) for name in names]
            near = {number for thing in things for pair in thing.pairs for number in where.get(pair, ())}
            yield from ((task, one, goals[number], things) for number in sorted(near))


def _goal(said: OverallTarget) -> _Goal:
    plain = VAGUE.sub("", said.text)
    counted = quantities(said.text)
    return _Goal(said, content(plain)[-4:], pairs(plain), counted[0] if len(counted) == 1 else None)


def _alike(goal: _Goal, thing: _Thing) -> float:
    return min(share(goal.pairs, thing.pairs), share(thing.pairs, goal.pairs))


def _same_head(goal: _Goal, thing: _Thing) -> bool:
    ends_alike = len(goal.head) >= 2 and thing.text.endswith(goal.head)
    return ends_alike and share(goal.pairs, thing.pairs) >= _SAME_HEAD


def _same_number(goal: _Goal, one: Indicator, thing: _Thing) -> bool:
    counted = goal.counted
    same = counted is not None and (counted.value, counted.unit) == (one.value, one.unit)
    return same and _alike(goal, thing) >= _SAME_NUMBER


def _same_words(goal: _Goal, one: Indicator, thing: _Thing) -> bool:
    return one.value is None and goal.counted is None and _alike(goal, thing) >= _SAME_WORDS


def _places(goal: _Goal, one: Indicator) -> list[Place]:
    return [Place(goal.said.lines, goal.said.text), *(place_of(each) for each in one.occurrences)]
