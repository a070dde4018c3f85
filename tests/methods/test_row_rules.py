"""Plausibility rules from outside say the same in both evaluators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import ibis
import pyarrow
import pytest
from tests.methods import worlds

from tanhui_methods import Method, MethodError, RowRule, compile_conditions, first_broken
from tanhui_methods.columnar import compile_row_rules

Load = Callable[..., Method]
RULES = [
    RowRule("too_far", "distance_m <= 50 km", "太远"),
    RowRule("own_only", 'mode == "own" or distance_m < 1 km', "车型不符"),
]


def rows() -> list[dict[str, Any]]:
    values = [(50_000, "own"), (50_001, "own"), (2_000, "shared"), (999, "shared"), (None, "shared"), (None, None),
              (60_000, "shared"), (10**12, "own"), (-5, "shared"), (2_000, None), (2**62, "own")]  # fmt: skip
    return [
        {"event_id": number, "distance_m": distance, "mode": mode} for number, (distance, mode) in enumerate(values)
    ]


def test_both_evaluators_give_the_first_broken_rule(load: Load) -> None:
    method = load()
    rules = compile_conditions(RULES, method.inputs)
    expected = {row["event_id"]: getattr(first_broken(rules, method.inputs, row), "code", None) for row in rows()}
    assert list(expected.values())[:4] == [None, "too_far", "own_only", None]
    columns = {name: worlds.columns(method)[name] for name in ("event_id", "distance_m", "mode")}
    sql = str(ibis.to_sql(compile_row_rules(RULES, method, ibis.table(columns, name="events")), dialect="duckdb"))
    with duckdb.connect() as connection:
        connection.register("events", pyarrow.Table.from_pylist(rows()))
        assert dict(connection.execute(sql).fetchall()) == expected


def test_no_rules_break_nothing(load: Load) -> None:
    method = load()
    sql = str(
        ibis.to_sql(compile_row_rules([], method, ibis.table(worlds.columns(method), name="events")), dialect="duckdb")
    )
    assert "NULL" in sql


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("distance_m <= 5 kg", "量纲不同"),
        ("speed <= 5 [km/h]", "“speed”没有声明"),
        ("distance_m", "不是一个判断"),
        ("distance_m <", "缺少一个量"),
        ("distance_m / distance_m <= 1", "随行为变化"),
    ],
)
def test_an_unfit_rule_is_named(load: Load, condition: str, message: str) -> None:
    with pytest.raises(MethodError) as caught:
        compile_conditions([RULES[0], RowRule("odd", condition, "…")], load().inputs, path="scenarios/ride.toml")
    assert "规则 odd" in str(caught.value)
    assert message in str(caught.value)
    assert caught.value.line == 2
