"""The county's folder is read from one place, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanhui.kernel.county import County, load_county
from tanhui.kernel.errors import NotFound


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "counties/yunxi"
    (folder / "sources").mkdir(parents=True)
    (folder / "county.toml").write_text('name = "云溪县"\ndivision_code = "999999"\n', encoding="utf-8")
    (folder / "rows.csv").write_text("\ufeffcode,name\n1,甲\n2,乙\n", encoding="utf-8")
    for name in ("b.toml", "a.toml", "c.txt"):
        (folder / "sources" / name).touch()
    return tmp_path


def test_facts(root: Path) -> None:
    county = load_county("yunxi", root)
    assert (county.name, county.division_code) == ("云溪县", "999999")


def test_rows_without_the_mark_of_excel(root: Path) -> None:
    assert load_county("yunxi", root).rows("rows.csv") == [
        {"code": "1", "name": "甲"},
        {"code": "2", "name": "乙"},
    ]


def test_files_by_name(root: Path) -> None:
    county = load_county("yunxi", root)
    assert [path.name for path in county.files("sources", ".toml")] == ["a.toml", "b.toml"]
    assert county.files("nothing", ".toml") == []


def test_what_is_missing_is_named(root: Path) -> None:
    with pytest.raises(NotFound, match=r"县域文件夹缺少 gone\.csv"):
        load_county("yunxi", root).rows("gone.csv")
    with pytest.raises(NotFound, match="yunxi"):
        load_county("nowhere", root)
    with pytest.raises(NotFound, match="无"):
        load_county("nowhere", root / "counties")


def test_pingjiang_is_there() -> None:
    county = load_county("pingjiang")
    assert (county.name, county.division_code) == ("平江县", "430626")
    assert County(county.folder).facts == county.facts
