"""A person decides, somebody concerned appeals, another person rules. Each step locks the case."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tanhui.integrity._document import rules_in_force
from tanhui.integrity.models import Appeal, Case, Decision, Ruling
from tanhui.integrity.types import (
    ACTIONS,
    Action,
    AppealDetails,
    AppealTooLate,
    CaseNotReady,
    CaseState,
    DecisionDetails,
    RulingDetails,
    SamePerson,
    SubjectKind,
)
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.days import day_end, local_day
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.rewards import queries as rewards
from tanhui.rewards import services as rewards_services
from tanhui.rewards.types import HoldDetails, HoldLift, MerchantState, MerchantStatus, StaffRole

MOST_WORDS = 400
APPEAL_CONTEXT = "integrity_appeal.sealed_text"
_HAND = Actor.system("integrity")
"""Whose hand carries a decision out in another room; the person who decided is in the case and in the audit trail."""


def decide(details: DecisionDetails, at: datetime, by: Actor) -> None:
    """Within the caller's transaction."""
    case = _locked(details.case)
    _refuse_concerned(case, by)
    _ready(case, CaseState.OPEN)
    kind, action = SubjectKind(case.kind), details.action
    if action not in ACTIONS[kind]:
        names = "、".join(each.label for each in ACTIONS[kind])
        raise BadInput(f"对{kind.label}不能决定“{action.label}”", where="action", fix=f"可选：{names}")
    reason = words(details.reason, "reason", "理由")
    _check_until(details, at)
    case.state = CaseState.DECIDED
    case.save(update_fields=["state"])
    Decision.objects.create(
        case=case,
        action=action,
        reason=reason,
        until=details.until,
        effect=_carry_out(case, details, reason, at),
        decided_by=by.name,
        decided_at=at,
    )
    what = {"action": action.value, "reason": reason, "until": details.until.isoformat() if details.until else ""}
    parties_services.record(actor=by, action="integrity.decide", target=case.number, detail=what, at=at)


def _check_until(details: DecisionDetails, at: datetime) -> None:
    if details.action is not Action.HOLD:
        if details.until is not None:
            raise BadInput("只有暂停兑换写截止日", where="until", fix="把截止日留空")
        return
    today, most = local_day(at), rules_in_force().hold_days
    if details.until is None or not today < details.until <= today + timedelta(days=most):
        raise BadInput(f"暂停兑换须写截止日，从明天起，最长 {most} 天", where="until", fix="到期自动恢复")


def _carry_out(case: Case, details: DecisionDetails, reason: str, at: datetime) -> str:
    """What the decision does in the room that it concerns; the number of what it made there."""
    if details.action is Action.HOLD and details.until is not None and case.party_id is not None:
        hold = HoldDetails(case.party_id, reason, case.number, until=day_end(details.until))
        return rewards_services.admit(details=hold, at=at, by=_HAND)
    if details.action is Action.SUSPEND:
        if rewards.merchant(case.subject).state is not MerchantState.ACTIVE:
            raise CaseNotReady("商户不在合作状态，不用暂停", where=case.subject, fix="改为提醒，或写明未见异常")
        status = MerchantStatus(case.subject, MerchantState.SUSPENDED, f"{reason}（案件 {case.number}）")
        return rewards_services.admit(details=status, at=at, by=_HAND)
    return ""


def appeal(details: AppealDetails, at: datetime, by: Actor) -> None:
    """Within the caller's transaction."""
    case = _locked(details.case)
    if not concerns(case, details.party_id, by):
        raise NotFound("没有这个案件", where=details.case[:40], fix="从自己的通知中打开")
    _ready(case, CaseState.DECIDED)
    until = appeal_until(case.decision)
    if until is None or local_day(at) > until:
        raise AppealTooLate(
            "已过申诉期限，或这个决定没有影响到您", where=case.number, fix="如有新的情况，请联系运营机构"
        )
    text = words(details.text, "text", "申诉理由")
    Appeal.objects.create(
        case=case,
        sealed_text=key_ring().encrypt(text.encode(), context=f"{APPEAL_CONTEXT}:{case.number}"),
        raised_by=by.name,
        raised_at=at,
    )
    case.state = CaseState.APPEALED
    case.save(update_fields=["state"])
    parties_services.record(actor=by, action="integrity.appeal", target=case.number, detail={}, at=at)


