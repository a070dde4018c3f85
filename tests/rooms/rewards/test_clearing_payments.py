"""Where merchants are paid, payment files, disputes of lines, and the terms of contracts."""

from __future__ import annotations

from datetime import date

import pytest
from tests.rooms.rewards.clearing import (
    CLEARED,
    JULY,
    JUNE,
    LATER,
    agreed,
    approved,
    assert_cleared,
    checked,
    clear,
    confirming,
    drafted,
    hand,
    hands,
    manager_of,
    money,
    now_finance,
    paid,
    redeemed,
    refused,
    standing,
    untouched,
    with_account,
)
from tests.rooms.rewards.mall import AT, DAY, Store, staff_user, store, use

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.models import RoleGrant
from tanhui.parties.types import Actor, Role
from tanhui.rewards import queries, services
from tanhui.rewards.models import PayAccount
from tanhui.rewards.types import (
    AnswerDispute,
    ApproveStatement,
    CancelPayment,
    CheckStatement,
    ConfirmPayment,
    ContractDetails,
    CorrectionState,
    DecideCorrection,
    DisputeState,
    DraftMonth,
    NothingToClear,
    PayAccountDetails,
    PaymentState,
    PreparePayment,
    ProposeCorrection,
    RaiseDispute,
    SamePerson,
    StatementChanged,
    StatementState,
    VoidStatement,
)

pytestmark = pytest.mark.django_db
ON = date(2026, 7, 4)


def refused_admission(error: type[Exception], details: object, by: Actor, match: str = ".") -> None:
    before = untouched()
    with pytest.raises(error, match=match):
        services.admit(details=details, at=AT, by=by)  # type: ignore[arg-type]
    assert untouched() == before


def account_of(where: Store, number: str = "6222000012345678") -> PayAccountDetails:
    return PayAccountDetails(where.merchant, "示例银行平江支行", "虚构商户户名", number)


def test_an_account_counts_once_another_person_has_confirmed_it() -> None:
    place, (operator, finance) = store(), hands()
    assert queries.pay_account(place.merchant) is None
    refused_admission(NotFound, confirming(place), finance)
    services.admit(details=account_of(place, "6222 0000-1234 5678"), at=AT, by=operator)
    refused_admission(Forbidden, account_of(place), finance)
    refused_admission(Forbidden, confirming(place), operator)
    refused_admission(Forbidden, confirming(place), Actor.system("rewards"), "工作人员")
    refused_admission(SamePerson, confirming(place), now_finance(operator))
    view = queries.pay_account(place.merchant)
    assert view is not None
    assert (view.tail, view.account_name, view.confirmed_by) == ("5678", "虚构商户户名", "")
    services.admit(details=confirming(place), at=AT + DAY, by=finance)
    view = queries.pay_account(place.merchant)
    assert view is not None
    assert (view.confirmed_by, view.confirmed_at) == (finance.name, AT + DAY)
    refused_admission(Conflict, confirming(place), finance)


def test_only_the_account_that_was_looked_at_is_confirmed() -> None:
    place, (operator, finance) = store(), hands()
    services.admit(details=account_of(place), at=AT, by=operator)
    seen = confirming(place)
    services.admit(details=account_of(place, "6222000099999999"), at=AT, by=operator)
    refused_admission(StatementChanged, seen, finance, "不一致")
    services.admit(details=confirming(place), at=AT, by=finance)


def test_who_works_for_a_merchant_does_not_decide_what_it_is_paid() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place)
    view = checked(place, operator)
    manager = manager_of(place)
    dispute = clear(RaiseDispute(view.number, 1, "示例"), manager)
    for role in (Role.OPERATOR, Role.FINANCE):
        assert manager.user_id is not None
        RoleGrant.objects.create(user_id=manager.user_id, role=role, started_at=AT)
    refused(SamePerson, AnswerDispute(dispute, accepted=True, answer="同意", correction_fen=900), manager, match="回避")
    clear(AnswerDispute(dispute, accepted=True, answer="同意", correction_fen=900), operator)
    (correction,) = queries.corrections(merchant=place.merchant)
    refused(SamePerson, DecideCorrection(correction.number, posted=True), manager, match="回避")
    refused(SamePerson, ApproveStatement(view.number, view.digest), manager, match="回避")
    services.admit(details=account_of(place), at=AT, by=operator)
    refused_admission(SamePerson, confirming(place), manager, "回避")
    clear(DecideCorrection(correction.number, posted=True), finance)


@pytest.mark.parametrize("number", ["", "1234567", "62220000123456789012345678901234x", "6222０000x2345678"])
def test_account_numbers_that_are_none(number: str) -> None:
    place, (operator, _) = store(), hands()
    refused_admission(BadInput, account_of(place, number), operator, "账号")


def test_the_account_is_sealed_and_never_in_the_trail() -> None:
    place, (operator, finance) = store(), hands()
    with_account(place, operator, finance)
    row = PayAccount.objects.get()
    sealed = bytes(row.sealed)
    assert b"6222" not in sealed
    assert "虚构".encode() not in sealed
    trail = [str(each) for each in parties.audit_trail(target=place.merchant)]
    assert trail
    assert not any("62220000" in each or "户名" in each for each in trail)


