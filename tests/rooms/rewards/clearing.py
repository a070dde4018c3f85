"""What the tests of clearing share: staff with their rights, a month of redemptions, and what must always hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.rooms.rewards.mall import AT, DAY, LUNCH, MINUTE, VILLAGE, Store, buy, offered, resident, staff_user, use

from tanhui.ledger import queries as ledger_queries
from tanhui.ledger.types import AccountRef, Book
from tanhui.parties import services as parties_services
from tanhui.parties.models import RoleGrant
from tanhui.parties.types import Actor, Role
from tanhui.rewards import models, queries, services
from tanhui.rewards.types import (
    ApproveStatement,
    CheckStatement,
    ClearingAct,
    ConfirmPayment,
    ContractDetails,
    DraftMonth,
    MerchantDetails,
    MerchantStaffDetails,
    MerchantState,
    MerchantStatus,
    PayAccountConfirm,
    PayAccountDetails,
    PreparePayment,
    RedemptionResult,
    ShopDetails,
    StaffRole,
    StatementView,
)

JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)
CLEARED = datetime(2026, 7, 3, 16, tzinfo=AT.tzinfo)  # 00:00 of the 4th in the county: 72 hours after June
LATER = CLEARED + 31 * DAY  # the same for July


def hand(role: Role) -> Actor:
    """A new member of staff with that role."""
    actor = staff_user()
    assert actor.user_id is not None
    parties_services.grant(user_id=actor.user_id, role=role, at=AT - 50 * DAY, by=Actor.system("tests"))
    return actor


def hands() -> tuple[Actor, Actor]:
    """Who runs the platform, and who approves."""
    return hand(Role.OPERATOR), hand(Role.FINANCE)


def now_finance(actor: Actor) -> Actor:
    """The same person, who has changed from running the platform to approving."""
    assert actor.user_id is not None
    RoleGrant.objects.create(user_id=actor.user_id, role=Role.FINANCE, started_at=AT)
    return actor


def come_back(where: Store) -> Store:
    """The merchant has left, and its organization is in the alliance again."""
    services.admit(details=MerchantStatus(where.merchant, MerchantState.LEFT), at=AT + DAY)
    again = services.admit(
        details=MerchantDetails(where.party_id, "虚构餐馆重开", date(2026, 1, 1), date(2027, 1, 1)), at=AT + DAY
    )
    services.admit(details=MerchantStatus(again, MerchantState.ACTIVE), at=AT + DAY)
    shop = services.admit(details=ShopDetails(again, "重开一店", VILLAGE), at=AT + DAY)
    assert where.cashier.user_id is not None
    services.admit(details=MerchantStaffDetails(again, where.cashier.user_id), at=AT + DAY)
    return replace(where, merchant=again, shop=shop)


def manager_of(where: Store) -> Actor:
    """A new manager of that merchant."""
    actor = staff_user()
    assert actor.user_id is not None
    details = MerchantStaffDetails(where.merchant, actor.user_id, StaffRole.MANAGER)
    services.admit(details=details, at=AT - 20 * DAY)
    return actor


def redeemed(where: Store, count: int = 1, at: datetime = AT, face: int = 1000) -> list[RedemptionResult]:
    """So many vouchers used there, a minute apart."""
    offer, person = offered(LUNCH, where, face_value_fen=face, sale_to=AT + 400 * DAY), resident(100 * count)
    bought = [buy(person, offer, at=at - DAY) for _ in range(count)]
    return [use(where, each.code, at + n * MINUTE) for n, each in enumerate(bought)]


def clear(details: ClearingAct, by: Actor, at: datetime = CLEARED) -> str:
    """A step of clearing."""
    return services.clear(details=details, at=at, by=by)


def drafted(where: Store, by: Actor, month: date = JUNE, at: datetime = CLEARED) -> StatementView:
    """The statement of a merchant, new."""
    clear(DraftMonth(month, where.merchant), by, at)
    return standing(where, month)


def standing(where: Store, month: date = JUNE) -> StatementView:
    """The statement that stands."""
    rows = models.ClearingStatement.objects.exclude(state="void")
    return queries.statement(rows.get(merchant__number=where.merchant, month=month).number)


def checked(where: Store, by: Actor, at: datetime = CLEARED) -> StatementView:
    """Drafted and checked."""
    view = drafted(where, by, at=at)
    clear(CheckStatement(view.number, view.digest), by, at)
    return queries.statement(view.number)


def approved(where: Store, one: Actor, other: Actor, at: datetime = CLEARED) -> StatementView:
    """Drafted, checked, approved."""
    view = checked(where, one, at)
    clear(ApproveStatement(view.number, view.digest), other, at)
    return queries.statement(view.number)


def confirming(where: Store) -> PayAccountConfirm:
    """The confirmation of the account that stands now."""
    view = queries.pay_account(where.merchant)
    return PayAccountConfirm(where.merchant, view.number if view else "")


def with_account(where: Store, one: Actor, other: Actor, number: str = "6222 0000 1234 5678") -> None:
    """A confirmed account."""
    details = PayAccountDetails(where.merchant, "示例银行平江支行", "虚构商户户名", number)
    services.admit(details=details, at=AT, by=one)
    services.admit(details=confirming(where), at=AT, by=other)


def paid(one: Actor, other: Actor, month: date = JUNE, at: datetime = CLEARED) -> str:
    """All approved statements of a month, paid; the file's number."""
    number = clear(PreparePayment(month), one, at)
    on = (at + timedelta(hours=8)).date()
    clear(ConfirmPayment(number, "BANK-0001", on), other, at)
    return number


