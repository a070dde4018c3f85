"""Disputes of single lines, and corrections that one proposes and another decides."""

from __future__ import annotations

from datetime import datetime

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.ledger import services as ledger
from tanhui.ledger.types import Insufficient
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import _books
from tanhui.rewards._managing import require_stranger
from tanhui.rewards._statements import locked
from tanhui.rewards.models import ClearingCorrection, ClearingDispute, ClearingLine, Merchant, MerchantStaff
from tanhui.rewards.types import (
    AnswerDispute,
    CorrectionState,
    DecideCorrection,
    DisputeState,
    ProposeCorrection,
    RaiseDispute,
    SamePerson,
    StaffRole,
    StatementChanged,
    StatementState,
)

MOST_FEN = 10**9
"""Ten million yuan: a larger correction is a slip of the hand."""


def raise_dispute(details: RaiseDispute, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: `dsp_…`."""
    row = locked(details.statement)
    require_manager(row.merchant, by)
    if row.state not in (StatementState.DRAFTED, StatementState.CHECKED):
        label = StatementState(row.state).label
        raise StatementChanged(f"结算单{label}，不能再提异议", where=row.number, fix="请联系运营人员，用更正处理")
    reason = _said(details.reason, "reason", 400)
    line = ClearingLine.objects.filter(statement=row, line=details.line).first()
    if line is None:
        raise NotFound("结算单没有这一行", where=f"{row.number} 第 {details.line} 行", fix="核对行号")
    if ClearingDispute.objects.filter(line=line, state=DisputeState.OPEN).exists():
        raise Conflict("这一行的异议还在等待答复", where=row.number)
    made = ClearingDispute.objects.create(
        number=new_number("dsp", at),
        line=line,
        statement=row,
        reason=reason,
        raised_by=by.name,
        raised_at=at,
        state=DisputeState.OPEN,
    )
    what = {"statement": row.number, "line": str(line.line)}
    parties_services.record(actor=by, action="rewards.dispute", target=made.number, detail=what, at=at)
    return made.number


def require_manager(merchant: Merchant, by: Actor) -> None:
    """Raises Forbidden unless the actor manages this merchant now."""
    if by.user_id is None or not (
        MerchantStaff.objects.filter(
            merchant=merchant,
            user_id=by.user_id,
            user__is_active=True,
            role=StaffRole.MANAGER,
            ended_at__isnull=True,
        ).exists()
    ):
        raise Forbidden("您不是这家商户的店长", where=merchant.number, fix="请店长登录后操作")


def answer_dispute(details: AnswerDispute, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the dispute's number; an accepted one proposes its correction."""
    found = ClearingDispute.objects.filter(number=details.number).values_list("statement__number", flat=True).first()
    if found is None:
        raise NotFound("没有这个异议", where=details.number[:40], fix="核对编号")
    statement = locked(found)
    row = ClearingDispute.objects.select_for_update(no_key=True).get(number=details.number)
    if row.state != DisputeState.OPEN:
        raise StatementChanged(f"这个异议{DisputeState(row.state).label}，不能再答复", where=row.number)
    require_stranger(statement.merchant_id, by)
    answer = _said(details.answer, "answer", 400)
    if details.correction_fen and not details.accepted:
        raise BadInput("不采纳的异议没有更正金额", where="correction_fen", fix="采纳，或把更正金额留空")
    if details.correction_fen:
        reason = f"异议 {row.number}：{answer}"[:200]
        row.correction = _propose(statement.merchant, details.correction_fen, reason, at, by)
    row.state = DisputeState.ACCEPTED if details.accepted else DisputeState.REJECTED
    row.answer, row.answered_by, row.answered_at = answer, by.name, at
    row.save(update_fields=["state", "answer", "answered_by", "answered_at", "correction"])
    what = {"state": row.state, "correction": row.correction.number if row.correction else ""}
    parties_services.record(actor=by, action="rewards.dispute_answer", target=row.number, detail=what, at=at)
    return row.number


def propose(details: ProposeCorrection, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: `cor_…`."""
    merchant = Merchant.objects.filter(number=details.merchant).first()
    if merchant is None:
        raise NotFound("没有这个商户", where=details.merchant[:40], fix="核对商户编号")
    row = _propose(merchant, details.amount_fen, _said(details.reason, "reason", 200), at, by)
    what = {"merchant": merchant.number, "amount_fen": row.amount_fen}
    parties_services.record(actor=by, action="rewards.correct", target=row.number, detail=what, at=at)
    return row.number


def _propose(merchant: Merchant, amount_fen: int, reason: str, at: datetime, by: Actor) -> ClearingCorrection:
    if type(amount_fen) is not int or not 0 < abs(amount_fen) <= MOST_FEN:
        raise BadInput("更正金额须为不等于 0 的整数分，至多一千万元", where="amount_fen", fix="补付写正数，扣减写负数")
    return ClearingCorrection.objects.create(
        number=new_number("cor", at),
        merchant=merchant,
        amount_fen=amount_fen,
        reason=reason,
        state=CorrectionState.PROPOSED,
        proposed_by=by.name,
        proposed_at=at,
    )


def decide(details: DecideCorrection, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the correction's number; posted at once, or rejected with a reason."""
    rows = ClearingCorrection.objects.select_for_update(of=("self",), no_key=True).select_related("merchant")
    row = rows.filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这笔更正", where=details.number[:40], fix="核对编号")
    if row.state != CorrectionState.PROPOSED:
        raise StatementChanged(f"这笔更正{CorrectionState(row.state).label}", where=row.number, fix="刷新后再看")
    if row.proposed_by == by.name:
        raise SamePerson("更正须由提出人以外的人复核", where=row.number, fix="请另一位同事复核")
    require_stranger(row.merchant_id, by)
    if not details.posted or details.reason.strip():
        row.decide_reason = _said(details.reason, "reason", 200)
    row.state = CorrectionState.POSTED if details.posted else CorrectionState.REJECTED
    row.decided_by, row.decided_at = by.name, at
    row.save(update_fields=["state", "decided_by", "decided_at", "decide_reason"])
    if details.posted:
        try:
            ledger.post(postings=[_books.corrected(row, row.merchant.party_id, at)], at=at)
        except Insufficient as error:
            message = "扣减超过了账上应付这家商户、还没有核定的金额"
            raise Conflict(message, where=row.number, fix="减少金额，或等有新的核销后再复核") from error
    what = {"state": row.state, "amount_fen": row.amount_fen}
    parties_services.record(actor=by, action="rewards.correct_decide", target=row.number, detail=what, at=at)
    return row.number


def _said(text: str, where: str, most: int) -> str:
    clean = text.strip()
    if not 0 < len(clean) <= most:
        raise BadInput(f"请写明理由，至多 {most} 字", where=where)
    return clean
