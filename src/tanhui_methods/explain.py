"""How one number came about, in Chinese, at three depths.

*sentence* for the resident; *arithmetic* for the curious: every step with values, units and sources; *audit* for
whoever checks: also the rule's hashes, every factor row, every condition and the event as it was evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from tanhui_methods.checking import Scope, Typer
from tanhui_methods.errors import MethodError
from tanhui_methods.evaluate import Cut, Trace, period_key, select, trace_events
from tanhui_methods.factors import STATUSES
from tanhui_methods.model import GRADES, METHOD_STATUSES, Cap, Input, Method, Parameter
from tanhui_methods.numbers import show
from tanhui_methods.syntax import Binary, Call, Expression, If, Name, Number, Text, Unary, names
from tanhui_methods.units import Dimension, Unit, parse_unit

Depth = Literal["sentence", "arithmetic", "audit"]
DEPTHS: Final = ("sentence", "arithmetic", "audit")
FORMULA_TITLES: Final = {
    "baseline": "基准线排放",
    "project": "低碳行为排放",
    "leakage": "泄漏",
    "reduction": "减排量",
}
_PERIODS: Final = {"day": "每日", "month": "每月", "year": "每年"}
_LARGER: Final = {"m": "km", "g": "kg", "Wh": "kWh", "s": "min", "mL": "L", "fen": "yuan"}
_OPERATORS: Final = {
    "*": "×", "/": "÷", "-": "−", "+": "+", "==": "=", "!=": "≠", "<=": "≤", ">=": "≥", "<": "<", ">": ">",
    "and": "且", "or": "或",
}  # fmt: skip
_POWER: Final = {"or": 1, "and": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4, "*": 5, "/": 5}


@dataclass(frozen=True, slots=True)
class Explanation:
    """One step: what it is, how it was computed, what it came to, where its values are from, and its parts."""

    title: str
    text: str = ""
    value: str = ""
    source: str = ""
    parts: tuple[Explanation, ...] = ()

    def to_text(self) -> str:
        """The tree as indented lines."""
        return "\n".join(self._lines(0))

    def _lines(self, depth: int) -> Iterator[str]:
        line = "　" * depth + self.title
        if self.text:
            line += f"：{self.text}" if self.title else self.text
        if self.value:
            line += f" = {self.value}" if self.text else f"：{self.value}"
        if self.source:
            line += f"（{self.source}）"
        yield line
        for part in self.parts:
            yield from part._lines(depth + 1)

    def to_dict(self) -> dict[str, Any]:
        """The tree as JSON-ready values; empty fields are left out."""
        found: dict[str, Any] = {"title": self.title}
        for key in ("text", "value", "source"):
            if getattr(self, key):
                found[key] = getattr(self, key)
        if self.parts:
            found["parts"] = [part.to_dict() for part in self.parts]
        return found


def explain(
    method: Method, events: Iterable[Mapping[str, Any]], event_id: int, depth: Depth = "sentence"
) -> Explanation:
    """The explanation of one event among those of its person and period (`method.cap_horizon`).

    Raises MethodError when the event is not among them.
    """
    if depth not in DEPTHS:
        raise MethodError(f"没有“{depth}”这个深度", fix=f"可用：{'、'.join(DEPTHS)}")
    traces = trace_events(method, events, strict=False)
    trace = next((each for each in traces if each.event["event_id"] == event_id), None)
    if trace is None:
        raise MethodError(f"所给的行为中没有编号 {event_id}", fix="把要解释的行为和同一人同一周期的其他行为一起给出")
    return _Explainer(method, traces, trace).at(depth)


def amount(value: Fraction | int, unit: Unit, *, exact: bool = False) -> str:
    """A quantity for people; in the next larger unit where that reads better."""
    larger = _LARGER.get(unit.text)
    if larger is not None and not exact:
        big = parse_unit(larger)
        scaled = Fraction(value) * unit.factor / big.factor
        if abs(scaled) >= 1:
            return show(scaled, 3) + big.chinese
    return show(Fraction(value)) + unit.chinese


def chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


class _Explainer:
    def __init__(self, method: Method, traces: list[Trace], trace: Trace) -> None:
        self.method = method
        self.traces = traces
        self.trace = trace
        self.result = trace.result()
        self.typer = Typer(Scope(method.path, method.inputs, method.parameters, method.formulas))
        for name in method.order:
            found = self.typer.of(method.formulas[name].expression)
            self.typer.formulas[name] = found if isinstance(found, tuple) else None

    def at(self, depth: Depth) -> Explanation:
        if depth == "sentence":
            return Explanation("", self.sentence())
        parts = [self.inputs(), *self.steps()]
        if depth == "audit":
            parts += self.audit()
        return Explanation(self.method.title, self.sentence(), parts=tuple(part for part in parts if part is not None))

    # the sentence

    def sentence(self) -> str:
        act = f"{chinese_day(self.trace.day)}，{self.method.citizen_title}"
        quantities = "、".join(self.spoken(given) for given in self.method.inputs.values() if self.is_said(given))
        opening = f"{act}（{quantities}）" if quantities else act
        return f"{opening}{self.ending()}"

    def is_said(self, given: Input) -> bool:
        """Whether a resident wants to hear of an input: whatever enters the formulas, not technical readings."""
        mentioned = {each.name for name in self.method.order for each in names(self.method.formulas[name].expression)}
        by = {self.method.parameters[name].by for name in self.method.used}
        return given.kind != "text" and self.trace.given[given.name] is not None and given.name in mentioned | by

    def spoken(self, given: Input) -> str:
        value = self.trace.given[given.name]
        if given.unit is not None:
            return f"{given.title}{amount(value, given.unit)}"
        return f"{given.title}{given.choices.get(value, value)}"

    def ending(self) -> str:
        result = self.result
        grams = f"减少排放 {result.reduction_g} 克二氧化碳当量，得 {result.points} 分"
        lowered = ""
        if self.trace.expired:
            titles = "、".join(dict.fromkeys(parameter.title for parameter, _ in self.trace.expired))
            lowered = f"（参数“{titles}”已过有效期，证据等级降为 {GRADES[result.grade - 1]}）"
        if result.outcome == "counted":
            multiplier = self.method.grades.written[result.grade - 1]
            share = (
                "" if multiplier in {"1", "1.0"} else f"，证据等级 {GRADES[result.grade - 1]} 按系数 {multiplier} 计"
            )
            return f"：{grams}{share}{lowered}。"
        if result.outcome == "capped":
            title = next(cap.title for cap in self.method.caps if cap.name == result.cap)
            what = f"只计入余下的部分，{grams}" if result.reduction_g else "这一条不再计入"
            return f"：已达到“{title}”，{what}{lowered}。"
        return f"：未计入，{self.reason()}{lowered}。"

    def reason(self) -> str:
        """Why an event does not count."""
        head, _, rest = self.result.outcome.partition(":")
        if head == "duplicate":
            return "与更早的一条记录重复，只计更早的那一条"
        if head == "not_applicable":
            if rest == "grade":
                return f"本方法学不接受证据等级 {GRADES[self.trace.grade - 1]}"
            return next(condition.message for condition in self.method.conditions if condition.name == rest)
        kind, _, name = rest.partition(":")
        title = self.method.inputs[name].title if name in self.method.inputs else name
        if kind == "missing":
            return f"缺少“{title}”"
        if kind == "bounds":
            return f"“{title}”超出可能的范围"
        if kind == "factor" and self.trace.missing is not None:
            return self.trace.missing.message
        return f"另有原因（{rest}）"

    # the arithmetic

    def inputs(self) -> Explanation:
        parts = []
        for given in self.method.inputs.values():
            value = self.trace.given[given.name]
            if value is None:
                shown = "缺"
            elif given.unit is not None:
                shown = f"{value}{given.unit.chinese}"
            else:
                shown = str(given.choices.get(value, value))
            parts.append(Explanation(given.title, value=shown))
        grade = GRADES[self.trace.event["grade"] - 1] if self.trace.event["grade"] in {1, 2, 3, 4} else "无"
        parts.append(Explanation("证据等级", value=grade))
        return Explanation("输入", parts=tuple(parts))

    def steps(self) -> Iterator[Explanation]:
        trace = self.trace
        if trace.why:
            yield Explanation("结果", f"不计入：{self.reason()}")
            return
        for parameter, segment in trace.expired:
            text = (
                f"“{parameter.title}”的有效期至 {segment.best_before}，已过期，证据等级降为 {GRADES[trace.grade - 1]}"
            )
            yield Explanation("等级", text)
        for cut in trace.cuts:
            if cut.cap.of not in {"reduction", "points"}:
                yield self.cut(cut)
        if trace.stopped:
            yield Explanation("结果", value="0 克，0 分")
            return
        yield self.formula("reduction", set())
        yield self.rounding()
        yield from (self.cut(cut) for cut in trace.cuts if cut.cap.of == "reduction")
        yield self.points()
        yield from (self.cut(cut) for cut in trace.cuts if cut.cap.of == "points")
        yield Explanation("结果", value=f"{trace.reduction_g} 克二氧化碳当量，{trace.points} 分")

    def cut(self, cut: Cut) -> Explanation:
        unit = self.cap_unit(cut.cap)
        limit, used = (amount(value, unit) for value in (cut.cap.limit, cut.used))
        asked, allowed = (amount(value, unit) for value in (cut.asked, cut.allowed))
        verb = "全部计入" if cut.allowed == cut.asked else (f"只计 {allowed}" if cut.allowed else "不再计入")
        text = f"上限 {limit}，此前已计 {used}，本条 {asked}，{verb}"
        return Explanation(f"{_PERIODS[cut.cap.per]}上限“{cut.cap.title}”", text, source=cut.cap.source)

    def cap_unit(self, cap: Cap) -> Unit:
        if cap.of == "reduction":
            return parse_unit("gCO2e")
        if cap.of in {"count", "points"}:
            return Unit("次" if cap.of == "count" else "分", (), Fraction(1))
        unit = self.method.inputs[cap.of].unit
        assert unit is not None
        return unit

    def formula(self, name: str, seen: set[str]) -> Explanation:
        """One formula: its words, its figures, its value; below it what it rests on, each once in the tree."""
        expression = self.method.formulas[name].expression
        parts: list[Explanation] = []
        for mention in dict.fromkeys(each.name for each in reversed(names(expression))):
            if mention in seen:
                continue
            seen.add(mention)
            if mention in self.method.formulas:
                parts.append(self.formula(mention, seen))
            elif mention in self.method.parameters:
                parts.append(self.parameter(self.method.parameters[mention]))
        words = self.words(expression, figures=False)
        figures = self.words(expression, figures=True)
        text = words if words == figures else f"{words} = {figures}"
        return Explanation(self.title(name), text, self.formula_value(name), parts=tuple(parts))

    def formula_value(self, name: str) -> str:
        dimension = self.typer.formulas.get(name) or ()
        return f"{show(self.trace.values[name])}{base_unit(dimension).chinese}"

    def title(self, name: str) -> str:
        if name in self.method.inputs:
            return self.method.inputs[name].title
        if name in self.method.parameters:
            return self.method.parameters[name].title
        return FORMULA_TITLES.get(name, name)

    def parameter(self, parameter: Parameter) -> Explanation:
        entry = select(parameter, self.trace.kept)
        segment = entry.at(self.trace.day)
        assert segment is not None
        value = show(segment.value / parameter.unit.factor, 12) + parameter.unit.chinese
        row = segment.row
        source, status = (row.source, row.status) if row is not None else (entry.source, entry.status)
        said = [source, STATUSES[status]]
        if row is not None:
            said.append(row.region + (f"，{row.year}年" if row.year is not None else ""))
        if parameter.uncertainty:
            said.append(f"不确定度 {parameter.uncertainty}")
        if segment.best_before is not None:
            said.append(f"有效期至 {segment.best_before}")
        note = entry.note or parameter.note or (row.note if row is not None else "")
        return Explanation(parameter.title, value=value, source="；".join([*said, note] if note else said))

    def rounding(self) -> Explanation:
        trace = self.trace
        written = self.method.grades.written[trace.grade - 1]
        exact = f"{show(trace.values['reduction'])} 克 × 等级 {GRADES[trace.grade - 1]} 的系数 {written}"
        text = f"{exact} = {show(trace.exact_g)} 克，"
        negative = trace.exact_g < 0
        whole = max(trace.exact_g // 1, 0)
        text += "为负，按 0 计" if negative else f"向下取整得 {whole} 克"
        return Explanation("等级与取整", text, source=self.method.grades.source)

    def points(self) -> Explanation:
        points = self.method.points
        if not points.rate:
            return Explanation("积分", points.written, source=points.source)
        after = self.trace.before_g + self.trace.reduction_g
        earned = (after * points.rate) // 1 - (self.trace.before_g * points.rate) // 1
        text = f"{points.written}；当日此前累计 {self.trace.before_g} 克，加本条共 {after} 克"
        return Explanation("积分", text, f"{earned} 分", source=f"{points.source}；{STATUSES[points.status]}")

    # expressions in words

    def words(self, node: Expression, *, figures: bool, above: int = 0) -> str:
        """An expression with titles, or with the figures of this event."""

        def inner(each: Expression, power: int = 0) -> str:
            return self.words(each, figures=figures, above=power)

        if isinstance(node, Number):
            return show(node.value) + node.unit.chinese
        if isinstance(node, Text):
            return f"“{node.value}”"
        if isinstance(node, Name):
            return self.figure(node.name) if figures else self.title(node.name)
        if isinstance(node, Unary):
            return f"非（{inner(node.operand)}）" if node.operator == "not" else f"−{inner(node.operand, 6)}"
        if isinstance(node, Call):
            function = {"min": "取小", "max": "取大", "floor": "向下取整"}[node.function]
            return f"{function}（{'，'.join(inner(each) for each in node.arguments)}）"
        if isinstance(node, If):
            return f"如果 {inner(node.condition)} 则 {inner(node.then)} 否则 {inner(node.otherwise)}"
        assert isinstance(node, Binary)
        power = _POWER[node.operator]
        text = f"{inner(node.left, power - 1)} {_OPERATORS[node.operator]} {inner(node.right, power)}"
        return f"（{text}）" if power <= above else text

    def figure(self, name: str) -> str:
        method, trace = self.method, self.trace
        if name in method.inputs:
            given = method.inputs[name]
            value = trace.kept[name]
            if given.unit is None:
                return f"“{given.choices.get(value, value)}”"
            return amount(value, given.unit, exact=True)
        if name in method.parameters:
            parameter = method.parameters[name]
            segment = select(parameter, trace.kept).at(trace.day)
            assert segment is not None
            return show(segment.value / parameter.unit.factor, 12) + parameter.unit.chinese
        return self.formula_value(name)

    # for the auditor

    def audit(self) -> Iterator[Explanation]:
        method, trace = self.method, self.trace
        yield Explanation(
            "规则",
            f"{method.number} {method.title} {method.version}"
            f"（{METHOD_STATUSES[method.status]}，自 {method.valid_from}）",
            source=method.issuing_body,
            parts=(
                Explanation("文件", value=method.path),
                Explanation("文本摘要（SHA-256）", value=method.content_hash),
                Explanation("规则摘要（文本与因子，SHA-256）", value=method.rule_hash),
            ),
        )
        rows = [Explanation(condition.name, condition.text, source=condition.source) for condition in method.conditions]
        if rows:
            yield Explanation("适用条件（按次序）", parts=tuple(rows))
        yield Explanation("所取的因子与参数", parts=tuple(self.lineage()))
        peers = [
            each
            for each in self.traces
            if period_key(each, method.cap_horizon) == period_key(trace, method.cap_horizon)
        ]
        order = [str(each.event["event_id"]) for each in sorted(peers, key=lambda each: each.order)]
        yield Explanation("同一人同一周期的行为（按先后）", value="、".join(order[:200]))
        event = {key: value.isoformat() if isinstance(value, date) else value for key, value in trace.event.items()}
        yield Explanation("行为原样", value=json.dumps(event, ensure_ascii=False, sort_keys=True, default=str))
        result = self.result
        yield Explanation(
            "结果代码", value=f"{result.outcome}{' ' + result.cap if result.cap else ''}，等级 {result.grade}"
        )

    def lineage(self) -> Iterator[Explanation]:
        for name in self.method.used:
            parameter = self.method.parameters[name]
            if parameter.by is not None and self.trace.kept.get(parameter.by) is None:
                continue
            entry = select(parameter, self.trace.kept)
            segment = entry.at(self.trace.day)
            if segment is None:
                yield Explanation(name, "这一天没有值")
            elif segment.row is not None:
                where = f"{segment.row.path} 第 {segment.row.line} 行"
                yield Explanation(name, segment.row.canonical.replace("\x1f", ","), source=where)
            else:
                yield Explanation(
                    name, f"{entry.written} {parameter.unit}".strip(), source=f"{self.method.path} 第 {entry.line} 行"
                )


def base_unit(dimension: Dimension) -> Unit:
    """The unit in which values of a dimension are kept."""
    above = "*".join(base + (f"^{power}" if power != 1 else "") for base, power in dimension if power > 0)
    below = "".join("/" + base + (f"^{-power}" if power != -1 else "") for base, power in dimension if power < 0)
    return Unit(((above or "1") + below) if dimension else "", dimension, Fraction(1))
