"""Blocks of a method file become parts of a method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from tanhui_methods.errors import MethodError
from tanhui_methods.factors import STATUSES, FactorTable
from tanhui_methods.fields import Fields
from tanhui_methods.model import (
    FACTS,
    GRADES,
    METHOD_STATUSES,
    PERIODS,
    Cap,
    Condition,
    Deduplication,
    Entry,
    Grades,
    Input,
    Parameter,
    Points,
    Segment,
)
from tanhui_methods.syntax import parse_expression
from tanhui_methods.units import Dimension, Unit, parse_unit
from tanhui_methods.yaml_tree import Mapping as MappingNode
from tanhui_methods.yaml_tree import Node, Scalar

CO2E: Final[Dimension] = (("gCO2e", 1),)
_SUFFIXES: Final = {"_m": "m", "_g": "g", "_wh": "Wh", "_s": "s", "_ml": "mL", "_fen": "fen"}
_COUNTS: Final = ("item", "trip", "step", "day", "person", "household")
_LARGEST_BOUND: Final = 10**15
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_VERSION = re.compile(r"(?:0|[1-9]\d{0,3})\.(?:0|[1-9]\d{0,3})\.(?:0|[1-9]\d{0,3})\Z", re.ASCII)
_CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}\Z")
_FRONT: Final = (
    "number", "title", "family", "name", "version", "status", "valid_from", "valid_to", "supersedes",
    "issuing_body", "tradable", "advocacy", "references",
)  # fmt: skip
_RESERVED: Final = frozenset(FACTS) | {"event_id", "exclude", "outcome", "cap", "points", "reduction_g", "count"}


def read_front(node: Node | None, path: str) -> dict[str, Any]:
    """The front matter as keyword arguments of Method."""
    if node is None:
        raise MethodError("基本信息是空的", path=path, line=2, fix="照 docs/reference/method-format.md 补上")
    fields = Fields(node, path, "基本信息", _FRONT)
    slugs = {}
    for key in ("family", "name"):
        slugs[key] = fields.text(key)
        if not _SLUG.match(slugs[key]) or len(slugs[key]) > 60:
            raise fields.fail(key, f"{key}“{slugs[key][:60]}”应为小写英文和连字符，例如 shared-e-bike")
    for key in ("version", "supersedes"):
        if (fields.has(key) or key == "version") and not _VERSION.match(fields.text(key)):
            raise fields.fail(key, f"{key}“{fields.text(key)[:60]}”应形如 1.0.0")
    valid_from, valid_to = fields.day("valid_from"), fields.optional_day("valid_to")
    if valid_to is not None and valid_to <= valid_from:
        raise fields.fail("valid_to", "失效日应晚于生效日")
    status = fields.one_of("status", METHOD_STATUSES)
    if status == "withdrawn" and valid_to is None:
        raise fields.fail("valid_to", "已废止的方法学要写失效日")
    tradable, advocacy = fields.truth("tradable"), fields.truth("advocacy")
    if tradable and advocacy:
        raise fields.fail("tradable", "只作倡导的方法学不可交易", "把 tradable 写成 false")
    return dict(
        number=fields.text("number"), title=fields.text("title"), **slugs, version=fields.text("version"),
        status=status, valid_from=valid_from, valid_to=valid_to, supersedes=fields.optional("supersedes") or None,
        issuing_body=fields.text("issuing_body"), tradable=tradable, advocacy=advocacy,
        references=fields.words("references"),
    )  # fmt: skip


def read_input(node: Node, path: str) -> Input:
    what = "输入"
    known = ("name", "title", "kind", "unit", "min", "max", "choices", "personal")
    fields = Fields(node, path, what, known)
    name = fields.name()
    fields.what = f"输入 {name} "
    if name in _RESERVED or name.startswith("_"):
        raise fields.fail("name", f"“{name}”是每条行为自带的列名，不能作输入名", "换一个名称")
    kind = fields.one_of("kind", ("integer", "choice", "text"))
    title, personal = fields.text("title"), fields.truth("personal")
    if kind == "integer":
        unit = _input_unit(fields, name)
        bounds = [fields.amount(key, unit.dimension, unit) / unit.factor for key in ("min", "max")]
        for key, bound in zip(("min", "max"), bounds, strict=True):
            if bound.denominator != 1 or abs(bound) > _LARGEST_BOUND:
                raise fields.fail(key, f"{fields.what}的“{key}”应为整数个 {unit.text or '1'}，且不超过 10 的 15 次方")
        if bounds[0] > bounds[1]:
            raise fields.fail("min", f"{fields.what}的下限大于上限")
        return Input(name, title, "integer", unit, int(bounds[0]), int(bounds[1]), {}, personal, fields.line)
    for key in ("unit", "min", "max"):
        if fields.has(key):
            raise fields.fail(key, f"{fields.what}是文字，不写“{key}”")
    if kind == "text":
        return Input(name, title, "text", None, 0, 0, {}, personal, fields.line)
    return Input(name, title, "choice", None, 0, 0, _choices(fields), personal, fields.line)


def _input_unit(fields: Fields, name: str) -> Unit:
    unit = fields.unit("unit")
    suffix = next((end for end in _SUFFIXES if name.endswith(end)), None)
    if name.endswith("_count"):
        expected = [name.removesuffix("_count")] if name.removesuffix("_count") in _COUNTS else list(_COUNTS)
    elif suffix is not None:
        expected = [_SUFFIXES[suffix]]
    else:
        endings = "、".join([*_SUFFIXES, "_count"])
        raise fields.fail("name", f"输入名“{name}”应以单位结尾", f"可用的结尾：{endings}")
    if unit.text not in expected:
        raise fields.fail("unit", f"输入 {name} 的单位应为 {'、'.join(expected)}，却写了 {unit.text or '1'}")
    return unit


def _choices(fields: Fields) -> Mapping[str, str]:
    node = fields.node_of("choices")
    if not isinstance(node, MappingNode):
        raise fields.fail("choices", f"{fields.what}的 choices 应写成“代码: 中文名”")
    choices: dict[str, str] = {}
    for key, value in node.pairs:
        if not _CHOICE.match(key.text) or not isinstance(value, Scalar) or not value.text:
            message = f"选项“{key.text[:60]}”应写成“代码: 中文名”，代码用英文字母、数字和 _ . -"
            raise MethodError(message, path=fields.path, line=key.line)
        choices[key.text] = value.text
    return choices


_PARAMETER: Final = (
    "name", "title", "value", "unit", "source", "status", "uncertainty", "best_before", "note",
    "factor", "region", "year", "by", "rows",
)  # fmt: skip
_ROW: Final = ("when", "from", "value", "factor", "region", "year", "source", "status", "best_before", "note")


def read_parameter(node: Node, path: str, factors: FactorTable, inputs: Mapping[str, Input]) -> Parameter:
    fields = Fields(node, path, "参数", _PARAMETER)
    name = fields.name()
    fields.what = f"参数 {name} "
    title, unit = fields.text("title"), fields.unit("unit")
    ways = [key for key in ("value", "factor", "rows") if fields.has(key)]
    if len(ways) != 1:
        raise fields.fail(
            "name", f"参数 {name} 应写 value、factor、rows 三者之一", "见 docs/reference/method-format.md"
        )
    if fields.has("by") != fields.has("rows"):
        raise fields.fail("by", f"参数 {name} 的 by 和 rows 要一起写")
    if fields.has("rows"):
        entries = _rows(fields, unit, factors, inputs)
    else:
        entries = (_entry(fields, None, unit, factors, fields),)
    return Parameter(
        name, title, unit, fields.optional("by") or None, entries, fields.optional("uncertainty"),
        fields.optional("note"), fields.optional("factor"), fields.optional("region"), fields.line,
    )  # fmt: skip


def _rows(fields: Fields, unit: Unit, factors: FactorTable, inputs: Mapping[str, Input]) -> tuple[Entry, ...]:
    by = inputs.get(fields.text("by"))
    if by is None or by.kind == "text":
        raise fields.fail("by", f"{fields.what}的 by“{fields.text('by')[:60]}”不是选项或整数的输入")
    entries: list[Entry] = []
    for item in fields.items("rows"):
        row = Fields(item, fields.path, f"{fields.what}的一行", _ROW)
        key: str | int
        if by.kind == "choice":
            key = row.one_of("when", tuple(by.choices))
        else:
            assert by.unit is not None
            low = row.amount("from", by.unit.dimension, by.unit) / by.unit.factor
            if low.denominator != 1:
                raise row.fail("from", f"分段的起点应为整数个 {by.unit.text}")
            if row.has("factor"):
                raise row.fail("factor", "按数量分段的各行要直接写值")
            key = int(low)
        entries.append(_entry(row, key, unit, factors, fields))
    keys = [entry.key for entry in entries]
    if len(set(keys)) != len(keys):
        raise fields.fail("rows", f"{fields.what}有两行的条件相同")
    if by.kind == "choice":
        missing = [choice for choice in by.choices if choice not in keys]
        if missing:
            raise fields.fail("rows", f"{fields.what}缺少选项 {'、'.join(missing)} 的行", "每个选项都要有一行")
        return tuple(entries)
    ordered = sorted(entries, key=lambda entry: int(entry.key or 0))
    if not ordered or int(ordered[0].key or 0) > by.low:
        raise fields.fail("rows", f"{fields.what}的第一段没有从 {by.name} 的下限（{by.low}）开始")
    return tuple(ordered)


def _entry(fields: Fields, key: str | int | None, unit: Unit, factors: FactorTable, whole: Fields) -> Entry:
    """One value, or one factor. What a row does not say of source and status, the whole parameter says."""
    note = fields.optional("note")
    if fields.has("factor"):
        if fields.has("value"):
            raise fields.fail("value", f"{fields.what}的 value 和 factor 只能写一个")
        for extra in ("source", "status", "best_before"):
            if fields.has(extra):
                raise fields.fail(extra, f"{fields.what}引用因子，{extra} 随因子表，不另写")
        segments = _segments(fields, unit, factors, whole)
        return Entry(key, segments, "", "", "", note, fields.line)
    value = fields.number("value")
    said = {name: fields if fields.has(name) else whole for name in ("source", "status", "best_before")}
    source = said["source"].text("source")
    status = said["status"].one_of("status", STATUSES)
    segment = Segment(None, None, value * unit.factor, said["best_before"].optional_day("best_before"))
    return Entry(key, (segment,), fields.text("value"), source, status, note, fields.line)


def _segments(fields: Fields, unit: Unit, factors: FactorTable, whole: Fields) -> tuple[Segment, ...]:
    factor = fields.text("factor")
    region = (fields if fields.has("region") else whole).text("region")
    rows = factors.of(factor, region)
    if not rows:
        known = factors.regions(factor)
        fix = f"这个因子有这些地区：{'、'.join(known)}" if known else "在 factors/ 或县的 factors/ 里补一行，或改正名称"
        raise fields.fail("factor", f"因子表里没有 {factor}（地区 {region}）", fix)
    if fields.has("year"):
        year = fields.whole("year", 1900, 2200)
        rows = tuple(row for row in rows if row.year == year)
        if not rows:
            raise fields.fail("year", f"因子 {factor}（地区 {region}）没有 {year} 年的值", "补上该年的行，或改正年份")
    segments: list[Segment] = []
    for row in rows:
        if row.unit.dimension != unit.dimension:
            raise fields.fail(
                "factor",
                f"{fields.what}的单位 {unit.text} 与因子 {factor} 的单位 {row.unit.text}"
                f"（{row.path} 第 {row.line} 行）量纲不同",
            )
        start, end = (None, None) if fields.has("year") else row.span()
        segments.append(Segment(start, end, row.value * row.unit.factor, row.best_before, row))
    return tuple(segments)


def read_condition(node: Node, path: str) -> Condition:
    fields = Fields(node, path, "条件", ("name", "rule", "message", "source"))
    name = fields.name()
    fields.what = f"条件 {name} "
    if name in {"grade"}:
        raise fields.fail("name", f"“{name}”留作等级的原因，不能作条件名")
    text = fields.text("rule")
    rule = parse_expression(text, path=path, line=fields.node_of("rule").line)
    return Condition(name, rule, text, fields.text("message"), fields.text("source"), fields.line)


def read_cap(node: Node, path: str, inputs: Mapping[str, Input]) -> Cap:
    fields = Fields(node, path, "上限", ("name", "title", "per", "of", "limit", "source"))
    name = fields.name()
    fields.what = f"上限 {name} "
    of = fields.text("of")
    limit: Fraction
    if of in {"count", "points"}:
        limit = Fraction(fields.whole("limit", 0, 10**9))
    elif of == "reduction":
        limit = fields.amount("limit", CO2E)
    elif of in inputs and inputs[of].unit is not None:
        unit = inputs[of].unit
        assert unit is not None
        limit = fields.amount("limit", unit.dimension) / unit.factor
        if inputs[of].low < 0:
            raise fields.fail("of", f"输入 {of} 可以为负，不能设数量上限")
    else:
        raise fields.fail(
            "of", f"上限 {name} 的 of 不能是“{of[:60]}”", "可用：count、reduction、points，或某个整数输入的名称"
        )
    if limit.denominator != 1 or not 0 <= limit <= _LARGEST_BOUND:
        raise fields.fail("limit", f"上限 {name} 应为非负的整数个最小单位（米、克、瓦时……）")
    per = fields.one_of("per", PERIODS)
    return Cap(name, fields.text("title"), per, of, int(limit), fields.text("source"), fields.line)  # type: ignore[arg-type]


def read_dedup(node: Node | None, path: str, inputs: Mapping[str, Input]) -> Deduplication | None:
    if node is None:
        return None
    fields = Fields(node, path, "去重", ("within", "key"))
    key = fields.words("key")
    unknown = [name for name in key if name != "at" and name not in inputs]
    if not key or unknown:
        raise fields.fail("key", f"去重的 key 应为 at 或输入的名称，实为“{'、'.join(key)[:80]}”")
    return Deduplication(fields.one_of("within", PERIODS), key)  # type: ignore[arg-type]


def read_grades(node: Node, path: str) -> Grades:
    fields = Fields(node, path, "证据等级", ("source", "status", *GRADES))
    multipliers: list[Fraction | None] = []
    for grade in GRADES:
        if fields.text(grade) == "不接受":
            multipliers.append(None)
            continue
        value = fields.number(grade)
        if not 0 <= value <= 1:
            raise fields.fail(grade, f"等级 {grade} 的系数应在 0 和 1 之间，或写“不接受”")
        multipliers.append(value)
    if all(value is None for value in multipliers):
        raise fields.fail("A", "至少要有一个等级被接受")
    written = tuple(fields.text(grade) for grade in GRADES)
    status = fields.one_of("status", STATUSES)
    return Grades(tuple(multipliers), written, fields.text("source"), status, fields.line)


def read_points(node: Node, path: str) -> Points:
    fields = Fields(node, path, "积分", ("points", "per", "fixed", "source", "status"))
    if fields.has("fixed"):
        if fields.has("points") or fields.has("per"):
            raise fields.fail("fixed", "积分写了 fixed，就不写 points 和 per")
        fixed = fields.whole("fixed", 0, 10**6)
        source = fields.text("source") if fixed else fields.optional("source")
        status = fields.one_of("status", STATUSES) if fixed else fields.optional("status") or "local"
        return Points(Fraction(0), fixed, source, status, fields.line, f"每条{fixed}分")
    number, per = fields.number("points"), fields.amount("per", CO2E)
    if number <= 0 or per <= 0:
        raise fields.fail("per", "积分的 points 和 per 都应大于 0；不给积分写 fixed: 0")
    rate = number / per
    if rate.numerator > 10**6 or rate.denominator > 10**9:
        raise fields.fail("per", "积分的比率太细", "换用较整的数")
    figure, _, unit = fields.text("per").partition(" ")
    written = f"每{figure}{parse_unit(unit.strip()).chinese}得{fields.text('points')}分"
    return Points(rate, 0, fields.text("source"), fields.one_of("status", STATUSES), fields.line, written)
