"""Text that knows its lines, sentences cut from it, and likeness of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_plandoc.cited import Cited, joined
from tanhui_plandoc.likeness import likeness, matched
from tanhui_plandoc.sentences import parted, sentences

TEXT = Cited("甲乙丙丁戊己", (0, 2, 4), (10, 12, 15))


@pytest.mark.parametrize(
    ("start", "end", "text", "lines"),
    [
        (0, None, "甲乙丙丁戊己", (10, 12, 15)),
        (0, 2, "甲乙", (10,)),
        (1, 3, "乙丙", (10, 12)),
        (3, 4, "丁", (12,)),
        (4, None, "戊己", (15,)),
        (6, None, "", (15,)),
        (-2, None, "戊己", (15,)),
    ],
)
def test_a_cut_keeps_its_lines(start: int, end: int | None, text: str, lines: tuple[int, ...]) -> None:
    cut = TEXT.cut(start, end)
    assert (cut.text, cut.lines) == (text, lines)


def test_strip_without_and_joined() -> None:
    assert Cited("  甲 ", (0,), (3,)).strip() == Cited("甲", (0,), (3,))
    rest = TEXT.without([(1, 3)])
    assert (rest.text, rest.lines) == ("甲丁戊己", (10, 12, 15))
    both = joined([TEXT.cut(0, 1), Cited(""), TEXT.cut(5)], "，")
    assert (both.text, both.lines, both.cut(2).lines) == ("甲，己", (10, 15), (15,))


@given(st.text("甲。；，“”（）", max_size=60), st.sampled_from(["。", "；", "，"]))
def test_parts_are_of_the_text_in_order(text: str, sign: str) -> None:
    at = 0
    for part in parted(Cited(text, (0,), (1,)), sign):
        at = text.index(part.text, at) + len(part.text)
        assert part.lines == (1,)


def test_nothing_is_parted_within_quotation_marks_and_brackets() -> None:
    said = sentences(Cited("做好“甲。乙”。（丙。丁）再做《戊。己》！", (0,), (1,)))
    assert [each.text for each in said] == ["做好“甲。乙”。", "（丙。丁）再做《戊。己》！"]


def test_likeness() -> None:
    assert likeness("绿色餐厅", "绿色餐厅") == 1
    assert likeness("绿色餐厅", "公交专线") == 0
    assert likeness("创建绿色餐厅", "绿色餐厅创建") > likeness("创建绿色餐厅", "创建示范街")


def test_each_is_matched_once_and_agreement_decides() -> None:
    same = ["建成示范点", "建成示范点"]
    years = [(2025, 2030), (2030, 2025)]
    found = matched(same, same, 0.5, lambda i, j: 0.1 if years[0][i] == years[1][j] else 0.0)
    assert found == [1, 0]
    assert matched(["建成示范点"], ["开通专线"], 0.5, lambda i, j: 0.0) == [None]
    assert matched(["建成示范点"], ["建成示范点"], 0.5, lambda i, j: None) == [None]


def test_among_very_many_only_equal_texts_are_found() -> None:
    many = [f"建成第{number}个点" for number in range(400)]
    assert matched(many, many[::-1], 0.5, lambda i, j: 0.0) == list(range(399, -1, -1))
