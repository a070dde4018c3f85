"""Units: exact conversion and dimensions, with the mass of CO2 equivalent as a dimension of its own.

pint keeps the definitions and the dimensions (with exact fractions, never floats); it is loaded on first use.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any, Final

Dimension = tuple[tuple[str, int], ...]
"""Sorted pairs of base unit and exponent; empty for a plain number."""

DIMENSIONLESS: Final[Dimension] = ()

# Definitions in pint's language. `gCO2` counts as `gCO2e`: the warming potential of CO2 is 1 by definition.
# kgce: GB/T 2589-2020, 29 307.6 kJ. `month` and `year` have no fixed number of days and stay apart from them.
_DEFINITIONS: Final = (
    "m = [length]", "km = 1000 m", "m2 = m**2", "hm2 = 10000 m2", "m3 = m**3", "L = m3 / 1000", "mL = L / 1000",
    "g = [mass]", "kg = 1000 g", "t = 1000 kg",
    "gCO2e = [co2e]", "kgCO2e = 1000 gCO2e", "tCO2e = 1000 kgCO2e",
    "gCO2 = gCO2e", "kgCO2 = kgCO2e", "tCO2 = tCO2e",
    "Wh = [energy]", "kWh = 1000 Wh", "MWh = 1000 kWh", "J = Wh / 3600", "MJ = 1000000 J", "GJ = 1000 MJ",
    "kgce = 293076 MJ / 10000", "tce = 1000 kgce",
    "s = [time]", "min = 60 s", "h = 60 min", "day = 24 h", "month = [month]", "year = [year]",
    "Nm3 = [normal_volume]", "item = [item]", "trip = [trip]", "step = [step]",
    "person = [person]", "household = [household]", "fen = [money]", "yuan = 100 fen",
    "passenger = []", "percent = 1 / 100",
)  # fmt: skip

NAMES: Final = frozenset(line.split(" ", 1)[0] for line in _DEFINITIONS)

CHINESE: Final[Mapping[str, str]] = {
    "m": "米", "km": "公里", "m2": "平方米", "hm2": "公顷", "m3": "立方米", "L": "升", "mL": "毫升",
    "g": "克", "kg": "千克", "t": "吨", "gCO2e": "克二氧化碳当量", "kgCO2e": "千克二氧化碳当量",
    "tCO2e": "吨二氧化碳当量", "gCO2": "克二氧化碳", "kgCO2": "千克二氧化碳", "tCO2": "吨二氧化碳",
    "Wh": "瓦时", "kWh": "千瓦时", "MWh": "兆瓦时", "J": "焦", "MJ": "兆焦", "GJ": "吉焦",
    "kgce": "千克标准煤", "tce": "吨标准煤", "s": "秒", "min": "分钟", "h": "小时", "day": "天",
    "month": "月", "year": "年", "Nm3": "标准立方米", "item": "件", "trip": "次", "step": "步",
    "person": "人", "household": "户", "fen": "分", "yuan": "元", "passenger": "人", "percent": "%",
}  # fmt: skip

_DIMENSION_NAMES: Final[Mapping[Dimension, str]] = {
    DIMENSIONLESS: "纯数",
    (("m", 1),): "长度",
    (("m", 2),): "面积",
    (("m", 3),): "体积",
    (("g", 1),): "质量",
    (("gCO2e", 1),): "二氧化碳当量的质量",
    (("Wh", 1),): "能量",
    (("s", 1),): "时间",
}

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z][A-Za-z0-9]*|%)|(?P<power>\*\*|\^)|(?P<mark>[*/·()])|(?P<number>-?\d))")
_LONGEST = 80
_DEEPEST = 8
_HIGHEST_POWER = 9


class UnitError(ValueError):
    """A unit that cannot be understood; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written, its dimension, and how many base units it holds (exact)."""

    text: str
    dimension: Dimension
    factor: Fraction

    def __str__(self) -> str:
        return self.text

    @property
    def chinese(self) -> str:
        """The unit as a resident reads it, e.g. `克二氧化碳当量/公里`."""
        spoken = re.sub(r"[A-Za-z][A-Za-z0-9]*", lambda name: CHINESE.get(name[0], name[0]), self.text)
        return spoken.replace("*", "·")


@cache
def _registry() -> Any:
    pint = importlib.import_module("pint")
    registry = pint.UnitRegistry(None, non_int_type=Fraction, on_redefinition="raise")
    for line in _DEFINITIONS:
        registry.define(line)
    return registry


@cache
def _named(name: str) -> tuple[Dimension, Fraction]:
    registry = _registry()
    quantity = registry.Quantity(Fraction(1), registry.Unit(name)).to_base_units()
    powers = {str(base): int(power) for base, power in quantity._units.items() if str(base) != "passenger"}
    return _sorted(powers), Fraction(quantity.magnitude)


def _sorted(powers: Mapping[str, int]) -> Dimension:
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def multiply(left: Dimension, right: Dimension, sign: int = 1) -> Dimension:
    """The dimension of a product, or of a quotient with `sign=-1`."""
    powers = dict(left)
    for base, power in right:
        powers[base] = powers.get(base, 0) + sign * power
    return _sorted(powers)


def raise_to(dimension: Dimension, power: int) -> Dimension:
    return _sorted({base: exponent * power for base, exponent in dimension})


def describe(dimension: Dimension) -> str:
    """A dimension as a person reads it, e.g. `长度（m）` or `gCO2e/m`."""
    above = "·".join(base + (str(power) if power != 1 else "") for base, power in dimension if power > 0)
    below = "·".join(base + (str(-power) if power != -1 else "") for base, power in dimension if power < 0)
    written = (above or "1") + (f"/{below}" if below else "")
    name = _DIMENSION_NAMES.get(dimension)
    if name is None:
        return written
    return f"{name}（{written}）" if dimension else name


@cache
def parse_unit(text: str) -> Unit:
    """Read a unit such as `kgCO2e/(passenger*km)`. Raises UnitError with a Chinese message."""
    if len(text) > _LONGEST:
        raise UnitError(f"单位太长（至多{_LONGEST}个字符）")
    tokens = _tokens(text)
    if tokens == ["1"]:
        return Unit("", DIMENSIONLESS, Fraction(1))
    reader = _Reader(text, tokens)
    dimension, factor = reader.product(0)
    if reader.at < len(tokens):
        raise UnitError(f"单位“{text}”写法有误：“{tokens[reader.at]}”放错了地方")
    return Unit(text, dimension, factor)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            raise UnitError(f"单位“{text}”中的“{text[place]}”不认识")
        tokens.append("^" if found["power"] else found[0].strip())
        place = found.end()
    if not tokens:
        raise UnitError("没有写单位")
    return tokens


class _Reader:
    def __init__(self, text: str, tokens: list[str]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def product(self, depth: int) -> tuple[Dimension, Fraction]:
        dimension, factor = self.power(depth)
        while self.peek() in {"*", "/", "·"}:
            sign = -1 if self.peek() == "/" else 1
            self.at += 1
            other, size = self.power(depth)
            dimension = multiply(dimension, other, sign)
            factor = factor * size if sign == 1 else factor / size
        return dimension, factor

    def power(self, depth: int) -> tuple[Dimension, Fraction]:
        dimension, factor = self.atom(depth)
        if self.peek() == "^":
            self.at += 1
            try:
                exponent = int(self.peek())
            except ValueError:
                raise UnitError(f"单位“{self.text}”的指数要写成一位整数") from None
            self.at += 1
            if not 1 <= abs(exponent) <= _HIGHEST_POWER:
                raise UnitError(f"单位“{self.text}”的指数超出范围")
            dimension, factor = raise_to(dimension, exponent), factor**exponent
        return dimension, factor

    def atom(self, depth: int) -> tuple[Dimension, Fraction]:
        word = self.peek()
        self.at += 1
        if word == "(":
            if depth >= _DEEPEST:
                raise UnitError(f"单位“{self.text}”括号套得太深")
            inside = self.product(depth + 1)
            if self.peek() != ")":
                raise UnitError(f"单位“{self.text}”缺少右括号")
            self.at += 1
            return inside
        if word == "1":
            return DIMENSIONLESS, Fraction(1)
        name = "percent" if word == "%" else word
        if name not in NAMES:
            what = f"“{word}”不是认识的单位" if word else f"“{self.text}”没有写完"
            raise UnitError(f"{what}；可用的单位：{' '.join(sorted(NAMES, key=str.lower))}")
        return _named(name)
