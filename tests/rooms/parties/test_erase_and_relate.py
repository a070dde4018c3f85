"""Families, clerks, export and erasure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import models, queries
from tanhui.parties.services import bind, consent, erase, register, relate
from tanhui.parties.types import (
    Actor,
    ConsentMissing,
    GuardianRequired,
    IdentityDetails,
    LoginId,
    OrganizationDetails,
    PartyErased,
    Purpose,
    RelationKind,
    ResidentDetails,
    Role,
    Scope,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
LATER = AT + timedelta(days=3)
SYSTEM = Actor.system("tests")
ALL = dict.fromkeys(Purpose, "v1")


@pytest.fixture
def zhang(join, hire, divisions):
    """Somebody about whom everything is known that can be."""
    ref = join(
        login=LoginId("wechat", "o-zhang"),
        nickname="老张在山里",
        phone="13800001111",
        birth_year=1949,
        division_code="430626104001",
    )
    register(details=IdentityDetails(ref.id, "张三丰", "11010519491231002X"), at=AT, by=hire(Role.CLERK))
    bind(source="demo-bus", purpose=Purpose.TRIPS, at=AT, external_id="card-zhang", party_id=ref.id)
    return ref


PERSONAL_TRACES = ("o-zhang", "老张在山里", "13800001111", "张三丰", "11010519491231002X", "card-zhang")


def whole_database() -> str:
    """Every value of every table of the room, as text."""
    tables = [model._meta.db_table for model in vars(models).values() if hasattr(model, "_meta")]
    rows = []
    with connection.cursor() as cursor:
        for table in {table for table in tables if table.startswith("parties_")}:
            cursor.execute(f"SELECT t::text FROM {table} AS t")
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


def test_export_gives_everything_as_plain_json(zhang):
    exported = queries.export(zhang.id)

    assert json.loads(json.dumps(exported, ensure_ascii=False)) == exported
    assert exported["details"]["nickname"] == "老张在山里"
    assert exported["details"]["division"] == "长寿社区"
    assert exported["sealed"] == {
        "phone": "13800001111",
        "identity_number": "11010519491231002X",
        "real_name": "张三丰",
    }
    assert [login["provider"] for login in exported["logins"]] == ["wechat"]
    assert len(exported["consents"]) == len(Purpose)
    assert exported["bindings"][0]["source"] == "demo-bus"


def test_erasure_leaves_an_empty_party_and_no_trace_of_the_person(zhang):
    key = queries.subject_key("demo-bus", "card-zhang")
    sealed = [bytes(value.blind_index).hex() for value in models.SealedValue.objects.all()]
    login = bytes(models.Login.objects.get().login_key).hex()
    before = whole_database()
    assert all(trace in before for trace in ("老张在山里", key.hex(), login, *sealed))

    erase(party_id=zhang.id, at=LATER)

    after = whole_database()
    for trace in (*PERSONAL_TRACES, key.hex(), login, *sealed):
        assert trace not in after
    ref = queries.party(zhang.number)
    assert (ref.id, ref.erased, ref.display_name) == (zhang.id, True, "已注销")
    assert queries.bound_parties("demo-bus", [key]) == {}
    assert not any(state.given for state in queries.consents(zhang.id))
    exported = queries.export(zhang.id)
    assert (exported["details"], exported["sealed"], exported["logins"]) == ({}, {}, [])
    assert [(news.party_id, news.at) for news in queries.erasures_after(0)] == [(zhang.id, LATER)]
    assert queries.bindings_after(0) == []
    assert queries.audit_trail()[0].action == "parties.erase"
    assert queries.verify_audit_trail() == []


def test_after_erasure_the_number_does_nothing_more_and_the_person_may_join_anew(zhang, join):
    erase(party_id=zhang.id, at=LATER)

    with pytest.raises(PartyErased):
        erase(party_id=zhang.id, at=LATER)
    with pytest.raises(PartyErased):
        consent(party_id=zhang.id, purpose=Purpose.TRIPS, text_version="v1", given=True, at=LATER)
    with pytest.raises(PartyErased):
        bind(source="demo-bus", purpose=Purpose.TRIPS, at=LATER, external_id="card-2", party_id=zhang.id)
    with pytest.raises(PartyErased):
        register(details=ResidentDetails(nickname="回来了"), at=LATER, party_id=zhang.id)
    anew = join(login=LoginId("wechat", "o-zhang"))
    assert anew.id != zhang.id
    bind(source="demo-bus", purpose=Purpose.TRIPS, at=LATER, external_id="card-zhang", party_id=anew.id)


def test_who_may_erase(zhang, join, hire):
    for hand in (Actor.resident(join()), hire(Role.AUDITOR), hire(Role.CLERK), hire(Role.ADMINISTRATOR)):
        with pytest.raises(Forbidden):
            erase(party_id=zhang.id, at=LATER, by=hand)
    elsewhere = hire(Role.OPERATOR, scope=Scope("division", "430626118000"))
    with pytest.raises(Forbidden):
        erase(party_id=zhang.id, at=LATER, by=elsewhere)
    erase(party_id=zhang.id, at=LATER, by=hire(Role.OPERATOR))
    assert queries.party_by_id(zhang.id).erased


def test_organizations_are_not_erased_and_unknown_parties_not_found():
    company = register(details=OrganizationDetails("某公司", code="some-company"), at=AT, by=SYSTEM)
    with pytest.raises(BadInput):
        erase(party_id=company.id, at=AT)
    with pytest.raises(NotFound):
        erase(party_id=company.id + 1, at=AT)
    with pytest.raises(NotFound):
        queries.party("pty_unknown")


# Families


def child_of(join, parent):
    child = join(birth_year=2015, guardian_id=parent.id)
    bind(
        source="demo-bus",
        purpose=Purpose.TRIPS,
        at=AT,
        external_id=f"student-{child.id}",
        party_id=child.id,
        by=Actor.resident(parent),
    )
    return child


def test_a_child_whose_last_guardian_is_erased_keeps_the_account_but_no_consent(join):
    parent = join()
    child = child_of(join, parent)

    erase(party_id=parent.id, at=LATER)

    assert not queries.party_by_id(child.id).erased
    assert not any(state.given for state in queries.consents(child.id))
    assert queries.bindings_of(child.id) == []
    assert queries.relations_of(child.id) == []


def test_a_child_with_another_guardian_keeps_everything(join):
    mother, father = join(), join()
    child = child_of(join, mother)
    relate(
        kind=RelationKind.GUARDIAN,
        subject_id=child.id,
        holder_id=father.id,
        at=AT,
        by=Actor.resident(mother),
    )
    erase(party_id=mother.id, at=LATER)

    assert len(queries.bindings_of(child.id)) == 1
    relate(
        kind=RelationKind.GUARDIAN,
        subject_id=child.id,
        holder_id=father.id,
        at=LATER,
        given=False,
        by=Actor.resident(father),
    )
    assert queries.bindings_of(child.id) == []


def test_guardianship_needs_papers_and_a_clerk_or_a_guardian(join, hire):
    parent, child, stranger = join(), join(), join()
    new = {"kind": RelationKind.GUARDIAN, "subject_id": child.id, "holder_id": parent.id, "at": AT}

    with pytest.raises(Forbidden):
        relate(**new)
    with pytest.raises(Forbidden):
        relate(**new, by=Actor.resident(stranger))
    with pytest.raises(Forbidden):
        relate(**new, basis="户口本", by=hire(Role.AUDITOR))
    with pytest.raises(ConsentMissing):
        relate(**new, by=hire(Role.CLERK))
    ref = relate(**new, basis="户口本", by=hire(Role.CLERK))
    assert ref is not None
    assert relate(**new, basis="户口本", by=hire(Role.CLERK)) == ref


def test_one_household_at_a_time_by_ones_own_hand(join):
    grandmother, uncle, boy = join(), join(), join()
    into = {"kind": RelationKind.HOUSEHOLD, "subject_id": boy.id, "at": AT}
    with pytest.raises(Forbidden):
        relate(**into, holder_id=grandmother.id, by=Actor.resident(grandmother))
    relate(**into, holder_id=grandmother.id)

    with pytest.raises(Conflict):
        relate(**into, holder_id=uncle.id)
    relate(**into, holder_id=grandmother.id, given=False, by=Actor.resident(grandmother))
    relate(**into, holder_id=uncle.id)
    assert [relation.holder_id for relation in queries.relations_of(boy.id)] == [uncle.id]
    with pytest.raises(NotFound):
        relate(**into, holder_id=grandmother.id, given=False)


def test_relations_join_two_residents(join, hire):
    ref = join()
    child = join(birth_year=2015, guardian_id=ref.id)
    company = register(details=OrganizationDetails("某公司", code="some-company"), at=AT, by=SYSTEM)
    clerk = hire(Role.CLERK)
    kinds = RelationKind
    for wrong in (
        {"kind": kinds.HOUSEHOLD, "subject_id": ref.id, "holder_id": ref.id},
        {"kind": kinds.HOUSEHOLD, "subject_id": ref.id, "holder_id": company.id},
        {"kind": kinds.HOUSEHOLD, "subject_id": ref.id},
        {"kind": kinds.CLERK, "subject_id": ref.id, "holder_id": child.id},
        {"kind": kinds.GUARDIAN, "subject_id": ref.id, "clerk_id": clerk.user_id},
    ):
        with pytest.raises(BadInput):
            relate(**wrong, basis="依据", at=AT)
    with pytest.raises(GuardianRequired):
        relate(kind=kinds.HOUSEHOLD, subject_id=ref.id, holder_id=child.id, at=AT)


def test_a_clerk_needs_the_role_and_a_basis(join, hire):
    ref, clerk, operator = join(), hire(Role.CLERK), hire(Role.OPERATOR)
    new = {"kind": RelationKind.CLERK, "subject_id": ref.id, "at": AT}
    with pytest.raises(ConsentMissing):
        relate(**new, clerk_id=clerk.user_id)
    with pytest.raises(Forbidden):
        relate(**new, clerk_id=operator.user_id, basis="授权书")
    with pytest.raises(Forbidden):
        relate(**new, clerk_id=clerk.user_id, basis="授权书", by=Actor.resident(join()))
    relate(**new, clerk_id=clerk.user_id, basis="授权书", by=clerk)
    erase(party_id=ref.id, at=LATER, by=clerk)
