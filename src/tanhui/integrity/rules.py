"""Pure patterns: a day's traces in, what stands out of them. A sentence says what was counted, not what it means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median_low

from tanhui.community.types import MeasurementTrace
from tanhui.integrity.types import SubjectKind
from tanhui.rewards.types import ExchangeTrace, RedemptionTrace

ALL_BP = 10_000
EVIDENCE_MOST = 200
"""So many records are named by a finding; the counts are of all."""


@dataclass(frozen=True)
class Day:
    """Everything that the rules may look at, of one day, each in order of time."""

    redemptions: Sequence[RedemptionTrace] = ()
    exchanges: Sequence[ExchangeTrace] = ()
    measurements: Sequence[MeasurementTrace] = ()


@dataclass(frozen=True)
class Found:
    """Something that stands out: about whom, in one sentence, with its counts and the records behind them.

    `subject` is a merchant's number, a party's id, a device or a user name.
    """

    subject: str
    sentence: str
    measures: Mapping[str, int]
    evidence: tuple[str, ...]


Limits = Mapping[str, int]
Rule = Callable[[Day, Limits], list[Found]]


def few_people(day: Day, limits: Limits) -> list[Found]:
    """A merchant's many redemptions come from very few people."""
    found = []
    for merchant, rows in _by_merchant(day.redemptions).items():
        people = len({row.party_id for row in rows})
        if len(rows) >= limits["at_least"] and people <= limits["people_at_most"]:
            sentence = f"当日核销 {len(rows)} 张，只来自 {people} 位居民"
            found.append(_found(merchant, sentence, rows, count=len(rows), people=people))
    return found


def minutes_apart(day: Day, limits: Limits) -> list[Found]:
    """A merchant's redemptions follow each other faster than people queue."""
    found = []
    for merchant, rows in _by_merchant(day.redemptions).items():
        gaps = [int((after.claimed_at - before.claimed_at).total_seconds()) for before, after in pairwise(rows)]
        if len(rows) >= limits["at_least"] and median_low(gaps) <= limits["gap_s"]:
            sentence = f"当日核销 {len(rows)} 张，前后间隔的中位数为 {median_low(gaps)} 秒"
            found.append(_found(merchant, sentence, rows, count=len(rows), gap_s=median_low(gaps)))
    return found


def bought_and_used(day: Day, limits: Limits) -> list[Found]:
    """At a merchant's most vouchers are redeemed right after their exchange, as if somebody did both."""
    found = []
    for merchant, rows in _by_merchant(day.redemptions).items():
        fast = [row for row in rows if (row.claimed_at - row.exchanged_at).total_seconds() <= limits["within_s"]]
        share_bp = len(fast) * ALL_BP // len(rows)
        if len(rows) >= limits["at_least"] and share_bp >= limits["share_bp"]:
            sentence = f"当日核销 {len(rows)} 张，其中 {len(fast)} 张在兑换后 {limits['within_s']} 秒内就核销"
            found.append(_found(merchant, sentence, fast, count=len(rows), fast=len(fast), share_bp=share_bp))
    return found


