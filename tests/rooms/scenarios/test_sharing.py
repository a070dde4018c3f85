"""A shared receipt explains a number to anybody, leads to nobody, and ends with the account."""

from __future__ import annotations

import pytest
from tests.rooms.scenarios.world import NOW, deliver, join, open_county, ride

from tanhui.kernel.errors import NotFound
from tanhui.parties import services as parties
from tanhui.scenarios import queries, services

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def test_what_is_shared_names_neither_the_person_nor_the_partners_number_nor_what_was_written() -> None:
    (ana,) = join("安娜")
    deliver(ride("u1001-t1", ana), ride("u1001-t2", ana, minute=600))
    services.settle(at=NOW)
    number = queries.statement(ana).lines[0].number
    services.contest(number=number, party_id=ana, text="我住城关镇，请核实", at=NOW)
    services.rule(numbers=[number], counts=True, reason="已向本人核实", at=NOW)
    own = queries.receipt(number, party_id=ana)
    assert (own.contest, own.ruling) == ("我住城关镇，请核实", "计入：已向本人核实")
    assert "demo-e-bike:u1001-t2" in own.explanations["audit"]

    shared = queries.receipt(services.share(number=number, party_id=ana, at=NOW))
    assert (shared.contest, shared.ruling) == ("", "计入")
    assert "u1001" not in shared.explanations["audit"]
    assert '"event_id": 2,' in shared.explanations["audit"]
    assert '"person": 1,' in shared.explanations["audit"]
    assert "同一人同一周期的行为（按先后）：1、2" in shared.explanations["audit"]
    assert shared.explanations["arithmetic"] == own.explanations["arithmetic"]


def test_what_was_shared_ends_with_the_account() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana))
    number = services.share(number=queries.statement(ana).lines[0].number, party_id=ana, at=NOW)
    assert queries.receipt(number).line.scenario == "shared-e-bike"
    parties.erase(party_id=ana, at=NOW)
    with pytest.raises(NotFound):
        queries.receipt(number)
