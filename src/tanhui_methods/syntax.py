"""The formula language: tokens, tree and parser. Nothing is ever handed to Python's own evaluator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from tanhui_methods.errors import MethodError
from tanhui_methods.numbers import read_number
from tanhui_methods.units import Unit, UnitError, parse_unit

KEYWORDS: Final = frozenset({"and", "or", "not", "if", "then", "else"})
FUNCTIONS: Final = {"min": (2, 20), "max": (2, 20), "floor": (1, 2)}
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
DEEPEST: Final = 40
_TALLEST: Final = 120
_MOST_TOKENS: Final = 2_000
_LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file and a column (both 1-based)."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction
    unit: Unit
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    operator: str
    operand: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic (`+ - * /`), comparison (`== != < <= > >=`) or logic (`and or`)."""

    operator: str
    left: Expression
    right: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`min`, `max` or `floor`."""

    function: str
    arguments: tuple[Expression, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class If:
    condition: Expression
    then: Expression
    otherwise: Expression
    place: Place = field(compare=False)


Expression = Number | Text | Name | Unary | Binary | Call | If


@dataclass(frozen=True, slots=True)
class Formula:
    """`name = expression`, and the text it was written as."""

    name: str
    expression: Expression
    text: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: Place


_SIGNS: Final = {
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "（": "(",
    "）": ")",
    "，": ",",
}
_TOKEN: Final = re.compile(
    r"(?P<space>[ \t\r\u3000]+|#[^\n]*)"
    r"|(?P<newline>\n)"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z%][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"\n]*\"|“[^”\n]*”)"
    r"|(?P<unit>\[[^\]\n]*\])"
    r"|(?P<sign>==|!=|<=|>=|[-+*/<>=(),×·÷−≠≤≥（），])",
    re.ASCII,
)
# Binding power of infix operators; comparison does not chain.
_POWERS: Final = {
    "or": 10, "and": 20, "==": 40, "!=": 40, "<": 40, "<=": 40, ">": 40, ">=": 40,
    "+": 50, "-": 50, "*": 60, "/": 60,
}  # fmt: skip
_NOT_POWER: Final = 30
_MINUS_POWER: Final = 70
_COMPARISON: Final = 40


def _tokens(text: str, path: str, line: int) -> Iterator[_Token]:
    at, line_start, count = 0, 0, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        place = Place(line, at - line_start + 1)
        if found is None:
            raise MethodError(
                f"公式第 {place.column} 列的“{text[at]}”不认识", path=path, line=line,
                fix="文字用双引号，复合单位用方括号，名称用小写英文",
            )  # fmt: skip
        kind = str(found.lastgroup)
        at = found.end()
        if kind == "newline":
            line, line_start = line + 1, at
        elif kind != "space":
            count += 1
            if count > _MOST_TOKENS:
                raise MethodError(f"公式太长（至多 {_MOST_TOKENS} 个词）", path=path, line=line, fix="拆成几个公式")
            yield _Token(kind, _SIGNS.get(found[0], found[0]), place)


def parse_expression(text: str, *, path: str, line: int) -> Expression:
    """Parse one expression that begins on `line`. Raises MethodError."""
    if len(text) > _LONGEST:
        raise MethodError("公式太长", path=path, line=line, fix="拆成几个公式")
    parser = _Parser(list(_tokens(text, path, line)), path, line)
    return parser.whole()


def parse_formulas(text: str, *, path: str, first_line: int) -> list[Formula]:
    """Parse a formula block: one `name = expression` a line, indented lines continue. Raises MethodError."""
    formulas: list[Formula] = []
    for line, statement in _statements(text, path, first_line):
        tokens = list(_tokens(statement, path, line))
        if not tokens:
            continue
        if len(tokens) < 2 or tokens[0].kind != "name" or tokens[1].text != "=":
            raise MethodError(
                "公式应写成“名称 = 表达式”", path=path, line=line, fix="例如 reduction = baseline − project"
            )
        name = tokens[0].text
        if not NAME.match(name) or name in KEYWORDS or name in FUNCTIONS:
            raise MethodError(
                f"“{name[:60]}”不能作名称",
                path=path,
                line=line,
                fix="用小写英文字母、数字和下划线，避开 if、min 等保留词",
            )
        parser = _Parser(tokens[2:], path, line)
        expression = parser.whole()
        formulas.append(Formula(name, expression, " ".join(statement.split()), tokens[0].place))
    return formulas


def _statements(text: str, path: str, first_line: int) -> Iterator[tuple[int, str]]:
    start, gathered = first_line, ""
    for number, line in enumerate(text.split("\n"), first_line):
        if line.strip() and not line[0].isspace():
            if gathered:
                yield start, gathered
            start, gathered = number, line
        elif gathered:
            gathered += "\n" + line
        elif line.split("#", 1)[0].strip():
            raise MethodError("公式的第一行不应缩进", path=path, line=number, fix="顶格写“名称 = 表达式”")
        if len(gathered) > _LONGEST:
            raise MethodError("公式太长", path=path, line=start, fix="拆成几个公式")
    if gathered:
        yield start, gathered


class _Parser:
    """A Pratt parser over a list of tokens, with a bound on depth."""

    def __init__(self, tokens: list[_Token], path: str, line: int) -> None:
        self.tokens = tokens
        self.path = path
        self.at = 0
        self.end = _Token("end", "", tokens[-1].place if tokens else Place(line, 1))

    def peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else self.end

    def next(self) -> _Token:
        token = self.peek()
        self.at += 1
        return token

    def fail(self, token: _Token, message: str, fix: str = "") -> MethodError:
        return MethodError(message, path=self.path, line=token.place.line, fix=fix)

    def expect(self, text: str) -> _Token:
        token = self.next()
        if token.text != text or token.kind in {"text", "unit"}:
            found = f"“{token.text[:60]}”" if token.kind != "end" else "公式的末尾"
            raise self.fail(token, f"第 {token.place.column} 列应为“{text}”，却是{found}")
        return token

    def whole(self) -> Expression:
        """One expression and nothing after it, not too deep for those who walk it recursively."""
        expression = self.expression(0, 0)
        self.expect_end()
        pending = [(expression, 1)]
        while pending:
            node, depth = pending.pop()
            if depth > _TALLEST:
                message = f"公式套得太深（展开后至多 {_TALLEST} 层）"
                raise MethodError(message, path=self.path, line=node.place.line, fix="拆成几个公式")
            pending.extend((child, depth + 1) for child in children(node))
        return expression

    def expect_end(self) -> None:
        token = self.peek()
        if token.kind != "end":
            raise self.fail(
                token, f"第 {token.place.column} 列的“{token.text[:60]}”多余或放错了地方",
                "比较不能连写；两个量之间要有运算符；复合单位用方括号",
            )  # fmt: skip

    def expression(self, power: int, depth: int) -> Expression:
        if depth > DEEPEST:
            raise self.fail(self.peek(), f"公式套得太深（至多 {DEEPEST} 层）", "拆成几个公式")
        left = self.prefix(depth)
        height = 0
        while True:
            token = self.peek()
            binding = _POWERS.get(token.text, 0) if token.kind in {"sign", "name"} else 0
            if binding <= power:
                return left
            height += 1
            if height > DEEPEST:
                raise self.fail(token, f"一串运算太长（至多 {DEEPEST} 个）", "拆成几个公式，或加括号分组")
            self.next()
            right = self.expression(binding, depth + 1)
            left = Binary(token.text, left, right, token.place)
            if binding == _COMPARISON:
                following = self.peek()
                if _POWERS.get(following.text, 0) == _COMPARISON and following.kind == "sign":
                    raise self.fail(following, "比较不能连写", "写成 a < b and b < c")

    def prefix(self, depth: int) -> Expression:
        token = self.next()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "text":
            return Text(token.text[1:-1], token.place)
        if token.text == "(" and token.kind == "sign":
            inside = self.expression(0, depth + 1)
            self.expect(")")
            return inside
        if token.text == "-" and token.kind == "sign":
            return Unary("-", self.expression(_MINUS_POWER, depth + 1), token.place)
        if token.kind == "name":
            return self.named(token, depth)
        where = f"第 {token.place.column} 列的“{token.text[:60]}”前" if token.kind != "end" else "公式末尾"
        raise self.fail(token, f"{where}缺少一个量")

    def named(self, token: _Token, depth: int) -> Expression:
        if token.text == "not":
            return Unary("not", self.expression(_NOT_POWER, depth + 1), token.place)
        if token.text == "if":
            condition = self.expression(0, depth + 1)
            self.expect("then")
            then = self.expression(0, depth + 1)
            self.expect("else")
            return If(condition, then, self.expression(0, depth + 1), token.place)
        if token.text in FUNCTIONS:
            return self.call(token, depth)
        if token.text in KEYWORDS:
            raise self.fail(token, f"第 {token.place.column} 列的“{token.text}”放错了地方")
        if self.peek().text == "(" and self.peek().kind == "sign":
            raise self.fail(token, f"没有“{token.text[:60]}”这个函数", f"可用的函数：{'、'.join(FUNCTIONS)}")
        if not NAME.match(token.text):
            raise self.fail(token, f"“{token.text[:60]}”不能作名称", "用小写英文字母、数字和下划线")
        return Name(token.text, token.place)

    def call(self, token: _Token, depth: int) -> Call:
        self.expect("(")
        arguments = [self.expression(0, depth + 1)]
        while self.peek().text == "," and self.peek().kind == "sign":
            self.next()
            arguments.append(self.expression(0, depth + 1))
        self.expect(")")
        fewest, most = FUNCTIONS[token.text]
        if not fewest <= len(arguments) <= most:
            raise self.fail(token, f"{token.text} 应有 {fewest} 至 {most} 项，实有 {len(arguments)} 项")
        return Call(token.text, tuple(arguments), token.place)

    def number(self, token: _Token) -> Number:
        following = self.peek()
        written = "1"
        is_unit = following.kind == "name" and following.text not in KEYWORDS and following.text not in FUNCTIONS
        if following.kind == "unit" or is_unit:
            self.next()
            written = following.text.strip("[]").strip() if following.kind == "unit" else following.text
        try:
            return Number(read_number(token.text), parse_unit(written), token.place)
        except (UnitError, ValueError) as error:
            raise self.fail(token, str(error)) from None


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it."""
    pending = [expression]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))


def children(node: Expression) -> tuple[Expression, ...]:
    if isinstance(node, Unary):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, If):
        return (node.condition, node.then, node.otherwise)
    return ()


def names(expression: Expression) -> list[Name]:
    """The names that an expression mentions, each place once."""
    return [node for node in walk(expression) if isinstance(node, Name)]
