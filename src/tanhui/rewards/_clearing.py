"""Who may take which step of clearing, and where it is taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tanhui.kernel.errors import Forbidden
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor
from tanhui.rewards import _disputes, _payments, _statements
from tanhui.rewards.types import (
    AnswerDispute,
    ApproveStatement,
    CancelPayment,
    CheckStatement,
    ClearingAct,
    ConfirmPayment,
    DecideCorrection,
    DraftMonth,
    PreparePayment,
    ProposeCorrection,
    RaiseDispute,
    VoidStatement,
)

Step = Callable[[Any, datetime, Actor], str]

_STEPS: dict[type, tuple[str, Step]] = {
    DraftMonth: ("rewards.clear", _statements.draft),
    CheckStatement: ("rewards.clear", _statements.check),
    ApproveStatement: ("rewards.approve", _statements.approve),
    AnswerDispute: ("rewards.clear", _disputes.answer_dispute),
    ProposeCorrection: ("rewards.clear", _disputes.propose),
    DecideCorrection: ("rewards.approve", _disputes.decide),
    PreparePayment: ("rewards.clear", _payments.prepare),
    ConfirmPayment: ("rewards.approve", _payments.confirm),
    CancelPayment: ("rewards.approve", _payments.cancel),
}


def clear(details: ClearingAct, at: datetime, by: Actor) -> str:
    """Within the caller's transaction: the number of what was made or changed. The system itself drafts, no more: the
    two hands are persons.
    """
    if by.is_system and not isinstance(details, DraftMonth):
        raise Forbidden("结算的这一步须由工作人员操作", where=by.name, fix="用有相应岗位的账号登录后操作")
    if isinstance(details, RaiseDispute):
        return _disputes.raise_dispute(details, at, by)
    if isinstance(details, VoidStatement):
        return _statements.void(details, at, by)
    permission, step = _STEPS[type(details)]
    parties.require(by, permission)
    return step(details, at, by)
