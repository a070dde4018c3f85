"""Values and errors that leave the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from tanhui.kernel.errors import BadInput, Busy, Conflict, Forbidden, NotFound, TanhuiError


class PartyKind(StrEnum):
    """What a party is."""

    RESIDENT = "resident"
    ORGANIZATION = "organization"


class Purpose(StrEnum):
    """What a resident may consent to, each separately (PIPL, articles 14 and 29)."""

    ACCOUNT = "account"
    CONTACT = "contact"
    IDENTITY = "identity"
    TRIPS = "trips"
    RECYCLING = "recycling"
    ENERGY = "energy"
    CONSUMPTION = "consumption"

    @property
    def label(self) -> str:
        """The Chinese name that a resident reads."""
        return _PURPOSE_TITLES[self]

    @property
    def sensitive(self) -> bool:
        """Whether the data are sensitive in the sense of PIPL article 28 (whereabouts, identity)."""
        return self in (Purpose.TRIPS, Purpose.IDENTITY)


_PURPOSE_TITLES = {
    Purpose.ACCOUNT: "个人碳账户",
    Purpose.CONTACT: "联系方式",
    Purpose.IDENTITY: "身份核验",
    Purpose.TRIPS: "出行记录",
    Purpose.RECYCLING: "回收记录",
    Purpose.ENERGY: "用电与发电记录",
    Purpose.CONSUMPTION: "绿色消费记录",
}


class Role(StrEnum):
    """What a member of staff may be. Duties are separated: an auditor holds no other role."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    COMMITTEE = "committee"
    AUDITOR = "auditor"
    PARTNER = "partner"
    CLERK = "clerk"
    ACTION_OFFICE = "action_office"
    OFFICER = "officer"
    REVIEWER = "reviewer"
    FINANCE = "finance"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return _ROLE_TITLES[self]


_ROLE_TITLES = {
    Role.ADMINISTRATOR: "系统管理员",
    Role.OPERATOR: "运营人员",
    Role.COMMITTEE: "专家委员",
    Role.AUDITOR: "审计员",
    Role.PARTNER: "接入方人员",
    Role.CLERK: "代办员",
    Role.ACTION_OFFICE: "专班人员",
    Role.OFFICER: "部门填报员",
    Role.REVIEWER: "部门审核员",
    Role.FINANCE: "财务复核员",
}


class RelationKind(StrEnum):
    """How somebody may act for, or belongs with, a resident."""

    GUARDIAN = "guardian"
    HOUSEHOLD = "household"
    CLERK = "clerk"


@dataclass(frozen=True)
class Scope:
    """Where a role holds: the county (default), a division and all below it, an organization, a source."""

    kind: str = ""
    value: str = ""

    KINDS: ClassVar[tuple[str, ...]] = ("division", "organization", "source")

    def __post_init__(self) -> None:
        if bool(self.kind) != bool(self.value) or (self.kind and self.kind not in self.KINDS):
            raise BadInput(
                f"无法识别的范围：{self.kind}:{self.value}",
                where="scope",
                fix="写成 division:行政区划代码、organization:单位编号、source:接入方代码，或留空表示全县",
            )

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The scope written as `kind:value`, or empty for the county. Raises BadInput."""
        kind, _, value = text.partition(":")
        return cls(kind, value)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.kind else ""

    def covers(self, other: Scope) -> bool:
        """Whether a role held here also holds there. A division covers those whose code extends its own."""
        if not self.kind:
            return True
        if self.kind == "division" and other.kind == "division":
            return other.value.startswith(_significant(self.value))
        return self == other


def _significant(code: str) -> str:
    """The code without the zeros that stand for "all below": 6 digits a county, 9 a township, 12 a village."""
    for length in (6, 9):
        if code[length:].strip("0") == "":
            return code[:length]
    return code


COUNTY = Scope()


@dataclass(frozen=True)
class PartyRef:
    """A party as other rooms and doors know it. `id` stays inside the house, `number` is public."""

    id: int
    number: str
    kind: PartyKind
    display_name: str
    erased: bool = False


@dataclass(frozen=True)
class Actor:
    """Whose hand did it: a resident, a member of staff, the system. The audit trail keeps `name`."""

    name: str
    party_id: int | None = None
    user_id: int | None = None

    @classmethod
    def resident(cls, party: PartyRef) -> Actor:
        """A resident or organization acting itself."""
        return cls(name=party.number, party_id=party.id)

    @classmethod
    def staff(cls, user: Any) -> Actor:
        """A signed-in member of staff."""
        return cls(name=f"staff:{user.get_username()}", user_id=user.pk)

    @classmethod
    def system(cls, part: str) -> Actor:
        """A job or command of the house itself, such as `settlement`."""
        return cls(name=f"system:{part}")

    @property
    def is_system(self) -> bool:
        """Whether no person did it."""
        return self.party_id is None and self.user_id is None and self.name.startswith("system:")


@dataclass(frozen=True)
class LoginId:
    """An outside sign-in id, such as a WeChat openid. Kept as a keyed hash only."""

    provider: str
    external_id: str = field(repr=False)


@dataclass(frozen=True)
class WechatCode:
    """The code of `wx.login()`: valid once, for five minutes."""

    code: str = field(repr=False)


@dataclass(frozen=True)
class DevelopmentCode:
    """A sign-in without password, for demonstrations only: a free name of letters, digits and hyphens."""

    name: str


SignInProof = WechatCode | DevelopmentCode


@dataclass(frozen=True)
class WechatIdentity:
    """What WeChat says about a code. The session key is dropped where it arrives."""

    openid: str = field(repr=False)


class WechatCodeSession(Protocol):
    """Exchanges a sign-in code for an identity (`code2session`). Raises SignInRefused or SignInBusy."""

    def exchange(self, code: str, *, at: datetime) -> WechatIdentity: ...


@dataclass(frozen=True)
class ResidentDetails:
    """What a resident tells us on joining or changes later. Everything is optional; empty: not given.

    `consents` maps a purpose to the version of the text that was read. `guardian_id` is the party of the
    guardian, needed for a child who may be under 14. `basis` says how consent was recorded where somebody
    else acts.
    """

    login: LoginId | None = None
    nickname: str = ""
    division_code: str = ""
    birth_year: int | None = None
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    consents: Mapping[Purpose, str] = field(default_factory=dict)
    guardian_id: int | None = None
    basis: str = ""


@dataclass(frozen=True)
class IdentityDetails:
    """An identity check of a registered resident: optional, separate, under its own consent."""

    party_id: int
    real_name: str = field(repr=False)
    identity_number: str = field(repr=False)


@dataclass(frozen=True)
class OrganizationDetails:
    """An organization, known by its unified social credit code (GB 32100), the county's short code, or both."""

    name: str
    credit_code: str = ""
    division_code: str = ""
    code: str = ""


