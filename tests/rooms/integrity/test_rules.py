"""Patterns over invented days: what stands out, what does not, and exactly where the line is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tanhui.community.types import MeasurementTrace
from tanhui.integrity.rules import EVIDENCE_MOST, KINDS, Day, Found
from tanhui.rewards.types import ExchangeTrace, RedemptionTrace

NOON = datetime(2026, 6, 10, 4, tzinfo=UTC)


def redeemed(
    count: int, *, people: int = 1, gap_s: int = 600, after_s: int = 86_400, merchant: str = "mer_a", fen: int = 1000
) -> list[RedemptionTrace]:
    """Redemptions one after the other, shared by so many people, each so long after its exchange."""
    found = []
    for n in range(count):
        at = NOON + timedelta(seconds=n * gap_s)
        bought = at - timedelta(seconds=after_s)
        found.append(RedemptionTrace(f"rdm_{n}", merchant, n % people, "cashier", bought, at, fen))
    return found


def weighed(
    masses: Sequence[int], *, gap_s: int = 120, people: int = 50, by_hand: bool = True
) -> list[MeasurementTrace]:
    """Weighings by one clerk, one after the other."""
    return [
        MeasurementTrace(
            f"chk_{n}", n % people, "clerk", "430626000001", "waste_paper", mass, None, by_hand,
            NOON + timedelta(seconds=n * gap_s),
        )
        for n, mass in enumerate(masses)
    ]  # fmt: skip


def look(code: str, day: Day, **limits: int) -> list[Found]:
    assert set(limits) == set(KINDS[code].limits)
    return KINDS[code].look(day, limits)


def test_many_redemptions_of_few_people() -> None:
    (found,) = look("few-people", Day(redeemed(20, people=3)), at_least=20, people_at_most=3)
    assert found.subject == "mer_a"
    assert found.measures == {"count": 20, "people": 3}
    assert "20 张" in found.sentence
    assert "3 位" in found.sentence
    assert len(found.evidence) == 20
    assert look("few-people", Day(redeemed(19, people=3)), at_least=20, people_at_most=3) == []
    assert look("few-people", Day(redeemed(20, people=4)), at_least=20, people_at_most=3) == []


def test_redemptions_seconds_apart() -> None:
    (found,) = look("minutes-apart", Day(redeemed(15, people=15, gap_s=45)), at_least=15, gap_s=45)
    assert found.measures == {"count": 15, "gap_s": 45}
    assert look("minutes-apart", Day(redeemed(15, people=15, gap_s=46)), at_least=15, gap_s=45) == []
    assert look("minutes-apart", Day(redeemed(14, people=14, gap_s=45)), at_least=15, gap_s=45) == []


def test_the_median_forgives_a_rush_at_noon() -> None:
    later = timedelta(hours=2)
    slow = [replace(row, claimed_at=row.claimed_at + later) for row in redeemed(9, gap_s=1800)]
    assert look("minutes-apart", Day([*redeemed(7, gap_s=10), *slow]), at_least=15, gap_s=45) == []


def test_bought_and_used_at_once() -> None:
    rows = redeemed(12, people=12, after_s=120) + redeemed(3, people=3, after_s=121)
    (found,) = look("bought-and-used", Day(rows), at_least=15, within_s=120, share_bp=8000)
    assert found.measures == {"count": 15, "fast": 12, "share_bp": 8000}
    assert look("bought-and-used", Day(rows[1:]), at_least=14, within_s=120, share_bp=8000) == []


def test_the_same_round_amount_of_many() -> None:
    rows = redeemed(16, people=8, fen=2500)
    (found,) = look("round-amounts", Day(rows), people_at_least=8, multiple_fen=5000)
    assert found.measures == {"people": 8, "amount_fen": 5000}
    assert look("round-amounts", Day(redeemed(16, people=8, fen=2600)), people_at_least=8, multiple_fen=5000) == []
    assert look("round-amounts", Day(redeemed(14, people=7, fen=2500)), people_at_least=8, multiple_fen=5000) == []


def test_a_person_who_uses_too_many() -> None:
    rows = redeemed(8, people=1, merchant="mer_a") + redeemed(7, people=1, merchant="mer_b")
    (found,) = look("busy-person", Day(rows), at_least=15)
    assert (found.subject, found.measures) == ("0", {"count": 15})
    assert look("busy-person", Day(rows), at_least=16) == []


def test_one_device_for_many() -> None:
    rows = [ExchangeTrace(f"vou_{n}", n % 6, "abcd", NOON) for n in range(12)]
    (found,) = look("one-device", Day(exchanges=rows), people_at_least=6)
    assert found.measures == {"people": 6, "count": 12}
    assert look("one-device", Day(exchanges=rows), people_at_least=7) == []


def test_weights_that_nobody_weighed() -> None:
    rows = weighed([1000 * (n + 1) for n in range(18)] + [1234, 5678])
    (found,) = look("round-weights", Day(measurements=rows), at_least=20, multiple_g=1000, share_bp=9000)
    assert found.measures == {"count": 20, "round": 18, "share_bp": 9000}
    assert look("round-weights", Day(measurements=rows), at_least=20, multiple_g=1000, share_bp=9001) == []
    on_scale = weighed([1000] * 20, by_hand=False)
    assert look("round-weights", Day(measurements=on_scale), at_least=20, multiple_g=1000, share_bp=9000) == []


def test_people_weighed_faster_than_one_can() -> None:
    (found,) = look("fast-weighing", Day(measurements=weighed([1234] * 20, gap_s=20)), at_least=20, gap_s=20)
    assert found.subject == "clerk"
    assert look("fast-weighing", Day(measurements=weighed([1234] * 20, gap_s=21)), at_least=20, gap_s=20) == []
    own = [MeasurementTrace(f"c{n}", n, "", "43", "paper", 5, None, True, NOON) for n in range(30)]
    assert look("fast-weighing", Day(measurements=own), at_least=20, gap_s=20) == []


def test_three_materials_of_one_visit_are_one_visit() -> None:
    rows = [row for row in weighed([1234] * 20, gap_s=60) for _ in range(3)]
    assert look("fast-weighing", Day(measurements=rows), at_least=20, gap_s=20) == []


def test_one_person_brings_a_truck() -> None:
    (found,) = look("heavy-person", Day(measurements=weighed([100_000, 100_000], people=1)), mass_g=200_000)
    assert found.measures == {"mass_g": 200_000}
    assert look("heavy-person", Day(measurements=weighed([100_000, 99_999], people=1)), mass_g=200_000) == []


def test_a_finding_names_at_most_so_many_records() -> None:
    (found,) = look("busy-person", Day(redeemed(EVIDENCE_MOST + 5)), at_least=1)
    assert found.measures == {"count": EVIDENCE_MOST + 5}
    assert len(found.evidence) == EVIDENCE_MOST


@pytest.mark.parametrize("code", KINDS)
def test_nothing_stands_out_of_an_empty_day(code: str) -> None:
    assert look(code, Day(), **dict.fromkeys(KINDS[code].limits, 1)) == []
