"""Joining: residents, children, clerks, organizations, staff, divisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tanhui.kernel.crypto import build_ring
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import is_number
from tanhui.parties import queries
from tanhui.parties._sealed import reseal_stale, unseal_value
from tanhui.parties.models import Login, Party, Resident, SealedValue, User
from tanhui.parties.services import register, relate
from tanhui.parties.tasks import reseal
from tanhui.parties.types import (
    Actor,
    ConsentMissing,
    DivisionRow,
    DivisionTable,
    GuardianRequired,
    IdentityDetails,
    LoginId,
    OrganizationDetails,
    PartyKind,
    Purpose,
    RelationKind,
    ResidentDetails,
    Role,
    Scope,
    StaffDetails,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SYSTEM = Actor.system("tests")
ACCOUNT = {Purpose.ACCOUNT: "v1"}


def test_a_resident_joins_with_nothing_but_consent_and_gets_a_neutral_name():
    ref = register(details=ResidentDetails(login=LoginId("wechat", "o1"), consents=ACCOUNT), at=AT)

    assert ref.kind is PartyKind.RESIDENT
    assert is_number(ref.number, "pty")
    assert ref.display_name == f"居民 {ref.number[-4:].upper()}"
    assert queries.party(ref.number) == ref == queries.party_by_id(ref.id)
    assert not SealedValue.objects.exists()


def test_joining_again_finds_the_same_resident_and_changes_nothing():
    details = ResidentDetails(login=LoginId("wechat", "o1"), nickname="山里人", consents=ACCOUNT)
    first = register(details=details, at=AT)
    again = ResidentDetails(login=LoginId("wechat", "o1"), nickname="别人", consents=ACCOUNT)

    assert register(details=again, at=AT + timedelta(days=1)) == first
    assert Party.objects.count() == 1


def test_the_same_outside_id_at_two_providers_is_two_people():
    one = register(details=ResidentDetails(login=LoginId("wechat", "x"), consents=ACCOUNT), at=AT)
    two = register(details=ResidentDetails(login=LoginId("development", "x"), consents=ACCOUNT), at=AT)

    assert one.id != two.id


def test_the_sign_in_id_is_kept_as_a_hash_only():
    register(details=ResidentDetails(login=LoginId("wechat", "oSecretOpenId"), consents=ACCOUNT), at=AT)

    assert b"oSecretOpenId" not in bytes(Login.objects.get().login_key)
    assert len(bytes(Login.objects.get().login_key)) == 32


def test_many_join_in_one_go_and_the_same_one_twice_is_one():
    many = [ResidentDetails(login=LoginId("development", f"r-{n % 50}"), consents=ACCOUNT) for n in range(60)]
    register(details=many[0], at=AT)

    refs = register(details=many, at=AT, by=SYSTEM)

    assert len(refs) == 60
    assert len({ref.id for ref in refs}) == 50 == Party.objects.count()
    assert refs[0] == refs[50]


def test_without_consent_to_the_account_nobody_joins():
    with pytest.raises(ConsentMissing):
        register(details=ResidentDetails(login=LoginId("wechat", "o1")), at=AT)
    assert not Party.objects.exists()


@pytest.mark.parametrize(
    ("details", "where"),
    [
        ({"nickname": "甲" * 21}, "nickname"),
        ({"nickname": "打我13800001111"}, "nickname"),
        ({"nickname": "看不\u200b见"}, "nickname"),
        ({"birth_year": 1899}, "birth_year"),
        ({"birth_year": 2027}, "birth_year"),
        ({"phone": "12345", "consents": {**ACCOUNT, Purpose.CONTACT: "v1"}}, "phone"),
        ({"address": "村", "consents": {**ACCOUNT, Purpose.CONTACT: "v1"}}, "address"),
        ({"login": LoginId("telegram", "o1")}, "login.provider"),
        ({"login": None}, "login"),
    ],
)
def test_bad_details_name_the_field_and_store_nothing(join, details, where):
    with pytest.raises(BadInput) as caught:
        join(**details)
    assert caught.value.where == where
    assert not Party.objects.exists()


def test_an_unknown_division_is_refused(join, divisions):
    with pytest.raises(NotFound):
        join(division_code="430626999")
    assert not Party.objects.exists()


def test_an_address_needs_its_own_consent(join):
    with pytest.raises(ConsentMissing):
        join(address="虚构村 3 组 12 号", consents=ACCOUNT)
    ref = join(consents=ACCOUNT)
    with pytest.raises(ConsentMissing):
        register(details=ResidentDetails(address="虚构村 3 组 12 号"), party_id=ref.id, at=AT, by=SYSTEM)
    assert not SealedValue.objects.exists()


def test_a_phone_needs_its_own_consent_and_is_found_only_by_its_blind_index(join):
    with pytest.raises(ConsentMissing):
        join(phone="13800001111", consents=ACCOUNT)
    ref = join(phone="+86 138-0000-1111")

    value = SealedValue.objects.get()
    assert b"13800001111" not in bytes(value.ciphertext)
    assert (value.suite, unseal_value(value)) == ("SM", "13800001111")
    assert queries.resident_by_phone("138 0000 1111") == [ref]
    assert queries.resident_by_phone("13800001112") == []


def test_after_key_rotation_old_values_open_and_are_sealed_again(join, settings):
    join(phone="13800001111")
    old = SealedValue.objects.get()
    known = settings.TANHUI_SECRETS
    settings.TANHUI_SECRETS = {**known, "personal_data": b"n" * 32}
    settings.TANHUI_RETIRED_KEYS = f"SM:{known['personal_data'].hex()}"
    settings.TANHUI_CIPHER_SUITE = "INTL"

    assert unseal_value(old) == "13800001111"
    reseal(timestamp=0)
    assert reseal_stale(AT) == 0
    fresh = SealedValue.objects.get()
    assert (fresh.suite, unseal_value(fresh)) == ("INTL", "13800001111")
    assert fresh.key_id == build_ring("INTL", b"n" * 32, known["lookup"]).active.key_id
    assert len(queries.resident_by_phone("13800001111")) == 1


def test_a_resident_changes_what_was_given_and_keeps_the_rest(join, divisions):
    ref = join(nickname="山里人", division_code="430626104")
    changed = register(details=ResidentDetails(nickname="河边人"), at=AT, party_id=ref.id)

    assert changed.display_name == "河边人"
    assert queries.division_of([ref.id])[ref.id].name == "长寿镇"
    with pytest.raises(Forbidden):
        register(details=ResidentDetails(nickname="坏人"), at=AT, party_id=ref.id, by=Actor.resident(join()))


# Children and guardians


def test_a_child_joins_by_the_hand_of_a_guardian_only(join):
    with pytest.raises(GuardianRequired):
        join(birth_year=2015)
    parent = join(birth_year=1985)
    claim = ResidentDetails(login=LoginId("wechat", "kid"), birth_year=2015, guardian_id=parent.id, consents=ACCOUNT)
    with pytest.raises(GuardianRequired):
        register(details=claim, at=AT)
    with pytest.raises(BadInput):
        register(details=claim, at=AT, by=Actor.resident(join()))
    child = join(birth_year=2015, guardian_id=parent.id)

    (relation,) = queries.relations_of(child.id)
    assert (relation.kind, relation.holder_id) == (RelationKind.GUARDIAN, parent.id)
    assert {fact["by"] for fact in queries.export(child.id)["consents"]} == {"guardian"}


@pytest.mark.parametrize(("birth_year", "child"), [(2011, False), (2012, True), (2013, True)])
def test_the_whole_year_of_the_fourteenth_birthday_counts_as_a_child(join, birth_year, child):
    if child:
        with pytest.raises(GuardianRequired):
            join(birth_year=birth_year)
    else:
        assert join(birth_year=birth_year).id


def test_a_child_cannot_be_a_guardian_nor_can_an_organization(join, hire):
    parent = join()
    child = join(birth_year=2015, guardian_id=parent.id)
    company = register(details=OrganizationDetails("某公司", code="some-company"), at=AT, by=SYSTEM)

    with pytest.raises(GuardianRequired):
        join(birth_year=2016, guardian_id=child.id)
    with pytest.raises(BadInput):
        join(birth_year=2016, guardian_id=company.id)


def test_giving_a_childs_birth_year_later_needs_a_guardian_first(join, hire):
    ref = join()
    with pytest.raises(GuardianRequired):
        register(details=ResidentDetails(birth_year=2016), at=AT, party_id=ref.id)
    parent = join(birth_year=1980)
    relate(
        kind=RelationKind.GUARDIAN,
        subject_id=ref.id,
        holder_id=parent.id,
        basis="户口本已核对",
        at=AT,
        by=hire(Role.CLERK),
    )
    assert register(details=ResidentDetails(birth_year=2016), at=AT, party_id=ref.id).id == ref.id


# Clerks


def test_a_clerk_registers_somebody_in_his_division_with_recorded_consent(hire, divisions):
    clerk = hire(Role.CLERK, scope=Scope("division", "430626104000"))
    details = ResidentDetails(
        consents=ACCOUNT, division_code="430626104001", basis="纸质授权书 2026-003", birth_year=1941
    )
    ref = register(details=details, at=AT, by=clerk)

    assert Resident.objects.get(pk=ref.id).registered_by_id == clerk.user_id
    assert [relation.kind for relation in queries.relations_of(ref.id)] == [RelationKind.CLERK]
    assert queries.audit_trail()[0].actor == clerk.name
    assert queries.audit_trail()[0].target == ref.number


def test_a_clerk_needs_a_basis_and_stays_in_his_division(hire, divisions):
    clerk = hire(Role.CLERK, scope=Scope("division", "430626104000"))

    with pytest.raises(ConsentMissing):
        register(details=ResidentDetails(consents=ACCOUNT, division_code="430626104"), at=AT, by=clerk)
    with pytest.raises(Forbidden):
        register(
            details=ResidentDetails(consents=ACCOUNT, division_code="430626118000", basis="授权书"),
            at=AT,
            by=clerk,
        )
    with pytest.raises(Forbidden):
        register(details=ResidentDetails(consents=ACCOUNT, basis="授权书"), at=AT, by=clerk)


# Identity


def test_an_identity_is_checked_by_a_clerk_under_its_own_consent(join, hire):
    ref, clerk = join(), hire(Role.CLERK)
    details = IdentityDetails(ref.id, "张三", "11010519491231002x")

    with pytest.raises(BadInput):
        register(details=details, at=AT)
    with pytest.raises(Forbidden):
        register(details=details, at=AT, by=hire(Role.OPERATOR))
    register(details=details, at=AT, by=clerk)

    exported = queries.export(ref.id)
    assert exported["sealed"] == {"identity_number": "11010519491231002X", "real_name": "张三"}
    assert exported["details"]["birth_year"] == 1949
    trail = " ".join(str(entry) for entry in queries.audit_trail())
    assert "1101051949" not in trail
    assert "张三" not in trail


def test_one_identity_number_belongs_to_one_resident(join, hire):
    clerk = hire(Role.CLERK)
    first, second = join(), join()
    register(details=IdentityDetails(first.id, "张三", "11010519491231002X"), at=AT, by=clerk)
    register(details=IdentityDetails(first.id, "张三", "11010519491231002X"), at=AT, by=clerk)

    with pytest.raises(Conflict):
        register(details=IdentityDetails(second.id, "张三", "11010519491231002X"), at=AT, by=clerk)
    assert queries.export(second.id)["sealed"] == {}


def test_without_consent_to_identity_nothing_is_checked(join, hire):
    ref = join(consents=ACCOUNT)
    with pytest.raises(ConsentMissing):
        register(details=IdentityDetails(ref.id, "张三", "11010519491231002X"), at=AT, by=hire(Role.CLERK))


# Organizations, staff, divisions


def test_an_organization_is_known_by_its_credit_code_or_the_countys_code(divisions):
    by_code = register(details=OrganizationDetails("示例公交公司", code="demo-bus"), at=AT, by=SYSTEM)
    both = OrganizationDetails("示例公交有限公司", "91350100M000100Y43", "430626104", "demo-bus")

    assert register(details=both, at=AT, by=SYSTEM).id == by_code.id
    by_credit = OrganizationDetails("示例公交有限公司", "91350100m000100y43")
    assert register(details=by_credit, at=AT, by=SYSTEM).id == by_code.id
    assert len(queries.audit_trail(target=by_code.number)) == 2, "what changes nothing leaves no entry"
    assert queries.party_by_id(by_code.id).display_name == "示例公交有限公司"
    assert queries.division_of([by_code.id])[by_code.id].statistical_code == "430626104000"


def test_two_organizations_cannot_share_a_code():
    register(details=OrganizationDetails("甲", "91350100M000100Y43"), at=AT, by=SYSTEM)
    register(details=OrganizationDetails("乙", code="yi"), at=AT, by=SYSTEM)

    with pytest.raises(Conflict):
        register(details=OrganizationDetails("甲", "91350100M000100Y43", code="yi"), at=AT, by=SYSTEM)
    with pytest.raises(BadInput):
        register(details=OrganizationDetails("无码"), at=AT, by=SYSTEM)
    with pytest.raises(BadInput):
        register(details=OrganizationDetails("错码", "91350100M000100Y44"), at=AT, by=SYSTEM)


def test_a_staff_account_is_made_by_an_administrator_and_may_do_nothing_yet(hire):
    administrator = hire(Role.ADMINISTRATOR)
    details = StaffDetails("zhang.min", "张敏", "correct horse battery 9")
    ref = register(details=details, at=AT, by=administrator)

    user = User.objects.get(pk=ref.id)
    assert user.check_password("correct horse battery 9")
    assert not user.has_perm("office.enter")
    with pytest.raises(Conflict):
        register(details=details, at=AT, by=administrator)
    with pytest.raises(BadInput, match="密码"):
        register(details=StaffDetails("li.si", "李四", "123456"), at=AT, by=administrator)
    with pytest.raises(BadInput):
        register(details=StaffDetails("李四", "李四", "correct horse battery 9"), at=AT, by=administrator)
    with pytest.raises(Forbidden):
        register(details=details, at=AT, by=hire(Role.OPERATOR))


def test_divisions_load_twice_without_change_and_missing_ones_retire(divisions):
    rows = [
        DivisionRow("430626000000", "平江县", "county", code="430626"),
        DivisionRow("430626104000", "长寿古镇", "township", "430626000000", "430626104"),
    ]
    again = DivisionTable(tuple(reversed(rows)))

    assert register(details=again, at=AT) == 3
    assert register(details=again, at=AT) == 0
    assert [place.name for place in queries.divisions()] == ["平江县", "长寿古镇"]
    assert [place.parent_code for place in queries.divisions("township")] == ["430626000000"]


@pytest.mark.parametrize(
    "row",
    [
        DivisionRow("430626104000", "长寿镇", "town", "430626000000"),
        DivisionRow("430626104000", "长寿镇", "township", "430626"),
    ],
)
def test_a_division_without_level_or_parent_is_refused_and_nothing_is_stored(row):
    county = DivisionRow("430626000000", "平江县", "county", code="430626")
    with pytest.raises(BadInput):
        register(details=DivisionTable((county, row)), at=AT)
    assert queries.divisions() == []


def test_the_countys_own_divisions_load():
    from tanhui.kernel.county import load_county

    rows = load_county("pingjiang").rows("divisions.csv")
    table = DivisionTable(
        tuple(DivisionRow(row["stat_code"], row["name"], row["level"], row["parent_code"], row["code"]) for row in rows)
    )
    register(details=table, at=AT)

    assert len(queries.divisions("township")) == 25
    assert len(queries.divisions("village")) == 550
