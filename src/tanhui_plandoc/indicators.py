"""One target that stands in several places is one indicator with several occurrences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tanhui_plandoc.draft import Indicator, Measure, Occurrence, Source, indicator_id
from tanhui_plandoc.likeness import matched
from tanhui_plandoc.targets import Target

_ALIKE_IN_TEXT = 0.75
_ALIKE_IN_TABLES = 0.5
_SAME_DEADLINE = 0.15
_SAME_VALUE = 0.1


@dataclass(frozen=True)
class Stand:
    """A target and where it stands. `opens` tells that it is an indicator also where nothing else is like it;
    `since` that its deadline is that of a whole period, which begins after that year."""

    source: Source
    section: str
    target: Target
    opens: bool = True
    since: int | None = None


@dataclass
class _Known:
    stands: list[Stand] = field(default_factory=list)

    @property
    def first(self) -> Target:
        return self.stands[0].target


def indicators(title: str, places: Sequence[Sequence[Stand]]) -> tuple[Indicator, ...]:
    """The indicators of a task. `places` are its body, its boxes and the tables of the annexes, in this order: what
    stands in a later one is looked for in all before it."""
    known: list[_Known] = []
    for place in places:
        _take(known, list(place))
    made: list[Indicator] = []
    seen: dict[str, int] = {}
    for each in known:
        core = each.first.core
        seen[core] = seen.get(core, 0) + 1
        subject = core if seen[core] == 1 else f"{core}\n{seen[core]}"
        made.append(_indicator(indicator_id(title, subject), each))
    return tuple(made)


def _take(known: list[_Known], place: list[Stand]) -> None:
    if not place:
        return
    in_table = place[0].source is Source.ANNEX
    before = list(known)
    said = Counter(stand.target.core for stand in place)
    known_as = Counter(each.first.core for each in before)

    def bonus(i: int, j: int) -> float | None:
        stages = said[place[i].target.core] > 1 or known_as[before[j].first.core] > 1
        return _bonus(place[i], before[j].first, strict=place[i].opens and (stages or not in_table))

    found = matched(
        [stand.target.core for stand in place],
        [each.first.core for each in before],
        _ALIKE_IN_TABLES if in_table else _ALIKE_IN_TEXT,
        bonus,
    )
    same: dict[str, _Known] = {}
    for stand, at in zip(place, found, strict=True):
        twin = same.get(stand.target.core)
        if at is not None:
            before[at].stands.append(stand)
        elif twin and _says_again(twin.first, stand):
            twin.stands.append(stand)
        elif stand.opens:
            known.append(_Known([stand]))
            same.setdefault(stand.target.core, known[-1])


def _says_again(one: Target, other: Stand) -> bool:
    """The same words in another sentence, with the same deadline or the same number: said twice, not staged."""
    return one.sentence != other.target.sentence and _bonus(other, one, strict=True) is not None


def _bonus(stand: Stand, known: Target, *, strict: bool) -> float | None:
    """How much better a pair is for agreeing in deadline and number. Percent is never a count; and where the aim may
    have stages (`strict`), a pair that differs in both are two of them."""
    a, b = stand.target.measure, known.measure
    if a.unit != b.unit and "%" in {a.unit, b.unit} and None not in {a.unit, b.unit}:
        return None
    same_deadline = a.deadline_year == b.deadline_year
    if stand.since is not None and a.deadline_year and b.deadline_year:
        same_deadline = stand.since < b.deadline_year <= a.deadline_year
    same_value = (a.value, a.value_max) == (b.value, b.value_max)
    if strict and not same_deadline and not same_value and None not in {a.value, b.value}:
        return None
    return _SAME_DEADLINE * same_deadline + _SAME_VALUE * same_value


def _indicator(key: str, each: _Known) -> Indicator:
    first = each.stands[0]
    measure: Measure = first.target.measure
    return Indicator(
        id=key,
        text=first.target.text,
        kind=first.target.kind,
        source=first.source,
        lines=first.target.lines,
        deadline_year=measure.deadline_year,
        deadline=measure.deadline,
        comparator=measure.comparator,
        value=measure.value,
        value_max=measure.value_max,
        unit=measure.unit,
        value_text=measure.value_text,
        recurrence=measure.recurrence,
        occurrences=tuple(
            Occurrence(
                stand.source,
                stand.section,
                stand.target.quote,
                stand.target.lines,
                stand.target.measure,
                stand.target.text,
            )
            for stand in each.stands
        ),
    )
