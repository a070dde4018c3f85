"""Deadlines, dates and rhythms as plans write them."""

from __future__ import annotations

import pytest

from tanhui_plandoc.deadlines import deadlines, written_date
from tanhui_plandoc.rhythms import rhythm

ISSUED = "2024-05"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("到2025年，建成", "2025"),
        ("到2030，至少", "2030"),
        ("至2030年底，", "2030"),
        ("2025年底前，完成", "2025"),
        ("力争2026年建成", "2026"),
        ("2025年6月底前完成", "2025-06"),
        ("到2025年12月", "2025-12"),
        ("2025年6月30日前", "2025-06-30"),
        ("2025年2月30日前", "2025"),
        ("2025年上半年", "2025-06"),
        ("2026年下半年完成", "2026-12"),
        ("2025年第三季度前", "2025-09"),
        ("2023—2025年", "2025"),
        ("2024年至2026年期间", "2026"),
        ("到“十四五”末", "2025"),
        ("“十五五”期间", "2030"),
        ("十四五末", "2025"),
        ("5年内完成", "2029"),
        ("三年内", "2027"),
        ("年内完成", "2024"),
        ("今年底前", "2024"),
        ("9月底前", "2024-09"),
    ],
)
def test_a_deadline(text: str, iso: str) -> None:
    (found,) = deadlines(text, ISSUED)
    assert found.iso == iso
    assert found.year == int(iso[:4])
    assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "比2020年下降8%",
        "与2020年相比",
        "较2015年水平",
        "2020年以来",
        "2023年度考核",
        "湘发〔2023〕266号",
        "《2025年行动方案》",
        "三年行动",
        "每年",
        "全年",
        "20250年",
        "",
    ],
)
def test_no_deadline(text: str) -> None:
    assert deadlines(text, ISSUED) == []


def test_a_month_belongs_to_the_year_before_it() -> None:
    assert [each.iso for each in deadlines("2025年底前完成甲，12月底前完成乙", ISSUED)] == ["2025", "2025-12"]
    assert [each.iso for each in deadlines("12月底前完成乙", "", 2026)] == ["2026-12"]


def test_what_has_no_year_is_not_guessed() -> None:
    assert deadlines("5年内完成，年内启动，6月底前动工") == []


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2023年08月", "2023-08"),
        ("2025年1月15日", "2025-01-15"),
        ("二〇二五年二月", "2025-02"),
        ("二○二四年十二月三十一日", "2024-12-31"),
        ("（2024年5月印发）", "2024-05"),
        ("2024—2026年", ""),
        ("2024年13月", ""),
        ("没有日期", ""),
    ],
)
def test_a_written_date(text: str, iso: str) -> None:
    assert written_date(text) == iso


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("每年至少举办2场", "yearly"),
        ("年度考核", "yearly"),
        ("每半年组织一次", "half_yearly"),
        ("每季度调度一次", "quarterly"),
        ("按季通报", "quarterly"),
        ("每月公布", "monthly"),
        ("按月报送", "monthly"),
        ("每周一次", "weekly"),
        ("每天巡查", "daily"),
        ("定期公布", "irregular"),
        ("不定期抽查", "irregular"),
        ("常态化开展", "irregular"),
        ("每两年评选", "irregular"),
    ],
)
def test_a_rhythm(text: str, name: str) -> None:
    found = rhythm(text)
    assert found
    assert found.name == name


@pytest.mark.parametrize("text", ["鼓励推行“每周少开一天车”", "每户配备", "全国节能宣传周", "年度计划", "持续开展", ""])
def test_no_rhythm(text: str) -> None:
    assert rhythm(text) is None
