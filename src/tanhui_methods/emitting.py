"""Integer nodes become ibis expressions that every backend computes exactly.

What is used of a backend: addition, subtraction, multiplication, comparison, CASE, LEAST, GREATEST on bigint (or
on decimal(38, 0) where the proved range needs it), and one division: of doubles that hold integers below 2**53,
whose floor is the floor of the exact quotient. Integer division and `%` of ibis are not used: what they mean
differs by backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.operations as operations

from tanhui_methods.integers import Node

INT64: Final = "int64"
WIDE: Final = "decimal(38, 0)"
NARROW_BELOW: Final = 2**62
_DOUBLE_BELOW: Final = 2**53
Column = Any
"""An ibis column; ibis ships no usable types for its expressions."""


def is_wide(node: Node) -> bool:
    return max(abs(node.low), abs(node.high)) >= NARROW_BELOW


def integer(value: int) -> Column:
    """A literal that is a bigint on every backend."""
    if abs(value) < NARROW_BELOW:
        return ibis.literal(value, type=INT64)
    # Built from two halves: a literal of 38 digits is a double on some backends.
    high, low = divmod(value, 10**18)
    return integer(high).cast(WIDE) * integer(10**18).cast(WIDE) + integer(low).cast(WIDE)


def bigint(column: Column) -> Column:
    """A cast that is really written: what ibis holds to be int64 is int4, numeric or hugeint on some backends."""
    return operations.Cast(column, INT64).to_expr()


def choose(cases: Sequence[tuple[Column, int]], otherwise: int, wide: bool) -> Column:
    """A CASE over integers that is a bigint (or wide) on every backend: small literals alone would be int4."""
    if wide:
        branches = [(test, integer(value).cast(WIDE)) for test, value in cases]
        return ibis.cases(*branches, else_=integer(otherwise).cast(WIDE)) if cases else integer(otherwise).cast(WIDE)
    chosen = [(test, integer(value)) for test, value in cases]
    return bigint(ibis.cases(*chosen, else_=integer(otherwise)) if chosen else integer(otherwise))


def by_day(day: Column, breaks: Sequence[date], values: Sequence[Column]) -> Column:
    """`values[i]` on the i-th stretch of days; equal neighbors are merged by the caller's equality of objects."""
    branches = []
    for index, limit in enumerate(breaks):
        if values[index] is not values[index + 1]:
            branches.append((day < ibis.date(limit.year, limit.month, limit.day), values[index]))
    return ibis.cases(*branches, else_=values[-1]) if branches else values[-1]