def test_a_payment_file_needs_confirmed_accounts() -> None:
    here, there, (operator, finance) = store(), store(), hands()
    for place in (here, there):
        redeemed(place)
        approved(place, operator, finance)
    refused(Conflict, PreparePayment(JUNE), operator, match="没有已确认的收款账户")
    with_account(here, operator, finance)
    services.admit(details=account_of(there), at=AT, by=operator)
    assert queries.clearing_months()[0].without_account == 1
    refused(Conflict, PreparePayment(JUNE), operator, match=queries.merchant(there.merchant).title)
    number = clear(PreparePayment(JUNE, (standing(here).number,)), operator)
    assert queries.payment(number).statements == (standing(here).number,)
    services.admit(details=confirming(there), at=AT, by=finance)
    other = clear(PreparePayment(JUNE), operator)
    assert queries.payment(other).statements == (standing(there).number,)
    refused(NothingToClear, PreparePayment(JUNE), operator)
    refused(StatementChanged, PreparePayment(JUNE, (standing(here).number,)), operator)
    assert [each.number for each in queries.payments(JUNE)] == [other, number]


def test_a_new_account_stops_the_old_one_until_it_is_confirmed() -> None:
    place, (operator, finance) = store(), hands()
    with_account(place, operator, finance)
    redeemed(place)
    approved(place, operator, finance)
    services.admit(details=account_of(place, "6228111122223333"), at=AT, by=operator)
    refused(Conflict, PreparePayment(JUNE), operator)
    services.admit(details=confirming(place), at=AT, by=finance)
    number = clear(PreparePayment(JUNE), operator)
    (line,) = queries.payment_lines(number, by=finance, at=CLEARED)
    assert (line.account_number, line.account_name, line.amount_fen) == ("6228111122223333", "虚构商户户名", 1000)
    assert "6228111122223333" not in repr(line)
    with pytest.raises(Forbidden):
        queries.payment_lines(number, by=hand(Role.AUDITOR), at=CLEARED)
    assert parties.audit_trail(target=number)[0].action == "rewards.payment_file"


def test_a_file_is_confirmed_by_another_person_or_withdrawn() -> None:
    place, (operator, finance) = store(), hands()
    with_account(place, operator, finance)
    redeemed(place)
    view = approved(place, operator, finance)
    number = clear(PreparePayment(JUNE), operator)
    refused(Conflict, VoidStatement(view.number, "示例"), finance, match="付款文件")
    refused(Forbidden, ConfirmPayment(number, "B1", ON), operator)
    for reference, on in (("", ON), ("没有", ON), ("B1", date(2026, 7, 3)), ("B1", date(2026, 7, 5))):
        refused(BadInput, ConfirmPayment(number, reference, on), finance)
    refused(NotFound, ConfirmPayment("pay_none", "B1", ON), finance)
    refused(BadInput, CancelPayment(number, ""), finance)
    clear(CancelPayment(number, "银行退回（示例）"), finance)
    assert queries.payment(number).state is PaymentState.CANCELLED
    assert queries.payment(number).statements == (view.number,)
    assert (queries.statement(view.number).state, queries.statement(view.number).payment) == (
        StatementState.APPROVED, "",
    )  # fmt: skip
    refused(StatementChanged, ConfirmPayment(number, "B1", ON), finance)
    again = clear(PreparePayment(JUNE), operator)
    refused(SamePerson, ConfirmPayment(again, "B1", ON), now_finance(operator))
    clear(ConfirmPayment(again, "B1", ON), finance)
    refused(StatementChanged, CancelPayment(again, "示例"), finance)
    refused(StatementChanged, VoidStatement(view.number, "示例"), finance, match="已支付")
    assert money(place) == (0, 0)
    assert_cleared()


def test_a_manager_disputes_a_line_and_the_answer_proposes_a_correction() -> None:
    place, (operator, finance) = store(), hands()
    manager = manager_of(place)
    redeemed(place, 2)
    view = checked(place, operator)
    for outsider in (place.cashier, manager_of(store()), staff_user(), operator, Actor.system("tests")):
        refused(Forbidden, RaiseDispute(view.number, 1, "少算了"), outsider)
    refused(NotFound, RaiseDispute(view.number, 9, "少算了"), manager)
    refused(BadInput, RaiseDispute(view.number, 1, " "), manager)
    number = clear(RaiseDispute(view.number, 2, "面值应为 12 元（示例）"), manager)
    refused(Conflict, RaiseDispute(view.number, 2, "再说一次"), manager)
    refused(Conflict, ApproveStatement(view.number, view.digest), finance, match="异议")
    assert queries.statement(view.number).disputes_open == 1 == queries.clearing_months()[0].disputes_open
    line = queries.statement_lines(view.number)[1]
    assert (line.dispute, line.dispute_state) == (number, DisputeState.OPEN)
    refused(Forbidden, AnswerDispute(number, True, "采纳", 200), finance)
    refused(BadInput, AnswerDispute(number, False, "不采纳", 200), operator)
    refused(BadInput, AnswerDispute(number, True, ""), operator)
    clear(AnswerDispute(number, True, "按合同补 2 元（示例）", 200), operator)
    refused(StatementChanged, AnswerDispute(number, True, "再答", 200), operator)
    (dispute,) = queries.disputes(merchant=place.merchant)
    (correction,) = queries.corrections(merchant=place.merchant)
    assert (dispute.state, dispute.correction, dispute.amount_fen) == (DisputeState.ACCEPTED, correction.number, 1000)
    assert (correction.state, correction.amount_fen) == (CorrectionState.PROPOSED, 200)
    clear(DecideCorrection(correction.number, posted=True), finance)
    clear(VoidStatement(view.number, "异议已采纳（示例）"), operator)
    assert approved(place, operator, finance).net_fen == 2200
    assert_cleared()


