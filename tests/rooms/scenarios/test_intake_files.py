"""Files: encodings, headers, torn tables, Excel, Parquet; whatever the bytes, the answer is an expected one."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.kernel.errors import TanhuiError
from tanhui.scenarios._files import evidence_rows, look_at
from tanhui.scenarios._mapping import FileMapping, read_mapping
from tanhui.scenarios.types import Evidence, FileFault, Refusal

MAPPING = read_mapping(
    """
[evidence]
external_id = "id"
subject = "user"
happened_at = "time"
scenario = "shared-e-bike"
zone = "Asia/Shanghai"
[quantities]
distance_m = { column = "km", unit = "km" }
""",
    path="m.toml",
)
GOOD = "id,user,time,km\nT1,U1,2026-11-20T08:00:00,1.5\nT2,U2,2026-11-20T09:00:00,2\n"


def read(path: Path, mapping: FileMapping = MAPPING) -> list[Evidence | Refusal]:
    return list(evidence_rows(look_at(path), mapping))


def written(tmp_path: Path, content: bytes | str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_table_becomes_evidence_with_line_numbers(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, GOOD))
    assert isinstance(first, Evidence)
    assert isinstance(second, Evidence)
    assert (first.external_id, first.row_number, first.quantities) == ("T1", 2, {"distance_m": 1500})
    assert first.happened_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert (second.external_id, second.row_number) == ("T2", 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    mapping = read_mapping(
        '[evidence]\nexternal_id="编号"\nsubject="会员"\nhappened_at="时间"\nscenario="walking"\nzone="Asia/Shanghai"\n',
        path="m",
    )
    content = "编号,会员,时间\n甲一,乙二,2026-11-20T08:00:00\n".encode(encoding)
    (row,) = read(written(tmp_path, content), mapping)
    assert isinstance(row, Evidence)
    assert (row.external_id, row.subject) == ("甲一", "乙二")


def test_rows_may_end_any_way_and_cells_may_hold_line_breaks(tmp_path: Path) -> None:
    content = 'id,user,time,km\r\n"T\r\n1",U1,2026-11-20T08:00:00,1\r\n\r\nT2,U2,2026-11-20T08:00:00,2'
    rows = read(written(tmp_path, content))
    assert [row.row_number for row in rows] == [2, 5]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "空的"),
        ("id,user,km\nT1,U1,1\n", "缺少列：time"),
        ("id,user,Time,km\n", "相近的“Time”"),
        ("T1,U1,2026-11-20T08:00:00,1.5\n", "缺少列"),
        ("id,id,user,time,km\n", "重复的列：id"),
        ("\n", "缺少列"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (b"id,user\x00", "零字节"),
        (b"id,user,time,km\n\xff\xff\xff,1,1,1\n", "编码"),
        ('id,user,time,km\n"T1,U1,2026', "断了"),
        ("id,user,time,km\n" + "x" * 200_000, "断了"),
        (b"\xd0\xcf\x11\xe0" + b"\x00" * 50, ".xls"),
        (b"PK\x03\x04" + b"\x00" * 50, "Excel"),
        (b"PAR1" + b"\x00" * 50, "Parquet"),
    ],
)
def test_a_fault_of_the_whole_file_names_the_place(tmp_path: Path, content: bytes | str, word: str) -> None:
    with pytest.raises(FileFault) as fault:
        read(written(tmp_path, content))
    assert word in str(fault.value)
    assert "t.csv" in fault.value.where


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="没有这个文件"):
        look_at(tmp_path / "nowhere.csv")


def test_a_torn_last_row_costs_only_itself(tmp_path: Path) -> None:
    rows = read(written(tmp_path, GOOD + "T3,U3,2026-11"))
    assert [type(row) for row in rows] == [Evidence, Evidence, Refusal]
    assert isinstance(rows[2], Refusal)
    assert (rows[2].row_number, rows[2].code) == (4, "wrong_width")


def test_excel_says_the_same_as_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "user", "time", "km", None])
    sheet.append(["T1", "U1", datetime(2026, 11, 20, 8), 1.5])  # noqa: DTZ001
    sheet.append([])
    sheet.append(["T2", "U2", "2026-11-20 09:00:00", 2])
    book.save(tmp_path / "t.xlsx")
    rows = read(tmp_path / "t.xlsx")
    assert [row.row_number for row in rows] == [2, 4]
    assert [row.quantities for row in rows if isinstance(row, Evidence)] == [{"distance_m": 1500}, {"distance_m": 2000}]


def test_a_damaged_excel_file_is_a_file_fault(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "t.xlsx")
    whole = (tmp_path / "t.xlsx").read_bytes()
    for cut in (10, len(whole) // 2, len(whole) - 5):
        with pytest.raises(FileFault):
            read(written(tmp_path, whole[:cut], "cut.xlsx"))
    with pytest.raises(FileFault, match="缺少列"):
        read(tmp_path / "t.xlsx")


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.sql(
        "SELECT * FROM (VALUES ('T1', 'U1', TIMESTAMP '2026-11-20 08:00:00', 1.5),"
        " ('T2', 'U2', TIMESTAMP '2026-11-20 09:00:00', NULL)) t(id, \"user\", time, km)"
    ).write_parquet(str(path))
    first, second = read(path)
    assert isinstance(first, Evidence)
    assert first.happened_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert first.quantities == {"distance_m": 1500}
    assert isinstance(second, Refusal)
    assert (second.row_number, second.code) == (2, "missing_value")


_FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FUZZ
@given(
    st.one_of(
        st.binary(max_size=400),
        st.binary(max_size=200).map(lambda tail: GOOD.encode() + tail),
        st.text(max_size=200).map(lambda tail: (GOOD + tail).encode("utf-8", "surrogatepass")),
        st.tuples(st.integers(0, len(GOOD)), st.binary(max_size=8)).map(
            lambda cut: GOOD.encode()[: cut[0]] + cut[1] + GOOD.encode()[cut[0] :]
        ),
        st.sampled_from([b"PK\x03\x04", b"PAR1", b"\xef\xbb\xbf", b"\xff\xfe"]).flatmap(
            lambda head: st.binary(max_size=200).map(lambda tail: head + tail)
        ),
    )
)
def test_whatever_the_bytes_only_expected_errors_come(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content, "fuzz.csv")
    with suppress(TanhuiError):
        assert all(isinstance(row, Evidence | Refusal) for row in read(path))


@pytest.mark.real_input
def test_the_real_trips_are_read(pytestconfig: pytest.Config) -> None:
    path = PROJECT_ROOT.parent / "shared" / "data" / "ebike_trips.csv"
    if not path.is_file():
        pytest.skip("the real trips are not here")
    text = (PROJECT_ROOT / "counties/pingjiang/mappings/valleybike.toml").read_text(encoding="utf-8")
    rows = read(path, read_mapping(text, path="valleybike.toml"))
    assert len(rows) == 4377
    assert all(isinstance(row, Evidence) for row in rows)
