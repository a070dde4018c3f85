"""Public reads: who, where, with what consent and role; keys of partners' person ids; news; the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import Forbidden, NotFound
from tanhui.parties import _acting, _audit, permissions
from tanhui.parties._sealed import blind_index, unseal_value
from tanhui.parties.models import (
    AuditEntry,
    AuditHead,
    Binding,
    BindingEvent,
    Consent,
    Division,
    Erasure,
    Login,
    Organization,
    Party,
    Relation,
    Resident,
    RoleGrant,
    SealedValue,
    User,
)
from tanhui.parties.rules import clean_credit_code, clean_phone
from tanhui.parties.types import (
    COUNTY,
    Actor,
    AuditCheckpoint,
    AuditProblem,
    AuditRecord,
    BindingNews,
    BindingRef,
    ConsentState,
    DivisionRef,
    ErasureNews,
    GrantRef,
    PartyKind,
    PartyRef,
    Purpose,
    RelationKind,
    RelationRef,
    Role,
    Scope,
    StaffRef,
)

__all__ = [
    "addresses_of",
    "audit_checkpoint",
    "audit_trail",
    "bindings_after",
    "bindings_of",
    "bound_parties",
    "clean_credit_code",
    "clients_of",
    "consents",
    "display_names",
    "division_of",
    "divisions",
    "erasures_after",
    "export",
    "has_consent",
    "has_role",
    "organizations",
    "parties",
    "party",
    "party_by_id",
    "relations_of",
    "require",
    "require_hand",
    "resident_by_phone",
    "residents_registered",
    "roles_of",
    "staff",
    "staff_names",
    "subject_key",
    "subject_keys",
    "verify_audit_trail",
]

ERASED_NAME = "已注销"
SUBJECT_KEY_BYTES = 16


def party(number: str) -> PartyRef:
    """The party of a public number (`pty_…`). Raises NotFound."""
    for found in _refs(Party.objects.filter(number=number)):
        return found
    raise NotFound("没有这个当事人", where=number[:40], fix="核对编号")


def party_by_id(party_id: int) -> PartyRef:
    """The party of an id inside the house. Raises NotFound."""
    found = parties([party_id])
    if party_id not in found:
        raise NotFound("没有这个当事人", where="party_id", fix="核对编号")
    return found[party_id]


def parties(ids: Iterable[int]) -> dict[int, PartyRef]:
    """Many parties in one query; unknown ids are left out."""
    return {ref.id: ref for ref in _refs(Party.objects.filter(id__in=list(ids)))}


def _refs(rows: QuerySet[Party]) -> list[PartyRef]:
    named = rows.values_list("id", "number", "kind", "erased_at", "resident__nickname", "organization__name")
    return [
        PartyRef(
            id=row_id,
            number=number,
            kind=PartyKind(kind),
            display_name=nickname or name or ERASED_NAME,
            erased=erased_at is not None,
        )
        for row_id, number, kind, erased_at, nickname, name in named
    ]


def organizations() -> dict[str, PartyRef]:
    """The county's own organizations by their code, such as `education`; those known only by credit code are left out.

    Two queries.
    """
    codes = dict(Organization.objects.exclude(code="").order_by("code").values_list("pk", "code"))
    refs = parties(codes)
    return {code: refs[party_id] for party_id, code in codes.items()}


def display_names(ids: Iterable[int]) -> dict[int, str]:
    """Nicknames and names of organizations, 已注销 for those erased; in one query."""
    return {party_id: ref.display_name for party_id, ref in parties(ids).items()}


def resident_by_phone(phone: str) -> list[PartyRef]:
    """Residents who gave that phone number, found by its blind index. Raises BadInput for no phone number."""
    index = blind_index(SealedValue.Kind.PHONE, clean_phone(phone))
    rows = SealedValue.objects.filter(kind=SealedValue.Kind.PHONE, blind_index=index)
    return sorted(parties(rows.values_list("party_id", flat=True)).values(), key=lambda ref: ref.number)


def addresses_of(ids: Iterable[int], *, by: Actor, at: datetime) -> dict[int, str]:
    """Where collectors find these residents, for staff who may serve there (`community.serve`); those who gave no
    address, and those elsewhere, are left out. The look is an entry in the audit trail.

    Raises Forbidden where `by` may serve none of them.
    """
    wanted = parties(ids)
    places = division_of(wanted)
    mine: list[PartyRef] = []
    refused: Forbidden | None = None
    for ref in wanted.values():
        place = places.get(ref.id)
        try:
            require(by, "community.serve", Scope("division", place.statistical_code) if place else COUNTY)
        except Forbidden as error:
            refused = error
        else:
            mine.append(ref)
    if refused is not None and not mine:
        raise refused
    if not mine:
        return {}
    rows = SealedValue.objects.filter(kind=SealedValue.Kind.ADDRESS, party_id__in=[ref.id for ref in mine])
    found = {row.party_id: unseal_value(row) for row in rows}
    seen = sorted(ref.number for ref in mine if ref.id in found)
    with transaction.atomic():
        _audit.append(
            actor=by.name, action="parties.addresses", target=f"{len(seen)} 位居民", detail={"seen": seen}, at=at
        )
    return found


def residents_registered() -> int:
    """How many residents have an account now; those erased are not counted."""
    return Resident.objects.count()


def divisions(level: str | None = None) -> list[DivisionRef]:
    """The divisions in force, by statistical code; `level` is county, township or village."""
    rows = Division.objects.filter(retired_at__isnull=True).select_related("parent")
    if level is not None:
        rows = rows.filter(level=level)
    return [_division_ref(row) for row in rows.order_by("statistical_code")]


def division_of(ids: Iterable[int]) -> dict[int, DivisionRef]:
    """Where residents and organizations are; those who gave no division are left out. Two queries, any number."""
    wanted = list(ids)
    places: dict[int, int] = {}
    for model in (Resident, Organization):
        rows = model._default_manager.filter(pk__in=wanted, division__isnull=False)
        places.update(rows.values_list("pk", "division_id"))
    known = Division.objects.select_related("parent").in_bulk(set(places.values()))
    return {party_id: _division_ref(known[place]) for party_id, place in places.items()}


def _division_ref(row: Division) -> DivisionRef:
    parent = row.parent.statistical_code if row.parent else ""
    return DivisionRef(row.pk, row.statistical_code, row.code, row.name, row.level, parent)


def consents(party_id: int) -> list[ConsentState]:
    """The latest word of a resident on every purpose ever asked."""
    rows = Consent.objects.filter(party_id=party_id).order_by("purpose", "-id").distinct("purpose")
    return [ConsentState(Purpose(row.purpose), row.text_version, row.given, row.at) for row in rows]


def has_consent(party_id: int, purpose: Purpose) -> bool:
    """Whether the latest word on this purpose is a yes."""
    return any(state.given for state in consents(party_id) if state.purpose is purpose)


def relations_of(party_id: int) -> list[RelationRef]:
    """The active relations of a resident, as the person concerned and as guardian or head."""
    active = Relation.objects.filter(ended_at__isnull=True)
    rows = active.filter(subject_id=party_id) | active.filter(holder_id=party_id)
    return [
        RelationRef(row.pk, RelationKind(row.kind), row.subject_id, row.holder_id, row.clerk_id, row.started_at)
        for row in rows.order_by("id")
    ]


def staff(username: str) -> StaffRef:
    """The member of staff of that user name. Raises NotFound."""
    row = User.objects.filter(username=username).first()
    if row is None:
        raise NotFound(f"没有工作人员 {username[:40]}", where="username", fix="核对用户名")
    return StaffRef(row.pk, row.username, row.display_name)


def staff_names(ids: Iterable[int]) -> dict[int, str]:
    """The names of members of staff by user id, in one query; unknown ids are left out."""
    rows = User.objects.filter(pk__in=set(ids)).values_list("pk", "display_name", "username")
    return {pk: display_name or username for pk, display_name, username in rows}


def clients_of(user_id: int) -> list[PartyRef]:
    """The residents who let this clerk act for them, by number. One query."""
    acting = Relation.objects.filter(kind=RelationKind.CLERK, clerk_id=user_id, ended_at__isnull=True)
    return _refs(Party.objects.filter(pk__in=acting.values("subject_id")).order_by("number"))


def roles_of(user_id: int) -> list[GrantRef]:
    """The roles that a member of staff holds now."""
    rows = RoleGrant.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("role", "scope")
    return [GrantRef(row.pk, row.user_id, Role(row.role), Scope.parse(row.scope), row.started_at) for row in rows]


def has_role(user: Any, role: Role, scope: Scope = COUNTY) -> bool:
    """Whether this signed-in member of staff holds the role there."""
    if user.pk is None or not user.is_active:
        return False
    return any(held is role and where.covers(scope) for held, where in permissions.active_roles(user.pk))


def require(actor: Actor, permission: str, scope: Scope = COUNTY) -> None:
    """Raises Forbidden unless a role of the actor allows it there; the system itself may everything."""
    _acting.require(actor, permission, scope)


def require_hand(by: Actor | None, party_id: int, permission: str | None = None) -> None:
    """Raises Forbidden unless `by` may act for this resident: the person (None), a guardian, a clerk whom the person
    let act and whose role holds there; with `permission` also staff who have it there. Raises NotFound.
    """
    found = Party.objects.filter(pk=party_id).first()
    if found is None:
        raise NotFound("没有这个当事人", where="party_id", fix="核对编号")
    _acting.require_hand(by, found, permission)


def subject_key(source: str, external_id: str) -> bytes:
    """The keyed hash, 16 bytes, under which a partner's person id is kept. The id itself is never stored."""
    return subject_keys(source, (external_id,))[0]


