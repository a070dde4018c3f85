"""Intake on the real database: what comes twice counts once, in whatever order it comes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.kernel.crypto import key_ring
from tanhui.parties import services as parties
from tanhui.parties.types import LoginId, Purpose, ResidentDetails
from tanhui.scenarios._intake import file_delivery, submit, withdraw
from tanhui.scenarios._sources import admit_source, delivery_receipt, signing_key
from tanhui.scenarios._waiting import claim_bound_evidence, drop_overdue_evidence
from tanhui.scenarios.models import (
    Behavior,
    DayMark,
    Delivery,
    RefusedRow,
    Scenario,
    SeenMessage,
    SourceKey,
    Supersession,
    WaitingEvidence,
)
from tanhui.scenarios.types import (
    Channel,
    DeliveryDraft,
    DeliveryReceipt,
    Evidence,
    FileFault,
    Grade,
    KeyTaken,
    MappingFault,
    Refusal,
    Replayed,
    SourceDraft,
    SourceKeyDraft,
    SourceStatus,
    SourceSuspended,
    UnknownSource,
)

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
BIKES = SourceDraft(code="valleybike", title="共享电单车", scenarios=("shared-e-bike",))
KEY = "A" * 43 + "="
RIDE = Evidence(
    external_id="T1",
    scenario="shared-e-bike",
    happened_at=datetime(2026, 11, 21, 23, 30, tzinfo=UTC),
    ended_at=datetime(2026, 11, 21, 23, 45, tzinfo=UTC),
    grade=1,
    quantities={"distance_m": 1410, "gps_point_count": 135},
    subject="U1",
)


@pytest.fixture
def bikes(db: None) -> None:
    Scenario.objects.create(code="shared-e-bike", title="共享电单车", method_name="shared-e-bike")
    Scenario.objects.create(code="walking", title="步行", method_name="walking")
    Scenario.objects.create(code="closed", title="未开放", method_name="walking", enabled=False)
    admit_source(draft=BIKES, at=AT)


def resident(name: str) -> int:
    consents = {Purpose.ACCOUNT: "v1", Purpose.TRIPS: "v1"}
    details = ResidentDetails(login=LoginId("development", name), nickname=name, consents=consents)
    return parties.register(details=details, at=AT).id


def bind(subject: str, party_id: int | None, at: datetime = AT) -> None:
    parties.bind(source="valleybike", purpose=Purpose.TRIPS, at=at, external_id=subject, party_id=party_id)


def draft(evidence: Iterable[Evidence | Refusal] = (), message_id: str | None = None) -> DeliveryDraft:
    content = hashlib.sha256(repr(list(evidence)).encode()).digest()
    return DeliveryDraft(channel=Channel.HTTP, content_digest=content, message_id=message_id)


def send(*evidence: Evidence | Refusal, at: datetime = AT, message_id: str | None = None) -> DeliveryReceipt:
    return submit(source="valleybike", delivery=draft(evidence, message_id), evidence=evidence, at=at)


def counts(receipt: DeliveryReceipt) -> tuple[int, int, int, int, int]:
    return (
        receipt.rows_read,
        receipt.rows_accepted,
        receipt.rows_waiting,
        receipt.rows_duplicate,
        receipt.rows_refused,
    )


def facts(source: str = "valleybike") -> set[tuple[Any, ...]]:
    """Everything that settlement can see of the stored evidence."""
    superseded = set(Supersession.objects.values_list("behavior_id", flat=True))
    return {
        (
            row.external_id,
            row.revision,
            row.party_id,
            row.day,
            row.happened_at,
            row.ended_at,
            row.grade,
            row.distance_m,
            str(row.details),
            row.id in superseded,
        )
        for row in Behavior.objects.filter(source__code=source)
    }


@pytest.mark.usefixtures("bikes")
def test_bound_evidence_becomes_a_behavior_on_the_county_day() -> None:
    party = resident("li")
    bind("U1", party)
    receipt = send(RIDE)
    assert counts(receipt) == (1, 1, 0, 0, 0)
    behavior = Behavior.objects.get()
    assert (behavior.party_id, behavior.day) == (party, date(2026, 11, 22))
    assert (behavior.distance_m, behavior.mass_g) == (1410, None)
    assert behavior.details == {"gps_point_count": 135, "duration_s": 900}
    assert behavior.grade == Grade.B, "the partner's own limit"
    assert list(DayMark.objects.values_list("party_id", "day")) == [(party, date(2026, 11, 22))]
    assert delivery_receipt(receipt.number, source="valleybike") == receipt


@pytest.mark.usefixtures("bikes")
def test_the_same_delivery_again_is_answered_with_the_first_receipt() -> None:
    bind("U1", resident("li"))
    first = send(RIDE)
    assert send(RIDE, at=AT + timedelta(days=1)) == replace(first, repeated=True)
    assert Delivery.objects.count() == 1
    assert DayMark.objects.count() == 1


@pytest.mark.usefixtures("bikes")
def test_the_same_rows_in_another_delivery_are_duplicates() -> None:
    bind("U1", resident("li"))
    other = replace(RIDE, external_id="T2")
    send(RIDE)
    assert counts(send(RIDE, other, other)) == (3, 1, 0, 2, 0)
    assert Behavior.objects.count() == 2


@pytest.mark.usefixtures("bikes")
def test_a_repeated_delivery_with_refused_rows_stores_nothing_new() -> None:
    first = send(RIDE, replace(RIDE, external_id="T2", scenario="nonsense"))
    assert counts(first) == (2, 0, 1, 0, 1)
    again = send(RIDE, replace(RIDE, external_id="T2", scenario="nonsense"))
    assert again == replace(first, repeated=True)
    assert (Delivery.objects.count(), RefusedRow.objects.count()) == (1, 1)


@pytest.mark.usefixtures("bikes")
def test_a_refused_row_gets_in_once_its_scenario_opens() -> None:
    bind("U1", resident("li"))
    row = replace(RIDE, scenario="walking")
    assert counts(send(row)) == (1, 0, 0, 0, 1)
    admit_source(draft=replace(BIKES, scenarios=("shared-e-bike", "walking")), at=AT)
    assert counts(send(row)) == (1, 1, 0, 0, 0)


@pytest.mark.usefixtures("bikes")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scenario": "nonsense"}, "unknown_scenario"),
        ({"scenario": "closed"}, "scenario_closed"),
        ({"scenario": "walking"}, "scenario_not_allowed"),
        ({"quantities": {"distance_m": -1}}, "negative"),
        ({"happened_at": datetime(2099, 1, 1, tzinfo=UTC)}, "in_the_future"),
    ],
)
def test_a_bad_row_is_kept_sealed_and_the_good_one_is_taken(change: dict[str, Any], code: str) -> None:
    bind("U1", resident("li"))
    bad = replace(RIDE, external_id="BAD", row_number=17, **change)
    receipt = send(RIDE, bad)
    assert counts(receipt) == (2, 1, 0, 0, 1)
    assert [(refusal.row_number, refusal.code) for refusal in receipt.refusals] == [(17, code)]
    kept = RefusedRow.objects.get()
    assert b"BAD" not in bytes(kept.content)
    assert b"BAD" in key_ring().decrypt(kept.content, context="scenarios_refused_row.content")


@pytest.mark.usefixtures("bikes")
def test_other_content_under_the_same_identity_is_a_conflict() -> None:
    bind("U1", resident("li"))
    send(RIDE)
    changed = replace(RIDE, quantities={"distance_m": 9000})
    receipt = send(changed)
    assert counts(receipt) == (1, 0, 0, 0, 1)
    assert receipt.refusals[0].code == "conflict"
    assert "T1" in receipt.refusals[0].message
    assert Behavior.objects.get().distance_m == 1410


@pytest.mark.usefixtures("bikes")
def test_two_contents_of_one_identity_in_one_delivery_the_first_counts() -> None:
    bind("U1", resident("li"))
    stranger = replace(RIDE, subject="U9")
    assert counts(send(stranger, RIDE)) == (2, 0, 1, 0, 1)
    assert not Behavior.objects.exists()


@pytest.mark.usefixtures("bikes")
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_highest_revision_counts_in_whatever_order_they_come(order: tuple[int, ...]) -> None:
    bind("U1", resident("li"))
    for revision in order:
        send(replace(RIDE, revision=revision, quantities={"distance_m": 1000 * revision}))
    current = Behavior.objects.exclude(id__in=Supersession.objects.values("behavior_id"))
    assert list(current.values_list("revision", "distance_m")) == [(3, 3000)]
    assert Supersession.objects.exclude(replaced_by=None).count() == 2


@pytest.mark.usefixtures("bikes")
def test_a_correction_marks_the_day_that_it_leaves_and_the_day_that_it_enters() -> None:
    party = resident("li")
    bind("U1", party)
    send(RIDE)
    DayMark.objects.all().delete()
    earlier = {"happened_at": RIDE.happened_at - timedelta(days=3), "ended_at": None}
    send(replace(RIDE, revision=2, **earlier))
    assert set(DayMark.objects.values_list("day", flat=True)) == {date(2026, 11, 19), date(2026, 11, 22)}


@pytest.mark.usefixtures("bikes")
def test_unbound_evidence_waits_without_the_persons_identifier_and_is_claimed_by_binding() -> None:
    rows = [replace(RIDE, external_id=f"T{i}", subject=f"U{i % 2}") for i in range(6)]
    assert counts(send(*rows)) == (6, 0, 6, 0, 0)
    assert counts(send(*rows[:2])) == (2, 0, 0, 2, 0)
    waiting = WaitingEvidence.objects.first()
    assert waiting is not None
    assert "U0" not in str(waiting.evidence)
    assert waiting.drop_after == AT + timedelta(days=30)
    party = resident("li")
    bind("U1", party)
    assert claim_bound_evidence(at=AT) == 3
    assert claim_bound_evidence(at=AT) == 0
    assert set(Behavior.objects.values_list("external_id", "party_id")) == {("T1", party), ("T3", party), ("T5", party)}
    assert WaitingEvidence.objects.count() == 3
    assert DayMark.objects.filter(party_id=party).count() == 1


@pytest.mark.usefixtures("bikes")
def test_claimed_evidence_is_the_same_fact_as_evidence_taken_at_once() -> None:
    party = resident("li")
    send(RIDE, replace(RIDE, revision=2, quantities={"distance_m": 1500}))
    bind("U1", party)
    claim_bound_evidence(at=AT)
    waited = facts()
    assert len(waited) == 2
    assert {fact[-1] for fact in waited if fact[1] == 1} == {True}
    assert counts(send(replace(RIDE, revision=2, quantities={"distance_m": 1500}))) == (1, 0, 0, 1, 0)


@pytest.mark.usefixtures("bikes")
def test_overdue_evidence_is_dropped_and_what_was_bound_meanwhile_is_kept() -> None:
    send(RIDE, replace(RIDE, external_id="T2", subject="U2"))
    bind("U1", resident("li"))
    assert drop_overdue_evidence(at=AT + timedelta(days=29)) == 0
    assert drop_overdue_evidence(at=AT + timedelta(days=31)) == 1
    assert not WaitingEvidence.objects.exists()
    assert Behavior.objects.get().external_id == "T1"
    assert counts(send(RIDE, replace(RIDE, external_id="T2", subject="U2"))) == (2, 0, 1, 1, 0)


@pytest.mark.usefixtures("bikes")
def test_after_unbinding_evidence_waits_again() -> None:
    party = resident("li")
    bind("U1", party)
    bind("U1", None)
    assert counts(send(RIDE)) == (1, 0, 1, 0, 0)
    assert claim_bound_evidence(at=AT) == 0


@pytest.mark.usefixtures("bikes")
def test_withdrawn_evidence_does_not_come_back_with_its_file() -> None:
    bind("U1", resident("li"))
    waiting = replace(RIDE, external_id="T2", subject="U2")
    send(RIDE, waiting, replace(waiting, external_id="T4"))
    DayMark.objects.all().delete()
    receipt = withdraw(source="valleybike", external_ids=["T1", "T2", "T9"], reason="误报", at=AT)
    assert (receipt.withdrawn, receipt.waiting_withdrawn, receipt.unknown) == (1, 1, ("T9",))
    assert DayMark.objects.count() == 1
    assert Supersession.objects.get().reason == "误报"
    bind("U2", resident("wang"))
    assert claim_bound_evidence(at=AT) == 1
    assert set(Behavior.objects.values_list("external_id", flat=True)) == {"T1", "T4"}
    assert counts(send(RIDE, waiting, replace(RIDE, external_id="T3"))) == (3, 1, 0, 2, 0)
    again = withdraw(source="valleybike", external_ids=["T1", "T2"], reason="误报", at=AT)
    assert (again.withdrawn, again.waiting_withdrawn, again.already_withdrawn) == (0, 0, 2)


@pytest.mark.usefixtures("bikes")
def test_a_message_identifier_is_used_once() -> None:
    bind("U1", resident("li"))
    first = send(RIDE, message_id="m1")
    assert send(RIDE, message_id="m1") == replace(first, repeated=True)
    with pytest.raises(Replayed):
        send(replace(RIDE, external_id="T2"), message_id="m1")
    assert Behavior.objects.count() == 1
    assert send(RIDE, message_id="m2") == replace(first, repeated=True)
    drop_overdue_evidence(at=AT + timedelta(days=3))
    assert not SeenMessage.objects.exists()


@pytest.mark.usefixtures("bikes")
def test_an_error_while_reading_stores_nothing() -> None:
    bind("U1", resident("li"))

    def torn() -> Any:
        yield RIDE
        yield Refusal(3, "bad_time", "x")
        raise FileFault("断了", where="t.csv 第 4 行")

    with pytest.raises(FileFault):
        submit(source="valleybike", delivery=draft(message_id="m1"), evidence=torn(), at=AT)
    for model in (Delivery, Behavior, RefusedRow, DayMark, SeenMessage):
        assert not model.objects.exists()


@pytest.mark.usefixtures("bikes")
def test_evidence_by_hand_needs_no_binding_and_its_note_is_sealed() -> None:
    party = resident("li")
    by_hand = replace(RIDE, subject=None, party_id=party, note="发票号 123\n见图")
    assert counts(send(by_hand)) == (1, 1, 0, 0, 0)
    details = Behavior.objects.get().details
    assert "发票" not in str(details)
    sealed = bytes.fromhex(details["sealed_note"])
    assert key_ring().decrypt(sealed, context="scenarios_behavior.note").decode() == "发票号 123\n见图"
    assert counts(send(by_hand, replace(by_hand, external_id="T2"))) == (2, 1, 0, 1, 0)


@pytest.mark.usefixtures("bikes")
def test_evidence_by_hand_needs_consent_to_the_scenarios_purpose() -> None:
    Scenario.objects.filter(code="shared-e-bike").update(settings={"consent": "energy"})
    party = resident("li")
    receipt = send(replace(RIDE, subject=None, party_id=party))
    assert [refusal.code for refusal in receipt.refusals] == ["no_consent"]
    assert "用电与发电记录" in receipt.refusals[0].message
    parties.consent(party_id=party, purpose=Purpose.ENERGY, text_version="v1", given=True, at=AT)
    assert counts(send(replace(RIDE, subject=None, party_id=party))) == (1, 1, 0, 0, 0)


@pytest.mark.usefixtures("bikes")
def test_identifiers_with_backslashes_and_quotes_stay_what_they_are() -> None:
    bind("U\\N", resident("li"))
    odd = replace(RIDE, external_id="\\N'\"\\x41", subject="U\\N", quantities={"material": "a\\b\tc\nd", "mass_g": 1})
    send(odd)
    behavior = Behavior.objects.get()
    assert behavior.external_id == "\\N'\"\\x41"
    assert behavior.details["material"] == "a\\b\tc\nd"


@pytest.mark.usefixtures("bikes")
def test_shuffled_split_and_duplicated_feeding_gives_the_same_facts() -> None:
    chance = random.Random(20261122)
    ids = [resident(f"r{i}") for i in range(3)]
    for i, party in enumerate(ids):
        bind(f"U{i}", party)
    rows = [
        replace(
            RIDE,
            external_id=f"T{i}",
            subject=f"U{chance.randrange(5)}",
            revision=chance.choice([1, 1, 1, 2, 3]),
            happened_at=RIDE.happened_at - timedelta(minutes=chance.randrange(10_000)),
            ended_at=None,
            quantities={"distance_m": chance.randrange(5000)},
        )
        for i in range(120)
    ]
    rows += [replace(row, revision=row.revision + 1, quantities={"distance_m": 7}) for row in rows[:20]]
    send(*rows)
    whole = facts(), set(WaitingEvidence.objects.values_list("external_id", "revision"))
    assert len(whole[0]) > 60
    admit_source(draft=replace(BIKES, code="again", title="又一家"), at=AT)
    parties.bind(
        source="again", purpose=Purpose.TRIPS, at=AT, bindings=[(f"U{i}", party) for i, party in enumerate(ids)]
    )
    shuffled = rows + chance.sample(rows, 60)
    chance.shuffle(shuffled)
    while shuffled:
        part, shuffled = shuffled[:17], shuffled[17:]
        submit(source="again", delivery=draft(part), evidence=part, at=AT)
    assert facts("again") == whole[0]
    waiting = WaitingEvidence.objects.filter(source__code="again").values_list("external_id", "revision")
    assert set(waiting) == whole[1]


@pytest.mark.usefixtures("bikes")
def test_partners_are_admitted_altered_and_suspended() -> None:
    key = SourceKeyDraft("vb-2026", KEY)
    info = admit_source(draft=replace(BIKES, keys=(key,)), at=AT)
    assert info.key_ids == ("vb-2026",)
    assert admit_source(draft=replace(BIKES, keys=(key,)), at=AT + timedelta(days=1)) == info
    found = signing_key("vb-2026")
    assert found is not None
    assert (found.source, len(found.public_key), found.revoked) == ("valleybike", 32, False)
    with pytest.raises(KeyTaken):
        admit_source(draft=replace(BIKES, code="other", keys=(key,)), at=AT)
    admit_source(draft=replace(BIKES, revoke_keys=("vb-2026",)), at=AT)
    assert SourceKey.objects.get().revoked_at == AT
    with pytest.raises(KeyTaken):
        admit_source(draft=replace(BIKES, keys=(key,)), at=AT)
    admit_source(draft=replace(BIKES, status=SourceStatus.SUSPENDED), at=AT)
    admit_source(draft=BIKES, at=AT)
    with pytest.raises(SourceSuspended):
        send(RIDE)
    admit_source(draft=replace(BIKES, status=SourceStatus.ACTIVE), at=AT)
    assert send(RIDE).rows_read == 1
    with pytest.raises(UnknownSource):
        submit(source="nobody", delivery=draft(), evidence=[RIDE], at=AT)


@pytest.mark.usefixtures("bikes")
def test_a_file_is_imported_through_its_mapping(tmp_path: Path) -> None:
    path = tmp_path / "rides.csv"
    path.write_bytes(
        b"\xef\xbb\xbftrip_id,user_id,started_at,ended_at,distance_m,gps_points,max_gps_jump_m\n"
        b"T1,U1,2026-11-20T08:00:00,2026-11-20T08:10:00,1410,120,30\n"
        b"T2,U1,2026-11-20T09:00:00,2026-11-20T08:10:00,1410,120,30\n"
        b"T3,U2,2026-11-20T09:00:00,2099-11-20T08:10:00,1e308,120,30\n"
    )
    bind("U1", resident("li"))

    def take() -> DeliveryReceipt:
        table = file_delivery(source="valleybike", path=path)
        return submit(source="valleybike", delivery=table.draft, evidence=table.evidence, at=AT)

    receipt = take()
    assert counts(receipt) == (3, 1, 0, 0, 2)
    assert [(row.row_number, row.code) for row in receipt.refusals] == [(3, "ends_before_start"), (4, "out_of_range")]
    assert take().repeated
    with pytest.raises(MappingFault, match="没有映射文件"):
        file_delivery(source="valleybike", path=path, mapping_path=tmp_path / "none.toml")
    with pytest.raises(UnknownSource):
        file_delivery(source="nobody", path=path)


@pytest.mark.real_input
@pytest.mark.usefixtures("bikes")
def test_the_real_trips_are_taken_and_taken_twice_change_nothing() -> None:
    path = PROJECT_ROOT.parent / "shared" / "data" / "ebike_trips.csv"
    if not path.is_file():
        pytest.skip("the real trips are not here")

    def take() -> DeliveryReceipt:
        table = file_delivery(source="valleybike", path=path)
        return submit(source="valleybike", delivery=table.draft, evidence=table.evidence, at=AT)

    first = take()
    assert counts(first) == (4377, 0, 4377, 0, 0)
    assert take() == replace(first, repeated=True)


def test_two_deliveries_of_the_same_rows_at_once_count_once(
    transactional_db: None, in_threads: Callable[..., list[Any]]
) -> None:
    Scenario.objects.create(code="shared-e-bike", title="共享电单车", method_name="shared-e-bike")
    admit_source(draft=BIKES, at=AT)
    bind("U0", resident("li"))
    rows = [replace(RIDE, external_id=f"T{i:03}", subject=f"U{i % 2}") for i in range(400)]

    def take(part: list[Evidence]) -> Callable[[], DeliveryReceipt]:
        return lambda: send(*part)

    receipts = in_threads(take(rows), take(rows[::-1]), take(rows[:250]), take(rows[150:]))
    assert all(isinstance(receipt, DeliveryReceipt) for receipt in receipts), receipts
    assert sum(receipt.rows_accepted for receipt in receipts) == 200
    assert sum(receipt.rows_waiting for receipt in receipts) == 200
    assert (Behavior.objects.count(), WaitingEvidence.objects.count()) == (200, 200)


def test_corrections_at_once_leave_one_that_counts(
    transactional_db: None, in_threads: Callable[..., list[Any]]
) -> None:
    Scenario.objects.create(code="shared-e-bike", title="共享电单车", method_name="shared-e-bike")
    admit_source(draft=BIKES, at=AT)
    bind("U1", resident("li"))

    def take(revision: int) -> Callable[[], DeliveryReceipt]:
        return lambda: send(replace(RIDE, revision=revision, quantities={"distance_m": revision}))

    receipts = in_threads(*(take(revision) for revision in (1, 2, 3, 4)))
    assert all(isinstance(receipt, DeliveryReceipt) for receipt in receipts), receipts
    current = Behavior.objects.exclude(id__in=Supersession.objects.values("behavior_id"))
    assert list(current.values_list("revision", flat=True)) == [4]


def test_evidence_delivered_while_its_person_binds_is_not_lost(
    transactional_db: None, in_threads: Callable[..., list[Any]]
) -> None:
    Scenario.objects.create(code="shared-e-bike", title="共享电单车", method_name="shared-e-bike")
    admit_source(draft=BIKES, at=AT)
    ids = [resident(f"r{i}") for i in range(8)]

    def bind_and_claim(i: int) -> Callable[[], None]:
        def run() -> None:
            bind(f"U{i}", ids[i])
            claim_bound_evidence(at=AT)

        return run

    def deliver(i: int) -> Callable[[], DeliveryReceipt]:
        return lambda: send(replace(RIDE, external_id=f"T{i}", subject=f"U{i}"))

    answers = in_threads(*(bind_and_claim(i) for i in range(4)), *(deliver(i) for i in range(4)))
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    claim_bound_evidence(at=AT)
    assert Behavior.objects.count() == 4
    assert not WaitingEvidence.objects.exists()
