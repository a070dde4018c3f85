"""A month of a merchant: drafted from the books, checked and approved by two, paid, and what may go wrong."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
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
    come_back,
    drafted,
    hand,
    hands,
    money,
    now_finance,
    paid,
    redeemed,
    refused,
    standing,
    with_account,
)
from tests.rooms.rewards.mall import AT, DAY, HOUR, LUNCH, MINUTE, buy, offered, resident, store, system, undo, use

from tanhui.kernel.canonical import canonical_json
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger import services as ledger
from tanhui.ledger.types import Book
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role
from tanhui.rewards import queries
from tanhui.rewards.models import ClearingStatement
from tanhui.rewards.types import (
    ApproveStatement,
    CheckStatement,
    DecideCorrection,
    DraftMonth,
    LineKind,
    NothingToClear,
    PaymentState,
    ProposeCorrection,
    SamePerson,
    StatementChanged,
    StatementState,
    TooEarly,
    VoidStatement,
)

pytestmark = pytest.mark.django_db
END = CLEARED - 3 * DAY  # the end of June in the county


def test_a_month_from_the_books_to_the_bank() -> None:
    place, (operator, finance) = store(), hands()
    done = redeemed(place, 3)
    view = drafted(place, operator)
    assert (view.state, view.gross_fen, view.rate_fen, view.net_fen, view.lines) == (
        StatementState.DRAFTED, 3000, 0, 3000, 3,
    )  # fmt: skip
    lines = queries.statement_lines(view.number)
    assert [(each.line, each.kind, each.amount_fen) for each in lines] == [
        (1, LineKind.REDEEM, 1000), (2, LineKind.REDEEM, 1000), (3, LineKind.REDEEM, 1000),
    ]  # fmt: skip
    assert [each.redemption for each in lines] == [each.number for each in done]
    assert money(place) == (3000, 0)
    clear(CheckStatement(view.number, view.digest), operator)
    clear(ApproveStatement(view.number, view.digest), finance)
    view = queries.statement(view.number)
    assert (view.state, view.checked_by, view.approved_by) == (StatementState.APPROVED, operator.name, finance.name)
    assert money(place) == (0, 3000)
    with_account(place, operator, finance)
    number = paid(operator, finance)
    file = queries.payment(number)
    assert (file.state, file.total_fen, file.statements, file.reference) == (
        PaymentState.CONFIRMED, 3000, (view.number,), "BANK-0001",
    )  # fmt: skip
    view = queries.statement(view.number)
    assert (view.state, view.paid_at, view.payment) == (StatementState.PAID, CLEARED, number)
    assert money(place) == (0, 0)
    assert (system(Book.MONEY, "paid"), system(Book.MONEY, "budget")) == (3000, -3000)
    assert_cleared()
    actions = [each.action for each in parties.audit_trail(target=view.number)]
    assert actions == ["rewards.clear_approve", "rewards.clear_check"]


def test_every_entry_is_in_one_statement() -> None:
    place, (operator, _) = store(), hands()
    redeemed(place, 1, END - MINUTE)
    offer, person = offered(LUNCH, place, sale_to=AT + 400 * DAY), resident(300)
    early, forgotten, new = (buy(person, offer, at=END - DAY) for _ in range(3))
    use(place, early.code, END + 71 * HOUR, claimed_at=END - HOUR, offline=True)
    use(place, new.code, END + MINUTE)
    june = drafted(place, operator)
    assert [(each.amount_fen, each.late) for each in queries.statement_lines(june.number)] == [(1000, False)] * 2
    use(place, forgotten.code, CLEARED + HOUR, claimed_at=CLEARED + HOUR - 71 * HOUR, offline=True)
    july = drafted(place, operator, JULY, LATER)
    assert july.gross_fen == 2000
    with pytest.raises(NothingToClear):
        drafted(place, operator, JULY, LATER)
    assert_cleared()


def test_what_arrives_after_its_month_was_cleared_is_late() -> None:
    place, (operator, _) = store(), hands()
    redeemed(place, 1)
    drafted(place, operator)
    redeemed(place, 1, AT + HOUR)  # recorded by a clock of June, seen by the draft of July
    (line,) = queries.statement_lines(drafted(place, operator, JULY, LATER).number)
    assert (line.late, line.happened_at) == (True, AT + HOUR)
    assert_cleared()


def test_an_undo_goes_with_its_redemption() -> None:
    place, (operator, finance) = store(), hands()
    first, _ = redeemed(place, 2, END - 2 * MINUTE)
    undo(place, first.number, END + 20 * MINUTE)  # in July, of a redemption of June
    june = drafted(place, operator)
    kinds = [(each.kind, each.amount_fen) for each in queries.statement_lines(june.number)]
    assert kinds == [(LineKind.REDEEM, 1000), (LineKind.REDEEM, 1000), (LineKind.UNDO, -1000)]
    assert (june.gross_fen, june.net_fen) == (1000, 1000)
    clear(CheckStatement(june.number, june.digest), operator)
    clear(ApproveStatement(june.number, june.digest), finance)
    assert money(place) == (0, 1000)
    assert_cleared()


def test_a_month_that_cancels_itself_out_is_approved_and_never_paid() -> None:
    place, (operator, finance) = store(), hands()
    (only,) = redeemed(place)
    undo(place, only.number, AT + MINUTE)
    view = approved(place, operator, finance)
    assert (view.net_fen, view.lines, view.state) == (0, 2, StatementState.APPROVED)
    assert money(place) == (0, 0)
    with_account(place, operator, finance)
    with pytest.raises(NothingToClear):
        paid(operator, finance)
    assert_cleared()


@pytest.mark.parametrize(
    ("rate_bp", "face", "off"), [(9_500, 1001, 50), (9_950, 1001, 5), (9_995, 1000, 1), (9_996, 1000, 0), (1, 1, 1)]
)
def test_the_agreed_rate_is_taken_off_the_whole_and_rounded_half_up(rate_bp: int, face: int, off: int) -> None:
    place, (operator, finance) = store(), hands()
    agreed(place, rate_bp)
    redeemed(place, 1, face=face)
    view = approved(place, operator, finance)
    assert (view.gross_fen, view.rate_fen, view.net_fen, view.lines) == (face, -off, face - off, 1 + (off > 0))
    if off:
        line = queries.statement_lines(view.number)[-1]
        assert (line.kind, line.amount_fen, line.transfer) == (LineKind.RATE, -off, "")
    assert money(place) == (0, face - off)
    assert system(Book.MONEY, "budget") == off - face
    assert_cleared()


def test_a_correction_is_a_line_of_the_next_draft_also_of_the_month_before() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 2)
    view = checked(place, operator)
    number = clear(ProposeCorrection(place.merchant, -300, "多核销了一次（示例）"), operator)
    assert money(place) == (2000, 0)
    refused(SamePerson, DecideCorrection(number, posted=True), now_finance(operator))
    clear(DecideCorrection(number, posted=True), finance)
    assert money(place) == (1700, 0)
    refused(StatementChanged, ApproveStatement(view.number, view.digest), finance, match="作废")
    clear(VoidStatement(view.number, "更正后重新生成"), operator)
    again = approved(place, operator, finance)
    assert (again.gross_fen, again.correction_fen, again.net_fen) == (2000, -300, 1700)
    assert queries.statement_lines(again.number)[-1].memo == "多核销了一次（示例）"
    assert money(place) == (0, 1700)
    assert_cleared()


def test_less_than_nothing_waits_for_the_next_month() -> None:
    place, (operator, finance) = store(), hands()
    agreed(place, 5_000)
    redeemed(place, 1)
    number = clear(ProposeCorrection(place.merchant, -800, "示例"), operator, AT + HOUR)
    clear(DecideCorrection(number, posted=True), finance, AT + HOUR)
    refused(NothingToClear, DraftMonth(JUNE, place.merchant), operator)
    redeemed(place, 2, END + DAY)
    july = drafted(place, operator, JULY, LATER)
    assert (july.gross_fen, july.correction_fen, july.rate_fen, july.net_fen) == (3000, -800, -1500, 700)
    clear(CheckStatement(july.number, july.digest), operator, LATER)
    clear(ApproveStatement(july.number, july.digest), finance, LATER)
    assert money(place) == (0, 700)
    assert_cleared()


def test_more_cannot_be_taken_than_is_owed() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 1)
    number = clear(ProposeCorrection(place.merchant, -1001, "示例"), operator)
    refused(Conflict, DecideCorrection(number, posted=True), finance, match="超过")
    clear(DecideCorrection(number, posted=False, reason="金额写错"), finance)
    assert queries.corrections(merchant=place.merchant)[0].decide_reason == "金额写错"
    refused(StatementChanged, DecideCorrection(number, posted=True), finance)


def test_what_is_approved_cannot_be_taken_by_a_later_correction() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 1)
    approved(place, operator, finance)
    number = clear(ProposeCorrection(place.merchant, -1, "示例"), operator)
    refused(Conflict, DecideCorrection(number, posted=True), finance, match="还没有核定")
    assert money(place) == (0, 1000)


def test_a_reversal_by_hand_is_a_correction_of_the_month() -> None:
    place, (operator, _) = store(), hands()
    redeemed(place, 2)
    entry = ledger_queries.statement(place.party_id, Book.MONEY).lines[0]
    ledger.reverse(number=entry.number, key="by-hand", reason="重复核销（示例）", at=END + HOUR)
    view = drafted(place, operator)
    assert (view.gross_fen, view.correction_fen, view.net_fen) == (2000, -1000, 1000)
    assert queries.statement_lines(view.number)[-1].memo == "冲正：重复核销（示例）"
    assert_cleared()


def test_nothing_is_drafted_before_72_hours_after_the_month() -> None:
    place, (operator, _) = store(), hands()
    redeemed(place, 1)
    refused(TooEarly, DraftMonth(JUNE), operator, CLEARED - timedelta(microseconds=1), "72 小时")
    refused(BadInput, DraftMonth(date(2026, 6, 2)), operator)
    refused(NotFound, DraftMonth(JUNE, "mer_none"), operator)
    assert clear(DraftMonth(JUNE), operator) == "2026-06"
    refused(NothingToClear, DraftMonth(JUNE), operator)
    assert queries.first_draft(JUNE) == CLEARED


def test_a_draft_is_of_every_merchant_or_of_one() -> None:
    (operator, _), places = hands(), [store(), store(), store()]
    for count, place in enumerate(places):
        if count:
            redeemed(place, count)
    drafted(places[2], operator)
    clear(DraftMonth(JUNE), operator)
    assert [each.net_fen for each in sorted(queries.statements(month=JUNE), key=lambda each: each.net_fen)] == [
        1000,
        2000,
    ]
    (month,) = queries.clearing_months()
    assert (month.month, month.drafted, month.net_fen, month.without_account) == (JUNE, 2, 3000, 0)
    assert_cleared()


def test_two_persons_and_their_rights() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 1)
    for outsider in (finance, hand(Role.AUDITOR), place.cashier):
        refused(Forbidden, DraftMonth(JUNE), outsider)
    view = drafted(place, operator)
    refused(Forbidden, CheckStatement(view.number, view.digest), finance)
    refused(Forbidden, CheckStatement(view.number, view.digest), Actor.system("rewards"), match="工作人员")
    refused(StatementChanged, ApproveStatement(view.number, view.digest), finance, match="待核对")
    refused(StatementChanged, CheckStatement(view.number, "0" * 64), operator, match="看到的不一致")
    clear(CheckStatement(view.number, view.digest), operator)
    refused(Forbidden, ApproveStatement(view.number, view.digest), operator)
    refused(StatementChanged, CheckStatement(view.number, view.digest), operator)
    refused(StatementChanged, ApproveStatement(view.number, "0" * 64), finance)
    refused(SamePerson, ApproveStatement(view.number, view.digest), now_finance(operator))
    clear(ApproveStatement(view.number, view.digest), finance)
    refused(StatementChanged, ApproveStatement(view.number, view.digest), finance, match="待支付")
    refused(NotFound, ApproveStatement("clr_none", view.digest), finance)


def test_a_void_statement_frees_its_lines_and_its_sum() -> None:
    place, (operator, finance) = store(), hands()
    agreed(place, 9_000)
    redeemed(place, 2)
    view = approved(place, operator, finance)
    assert money(place) == (0, 1800)
    refused(Forbidden, VoidStatement(view.number, "示例"), operator)
    refused(BadInput, VoidStatement(view.number, "  "), finance)
    clear(VoidStatement(view.number, "比例写错（示例）"), finance)
    assert money(place) == (2000, 0)
    assert queries.statement(view.number).void_reason == "比例写错（示例）"
    refused(StatementChanged, VoidStatement(view.number, "再来"), finance)
    agreed(place, 9_500)
    again = approved(place, operator, finance)
    assert (again.net_fen, money(place)) == (1900, (0, 1900))
    assert len(queries.statements(merchant=place.merchant)) == 2
    assert_cleared()


def test_the_signed_document_is_checked_without_us() -> None:
    place, (operator, finance) = store(), hands()
    done = redeemed(place, 2)
    view = drafted(place, operator)
    assert queries.statement_document(view.number).signature == ""
    clear(CheckStatement(view.number, view.digest), operator)
    clear(ApproveStatement(view.number, view.digest), finance)
    signed = queries.statement_document(view.number)
    assert hashlib.sha256(signed.content).hexdigest() == signed.digest == view.digest
    assert signed.public_key == queries.statement_key().public_key
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
    key.verify(bytes.fromhex(signed.signature), signed.content)
    content = json.loads(signed.content)
    assert content["net_fen"] == sum(each["amount_fen"] for each in content["lines"]) == 2000
    assert [each["redemption"] for each in content["lines"]] == [each.number for each in done]
    assert signed.content == canonical_json(content)


def test_the_document_is_canonical_whatever_a_reason_says() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 1)
    odd = 'a"b\\c/d\te\nf\x01g\x7fh\u2028i😀"lines":[]'
    clear(DecideCorrection(clear(ProposeCorrection(place.merchant, 5, odd), operator), posted=True), finance)
    view = drafted(place, operator)
    content = queries.statement_document(view.number).content
    assert content == canonical_json(json.loads(content))
    assert json.loads(content)["lines"][1]["memo"] == odd


def test_what_was_altered_is_not_approved() -> None:
    place, (operator, finance) = store(), hands()
    redeemed(place, 1)
    view = checked(place, operator)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past every trigger
        cursor.execute("UPDATE rewards_clearing_line SET memo = 'x'")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    refused(StatementChanged, ApproveStatement(view.number, view.digest), finance, match="不一致")


def test_pages_of_lines_and_what_is_found_in_them() -> None:
    place, (operator, _) = store(), hands()
    done = redeemed(place, 5)
    view = drafted(place, operator)
    assert [each.line for each in queries.statement_lines(view.number, after=2, limit=2)] == [3, 4]
    assert [each.line for each in queries.statement_lines(view.number, text=done[3].number)] == [4]
    assert len(queries.statement_lines(view.number, text="午餐")) == 5
    assert queries.statement_lines(view.number, text="没有这个") == []
    with pytest.raises(BadInput):
        queries.statement_lines(view.number, limit=0)
    with pytest.raises(NotFound):
        queries.statement_lines("clr_none")


def test_a_merchant_that_came_back_has_two_statements_from_one_account() -> None:
    place, (operator, _) = store(), hands()
    redeemed(place, 1)
    again = come_back(place)
    redeemed(again, 2, AT + 2 * DAY)
    clear(DraftMonth(JUNE), operator)
    assert (standing(place).net_fen, standing(again).net_fen) == (1000, 2000)
    assert ClearingStatement.objects.count() == 2
    assert_cleared()
