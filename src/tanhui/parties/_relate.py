"""Relations between people, and roles of staff: periods that begin and end once."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import _acting, _audit, _consent, permissions
from tanhui.parties.models import Party, Relation, Resident, RoleGrant, User
from tanhui.parties.rules import needs_guardian, roles_together
from tanhui.parties.types import (
    Actor,
    ConsentMissing,
    GrantRef,
    GuardianRequired,
    Purpose,
    RelationKind,
    RelationRef,
    Role,
    Scope,
)


def begin(
    kind: RelationKind,
    subject_id: int,
    holder_id: int | None,
    clerk_id: int | None,
    basis: str,
    at: datetime,
    by: Actor | None,
) -> RelationRef:
    """Begin a relation, or find the active one."""
    if (clerk_id is not None) != (kind is RelationKind.CLERK) or (holder_id is None) != (clerk_id is not None):
        raise BadInput("代办关系须写代办员，其他关系须写居民", where="holder_id", fix="核对关系类别")
    locked = _acting.lock_parties({subject_id} | ({holder_id} if holder_id is not None else set()))
    _check_people(kind, locked, holder_id, at)
    subject = locked[subject_id]
    if kind is RelationKind.GUARDIAN:
        _check_guardianship(subject, holder_id, basis, by)
    elif kind is RelationKind.HOUSEHOLD:
        _acting.require_hand(by, subject)
    else:
        _check_clerk(subject, clerk_id, basis, by)
    wanted = {"kind": kind, "subject": subject, "holder_id": holder_id, "clerk_id": clerk_id}
    known = Relation.objects.filter(**wanted, ended_at__isnull=True).first()
    if known is None:
        try:
            with transaction.atomic():
                known = Relation.objects.create(**wanted, basis=basis, started_at=at)
        except IntegrityError as error:
            fix = "请先退出原来的家庭账户"
            raise Conflict("一位居民同时只能在一个家庭账户中", where=subject.number, fix=fix) from error
        _write("parties.relate", kind, subject, at, by)
    return RelationRef(known.pk, kind, subject_id, holder_id, clerk_id, known.started_at)


def end(
    kind: RelationKind, subject_id: int, holder_id: int | None, clerk_id: int | None, at: datetime, by: Actor | None
) -> None:
    """End a relation; the person concerned, the holder, the clerk himself or an operator may. Raises NotFound."""
    party = _acting.lock_parties({subject_id})[subject_id]
    known = Relation.objects.filter(
        kind=kind, subject=party, holder_id=holder_id, clerk_id=clerk_id, ended_at__isnull=True
    ).first()
    if known is None:
        raise NotFound("没有这个关系，或已经结束", where=party.number, fix="刷新后核对")
    own = by is not None and (
        (by.party_id is not None and by.party_id == holder_id) or (by.user_id is not None and by.user_id == clerk_id)
    )
    if not own:
        _acting.require_hand(by, party, "parties.relate")
    if kind is RelationKind.GUARDIAN:
        _acting.require_guardian(by, party, Resident.objects.get(party=party), at)
    close(known, at)
    _write("parties.unrelate", kind, party, at, by)
    if kind is RelationKind.GUARDIAN:
        stop_unguarded(party, at, by)


def close(relation: Relation, at: datetime) -> None:
    """Set the end, never before the start."""
    relation.ended_at = max(at, relation.started_at)
    relation.save(update_fields=["ended_at"])


def stop_unguarded(child: Party, at: datetime, by: Actor | None) -> None:
    """A child under 14 without any guardian: every consent ends until somebody answers for it again."""
    resident = Resident.objects.filter(party=child).first()
    if resident is None or not needs_guardian(resident.birth_year, local_day(at)):
        return
    active = Relation.objects.filter(subject=child, kind=RelationKind.GUARDIAN, ended_at__isnull=True)
    if not active.exists():
        _consent.withdraw_all(child, at, None)
        _consent.withdraw_what_stands(child, Purpose.ACCOUNT, at, by)


def _write(action: str, kind: RelationKind, subject: Party, at: datetime, by: Actor | None) -> None:
    actor = by.name if by is not None else subject.number
    detail = {"kind": kind.value}
    _audit.append(actor=actor, action=action, target=subject.number, detail=detail, at=at)


def _check_people(kind: RelationKind, locked: dict[int, Party], holder_id: int | None, at: datetime) -> None:
    for party in locked.values():
        if party.kind != Party.Kind.RESIDENT:
            raise BadInput(f"{party.number} 是单位，不能建立家庭或代办关系", where="party_id", fix="改用居民")
    if holder_id is None:
        return
    if len(locked) < 2:
        raise BadInput("本人不能做自己的监护人或户主", where="holder_id", fix="换一位居民")
    holder = Resident.objects.get(pk=holder_id)
    if needs_guardian(holder.birth_year, local_day(at)):
        raise GuardianRequired(f"{kind.value} 须为成年人", where="holder_id", fix="换一位成年居民")


def _check_guardianship(subject: Party, holder_id: int | None, basis: str, by: Actor | None) -> None:
    """The first guardian comes by a clerk's hand, who has seen papers; a further one by a guardian's."""
    if by is None or by.party_id is not None:
        holders = Relation.objects.filter(
            subject=subject, kind=RelationKind.GUARDIAN, ended_at__isnull=True
        ).values_list("holder_id", flat=True)
        if by is None or by.party_id not in holders:
            fix = "请带户口本等到便民服务点办理"
            raise Forbidden("监护关系须由代办员核对证件后建立", where=subject.number, fix=fix)
    elif not basis:
        raise ConsentMissing("请写明监护关系的依据", where="basis", fix="如：户口本已核对")
    else:
        _acting.require(by, "parties.relate", _acting.division_scope(subject.pk))


def _check_clerk(subject: Party, clerk_id: int | None, basis: str, by: Actor | None) -> None:
    if not basis:
        raise ConsentMissing("代办须有本人同意的记录", where="basis", fix="写明依据，如：纸质授权书编号")
    scope = _acting.division_scope(subject.pk)
    held = permissions.active_roles(clerk_id) if clerk_id is not None else []
    if not any(role is Role.CLERK and where.covers(scope) for role, where in held):
        raise Forbidden("这位工作人员不是该地的代办员", where="clerk_id", fix="请系统管理员先授予代办员角色")
    if by is not None and by.user_id is not None:
        _acting.require(by, "parties.relate", scope)
    else:
        _acting.require_hand(by, subject)


def grant(user_id: int, role: Role, scope: Scope, given: bool, at: datetime, by: Actor) -> GrantRef | None:
    """Begin or end a role; None where it ended."""
    _acting.require(by, "parties.grant")
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise NotFound("没有这个工作人员", where="user_id", fix="核对用户名")
    if by.user_id == user.pk:
        raise Forbidden("不能给自己授予或收回角色", where="user_id", fix="请另一位系统管理员办理")
    active = RoleGrant.objects.filter(user=user, ended_at__isnull=True)
    known = active.filter(role=role, scope=str(scope)).first()
    if given and known is None:
        held = frozenset(Role(one) for one in active.values_list("role", flat=True))
        if not roles_together(held, role):
            fix = "换一个人担任，或先收回原来的角色"
            raise Conflict(f"职责须分离：{role.label}不能与现有角色兼任", where="role", fix=fix)
        known = RoleGrant.objects.create(
            user=user, role=role, scope=str(scope), granted_by_id=by.user_id, started_at=at
        )
    elif not given and known is not None:
        known.ended_at = max(at, known.started_at)
        known.save(update_fields=["ended_at"])
    else:
        return None if known is None else _grant_ref(known)
    detail = {"role": role.value, "scope": str(scope), "given": given}
    target = f"staff:{user.username}"
    _audit.append(actor=by.name, action="parties.grant", target=target, detail=detail, at=at)
    return _grant_ref(known) if given else None


def _grant_ref(row: RoleGrant) -> GrantRef:
    return GrantRef(row.pk, row.user_id, Role(row.role), Scope.parse(row.scope), row.started_at)
