"""Public reads of clearing."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet, Sum

from tanhui.kernel.days import day_start, next_month
from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.ledger import queries as ledger_queries
from tanhui.ledger.types import Book
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards._contracts import opened
from tanhui.rewards._statements import document
from tanhui.rewards._views import merchant_row
from tanhui.rewards.models import (
    ClearingCorrection,
    ClearingDispute,
    ClearingLine,
    ClearingPayment,
    ClearingPaymentLine,
    ClearingStatement,
    MerchantContract,
    PayAccount,
)
from tanhui.rewards.types import (
    CLEARING_WAIT,
    ClearingMonth,
    ContractView,
    CorrectionState,
    CorrectionView,
    DisputeState,
    DisputeView,
    LineKind,
    PayAccountView,
    PaymentLine,
    PaymentState,
    PaymentView,
    SignedDocument,
    StatementLineView,
    StatementState,
    StatementView,
)

MAX_LINES = 1_000
_OPEN = Q(disputes__state=DisputeState.OPEN)


def clearing_months() -> list[ClearingMonth]:
    """Every month that has a standing statement, newest first. Four queries."""
    rows = (
        ClearingStatement.objects.exclude(state=StatementState.VOID)
        .values("month")
        .annotate(
            drafted=Count("id", filter=Q(state=StatementState.DRAFTED)),
            checked=Count("id", filter=Q(state=StatementState.CHECKED)),
            approved=Count("id", filter=Q(state=StatementState.APPROVED)),
            paid=Count("id", filter=Q(state=StatementState.PAID)),
            net=Sum("net_fen"),
            paid_fen=Sum("net_fen", filter=Q(state=StatementState.PAID), default=0),
        )
        .order_by("-month")
    )
    doubts = ClearingDispute.objects.filter(state=DisputeState.OPEN).values_list("statement__month")
    disputes = dict(doubts.annotate(Count("id")).order_by())
    without = _without_account()
    return [
        ClearingMonth(
            month=row["month"],
            drafted=row["drafted"],
            checked=row["checked"],
            approved=row["approved"],
            paid=row["paid"],
            net_fen=row["net"],
            paid_fen=row["paid_fen"],
            disputes_open=disputes.get(row["month"], 0),
            without_account=without[row["month"]],
        )
        for row in rows
    ]


def _without_account() -> Counter[date]:
    """Month → approved sums whose merchant's latest account is not confirmed, or missing."""
    waiting = ClearingStatement.objects.filter(state=StatementState.APPROVED, net_fen__gt=0)
    found = list(waiting.values_list("month", "merchant_id"))
    accounts = PayAccount.objects.filter(merchant_id__in={merchant for _, merchant in found}).order_by("id")
    confirmed = dict(accounts.values_list("merchant_id", "confirmed_by"))
    return Counter(month for month, merchant in found if not confirmed.get(merchant))


def first_draft(month: date) -> datetime:
    """When a month (its first day) may be drafted first."""
    return day_start(next_month(month)) + CLEARING_WAIT


def statements(
    *, month: date | None = None, merchant: str = "", state: StatementState | None = None
) -> list[StatementView]:
    """Statements, also void ones, newest month first, then by merchant. Two queries."""
    rows = ClearingStatement.objects.all()
    if month is not None:
        rows = rows.filter(month=month)
    if merchant:
        rows = rows.filter(merchant__number=merchant)
    if state is not None:
        rows = rows.filter(state=state)
    return _statement_views(rows.order_by("-month", "title", "-id"))


def statement(number: str) -> StatementView:
    """One statement. Raises NotFound."""
    return _statement_views(ClearingStatement.objects.filter(pk=_statement(number).pk))[0]


def _statement(number: str) -> ClearingStatement:
    row = ClearingStatement.objects.select_related("merchant").filter(number=number).first()
    if row is None:
        raise NotFound("没有这张结算单", where=number[:40], fix="核对编号")
    return row


