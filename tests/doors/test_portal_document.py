"""A method document as a page: nothing of what is evaluated is hidden, and nothing written in it is executed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.template import Context, Template

from tanhui.portal.document import chapters
from tanhui.portal.templatetags.tanhui import change, grams_number, grams_unit, mass_parts, period
from tanhui.scenarios.queries import library
from tanhui_methods import Method

NAMES = sorted(f"{m.family}/{m.name}/{m.version}" for m in library().methods)


def _method(name: str) -> Method:
    return next(m for m in library().methods if f"{m.family}/{m.name}/{m.version}" == name)


def _html(method: Method) -> str:
    return "".join(f"<h2>{chapter.heading}</h2>{chapter.html}" for chapter in chapters(method, library()))


@pytest.mark.parametrize("name", NAMES)
def test_every_chapter_parameter_formula_cap_condition_and_example_is_on_the_page(name: str) -> None:
    method = _method(name)
    html = _html(method).replace("<sub>2</sub>", "2")
    for chapter in method.chapters:
        assert chapter.heading in html
    for parameter in method.parameters.values():
        assert parameter.title in html
        assert f"<code>{parameter.name}</code>" in html
        for entry in parameter.entries:
            for segment in entry.segments:
                assert (segment.row.written if segment.row else entry.written) in html
    for formula in method.formulas:
        assert f"<code>{formula} " in html.replace("=", " =")
    for item in (*method.conditions, *method.caps, *method.examples):
        assert (getattr(item, "title", "") or item.message) in html  # type: ignore[union-attr]
    assert "<pre><code>" not in html, "an executable block was left as it was written"


@pytest.mark.parametrize("name", NAMES)
def test_every_status_of_a_value_is_shown_in_words(name: str) -> None:
    method = _method(name)
    words = {
        "verified": "已核实",
        "press": "媒体报道",
        "code": "公开代码",
        "provisional": "暂定",
        "local": "待本县核定",
    }
    html = _html(method)
    for parameter in method.parameters.values():
        for status in parameter.statuses():
            assert words[status] in html


def _variant(body: str) -> Method:
    return replace(_method("transport/shared-e-bike/1.0.0"), text=f"---\nname: x\n---\n# 标题\n{body}")


def test_html_in_a_document_is_shown_and_not_executed() -> None:
    html = _html(_variant("## 一\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n`<b>`\n"))
    assert "<script>" not in html
    assert 'href="javascript' not in html
    assert "&lt;script&gt;" in html


def test_a_block_can_not_smuggle_markup_through_its_values() -> None:
    body = (
        "## 一\n```yaml parameters\n- name: a\n  title: <img src=x>\n  value: 1\n  unit: <b>\n  source: <i>\n"
        "  status: press\n```\n"
        "```formula\nreduction = a × <img> # <u>\n```\n"
    )
    html = _html(_variant(body))
    assert "<img" not in html
    assert "<b>" not in html
    assert "<u>" not in html


def test_formulas_read_in_chinese_with_continued_lines_joined() -> None:
    body = (
        "## 一\n```yaml inputs\n- name: distance_m\n  title: 骑行距离\n```\n"
        "```formula\nreduction = distance_m ×\n   distance_m - 0 gCO2e  # 说明\n```\n"
    )
    html = _html(_variant(body))
    assert '<span>减排量</span> <span class="op">=</span> <span>骑行距离</span>' in html
    assert "distance_m × distance_m - 0 gCO2e" in html.replace("<sub>2</sub>", "2")
    assert "说明" in html


def test_values_by_choice_name_the_choice() -> None:
    html = _html(_method("recycling/recyclables/1.0.0"))
    method = _method("recycling/recyclables/1.0.0")
    choices = [words for item in method.inputs.values() for words in item.choices.values()]
    assert choices
    for words in choices:
        assert words in html


def test_a_line_break_inside_a_chinese_sentence_is_no_space() -> None:
    assert "之上再行" in _html(_variant("## 一\n之上\n再行\n"))
    assert "one\ntwo" in _html(_variant("## 一\none\ntwo\n"))


@pytest.mark.parametrize(
    ("grams", "shown"),
    [
        (0, ("0", "克")),
        (999, ("999", "克")),
        (1_000, ("1.00", "千克")),
        (1_999, ("1.99", "千克")),
        (999_999, ("999.99", "千克")),
        (1_000_000, ("1.00", "吨")),
        (48_219_999, ("48.21", "吨")),
        (1_234_567_890, ("1,234", "吨")),
        (-1_999, ("-1.99", "千克")),
    ],
)
def test_masses_are_cut_off_and_never_rounded_up(grams: int, shown: tuple[str, str]) -> None:
    assert mass_parts(grams) == shown
    assert (grams_number(grams), grams_unit(grams)) == shown


def test_half_open_periods_are_said_with_both_days_included() -> None:
    from datetime import date

    assert period(date(2026, 1, 1), date(2027, 1, 1)) == "2026年1月1日至2026年12月31日"
    assert period(date(2026, 1, 1), None) == "2026年1月1日起"
    assert period(None, None) == "—"


def test_changes_carry_their_sign() -> None:
    assert change(200, 150) == "−50（−25%）"
    assert change(0, 150) == "+150"
    assert change(7, 7) == "0"


def test_markdown_of_the_filter_is_safe() -> None:
    shown = Template("{% load tanhui %}{{ text|markdown }}").render(Context({"text": "<b>x</b> | [a](javascript:1)"}))
    assert "<b>" not in shown
    assert 'href="javascript' not in shown


def test_the_vendored_chart_library_keeps_its_licence() -> None:
    folder = Path(__file__).parents[2] / "src/tanhui/portal/static/tanhui/vendor"
    assert "Apache License" in (folder / "echarts-LICENSE.txt").read_text()
    assert (folder / "echarts-6.1.0.simple.min.js").stat().st_size < 700_000
