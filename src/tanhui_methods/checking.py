"""Checks between the parts of a method: names, cycles, and the dimension of every expression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tanhui_methods.errors import Findings, MethodError
from tanhui_methods.model import FACTS, Condition, Input, Parameter
from tanhui_methods.reading import CO2E
from tanhui_methods.syntax import (
    Binary,
    Call,
    Expression,
    Formula,
    If,
    Name,
    Number,
    Text,
    Unary,
    names,
    walk,
)
from tanhui_methods.units import DIMENSIONLESS, Dimension, describe, multiply

BOOLEAN: Final = "bool"
TEXT: Final = "text"
Type = Dimension | str
ROOT: Final = "reduction"
_COMPARE: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})


@dataclass
class Scope:
    """What a name may mean in one file."""

    path: str
    inputs: Mapping[str, Input]
    parameters: Mapping[str, Parameter]
    formulas: Mapping[str, Formula]

    def known(self) -> list[str]:
        return sorted({*self.inputs, *self.parameters, *self.formulas})


def check_names(scope: Scope, conditions: Iterable[Condition], findings: Findings) -> None:
    """Every name that is used exists, and is declared once."""
    lines: dict[str, int] = {}
    declared: list[tuple[str, int]] = [
        *((name, each.line) for name, each in scope.inputs.items()),
        *((name, each.line) for name, each in scope.parameters.items()),
        *((name, each.place.line) for name, each in scope.formulas.items()),
    ]
    for name, line in declared:
        if name in lines:
            findings.add(line, f"“{name}”重名，第 {lines[name]} 行已经用过", "换一个名称")
        lines[name] = line
    for formula in scope.formulas.values():
        for mention in names(formula.expression):
            if mention.name not in lines:
                findings.add(
                    mention.place.line,
                    f"公式 {formula.name} 用到的“{mention.name}”没有声明",
                    _hint(mention.name, scope),
                )
    for condition in conditions:
        for mention in names(condition.rule):
            if mention.name in scope.formulas:
                findings.add(
                    mention.place.line, f"条件 {condition.name} 不能用公式“{mention.name}”", "条件只用输入和参数"
                )
            elif mention.name not in lines:
                findings.add(
                    mention.place.line,
                    f"条件 {condition.name} 用到的“{mention.name}”没有声明",
                    _hint(mention.name, scope),
                )


def _hint(name: str, scope: Scope) -> str:
    if name in FACTS:
        return f"{name} 不能用在公式里"
    return f"已声明的名称：{'、'.join(scope.known()[:40])}" if scope.known() else "先在 inputs 或 parameters 里声明"


def order_formulas(scope: Scope, findings: Findings) -> tuple[str, ...]:
    """All formulas, each after what it needs. A cycle is an error that spells it out."""
    needs = {
        name: [each.name for each in names(formula.expression) if each.name in scope.formulas]
        for name, formula in scope.formulas.items()
    }
    order: list[str] = []
    state: dict[str, int] = {}
    for start in needs:
        trail = [start] if start not in state else []
        while trail:
            name = trail[-1]
            if state.get(name) == 2:
                trail.pop()
                continue
            state[name] = 1
            waiting = next((need for need in needs[name] if state.get(need) != 2), None)
            if waiting is None:
                state[name] = 2
                order.append(name)
                trail.pop()
            elif state.get(waiting) == 1:
                loop = [*trail[trail.index(waiting) :], waiting]
                line = scope.formulas[waiting].place.line
                findings.add(line, f"公式循环：{' → '.join(loop)}", "去掉其中一处引用")
                return ()
            else:
                trail.append(waiting)
    return tuple(order)


def reached(scope: Scope, order: tuple[str, ...]) -> tuple[str, ...]:
    """Of the ordered formulas, those on which the reduction depends."""
    wanted = {ROOT}
    for name in reversed(order):
        if name in wanted:
            wanted.update(each.name for each in names(scope.formulas[name].expression))
    return tuple(name for name in order if name in wanted)


def check_dimensions(scope: Scope, order: tuple[str, ...], conditions: Iterable[Condition], findings: Findings) -> None:
    """Every expression has one type; the reduction is a mass of CO2e, a condition is true or false."""
    typer = Typer(scope)
    for name in order:
        formula = scope.formulas[name]
        try:
            check_literals(formula, scope.path)
            found = typer.of(formula.expression)
            if found is not None and not isinstance(found, tuple):
                raise MethodError(
                    f"公式 {name} 不是数量", path=scope.path, line=formula.place.line, fix="把判断直接写进 if 的条件里"
                )
            typer.formulas[name] = found
            typer.constant[name] = typer.is_constant(formula.expression)
        except MethodError as error:
            findings.keep(error)
            typer.formulas[name] = None
    for name in (ROOT, "baseline", "project", "leakage"):
        found = typer.formulas.get(name)
        if found is not None and found != CO2E:
            message = f"{name} 应为二氧化碳当量的质量，却是{describe(found)}"
            findings.add(scope.formulas[name].place.line, message, "检查各项的单位")
    for condition in conditions:
        try:
            if typer.of(condition.rule) not in {BOOLEAN, None}:
                findings.add(condition.line, f"条件 {condition.name} 不是一个判断", "例如 distance_m >= 100 m")
        except MethodError as error:
            findings.keep(error)


def check_literals(formula: Formula, path: str) -> None:
    """Only 0 and 1 may be written in formulas: any other constant needs a source."""
    for node in walk(formula.expression):
        if isinstance(node, Number) and node.value not in {0, 1}:
            raise MethodError(
                f"公式 {formula.name} 里直接写了常数 {node.value}", path=path, line=node.place.line,
                fix="把它列入 parameters，写明单位和出处",
            )  # fmt: skip


class _Unknown(Exception):
    """The type rests on a formula that already failed; no second error for it."""


class Typer:
    """Finds the type of expressions, innermost first."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.formulas: dict[str, Dimension | None] = {}
        self.constant: dict[str, bool] = {}

    def of(self, node: Expression) -> Type | None:
        """The type, or None when it cannot be known because of an earlier error. Raises MethodError."""
        try:
            return self._of(node)
        except _Unknown:
            return None

    def fail(self, node: Expression, message: str, fix: str = "") -> MethodError:
        return MethodError(message, path=self.scope.path, line=node.place.line, fix=fix)

    def is_constant(self, node: Expression) -> bool:
        """Whether the value is the same for all events of a day."""
        for mention in names(node):
            parameter = self.scope.parameters.get(mention.name)
            if parameter is None and not self.constant.get(mention.name, False):
                return False
            if parameter is not None and parameter.by is not None:
                return False
        return True

    def _of(self, node: Expression) -> Type:
        if isinstance(node, Number):
            return node.unit.dimension
        if isinstance(node, Text):
            return TEXT
        if isinstance(node, Name):
            return self._named(node)
        if isinstance(node, Unary):
            inner = self._of(node.operand)
            if node.operator == "not":
                return self._expect_truth(node.operand, inner, "not")
            return self._expect_quantity(node.operand, inner)
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Call):
            return self._call(node)
        return self._if(node)

    def _named(self, node: Name) -> Type:
        if node.name in self.scope.inputs:
            unit = self.scope.inputs[node.name].unit
            return TEXT if unit is None else unit.dimension
        if node.name in self.scope.parameters:
            return self.scope.parameters[node.name].unit.dimension
        found = self.formulas.get(node.name)
        if found is None:
            raise _Unknown
        return found

    def _expect_truth(self, node: Expression, found: Type, operator: str) -> Type:
        if found != BOOLEAN:
            raise self.fail(node, f"“{operator}”两边应为判断，{self._show(node, found)}不是", "例如 distance_m > 0 m")
        return BOOLEAN

    def _expect_quantity(self, node: Expression, found: Type) -> Dimension:
        if not isinstance(found, tuple):
            raise self.fail(node, f"{self._show(node, found)}不是数量，不能参加运算")
        return found

    def _show(self, node: Expression, found: Type) -> str:
        what = describe(found) if isinstance(found, tuple) else ("判断" if found == BOOLEAN else "文字")
        label = node.name if isinstance(node, Name) else "这一项"
        return f"“{label}”（{what}）" if isinstance(node, Name) else f"{label}（{what}）"

    def _binary(self, node: Binary) -> Type:
        left, right = self._of(node.left), self._of(node.right)
        if node.operator in {"and", "or"}:
            self._expect_truth(node.left, left, node.operator)
            return self._expect_truth(node.right, right, node.operator)
        if TEXT in {left, right}:
            return self._text_comparison(node, left, right)
        first = self._expect_quantity(node.left, left)
        second = self._expect_quantity(node.right, right)
        if node.operator in {"*", "/"}:
            if node.operator == "/" and not self.is_constant(node.right):
                raise self.fail(
                    node, f"除数{self._show(node.right, right)}随行为变化，不能精确计算", "改写为乘法，或除以一个参数"
                )
            return multiply(first, second, 1 if node.operator == "*" else -1)
        if first != second:
            verb = {"+": "相加", "-": "相减"}.get(node.operator, "比较")
            raise self.fail(
                node, f"{self._show(node.left, left)}与{self._show(node.right, right)}量纲不同，不能{verb}",
                "检查各项的单位；常数要写单位，例如 0 gCO2e",
            )  # fmt: skip
        return BOOLEAN if node.operator in _COMPARE else first

    def _text_comparison(self, node: Binary, left: Type, right: Type) -> Type:
        if node.operator not in {"==", "!="} or left != TEXT or right != TEXT:
            raise self.fail(node, "文字只能用 == 或 != 与文字比较")
        name, text = (node.left, node.right) if isinstance(node.left, Name) else (node.right, node.left)
        if not isinstance(name, Name) or not isinstance(text, Text):
            raise self.fail(node, "文字比较应一边是输入、一边是双引号里的文字")
        choices = self.scope.inputs[name.name].choices
        if choices and text.value not in choices:
            raise self.fail(node, f"输入 {name.name} 没有选项“{text.value[:60]}”", f"可用的选项：{'、'.join(choices)}")
        return BOOLEAN

    def _call(self, node: Call) -> Type:
        kinds = [self._expect_quantity(each, self._of(each)) for each in node.arguments]
        if len(kinds) == 1 and kinds[0] != DIMENSIONLESS:
            raise self.fail(
                node, f"floor 只写一项时应为纯数，却是{describe(kinds[0])}", "例如 floor(duration_s, 1 day)"
            )
        for kind in kinds[1:]:
            if kind != kinds[0]:
                raise self.fail(node, f"{node.function} 各项量纲不同：{describe(kinds[0])} 与 {describe(kind)}")
        if node.function == "floor" and len(kinds) == 2 and not self.is_constant(node.arguments[1]):
            raise self.fail(node, "floor 的第二项应为常数", "写成参数或带单位的 1")
        return kinds[0]

    def _if(self, node: If) -> Type:
        self._expect_truth(node.condition, self._of(node.condition), "if")
        then, otherwise = self._of(node.then), self._of(node.otherwise)
        first = self._expect_quantity(node.then, then)
        if first != self._expect_quantity(node.otherwise, otherwise):
            raise self.fail(
                node, f"if 的两支量纲不同：{self._show(node.then, then)}与{self._show(node.otherwise, otherwise)}"
            )
        return first
