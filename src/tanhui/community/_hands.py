"""Whose hand did it, who may, and the person that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from tanhui.community.types import CardRefused, ImplausibleQuantity, SecondPersonNeeded
from tanhui.kernel.errors import BadInput, Forbidden, NotFound, TanhuiError
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import (
    Actor,
    DivisionRef,
    PartyErased,
    PartyKind,
    PartyRef,
    RelationKind,
    Scope,
)

SERVE, RUN = "community.serve", "community.run"
MATTERS = (Forbidden, CardRefused, ImplausibleQuantity, SecondPersonNeeded)
"""Refusals that the audit trail keeps; a missing consent is one of the first."""


def scope_of(division_code: str) -> Scope:
    """Where a role must hold for an act there."""
    return Scope("division", division_code) if division_code else Scope()


def require(by: Actor, permission: str, division_code: str = "") -> None:
    """Pass the system and staff whose role allows it there. Raises Forbidden."""
    parties.require(by, permission, scope_of(division_code))


def living(party_id: int) -> PartyRef:
    """A resident who has an account. Raises NotFound, PartyErased, BadInput for an organization."""
    ref = parties.party_by_id(party_id)
    if ref.erased:
        raise PartyErased(f"{ref.number} 已注销", where="party_id", fix="请本人重新加入")
    if ref.kind is not PartyKind.RESIDENT:
        raise BadInput(f"{ref.number} 是单位，不是居民", where="party_id", fix="由居民本人参加")
    return ref


def organization(number: str) -> PartyRef:
    """An organization by its party number. Raises NotFound, BadInput for a resident."""
    ref = parties.party(number)
    if ref.kind is not PartyKind.ORGANIZATION:
        raise BadInput(f"{number} 不是单位", where="host", fix="填写单位的编号")
    return ref


def division(code: str) -> DivisionRef:
    """A division by its statistical or administrative code. Raises NotFound."""
    for each in parties.divisions():
        if code and code in (each.statistical_code, each.code):
            return each
    raise NotFound(f"没有代码为 {code[:20]} 的行政区划", where="division_code", fix="从区划列表中选择")


def require_booker(by: Actor | None, party_id: int) -> None:
    """Pass the person, a guardian, somebody of the household, a clerk of the place. Raises Forbidden."""
    if by is not None and by.party_id is not None and by.party_id != party_id:
        ours = parties.relations_of(party_id)
        if any(
            each.kind is RelationKind.HOUSEHOLD and {each.subject_id, each.holder_id} == {party_id, by.party_id}
            for each in ours
        ):
            return
    parties.require_hand(by, party_id, SERVE)


def require_self(by: Actor | None, party_id: int) -> None:
    """Pass the person and a guardian only. Raises Forbidden."""
    if by is not None and by.user_id is not None:
        raise Forbidden("动态码由本人扫码，工作人员不能代扫", where="code", fix="请本人扫码，或出示二维码卡")
    parties.require_hand(by, party_id)


def hand_of(by: Actor | None, party_id: int) -> tuple[int | None, int | None]:
    """(user id, party id) of who acts for the person; both None where it is the person or the system."""
    if by is None:
        return None, None
    return by.user_id, by.party_id if by.party_id != party_id else None


def hand_names(users: set[int], party_ids: set[int]) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Names of staff and of parties, in two queries."""
    return (parties.staff_names(users) if users else {}), (parties.display_names(party_ids) if party_ids else {})


def lock_person(party_id: int) -> None:
    """Until the transaction ends nobody else books, releases or checks in for this person."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"community:person:{party_id}"])


def record(by: Actor | None, action: str, target: str, detail: Mapping[str, Any], at: datetime) -> None:
    """A line in the audit trail where somebody else's hand did it. The last lock that a verb takes."""
    if by is not None and not by.is_system:
        parties_services.record(actor=by, action=action, target=target, detail=detail, at=at)


def record_refusal(refused: TanhuiError, *, action: str, target: str, at: datetime, by: Actor | None) -> None:
    """What staff tried in vain stays in the audit trail where it matters, though nothing else of it does."""
    if by is not None and by.user_id is not None and isinstance(refused, MATTERS):
        detail = {"code": refused.code, "where": refused.where[:80]}
        parties_services.record(actor=by, action=action, target=target[:40], detail=detail, at=at)
