"""What is wrong with a plan as read: every rule is a pure function of the draft.

A rule knows no plan by name. It says what disagrees, where it stands and what could be done about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tanhui_plandoc.diagnostics import agreement, boxes, departments, goals, overall, roadmap, targets, wording
from tanhui_plandoc.diagnostics.codes import SEVERITIES, SUGGESTIONS, report
from tanhui_plandoc.diagnostics.passages import at, short
from tanhui_plandoc.draft import Diagnostic, Draft, Place, Severity

RULES: tuple[Callable[[Draft], Iterator[Diagnostic]], ...] = (
    targets.value_differs,
    targets.deadline_differs,
    targets.recurrence_differs,
    targets.missing_in_table,
    targets.missing_in_roadmap,
    targets.missing_in_body,
    targets.deadline_unknown,
    targets.deadline_past,
    targets.task_without_indicator,
    goals.goal_unserved,
    overall.deadline_against_overall,
    overall.value_against_overall,
    departments.task_without_lead,
    departments.lists_differ,
    departments.department_two_names,
    departments.department_once,
    departments.department_repeated,
    boxes.boxes_and_annex,
    boxes.box_without_target,
    boxes.box_number,
    roadmap.roadmap_unmarked,
    roadmap.mark_against_legend,
    roadmap.mark_differs,
    agreement.wording_differs,
    agreement.commitment_differs,
    wording.unmeasurable,
    wording.recurring_without_rhythm,
    wording.body_without_owner,
    wording.whole_city,
    wording.year_character_missing,
    wording.broken_number,
    wording.repeated_word,
    wording.repeated_in_list,
    wording.bracket_unpaired,
)
_GRAVITY = {severity: rank for rank, severity in enumerate(Severity)}


def diagnose(draft: Draft, unread: Sequence[Place] = ()) -> tuple[Diagnostic, ...]:
    """Everything that disagrees, is missing or was not understood, the graver first, then by line.

    `unread` are the passages that the reader could not understand; each becomes a diagnostic. Pure; never raises.
    """
    found = [_unread(place) for place in unread]
    found += [one for rule in RULES for one in rule(draft)]
    return tuple(sorted(_merged(found), key=_order))


def _unread(place: Place) -> Diagnostic:
    return report("unread", f"{at('', place.lines)}没有读懂：“{short(place.quote)}”。", [place])


def _merged(found: Iterable[Diagnostic]) -> Iterable[Diagnostic]:
    """Each fault once, however many rules or places give it."""
    return {(one.code, one.task_no, one.message): one for one in found}.values()


def _order(one: Diagnostic) -> tuple[int, int, str, str]:
    first = min((line for place in one.places for line in place.lines[:1]), default=0)
    return _GRAVITY[one.severity], first, one.code, one.message


__all__ = ["RULES", "SEVERITIES", "SUGGESTIONS", "diagnose"]
