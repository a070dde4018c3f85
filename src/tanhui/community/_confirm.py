"""The second person: what one member of staff wrote down about somebody else counts once another agrees."""

from __future__ import annotations

from datetime import datetime

from tanhui.community import _hands
from tanhui.community._check_ins import carry_out, tell
from tanhui.community._occasions import shared
from tanhui.community._receipts import check_in_views
from tanhui.community.models import CheckIn
from tanhui.community.rules import check_words
from tanhui.community.types import CheckInState, CheckInView, ConfirmDetails, SecondPersonNeeded
from tanhui.kernel.errors import Conflict, Forbidden, NotFound
from tanhui.parties.types import Actor


def confirm(details: ConfirmDetails, at: datetime, by: Actor) -> CheckInView:
    """Within the caller's transaction. Locks: the person, the occasion (shared), the check-in, and on as a check-in."""
    known = CheckIn.objects.select_related("occasion").filter(number=details.number).first()
    if known is None:
        raise NotFound("没有这次签到", where=details.number[:40], fix="核对编号")
    if by.user_id is None:
        raise Forbidden("须由工作人员确认", where="by", fix="请另一位工作人员登录确认")
    _hands.require(by, _hands.SERVE, known.occasion.division_code)
    if by.user_id == known.by_user_id:
        raise SecondPersonNeeded("须由另一位工作人员确认，不能确认自己登记的", where=details.number, fix="请同事确认")
    _hands.lock_person(known.party_id)
    shared(known.occasion.number)
    row = CheckIn.objects.select_for_update(no_key=True).get(pk=known.pk)
    wanted = CheckInState.COUNTED if details.right else CheckInState.REFUSED
    if row.state != CheckInState.PENDING:
        if row.confirmed_by_id == by.user_id and row.state == wanted:
            return check_in_views([row], replayed=True)[0]
        raise Conflict(f"这次签到{CheckInState(row.state).label}", where=row.number, fix="刷新待确认列表")
    reason = check_words(details.reason, "reason", 200, least=0 if details.right else 1)
    if details.right:
        _hands.living(row.party_id)
    row.state, row.confirmed_by_id, row.confirmed_at = wanted, by.user_id, at
    row.refusal = "" if details.right else reason
    row.save(update_fields=["state", "confirmed_by", "confirmed_at", "refusal"])
    if details.right:
        carry_out(row, at)
    tell(row, at)
    view = check_in_views([row])[0]
    _hands.record(by, "community.confirm", row.number, {"right": details.right, "reason": reason}, at)
    return view
