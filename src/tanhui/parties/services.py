"""The eight verbs of the room. Residents' own acts need no role; acts for others need a hand that may act.

`by` is None where a resident acts for himself (the door has signed him in), otherwise the `Actor` who does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, overload

from django.conf import settings
from django.db import transaction

from tanhui.kernel.errors import BadInput
from tanhui.parties import _audit, _bind, _consent, _erase, _register, _relate, wechat
from tanhui.parties.rules import clean_development_name
from tanhui.parties.types import (
    COUNTY,
    Actor,
    BindReport,
    ConsentState,
    DevelopmentCode,
    DivisionTable,
    GrantRef,
    IdentityDetails,
    LoginId,
    NotRegistered,
    OrganizationDetails,
    PartyRef,
    Purpose,
    RelationKind,
    RelationRef,
    ResidentDetails,
    Role,
    Scope,
    SignInProof,
    SignInRefused,
    StaffDetails,
    StaffRef,
    WechatCodeSession,
)

__all__ = ["bind", "consent", "erase", "grant", "record", "register", "relate", "sign_in"]

SYSTEM = Actor.system("register")


@overload
def register(*, details: StaffDetails, at: datetime, by: Actor | None = None) -> StaffRef: ...
@overload
def register(*, details: DivisionTable, at: datetime, by: Actor | None = None) -> int: ...
@overload
def register(*, details: Sequence[ResidentDetails], at: datetime, by: Actor | None = None) -> list[PartyRef]: ...
@overload
def register(
    *,
    details: ResidentDetails | IdentityDetails | OrganizationDetails,
    at: datetime,
    by: Actor | None = None,
    party_id: int | None = None,
) -> PartyRef: ...
@transaction.atomic
def register(
    *,
    details: ResidentDetails
    | Sequence[ResidentDetails]
    | IdentityDetails
    | OrganizationDetails
    | StaffDetails
    | DivisionTable,
    at: datetime,
    by: Actor | None = None,
    party_id: int | None = None,
) -> PartyRef | list[PartyRef] | StaffRef | int:
    """Enter somebody or something in the register, or find it there; safe to repeat.

    - `ResidentDetails` (one, or a list for many in one go): found by the sign-in id, else created. Needs consent to
      the purpose `account`; a child who may be under 14 needs a guardian. With `party_id`: changes what is given.
    - `IdentityDetails`: a clerk has seen the card. Separate, optional, under its own consent.
    - `OrganizationDetails`: found by credit code or the county's code, else created; `by` is needed.
    - `StaffDetails`: a staff account without any role; `by` is needed.
    - `DivisionTable`: the county's divisions; gives the number of rows changed.

    Raises BadInput, ConsentMissing, GuardianRequired, Forbidden, Conflict, PartyErased, NotFound.
    """
    if isinstance(details, ResidentDetails):
        if party_id is not None:
            return _register.change_resident(details, party_id, at, by)
        return _register.residents([details], at, by)[0]
    if isinstance(details, IdentityDetails):
        return _register.check_identity(details, at, by)
    if isinstance(details, OrganizationDetails):
        return _register.organization(details, at, _named(by))
    if isinstance(details, StaffDetails):
        return _register.staff(details, at, _named(by))
    if isinstance(details, DivisionTable):
        return _register.divisions(details, at, by or SYSTEM)
    return _register.residents(details, at, by)


def _named(by: Actor | None) -> Actor:
    if by is None:
        raise BadInput("须写明由谁办理", where="by", fix="传入工作人员，或 Actor.system(…)")
    return by


def sign_in(
    *,
    proof: SignInProof,
    at: datetime,
    details: ResidentDetails | None = None,
    wechat_session: WechatCodeSession | None = None,
) -> PartyRef:
    """Who is it? With `details` (and the consents in them) somebody new joins in the same step.

    WeChat is asked before the transaction begins, so no database connection waits for the network. Nothing that
    WeChat answers is kept except a keyed hash of the openid. Tokens are the door's.

    Raises SignInRefused, SignInBusy; NotRegistered where the person is new and no details came along.
    """
    login = _prove(proof, at, wechat_session)
    with transaction.atomic():
        known = _register.find_login(login)
        if known is not None:
            return known
        if details is None:
            raise NotRegistered("您还没有加入", where="sign_in", fix="请阅读并同意授权文本后加入")
        joining = ResidentDetails(
            login=login,
            nickname=details.nickname,
            division_code=details.division_code,
            birth_year=details.birth_year,
            phone=details.phone,
            address=details.address,
            consents=details.consents,
            guardian_id=None,
        )
        return _register.residents([joining], at, None)[0]


def _prove(proof: SignInProof, at: datetime, session: WechatCodeSession | None) -> LoginId:
    if isinstance(proof, DevelopmentCode):
        if not settings.TANHUI_DEMO:
            raise SignInRefused("演示登录只在演示环境可用", where="sign_in", fix="请用微信登录")
        return LoginId("development", clean_development_name(proof.name))
    identity = (session or wechat.session_from_settings()).exchange(proof.code, at=at)
    return LoginId("wechat", identity.openid)


@transaction.atomic
def consent(
    *,
    party_id: int,
    purpose: Purpose,
    text_version: str,
    given: bool,
    at: datetime,
    by: Actor | None = None,
) -> ConsentState:
    """Give or withdraw consent to one purpose. The same word twice appends nothing.

    A withdrawal ends the bindings made for that purpose and deletes what was kept sealed for it; withdrawing
    `account` withdraws everything. A child's consent is the guardian's to give, and anybody's of the two to withdraw.

    Raises ConsentMissing (no consent to `account` yet), GuardianRequired, Forbidden, PartyErased, NotFound.
    """
    return _consent.change(party_id, Purpose(purpose), text_version, given, at, by)


@transaction.atomic
def bind(
    *,
    source: str,
    purpose: Purpose,
    at: datetime,
    external_id: str | None = None,
    party_id: int | None = None,
    bindings: Iterable[tuple[str, int | None]] = (),
    by: Actor | None = None,
) -> BindReport:
    """Bind a partner's person ids to residents who consent to `purpose`; a party of None ends the binding.

    One pair as `external_id` and `party_id`, any number as `bindings`; all happen or none. Ids are kept as keyed
    hashes only. An id is bound to at most one resident: who comes second gets AlreadyBound.

    Raises AlreadyBound, ConsentMissing, GuardianRequired, Forbidden, PartyErased, NotFound, BadInput, Busy.
    """
    pairs = list(bindings)
    if external_id is not None:
        pairs.append((external_id, party_id))
    wanted: dict[str, int] = {}
    unwanted: set[str] = set()
    for one, holder in pairs:
        if holder is None:
            unwanted.add(one)
        elif wanted.setdefault(one, holder) != holder:
            raise BadInput("同一个编号绑定给了两位居民", where=source, fix="核对清单后重试")
    if unwanted & wanted.keys():
        raise BadInput("同一个编号既要绑定又要解绑", where=source, fix="核对清单后重试")
    return _bind.bind(source=source, wanted=wanted, unwanted=sorted(unwanted), purpose=Purpose(purpose), at=at, by=by)


@transaction.atomic
def relate(
    *,
    kind: RelationKind,
    subject_id: int,
    at: datetime,
    holder_id: int | None = None,
    clerk_id: int | None = None,
    basis: str = "",
    given: bool = True,
    by: Actor | None = None,
) -> RelationRef | None:
    """Begin (`given`) or end a relation: guardian, household, or a clerk who may act with recorded consent.

    `holder_id` is the guardian's or head's party, `clerk_id` the staff user; `basis` says how the consent or the
    papers were recorded. A child whose last guardian leaves loses its consents until another one answers for it.

    Raises Forbidden, ConsentMissing, GuardianRequired, Conflict, PartyErased, NotFound, BadInput.
    """
    if given:
        return _relate.begin(RelationKind(kind), subject_id, holder_id, clerk_id, basis.strip(), at, by)
    _relate.end(RelationKind(kind), subject_id, holder_id, clerk_id, at, by)
    return None


@transaction.atomic
def grant(
    *,
    user_id: int,
    role: Role,
    at: datetime,
    by: Actor,
    scope: Scope = COUNTY,
    given: bool = True,
) -> GrantRef | None:
    """Give a member of staff a role within a scope, or take it back (`given=False`; None comes back).

    Nobody grants to himself; an auditor holds no other role; who runs the scenarios does not sign their methods.
    Raises Forbidden, Conflict, NotFound.
    """
    return _relate.grant(user_id, Role(role), scope, given, at, by)


@transaction.atomic
def erase(*, party_id: int, at: datetime, by: Actor | None = None) -> None:
    """Erase a resident: personal rows deleted, bindings ended, their keys destroyed, the empty party kept.

    The other rooms' books stay as they are, under a number that leads to nobody. Cannot be undone.
    Raises Forbidden, PartyErased, NotFound, BadInput (organizations are not erased).
    """
    _erase.erase(party_id, at, by)


@transaction.atomic
def record(
    *,
    actor: Actor | str,
    action: str,
    target: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Append an entry to the hash-chained audit trail; its sequence number comes back.

    Call it last in a verb: it takes a lock that is held until the transaction ends. `detail` holds plain JSON
    values without floats, and no personal data; what looks like a phone or identity number raises BadInput.
    """
    name = actor.name if isinstance(actor, Actor) else actor
    return _audit.append(actor=name, action=action, target=target, detail=detail, at=at).sequence
