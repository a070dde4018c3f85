"""Payment files: what was set aside for merchants goes to the bank, and comes back as paid or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import services as ledger
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import _books
from tanhui.rewards._contracts import current_account
from tanhui.rewards.models import ClearingPayment, ClearingPaymentLine, ClearingStatement, PayAccount
from tanhui.rewards.types import (
    CancelPayment,
    ConfirmPayment,
    NothingToClear,
    PaymentState,
    PreparePayment,
    SamePerson,
    StatementChanged,
    StatementState,
)

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,60}")


def prepare(details: PreparePayment, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: `pay_…`."""
    if details.month.day != 1:
        raise BadInput("结算月份写当月 1 日", where="month")
    rows = ClearingStatement.objects.select_for_update(of=("self",), no_key=True).select_related("merchant")
    rows = rows.filter(month=details.month, state=StatementState.APPROVED, net_fen__gt=0).order_by("id")
    if details.statements:
        rows = rows.filter(number__in=details.statements)
    approved = list(rows)
    taken = set(
        ClearingPaymentLine.objects.filter(statement__in=approved, standing=True).values_list("statement_id", flat=True)
    )
    waiting = [row for row in approved if row.pk not in taken]
    if details.statements and len(waiting) != len(set(details.statements)):
        raise StatementChanged("选中的结算单有的不在待支付状态", where=f"{details.month:%Y-%m}", fix="刷新后重新选择")
    if not waiting:
        raise NothingToClear(
            "没有等待付款的结算单", where=f"{details.month:%Y-%m}", fix="复核通过且应付大于 0 的结算单才进入付款文件"
        )
    accounts = _accounts(waiting)
    row = ClearingPayment.objects.create(
        number=new_number("pay", at),
        month=details.month,
        state=PaymentState.PREPARED,
        total_fen=sum(each.net_fen for each in waiting),
        prepared_by=by.name,
        prepared_at=at,
    )
    ClearingPaymentLine.objects.bulk_create(
        [
            ClearingPaymentLine(payment=row, statement=each, account=account, amount_fen=each.net_fen)
            for each, account in zip(waiting, accounts, strict=True)
        ]
    )
    what = {"month": f"{row.month:%Y-%m}", "statements": len(waiting), "total_fen": row.total_fen}
    parties_services.record(actor=by, action="rewards.payment", target=row.number, detail=what, at=at)
    return row.number


def _accounts(statements: Sequence[ClearingStatement]) -> list[PayAccount]:
    """The confirmed account of each. Raises Conflict, naming the merchants that have none."""
    found = [current_account(each.merchant_id) for each in statements]
    without = [
        each.title
        for each, account in zip(statements, found, strict=True)
        if account is None or not account.confirmed_by
    ]
    if without:
        names = "、".join(without[:10]) + (f"等 {len(without)} 家" if len(without) > 10 else "")
        raise Conflict(
            f"没有已确认的收款账户：{names}", where="收款账户", fix="登记并由另一人确认账户，或只选其他结算单付款"
        )
    return [account for account in found if account is not None]


def confirm(details: ConfirmPayment, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the file's number. The bank has paid every line of it."""
    row = _prepared(details.number)
    if row.prepared_by == by.name:
        raise SamePerson("付款须由制单人以外的人确认", where=row.number, fix="请另一位同事对照银行回单确认")
    reference = details.reference.strip()
    if not _REFERENCE.fullmatch(reference):
        raise BadInput("银行流水号须为 1 至 60 位字母、数字或 -", where="reference", fix="对照银行回单填写")
    if not local_day(row.prepared_at) <= details.paid_on <= local_day(at):
        raise BadInput("付款日须在制单日和今天之间", where="paid_on", fix="对照银行回单填写")
    lines = list(
        ClearingPaymentLine.objects.filter(payment=row).select_related("statement__merchant").order_by("statement_id")
    )
    statements = list(
        ClearingStatement.objects.select_for_update(no_key=True)
        .filter(pk__in=[each.statement_id for each in lines])
        .order_by("id")
    )
    row.state, row.confirmed_by, row.confirmed_at = PaymentState.CONFIRMED, by.name, at
    row.reference, row.paid_on = reference, details.paid_on
    row.save(update_fields=["state", "confirmed_by", "confirmed_at", "reference", "paid_on"])
    for each in statements:
        each.state, each.paid_at = StatementState.PAID, at
    ClearingStatement.objects.bulk_update(statements, ["state", "paid_at"])
    ledger.post(
        postings=[
            _books.paid(row.number, each.statement.number, each.statement.merchant.party_id, each.amount_fen, at)
            for each in lines
        ],
        at=at,
    )
    what = {"reference": reference, "paid_on": details.paid_on.isoformat(), "total_fen": row.total_fen}
    parties_services.record(actor=by, action="rewards.payment_confirm", target=row.number, detail=what, at=at)
    return row.number


def cancel(details: CancelPayment, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the file's number; its statements wait for the next file."""
    row = _prepared(details.number)
    if not 0 < len(details.reason.strip()) <= 200:
        raise BadInput("请写明撤回原因，至多 200 字", where="reason")
    row.state, row.cancelled_by, row.cancelled_at = PaymentState.CANCELLED, by.name, at
    row.reason = details.reason.strip()
    row.save(update_fields=["state", "cancelled_by", "cancelled_at", "reason"])
    ClearingPaymentLine.objects.filter(payment=row).update(standing=False)
    parties_services.record(
        actor=by, action="rewards.payment_cancel", target=row.number, detail={"reason": row.reason}, at=at
    )
    return row.number


def _prepared(number: str) -> ClearingPayment:
    row = ClearingPayment.objects.select_for_update(no_key=True).filter(number=number).first()
    if row is None:
        raise NotFound("没有这个付款文件", where=number[:40], fix="核对编号")
    if row.state != PaymentState.PREPARED:
        raise StatementChanged(f"付款文件{PaymentState(row.state).label}", where=number, fix="刷新后再看")
    return row