def _statement_views(rows: QuerySet[ClearingStatement]) -> list[StatementView]:
    found = list(rows.select_related("merchant").annotate(open=Count("disputes", filter=_OPEN)))
    lines = ClearingPaymentLine.objects.filter(statement__in=found, standing=True)
    payments = dict(lines.values_list("statement_id", "payment__number"))
    return [
        StatementView(
            number=row.number,
            merchant=row.merchant.number,
            title=row.title,
            month=row.month,
            state=StatementState(row.state),
            lines=row.lines,
            gross_fen=row.gross_fen,
            correction_fen=row.correction_fen,
            rate_bp=row.rate_bp,
            rate_fen=row.rate_fen,
            net_fen=row.net_fen,
            digest=row.digest,
            signature=row.signature,
            drafted_by=row.drafted_by,
            drafted_at=row.drafted_at,
            checked_by=row.checked_by,
            checked_at=row.checked_at,
            approved_by=row.approved_by,
            approved_at=row.approved_at,
            paid_at=row.paid_at,
            payment=payments.get(row.pk, ""),
            void_reason=row.void_reason,
            disputes_open=row.open,
        )
        for row in found
    ]


def statement_lines(number: str, *, after: int = 0, limit: int = 100, text: str = "") -> list[StatementLineView]:
    """Lines after a line's number, at most `limit` (1 to 1,000), in order of the lines; `text` is found in the memo,
    the shop's name, or is the number of a redemption or a voucher. Raises NotFound, BadInput.
    """
    if not 0 < limit <= MAX_LINES:
        raise BadInput(f"每页行数须为 1 至 {MAX_LINES}", where="limit")
    row = _statement(number)
    rows = ClearingLine.objects.filter(statement=row, line__gt=after).select_related(
        "redemption__voucher", "redemption__shop"
    )
    if text.strip():
        asked = text.strip()
        rows = rows.filter(
            Q(memo__icontains=asked)
            | Q(redemption__shop__title__icontains=asked)
            | Q(redemption__number=asked)
            | Q(redemption__voucher__number=asked)
        )
    found = list(rows.order_by("line")[:limit])
    disputes: dict[int, tuple[str, str]] = {
        line: (dispute, state)
        for line, dispute, state in ClearingDispute.objects.filter(line__in=found)
        .order_by("id")
        .values_list("line_id", "number", "state")
    }
    serials = [each.transfer_id for each in found if each.transfer_id is not None]
    transfers = dict(zip(serials, ledger_queries.transfer_numbers(serials), strict=True))
    return [_line_view(each, transfers.get(each.transfer_id or 0, ""), disputes.get(each.pk)) for each in found]


def _line_view(row: ClearingLine, transfer: str, dispute: tuple[str, str] | None) -> StatementLineView:
    redemption = row.redemption
    return StatementLineView(
        line=row.line,
        kind=LineKind(row.kind),
        amount_fen=row.amount_fen,
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        late=row.late,
        transfer=transfer,
        redemption=redemption.number if redemption else "",
        voucher=redemption.voucher.number if redemption and redemption.voucher else "",
        title=row.memo if redemption else "",
        shop=redemption.shop.title if redemption and redemption.shop else "",
        memo="" if redemption else row.memo,
        dispute=dispute[0] if dispute else "",
        dispute_state=DisputeState(dispute[1]) if dispute else None,
    )


def statement_document(number: str) -> SignedDocument:
    """What is signed of a statement: its sums and every line, with the signature once approved. Raises NotFound."""
    return document(_statement(number))


def disputes(*, statement: str = "", merchant: str = "", state: DisputeState | None = None) -> list[DisputeView]:
    """Disputes of a statement, of a merchant or of all, newest first."""
    rows = ClearingDispute.objects.select_related("line", "statement__merchant", "correction").order_by("-id")
    if statement:
        rows = rows.filter(statement__number=statement)
    if merchant:
        rows = rows.filter(statement__merchant__number=merchant)
    if state is not None:
        rows = rows.filter(state=state)
    return [
        DisputeView(
            number=row.number,
            statement=row.statement.number,
            line=row.line.line,
            merchant=row.statement.merchant.number,
            merchant_title=row.statement.title,
            amount_fen=row.line.amount_fen,
            reason=row.reason,
            raised_by=row.raised_by,
            raised_at=row.raised_at,
            state=DisputeState(row.state),
            answer=row.answer,
            answered_by=row.answered_by,
            answered_at=row.answered_at,
            correction=row.correction.number if row.correction else "",
        )
        for row in rows
    ]