def test_a_rejected_dispute_lets_the_statement_go_on() -> None:
    place, (operator, finance) = store(), hands()
    manager = manager_of(place)
    redeemed(place)
    view = checked(place, operator)
    number = clear(RaiseDispute(view.number, 1, "不是本店（示例）"), manager)
    clear(AnswerDispute(number, False, "有核销记录（示例）"), operator)
    assert clear(RaiseDispute(view.number, 1, "还是不对（示例）"), manager) != number
    clear(AnswerDispute(queries.disputes(state=DisputeState.OPEN)[0].number, False, "同上"), operator)
    clear(ApproveStatement(view.number, view.digest), finance)
    refused(StatementChanged, RaiseDispute(view.number, 1, "晚了"), manager, match="更正")
    assert queries.corrections() == []


@pytest.mark.parametrize("amount", [0, 10**9 + 1, -(10**9) - 1, True, 1.5, "100"])
def test_corrections_that_are_none(amount: int) -> None:
    place, (operator, _) = store(), hands()
    refused(BadInput, ProposeCorrection(place.merchant, amount, "示例"), operator)
    refused(NotFound, ProposeCorrection("mer_none", 100, "示例"), operator)


def test_terms_of_a_contract_follow_each_other() -> None:
    place, (operator, finance) = store(), hands()  # the contract of 2026
    refused_admission(Forbidden, ContractDetails(place.merchant, date(2027, 1, 1), date(2028, 1, 1)), finance)
    for rate_bp in (0, 10_001, -1):
        terms = ContractDetails(place.merchant, date(2027, 1, 1), date(2028, 1, 1), rate_bp)
        refused_admission(BadInput, terms, operator)
    gap = ContractDetails(place.merchant, date(2027, 1, 2), date(2028, 1, 1))
    refused_admission(Conflict, gap, operator, "空档")
    refused_admission(BadInput, ContractDetails(place.merchant, date(2027, 1, 1), date(2027, 1, 1)), operator)
    services.admit(
        details=ContractDetails(place.merchant, date(2027, 1, 1), date(2028, 1, 1), 9_000), at=AT, by=operator
    )
    row = queries.merchant(place.merchant)
    assert (row.contract_from, row.contract_to) == (date(2026, 1, 1), date(2028, 1, 1))
    (done,) = redeemed(place)  # still under the terms of 2026
    assert done.outcome.value == "redeemed"
    assert approved(place, operator, finance).rate_bp == 10_000
    services.admit(details=gap, at=AT, by=operator)
    assert [each.rate_bp for each in queries.contracts(place.merchant)] == [10_000, 9_000]


def test_the_terms_of_the_month_count() -> None:
    place, (operator, finance) = store(), hands()
    agreed(place, 9_000)
    july = ContractDetails(place.merchant, JULY, date(2027, 1, 1), 8_000)
    services.admit(details=july, at=AT, by=operator)
    redeemed(place)
    redeemed(place, 1, AT + 30 * DAY)
    assert approved(place, operator, finance).rate_bp == 9_000
    assert drafted(place, operator, JULY, LATER).rate_bp == 8_000


def test_two_months_are_paid_one_after_the_other() -> None:
    place, (operator, finance) = store(), hands()
    with_account(place, operator, finance)
    redeemed(place, 2)
    redeemed(place, 3, AT + 30 * DAY)
    approved(place, operator, finance)
    clear(DraftMonth(JULY), operator, LATER)
    view = standing(place, JULY)
    clear(CheckStatement(view.number, view.digest), operator, LATER)
    clear(ApproveStatement(view.number, view.digest), finance, LATER)
    assert money(place) == (0, 5000)
    paid(operator, finance)
    assert money(place) == (0, 3000)
    paid(operator, finance, JULY, LATER)
    assert money(place) == (0, 0)
    assert [each.paid_fen for each in queries.clearing_months()] == [3000, 2000]
    assert queries.owed_fen() == 0
    use(place, "0")
    assert_cleared()
