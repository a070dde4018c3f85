"""What a resident wrote goes with the resident; the facts and the books stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction
from tests.rooms.scenarios.world import NOW, books, counted, deliver, join, open_county, ride

from tanhui.parties import services as parties
from tanhui.parties.types import Actor
from tanhui.scenarios import queries, services
from tanhui.scenarios._forget import REFUSED_MEMORY, forget_erased, forget_refused
from tanhui.scenarios.models import Behavior, Contest, RefusedRow
from tanhui.scenarios.types import Refusal

SYSTEM = Actor.system("tests")


@pytest.fixture
def written(db: None) -> tuple[int, int]:
    """Two residents; each has a ride with a note that was set aside and contested."""
    open_county()
    zhang, li = join("zhang", "li")
    deliver(ride("1", zhang, seconds=30, note="在自家门口"), ride("2", li, seconds=30, note="在镇上"))
    services.settle(at=NOW)
    for behavior in Behavior.objects.order_by("id"):
        number = queries.behavior_number(behavior.id)
        services.contest(number=number, party_id=behavior.party_id, text="那天我确实骑了", at=NOW)
    return zhang, li


def rows() -> dict[int | None, tuple[str, bool]]:
    """Party → (text of the contest, whether a sealed note is kept)."""
    found = Contest.objects.select_related("behavior")
    return {row.behavior.party_id: (row.text, "sealed_note" in row.behavior.details) for row in found}


def test_the_words_of_an_erased_resident_go_and_nothing_else(written: tuple[int, int]) -> None:
    zhang, li = written
    assert rows() == {zhang: ("那天我确实骑了", True), li: ("那天我确实骑了", True)}
    before, digests = counted(), list(Behavior.objects.order_by("id").values_list("content_digest", flat=True))
    parties.erase(party_id=zhang, at=NOW, by=SYSTEM)
    balances = books()
    assert forget_erased(at=NOW) == 1
    assert forget_erased(at=NOW) == 0
    assert rows() == {zhang: ("", False), li: ("那天我确实骑了", True)}
    assert (counted(), books()) == (before, balances)
    assert list(Behavior.objects.order_by("id").values_list("content_digest", flat=True)) == digests


def test_settlement_forgets_on_its_way(written: tuple[int, int]) -> None:
    parties.erase(party_id=written[0], at=NOW, by=SYSTEM)
    services.settle(at=NOW + timedelta(minutes=10))
    assert rows()[written[0]] == ("", False)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE scenarios_contest SET text = '改过'",
        "UPDATE scenarios_contest SET text = '', recorded_at = now()",
        "UPDATE scenarios_behavior SET details = details - 'sealed_note' - 'distance_m', distance_m = 1",
        "UPDATE scenarios_behavior SET details = '{}', day = day + 1",
        "DELETE FROM scenarios_contest",
    ],
)
def test_the_database_lets_nothing_else_change(written: tuple[int, int], change: str) -> None:
    with pytest.raises((IntegrityError, InternalError), match="只可追加"), transaction.atomic():
        connection.cursor().execute(change)


def test_a_refused_row_keeps_its_reason_when_its_content_goes(db: None) -> None:
    open_county()
    torn: Any = Refusal(3, "bad_time", "时间无法识别")
    deliver(torn, at=NOW)
    assert bytes(RefusedRow.objects.get().content) != b""
    assert forget_refused(at=NOW + REFUSED_MEMORY) == 0
    assert bytes(RefusedRow.objects.get().content) != b""
    assert forget_refused(at=NOW + REFUSED_MEMORY + timedelta(seconds=1)) == 1
    row = RefusedRow.objects.get()
    assert (bytes(row.content), row.code, row.message) == (b"", "bad_time", "时间无法识别")
    assert forget_refused(at=NOW + REFUSED_MEMORY + timedelta(days=1)) == 0
