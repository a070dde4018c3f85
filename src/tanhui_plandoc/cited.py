"""Text that knows its lines: whatever is cut out of it can still be cited."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

_SPACE = " \t"


class Cited(NamedTuple):
    """A text and where each of its source lines begins: `starts[i]` is the offset at which line `numbers[i]` begins."""

    text: str
    starts: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()

    @property
    def lines(self) -> tuple[int, ...]:
        """The source lines, ascending, each once."""
        return tuple(sorted(set(self.numbers)))

    def __bool__(self) -> bool:
        return bool(self.text)

    def cut(self, start: int = 0, end: int | None = None) -> Cited:
        """The part from one offset to another, as a slice of a string, with its lines."""
        start, end, _ = slice(start, end).indices(len(self.text))
        if len(self.starts) < 2:
            return Cited(self.text[start:end], self.starts, self.numbers)
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first + 1, bisect_left(self.starts, end))
        starts = tuple(max(0, each - start) for each in self.starts[first:last])
        return Cited(self.text[start:end], starts, self.numbers[first:last])

    def strip(self, signs: str = _SPACE) -> Cited:
        """Without those signs at both ends."""
        if self.text[:1] not in signs and self.text[-1:] not in signs:
            return self
        left = len(self.text) - len(self.text.lstrip(signs))
        return self.cut(left, max(left, len(self.text.rstrip(signs))))

    def without(self, spans: Iterable[tuple[int, int]]) -> Cited:
        """What is left when those spans, in ascending order, are taken out."""
        kept, at = [], 0
        for start, end in spans:
            kept.append(self.cut(at, start))
            at = max(at, end)
        return joined([*kept, self.cut(at)]) if kept else self


def joined(pieces: Iterable[Cited], between: str = "") -> Cited:
    """Several texts as one, with the lines of all. Empty ones are left out."""
    texts: list[str] = []
    starts: list[int] = []
    numbers: list[int] = []
    length = 0
    for piece in pieces:
        if not piece.text:
            continue
        if texts and between:
            texts.append(between)
            length += len(between)
        starts += [length + each for each in piece.starts]
        numbers += piece.numbers
        texts.append(piece.text)
        length += len(piece.text)
    return Cited("".join(texts), tuple(starts), tuple(numbers))
