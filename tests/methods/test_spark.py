"""The same expression on Spark; runs where PySpark and Java are installed (they are not among the dependencies)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("pyspark")

import ibis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from tests.methods import worlds

from tanhui_methods import MethodError, Result, evaluate, load_method
from tanhui_methods.columnar import compile_method

KINDS = {"int64": "bigint", "date": "date", "string": "string"}
EXAMPLES = int(os.environ.get("TANHUI_EXAMPLES", "10"))


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "America/New_York")
        .getOrCreate()
    )
    yield ibis.pyspark.connect(session)
    session.stop()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=worlds.method_texts(), rows=worlds.events(), single_sort=st.sampled_from([None, False]))
def test_spark_agrees_with_the_interpreter(
    spark: Any, text: str, rows: list[dict[str, Any]], single_sort: bool | None
) -> None:
    try:
        method = load_method(text, path="trial.md", factors=worlds.factors())
    except MethodError:
        assume(False)
    columns = worlds.columns(method)
    schema = ", ".join(f"`{name}` {KINDS[kind]}" for name, kind in columns.items())
    frame = spark._session.createDataFrame([tuple(row[name] for name in columns) for row in rows], schema)
    frame.createOrReplaceTempView("events")
    expression = compile_method(method, spark.table("events"), single_sort=single_sort)
    found = [Result(**row.asDict()) for row in spark._session.sql(str(spark.compile(expression))).collect()]
    assert sorted(found, key=lambda each: each.event_id) == evaluate(method, rows, strict=False)