def subject_keys(source: str, ids: Iterable[str]) -> list[bytes]:
    """Keyed hashes of many person ids of one partner, in order and in one pass."""
    hashes = key_ring().keyed_hashes(f"subject {source}", ids)
    return [value[:SUBJECT_KEY_BYTES] for value in hashes]


def bound_parties(source: str, keys: Iterable[bytes]) -> dict[bytes, int]:
    """Which of these keys are bound now, and to whom: one query for any number of keys."""
    wanted = list(keys)
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject_key, party_id FROM parties_binding"
            " WHERE source = %s AND ended_at IS NULL AND subject_key = ANY(%s)",
            [source, wanted],
        )
        return {bytes(key): party_id for key, party_id in cursor.fetchall()}


def bindings_of(party_id: int) -> list[BindingRef]:
    """The active bindings of a resident."""
    rows = Binding.objects.filter(party_id=party_id, ended_at__isnull=True).order_by("id")
    return [BindingRef(row.pk, row.source, Purpose(row.purpose), row.started_at) for row in rows]


def bindings_after(cursor: int, limit: int = 1000) -> list[BindingNews]:
    """Bindings begun and ended after the news `cursor`, oldest first. Keys destroyed by erasure bring no news."""
    rows = (
        BindingEvent.objects.filter(id__gt=cursor, binding__subject_key__isnull=False)
        .order_by("id")
        .values_list("id", "binding__source", "binding__subject_key", "binding__party_id", "bound", "at")[:limit]
    )
    return [
        BindingNews(news_id, source, bytes(key or b""), party_id, bound, at)
        for news_id, source, key, party_id, bound, at in rows
    ]