def corrections(*, merchant: str = "", state: CorrectionState | None = None) -> list[CorrectionView]:
    """Corrections of a merchant or of all, newest first."""
    rows = ClearingCorrection.objects.select_related("merchant").order_by("-id")
    if merchant:
        rows = rows.filter(merchant__number=merchant)
    if state is not None:
        rows = rows.filter(state=state)
    return [
        CorrectionView(
            number=row.number,
            merchant=row.merchant.number,
            merchant_title=row.merchant.title,
            amount_fen=row.amount_fen,
            reason=row.reason,
            state=CorrectionState(row.state),
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            decide_reason=row.decide_reason,
        )
        for row in rows
    ]


def payments(month: date | None = None) -> list[PaymentView]:
    """Payment files of a month or of all, newest first."""
    rows = ClearingPayment.objects.order_by("-id")
    return _payment_views(rows if month is None else rows.filter(month=month))


def payment(number: str) -> PaymentView:
    """One payment file. Raises NotFound."""
    return _payment_views(ClearingPayment.objects.filter(pk=_payment(number).pk))[0]


def _payment(number: str) -> ClearingPayment:
    row = ClearingPayment.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这个付款文件", where=number[:40], fix="核对编号")
    return row


def _payment_views(rows: QuerySet[ClearingPayment]) -> list[PaymentView]:
    found = list(rows)
    numbers: dict[int, list[str]] = {}
    lines = ClearingPaymentLine.objects.filter(payment__in=found).order_by("statement_id")
    for payment_id, number in lines.values_list("payment_id", "statement__number"):
        numbers.setdefault(payment_id, []).append(number)
    return [
        PaymentView(
            number=row.number,
            month=row.month,
            state=PaymentState(row.state),
            total_fen=row.total_fen,
            statements=tuple(numbers.get(row.pk, ())),
            prepared_by=row.prepared_by,
            prepared_at=row.prepared_at,
            confirmed_by=row.confirmed_by,
            confirmed_at=row.confirmed_at,
            reference=row.reference,
            paid_on=row.paid_on,
            reason=row.reason,
        )
        for row in found
    ]


def payment_lines(number: str, *, by: Actor, at: datetime) -> list[PaymentLine]:
    """The rows of a payment file with full account numbers, for the file itself; the audit trail says who took them.

    Raises Forbidden, NotFound.
    """
    _require_either(by, "rewards.clear", "rewards.approve")
    row = _payment(number)
    lines = ClearingPaymentLine.objects.filter(payment=row).select_related("statement__merchant", "account")
    found = []
    for line in lines.order_by("statement_id"):
        name, account = opened(line.account)
        found.append(
            PaymentLine(
                statement=line.statement.number,
                merchant=line.statement.merchant.number,
                title=line.statement.title,
                bank_name=line.account.bank_name,
                account_name=name,
                account_number=account,
                amount_fen=line.amount_fen,
            )
        )
    parties_services.record(actor=by, action="rewards.payment_file", target=row.number, at=at)
    return found


def _require_either(by: Actor, one: str, other: str) -> None:
    try:
        parties.require(by, one)
    except Forbidden:
        parties.require(by, other)


def pay_account(merchant: str) -> PayAccountView | None:
    """Where a merchant is paid, confirmed or not yet; None where nothing is recorded. Raises NotFound."""
    row = PayAccount.objects.filter(merchant=merchant_row(merchant)).order_by("-id").first()
    if row is None:
        return None
    name, account = opened(row)
    return PayAccountView(
        number=row.number,
        merchant=merchant,
        bank_name=row.bank_name,
        account_name=name,
        tail=account[-4:],
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
    )


def contracts(merchant: str) -> list[ContractView]:
    """The terms of a merchant's contracts, latest recorded first. Raises NotFound."""
    return [
        ContractView(merchant, row.contract_from, row.contract_to, row.rate_bp, row.recorded_by, row.recorded_at)
        for row in MerchantContract.objects.filter(merchant=merchant_row(merchant)).order_by("-id")
    ]


def owed_fen() -> int:
    """What the programme owes all merchants: not approved yet, and approved but not paid."""
    held = ledger_queries.trial_balance(Book.MONEY)
    return sum(line.balance for line in held.lines if line.holder == "party")