def round_amounts(day: Day, limits: Limits) -> list[Found]:
    """A merchant's takings of one person add up to the same round amount again and again."""
    found = []
    for merchant, rows in _by_merchant(day.redemptions).items():
        sums: Counter[int] = Counter()
        for row in rows:
            sums[row.party_id] += row.face_value_fen
        alike = Counter(each for each in sums.values() if each % limits["multiple_fen"] == 0)
        amount, people = max(alike.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        if people >= limits["people_at_least"]:
            same = [row for row in rows if sums[row.party_id] == amount]
            sentence = f"当日有 {people} 位居民在这里核销的金额都正好是 {amount // 100} 元"
            found.append(_found(merchant, sentence, same, people=people, amount_fen=amount))
    return found


def busy_person(day: Day, limits: Limits) -> list[Found]:
    """One person uses more vouchers in a day than one person needs."""
    people: dict[int, list[RedemptionTrace]] = defaultdict(list)
    for row in day.redemptions:
        people[row.party_id].append(row)
    return [
        _found(str(party), f"当日使用 {len(rows)} 张券", rows, count=len(rows))
        for party, rows in sorted(people.items())
        if len(rows) >= limits["at_least"]
    ]


def one_device(day: Day, limits: Limits) -> list[Found]:
    """Several people exchange with one phone. Families do; so do those who collect other people's accounts."""
    devices: dict[str, list[ExchangeTrace]] = defaultdict(list)
    for row in day.exchanges:
        devices[row.device].append(row)
    found = []
    for device, rows in sorted(devices.items()):
        people = len({row.party_id for row in rows})
        if people >= limits["people_at_least"]:
            evidence = tuple(row.voucher for row in rows[:EVIDENCE_MOST])
            sentence = f"当日同一台设备为 {people} 位居民兑换 {len(rows)} 张券"
            found.append(Found(device, sentence, {"people": people, "count": len(rows)}, evidence))
    return found


def round_weights(day: Day, limits: Limits) -> list[Found]:
    """Somebody's weighings by hand are nearly all round numbers, as if nothing had been weighed."""
    found = []
    for recorder, rows in _by_recorder(day.measurements).items():
        by_hand = [row for row in rows if row.by_hand and row.mass_g]
        round_ones = [row for row in by_hand if (row.mass_g or 0) % limits["multiple_g"] == 0]
        if len(by_hand) < limits["at_least"]:
            continue
        share_bp = len(round_ones) * ALL_BP // len(by_hand)
        if share_bp >= limits["share_bp"]:
            multiple = f"{limits['multiple_g']} 克的整数倍"
            sentence = f"当日人工称量 {len(by_hand)} 次，其中 {len(round_ones)} 次正好是 {multiple}"
            measures = {"count": len(by_hand), "round": len(round_ones), "share_bp": share_bp}
            found.append(Found(recorder, sentence, measures, _check_ins(round_ones)))
    return found


def fast_weighing(day: Day, limits: Limits) -> list[Found]:
    """Somebody checks people in faster than one can weigh."""
    found = []
    for recorder, rows in _by_recorder(day.measurements).items():
        times = sorted({row.check_in: row.happened_at for row in rows}.values())
        gaps = [int((after - before).total_seconds()) for before, after in pairwise(times)]
        if len(times) >= limits["at_least"] and median_low(gaps) <= limits["gap_s"]:
            sentence = f"当日称重 {len(times)} 人次，前后间隔的中位数为 {median_low(gaps)} 秒"
            measures = {"count": len(times), "gap_s": median_low(gaps)}
            found.append(Found(recorder, sentence, measures, _check_ins(rows)))
    return found


def heavy_person(day: Day, limits: Limits) -> list[Found]:
    """One person brings more in a day than a household has."""
    people: dict[int, list[MeasurementTrace]] = defaultdict(list)
    for row in day.measurements:
        people[row.party_id].append(row)
    found = []
    for party, rows in sorted(people.items()):
        mass_g = sum(row.mass_g or 0 for row in rows)
        if mass_g >= limits["mass_g"]:
            sentence = f"当日交来 {mass_g // 1000} 千克，分 {len(set(_check_ins(rows)))} 次"
            found.append(Found(str(party), sentence, {"mass_g": mass_g}, _check_ins(rows)))
    return found


@dataclass(frozen=True)
class Kind:
    """A way of looking: about whom, and the numbers that the county's document must give it."""

    on: SubjectKind
    limits: tuple[str, ...]
    look: Rule


KINDS: Mapping[str, Kind] = {
    "few-people": Kind(SubjectKind.MERCHANT, ("at_least", "people_at_most"), few_people),
    "minutes-apart": Kind(SubjectKind.MERCHANT, ("at_least", "gap_s"), minutes_apart),
    "bought-and-used": Kind(SubjectKind.MERCHANT, ("at_least", "within_s", "share_bp"), bought_and_used),
    "round-amounts": Kind(SubjectKind.MERCHANT, ("people_at_least", "multiple_fen"), round_amounts),
    "busy-person": Kind(SubjectKind.PERSON, ("at_least",), busy_person),
    "heavy-person": Kind(SubjectKind.PERSON, ("mass_g",), heavy_person),
    "one-device": Kind(SubjectKind.DEVICE, ("people_at_least",), one_device),
    "round-weights": Kind(SubjectKind.RECORDER, ("at_least", "multiple_g", "share_bp"), round_weights),
    "fast-weighing": Kind(SubjectKind.RECORDER, ("at_least", "gap_s"), fast_weighing),
}
"""Code of a rule in the county's document → how it looks."""


def _by_merchant(rows: Iterable[RedemptionTrace]) -> dict[str, list[RedemptionTrace]]:
    found: dict[str, list[RedemptionTrace]] = defaultdict(list)
    for row in rows:
        found[row.merchant].append(row)
    return dict(sorted(found.items()))


def _by_recorder(rows: Iterable[MeasurementTrace]) -> dict[str, list[MeasurementTrace]]:
    found: dict[str, list[MeasurementTrace]] = defaultdict(list)
    for row in rows:
        if row.recorder:
            found[row.recorder].append(row)
    return dict(sorted(found.items()))


def _found(subject: str, sentence: str, rows: Sequence[RedemptionTrace], **measures: int) -> Found:
    return Found(subject, sentence, measures, tuple(row.number for row in rows[:EVIDENCE_MOST]))


def _check_ins(rows: Iterable[MeasurementTrace]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.check_in for row in rows))[:EVIDENCE_MOST]
