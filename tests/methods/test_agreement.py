"""The two evaluators agree to the gram, on every backend and under both plans."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import duckdb
import ibis
import psycopg
import pyarrow
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from tests.methods import worlds

from tanhui_methods import Method, MethodError, Result, evaluate, load_method
from tanhui_methods.columnar import RESULT_COLUMNS, compile_method

# TANHUI_EXAMPLES=1000 searches longer; most of the time goes into writing SQL from ibis.
EXAMPLES = int(os.environ.get("TANHUI_EXAMPLES", "20"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
Rows = list[dict[str, Any]]
Run = Callable[[Any, Rows], list[Result]]
KINDS = {"int64": pyarrow.int64(), "date": pyarrow.date32(), "string": pyarrow.string()}
POSTGRES = {"int64": "bigint", "date": "date", "string": 'text COLLATE "C"'}


def loaded(text: str) -> Method:
    """The method, or nothing more to test when the constants are out of all proportion."""
    try:
        return load_method(text, path="trial.md", factors=worlds.factors())
    except MethodError as error:
        assume("范围" not in str(error) and "至少要有一个等级" not in str(error) and "都应大于 0" not in str(error))
        assume("不给积分" not in str(error))
        raise


def results(rows: list[tuple[Any, ...]]) -> list[Result]:
    found = [Result(*row) for row in rows]
    assert all(type(value) is int for each in found for value in (each.reduction_g, each.points, each.grade))
    return sorted(found, key=lambda each: each.event_id)


def on_duckdb(expression: Any, rows: Rows) -> list[Result]:
    schema = pyarrow.schema([(name, KINDS[kind]) for name, kind in expression.schema_of_events.items()])
    with duckdb.connect() as connection:
        connection.register("events", pyarrow.Table.from_pylist(rows, schema=schema))
        return results(connection.execute(ibis.to_sql(expression.table, dialect="duckdb")).fetchall())


class Compiled:
    def __init__(self, method: Method, single_sort: bool | None = None) -> None:
        self.schema_of_events = worlds.columns(method)
        events = ibis.table(self.schema_of_events, name="events")
        self.table = compile_method(method, events, single_sort=single_sort)
        assert tuple(self.table.columns) == RESULT_COLUMNS


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(worlds.method_texts(), worlds.events(), st.randoms(use_true_random=False))
def test_duckdb_agrees_with_the_interpreter(text: str, rows: Rows, chance: random.Random) -> None:
    method = loaded(text)
    expected = evaluate(method, rows, strict=False)
    for outcome in {each.outcome.split(":")[0] for each in expected}:
        event(outcome)
    assert on_duckdb(Compiled(method), rows) == expected
    assert on_duckdb(Compiled(method, single_sort=False), rows) == expected
    shuffled = chance.sample(rows, len(rows))
    assert sorted(evaluate(method, shuffled, strict=False), key=lambda each: each.event_id) == expected


def create_events(connection: psycopg.Connection[Any], schema: dict[str, str]) -> None:
    columns = ", ".join(f'"{name}" {POSTGRES[kind]}' for name, kind in schema.items())
    connection.execute(f"CREATE TEMP TABLE events ({columns})")


def on_postgres(connection: psycopg.Connection[Any], compiled: Compiled, rows: Rows) -> list[Result]:
    with connection.transaction(force_rollback=True):
        create_events(connection, compiled.schema_of_events)
        names = list(compiled.schema_of_events)
        marks = ", ".join(["%s"] * len(names))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO events VALUES ({marks})", [[row[name] for name in names] for row in rows])
        return results(connection.execute(str(ibis.to_sql(compiled.table, dialect="postgres"))).fetchall())


@pytest.fixture
def postgres(pg_url: str) -> Any:
    with psycopg.connect(pg_url, autocommit=True) as connection:
        yield connection


@settings(
    max_examples=max(EXAMPLES // 2, 1),
    deadline=None,
    suppress_health_check=[*SLOW, HealthCheck.function_scoped_fixture],
)
@given(text=worlds.method_texts(), rows=worlds.events(), single_sort=st.sampled_from([None, False]))
def test_postgres_agrees_with_the_interpreter(
    postgres: psycopg.Connection[Any], text: str, rows: Rows, single_sort: bool | None
) -> None:
    method = loaded(text)
    assert on_postgres(postgres, Compiled(method, single_sort), rows) == evaluate(method, rows, strict=False)
