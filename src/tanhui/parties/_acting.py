"""Whose hand may do it: the resident's own, the guardian's, a clerk's with recorded consent, or a role's."""

from __future__ import annotations

from datetime import datetime

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.parties import permissions
from tanhui.parties.models import Division, Party, Relation, Resident, User
from tanhui.parties.rules import needs_guardian
from tanhui.parties.types import COUNTY, Actor, GuardianRequired, PartyErased, RelationKind, Role, Scope


def lock_parties(ids: set[int]) -> dict[int, Party]:
    """Lock living parties in order of id. Raises NotFound or PartyErased."""
    rows = Party.objects.filter(id__in=ids).order_by("id").select_for_update(no_key=True)
    found = {party.pk: party for party in rows}
    if len(found) < len(ids):
        raise NotFound("没有这个当事人", where="party_id", fix="核对编号")
    for party in found.values():
        if party.erased_at is not None:
            raise PartyErased(f"{party.number} 已注销", where="party_id", fix="请本人重新加入")
    return found


def lock_resident(party_id: int) -> tuple[Party, Resident]:
    """Lock one living resident. Raises NotFound, PartyErased, or BadInput for an organization."""
    party = lock_parties({party_id})[party_id]
    if party.kind != Party.Kind.RESIDENT:
        raise BadInput(f"{party.number} 是单位，不是居民", where="party_id", fix="改用居民的编号")
    return party, Resident.objects.get(party=party)


def require(by: Actor, permission: str, scope: Scope = COUNTY) -> None:
    """Pass the system and staff whose roles allow it. Raises Forbidden."""
    if by.is_system:
        return
    user = User.objects.filter(pk=by.user_id).first() if by.user_id is not None else None
    if user is None or not user.has_perm(permission, scope):
        raise Forbidden(
            "您的角色不能办理这一事项", where=permission, fix="请系统管理员核对角色和范围", detail={"scope": str(scope)}
        )


def require_hand(by: Actor | None, party: Party, permission: str | None = None) -> None:
    """Pass the resident himself (`by` is None or himself), a guardian, a clerk with an active relation.

    Staff with `permission` pass too, where one is named. Raises Forbidden.
    """
    if by is None or by.is_system or by.party_id == party.pk:
        return
    active = Relation.objects.filter(subject=party, ended_at__isnull=True)
    if by.party_id is not None and active.filter(kind=RelationKind.GUARDIAN, holder_id=by.party_id).exists():
        return
    if by.user_id is not None and active.filter(kind=RelationKind.CLERK, clerk_id=by.user_id).exists():
        scope = division_scope(party.pk)
        if any(role is Role.CLERK and held.covers(scope) for role, held in permissions.active_roles(by.user_id)):
            return
    if permission is None or by.user_id is None:
        raise Forbidden("您不能代这位居民办理", where=party.number, fix="由本人、监护人或有授权记录的代办员办理")
    require(by, permission, division_scope(party.pk))


def require_guardian(by: Actor | None, party: Party, resident: Resident, at: datetime) -> None:
    """For a child who may be under 14 somebody else's hand is needed. Raises GuardianRequired."""
    own_hand = by is None or by.party_id == party.pk
    if own_hand and needs_guardian(resident.birth_year, local_day(at)):
        raise GuardianRequired("未满 14 周岁须由监护人同意", where=party.number, fix="请监护人在自己的账户中办理")


def division_scope(party_id: int) -> Scope:
    """The scope of a resident's division; the county where none is given."""
    code = Resident.objects.filter(pk=party_id).values_list("division__statistical_code", flat=True).first()
    return Scope("division", code) if code else COUNTY


def division_named(code: str) -> Division | None:
    """The division of an administrative or statistical code; None for an empty code. Raises NotFound."""
    if not code:
        return None
    division = Division.objects.filter(statistical_code=code).first() or Division.objects.filter(code=code).first()
    if division is None or division.retired_at is not None:
        raise NotFound(f"没有代码为 {code[:20]} 的行政区划", where="division_code", fix="从区划列表中选择")
    return division
