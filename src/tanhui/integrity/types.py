"""Values and errors that leave the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tanhui.kernel.errors import Conflict


class SubjectKind(StrEnum):
    """Whom a finding is about."""

    MERCHANT = "merchant"
    PERSON = "person"
    DEVICE = "device"
    RECORDER = "recorder"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"merchant": "商户", "person": "居民", "device": "设备", "recorder": "经办人员"}[self.value]


class CaseState(StrEnum):
    """Open until a person decides; decided; appealed against; closed by a ruling."""

    OPEN = "open"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"open": "待核查", "decided": "已决定", "appealed": "申诉中", "closed": "已复核"}[self.value]


class Action(StrEnum):
    """What a decision does. A warning is a word; a hold pauses exchanges; a suspension pauses redemptions."""

    DISMISS = "dismiss"
    WARN = "warn"
    HOLD = "hold"
    SUSPEND = "suspend"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"dismiss": "未见异常", "warn": "提醒", "hold": "暂停兑换", "suspend": "暂停核销"}[self.value]


ACTIONS: Mapping[SubjectKind, tuple[Action, ...]] = {
    SubjectKind.MERCHANT: (Action.DISMISS, Action.WARN, Action.SUSPEND),
    SubjectKind.PERSON: (Action.DISMISS, Action.WARN, Action.HOLD),
    SubjectKind.DEVICE: (Action.DISMISS, Action.WARN),
    SubjectKind.RECORDER: (Action.DISMISS, Action.WARN),
}
"""What may be decided about whom. Roles of staff are changed by the administrator, not here."""


@dataclass(frozen=True)
class DecisionDetails:
    """A person decides a case (`cas_…`). `until`: the last day of a hold."""

    case: str
    action: Action
    reason: str
    until: date | None = None


@dataclass(frozen=True)
class AppealDetails:
    """Who is concerned says why the decision is wrong: a resident (`party_id`), or a manager of the merchant."""

    case: str
    text: str
    party_id: int | None = None


@dataclass(frozen=True)
class RulingDetails:
    """Somebody else than decided rules on the appeal: the decision stands, or is taken back."""

    case: str
    upheld: bool
    reason: str


@dataclass(frozen=True)
class RuleView:
    """A rule of the county's document: what it looks for, on whom, and why; `limits` are its numbers."""

    code: str
    on: SubjectKind
    title: str
    why: str
    limits: Mapping[str, int]


@dataclass(frozen=True)
class RulesView:
    """The county's document: its rules, days for an appeal, the longest hold in days, and where it comes from."""

    rules: tuple[RuleView, ...]
    appeal_days: int
    hold_days: int
    status: str
    source: str


@dataclass(frozen=True)
class FindingView:
    """What a rule found on a day. `measures` are its counts, `evidence` public numbers of the records counted."""

    number: str
    rule: str
    title: str
    day: date
    sentence: str
    measures: Mapping[str, int]
    evidence: tuple[str, ...]
    found_at: datetime


@dataclass(frozen=True)
class CaseView:
    """A case with what became of it. `subject` is a public number, a user name or a device's short name."""

    number: str
    kind: SubjectKind
    subject: str
    subject_title: str
    party_id: int | None
    state: CaseState
    opened_at: datetime
    findings: tuple[FindingView, ...]
    action: Action | None
    reason: str
    decided_by: str
    decided_at: datetime | None
    until: date | None
    appeal_until: date | None
    appeal: str
    appealed_at: datetime | None
    upheld: bool | None
    ruling: str
    ruled_by: str
    ruled_at: datetime | None


class CaseNotReady(Conflict):
    """The case is not in the state for this step."""

    code = "case_not_ready"


class AppealTooLate(Conflict):
    """The days for an appeal are over."""

    code = "appeal_too_late"


class SamePerson(Conflict):
    """Who rules on an appeal must not have decided the case or appealed; nobody judges a case about himself."""

    code = "same_person"
