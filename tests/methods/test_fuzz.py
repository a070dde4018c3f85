"""No text crashes the loader with anything but MethodError, and none holds it up."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.methods.conftest import FACTORS, TEXT

from tanhui_methods import FactorTable, MethodError, load_method, read_factors
from tanhui_methods.syntax import parse_expression, parse_formulas
from tanhui_methods.units import UnitError, parse_unit

TABLE = FactorTable(read_factors(FACTORS, path="factors.csv"))
LINES = TEXT.split("\n")
WORDS = [
    "reduction", "baseline", "distance_m", "grid", "mode", "if", "then", "else", "and", "or", "not", "min", "max",
    "floor", "(", ")", "[", "]", "+", "−", "-", "*", "/", "==", "!=", "<", ">=", ",", "=", "0", "1", "1 km", "2.5",
    '"own"', "\n", "  ", "#", "gCO2e", "[g/km]", "**", "×", "：", "\t",
]  # fmt: skip
ODD = st.sampled_from(
    ["", " ", "---", "```", "```yaml inputs", "```formula", "- {", "}", "[[[[[", ": :", "&a", "*a", "!!x", "%", "\x00",
     "\u2028", "\ud800", "\r", "\ufeff", "a: b: c", "? x", "'", '"', "{a: {b: {c: {d: {e: {f: {g: {h: 1}}}}}}}}",
     "1e308", "9" * 50, "-1", "0x10", "~", "null", "📦", "- - - - -", "|", ">", "<<: x", "@", "`"]
)  # fmt: skip


def seen(error: MethodError) -> None:
    """An error that a person can read."""
    assert str(error).strip()
    assert error.line >= 0


def tried(text: str) -> None:
    try:
        load_method(text, path="fuzz.md", factors=TABLE)
    except MethodError as error:
        seen(error)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
@example("---\n---")
@example("---\n" + "[" * 5000 + "\n---")
def test_any_text(text: str) -> None:
    tried(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_sound_file_with_lines_broken_lost_and_swapped(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.integers(0, 4))
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, data.draw(ODD))
        elif kind == 2:
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            cut = data.draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:cut] + data.draw(ODD) + lines[at][cut:]
        else:
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
    tried("\n".join(lines))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join))
def test_any_formula(text: str) -> None:
    for parse in (
        lambda: parse_formulas(text, path="f", first_line=1),
        lambda: parse_expression(text, path="f", line=1),
        lambda: load_method(
            TEXT.replace("reduction = baseline − project", f"reduction = {text}"), path="f", factors=TABLE
        ),
    ):
        try:
            parse()
        except MethodError as error:
            seen(error)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("kmgWhCO2e/*()^-9 ·%", max_size=40)))
def test_any_unit(text: str) -> None:
    try:
        unit = parse_unit(text)
    except UnitError:
        return
    assert unit.factor > 0


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_factor_table(text: str, cell: str) -> None:
    for table in (text, FACTORS + text, FACTORS.replace("0.4900", cell, 1)):
        try:
            read_factors(table, path="f.csv")
        except MethodError as error:
            seen(error)


LONG = {
    "parentheses": "(" * 100_000,
    "a long sum": "baseline" + " + baseline" * 5_000,
    "minus signs": "-" * 20_000 + "baseline",
    "nots": "not " * 5_000 + "baseline",
    "ifs": "if baseline > project then " * 4_000,
    "a long number": "9" * 19_000,
    "a long name": "a" * 19_000,
}


@pytest.mark.parametrize("kind", LONG)
def test_long_formulas_are_refused_at_once(kind: str) -> None:
    started = time.process_time()
    with pytest.raises(MethodError):
        load_method(TEXT.replace("baseline − project", LONG[kind]), path="f", factors=TABLE)
    assert time.process_time() - started < 2


def test_long_files_are_refused_at_once() -> None:
    started = time.process_time()
    deep = "[" * 50_000
    doubled = "\n".join(f"x{n} = max(x{n - 1}, x{n - 1} + project)" for n in range(1, 100))
    squares = "\n".join(f"x{n} = x{n - 1} × x{n - 1}" for n in range(1, 150))
    for change in (
        ("骑行。", "长" * 600_000),
        ("骑行。", "```yaml conditions\n" + deep + "\n```"),
        ("骑行。", "```yaml conditions\n" + "- {name: a}\n" * 5_000 + "```"),
        ("reduction = baseline", f"x0 = baseline\n{doubled}\nreduction = x99 + baseline"),
        ("reduction = baseline", f"x0 = consumption × 1 [km/kWh]\n{squares}\nreduction = x149 × baseline"),
    ):
        with pytest.raises(MethodError):
            load_method(TEXT.replace(*change), path="f", factors=TABLE)
    assert time.process_time() - started < 10
