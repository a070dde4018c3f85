"""Fields of a YAML mapping, read by name; whatever is missing, unknown or malformed is an error with its line."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from fractions import Fraction
from typing import TypeVar

from tanhui_methods.errors import MethodError
from tanhui_methods.numbers import read_date, read_number
from tanhui_methods.syntax import FUNCTIONS, KEYWORDS, NAME
from tanhui_methods.units import Dimension, Unit, UnitError, describe, parse_unit
from tanhui_methods.yaml_tree import Mapping, Node, Scalar, Sequence

T = TypeVar("T")


class Fields:
    """A mapping of a block. `what` names it in messages, e.g. `参数 grid`."""

    def __init__(self, node: Node, path: str, what: str, known: Collection[str] | None) -> None:
        if not isinstance(node, Mapping):
            raise MethodError(f"{what}应写成“字段: 值”", path=path, line=node.line)
        self.node = node
        self.path = path
        self.what = what
        self.line = node.line
        self.values: dict[str, Node] = {key.text: value for key, value in node.pairs}
        for key, _ in node.pairs:
            if known is not None and key.text not in known:
                raise MethodError(
                    f"{what}没有“{key.text[:60]}”这个字段",
                    path=path,
                    line=key.line,
                    fix=f"可用的字段：{'、'.join(known)}",
                )

    def fail(self, key: str, message: str, fix: str = "") -> MethodError:
        node = self.values.get(key)
        line = node.line if node is not None else self.line
        return MethodError(message, path=self.path, line=line, fix=fix)

    def has(self, key: str) -> bool:
        """Whether the field is there and not empty."""
        node = self.values.get(key)
        return node is not None and not (isinstance(node, Scalar) and not node.text)

    def node_of(self, key: str) -> Node:
        if not self.has(key):
            raise self.fail(key, f"{self.what}缺少“{key}”", f"补上 {key}")
        return self.values[key]

    def text(self, key: str) -> str:
        node = self.node_of(key)
        if not isinstance(node, Scalar):
            raise self.fail(key, f"{self.what}的“{key}”应为一个值")
        return node.text

    def optional(self, key: str) -> str:
        return self.text(key) if self.has(key) else ""

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        text = self.text(key)
        if text not in allowed:
            raise self.fail(key, f"{self.what}的“{key}”不能是“{text[:60]}”", f"可用：{'、'.join(allowed)}")
        return text

    def truth(self, key: str) -> bool:
        return self.one_of(key, ("true", "false")) == "true"

    def name(self, key: str = "name") -> str:
        text = self.text(key)
        if not NAME.match(text) or text in KEYWORDS or text in FUNCTIONS:
            raise self.fail(
                key, f"“{text[:60]}”不能作名称", "用小写英文字母、数字和下划线，以字母开头，避开 if、min 等保留词"
            )
        return text

    def _read(self, key: str, read: Callable[[str], T]) -> T:
        try:
            return read(self.text(key))
        except (UnitError, ValueError) as error:
            raise self.fail(key, f"{self.what}的“{key}”：{error}") from None

    def day(self, key: str) -> date:
        return self._read(key, read_date)

    def optional_day(self, key: str) -> date | None:
        return self.day(key) if self.has(key) else None

    def number(self, key: str) -> Fraction:
        return self._read(key, read_number)

    def unit(self, key: str) -> Unit:
        return self._read(key, parse_unit)

    def whole(self, key: str, low: int, high: int) -> int:
        value = self.number(key)
        if value.denominator != 1 or not low <= value <= high:
            raise self.fail(key, f"{self.what}的“{key}”应为 {low} 至 {high} 的整数，实为“{self.text(key)[:60]}”")
        return int(value)

    def amount(self, key: str, dimension: Dimension, default: Unit | None = None) -> Fraction:
        """A quantity such as `100 km`, in base units; a bare number is in the `default` unit."""
        text = self.text(key)
        figure, _, unit_text = text.partition(" ")
        try:
            value = read_number(figure)
            if not unit_text.strip() and default is None and dimension:
                raise ValueError(f"“{text[:60]}”没有写单位")
            unit = parse_unit(unit_text.strip()) if unit_text.strip() else default or parse_unit("1")
        except (UnitError, ValueError) as error:
            raise self.fail(key, f"{self.what}的“{key}”：{error}", "例如 100 km") from None
        if unit.dimension != dimension:
            raise self.fail(key, f"{self.what}的“{key}”是{describe(unit.dimension)}，应为{describe(dimension)}")
        return value * unit.factor

    def items(self, key: str) -> tuple[Node, ...]:
        node = self.node_of(key)
        if not isinstance(node, Sequence):
            raise self.fail(key, f"{self.what}的“{key}”应为一列，每项以“- ”开头")
        return node.items

    def words(self, key: str) -> tuple[str, ...]:
        if not self.has(key):
            return ()
        words: list[str] = []
        for item in self.items(key):
            if not isinstance(item, Scalar):
                raise MethodError(f"{self.what}的“{key}”每项应为文字", path=self.path, line=item.line)
            words.append(item.text)
        return tuple(words)


def entries(node: Node | None, path: str, what: str) -> tuple[Node, ...]:
    """The items of a block that is a list; none for an empty block."""
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        raise MethodError(f"{what}应为一列，每项以“- ”开头", path=path, line=node.line)
    return node.items
