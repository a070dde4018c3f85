"""Formulas lowered to integer arithmetic with proved ranges.

A value is kept as a sum of integer nodes with exact rational coefficients; a coefficient may differ from one
stretch of days to the next (dated factors), which is all that time can do to a method. Constants are folded, so
`distance × a × b − distance × c` becomes one multiplication. Only where the language forces it (min, max, if,
floor, a product of two inputs, the end) is the sum made into one integer and a scale. Every node carries the
range that the inputs' bounds allow, so that whoever emits code knows what fits into 53, 63 or 127 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from tanhui_methods.errors import MethodError
from tanhui_methods.model import Entry, Input, Method, Parameter, Rulebook
from tanhui_methods.syntax import Binary, Call, Expression, If, Name, Number, Text, Unary

LARGEST: Final = 10**36
LARGEST_RESULT: Final = 10**13
_MOST_BITS: Final = 2_000
_LARGEST_EXPRESSION: Final = 2_000
Known = tuple[Fraction | None, ...]
"""A constant for each stretch of days; None where there is no factor (the event is set aside there)."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An integer (or truth, as 0 and 1) of one event. Equal nodes are the same object.

    `operation`: `constant` (data: int), `column` (name), `steps` (ints by stretch), `pick` (input, ((choice,
    ints), …)), `band` (((low, ints), …)), `grade` (ints), `add`, `multiply`, `min`, `max`, `if`,
    `divide` (floor, by the positive int in data), `compare` (with 0), `equal` (input, text), `and`, `or`, `not`.
    """

    operation: str
    arguments: tuple[Node, ...]
    data: Hashable
    low: int
    high: int
    size: int = 1
    """Nodes of the written-out expression: SQL repeats what is shared here."""


@dataclass(frozen=True, slots=True)
class Sum:
    """`constant + Σ node × coefficient`, in base units."""

    terms: tuple[tuple[Node, Known], ...]
    constant: Known


def common_scale(values: Iterable[Fraction | None]) -> Fraction:
    """The largest rational of which all values are whole multiples (1 if all are zero)."""
    above, below = 0, 1
    for value in values:
        if value is not None and value:
            shared = lcm(below, value.denominator)
            above = gcd(above * (shared // below), value.numerator * (shared // value.denominator))
            below = shared
    return Fraction(above, below) if above else Fraction(1)


class Lowering:
    """Lowers the expressions of one method. `zeros` names inputs to be taken as nothing but 0."""

    def __init__(self, method: Rulebook, zeros: Collection[str] = ()) -> None:
        self.method = method
        self.days = method.breakpoints()
        first = self.days[0] - timedelta(days=1) if self.days and self.days[0] > date.min else date.min
        self.samples = (first, *self.days)
        self.zeros = frozenset(zeros)
        self.capped = {cap.of for cap in method.caps}
        self.nodes: dict[tuple[str, tuple[int, ...], Hashable], Node] = {}
        self.sums: dict[str, Sum] = {}
        self.line = 0

    # nodes

    def node(self, operation: str, arguments: tuple[Node, ...], data: Hashable, low: int, high: int) -> Node:
        if max(abs(low), abs(high)) > LARGEST:
            raise self.too_large()
        key = (operation, tuple(id(each) for each in arguments), data)
        if key not in self.nodes:
            size = 1 + sum(each.size for each in arguments)
            if size > _LARGEST_EXPRESSION:
                message = "公式写开以后太长：同一个量被一层层重复引用"
                raise MethodError(message, path=self.method.path, line=self.line, fix="减少层数，或合并公式")
            self.nodes[key] = Node(operation, arguments, data, low, high, size)
        return self.nodes[key]

    def too_large(self) -> MethodError:
        fix = "收紧输入的上下限，或减少系数的小数位"
        return MethodError("数值范围太大，不能保证精确", path=self.method.path, line=self.line, fix=fix)

    def constant(self, value: int) -> Node:
        return self.node("constant", (), value, value, value)

    def steps(self, values: tuple[int, ...]) -> Node:
        if len(set(values)) == 1:
            return self.constant(values[0])
        return self.node("steps", (), values, min(values), max(values))

    def column(self, given: Input) -> Node:
        if given.name in self.zeros:
            return self.constant(0)
        low = min(given.low, 0) if given.name in self.capped else given.low
        return self.node("column", (), given.name, low, given.high)

    def add(self, left: Node, right: Node) -> Node:
        return self.node("add", (left, right), None, left.low + right.low, left.high + right.high)

    def multiply(self, left: Node, right: Node) -> Node:
        for one, other in ((left, right), (right, left)):
            if one.operation == "constant" and one.data in {0, 1}:
                return other if one.data == 1 else one
        if left.operation == right.operation == "constant":
            return self.constant(left.low * right.low)
        corners = [a * b for a in (left.low, left.high) for b in (right.low, right.high)]
        return self.node("multiply", (left, right), None, min(corners), max(corners))

    def divide(self, node: Node, ratio: Fraction) -> Node:
        """⌊node × ratio⌋ for a positive ratio."""
        scaled = self.multiply(node, self.constant(ratio.numerator))
        by = ratio.denominator
        if by == 1:
            return scaled
        if scaled.operation == "constant":
            return self.constant(scaled.low // by)
        return self.node("divide", (scaled,), by, scaled.low // by, scaled.high // by)

    # sums

    def known(self, of: Callable[[date], Fraction | None]) -> Known:
        return tuple(of(day) for day in self.samples)

    def plain(self, value: Fraction) -> Sum:
        return Sum((), self.known(lambda _: value))

    def atom(self, node: Node, coefficient: Known) -> Sum:
        zero = self.known(lambda _: Fraction(0))
        if node.operation == "constant":
            return Sum((), times(coefficient, self.known(lambda _: Fraction(node.low))))
        return Sum(((node, coefficient),), zero)

    def combine(self, left: Sum, right: Sum, sign: int) -> Sum:
        terms: dict[Node, Known] = dict(left.terms)
        for node, coefficient in right.terms:
            signed = times(coefficient, self.known(lambda _: Fraction(sign)))
            terms[node] = plus(terms[node], signed) if node in terms else signed
        kept = tuple((node, each) for node, each in terms.items() if any(value != 0 for value in each))
        rest = plus(left.constant, times(right.constant, self.known(lambda _: Fraction(sign))))
        return self.sized(Sum(kept, rest))

    def sized(self, value: Sum) -> Sum:
        """Refuse constants that grow without end (a chain of squares doubles its digits at each step)."""
        for known in (value.constant, *(coefficient for _, coefficient in value.terms)):
            for each in known:
                if each is not None and max(abs(each.numerator), each.denominator).bit_length() > _MOST_BITS:
                    raise self.too_large()
        return value

    def product(self, left: Sum, right: Sum) -> Sum:
        if left.terms and right.terms:
            first, second = self.whole(left), self.whole(right)
            scale = first[1] * second[1]
            return self.atom(self.multiply(first[0], second[0]), self.known(lambda _: scale))
        if left.terms:
            left, right = right, left
        factor = left.constant
        terms = tuple((node, times(each, factor)) for node, each in right.terms)
        return self.sized(Sum(terms, times(right.constant, factor)))

    def whole(self, value: Sum, scale: Fraction | None = None) -> tuple[Node, Fraction]:
        """One integer node and the scale by which it has to be multiplied to give the value."""
        if scale is None:
            scale = self.scale(value)
        total: Node | None = None
        for node, coefficient in value.terms:
            term = self.multiply(node, self.steps(whole_steps(coefficient, scale)))
            total = term if total is None else self.add(total, term)
        rest = self.steps(whole_steps(value.constant, scale))
        if total is None:
            return rest, scale
        zero = rest.operation == "constant" and rest.data == 0
        return (total if zero else self.add(total, rest)), scale

    def scale(self, *values: Sum) -> Fraction:
        return common_scale(
            each
            for value in values
            for known in (value.constant, *(coefficient for _, coefficient in value.terms))
            for each in known
        )

    # expressions

    def quantity(self, node: Expression) -> Sum:
        if isinstance(node, Number):
            return self.plain(node.value * node.unit.factor)
        if isinstance(node, Name):
            return self.named(node.name)
        if isinstance(node, Unary):
            return self.combine(self.plain(Fraction(0)), self.quantity(node.operand), -1)
        if isinstance(node, Binary):
            return self.arithmetic(node)
        if isinstance(node, Call):
            return self.floor(node) if node.function == "floor" else self.extreme(node)
        assert isinstance(node, If)
        condition = self.truth(node.condition)
        branches = (self.quantity(node.then), self.quantity(node.otherwise))
        if condition.operation == "constant":
            return branches[0] if condition.data else branches[1]
        scale = self.scale(*branches)
        one, other = (self.whole(branch, scale)[0] for branch in branches)
        chosen = self.node("if", (condition, one, other), None, min(one.low, other.low), max(one.high, other.high))
        return self.atom(chosen, self.known(lambda _: scale))

    def named(self, name: str) -> Sum:
        if name in self.method.inputs:
            given = self.method.inputs[name]
            assert given.unit is not None
            factor = given.unit.factor
            return self.atom(self.column(given), self.known(lambda _: factor))
        if name in self.method.parameters:
            return self.parameter(self.method.parameters[name])
        return self.sums[name]

    def parameter(self, parameter: Parameter) -> Sum:
        if parameter.by is None:
            return Sum((), self.entry(parameter.entries[0]))
        tables = [(entry.key, self.entry(entry)) for entry in parameter.entries]
        scale = common_scale(value for _, known in tables for value in known)
        rows = tuple((key, whole_steps(known, scale)) for key, known in tables)
        values = [value for _, steps in rows for value in steps]
        given = self.method.inputs[parameter.by]
        if given.kind == "choice":
            node = self.node("pick", (), (parameter.by, rows), min(values), max(values))
        else:
            node = self.node("band", (self.column(given),), rows, min(values), max(values))
        return self.atom(node, self.known(lambda _: scale))

    def entry(self, entry: Entry) -> Known:
        def value(day: date) -> Fraction | None:
            segment = entry.at(day)
            return None if segment is None else segment.value

        return self.known(value)

    def arithmetic(self, node: Binary) -> Sum:
        left, right = self.quantity(node.left), self.quantity(node.right)
        if node.operator in {"+", "-"}:
            return self.combine(left, right, 1 if node.operator == "+" else -1)
        if node.operator == "*":
            return self.product(left, right)
        return self.product(left, Sum((), self.inverse(right.constant, node)))

    def inverse(self, known: Known, node: Expression) -> Known:
        if any(value == 0 for value in known):
            raise MethodError("除数为零", path=self.method.path, line=node.place.line, fix="检查除数中参数的值")
        return tuple(None if value is None else 1 / value for value in known)

    def extreme(self, node: Call) -> Sum:
        values = [self.quantity(each) for each in node.arguments]
        pick = min if node.function == "min" else max
        if not any(value.terms for value in values):
            columns = zip(*(value.constant for value in values), strict=True)
            return Sum((), tuple(None if None in each else pick(each) for each in columns))
        scale = self.scale(*values)
        nodes = tuple(dict.fromkeys(self.whole(value, scale)[0] for value in values))
        low, high = pick(each.low for each in nodes), pick(each.high for each in nodes)
        chosen = nodes[0] if len(nodes) == 1 else self.node(node.function, nodes, None, low, high)
        return self.atom(chosen, self.known(lambda _: scale))

    def floor(self, node: Call) -> Sum:
        value = self.quantity(node.arguments[0])
        step = (
            self.quantity(node.arguments[1]).constant if len(node.arguments) == 2 else self.plain(Fraction(1)).constant
        )
        if any(each is not None and each <= 0 for each in step):
            raise MethodError("floor 的第二项应大于零", path=self.method.path, line=node.place.line)
        ratio = self.product(value, Sum((), self.inverse(step, node)))
        if not ratio.terms:
            whole = tuple(None if each is None else Fraction(each // 1) for each in ratio.constant)
            return Sum((), times(whole, step))
        total, scale = self.whole(ratio)
        return self.atom(self.divide(total, scale), step)

    def truth(self, node: Expression) -> Node:
        if isinstance(node, Unary):
            inner = self.truth(node.operand)
            if inner.operation == "constant":
                return self.constant(1 - inner.low)
            return self.node("not", (inner,), None, 0, 1)
        assert isinstance(node, Binary)
        if node.operator in {"and", "or"}:
            return self.node(node.operator, (self.truth(node.left), self.truth(node.right)), None, 0, 1)
        if isinstance(node.left, Text) or isinstance(node.right, Text):
            name, text = (node.left, node.right) if isinstance(node.left, Name) else (node.right, node.left)
            assert isinstance(name, Name)
            assert isinstance(text, Text)
            equal = self.node("equal", (), (name.name, text.value), 0, 1)
            return equal if node.operator == "==" else self.node("not", (equal,), None, 0, 1)
        difference = self.combine(self.quantity(node.left), self.quantity(node.right), -1)
        return self.node("compare", (self.whole(difference)[0],), node.operator, 0, 1)

    # the method

    def reduction(self, method: Method) -> tuple[Node, Node]:
        """The grams of one event before and after the floor: (scaled integer with grade, whole grams)."""
        for name in method.order:
            formula = method.formulas[name]
            self.line = formula.place.line
            self.sums[name] = self.quantity(formula.expression)
        total, scale = self.whole(self.sums["reduction"])
        if total.low < 0:
            total = self.node("max", (total, self.constant(0)), None, 0, max(total.high, 0))
        multipliers = [value or Fraction(0) for value in method.grades.multipliers]
        unit = common_scale(multipliers)
        steps = tuple(int(value / unit) for value in multipliers)
        accepted = {step for step, value in zip(steps, method.grades.multipliers, strict=True) if value is not None}
        if len(accepted) == 1:
            grade = self.constant(accepted.pop())
        else:
            grade = self.node("grade", (), steps, min(steps), max(steps))
        product = self.multiply(total, grade)
        grams = self.divide(product, scale * unit)
        if grams.high > LARGEST_RESULT:
            raise MethodError(
                f"一条行为的减排量可能达到 {grams.high} 克，超出合理范围", path=method.path, line=self.line,
                fix="收紧输入的上限",
            )  # fmt: skip
        return product, grams


def times(left: Known, right: Known) -> Known:
    return tuple(None if a is None or b is None else a * b for a, b in zip(left, right, strict=True))


def plus(left: Known, right: Known) -> Known:
    return tuple(None if a is None or b is None else a + b for a, b in zip(left, right, strict=True))


def whole_steps(known: Known, scale: Fraction) -> tuple[int, ...]:
    """The constants as whole multiples of the scale; 0 stands where there is no factor."""
    return tuple(0 if value is None else int(value / scale) for value in known)
