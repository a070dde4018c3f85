"""Persons who may not exchange for a while. What they bought stays good; nothing is taken away."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.errors import BadInput, Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, PartyKind
from tanhui.rewards._persons import lock_person
from tanhui.rewards.models import Hold
from tanhui.rewards.types import HoldDetails, HoldLift, HoldView, OnHold

APPEAL = "有异议可凭案件编号向县碳惠运营办公室提出申诉"


def admit(details: HoldDetails | HoldLift, at: datetime, by: Actor) -> str:
    """By the kind of details; the number of the hold. The audit trail has both."""
    if isinstance(details, HoldLift):
        number, action, what = lift(details, at), "rewards.hold_lifted", {"reason": details.reason.strip()}
    else:
        number, action, what = hold(details, at), "rewards.hold", {"case": details.case.strip()}
    parties_services.record(actor=by, action=action, target=number, detail=what, at=at)
    return number


def hold(details: HoldDetails, at: datetime) -> str:
    """Pause a person's exchanges; those under way end first. The same case again gives the same hold."""
    ref = parties.party_by_id(details.party_id)
    lock_person(ref.id)
    if ref.kind is not PartyKind.RESIDENT:
        raise BadInput(f"{ref.number} 是单位，不参与兑换", where="party_id")
    for where, text, most in (("reason", details.reason, 400), ("case", details.case, 30)):
        if not 0 < len(text.strip()) <= most:
            raise BadInput(f"须写明{'原因' if where == 'reason' else '案件'}，至多 {most} 字", where=where)
    if details.until is not None and (details.until.tzinfo is None or details.until <= at):
        raise BadInput("截止时间须晚于现在，并带时区", where="until")
    known = Hold.objects.filter(party_id=ref.id, case=details.case.strip(), lifted_at__isnull=True).first()
    if known is not None:
        return known.number
    row = Hold(number=new_number("hld", at), party_id=ref.id, reason=details.reason.strip(), case=details.case.strip())
    row.began_at, row.until = at, details.until
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("这个案件已经暂停了兑换", where=details.case) from error
    return row.number


def lift(details: HoldLift, at: datetime) -> str:
    """End a hold. Safe to repeat."""
    row = Hold.objects.select_for_update().filter(number=details.number).first()
    if row is None:
        raise NotFound("没有这项暂停", where=details.number[:40], fix="核对编号")
    if not 0 < len(details.reason.strip()) <= 400:
        raise BadInput("须写明解除的原因，至多 400 字", where="reason")
    if row.lifted_at is None:
        row.lifted_at, row.lift_reason = at, details.reason.strip()
        row.save(update_fields=["lifted_at", "lift_reason"])
    return row.number


def refuse(reason: str, case: str, until: datetime | None) -> OnHold:
    """What a person on hold reads."""
    end = f"，至 {until.astimezone(COUNTY_ZONE):%Y-%m-%d %H:%M}" if until else ""
    message = f"您的积分兑换已暂停{end}。原因：{reason}（案件 {case}）。已兑换的券照常使用"
    return OnHold(message, where="party_id", fix=APPEAL, detail={"case": case})


def views_of(party_id: int) -> list[HoldView]:
    """A person's holds, also those lifted, newest first."""
    return [
        HoldView(row.number, row.party_id, row.reason, row.case, row.began_at, row.until, row.lifted_at)
        for row in Hold.objects.filter(party_id=party_id).order_by("-id")
    ]
