"""Months that are over are cleared with the invented merchants: the first ones paid, the last still disputed, and of
the one before it a file still waits for the bank.

Two persons each time, by the same verbs as anybody. What was done before is found done, so it may be told twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tanhui.kernel.days import local_day
from tanhui.parties.types import Actor
from tanhui.rewards import queries, services
from tanhui.rewards.types import (
    FULL_RATE_BP,
    AnswerDispute,
    ApproveStatement,
    CheckStatement,
    ConfirmPayment,
    ContractDetails,
    CorrectionState,
    DecideCorrection,
    DisputeState,
    DraftMonth,
    FundsDetails,
    LineKind,
    MerchantState,
    NothingToClear,
    PayAccountConfirm,
    PayAccountDetails,
    PaymentState,
    PaymentView,
    PreparePayment,
    RaiseDispute,
    StatementState,
    StatementView,
)

AGREED_BP = 9_500
"""What one of the merchants is paid of the face value, in basis points."""
DRAFTED, ANSWERED, APPROVED, PREPARED, PAID = 4, 6, 8, 9, 12
"""Days after the end of a month."""

Step = Callable[[date, datetime], None]


@dataclass(frozen=True)
class Offices:
    """Who clears: the operator checks, finance approves, the manager of one merchant disputes."""

    operator: Actor
    finance: Actor
    manager: Actor


class ClearingStory:
    """Call it every evening: each step of clearing is taken on its day after the end of a month."""

    def __init__(self, *, first_day: date, end_on: date, offices: Offices, managed: str) -> None:
        self.done: Counter[str] = Counter()
        self.offices, self.managed, self._ready = offices, managed, False
        self._taken: set[tuple[date, str]] = set()
        self.months = _months(first_day, end_on)

    def evening(self, at: datetime, party_ids: Mapping[int, int]) -> None:
        """Do what is due by now, in the order of the months."""
        if not self._ready and self.months:
            self._contracts(at)
            self._ready = True
        today = local_day(at)
        for ago, month in zip(range(len(self.months) - 1, -1, -1), self.months, strict=True):
            for day, step in self._steps(ago):
                if today >= _after(month, day) and (month, step.__name__) not in self._taken:
                    self._taken.add((month, step.__name__))
                    step(month, at)

    def _steps(self, ago: int) -> Iterator[tuple[int, Step]]:
        """What becomes of the month so many months before the last one."""
        yield DRAFTED, self._draft
        if ago == 0:
            yield ANSWERED, self._check_some
            return
        yield ANSWERED, self._answer
        yield ANSWERED, self._check
        yield APPROVED, self._approve
        yield PREPARED, self._prepare
        yield PAID, self._pay if ago > 1 else self._pay_most

    def _contracts(self, at: datetime) -> None:
        """Where merchants are paid, and one contract at less than the face value; the last one is not confirmed."""
        merchants = queries.merchants(MerchantState.ACTIVE)
        for serial, merchant in enumerate(merchants, start=1):
            if queries.pay_account(merchant.number) is None:
                account = PayAccountDetails(
                    merchant.number, "示例银行平江支行（虚构）", merchant.title, f"62000000{serial:08d}"
                )
                services.admit(details=account, at=at, by=self.offices.operator)
            known = queries.pay_account(merchant.number)
            if known is not None and known.confirmed_at is None and serial < len(merchants):
                services.admit(details=PayAccountConfirm(merchant.number, known.number), at=at, by=self.offices.finance)
        for merchant in merchants[:1]:
            if all(contract.rate_bp == FULL_RATE_BP for contract in queries.contracts(merchant.number)):
                terms = ContractDetails(merchant.number, merchant.contract_from, merchant.contract_to, AGREED_BP)
                services.admit(details=terms, at=at, by=self.offices.operator)

    # ---------------------------------------------------------------------------------------------------- steps

    def _draft(self, month: date, at: datetime) -> None:
        """Drafted, the month's money signed, and one line disputed by the manager."""
        try:
            services.clear(details=DraftMonth(month), at=at, by=self.offices.operator)
        except NothingToClear:
            self.done["nothing_to_clear"] += 1
        services.clear(details=FundsDetails(month), at=at, by=self.offices.finance)
        for statement in queries.statements(month=month, merchant=self.managed, state=StatementState.DRAFTED):
            if queries.disputes(statement=statement.number):
                continue
            for line in queries.statement_lines(statement.number, limit=10):
                if line.kind is LineKind.REDEEM:
                    dispute = RaiseDispute(statement.number, line.line, "示例：这一笔是整箱，应按两袋结算（虚构）")
                    services.clear(details=dispute, at=at, by=self.offices.manager)
                    self.done["disputed"] += 1
                    break

    def _answer(self, month: date, at: datetime) -> None:
        """Half of the dispute's amount is granted, as a correction that finance posts."""
        for dispute in queries.disputes(merchant=self.managed, state=DisputeState.OPEN):
            if queries.statement(dispute.statement).month == month:
                granted = AnswerDispute(
                    dispute.number, True, "示例：核对了交接单，补一半（虚构）", max(1, dispute.amount_fen // 2)
                )
                services.clear(details=granted, at=at, by=self.offices.operator)
        for correction in queries.corrections(merchant=self.managed, state=CorrectionState.PROPOSED):
            services.clear(details=DecideCorrection(correction.number, True), at=at, by=self.offices.finance)

    def _check(self, month: date, at: datetime) -> None:
        for statement in queries.statements(month=month, state=StatementState.DRAFTED):
            self._checked(statement, at)

    def _check_some(self, month: date, at: datetime) -> None:
        """Of the last month every second one is checked; the others wait for whoever looks at the demonstration."""
        drafted = sorted(queries.statements(month=month), key=lambda view: view.title)
        for statement in drafted[::2]:
            if statement.state is StatementState.DRAFTED and not statement.disputes_open:
                self._checked(statement, at)

    def _checked(self, statement: StatementView, at: datetime) -> None:
        details = CheckStatement(statement.number, statement.digest)
        services.clear(details=details, at=at, by=self.offices.operator)
        self.done["checked"] += 1

    def _approve(self, month: date, at: datetime) -> None:
        for statement in queries.statements(month=month, state=StatementState.CHECKED):
            details = ApproveStatement(statement.number, statement.digest)
            services.clear(details=details, at=at, by=self.offices.finance)
            self.done["approved"] += 1

    def _prepare(self, month: date, at: datetime) -> None:
        ready = []
        for statement in queries.statements(month=month, state=StatementState.APPROVED):
            account = queries.pay_account(statement.merchant)
            if account and account.confirmed_at and statement.net_fen > 0 and not statement.payment:
                ready.append(statement.number)
        for numbers in (ready[:-1], ready[-1:]) if ready else ():
            if numbers:
                services.clear(details=PreparePayment(month, tuple(numbers)), at=at, by=self.offices.operator)

    def _pay(self, month: date, at: datetime) -> None:
        for payment in queries.payments(month):
            self._paid(payment, at)

    def _pay_most(self, month: date, at: datetime) -> None:
        """The larger file is paid; the other one still is with the bank."""
        payments = queries.payments(month)
        if payments:
            self._paid(max(payments, key=lambda payment: (len(payment.statements), payment.number)), at)

    def _paid(self, payment: PaymentView, at: datetime) -> None:
        if payment.state is PaymentState.PREPARED:
            details = ConfirmPayment(payment.number, f"DEMO-{payment.month:%Y%m}", local_day(at))
            services.clear(details=details, at=at, by=self.offices.finance)
            self.done["paid"] += len(payment.statements)


def _months(first_day: date, end_on: date) -> list[date]:
    """The months from that of the first day on that can be drafted by the last day."""
    found, month = [], first_day.replace(day=1)
    while _after(month, DRAFTED) <= end_on:
        found.append(month)
        month = _after(month, 0)
    return found


def _after(month: date, days: int) -> date:
    """So many days after the end of a month."""
    return (month + timedelta(days=32)).replace(day=1) + timedelta(days=days)
