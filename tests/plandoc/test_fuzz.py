"""Whatever is thrown at the reader: the draft is the same again, can be written as JSON and cites lines that exist."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanhui_plandoc import Draft, normalize, read

PLANS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "corpus").glob("*.txt"))]
LINES = [line for plan in PLANS for line in plan.splitlines()]
SIGNS = (
    "一二三四五十第条章节（）()〔〕【】《》“”、，。；：:;!0123456789０２５年月底前到至少每季度"
    "牵头单位责任配合专栏附件重点任务★▲●○注代表\t\n\f%万亿 "
)

some_plan = st.sampled_from(PLANS)
fuzzed = settings(max_examples=40, deadline=None)


def numbers_in(value: Any) -> Iterator[int]:
    """Every line number of a draft as JSON."""
    if isinstance(value, dict):
        yield from value.get("lines") or ()
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)


def holds(text: str) -> None:
    draft = read(text)
    assert read(text) == draft
    content = draft.as_json()
    assert Draft.from_json(json.loads(json.dumps(content, ensure_ascii=False))).as_json() == content
    assert set(numbers_in(content)) <= {line.number for line in normalize(text)}
    assert len({task.no for task in draft.tasks}) == len(draft.tasks)
    ids = [one.id for task in draft.tasks for one in task.indicators]
    assert len(set(ids)) == len(ids)
    for one in draft.diagnostics:
        assert one.message
        assert one.suggestion
        assert all(place.lines for place in one.places)


@given(st.text(max_size=600))
@fuzzed
def test_any_text(text: str) -> None:
    holds(text)


@given(st.text(alphabet=SIGNS, max_size=600))
@fuzzed
def test_any_text_of_the_signs_of_plans(text: str) -> None:
    holds(text)


@given(st.lists(st.sampled_from(LINES), max_size=60))
@fuzzed
def test_lines_of_all_plans_in_any_order(lines: list[str]) -> None:
    holds("\n".join(lines))


@given(some_plan, st.randoms(use_true_random=False))
@fuzzed
def test_a_plan_whose_lines_are_shuffled(plan: str, random: Any) -> None:
    lines = plan.splitlines()
    random.shuffle(lines)
    holds("\n".join(lines))


@given(some_plan, st.sets(st.integers(0, 200)), st.booleans())
@fuzzed
def test_a_plan_with_lines_lost_or_doubled(plan: str, chosen: set[int], doubled: bool) -> None:
    times = {True: 2 if doubled else 0, False: 1}
    holds("\n".join(line for at, line in enumerate(plan.splitlines()) for _ in range(times[at in chosen])))


@given(some_plan, st.integers(0, 5000), st.integers(0, 400), st.text(alphabet=SIGNS, max_size=40))
@fuzzed
def test_a_plan_with_a_piece_cut_out_and_another_put_in(plan: str, start: int, length: int, piece: str) -> None:
    holds(plan[:start] + piece + plan[start + length :])


@given(some_plan, some_plan, st.integers(0, 5000), st.integers(0, 5000))
@fuzzed
def test_the_head_of_one_plan_and_the_tail_of_another(one: str, other: str, end: int, start: int) -> None:
    holds(one[:end] + other[start:])


@given(some_plan, st.integers(1, 12))
@fuzzed
def test_a_plan_broken_after_so_many_signs(plan: str, width: int) -> None:
    holds("\n".join(line[at : at + width] for line in plan.splitlines() for at in range(0, len(line), width)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 1000,
        "\t" * 100_000,
        "（" * 20_000,
        "）" * 20_000,
        "“《（【〔" * 5_000,
        "一、" * 10_000,
        "1." * 10_000,
        "每年" * 10_000,
        "到2025年，" * 10_000,
        "专栏1\n" * 2_000,
        "（一）\n1.\n" * 2_000,
        "★▲●○" * 5_000,
        "平" * 100_000,
        "9" * 100_000,
        "万亿" * 20_000,
        "至少" * 20_000,
        "（牵头单位：" * 4_000,
        "由" * 20_000 + "牵头",
        "\u0000\ud800\ufffe" * 1_000,
        "附件1\n重点任务\t牵头单位\n" + "\t\t\n" * 2_000,
    ],
    ids=lambda text: f"{text[:6]!r}-{len(text)}",
)
def test_nothing_but(text: str) -> None:
    holds(text)


@pytest.mark.parametrize("plan", PLANS, ids=range(len(PLANS)))
def test_one_giant_line(plan: str) -> None:
    holds(plan.replace("\n", "") * 5)
