"""Row rules from outside a method (a county's plausibility rules) in the same language, for both evaluators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from tanhui_methods.checking import BOOLEAN, Scope, Typer, check_names
from tanhui_methods.errors import Findings, MethodError
from tanhui_methods.evaluate import Trace, calculate
from tanhui_methods.integers import Lowering
from tanhui_methods.model import Cap, Condition, Input, Parameter
from tanhui_methods.syntax import Expression, names, parse_expression

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class RowRule:
    """A condition that a plausible event fulfills; `code` is the reason when it does not, `message` its sentence."""

    code: str
    condition: str
    message: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The inputs of a method as seen by rules from outside: no parameters, no caps."""

    path: str
    inputs: Mapping[str, Input]
    parameters: Mapping[str, Parameter]
    caps: tuple[Cap, ...] = ()

    def breakpoints(self) -> tuple[date, ...]:
        return ()


def compile_conditions(
    rules: Sequence[RowRule], inputs: Mapping[str, Input], *, path: str = ""
) -> tuple[tuple[RowRule, Expression], ...]:
    """Read and check row rules against the inputs of a method.

    Raises MethodErrors that name the rule; in them `line` is the number of the rule in the list.
    """
    findings = Findings(path)
    scope = Scope(path, inputs, {}, {})
    checked: list[tuple[RowRule, Expression]] = []
    for number, rule in enumerate(rules, 1):
        try:
            checked.append((rule, _checked(rule, number, scope)))
        except MethodError as error:
            for each in getattr(error, "errors", (error,)):
                each.message = f"规则 {rule.code[:40]}：{each.message}"
                each.line = number
                findings.keep(each)
    findings.stop()
    return tuple(checked)


def _checked(rule: RowRule, number: int, scope: Scope) -> Expression:
    if not _CODE.match(rule.code):
        raise MethodError("规则的代码应为小写英文、数字和下划线", path=scope.path, line=number)
    expression = parse_expression(rule.condition, path=scope.path, line=number)
    findings = Findings(scope.path)
    condition = Condition(rule.code, expression, rule.condition, rule.message, "", number)
    check_names(scope, [condition], findings)
    findings.stop()
    if Typer(scope).of(expression) != BOOLEAN:
        raise MethodError("不是一个判断", path=scope.path, line=number, fix="例如 distance_m <= 200 km")
    lowering = Lowering(RuleSet(scope.path, scope.inputs, {}))
    lowering.line = number
    lowering.truth(expression)
    return expression


def first_broken(
    rules: Sequence[tuple[RowRule, Expression]], inputs: Mapping[str, Input], event: Mapping[str, Any]
) -> RowRule | None:
    """The first rule that an event breaks. A rule that mentions an absent or impossible value says nothing."""
    given = {name: event.get(name) for name in inputs}
    trace = Trace(event, given, date.min, 0, kept=given)
    book = RuleSet("", inputs, {})
    for rule, expression in rules:
        mentioned = {each.name for each in names(expression)}
        if all(_sound(inputs[name], given[name]) for name in mentioned) and not calculate(book, expression, trace, {}):
            return rule
    return None


def _sound(given: Input, value: Any) -> bool:
    if value is None:
        return False
    return given.kind != "integer" or given.low <= value <= given.high
