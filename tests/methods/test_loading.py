"""What a method file may not say, and how the error says so: what, where, why, what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction

import pytest
from tests.methods.conftest import TEXT

from tanhui_methods import Method, MethodError, MethodErrors

Refused = Callable[..., list[MethodError]]


def test_a_sound_file_loads_exactly(load: Callable[..., Method]) -> None:
    method = load()
    assert (method.number, method.name, method.version, method.valid_from) == ("T-1", "ride", "1.0.0", date(2020, 1, 1))
    assert method.inputs["distance_m"].high == 100_000
    # 0.05 kg/km is 1/20 g a metre, exactly: no float was ever near it.
    assert method.parameters["baseline_factor"].entries[0].segments[0].value == Fraction(1, 20)
    assert method.order == ("baseline", "project", "reduction")
    assert method.cap_horizon == "day"
    assert method.provisional
    assert [chapter.heading for chapter in method.chapters] == ["1 适用范围"]


def test_hashes_name_text_and_factors(load: Callable[..., Method]) -> None:
    method, other = load(), load(("骑行。", "骑行！"))
    assert load().content_hash == method.content_hash
    assert load().rule_hash == method.rule_hash
    assert other.content_hash != method.content_hash
    assert method.rule_hash != method.content_hash


# What is changed, the fragment on whose line (in the changed file) the error must stand, and a piece of it.
FAULTS = {
    "adding km to kWh": (("baseline − project", "distance_m + consumption × distance_m"), "reduction =", "不能相加"),
    "a reduction that is energy": (
        ("baseline − project", "distance_m × consumption"),
        "reduction =",
        "应为二氧化碳当量的质量",
    ),
    "a number without source": (("baseline − project", "baseline × 2 − project"), "reduction =", "直接写了常数 2"),
    "an unknown name": (("baseline − project", "baseline − projekt"), "reduction =", "“projekt”没有声明"),
    "a cycle": (
        ("× baseline_factor\n", "× baseline_factor + reduction\n"),
        "baseline =",
        "公式循环：baseline → reduction → baseline",
    ),
    "division by an input": (("× consumption × grid", "× consumption × grid / distance_m"), "project =", "随行为变化"),
    "division by zero": (("baseline − project", "baseline / 0"), "reduction =", "除数为零"),
    "an unknown unit": (("unit: kWh/km", "unit: kWh/furlong"), "name: consumption", "“furlong”不是认识的单位"),
    "a factor of another dimension": (
        ("region: CN-43, unit: kgCO2/kWh", "region: CN-43, unit: kWh/km"),
        "name: grid",
        "量纲不同",
    ),
    "an unknown factor": (("factor: grid,", "factor: grit,"), "name: grid", "因子表里没有 grit"),
    "a factor of another region": (("region: CN-43", "region: CN-44"), "name: grid", "这个因子有这些地区：CN-43"),
    "a factor of a fixed year that is not there": (
        ("region: CN-43,", "region: CN-43, year: 2020,"),
        "name: grid",
        "没有 2020 年的值",
    ),
    "a constant without source": (
        ("unit: kWh/km, source: 委员会", "unit: kWh/km"),
        "name: consumption",
        "缺少“source”",
    ),
    "an unknown status": (
        ("unit: kWh/km, source: 委员会, status: local", "unit: kWh/km, source: 委员会, status: sure"),
        "name: consumption",
        "不能是“sure”",
    ),
    "an unknown field": (("min: 0, max", "minimum: 0, max"), "name: distance_m", "没有“minimum”这个字段"),
    "an input without unit in its name": (("name: distance_m", "name: distance"), "name: distance,", "应以单位结尾"),
    "an input of another unit than its name": (("unit: m, min", "unit: g, min"), "name: distance_m", "单位应为 m"),
    "an exponent": (("value: 0.010", "value: 1e-2"), "name: consumption", "不是写全的小数"),
    "a limit of another dimension": (("limit: 10 km", "limit: 10 kg"), "name: daily_distance", "应为长度"),
    "a limit without unit": (("limit: 10 km", "limit: 10"), "name: daily_distance", "没有写单位"),
    "a cap on nothing known": (("of: count", "of: trips"), "name: daily_trips", "of 不能是“trips”"),
    "a name used twice": (("name: consumption", "name: baseline_factor"), "name: baseline_factor, title: 电耗", "重名"),
    "a formula named like a parameter": (("project =", "grid ="), "grid =", "重名"),
    "an unknown choice": (
        ("baseline − project", 'if mode == "rent" then baseline else project'),
        "reduction =",
        "没有选项“rent”",
    ),
    "text in arithmetic": (("baseline − project", "baseline − mode × project"), "reduction =", "文字"),
    "a condition that is no question": (
        ("rule: distance_m >= 100 m", "rule: distance_m"),
        "name: too_short",
        "不是一个判断",
    ),
    "a chained comparison": (("distance_m >= 100 m", "100 m <= distance_m <= 1 km"), "name: too_short", "比较不能连写"),
    "an unknown function": (("baseline − project", "sqrt(baseline)"), "reduction =", "没有“sqrt”这个函数"),
    "python": (("baseline − project", "__import__('os')"), "reduction =", "不认识"),
    "a missing operand": (("baseline − project", "baseline −"), "reduction =", "公式末尾缺少一个量"),
    "an anchor": (
        (
            "source: 委员会, status: local}\n- {name: consumption",
            "source: &a 委员会, status: local}\n- {name: consumption",
        ),
        "name: baseline_factor",
        "锚点",
    ),
    "a tag": (("value: 0.010", "value: !!float 0.010"), "name: consumption", "标签"),
    "a grade above one": (("B: 0.9", "B: 1.1"), "B: 1.1", "应在 0 和 1 之间"),
    "a grade left out": (("C: 0.5\n", ""), "source: 委员会\nstatus: local\nA: 1", "缺少“C”"),
    "an end before the beginning": (
        ("valid_from: 2020-01-01", "valid_from: 2020-01-01\nvalid_to: 2019-01-01"),
        "valid_to",
        "晚于生效日",
    ),
    "advocacy that is tradable": (
        ("tradable: false\nadvocacy: false", "tradable: true\nadvocacy: true"),
        "tradable",
        "不可交易",
    ),
    "an impossible date": (("2020-01-01", "2020-02-30"), "valid_from", "不是日期"),
    "values out of all range": (
        ("value: 0.050", "value: 0.0500000000000000000000000000000000001"),
        "reduction =",
        "范围太大",
    ),
    "tonnes a trip": (("value: 0.050", "value: 90000000000000"), "reduction =", "超出合理范围"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line(fault: str, refused: Refused, line: Callable[..., int]) -> None:
    change, fragment, message = FAULTS[fault]
    found = refused(change)
    changed = TEXT.replace(*change, 1)
    said = [error for error in found if message in str(error)]
    assert said, [str(error) for error in found]
    assert said[0].path == "ride.md"
    assert said[0].line == line(fragment, changed), str(said[0])


def test_all_faults_are_told_at_once(load: Callable[..., Method]) -> None:
    with pytest.raises(MethodErrors) as caught:
        load(("unit: kWh/km", "unit: kWh/furlong"), ("B: 0.9", "B: 9"), ("per: 40 gCO2e", "per: 40 g"))
    assert len(caught.value.errors) == 3
    assert [error.line for error in caught.value.errors] == sorted(error.line for error in caught.value.errors)


def test_units_are_converted_exactly(load: Callable[..., Method]) -> None:
    metric = load(("value: 0.050, unit: kgCO2e/km", "value: 50, unit: gCO2e/km"))
    value = metric.parameters["baseline_factor"].entries[0].segments[0].value
    assert value == load().parameters["baseline_factor"].entries[0].segments[0].value
    joule = load(("value: 0.010, unit: kWh/km", "value: 36000, unit: J/km"))
    assert joule.parameters["consumption"].entries[0].segments[0].value == Fraction(10, 1000)


def test_a_step_table_must_begin_at_the_lower_bound(refused: Refused) -> None:
    table = (
        "{name: consumption, title: 电耗, unit: kWh/km, by: distance_m, source: 委员会, status: local, "
        "rows: [{from: 1 km, value: 1}]}"
    )
    old = "{name: consumption, title: 电耗, value: 0.010, unit: kWh/km, source: 委员会, status: local}"
    assert "第一段没有从" in str(refused((old, table))[0])


def test_a_choice_table_must_have_every_choice(refused: Refused) -> None:
    table = (
        "{name: consumption, title: 电耗, unit: kWh/km, by: mode, source: 委员会, status: local, "
        "rows: [{when: own, value: 1}]}"
    )
    old = "{name: consumption, title: 电耗, value: 0.010, unit: kWh/km, source: 委员会, status: local}"
    assert "缺少选项 shared 的行" in str(refused((old, table))[0])
