"""What an officer's hand does is asked for and recorded; a method's days are marked to the last one it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.doors.desk import hire
from tests.rooms.scenarios.world import NOW, deliver, join, open_county, outcomes, ride

from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import Forbidden
from tanhui.parties.queries import audit_trail
from tanhui.parties.types import Actor, Role, Scope
from tanhui.project.county import this_county
from tanhui.scenarios import _methods, queries, services
from tanhui.scenarios.models import Behavior, MethodVersion
from tanhui.scenarios.types import Channel, DeliveryDraft
from tanhui_methods import load_method

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def county() -> None:
    open_county()


def _file(name: str) -> DeliveryDraft:
    return DeliveryDraft(channel=Channel.FILE, content_digest=digest(name), name=name)


def test_a_partners_person_delivers_and_withdraws_for_that_partner_only() -> None:
    (ana,) = join("安娜")
    person = Actor.staff(hire("bike-clerk", Role.PARTNER, scope=Scope("source", "demo-e-bike")))
    services.submit(source="demo-e-bike", delivery=_file("a"), evidence=[ride("r1", ana)], at=NOW, by=person)
    services.withdraw(source="demo-e-bike", external_ids=["r1"], reason="重复", at=NOW, by=person)
    with pytest.raises(Forbidden):
        services.submit(source="demo-bus", delivery=_file("b"), evidence=[ride("r2", ana)], at=NOW, by=person)
    with pytest.raises(Forbidden):
        services.withdraw(source="demo-bus", external_ids=["r1"], reason="重复", at=NOW, by=person)
    assert Behavior.objects.count() == 1
    acts = [entry.action for entry in audit_trail(actor=person.name)]
    assert acts == ["scenarios.withdraw", "scenarios.submit"]


def test_a_committee_member_delivers_nothing() -> None:
    member = Actor.staff(hire("member", Role.COMMITTEE))
    with pytest.raises(Forbidden):
        services.submit(source="demo-e-bike", delivery=_file("a"), evidence=[], at=NOW, by=member)


def test_an_altered_scenario_is_recorded_and_the_same_again_is_not() -> None:
    (draft, *_) = queries.scenario_drafts(this_county())
    before = len(audit_trail(action="scenarios.open_scenario", limit=100))
    for _ in range(2):
        services.admit(draft=replace(draft, enabled=False), at=NOW)
    after = audit_trail(action="scenarios.open_scenario", limit=100)
    assert len(after) == before + 1
    assert after[0].target == f"scenario:{draft.code}"
    assert after[0].detail["enabled"] is False


def test_a_version_that_ends_before_the_one_it_replaces_leaves_no_stale_day_behind() -> None:
    (ana,) = join("安娜")
    deliver(ride("r1", ana))
    services.settle(at=NOW)
    assert outcomes("r1")["r1"][0] == "counted"

    old = MethodVersion.objects.get(name="shared-e-bike")
    head, body = old.text.replace("version: 1.0.0", "version: 1.1.0").split("---\n", 2)[1:]
    lines = [
        line for line in head.splitlines() if line.partition(":")[0] not in ("valid_from", "valid_to", "supersedes")
    ]
    lines += ["valid_from: 2026-09-01", "valid_to: 2026-09-05", "supersedes: 1.0.0"]
    short = MethodVersion(
        **{field.attname: getattr(old, field.attname) for field in old._meta.fields if field.attname != "id"}
    )
    short.text = "---\n" + "\n".join(lines) + "\n---\n" + body
    frozen = _methods._thawed(old.factors, "1.1.0")
    short.version = "1.1.0"
    short.rule_hash = load_method(short.text, path="shared-e-bike/1.1.0.md", factors=frozen).rule_hash
    short.valid_from, short.valid_to = date(2026, 9, 1), date(2026, 9, 5)
    short.save()
    _methods._enter_force(short)

    services.settle(at=NOW)
    assert outcomes("r1")["r1"] == ("excluded:no_method", 0, 0)
