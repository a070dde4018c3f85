"""Speed of a compiled method on DuckDB: daily caps in order of time and dated factors over Parquet.

    python -m bench.methods_columnar [events]        default 10,000,000

Prints the machine, the date, events a second and peak memory of the method, and the physical limit of the same
run: a bare scan and sum of the same file. The generated events lie in a temporary folder.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import ibis

from bench.machine import describe
from tanhui_methods import FactorTable, Method, Result, evaluate, load_method, read_factors
from tanhui_methods.columnar import compile_method

THREADS = 2
MEMORY = "1500MB"
GOAL_PER_SECOND = 1_500_000
GOAL_BYTES = 2 * 2**30

FACTORS = """factor,region,year,value,unit,source,status,valid_from,valid_to,best_before,note
grid,CN-43,2021,0.5138,kgCO2/kWh,bench,code,,,,
grid,CN-43,2022,0.4900,kgCO2/kWh,bench,code,,,,
grid,CN-43,2023,0.4976,kgCO2/kWh,bench,code,,,,
"""

METHOD = """---
number: BENCH-1
title: 测速用碳普惠方法学
family: bench
name: bench
version: 1.0.0
status: draft
valid_from: 2021-01-01
issuing_body: 测速
tradable: false
advocacy: false
---
```yaml inputs
- {name: distance_m, title: 骑行距离, kind: integer, unit: m, min: 0, max: 100 km, personal: true}
```
```yaml parameters
- {name: baseline_factor, title: 基准线, value: 0.050, unit: kgCO2e/km, source: 测速, status: local}
- {name: consumption, title: 电耗, value: 0.010, unit: kWh/km, source: 测速, status: local}
- {name: grid, title: 电力因子, factor: grid, region: CN-43, unit: kgCO2/kWh}
- {name: dispatch, title: 调度, value: 0.005, unit: kgCO2e/km, source: 测速, status: local}
```
```formula
baseline = distance_m × baseline_factor
project = distance_m × consumption × grid
leakage = distance_m × dispatch
reduction = baseline − project − leakage
```
```yaml conditions
- {name: too_short, rule: distance_m >= 100 m, message: 太短, source: 测速}
```
```yaml caps
- {name: daily_trips, title: 每日次数, per: day, of: count, limit: 5, source: 测速}
- {name: daily_distance, title: 每日里程, per: day, of: distance_m, limit: 20 km, source: 测速}
```
```yaml grades
source: 测速
status: local
A: 1
B: 1
C: 0.5
D: 不接受
```
```yaml points
points: 1
per: 40 gCO2e
source: 测速
status: local
```
"""

# 200,000 residents over 20 days around a new year; some 2.5 trips a resident and day, so that both caps bite.
GENERATE = """
COPY (
    SELECT i AS event_id,
        1 + (hash(i, 1) % {people})::BIGINT AS person,
        DATE '2022-12-22' + (i * 20 // {events})::INTEGER AS day,
        epoch(DATE '2022-12-22' + (i * 20 // {events})::INTEGER)::BIGINT + (hash(i, 2) % 57600)::BIGINT AS at,
        'bikes:' || lpad(i::VARCHAR, 9, '0') AS tie,
        CASE hash(i, 3) % 10 WHEN 0 THEN 3 WHEN 1 THEN 2 ELSE 1 END AS grade,
        CASE WHEN hash(i, 4) % 50 = 0 THEN 'implausible:too_fast' END AS exclude,
        (50 + hash(i, 5) % 6000 + CASE WHEN hash(i, 6) % 10 = 0 THEN 12000 ELSE 0 END)::BIGINT AS distance_m
    FROM range({events}) AS numbers(i)
) TO '{path}' (FORMAT parquet)
"""
LIMIT = """SELECT count(*), sum(person), sum("at"), sum(grade), sum(distance_m), count(exclude), max(tie) FROM events"""
USE = """
SELECT outcome, cap, count(*), sum(reduction_g), sum(points), sum(grade), sum(event_id % 1000)
FROM ({sql}) AS results GROUP BY ALL ORDER BY ALL
"""


def bench_method() -> Method:
    """The method that is measured."""
    return load_method(METHOD, path="bench.md", factors=FactorTable(read_factors(FACTORS, path="bench.csv")))


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(path.parent)})
    connection.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{path}')")
    return connection


def timed(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, list[tuple[object, ...]]]:
    started = time.perf_counter()
    rows = connection.execute(sql).fetchall()
    return time.perf_counter() - started, rows


def schema(connection: duckdb.DuckDBPyConnection) -> ibis.Schema:
    described = connection.execute("DESCRIBE events").fetchall()
    kinds = {"BIGINT": "int64", "INTEGER": "int32", "DATE": "date", "VARCHAR": "string"}
    return ibis.schema({str(row[0]): kinds[str(row[1])] for row in described})


def sample_agrees(connection: duckdb.DuckDBPyConnection, sql: str, method: Method) -> int:
    """Hold some people's results against the interpreter; gives how many events were compared."""
    few = "person % 5000 = 1"
    described = connection.execute(f"SELECT * FROM events WHERE {few}")
    names = [str(column[0]) for column in described.description or ()]
    events = [dict(zip(names, row, strict=True)) for row in described.fetchall()]
    expected = sorted(evaluate(method, events), key=lambda result: result.event_id)
    wanted = f"SELECT * FROM ({sql}) WHERE event_id IN (SELECT event_id FROM events WHERE {few}) ORDER BY event_id"
    assert [Result(*row) for row in connection.execute(wanted).fetchall()] == expected
    return len(expected)


def main(events: int = 10_000_000) -> None:
    print(f"{describe()} · DuckDB {duckdb.__version__} · ibis {ibis.__version__}")
    method = bench_method()
    with tempfile.TemporaryDirectory(prefix="tanhui-bench-") as folder:
        path = Path(folder) / "events.parquet"
        with duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY}) as connection:
            connection.execute(GENERATE.format(events=events, people=max(events // 50, 1), path=path))
        print(f"{events:,} events in {path.stat().st_size / 2**20:.0f} MiB of Parquet; {THREADS} threads, {MEMORY}")
        with connect(path) as connection:
            sql = str(ibis.to_sql(compile_method(method, ibis.table(schema(connection), name="events")), "duckdb"))
            limit, _ = timed(connection, LIMIT)
            print(f"bare scan and sum: {limit:.2f} s, {events / limit:,.0f} events/s (the physical limit)")
            used = processor_seconds()
            seconds, rows = timed(connection, USE.format(sql=sql))
            used = processor_seconds() - used
            print(
                f"compiled method:   {seconds:.2f} s, {events / seconds:,.0f} events/s, {used:.1f} s of processor time"
            )
            peak = peak_bytes()
            for row in rows:
                print("  ", *row)
            print(f"compared with the interpreter: {sample_agrees(connection, sql, method):,} events, all equal")
    met = events / seconds >= GOAL_PER_SECOND and peak <= GOAL_BYTES
    print(f"peak memory {peak / 2**20:,.0f} MiB; {GOAL_PER_SECOND:,} events/s in 2 GiB: {'met' if met else 'NOT met'}")


if __name__ == "__main__":
    main(*(int(argument.replace(",", "")) for argument in sys.argv[1:2]))
