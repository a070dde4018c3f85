"""The exact interpreter: fractions throughout, whole grams at the end.

It follows the text of a method step by step and shares nothing with the columnar compiler but the parsed file, so
that the two can be held against each other.
"""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Final

from tanhui_methods.errors import MethodError
from tanhui_methods.model import Cap, Entry, Input, Method, Parameter, Result, Rulebook, Segment
from tanhui_methods.syntax import Binary, Call, Expression, If, Name, Number, Text, Unary

_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
Value = Fraction | str | bool


@dataclass(frozen=True, slots=True)
class Cut:
    """What one cap did to one event: how much was used before it, what was asked, what was left."""

    cap: Cap
    used: int
    asked: int
    allowed: int


@dataclass(slots=True)
class Trace:
    """One event on its way through the rule, with everything that `explain` may want to show."""

    event: Mapping[str, Any]
    given: dict[str, Any]
    day: date
    grade: int
    why: str = ""
    expired: list[tuple[Parameter, Segment]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    cuts: list[Cut] = field(default_factory=list)
    stopped: bool = False
    values: dict[str, Fraction] = field(default_factory=dict)
    exact_g: Fraction = Fraction(0)
    reduction_g: int = 0
    before_g: int = 0
    points: int = 0
    missing: MethodError | None = None

    @property
    def order(self) -> tuple[int, str, int]:
        return self.event["at"], self.event["tie"], self.event["event_id"]

    def result(self) -> Result:
        first = next((cut.cap for cut in self.cuts if cut.allowed < cut.asked), None)
        outcome = self.why or ("capped" if first is not None and first.of != "points" else "counted")
        name = first.name if first is not None else None
        return Result(self.event["event_id"], self.reduction_g, self.points, self.grade, outcome, name)


def evaluate(method: Method, events: Iterable[Mapping[str, Any]], *, strict: bool = True) -> list[Result]:
    """The results of the events, in the order given (which never matters to the results).

    With `strict`, a missing input and a missing factor are errors; without, that event is set aside with
    `excluded:missing:<input>` or `excluded:factor:<parameter>`, as the columnar evaluator does. Raises
    MethodError, also for an event that lacks a column or holds a value of another type.
    """
    return [trace.result() for trace in trace_events(method, events, strict=strict)]


def trace_events(method: Method, events: Iterable[Mapping[str, Any]], *, strict: bool) -> list[Trace]:
    """Like `evaluate`, with every step kept."""
    traces = [_trace(method, event) for event in events]
    for trace in traces:
        _screen(method, trace)
        if strict and trace.missing is not None:
            raise trace.missing
    living = sorted((trace for trace in traces if not trace.why), key=lambda trace: trace.order)
    living = _without_duplicates(method, living)
    for cap in _caps(method, "count"):
        _apply(cap, living, lambda trace: 0 if trace.stopped else 1, _stop)
    for cap in method.caps:
        if cap.of in method.inputs:
            name = cap.of
            _apply(cap, living, lambda trace, name=name: 0 if trace.stopped else trace.kept[name], _keep)  # type: ignore[misc]
    for trace in living:
        _calculate(method, trace)
    for cap in _caps(method, "reduction"):
        _apply(cap, living, lambda trace: trace.reduction_g, _limit_grams)
    _award(method, living)
    for cap in _caps(method, "points"):
        _apply(cap, living, lambda trace: trace.points, _limit_points)
    return traces


def _caps(method: Method, of: str) -> list[Cap]:
    return [cap for cap in method.caps if cap.of == of]


# reading events


def _trace(method: Method, event: Mapping[str, Any]) -> Trace:
    checks: tuple[tuple[str, type, bool], ...] = (
        ("event_id", int, False), ("person", int, False), ("day", date, False), ("at", int, False),
        ("tie", str, False), ("grade", int, True), ("exclude", str, True),
    )  # fmt: skip
    for name, kind, optional in checks:
        if name not in event and name != "exclude":
            raise MethodError(f"行为缺少“{name}”", fix=f"每条行为都要有 {name}")
        _expect(name, event.get(name), kind, optional)
    for name, given in method.inputs.items():
        if name not in event:
            raise MethodError(f"行为 {event['event_id']} 缺少输入“{given.title}”（{name}）", fix=f"补上 {name} 一列")
        _expect(name, event[name], int if given.kind == "integer" else str, True)
    given_values = {name: event[name] for name in method.inputs}
    return Trace(event, given_values, event["day"], event["grade"] or 0)


def _expect(name: str, value: object, kind: type, optional: bool) -> None:
    if value is None and optional:
        return
    if not isinstance(value, kind) or isinstance(value, bool):
        raise MethodError(
            f"“{name}”应为{'整数' if kind is int else '日期' if kind is date else '文字'}，实为 {value!r:.60}"
        )


# screening: outside reasons, missing and impossible values, factors, freshness, conditions, grade


def _screen(method: Method, trace: Trace) -> None:
    trace.kept = dict(trace.given)
    trace.why = _outside(method, trace) or _factors(method, trace)
    if trace.why:
        return
    for condition in method.conditions:
        if not calculate(method, condition.rule, trace, {}):
            trace.why = f"not_applicable:{condition.name}"
            return
    if method.grades.multipliers[trace.grade - 1] is None:
        trace.why = "not_applicable:grade"


def _outside(method: Method, trace: Trace) -> str:
    event = trace.event
    if event.get("exclude") is not None:
        return f"excluded:{event['exclude']}"
    if event["grade"] is None:
        return "excluded:missing:grade"
    if not 1 <= event["grade"] <= 4:
        return "excluded:bounds:grade"
    for name, given in method.inputs.items():
        value = trace.given[name]
        if value is None:
            trace.missing = MethodError(
                f"行为 {event['event_id']} 的输入“{given.title}”（{name}）是空的，不能计算",
                path=method.path, line=given.line, fix="请接入方补报这一项",
            )  # fmt: skip
            return f"excluded:missing:{name}"
        if not _within(given, value):
            return f"excluded:bounds:{name}"
    return ""


def _within(given: Input, value: Any) -> bool:
    if given.kind == "integer":
        return bool(given.low <= value <= given.high)
    return given.kind == "text" or value in given.choices


def _factors(method: Method, trace: Trace) -> str:
    for name in method.used:
        parameter = method.parameters[name]
        entry = select(parameter, trace.given)
        segment = entry.at(trace.day)
        if segment is None:
            trace.missing = missing_factor(method, parameter, entry, trace.day)
            return f"excluded:factor:{name}"
        if segment.best_before is not None and segment.best_before < trace.day:
            trace.expired.append((parameter, segment))
    if trace.expired:
        trace.grade = min(trace.grade + 1, 4)
    return ""


def missing_factor(method: Method, parameter: Parameter, entry: Entry, day: date) -> MethodError:
    """The error for a day without a factor: it names factor, region and year."""
    row = next((segment.row for segment in entry.segments if segment.row is not None), None)
    factor, region = (row.factor, row.region) if row else (parameter.factor, parameter.region)
    return MethodError(
        f"因子 {factor}（地区 {region}）没有 {day.year} 年的值，{day.isoformat()} 的行为不能计算；"
        "不当作零，也不用别的年份代替",
        path=method.path, line=entry.line, fix=f"在因子表里补上 {factor},{region},{day.year} 一行",
    )  # fmt: skip


def select(parameter: Parameter, values: Mapping[str, Any]) -> Entry:
    """The row of a parameter that holds for these inputs."""
    if parameter.by is None:
        return parameter.entries[0]
    value = values[parameter.by]
    if isinstance(value, str):
        return next(entry for entry in parameter.entries if entry.key == value)
    reached = [entry for entry in parameter.entries if isinstance(entry.key, int) and entry.key <= value]
    return reached[-1] if reached else parameter.entries[0]


# duplicates and caps


def period_key(trace: Trace, per: str) -> tuple[object, ...]:
    day = trace.day
    when = {"day": (day.year, day.month, day.day), "month": (day.year, day.month), "year": (day.year,)}[per]
    return (trace.event["person"], *when)


def _without_duplicates(method: Method, living: list[Trace]) -> list[Trace]:
    if method.dedup is None:
        return living
    seen: set[tuple[object, ...]] = set()
    first: list[Trace] = []
    for trace in living:
        values = (trace.event["at"] if name == "at" else trace.given[name] for name in method.dedup.key)
        key = (*period_key(trace, method.dedup.within), *values)
        if key in seen:
            trace.why = "duplicate"
        else:
            seen.add(key)
            first.append(trace)
    return first


def _apply(cap: Cap, living: list[Trace], ask: Callable[[Trace], int], grant: Callable[[Trace, Cut], None]) -> None:
    used: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for trace in living:
        key = period_key(trace, cap.per)
        asked = ask(trace)
        cut = Cut(cap, used[key], asked, min(asked, max(cap.limit - used[key], 0)))
        used[key] += cut.allowed
        if asked:
            trace.cuts.append(cut)
            grant(trace, cut)


def _stop(trace: Trace, cut: Cut) -> None:
    trace.stopped = trace.stopped or cut.allowed == 0


def _keep(trace: Trace, cut: Cut) -> None:
    trace.kept[cut.cap.of] = cut.allowed
    trace.stopped = trace.stopped or cut.allowed == 0


def _limit_grams(trace: Trace, cut: Cut) -> None:
    trace.reduction_g = cut.allowed


def _limit_points(trace: Trace, cut: Cut) -> None:
    trace.points = cut.allowed


# arithmetic


def _calculate(method: Method, trace: Trace) -> None:
    if trace.stopped:
        return
    for name in method.order:
        value = calculate(method, method.formulas[name].expression, trace, trace.values)
        assert isinstance(value, Fraction)
        trace.values[name] = value
    multiplier = method.grades.multipliers[trace.grade - 1]
    assert multiplier is not None
    trace.exact_g = trace.values["reduction"] * multiplier
    trace.reduction_g = max(trace.exact_g // 1, 0)


def calculate(book: Rulebook, node: Expression, trace: Trace, values: Mapping[str, Fraction]) -> Value:
    """The value of an expression, in base units."""

    def number(inner: Expression) -> Fraction:
        value = calculate(book, inner, trace, values)
        assert isinstance(value, Fraction)
        return value

    if isinstance(node, Number):
        return node.value * node.unit.factor
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Name):
        return _named(book, node.name, trace, values)
    if isinstance(node, Unary):
        return not calculate(book, node.operand, trace, values) if node.operator == "not" else -number(node.operand)
    if isinstance(node, If):
        chosen = node.then if calculate(book, node.condition, trace, values) else node.otherwise
        return calculate(book, chosen, trace, values)
    if isinstance(node, Call):
        arguments = [number(each) for each in node.arguments]
        if node.function == "floor":
            step = arguments[1] if len(arguments) == 2 else Fraction(1)
            return (arguments[0] // step) * step
        return min(arguments) if node.function == "min" else max(arguments)
    assert isinstance(node, Binary)
    left = calculate(book, node.left, trace, values)
    if node.operator == "and":
        return bool(left) and bool(calculate(book, node.right, trace, values))
    if node.operator == "or":
        return bool(left) or bool(calculate(book, node.right, trace, values))
    result = _ARITHMETIC[node.operator](left, calculate(book, node.right, trace, values))
    assert isinstance(result, Fraction | bool)
    return result


def _named(book: Rulebook, name: str, trace: Trace, values: Mapping[str, Fraction]) -> Value:
    if name in book.inputs:
        value = trace.kept[name]
        unit = book.inputs[name].unit
        return Fraction(value) * unit.factor if unit is not None else str(value)
    if name in book.parameters:
        segment = select(book.parameters[name], trace.kept).at(trace.day)
        assert segment is not None
        return segment.value
    return values[name]


def _award(method: Method, living: list[Trace]) -> None:
    total: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for trace in living:
        key = period_key(trace, "day")
        trace.before_g = total[key]
        total[key] += trace.reduction_g
        if method.points.fixed:
            trace.points = method.points.fixed if trace.reduction_g else 0
        else:
            rate = method.points.rate
            trace.points = (total[key] * rate) // 1 - (trace.before_g * rate) // 1
