"""Consent by purpose, bindings of partners' person ids, and the news of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tanhui.kernel.errors import BadInput, Forbidden
from tanhui.parties import queries
from tanhui.parties.models import Binding, Consent, SealedValue
from tanhui.parties.services import bind, consent, register, relate
from tanhui.parties.types import (
    Actor,
    AlreadyBound,
    BindReport,
    ConsentMissing,
    GuardianRequired,
    OrganizationDetails,
    Purpose,
    RelationKind,
    Role,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = AT + timedelta(days=3)
SYSTEM = Actor.system("tests")
TRIPS = {"source": "demo-bus", "purpose": Purpose.TRIPS, "at": AT}


def given(party_id: int) -> set[Purpose]:
    return {state.purpose for state in queries.consents(party_id) if state.given}


def test_consent_is_a_series_of_facts_and_the_same_word_twice_is_one(join):
    ref = join(consents={Purpose.ACCOUNT: "v1"})
    say = {"party_id": ref.id, "purpose": Purpose.TRIPS}
    first = consent(**say, text_version="v1", given=True, at=AT)

    assert consent(**say, text_version="v1", given=True, at=LATER) == first
    assert queries.has_consent(ref.id, Purpose.TRIPS)
    consent(**say, text_version="v2", given=True, at=LATER)
    consent(**say, text_version="v2", given=False, at=LATER)
    consent(**say, text_version="v1", given=False, at=LATER)
    facts = Consent.objects.filter(party_id=ref.id, purpose="trips").order_by("id")
    assert [(fact.text_version, fact.given) for fact in facts] == [("v1", True), ("v2", True), ("v2", False)]
    assert not queries.has_consent(ref.id, Purpose.TRIPS)


def test_withdrawing_trips_ends_bindings_made_for_trips_and_nothing_else(join):
    ref = join()
    bind(**TRIPS, external_id="card-1", party_id=ref.id)
    bind(source="demo-recycler", purpose=Purpose.RECYCLING, at=AT, external_id="user-1", party_id=ref.id)

    consent(party_id=ref.id, purpose=Purpose.TRIPS, text_version="v1", given=False, at=LATER)

    assert [binding.source for binding in queries.bindings_of(ref.id)] == ["demo-recycler"]
    assert [(news.source, news.bound) for news in queries.bindings_after(0)] == [
        ("demo-bus", True),
        ("demo-recycler", True),
        ("demo-bus", False),
    ]
    assert Purpose.RECYCLING in given(ref.id)


def test_withdrawing_the_account_withdraws_everything(join):
    ref = join(phone="13800001111")
    bind(**TRIPS, external_id="card-1", party_id=ref.id)

    consent(party_id=ref.id, purpose=Purpose.ACCOUNT, text_version="v1", given=False, at=LATER)

    assert given(ref.id) == set()
    assert queries.bindings_of(ref.id) == []
    assert not SealedValue.objects.exists()
    with pytest.raises(ConsentMissing):
        consent(party_id=ref.id, purpose=Purpose.TRIPS, text_version="v1", given=True, at=LATER)


def test_withdrawing_contact_deletes_phone_and_address(join):
    ref = join(phone="13800001111", address="虚构村 3 组 12 号")
    assert set(queries.export(ref.id)["sealed"]) == {"phone", "address"}
    consent(party_id=ref.id, purpose=Purpose.CONTACT, text_version="v1", given=False, at=LATER)

    assert queries.export(ref.id)["sealed"] == {}


def test_nobody_consents_for_another_without_a_relation(join, hire):
    ref, other = join(consents={Purpose.ACCOUNT: "v1"}), join()
    say = {"party_id": ref.id, "purpose": Purpose.TRIPS, "text_version": "v1", "given": True, "at": AT}

    for hand in (Actor.resident(other), hire(Role.CLERK), hire(Role.OPERATOR), hire(Role.ADMINISTRATOR)):
        with pytest.raises(Forbidden):
            consent(**say, by=hand)
    assert given(ref.id) == {Purpose.ACCOUNT}


def test_a_clerk_consents_for_somebody_while_the_relation_and_the_role_last(join, hire):
    ref, clerk = join(consents={Purpose.ACCOUNT: "v1"}), hire(Role.CLERK)
    relate(kind=RelationKind.CLERK, subject_id=ref.id, clerk_id=clerk.user_id, basis="授权书 2026-003", at=AT)
    say = {"party_id": ref.id, "purpose": Purpose.TRIPS, "text_version": "v1", "at": AT, "by": clerk}
    consent(**say, given=True)

    assert queries.export(ref.id)["consents"][-1]["by"] == "clerk"
    assert queries.audit_trail()[0].detail == {"purpose": "trips", "text_version": "v1", "given": True}
    relate(kind=RelationKind.CLERK, subject_id=ref.id, clerk_id=clerk.user_id, given=False, at=LATER)
    with pytest.raises(Forbidden):
        consent(**say, given=False)


def test_a_child_may_withdraw_but_only_the_guardian_gives(join):
    parent = join()
    child = join(birth_year=2015, guardian_id=parent.id, consents={Purpose.ACCOUNT: "v1"})
    say = {"party_id": child.id, "purpose": Purpose.TRIPS, "text_version": "v1", "at": AT}

    with pytest.raises(GuardianRequired):
        consent(**say, given=True)
    consent(**say, given=True, by=Actor.resident(parent))
    with pytest.raises(GuardianRequired):
        bind(**TRIPS, external_id="card-1", party_id=child.id)
    bind(**TRIPS, external_id="card-1", party_id=child.id, by=Actor.resident(parent))
    consent(**say, given=False)

    assert queries.bindings_of(child.id) == []


@pytest.mark.parametrize("version", ["", "v 1", "第一版", "x" * 41])
def test_a_text_version_has_a_form(join, version):
    ref = join()
    with pytest.raises(BadInput):
        consent(party_id=ref.id, purpose=Purpose.TRIPS, text_version=version, given=False, at=AT)


# Bindings


def test_a_person_id_is_bound_and_only_its_keyed_hash_is_kept(join):
    ref = join()
    report = bind(**TRIPS, external_id="card-000123", party_id=ref.id)
    key = queries.subject_key("demo-bus", "card-000123")

    assert report == BindReport(bound=1, unbound=0, unchanged=0)
    assert len(key) == 16
    assert bytes(Binding.objects.get().subject_key) == key
    assert queries.bound_parties("demo-bus", [key, b"x" * 16]) == {key: ref.id}
    assert queries.bound_parties("demo-e-bike", [key]) == {}
    assert queries.bound_parties("demo-bus", []) == {}
    assert queries.subject_key("demo-e-bike", "card-000123") != key


def test_binding_again_changes_nothing_and_tells_no_news(join):
    ref = join()
    bind(**TRIPS, external_id="card-1", party_id=ref.id)
    assert bind(**TRIPS, external_id="card-1", party_id=ref.id) == BindReport(0, 0, 1)
    assert len(queries.bindings_after(0)) == 1


def test_a_bound_id_is_not_taken_over_and_the_owner_is_not_named(join):
    owner, other = join(), join()
    bind(**TRIPS, external_id="card-1", party_id=owner.id)

    with pytest.raises(AlreadyBound) as caught:
        bind(**TRIPS, bindings=[("card-1", other.id), ("card-2", other.id)])
    assert owner.number not in str(caught.value)
    assert owner.display_name not in str(caught.value)
    assert queries.bindings_of(other.id) == []


def test_unbinding_frees_the_id_for_another_resident(join):
    first, second = join(), join()
    bind(**TRIPS, external_id="card-1", party_id=first.id)
    with pytest.raises(Forbidden):
        bind(**TRIPS, external_id="card-1", by=Actor.resident(second))
    assert bind(**TRIPS, external_id="card-1", by=Actor.resident(first)) == BindReport(0, 1, 0)
    assert bind(**TRIPS, external_id="card-1", by=Actor.resident(first)) == BindReport(0, 0, 1)
    bind(**TRIPS, external_id="card-1", party_id=second.id)

    assert [(news.party_id, news.bound) for news in queries.bindings_after(0)] == [
        (first.id, True),
        (first.id, False),
        (second.id, True),
    ]


def test_without_consent_nothing_is_bound(join):
    ready, unready = join(), join(consents={Purpose.ACCOUNT: "v1"})
    with pytest.raises(ConsentMissing) as caught:
        bind(**TRIPS, bindings=[("card-1", ready.id), ("card-2", unready.id)])
    assert unready.number in str(caught.value)
    assert not Binding.objects.exists()


def test_contradicting_lists_and_organizations_are_refused(join):
    ref, other = join(), join()
    company = register(details=OrganizationDetails("某公司", code="some-company"), at=AT, by=SYSTEM)
    for pairs in (
        [("card-1", ref.id), ("card-1", other.id)],
        [("card-1", ref.id), ("card-1", None)],
        [("card-1", company.id)],
        [("", ref.id)],
        [("x" * 201, ref.id)],
    ):
        with pytest.raises(BadInput):
            bind(**TRIPS, bindings=pairs)
    with pytest.raises(BadInput):
        bind(source="Demo Bus", purpose=Purpose.TRIPS, at=AT, external_id="card-1", party_id=ref.id)


def test_many_are_bound_in_a_fixed_number_of_statements(join):
    refs = [join() for _ in range(20)]

    def statements(pairs: list[tuple[str, int]], source: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            bind(source=source, purpose=Purpose.TRIPS, at=AT, bindings=pairs, by=SYSTEM)
        return len(seen)

    few = statements([("a", refs[0].id)], "one")
    many = statements([(f"card-{n}", refs[n % 20].id) for n in range(2000)], "two")

    assert many <= few + 1
    assert queries.audit_trail()[0].detail == {
        "source": "two",
        "bound": 2000,
        "unbound": 0,
        "residents": 20,
    }


def test_a_hundred_thousand_keys_take_one_query(join):
    ref = join()
    bind(**TRIPS, bindings=[(f"card-{n}", ref.id) for n in range(0, 100_000, 1000)], by=SYSTEM)

    began = time.perf_counter()
    keys = queries.subject_keys("demo-bus", (f"card-{n}" for n in range(100_000)))
    with CaptureQueriesContext(connection) as seen:
        found = queries.bound_parties("demo-bus", keys)
    took = time.perf_counter() - began

    assert len(seen) == 1
    assert len(set(keys)) == 100_000
    assert len(found) == 100
    assert found[keys[5000]] == ref.id
    assert took < 20  # about 1 s; the bound only catches a query per key


def test_news_is_read_past_a_cursor_in_pages(join):
    ref = join()
    bind(**TRIPS, bindings=[(f"card-{n}", ref.id) for n in range(5)])

    first = queries.bindings_after(0, 2)
    rest = queries.bindings_after(first[-1].id, 10)
    assert [len(first), len(rest)] == [2, 3]
    assert first[-1].id < rest[0].id
    assert queries.bindings_after(rest[-1].id) == []
    assert all(news.at == AT and news.party_id == ref.id for news in first + rest)


# What the database itself refuses


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parties_consent SET given = NOT given",
        "DELETE FROM parties_consent",
        "TRUNCATE parties_consent",
        "UPDATE parties_binding_event SET bound = false",
        "DELETE FROM parties_binding_event",
        "UPDATE parties_binding SET ended_at = NULL WHERE ended_at IS NOT NULL",
        "UPDATE parties_binding SET started_at = started_at - interval '1 day'",
        "UPDATE parties_binding SET source = 'other'",
        "UPDATE parties_binding SET subject_key = decode('00', 'hex')",
        "UPDATE parties_binding SET subject_key = NULL WHERE ended_at IS NULL",
        "UPDATE parties_party SET number = 'pty_x'",
        "DELETE FROM parties_party",
    ],
)
def test_facts_stay_as_they_are(join, statement):
    ref = join()
    bind(**TRIPS, external_id="card-1", party_id=ref.id)
    bind(**TRIPS, external_id="card-2", party_id=ref.id)
    bind(**TRIPS, external_id="card-2")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
