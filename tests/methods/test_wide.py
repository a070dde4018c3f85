"""Values beyond 53 and 63 bits stay exact on DuckDB: the proofs about ranges are held against big numbers."""

from __future__ import annotations

import duckdb
import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanhui_methods.emitting import NARROW_BELOW, WIDE, floor_divide

CONNECTION = duckdb.connect()


def quotient(value: int, by: int, largest: int, wide: bool) -> int:
    table = ibis.table({"x": WIDE if wide else "int64"}, name="t")
    sql = ibis.to_sql(table.select(q=floor_divide(table.x, largest, by, wide)), dialect="duckdb")
    kind = "DECIMAL(38, 0)" if wide else "BIGINT"
    rows = CONNECTION.execute(f"WITH t AS (SELECT ({value})::{kind} AS x) {sql}").fetchall()
    return int(rows[0][0])


bits = st.integers(0, 118).flatmap(lambda size: st.integers(2**size, 2 ** (size + 1) - 1))


@settings(max_examples=60, deadline=None)
@given(st.integers(-(2**62) + 1, 2**62 - 1), st.one_of(st.integers(1, 1000), bits))
def test_floor_division_of_bigints(value: int, by: int) -> None:
    assert quotient(value, by, abs(value), wide=False) == value // by


@settings(max_examples=60, deadline=None)
@given(bits, st.sampled_from([1, -1]), st.one_of(st.integers(1, 1000), bits))
def test_floor_division_of_wide_decimals(size: int, sign: int, by: int) -> None:
    value = sign * size
    assert quotient(value, by, size, wide=size >= NARROW_BELOW) == value // by


@pytest.mark.parametrize("by", [3, 7, 10**6, 2**31 - 1])
@pytest.mark.parametrize("times", [1, 1000, 4_000_000])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_floor_division_next_to_whole_quotients(by: int, times: int, off: int) -> None:
    value = by * times + off
    assert quotient(value, by, 2**53 - 1, wide=False) == value // by
