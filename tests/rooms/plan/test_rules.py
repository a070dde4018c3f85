"""Completion, status, pace and words, with exact values; and their properties for any numbers."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tanhui.plan import rules
from tanhui.plan.rules import ALL, Goal, Reading
from tanhui.plan.types import Light, Status

D = Decimal
TODAY = date(2025, 6, 30)
START = date(2024, 1, 1)


def goal(comparator: str = ">=", value: str | None = "5", **more: Any) -> Goal:
    facts: dict[str, Any] = {"kind": "quantitative", **more}
    for name in ("value_max", "baseline"):
        if name in facts:
            facts[name] = D(facts[name])
    return Goal(comparator=comparator, value=None if value is None else D(value), **facts)


def read(value: str, day: date = TODAY) -> Reading:
    return Reading(D(value), day)


@pytest.mark.parametrize(
    ("wanted", "value", "points"),
    [
        (goal(), "0", 0),
        (goal(), "3", 6000),
        (goal(), "4.999999", 9999),
        (goal(), "5", ALL),
        (goal(), "9", ALL),
        (goal(), "-1", 0),
        (goal("="), "3", 6000),
        (goal("="), "6", ALL),
        (goal(""), "5", ALL),
        (goal(">"), "5", 9999),
        (goal(">"), "5.000001", ALL),
        (goal(">=", "3"), "1", 3333),
        (goal(baseline="2"), "2", 0),
        (goal(baseline="2"), "3", 3333),
        (goal(baseline="2"), "1", 0),
        (goal(baseline="5"), "4", 0),
        (goal(">=", "0"), "-1", 0),
        (goal(">=", "0"), "0", ALL),
        (goal("<=", "30"), "30", ALL),
        (goal("<=", "30"), "45", 6666),
        (goal("<", "30"), "30", 9999),
        (goal("<", "30"), "29", ALL),
        (goal("<=", "0"), "4", 0),
        (goal("<=", "30", baseline="50"), "40", 5000),
        (goal("<=", "30", baseline="50"), "60", 0),
        (goal("<=", "30", baseline="20"), "40", 7500),
        (goal("range", "10", value_max="20"), "15", ALL),
        (goal("range", "10", value_max="20"), "20", ALL),
        (goal("range", "10", value_max="20"), "5", 5000),
        (goal("range", "10", value_max="20"), "25", 8000),
        (goal("", None, kind="milestone"), "1", ALL),
        (goal("", None, kind="milestone"), "0", 0),
        (goal("", None, kind="milestone"), "0.5", 5000),
        (goal("", None), "7", None),
    ],
)
def test_completion_heeds_the_direction_and_is_rounded_down(wanted: Goal, value: str, points: int | None) -> None:
    assert rules.completion(wanted, read(value), TODAY) == points


def test_no_reading_is_no_completion() -> None:
    assert rules.completion(goal(), None, TODAY) is None


numbers = st.decimals(min_value=-1000, max_value=10_000, places=3)
positive = st.decimals(min_value=D("0.001"), max_value=10_000, places=3)
upward = st.builds(
    lambda comparator, value, baseline: Goal("quantitative", comparator, value, baseline=baseline),
    st.sampled_from([">=", ">", "=", ""]),
    positive,
    st.none() | numbers,
)
downward = st.builds(
    lambda comparator, value, baseline: Goal("quantitative", comparator, value, baseline=baseline),
    st.sampled_from(["<=", "<"]),
    positive,
    st.none() | numbers,
)
ranges = st.builds(lambda low, width: Goal("quantitative", "range", low, low + width), positive, positive)
goals = upward | downward | ranges


def points_of(wanted: Goal, value: Decimal) -> int:
    found = rules.completion(wanted, Reading(value, TODAY), TODAY)
    assert found is not None
    return found


@given(goals, numbers)
def test_completion_is_all_exactly_where_the_goal_is_met(wanted: Goal, value: Decimal) -> None:
    points = points_of(wanted, value)
    assert 0 <= points <= ALL
    assert (points == ALL) == rules.met(wanted, value)
    assert (rules.status(wanted, Reading(value, TODAY), TODAY) is Status.DONE) == (points == ALL)


@given(upward, numbers, numbers)
def test_more_is_never_less_complete(wanted: Goal, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert points_of(wanted, low) <= points_of(wanted, high)


@given(downward, positive, positive)
def test_less_is_never_less_complete_downward(wanted: Goal, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert points_of(wanted, low) >= points_of(wanted, high)


@given(positive, positive)
def test_the_share_is_exact(value: Decimal, target: Decimal) -> None:
    assume(value < target)
    assert points_of(Goal("quantitative", ">=", target), value) == Fraction(value) * ALL // Fraction(target)


@given(goals, numbers, numbers)
def test_regress_and_completion_agree(wanted: Goal, before: Decimal, after: Decimal) -> None:
    if points_of(wanted, after) < points_of(wanted, before) and before > 0 and after > 0:
        assert rules.regress(wanted, Reading(before, TODAY), Reading(after, TODAY))
    assert not rules.regress(wanted, Reading(before, TODAY), Reading(before, TODAY))


@pytest.mark.parametrize(
    ("wanted", "reading", "status"),
    [
        (goal(due_on=date(2025, 12, 31)), read("5"), Status.DONE),
        (goal(due_on=date(2024, 12, 31)), read("5"), Status.DONE),
        (goal(due_on=date(2025, 6, 29)), read("4"), Status.LATE),
        (goal(due_on=date(2025, 6, 29)), None, Status.LATE),
        (goal(due_on=date(2025, 6, 30)), read("4"), Status.DUE_SOON),
        (goal(due_on=date(2025, 9, 28)), read("4"), Status.DUE_SOON),
        (goal(due_on=date(2025, 9, 29)), read("4"), Status.ON_TIME),
        (goal(due_on=date(2025, 7, 1)), None, Status.NO_DATA),
        (goal(), read("1"), Status.ON_TIME),
        (goal(), None, Status.NO_DATA),
        (goal(">", due_on=date(2025, 6, 1)), read("5"), Status.LATE),
        (goal("", None, due_on=date(2025, 6, 1)), read("5"), Status.LATE),
    ],
)
def test_status_by_rule(wanted: Goal, reading: Reading | None, status: Status) -> None:
    assert rules.status(wanted, reading, TODAY) is status


QUARTERLY = goal(">=", "2", kind="recurring", recurrence="quarterly")
YEARLY = goal("", None, kind="recurring", recurrence="yearly")
IRREGULAR = goal("", None, kind="recurring", recurrence="irregular")


@pytest.mark.parametrize(
    ("wanted", "reading", "today", "points", "status"),
    [
        (QUARTERLY, read("2", date(2025, 4, 1)), TODAY, ALL, Status.DONE),
        (QUARTERLY, read("1", date(2025, 4, 1)), TODAY, 5000, Status.DUE_SOON),
        (QUARTERLY, read("1", date(2025, 4, 1)), date(2025, 4, 2), 5000, Status.ON_TIME),
        (QUARTERLY, read("2", date(2025, 3, 31)), date(2025, 4, 2), 0, Status.ON_TIME),
        (QUARTERLY, read("1", date(2025, 3, 31)), date(2025, 4, 2), 0, Status.LATE),
        (QUARTERLY, read("2", date(2024, 12, 31)), date(2025, 4, 2), 0, Status.LATE),
        (QUARTERLY, None, TODAY, None, Status.NO_DATA),
        (YEARLY, read("1", date(2025, 1, 1)), TODAY, ALL, Status.DONE),
        (YEARLY, read("3", date(2024, 12, 31)), TODAY, 0, Status.ON_TIME),
        (YEARLY, read("3", date(2023, 12, 31)), TODAY, 0, Status.LATE),
        (IRREGULAR, read("1", date(2019, 1, 1)), TODAY, ALL, Status.DONE),
        (IRREGULAR, read("0", date(2019, 1, 1)), TODAY, 0, Status.ON_TIME),
    ],
)
def test_a_duty_is_judged_within_its_period(
    wanted: Goal, reading: Reading | None, today: date, points: int | None, status: Status
) -> None:
    assert rules.completion(wanted, reading, today) == points
    assert rules.status(wanted, reading, today) is status


@pytest.mark.parametrize(
    ("rhythm", "first", "last"),
    [
        ("daily", date(2024, 2, 29), date(2024, 2, 29)),
        ("weekly", date(2024, 2, 26), date(2024, 3, 3)),
        ("monthly", date(2024, 2, 1), date(2024, 2, 29)),
        ("quarterly", date(2024, 1, 1), date(2024, 3, 31)),
        ("half_yearly", date(2024, 1, 1), date(2024, 6, 30)),
        ("yearly", date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_periods(rhythm: str, first: date, last: date) -> None:
    assert rules.period(rhythm, date(2024, 2, 29)) == (first, last)
    assert rules.period("irregular", TODAY) is None


@given(st.sampled_from(list(rules.RHYTHMS)[:-1]), st.dates(date(2000, 1, 10), date(2100, 1, 1)))
def test_periods_follow_one_another_without_gap(rhythm: str, day: date) -> None:
    current = rules.period(rhythm, day)
    assert current is not None
    assert current[0] <= day <= current[1]
    before = rules.period(rhythm, current[0] - timedelta(days=1))
    assert before is not None
    assert before[1] + timedelta(days=1) == current[0]
    assert rules.period(rhythm, current[1]) == current


def test_the_forecast_is_a_line_to_the_due_day() -> None:
    wanted = goal(">=", "100", due_on=date(2025, 1, 1))
    assert rules.forecast(wanted, [], START) is None
    half = [read("40", date(2024, 7, 2))]  # day 183 of 366
    assert rules.forecast(wanted, half, START) == 80
    two = [read("40", date(2024, 7, 2)), read("41", date(2024, 7, 12))]
    assert rules.forecast(wanted, two, START) == 41 + Fraction(173, 10)
    same_day = [read("30", date(2024, 7, 2)), read("40", date(2024, 7, 2))]
    assert rules.forecast(wanted, same_day, START) == 80
    with_baseline = goal(">=", "100", baseline="20", due_on=date(2025, 1, 1))
    assert rules.forecast(with_baseline, half, START) == 60
    assert rules.forecast(wanted, [read("40", START)], START) is None
    assert rules.forecast(wanted, [read("40", date(2025, 1, 1))], START) is None
    assert rules.forecast(goal(">=", "100"), half, START) is None
    assert rules.forecast(goal("", None, kind="milestone", due_on=date(2025, 1, 1)), half, START) is None


def light(wanted: Goal, *readings: Reading, **more: Any) -> Light:
    return rules.indicator_light(wanted, list(readings), today=TODAY, starts_on=START, **more)


def test_an_indicators_light() -> None:
    wanted = goal(">=", "100", due_on=date(2025, 12, 31))
    slow = light(wanted, read("50"), unit="家")
    assert (slow.completion_bp, slow.status, slow.missing_forecast, slow.forecast) == (
        5000,
        Status.ON_TIME,
        True,
        "66.84家",
    )
    fast = light(wanted, read("80"))
    assert (fast.missing_forecast, fast.forecast) == (False, "106.95")
    done = light(wanted, read("100"))
    assert (done.status, done.missing_forecast, done.forecast, done.percent) == (Status.DONE, False, "", "100%")
    late = light(goal(due_on=date(2025, 1, 1)), read("4"))
    assert (late.status, late.missing_forecast, late.forecast) == (Status.LATE, False, "")
    worse = light(wanted, read("51", date(2025, 5, 1)), read("50"))
    assert worse.regress
    assert not light(goal("<=", "30"), read("51", date(2025, 5, 1)), read("50")).regress
    assert light(goal("range", "10", value_max="20"), read("15"), read("21")).regress
    assert light(goal("range", "2", value_max="3"), read("4"), read("1")).regress  # as far away, less of the way
    assert not light(QUARTERLY, read("9", date(2025, 3, 1)), read("1")).regress


def test_an_officers_word_stands_over_the_rule_and_shows_it() -> None:
    shown = light(goal(due_on=date(2025, 1, 1)), read("4"), overridden=(Status.ON_TIME, "已批准延期"))
    assert (shown.status, shown.rule_status, shown.overridden) == (Status.ON_TIME, Status.LATE, "已批准延期")


def test_a_figure_grows_stale_after_its_days() -> None:
    looked = TODAY - timedelta(days=120)
    assert not light(goal(), read("1"), looked_on=looked, stale_after_days=120).stale
    assert light(goal(), read("1"), looked_on=looked, stale_after_days=119).stale
    assert not light(goal(), looked_on=None, stale_after_days=1).stale


def test_the_whole_is_the_weighted_mean_and_the_worst_status() -> None:
    assert rules.overall([(1, ALL), (3, 0)]) == 2500
    assert rules.overall([(1, ALL), (2, None)]) == 3333
    assert rules.overall([(1, None)]) is None
    assert rules.overall([]) is None
    status = rules.overall_status
    assert status([Status.DONE, Status.LATE, Status.DUE_SOON]) is Status.LATE
    assert status([Status.DONE, Status.NO_DATA, Status.DUE_SOON]) is Status.DUE_SOON
    assert status([Status.NO_DATA, Status.NO_DATA]) is Status.NO_DATA
    assert status([]) is Status.NO_DATA
    assert status([Status.DONE, Status.DONE]) is Status.DONE
    assert status([Status.DONE, Status.NO_DATA]) is Status.ON_TIME
    parts = [(1, light(goal(), read("5"))), (1, light(goal(due_on=date(2025, 1, 1)), read("4")))]
    whole = rules.overall_light(parts)
    assert (whole.completion_bp, whole.status) == (9000, Status.LATE)


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, ALL)), min_size=1))
def test_the_whole_lies_between_its_parts(parts: list[tuple[int, int | None]]) -> None:
    whole = rules.overall(parts)
    known = [points for _, points in parts if points is not None]
    if not known:
        assert whole is None
    else:
        assert whole is not None
        assert (min(known) if len(known) == len(parts) else 0) <= whole <= max(known)


@pytest.mark.parametrize(
    ("wanted", "unit", "more", "words"),
    [
        (goal(due_on=date(2025, 12, 31)), "家", {}, "到2025年，不少于5家"),
        (goal(">", "60", due_on=date(2030, 6, 30)), "%", {}, "到2030年6月底，超过60%"),
        (goal("<=", "30.50", due_on=date(2030, 6, 15)), "%", {}, "到2030年6月15日，不超过30.5%"),
        (goal("range", "10", value_max="20"), "家", {}, "10—20家"),
        (goal("=", "220000", due_on=date(2025, 12, 31)), "亩", {"value_text": "22万亩"}, "到2025年，达到22万亩"),
        (goal("", None, kind="milestone", due_on=date(2028, 12, 31)), "", {}, "到2028年，完成"),
        (goal(">=", "2", kind="recurring", recurrence="yearly"), "场", {}, "每年不少于2场"),
        (IRREGULAR, "", {}, "持续"),
        (goal("", None, due_on=date(2025, 12, 31)), "", {}, "到2025年"),
    ],
)
def test_target_words(wanted: Goal, unit: str, more: dict[str, str], words: str) -> None:
    assert rules.target_words(wanted, unit, **more) == words


@given(st.decimals(min_value=0, max_value=10**12, places=6))
def test_number_words_lose_nothing(value: Decimal) -> None:
    words = rules.number_words(value)
    assert Decimal(words.replace(",", "")) == value
    assert "E" not in words
    assert not ("." in words and words.endswith("0"))


@pytest.mark.parametrize(
    ("kind", "value", "unit", "words"),
    [
        ("quantitative", "1", "所", "1所"),
        ("quantitative", "148001.50", "亩", "148,001.5亩"),
        ("quantitative", "22.916666", "%", "22.91%"),
        ("quantitative", "0.009", "吨", "0吨"),
        ("quantitative", "-0.001", "", "-0.01"),
        ("quantitative", "100", "", "100"),
        ("milestone", "1", "", "已完成"),
        ("milestone", "0", "", "未完成"),
        ("milestone", "2", "份", "2份"),
        ("recurring", "3", "", "3次"),
        ("recurring", "1200", "场", "1,200场"),
    ],
)
def test_figure_words_are_read_alike_everywhere(kind: str, value: str, unit: str, words: str) -> None:
    assert rules.figure_words(kind, Decimal(value), unit) == words


@pytest.mark.parametrize(
    ("kind", "value", "is_stale"),
    [("quantitative", "5", False), ("quantitative", "4", True), ("milestone", "5", False)],
)
def test_what_is_done_does_not_grow_stale(kind: str, value: str, is_stale: bool) -> None:
    light = rules.indicator_light(
        Goal(kind, ">=", Decimal(5)),
        [Reading(Decimal(value), date(2025, 1, 1))],
        today=date(2026, 1, 1),
        starts_on=date(2024, 1, 1),
        looked_on=date(2025, 1, 1),
        stale_after_days=120,
    )
    assert light.stale is is_stale


def test_a_recurring_duty_that_is_done_still_grows_stale() -> None:
    light = rules.indicator_light(
        Goal("recurring", ">=", Decimal(1), recurrence="yearly"),
        [Reading(Decimal(1), date(2026, 1, 5))],
        today=date(2026, 9, 1),
        starts_on=date(2024, 1, 1),
        looked_on=date(2026, 1, 5),
        stale_after_days=120,
    )
    assert (light.status, light.stale) == (Status.DONE, True)