def concerns(case: Case, party_id: int | None, by: Actor) -> bool:
    """Whether it is about this resident, or about a merchant that this user manages."""
    if case.kind == SubjectKind.PERSON:
        return party_id is not None and case.party_id == party_id
    if case.kind == SubjectKind.MERCHANT and by.user_id is not None:
        mine = rewards.merchant_of(by.user_id)
        return any(each.merchant == case.subject and each.role is StaffRole.MANAGER for each in mine)
    return False


def _refuse_concerned(case: Case, by: Actor) -> None:
    """Nobody judges his own case: not who wrote it down, nor who works for the merchant. Raises SamePerson."""
    own = case.kind == SubjectKind.RECORDER and by.name == f"staff:{case.subject}"
    if case.kind == SubjectKind.MERCHANT and by.user_id is not None:
        own = any(each.merchant == case.subject for each in rewards.merchant_of(by.user_id))
    if own:
        raise SamePerson("案件涉及您本人或您工作的商户，您须回避", where=case.number, fix="请另一位同事办理")


def appeal_until(decision: Decision) -> date | None:
    """The last day for an appeal; None where there is nothing to appeal against."""
    if decision.action == Action.DISMISS:
        return None
    return local_day(decision.decided_at) + timedelta(days=rules_in_force().appeal_days)


def rule(details: RulingDetails, at: datetime, by: Actor) -> None:
    """Within the caller's transaction."""
    case = _locked(details.case)
    _refuse_concerned(case, by)
    _ready(case, CaseState.APPEALED)
    if by.name in (case.decision.decided_by, case.appeal.raised_by):
        raise SamePerson("复核人不能是作出决定或提出申诉的人", where=case.number, fix="请另一位委员复核")
    reason = words(details.reason, "reason", "理由")
    Ruling.objects.create(case=case, upheld=details.upheld, reason=reason, ruled_by=by.name, ruled_at=at)
    case.state = CaseState.CLOSED
    case.save(update_fields=["state"])
    if not details.upheld:
        _take_back(case, reason, at)
    what = {"upheld": details.upheld, "reason": reason}
    parties_services.record(actor=by, action="integrity.rule", target=case.number, detail=what, at=at)


def _take_back(case: Case, reason: str, at: datetime) -> None:
    decision = case.decision
    if decision.action == Action.HOLD:
        held = rewards.holds_of(case.party_id) if case.party_id is not None else []
        if any(each.number == decision.effect and each.lifted_at is None for each in held):
            lift = HoldLift(decision.effect, f"申诉成立：{reason}"[:MOST_WORDS])
            rewards_services.admit(details=lift, at=at, by=_HAND)
    elif decision.action == Action.SUSPEND and rewards.merchant(case.subject).state is MerchantState.SUSPENDED:
        status = MerchantStatus(case.subject, MerchantState.ACTIVE, f"申诉成立（案件 {case.number}）")
        rewards_services.admit(details=status, at=at, by=_HAND)


def _locked(number: str) -> Case:
    case = Case.objects.select_for_update(no_key=True).filter(number=number).first()
    if case is None:
        raise NotFound("没有这个案件", where=number[:40], fix="从案件列表中打开")
    return case


def _ready(case: Case, state: CaseState) -> None:
    if case.state != state:
        message = f"案件{CaseState(case.state).label}，不能这样办理"
        raise CaseNotReady(message, where=case.number, fix="刷新页面，看案件现在到了哪一步")


def words(text: str, where: str, name: str) -> str:
    """A text of 1 to 400 characters. Raises BadInput."""
    clean = text.strip()
    if not 0 < len(clean) <= MOST_WORDS:
        raise BadInput(f"请写明{name}，至多 {MOST_WORDS} 字", where=where)
    return clean
