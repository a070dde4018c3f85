"""The main job on real input: 4,377 real rides into the books, and the tutorial says what happens."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from tests.rooms.scenarios.world import NOW, START, books, counted, join, open_county

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.ledger import queries as ledger
from tanhui.parties import services as parties
from tanhui.parties.types import Purpose
from tanhui.project.county import SYSTEM
from tanhui.scenarios import queries, services

TRIPS = PROJECT_ROOT.parent / "shared" / "data" / "ebike_trips.csv"
TUTORIAL = PROJECT_ROOT / "docs" / "tutorial" / "real-trips.zh-CN.md"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.real_input,
    pytest.mark.skipif(not TRIPS.is_file(), reason=f"the real trips are not here: {TRIPS}"),
]


def rows() -> list[list[str]]:
    with TRIPS.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def riders(db: None) -> None:
    """The county is open and every rider of the file is an invented resident who has bound the source."""
    open_county()
    people = sorted({row[1] for row in rows()[1:]})
    party_ids = join(*(f"rider-{number:04d}" for number in range(len(people))))
    parties.bind(
        source="valleybike",
        purpose=Purpose.TRIPS,
        bindings=list(zip(people, party_ids, strict=True)),
        at=START,
        by=SYSTEM,
    )


def take(path: Path, *, minute: int = 0) -> Any:
    file = queries.file_delivery(source="valleybike", path=path)
    at = NOW + timedelta(minutes=minute)
    return services.submit(source="valleybike", delivery=file.draft, evidence=file.evidence, at=at)


def in_passing(act: Callable[[], object]) -> tuple[Any, ...]:
    with transaction.atomic():
        act()
        assert ledger.prove() == []
        outcome = (books(), counted())
        transaction.set_rollback(True)
    return outcome


def test_the_tutorial_tells_the_truth(riders: None) -> None:
    receipt = take(TRIPS)
    assert (receipt.rows_read, receipt.rows_refused) == (4377, 0)
    summary = services.settle(at=NOW)
    assert services.settle(at=NOW).lines == 0
    assert take(TRIPS).repeated
    text = TUTORIAL.read_text(encoding="utf-8")
    assert f"结算 {summary.person_days:,} 个人·日、{summary.behaviors:,} 条行为；写入 {summary.lines:,} 行" in text
    assert f"减排量变化 +{summary.reduction_g:,} 克，积分变化 +{summary.points:,} 分。" in text
    told = re.findall(r"^\| `([^`]+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", text, re.MULTILINE)
    found = [
        (row.outcome, f"{row.behaviors:,}", f"{row.residents:,}", f"{row.reduction_g:,}", f"{row.points:,}")
        for row in queries.outcomes("valleybike")
    ]
    assert sorted(told) == sorted(found)
    aside = sum(row.behaviors for row in queries.outcomes("valleybike") if row.outcome.startswith("excluded"))
    assert f"搁置 {aside:,} 次" in text
    for line in ledger.trial_balance().lines:
        assert f"{line.debits:,}" in text
        assert f"{line.credits:,}" in text


def test_shuffled_split_and_duplicated_trips_end_in_the_same_books(riders: None, tmp_path: Path) -> None:
    header, *trips = rows()
    straight = in_passing(lambda: (take(TRIPS), services.settle(at=NOW)))
    chance = Random(4377)
    mixed = [*trips, *chance.sample(trips, 500)]
    chance.shuffle(mixed)

    def in_pieces() -> None:
        for number, start in enumerate(range(0, len(mixed), 700)):
            take(_file(tmp_path / f"piece{number}.csv", header, mixed[start : start + 700]), minute=number)
            if number % 3 == 0:
                services.settle(at=NOW + timedelta(minutes=number))
        services.settle(at=NOW + timedelta(hours=1))

    assert in_passing(in_pieces) == straight


def _file(path: Path, header: Sequence[str], trips: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *trips])
    return path
