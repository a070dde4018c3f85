"""Hypothesis strategies: whole method files and the events of small worlds, typed so that most of them load."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tanhui_methods import FactorTable, Method, read_factors

FACTORS = """factor,region,year,value,unit,source,status,valid_from,valid_to,best_before,note
grid,CN-43,2021,0.5138,kgCO2/kWh,甲,code,,,,
grid,CN-43,2022,0.4900,kgCO2/kWh,甲,code,,,2022-06-30,
grid,CN-43,2023,0.4976,kgCO2/kWh,甲,code,,,,
saving,CN,,37.5,gCO2e/item,乙,press,2021-03-01,2022-11-11,,
saving,CN,,41,gCO2e/item,乙,press,2022-11-11,,2023-05-01,
old,CN,2019,12.25,gCO2e/item,丙,press,,,2022-01-01,
"""
MATERIALS = ("paper", "glass", "pet")


def factors() -> FactorTable:
    return FactorTable(read_factors(FACTORS, path="factors.csv"))


decimals = st.one_of(
    st.integers(0, 900).map(str),
    st.builds(lambda whole, rest: f"{whole}.{rest:04d}", st.integers(0, 99), st.integers(0, 9999)),
    st.builds(lambda rest: f"0.{rest:012d}", st.integers(1, 10**12 - 1)),
)
dates = st.dates(date(2021, 1, 1), date(2024, 2, 1))


@dataclass
class Draft:
    """A method file being made up."""

    parameters: list[str] = field(default_factory=list)

    def parameter(self, body: str) -> str:
        name = f"p{len(self.parameters) + 1}"
        self.parameters.append(f"- name: {name}\n  title: 参数{name}\n{body}")
        return name


def _plain(draw: Any, draft: Draft, unit: str, *, positive: bool = False) -> str:
    value = draw(decimals.filter(lambda text: float(text) > 0) if positive else decimals)
    stale = draw(st.one_of(st.none(), dates))
    body = f"  value: {value}\n  unit: {unit}\n  source: 甲\n  status: local"
    return draft.parameter(body + (f"\n  best_before: {stale}" if stale else ""))


def _factor(draw: Any, draft: Draft, by_item: bool) -> str:
    if not by_item:
        return draft.parameter("  factor: grid\n  region: CN-43\n  unit: gCO2/kWh")
    old = draw(st.booleans())
    return draft.parameter(
        "  factor: old\n  region: CN\n  year: 2019\n  unit: gCO2e/item"
        if old
        else "  factor: saving\n  region: CN\n  unit: kgCO2e/item"
    )


def _table(draw: Any, draft: Draft) -> str:
    rows = "\n".join(f"  - {{when: {each}, value: {draw(decimals)}}}" for each in MATERIALS[:2])
    last = draw(st.sampled_from(["factor: saving, region: CN", "value: 3", "value: 2, best_before: 2022-05-05"]))
    body = "  unit: gCO2e/item\n  by: material\n  source: 甲\n  status: local\n  rows:\n"
    return draft.parameter(f"{body}{rows}\n  - {{when: {MATERIALS[2]}, {last}}}")


def _band(draw: Any, draft: Draft) -> str:
    starts = sorted(draw(st.sets(st.integers(1, 30), max_size=3)))
    rows = "\n".join(f"  - {{from: {start} km, value: {draw(decimals)}}}" for start in [0, *starts])
    body = f"  unit: gCO2e/km\n  by: distance_m\n  source: 甲\n  status: local\n  rows:\n{rows}"
    return draft.parameter(body)


def grams(draw: Any, draft: Draft, depth: int) -> str:
    """An expression that is a mass of CO2e."""
    kind = draw(st.integers(0, 6 if depth <= 0 else 14))
    if kind == 0:
        return f"distance_m × {_plain(draw, draft, 'gCO2e/km')}"
    if kind == 1:
        return f"item_count × {_factor(draw, draft, True)}"
    if kind == 2:
        return f"distance_m * {_plain(draw, draft, 'kWh/km')} * {_factor(draw, draft, False)}"
    if kind == 3:
        return f"item_count × {_table(draw, draft)}"
    if kind == 4:
        return f"distance_m × {_band(draw, draft)}"
    if kind == 5:
        return _plain(draw, draft, "kgCO2e")
    if kind == 6:
        return f"duration_s × {_plain(draw, draft, 'gCO2e/h')}"
    one, other = grams(draw, draft, depth - 1), grams(draw, draft, depth - 1)
    if kind <= 8:
        return f"({one} {'+' if kind == 7 else '−'} {other})"
    if kind <= 10:
        return f"{'min' if kind == 9 else 'max'}({one}, {other})"
    if kind == 11:
        return f"(if {truth(draw, draft, depth - 1)} then {one} else {other})"
    if kind == 12:
        return f"({one}) / {_plain(draw, draft, '1', positive=True)}"
    if kind == 13:
        return f"floor({one}, {_plain(draw, draft, 'gCO2e', positive=True)})"
    return f"({one}) × (1 + item_count × {_plain(draw, draft, '1/item')})"


def truth(draw: Any, draft: Draft, depth: int) -> str:
    """An expression that is true or false, over inputs and parameters only."""
    kind = draw(st.integers(0, 3 if depth <= 0 else 6))
    sign = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "≤", "≠"]))
    if kind == 0:
        return f"distance_m {sign} {_plain(draw, draft, 'km')}"
    if kind == 1:
        return f"distance_m {sign} duration_s × {_plain(draw, draft, 'km/h')}"
    if kind == 2:
        return f'material {draw(st.sampled_from(["==", "!="]))} "{draw(st.sampled_from(MATERIALS))}"'
    if kind == 3:
        return f"item_count {sign} {draw(st.sampled_from(['0 item', '1 item']))}"
    if kind == 4:
        return f"not ({truth(draw, draft, depth - 1)})"
    word = "and" if kind == 5 else "or"
    return f"({truth(draw, draft, depth - 1)} {word} {truth(draw, draft, depth - 1)})"


LIMITS = {
    "count": st.integers(0, 5).map(str),
    "distance_m": st.integers(0, 60_000).map(lambda metres: f"{metres} m"),
    "item_count": st.integers(0, 12).map(lambda count: f"{count} item"),
    "reduction": st.integers(0, 5_000).map(lambda mass: f"{mass} gCO2e"),
    "points": st.integers(0, 60).map(str),
}


def _caps(draw: Any, by_day: bool) -> list[str]:
    caps = []
    for of in draw(st.lists(st.sampled_from(sorted(LIMITS)), min_size=1, max_size=4)):
        per = "day" if by_day else draw(st.sampled_from(["day", "day", "month", "year"]))
        caps.append(
            f"- name: c{len(caps) + 1}\n  title: 上限\n  per: {per}\n  of: {of}\n"
            f"  limit: {draw(LIMITS[of])}\n  source: 甲"
        )
    return caps


@st.composite
def method_texts(draw: st.DrawFn) -> str:
    draft = Draft()
    simple = draw(st.booleans())
    expression = (
        f"distance_m × {_plain(draw, draft, 'gCO2e/km')} − distance_m × {_band(draw, draft)}"
        if simple
        else grams(draw, draft, draw(st.integers(0, 3)))
    )
    conditions = [
        f"- name: r{index}\n  rule: '{truth(draw, draft, 1)}'\n  message: 不适用\n  source: 甲"
        for index in range(draw(st.sampled_from([0, 0, 0, 1, 2])))
    ]
    caps = _caps(draw, simple)
    grade = st.sampled_from(["1", "0.5", "0", "不接受", "0.333"])
    grades = "\n".join(f"{each}: {draw(grade)}" for each in "BCD")
    rate = f"points: {draw(st.integers(1, 9))}\nper: {draw(st.integers(1, 700))} gCO2e"
    points = draw(st.sampled_from([rate, f"{rate[:-6]}.37 gCO2e", "fixed: 3"]))
    keys = draw(st.sampled_from(["", "[at]", "[material]", "[at, ticket_text]"]))
    within = "day" if simple else draw(st.sampled_from(["day", "month", "year"]))
    dedup = f"\n```yaml deduplicate\nwithin: {within}\nkey: {keys}\n```\n" if keys else ""
    return _TEMPLATE.format(
        expression=expression, parameters="\n".join(draft.parameters), conditions="\n".join(conditions),
        caps="\n".join(caps), grades=grades, points=points, dedup=dedup,
    )  # fmt: skip


_TEMPLATE = """---
number: T-1
title: 试验碳普惠方法学
family: trial
name: trial
version: 1.0.0
status: draft
valid_from: 2020-01-01
issuing_body: 试验
tradable: false
advocacy: false
---
## 1 适用范围
```yaml inputs
- {{name: distance_m, title: 距离, kind: integer, unit: m, min: 0, max: 200 km, personal: true}}
- {{name: duration_s, title: 时长, kind: integer, unit: s, min: 10, max: 86400, personal: true}}
- {{name: item_count, title: 件数, kind: integer, unit: item, min: 0, max: 50, personal: false}}
- {{name: material, title: 材料, kind: choice, choices: {{paper: 纸, glass: 玻璃, pet: 塑料}}, personal: false}}
- {{name: ticket_text, title: 票号, kind: text, personal: true}}
```
```yaml parameters
{parameters}
```
```yaml conditions
{conditions}
```
```formula
reduction = {expression}
```
{dedup}
```yaml caps
{caps}
```
```yaml grades
source: 甲
status: local
A: 1
{grades}
```
```yaml points
{points}
source: 甲
status: local
```
"""

_DAYS = tuple(
    date(2021, 1, 1) + timedelta(days=each)
    for each in (0, 1, 2, 58, 59, 364, 365, 366, 545, 546, 679, 680, 850, 851, 1094, 1095, 1120)
)
_RARELY = st.sampled_from([False] * 14 + [True])


@st.composite
def events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few people's events, crowded on few days so that caps bite; some are broken in one way or another."""
    days = draw(st.lists(st.sampled_from(_DAYS), min_size=1, max_size=3))
    rows = []
    for number in range(1, draw(st.one_of(st.integers(8, 40), st.integers(1, 40))) + 1):
        day = draw(st.sampled_from(days))
        rows.append(
            {
                "event_id": number,
                "person": draw(st.integers(1, 2)),
                "day": day,
                "at": (day - date(1970, 1, 1)).days * 86400 + draw(st.integers(0, 12)) * 7200,
                "tie": draw(st.text("abZ09:-中é𠀀", max_size=3)) + str(number),
                "grade": draw(st.sampled_from([1, 1, 1, 2, 3, 4])),
                "exclude": "implausible:speed" if draw(_RARELY) else None,
                "distance_m": draw(st.one_of(st.integers(0, 30_000), st.integers(0, 200_000))),
                "duration_s": draw(st.integers(10, 9_000)),
                "item_count": draw(st.integers(0, 8)),
                "material": draw(st.sampled_from(MATERIALS)),
                "ticket_text": draw(st.sampled_from(["x", "y"])),
            }
        )
        if draw(_RARELY):
            name = draw(st.sampled_from(["distance_m", "duration_s", "item_count", "grade"]))
            rows[-1][name] = draw(st.sampled_from([None, -1, 2**40, 2**62, 0, 7]))
        if draw(_RARELY):
            rows[-1][draw(st.sampled_from(["material", "ticket_text"]))] = draw(st.sampled_from([None, "wood"]))
    return rows


def columns(method: Method) -> dict[str, str]:
    """The ibis schema of the events of a method."""
    facts = {
        "event_id": "int64", "person": "int64", "day": "date", "at": "int64", "tie": "string",
        "grade": "int64", "exclude": "string",
    }  # fmt: skip
    return facts | {name: "int64" if given.kind == "integer" else "string" for name, given in method.inputs.items()}
