"""Cases from finding to ruling: who decides what, what it does in the mall, and that nothing happens silently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.doors.desk import hire
from tests.rooms.rewards.mall import AT, DAY, LUNCH, MINUTE, Store, buy, offered, resident, store, use

from tanhui.integrity import queries, services
from tanhui.integrity.models import Appeal, Case, Decision, Finding, Ruling
from tanhui.integrity.types import (
    Action,
    AppealDetails,
    AppealTooLate,
    CaseNotReady,
    CaseState,
    CaseView,
    DecisionDetails,
    RulingDetails,
    SamePerson,
    SubjectKind,
)
from tanhui.kernel.days import day_end, local_day
from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.models import Resident
from tanhui.parties.types import Actor, Role
from tanhui.rewards import queries as rewards
from tanhui.rewards import services as rewards_services
from tanhui.rewards.types import MerchantStaffDetails, MerchantState, OnHold, Outcome, StaffRole

pytestmark = pytest.mark.django_db

TODAY = local_day(AT)


@pytest.fixture
def operator() -> Actor:
    return Actor.staff(hire("operator", Role.OPERATOR))


@pytest.fixture
def committee() -> Actor:
    return Actor.staff(hire("committee", Role.COMMITTEE))


@pytest.fixture
def diner() -> Store:
    return store()


def busy(diner: Store, person: int, vouchers: int = 8) -> None:
    """One person uses many vouchers at one place within minutes."""
    offer = offered(replace(LUNCH, price_points=10), diner)
    for n in range(vouchers):
        bought = buy(person, offer, at=AT + n * MINUTE)
        assert use(diner, bought.code, AT + n * MINUTE).outcome is Outcome.REDEEMED


def person_case(diner: Store) -> tuple[int, CaseView]:
    """A resident whom the rule of busy persons found."""
    person = resident(1000)
    busy(diner, person)
    assert services.scan(day=TODAY, at=AT + DAY) == 1
    (found,) = queries.cases()
    return person, found


def decide(case: CaseView, by: Actor, action: Action, *, at: Any = AT + DAY, **details: Any) -> None:
    services.decide(details=DecisionDetails(case.number, action, "看过所据的记录", **details), at=at, by=by)


def held(case: CaseView, by: Actor) -> None:
    decide(case, by, Action.HOLD, until=TODAY + timedelta(days=31))


def as_resident(person: int) -> Actor:
    return Actor.resident(parties.party_by_id(person))


def test_a_finding_opens_a_case_and_says_what_was_counted(diner: Store) -> None:
    person, case = person_case(diner)
    assert (case.kind, case.state, case.party_id) == (SubjectKind.PERSON, CaseState.OPEN, person)
    assert case.subject == parties.party_by_id(person).number
    (finding,) = case.findings
    assert (finding.rule, finding.day, finding.measures) == ("busy-person", TODAY, {"count": 8})
    assert sorted(finding.evidence) == sorted(each.number for each in rewards.redemptions(diner.merchant, TODAY))
    assert buy(person, offered(LUNCH, diner)).number  # a case alone takes nothing away


def test_looking_again_finds_nothing_new(diner: Store) -> None:
    person_case(diner)
    assert services.scan(day=TODAY, at=AT + 2 * DAY) == 0
    assert Finding.objects.count() == Case.objects.count() == 1


def test_another_day_joins_the_open_case_and_opens_a_new_one_after_the_decision(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    offer = offered(replace(LUNCH, price_points=10), diner)
    for day in (1, 2):
        for n in range(8):
            now = AT + day * DAY + n * MINUTE
            use(diner, buy(person, offer, at=now).code, now)
    assert services.scan(day=TODAY + timedelta(days=1), at=AT + 2 * DAY) == 1
    assert len(queries.case(case.number).findings) == 2
    decide(case, operator, Action.WARN)
    assert services.scan(day=TODAY + timedelta(days=2), at=AT + 3 * DAY) == 1
    assert [each.state for each in queries.cases()] == [CaseState.OPEN, CaseState.DECIDED]


def test_undone_redemptions_are_not_counted(diner: Store) -> None:
    person = resident(1000)
    offer = offered(replace(LUNCH, price_points=10), diner)
    done = [use(diner, buy(person, offer).code) for _ in range(8)]
    rewards_services.undo(number=done[0].number, reason="扫错了", at=AT, by=diner.cashier)
    assert services.scan(day=TODAY, at=AT + DAY) == 0


def test_a_hold_stops_exchanges_says_why_and_ends_by_itself(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    offer = offered(LUNCH, diner)
    kept = buy(person, offer, at=AT + DAY)
    held(case, operator)
    with pytest.raises(OnHold) as refused:
        buy(person, offer, at=AT + DAY + MINUTE)
    assert "看过所据的记录" in str(refused.value)
    assert use(diner, kept.code, AT + DAY + MINUTE).outcome is Outcome.REDEEMED  # what was bought stays good
    assert buy(person, offer, at=day_end(TODAY + timedelta(days=31)))
    (trail,) = [each for each in parties.audit_trail() if each.action == "integrity.decide"]
    assert (trail.actor, trail.target) == (operator.name, case.number)


@pytest.mark.parametrize("until", [None, TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=92)])
def test_a_hold_ends_between_tomorrow_and_the_longest_day(diner: Store, operator: Actor, until: date | None) -> None:
    _, case = person_case(diner)
    with pytest.raises(BadInput, match="最长 90 天"):
        decide(case, operator, Action.HOLD, until=until)
    assert queries.case(case.number).state is CaseState.OPEN
    assert rewards.holds_of(case.party_id or 0) == []


def test_what_may_be_decided_about_whom(diner: Store, operator: Actor) -> None:
    _, case = person_case(diner)
    with pytest.raises(BadInput, match="居民不能决定"):
        decide(case, operator, Action.SUSPEND)
    with pytest.raises(BadInput, match="只有暂停兑换"):
        decide(case, operator, Action.WARN, until=TODAY + timedelta(days=5))
    with pytest.raises(BadInput, match="理由"):
        services.decide(details=DecisionDetails(case.number, Action.WARN, "  "), at=AT + DAY, by=operator)
    with pytest.raises(NotFound):
        services.decide(details=DecisionDetails("cas_nobody", Action.WARN, "理由"), at=AT + DAY, by=operator)
    assert Decision.objects.count() == 0


def test_a_case_is_decided_once(diner: Store, operator: Actor) -> None:
    _, case = person_case(diner)
    decide(case, operator, Action.DISMISS)
    with pytest.raises(CaseNotReady):
        decide(case, operator, Action.WARN)


def test_only_operators_decide_and_only_the_committee_rules(diner: Store, operator: Actor, committee: Actor) -> None:
    person, case = person_case(diner)
    for other in (committee, Actor.staff(hire("auditor", Role.AUDITOR)), as_resident(person)):
        with pytest.raises(Forbidden):
            decide(case, other, Action.WARN)
        with pytest.raises(Forbidden):
            services.scan(day=TODAY, at=AT + DAY, by=other)
    held(case, operator)
    details = AppealDetails(case.number, "是一家人聚餐", party_id=person)
    services.appeal(details=details, at=AT + 2 * DAY, by=as_resident(person))
    with pytest.raises(Forbidden):
        services.rule(details=RulingDetails(case.number, False, "成立"), at=AT + 3 * DAY, by=operator)


def test_an_appeal_that_succeeds_takes_the_hold_back(diner: Store, operator: Actor, committee: Actor) -> None:
    person, case = person_case(diner)
    held(case, operator)
    me = as_resident(person)
    services.appeal(details=AppealDetails(case.number, "是一家人聚餐", party_id=person), at=AT + 2 * DAY, by=me)
    (mine,) = queries.cases_concerning(person, me)
    assert (mine.state, mine.appeal) == (CaseState.APPEALED, "是一家人聚餐")
    with pytest.raises(OnHold):
        buy(person, offered(LUNCH, diner), at=AT + 2 * DAY)  # an appeal alone changes nothing
    services.rule(details=RulingDetails(case.number, False, "有小票为证"), at=AT + 3 * DAY, by=committee)
    assert buy(person, offered(LUNCH, diner), at=AT + 3 * DAY)
    closed = queries.case(case.number)
    assert (closed.state, closed.upheld, closed.ruling) == (CaseState.CLOSED, False, "有小票为证")


def test_a_decision_that_is_upheld_stays(diner: Store, operator: Actor, committee: Actor) -> None:
    person, case = person_case(diner)
    held(case, operator)
    details = AppealDetails(case.number, "不服", party_id=person)
    services.appeal(details=details, at=AT + 2 * DAY, by=as_resident(person))
    services.rule(details=RulingDetails(case.number, True, "记录清楚"), at=AT + 3 * DAY, by=committee)
    with pytest.raises(OnHold):
        buy(person, offered(LUNCH, diner), at=AT + 3 * DAY)


def test_who_may_appeal_and_until_when(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    me, other = as_resident(person), resident()
    mine = AppealDetails(case.number, "不服", party_id=person)
    with pytest.raises(CaseNotReady):
        services.appeal(details=mine, at=AT + DAY, by=me)
    decide(case, operator, Action.WARN)
    with pytest.raises(NotFound):
        services.appeal(details=replace(mine, party_id=other), at=AT + DAY, by=as_resident(other))
    assert queries.cases_concerning(other, as_resident(other)) == []
    with pytest.raises(AppealTooLate):
        services.appeal(details=mine, at=AT + 17 * DAY, by=me)
    services.appeal(details=mine, at=AT + 16 * DAY, by=me)
    with pytest.raises(CaseNotReady):
        services.appeal(details=mine, at=AT + 16 * DAY, by=me)
    assert Appeal.objects.count() == 1


def test_an_open_case_is_not_shown_to_whom_it_concerns(diner: Store) -> None:
    person, _ = person_case(diner)
    assert queries.cases_concerning(person, as_resident(person)) == []


def test_nothing_to_appeal_against_where_nothing_was_found(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    decide(case, operator, Action.DISMISS)
    with pytest.raises(AppealTooLate):
        services.appeal(details=AppealDetails(case.number, "x", party_id=person), at=AT + DAY, by=as_resident(person))


def merchant_case(diner: Store) -> CaseView:
    """A merchant at which many vouchers of one person are used."""
    person = resident(1000)
    busy(diner, person, vouchers=20)
    services.scan(day=TODAY, at=AT + DAY)
    return next(each for each in queries.cases() if each.kind is SubjectKind.MERCHANT)


def test_a_merchant_is_suspended_and_its_manager_appeals(diner: Store, operator: Actor, committee: Actor) -> None:
    case = merchant_case(diner)
    assert case.subject == diner.merchant
    decide(case, operator, Action.SUSPEND)
    assert rewards.merchant(diner.merchant).state is MerchantState.SUSPENDED
    manager = Actor.staff(hire("manager"))
    details = AppealDetails(case.number, "是单位团餐")
    for nobody in (diner.cashier, manager):
        with pytest.raises(NotFound):
            services.appeal(details=details, at=AT + 2 * DAY, by=nobody)
    assert manager.user_id is not None
    staff = MerchantStaffDetails(diner.merchant, manager.user_id, StaffRole.MANAGER)
    rewards_services.admit(details=staff, at=AT + DAY)
    assert [each.number for each in queries.cases_concerning(None, manager)] == [case.number]
    services.appeal(details=details, at=AT + 2 * DAY, by=manager)
    services.rule(details=RulingDetails(case.number, False, "有订餐单"), at=AT + 3 * DAY, by=committee)
    assert rewards.merchant(diner.merchant).state is MerchantState.ACTIVE


def test_who_decided_does_not_rule(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    held(case, operator)
    services.appeal(
        details=AppealDetails(case.number, "不服", party_id=person), at=AT + 2 * DAY, by=as_resident(person)
    )
    both = replace(Actor.system("x"), name=operator.name)
    with pytest.raises((SamePerson, Forbidden)):
        services.rule(details=RulingDetails(case.number, True, "维持"), at=AT + 3 * DAY, by=both)
    case_id = Case.objects.get(number=case.number).pk
    with pytest.raises(DatabaseError, match="复核人"), transaction.atomic():
        Ruling.objects.create(case_id=case_id, upheld=True, reason="x", ruled_by=operator.name, ruled_at=AT)


def works(diner: Store, by: Actor, role: StaffRole) -> None:
    assert by.user_id is not None
    rewards_services.admit(details=MerchantStaffDetails(diner.merchant, by.user_id, role), at=AT)


def test_who_works_for_a_merchant_does_not_judge_it(diner: Store, operator: Actor, committee: Actor) -> None:
    case = merchant_case(diner)
    works(diner, operator, StaffRole.CASHIER)
    with pytest.raises(SamePerson, match="回避"):
        decide(case, operator, Action.DISMISS)
    decide(case, Actor.staff(hire("second", Role.OPERATOR)), Action.SUSPEND)
    works(diner, committee, StaffRole.MANAGER)
    services.appeal(details=AppealDetails(case.number, "是单位团餐"), at=AT + 2 * DAY, by=committee)
    ruling = RulingDetails(case.number, False, "成立")
    with pytest.raises(SamePerson, match="回避"):
        services.rule(details=ruling, at=AT + 3 * DAY, by=committee)
    assert committee.user_id is not None
    left = MerchantStaffDetails(diner.merchant, committee.user_id, StaffRole.MANAGER, given=False)
    rewards_services.admit(details=left, at=AT + 3 * DAY)
    with pytest.raises(SamePerson, match="提出申诉"):
        services.rule(details=ruling, at=AT + 3 * DAY, by=committee)
    assert rewards.merchant(diner.merchant).state is MerchantState.SUSPENDED


def test_who_wrote_it_down_does_not_judge_it(operator: Actor) -> None:
    row = Case.objects.create(
        number="cas_recorder", kind=SubjectKind.RECORDER, subject="operator", state=CaseState.OPEN, opened_at=AT
    )
    with pytest.raises(SamePerson, match="回避"):
        services.decide(details=DecisionDetails(row.number, Action.DISMISS, "没有问题"), at=AT + DAY, by=operator)
    assert Decision.objects.count() == 0


def test_the_words_of_an_appeal_are_sealed_and_forgotten(diner: Store, operator: Actor) -> None:
    person, case = person_case(diner)
    held(case, operator)
    services.appeal(
        details=AppealDetails(case.number, "我住在某村", party_id=person), at=AT + 2 * DAY, by=as_resident(person)
    )
    assert "某村".encode() not in bytes(Appeal.objects.get().sealed_text)
    Resident.objects.get_or_create(party_id=person)
    parties_services.erase(party_id=person, at=AT + 3 * DAY, by=None)
    assert services.forget(at=AT + 3 * DAY) == 1
    assert services.forget(at=AT + 3 * DAY) == 0
    assert bytes(Appeal.objects.get().sealed_text) == b""
    assert "已删除" in queries.case(case.number).appeal
    assert queries.case(case.number).reason == "看过所据的记录"


def test_the_database_keeps_the_steps(diner: Store, operator: Actor) -> None:
    _, case = person_case(diner)
    row = Case.objects.get(number=case.number)
    for state in (CaseState.CLOSED, CaseState.APPEALED):
        with pytest.raises(DatabaseError), transaction.atomic():
            Case.objects.filter(pk=row.pk).update(state=state)
    with pytest.raises(IntegrityError, match="不符"):
        _decided_without_decision(row.pk)
    for table in (Finding, Case):
        with pytest.raises(DatabaseError), transaction.atomic():
            table.objects.all().delete()
    decide(case, operator, Action.WARN)
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.update(reason="改")


@transaction.atomic
def _decided_without_decision(case_id: int) -> None:
    Case.objects.filter(pk=case_id).update(state=CaseState.DECIDED)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
