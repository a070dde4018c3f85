"""How alike two short texts are, and which of many goes with which: by the pairs of letters that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_MOST_PAIRS = 60_000
_SAID_TWICE = 0.8
_PART = 0.5
_MOST_PART = 40


def likeness(one: str, other: str) -> float:
    """From 0 to 1, by pairs of neighboring letters (Dice)."""
    return _dice(_pairs(one), _pairs(other))


def matched(
    wanted: Sequence[str],
    among: Sequence[str],
    least: float,
    bonus: Callable[[int, int], float | None],
) -> list[int | None]:
    """For each wanted text the one of the others that goes with it best, each taken once; again only by
    one that is very much like it.

    `bonus` is added for a pair (0 for nothing special; None forbids the pair); only texts at least as alike as
    `least` are pairs. Among very many texts only equal ones are found, so that the time stays in proportion.
    """
    scored = []
    if len(wanted) * len(among) <= _MOST_PAIRS:
        left, right = [_pairs(each) for each in wanted], [_pairs(each) for each in among]
        for i, one in enumerate(left):
            for j, other in enumerate(right):
                score = max(_dice(one, other), _contained(wanted[i], among[j]))
                if score >= least:
                    scored.append((score, i, j))
    else:
        place = {text: j for j, text in reversed(list(enumerate(among)))}
        scored = [(1.0, i, place[text]) for i, text in enumerate(wanted) if text in place]
    ranked = []
    for score, i, j in scored:
        extra = bonus(i, j)
        if extra is not None:
            ranked.append((score + extra, -i, -j))
    found: list[int | None] = [None] * len(wanted)
    taken: set[int] = set()
    for again in (False, True):
        for score, i, j in sorted(ranked, reverse=True):
            if found[-i] is None and (-j not in taken or (again and score >= _SAID_TWICE)):
                found[-i] = -j
                taken.add(-j)
    return found


def _contained(one: str, other: str) -> float:
    """A table says 占比 where the text says what of what: alike enough to be asked about."""
    shorter, longer = sorted((one, other), key=len)
    return _PART if 2 <= len(shorter) <= _MOST_PART and shorter in longer else 0.0


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1)) or frozenset([text])


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