def erasures_after(cursor: int, limit: int = 1000) -> list[ErasureNews]:
    """Parties erased after the news `cursor`, oldest first."""
    rows = Erasure.objects.filter(id__gt=cursor).order_by("id")[:limit]
    return [ErasureNews(row.pk, row.party_id, row.at) for row in rows]


def audit_trail(
    *,
    actor: str | None = None,
    action: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AuditRecord]:
    """Entries of the audit trail, newest first; `before` is the smallest sequence already seen (cursor)."""
    filters: Mapping[str, Any] = {
        "actor": actor,
        "action": action,
        "target": target,
        "at__gte": since,
        "at__lt": until,
        "sequence__lt": before,
    }
    rows = AuditEntry.objects.filter(**{name: value for name, value in filters.items() if value is not None})
    return [
        AuditRecord(row.sequence, row.at, row.actor, row.action, row.target, row.detail, bytes(row.entry_hash))
        for row in rows.order_by("-sequence")[:limit]
    ]


def audit_checkpoint() -> AuditCheckpoint:
    """The end of the trail now. Written down elsewhere, it shows later whether anything before was changed."""
    head = AuditHead.objects.filter(id=1).first()
    return (
        AuditCheckpoint(0, _audit.GENESIS) if head is None else AuditCheckpoint(head.sequence, bytes(head.entry_hash))
    )