@dataclass(frozen=True)
class StaffDetails:
    """A new staff account. It may do nothing until a role is granted."""

    username: str
    display_name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class StaffRef:
    """A member of staff."""

    id: int
    username: str
    display_name: str


@dataclass(frozen=True)
class DivisionRow:
    """One row of the county's `divisions.csv`. The statistical code (12 digits) is the key and names the parent.

    `code` is the administrative code, empty for villages and where it is not verified. `level` is county,
    township or village.
    """

    statistical_code: str
    name: str
    level: str
    parent_code: str = ""
    code: str = ""


@dataclass(frozen=True)
class DivisionTable:
    """All divisions of the county. Divisions that are missing from it are retired, never deleted."""

    rows: tuple[DivisionRow, ...]


@dataclass(frozen=True)
class DivisionRef:
    """A division as other rooms know it."""

    id: int
    statistical_code: str
    code: str
    name: str
    level: str
    parent_code: str


@dataclass(frozen=True)
class ConsentState:
    """The latest word of a resident on one purpose."""

    purpose: Purpose
    text_version: str
    given: bool
    at: datetime


@dataclass(frozen=True)
class BindReport:
    """What `bind` did."""

    bound: int
    unbound: int
    unchanged: int


@dataclass(frozen=True)
class BindingRef:
    """An active binding of a resident; the partner's own id is not known to the house."""

    id: int
    source: str
    purpose: Purpose
    started_at: datetime


@dataclass(frozen=True)
class BindingNews:
    """A binding began (`bound`) or ended. Read past the last `id` seen; ids appear in order of commit."""

    id: int
    source: str
    key: bytes
    party_id: int
    bound: bool
    at: datetime


@dataclass(frozen=True)
class ErasureNews:
    """A party was erased. Read past the last `id` seen; ids appear in order of commit."""

    id: int
    party_id: int
    at: datetime


@dataclass(frozen=True)
class RelationRef:
    """An active relation: somebody who may act for, or belongs with, a resident."""

    id: int
    kind: RelationKind
    subject_id: int
    holder_id: int | None
    clerk_id: int | None
    started_at: datetime


@dataclass(frozen=True)
class GrantRef:
    """A role that a member of staff holds within a scope."""

    id: int
    user_id: int
    role: Role
    scope: Scope
    started_at: datetime


@dataclass(frozen=True)
class AuditRecord:
    """One entry of the audit trail."""

    sequence: int
    at: datetime
    actor: str
    action: str
    target: str
    detail: Mapping[str, Any]
    entry_hash: bytes


@dataclass(frozen=True)
class AuditCheckpoint:
    """The end of the trail at some time. Kept elsewhere, it shows later that nothing was cut off."""

    sequence: int
    entry_hash: bytes


@dataclass(frozen=True)
class AuditProblem:
    """A place where the audit trail is not what was written."""

    sequence: int
    message: str


class ConsentMissing(Forbidden):
    """The resident has not consented to this purpose, or has withdrawn."""

    code = "consent_missing"


class GuardianRequired(Forbidden):
    """A child under 14 needs the guardian's hand (PIPL, article 31)."""

    code = "guardian_required"


class AlreadyBound(Conflict):
    """The partner's person id is bound to another resident."""

    code = "already_bound"


class PartyErased(TanhuiError):
    """The party was erased; its number stays, the person is gone."""

    code = "party_erased"
    status = 410


class NotRegistered(NotFound):
    """The sign-in is genuine, but this person has not joined: show the consent text first."""

    code = "not_registered"


class SignInRefused(Forbidden):
    """The sign-in code is invalid, expired, used, or its kind is not allowed here."""

    code = "sign_in_refused"
    status = 401


class SignInBusy(Busy):
    """The sign-in provider asks to wait."""

    code = "sign_in_busy"
    status = 429