class Emitter:
    """Turns nodes into expressions over the columns of one table."""

    def __init__(self, columns: Mapping[str, Column], day: Column, grade: Column, breaks: Sequence[date]) -> None:
        self.columns = columns
        self.day = day
        self.grade = grade
        self.breaks = breaks
        self.done: dict[int, Column] = {}

    def __call__(self, node: Node) -> Column:
        """The expression of a node: bigint, decimal(38, 0) when `is_wide`, or a truth."""
        key = id(node)
        if key not in self.done:
            method: Callable[[Node], Column] = getattr(self, f"_{node.operation}")
            self.done[key] = method(node)
        return self.done[key]

    def _sized(self, node: Node, wide: bool) -> Column:
        return self(node).cast(WIDE) if wide and not is_wide(node) else self(node)

    def _constant(self, node: Node) -> Column:
        return integer(node.low)

    def _column(self, node: Node) -> Column:
        return self.columns[str(node.data)]

    def _steps(self, node: Node) -> Column:
        assert isinstance(node.data, tuple)
        return self._stepped(node.data, is_wide(node))

    def _stepped(self, values: Sequence[int], wide: bool) -> Column:
        cases = [
            (self.day < ibis.date(limit.year, limit.month, limit.day), values[index])
            for index, limit in enumerate(self.breaks)
            if values[index] != values[index + 1]
        ]
        return choose(cases, values[-1], wide)

    def _rows(
        self, tests: Sequence[Column], rows: Sequence[Sequence[int]], otherwise: Sequence[int], wide: bool
    ) -> Column:
        """A row by test; rows that are the same on all days (nearly all are) make one flat CASE."""
        if all(len(set(row)) == 1 for row in (*rows, otherwise)):
            return choose([(test, row[0]) for test, row in zip(tests, rows, strict=True)], otherwise[0], wide)
        cases = [(test, self._stepped(row, wide)) for test, row in zip(tests, rows, strict=True)]
        return ibis.cases(*cases, else_=self._stepped(otherwise, wide))

    def _pick(self, node: Node) -> Column:
        assert isinstance(node.data, tuple)
        name, rows = node.data
        tests = [self.columns[name] == key for key, _ in rows]
        values = [row for _, row in rows]
        return self._rows(tests, values, (0,) * len(values[0]), is_wide(node))

    def _band(self, node: Node) -> Column:
        assert isinstance(node.data, tuple)
        value = self(node.arguments[0])
        above = list(reversed(node.data[1:]))
        tests = [value >= integer(low) for low, _ in above]
        return self._rows(tests, [row for _, row in above], node.data[0][1], is_wide(node))

    def _grade(self, node: Node) -> Column:
        assert isinstance(node.data, tuple)
        cases = [(self.grade == at, value) for at, value in enumerate(node.data, 1) if value != node.data[-1]]
        return choose(cases, node.data[-1], is_wide(node))

    def _add(self, node: Node) -> Column:
        wide = is_wide(node)
        return self._sized(node.arguments[0], wide) + self._sized(node.arguments[1], wide)

    def _multiply(self, node: Node) -> Column:
        wide = is_wide(node)
        product = self._sized(node.arguments[0], wide) * self._sized(node.arguments[1], wide)
        return product.cast(WIDE) if wide else product

    def _min(self, node: Node) -> Column:
        wide = any(is_wide(each) for each in node.arguments)
        return self._back(node, wide, ibis.least(*(self._sized(each, wide) for each in node.arguments)))

    def _max(self, node: Node) -> Column:
        wide = any(is_wide(each) for each in node.arguments)
        return self._back(node, wide, ibis.greatest(*(self._sized(each, wide) for each in node.arguments)))

    def _if(self, node: Node) -> Column:
        condition, one, other = node.arguments
        wide = is_wide(node)
        return ibis.ifelse(self(condition), self._sized(one, wide), self._sized(other, wide))

    def _back(self, node: Node, wide: bool, column: Column) -> Column:
        return column.cast(INT64) if wide and not is_wide(node) else column

    def _divide(self, node: Node) -> Column:
        assert isinstance(node.data, int)
        inner = node.arguments[0]
        quotient = floor_divide(self(inner), max(abs(inner.low), abs(inner.high)), node.data, is_wide(inner))
        return self._back(node, is_wide(inner), quotient)

    def _compare(self, node: Node) -> Column:
        value = self(node.arguments[0])
        zero = integer(0).cast(WIDE) if is_wide(node.arguments[0]) else integer(0)
        return {
            "==": value.__eq__, "!=": value.__ne__, "<": value.__lt__, "<=": value.__le__,
            ">": value.__gt__, ">=": value.__ge__,
        }[str(node.data)](zero)  # fmt: skip

    def _equal(self, node: Node) -> Column:
        assert isinstance(node.data, tuple)
        return self.columns[node.data[0]] == ibis.literal(node.data[1])

    def _and(self, node: Node) -> Column:
        return self._truth(node.arguments[0]) & self._truth(node.arguments[1])

    def _or(self, node: Node) -> Column:
        return self._truth(node.arguments[0]) | self._truth(node.arguments[1])

    def _not(self, node: Node) -> Column:
        return ~self._truth(node.arguments[0])

    def _truth(self, node: Node) -> Column:
        return self.truth(node)

    def truth(self, node: Node) -> Column:
        """The expression of a truth node, which may have been folded to a constant."""
        if node.operation == "constant":
            return ibis.literal(bool(node.low))
        return self(node)


def floor_divide(value: Column, largest: int, by: int, wide: bool = False) -> Column:
    """⌊value / by⌋ for a positive `by` and |value| ≤ `largest`, exact on every backend.

    Below 2**53 the double quotient of two integers rounds up to a whole number only if it is that number: the
    exact quotient differs from a whole number by at least 1/by, which is more than half a unit in the last place.
    Above, estimates by doubles are corrected by their exact remainders until at most one is missing.
    """
    if largest < _DOUBLE_BELOW and by < _DOUBLE_BELOW:
        return (value.cast("float64") / ibis.literal(float(by), type="float64")).floor().cast(INT64)
    if by >= NARROW_BELOW and not wide:
        return floor_divide(value.cast(WIDE), largest, by, wide=True).cast(INT64)
    kind = WIDE if wide else INT64
    divisor = integer(by).cast(kind)
    double = divisor.cast("float64")

    def estimate(rest: Column) -> Column:
        return (rest.cast("float64") / double).cast(kind)

    quotient = estimate(value)
    for _ in range(3 if wide else 1):
        quotient = quotient + estimate(value - quotient * divisor)
    rest = value - quotient * divisor
    zero, one = integer(0).cast(kind), integer(1).cast(kind)
    return quotient + ibis.cases((rest < zero, zero - one), (rest >= divisor, one), else_=zero)