def verify_audit_trail(known: Sequence[AuditCheckpoint] = ()) -> list[AuditProblem]:
    """Every place where the trail is not what was written; empty when it is whole.

    The hashes are keyed, so that somebody who can write to the database but does not hold the key cannot mend the
    chain. Cutting the end off together with its head row is found by a checkpoint kept elsewhere (`known`).
    """
    return list(_audit.problems(known))


def export(party_id: int) -> dict[str, Any]:
    """Everything that this room keeps about one resident, readable and as plain JSON values (PIPL, article 45).

    Raises NotFound. The other rooms' figures are added by the door.
    """
    ref = party_by_id(party_id)
    row = Party.objects.get(pk=party_id)
    resident = Resident.objects.filter(pk=party_id).select_related("division").first()
    organization = Organization.objects.filter(pk=party_id).select_related("division").first()
    details: dict[str, Any] = {}
    if resident is not None:
        details = {
            "nickname": resident.nickname,
            "division": resident.division.name if resident.division else None,
            "birth_year": resident.birth_year,
            "identity_checked_at": _text(resident.identity_checked_at),
        }
    elif organization is not None:
        details = {"name": organization.name, "credit_code": organization.credit_code, "code": organization.code}
    return {
        "party": {
            "number": ref.number,
            "kind": ref.kind.value,
            "created_at": _text(row.created_at),
            "erased_at": _text(row.erased_at),
        },
        "details": details,
        "sealed": {value.kind: unseal_value(value) for value in SealedValue.objects.filter(party_id=party_id)},
        "logins": [
            {"provider": login.provider, "created_at": _text(login.created_at)}
            for login in Login.objects.filter(party_id=party_id).order_by("id")
        ],
        "consents": [_consent_fact(fact) for fact in Consent.objects.filter(party_id=party_id).order_by("id")],
        "bindings": [
            {
                "source": binding.source,
                "purpose": binding.purpose,
                "started_at": _text(binding.started_at),
                "ended_at": _text(binding.ended_at),
            }
            for binding in Binding.objects.filter(party_id=party_id).order_by("id")
        ],
        "relations": _relation_facts(party_id),
    }


def _consent_fact(fact: Consent) -> dict[str, Any]:
    by = "clerk" if fact.by_user_id else "guardian" if fact.by_party_id else "self"
    return {
        "purpose": fact.purpose,
        "text_version": fact.text_version,
        "given": fact.given,
        "at": _text(fact.at),
        "by": by,
    }


def _relation_facts(party_id: int) -> list[dict[str, Any]]:
    involved = Relation.objects.filter(subject_id=party_id) | Relation.objects.filter(holder_id=party_id)
    return [
        {
            "kind": relation.kind,
            "as": "subject" if relation.subject_id == party_id else "holder",
            "basis": relation.basis,
            "started_at": _text(relation.started_at),
            "ended_at": _text(relation.ended_at),
        }
        for relation in involved.order_by("id")
    ]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
