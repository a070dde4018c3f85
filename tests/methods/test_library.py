"""The shipped methods load, agree with their examples and may be published; what a library must not hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pyarrow
import pytest
from tests.methods import worlds
from tests.methods.conftest import FACTORS, TEXT

from tanhui_methods import (
    FactorTable,
    Library,
    Method,
    MethodError,
    Result,
    evaluate,
    explain,
    load_library,
    publication_problems,
    read_factors,
    run_examples,
)
from tanhui_methods.columnar import compile_method

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "methods").rglob("*.md"))
Load = Callable[..., Method]


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(ROOT / "methods", [ROOT / "factors", ROOT / "counties" / "pingjiang" / "factors"])


def test_the_shipped_library_has_nothing_wrong(library: Library) -> None:
    assert len(library.methods) == len(SHIPPED) >= 14
    assert [str(problem) for problem in library.check()] == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_examples_hold_in_both_evaluators(path: Path, library: Library) -> None:
    method = next(each for each in library.methods if each.path == path.relative_to(ROOT).as_posix())
    assert [str(problem) for problem in run_examples(method)] == []
    columns = worlds.columns(method)
    kinds = {"int64": pyarrow.int64(), "date": pyarrow.date32(), "string": pyarrow.string()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    sql = str(ibis.to_sql(compile_method(method, ibis.table(columns, name="events")), dialect="duckdb"))
    with duckdb.connect() as connection:
        for example in method.examples:
            connection.register(
                "events", pyarrow.Table.from_pylist([dict(each) for each in example.events], schema=schema)
            )
            rows = [Result(*row) for row in connection.execute(f"{sql} ORDER BY event_id").fetchall()]
            assert rows == evaluate(method, example.events, strict=False), example.title


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_every_example_can_be_explained(path: Path, library: Library) -> None:
    method = next(each for each in library.methods if each.path == path.relative_to(ROOT).as_posix())
    for example in method.examples:
        for event, expected in zip(example.events, example.expected, strict=True):
            sentence = explain(method, example.events, event["event_id"]).to_text()
            assert "年" in sentence
            assert sentence.endswith("。")
            if expected.reduction_g:
                assert str(expected.reduction_g) in sentence
            audit = explain(method, example.events, event["event_id"], "audit")
            assert method.rule_hash in audit.to_text()
            assert audit.to_dict()["title"] == method.title


def test_in_force_by_day(library: Library) -> None:
    assert library.in_force("shared-e-bike", date(2021, 2, 1)).version == "1.0.0"
    with pytest.raises(MethodError, match="没有生效的版本"):
        library.in_force("shared-e-bike", date(1999, 1, 1))
    with pytest.raises(MethodError, match="shared-e-bike"):
        library.in_force("hovercraft", date(2021, 2, 1))


def versions(load: Load, factors: FactorTable, *changes: list[tuple[str, str]]) -> Library:
    return Library(
        [load(("status: draft", "status: withdrawn\nvalid_to: 2021-01-01"))] + [load(*c) for c in changes], factors
    )


def test_two_versions_in_force_on_one_day(load: Load, factors: FactorTable) -> None:
    second = [("version: 1.0.0", "version: 1.1.0"), ("status: draft", "status: in_force")]
    apart = versions(load, factors, [*second, ("valid_from: 2020-01-01", "valid_from: 2021-01-01")])
    assert not [problem for problem in apart.check() if "同时生效" in problem.message]
    assert apart.in_force("ride", date(2020, 12, 31)).version == "1.0.0"
    assert apart.in_force("ride", date(2021, 1, 1)).version == "1.1.0"
    clash = versions(load, factors, [*second, ("valid_from: 2020-01-01", "valid_from: 2020-12-31")])
    assert [problem for problem in clash.check() if "同时生效" in problem.message]
    with pytest.raises(MethodError, match="同时生效"):
        clash.in_force("ride", date(2020, 12, 31))


def test_what_publication_asks_for(load: Load) -> None:
    said = "\n".join(str(problem) for problem in publication_problems(load()))
    for lack in (
        "缺少章节“术语和定义”",
        "没有结果为零的算例",
        "daily_trips",
        "daily_distance",
        "没有等级 B",
        "没有等级 D",
    ):
        assert lack in said
    assert "没有算例" in str(publication_problems(load((TEXT[TEXT.index("```yaml examples") :], "")))[-1])


def test_an_example_that_does_not_come_out_is_named(load: Load) -> None:
    problems = run_examples(load(("reduction_g: 90", "reduction_g: 91")))
    assert ["应为 91，算得 90" in str(problem) for problem in problems] == [True]
    assert problems[0].line == TEXT[: TEXT.index("expect:")].count("\n") + 1


def test_explanations_of_three_depths(load: Load) -> None:
    event = {
        "event_id": 7, "person": 1, "day": date(2022, 6, 2), "at": 0, "tie": "a", "grade": 2, "exclude": None,
        "distance_m": 2_000, "mode": "own",
    }  # fmt: skip
    sentence = explain(load(), [event], 7).to_text()
    assert sentence == (
        "2022年6月2日，骑行（骑行距离2公里）：减少排放 81 克二氧化碳当量，得 2 分，证据等级 B 按系数 0.9 计。"
    )
    arithmetic = explain(load(), [event], 7, "arithmetic").to_text()
    for part in ("2000米 × 0.01千瓦时/公里 × 0.49千克二氧化碳/千瓦时", "90.2 克", "81.18 克", "公告", "CN-43，2022年"):
        assert part in arithmetic
    audit = explain(load(), [event], 7, "audit").to_text()
    assert "factors.csv 第 2 行" in audit
    assert '"distance_m": 2000' in audit
    with pytest.raises(MethodError):
        explain(load(), [event], 8)


FACTOR_FAULTS = {
    "a header in another order": ("factor,region", "region,factor", 1, "表头应为"),
    "no source": ("公告,code,,,,\n", ",code,,,,\n", 2, "没有写出处"),
    "a float": ("0.4900", "4.9e-1", 2, "不是写全的小数"),
    "a year in words": ("2022", "今年", 2, "应为四位数字"),
    "the same year twice": ("CN-43,2022", "CN-43,2023", 3, "有两行可取"),
    "with and without year": ("CN-43,2022", "CN-43,", 3, "有的行写了年份"),
    "a column too many": ("公告,code", "公,告,code", 2, "应有 11 列"),
}


@pytest.mark.parametrize("fault", FACTOR_FAULTS)
def test_faults_of_factor_tables(fault: str, tmp_path: Path) -> None:
    old, new, line, message = FACTOR_FAULTS[fault]
    (tmp_path / "f.csv").write_text(FACTORS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MethodError) as caught:
        FactorTable.read([tmp_path], root=tmp_path)
    assert message in str(caught.value)
    assert (caught.value.path, caught.value.line) == ("f.csv", line)


def test_a_table_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_bytes(FACTORS.encode("gbk"))
    with pytest.raises(MethodError, match="不是 UTF-8"):
        FactorTable.read([tmp_path])


def test_frozen_rows_give_the_same_rule(load: Load) -> None:
    assert {row.year for row in load().factor_rows()} == {2022, 2023}
    assert FactorTable(read_factors(FACTORS, path="other.csv")).of("grid", "CN-43") == load().factor_rows()


def test_a_misplaced_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "methods" / "energy" / "ride").mkdir(parents=True)
    (tmp_path / "methods" / "energy" / "ride" / "1.0.0.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "factors").mkdir()
    (tmp_path / "factors" / "f.csv").write_text(FACTORS, encoding="utf-8")
    with pytest.raises(MethodError, match=r"transport/ride/1\.0\.0\.md"):
        load_library(tmp_path / "methods", [tmp_path / "factors"])


def test_importing_loads_neither_units_nor_columns() -> None:
    heavy = ("pint", "ibis", "duckdb", "numpy", "django")
    code = f"import sys, tanhui_methods; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert run.stdout.strip() == "[]"


def test_a_leakage_that_is_not_subtracted_is_told(load: Load) -> None:
    method = load(("reduction = baseline − project", "leakage = project\nreduction = baseline"))
    said = "\n".join(str(problem) for problem in publication_problems(method))
    for lack in ("公式 leakage 没有用到", "公式 project 没有用到", "参数 grid 没有用到"):
        assert lack in said
