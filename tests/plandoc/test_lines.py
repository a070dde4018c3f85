"""Cleaning of lines: one spelling, nothing lost, whatever comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_plandoc import Line, normalize
from tanhui_plandoc.lines import clean


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("到 ２０２５ 年，建成 １２ 个", "到2025年，建成12个"),
        ("到 2030 年", "到2030年"),
        ("８－１０ 个", "8-10个"),
        ("比例达 50％ (▲)。", "比例达50%（▲）。"),
        ("(一) 开展宣传", "（一）开展宣传"),
        ("行动内容:按照“户分类,村收集”的模式;每户一个", "行动内容：按照“户分类，村收集”的模式；每户一个"),
        ("1. **办好低碳集市。**每月一次", "1.办好低碳集市。每月一次"),
        ("Ｗｉ-Ｆｉ 6 road map", "Wi-Fi 6 road map"),
        ("1,200 亩", "1,200亩"),
        ("08:30 开放", "08:30开放"),
        ("f(x) only", "f(x) only"),
        ("\u3000\u3000目\u3000录\u00a0", "目录"),
        ("⼆⽉", "二月"),
        ("零\u200b碳\ufeff村\u00ad庄\x00", "零碳村庄"),
        ("*\u200b*加粗*\u200b*", "加粗"),
        ("", ""),
    ],
)
def test_one_spelling(source: str, expected: str) -> None:
    assert clean(source) == expected


def test_lines_keep_their_numbers() -> None:
    assert normalize("甲\r\n\r\n乙\r丙\n\n丁") == [Line(1, "甲"), Line(3, "乙"), Line(4, "丙"), Line(6, "丁")]


def test_rows_keep_their_cells() -> None:
    rows = normalize("任务\t牵头\t目标\n\t\t续 ５ 个\n（一）宣传\t\t\n\t缩进的正文。\n\t\t\n")
    assert [row.cells for row in rows] == [
        ("任务", "牵头", "目标"),
        ("", "", "续5个"),
        ("（一）宣传", "", ""),
        None,
    ]
    assert rows[1].text == "\t\t续5个"
    assert rows[3] == Line(4, "缩进的正文。")


@pytest.mark.parametrize("line", ["- 3 -", "—12—", "第 3 页", "第 3 页 共 26 页", "第3页/共26页", "· 7 ·"])
def test_page_numbers_go(line: str) -> None:
    assert [one.text for one in normalize(f"甲。\n{line}\n乙。")] == ["甲。", "乙。"]


def test_bare_numbers_go_at_page_breaks_only() -> None:
    assert [one.text for one in normalize("甲。\n12\n乙。\n13\n\f丙。\n14\f丁。")] == [
        "甲。",
        "12",
        "乙。",
        "丙。",
        "丁。",
    ]


@given(st.text(max_size=400))
def test_any_text_is_cleaned_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "**" not in once
    once.encode()


IDEOGRAPHS = st.text(alphabet=st.sampled_from("平江县绿色低碳 ，。、：；（）()“”1２\t\n\f*-3"), max_size=300)


@given(IDEOGRAPHS)
def test_no_ideograph_is_lost_or_moved(text: str) -> None:
    def ideographs(value: str) -> str:
        return "".join(character for character in value if "\u4e00" <= character <= "\u9fff")

    assert ideographs("".join(line.text for line in normalize(text))) == ideographs(text)