def agreed(where: Store, rate_bp: int) -> None:
    """The contract of the year at another rate."""
    terms = ContractDetails(where.merchant, date(2026, 1, 1), date(2027, 1, 1), rate_bp)
    services.admit(details=terms, at=AT)


def money(where: Store) -> tuple[int, int]:
    """What the books owe a merchant: not approved yet, and set aside for payment."""
    refs = [AccountRef(Book.MONEY, where.party_id, code) for code in ("payable", "due")]
    held = ledger_queries.balances(refs)
    return held[refs[0]], held[refs[1]]


def untouched() -> tuple[object, ...]:
    """All of clearing and of the books, which a refused step must leave as they were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(sum(lines), 0) FROM ledger_transfer")
        books = cursor.fetchone()
    tables = (
        models.ClearingStatement,
        models.ClearingLine,
        models.ClearingDispute,
        models.ClearingCorrection,
        models.ClearingPayment,
        models.ClearingPaymentLine,
        models.PayAccount,
        models.MerchantContract,
        models.Merchant,
    )
    return books, *[tuple(table.objects.order_by("pk").values_list()) for table in tables]


def refused(error: type[Exception], details: ClearingAct, by: Actor, at: datetime = CLEARED, match: str = ".") -> None:
    """A step that is refused changes nothing."""
    before = untouched()
    with pytest.raises(error, match=match), transaction.atomic():
        clear(details, by, at)
    assert untouched() == before


# Every claim of a merchant stands in at most one statement, and what waits in no statement is what the account holds
# beyond the drafts; approved and unpaid is what is set aside.
_UNPAID = """
WITH statements AS (
    SELECT m.party_id, s.state, s.gross_fen + s.correction_fen AS claims, s.net_fen
    FROM rewards_clearing_statement s JOIN rewards_merchant m ON m.id = s.merchant_id
), claims AS (
    SELECT a.party_id, CASE WHEN e.credit_account = a.account_id THEN e.amount ELSE -e.amount END AS change,
        (SELECT count(*) FROM rewards_clearing_line l
         WHERE l.transfer_id = e.transfer_id AND l.entry = e.line AND l.standing) AS lines
    FROM ledger_account a
    JOIN ledger_account_code c ON c.id = a.code_id AND c.book = 'money' AND c.code = 'payable'
    JOIN ledger_entry e ON a.account_id IN (e.credit_account, e.debit_account)
    JOIN ledger_transfer t ON t.id = e.transfer_id AND t.kind NOT IN ('clearing', 'clearing_void')
)
SELECT p.id,
    coalesce((SELECT sum(change) FROM claims c WHERE c.party_id = p.id AND c.lines = 0), 0)
      + coalesce((SELECT sum(claims) FROM statements s
        WHERE s.party_id = p.id AND s.state IN ('drafted', 'checked')), 0),
    coalesce((SELECT sum(net_fen) FROM statements s WHERE s.party_id = p.id AND s.state = 'approved'), 0),
    coalesce((SELECT max(lines) FROM claims c WHERE c.party_id = p.id), 0)
FROM parties_party p WHERE p.kind = 'organization'
"""


def assert_cleared() -> None:
    """The books are proved; what is owed is what is unpaid; no entry stands in two lines."""
    assert ledger_queries.trial_balance().out_of_balance() == {}
    assert ledger_queries.prove() == []
    with connection.cursor() as cursor:
        cursor.execute(_UNPAID)
        rows = cursor.fetchall()
    for party_id, waiting, set_aside, lines in rows:
        refs = [AccountRef(Book.MONEY, party_id, code) for code in ("payable", "due")]
        held = ledger_queries.balances(refs)
        assert (held[refs[0]], held[refs[1]]) == (waiting, set_aside)
        assert lines <= 1
