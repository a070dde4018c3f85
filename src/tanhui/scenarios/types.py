"""What crosses the room's boundary: evidence, deliveries, receipts, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from tanhui.kernel.errors import BadInput, Busy, Conflict, Forbidden, NotFound


class Grade(IntEnum):
    """How good a piece of evidence is; A is strongest. A larger number is weaker."""

    A = 1
    B = 2
    C = 3
    D = 4


class Channel(StrEnum):
    """The way evidence came in."""

    HTTP = "http"
    FILE = "file"
    HAND = "hand"


class SourceStatus(StrEnum):
    """Whether a partner may deliver: on trial and active ones may, suspended ones may not."""

    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"


SIGNED_STAGES = frozenset({"public_notice", "in_force", "withdrawn"})
"""The stages of a method version into which only the expert committee signs; the others an operator proposes."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One row of evidence, as a partner states it, in the units that the quantity names end with.

    `subject` is the partner's own identifier of the person (never stored in clear); `party_id` is given
    instead where the resident is already known (a declaration by hand). `quantities` holds whole
    numbers and short texts. `row_number` is the row in the delivery, for refusals.
    """

    external_id: str
    scenario: str
    happened_at: datetime
    grade: int
    quantities: Mapping[str, int | str]
    subject: str | None = None
    party_id: int | None = None
    ended_at: datetime | None = None
    revision: int = 1
    note: str = ""
    row_number: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that could not become evidence: where, why, and the row as it came (kept encrypted)."""

    row_number: int
    code: str
    message: str
    content: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryDraft:
    """What is known of a delivery before its rows are looked at.

    `content_digest` is the SHA-256 of the bytes that came. `message_id` is the identifier of a signed
    message, where there is one.
    """

    channel: Channel
    content_digest: bytes
    name: str = ""
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class FileDelivery:
    """A partner's table, ready to be submitted: what it is, and its rows, read as they are asked for."""

    draft: DeliveryDraft
    evidence: Iterable[Evidence | Refusal]


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """What became of a delivery. `rows_read` is always the sum of the other four counts.

    `refusals` holds the first hundred, without content. `repeated` says that this delivery had come
    before and changed nothing: the receipt is the first one's.
    """

    number: str
    source: str
    channel: Channel
    name: str
    received_at: datetime
    rows_read: int
    rows_accepted: int
    rows_waiting: int
    rows_duplicate: int
    rows_refused: int
    refusals: tuple[Refusal, ...] = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class WithdrawalReceipt:
    """What a withdrawal did: behaviors that no longer count, evidence that waited, unknown identifiers."""

    withdrawn: int
    waiting_withdrawn: int
    already_withdrawn: int
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceKeyDraft:
    """A public key that a partner signs with: its identifier and 32 bytes of Ed25519, Base64."""

    key_id: str
    public_key: str


@dataclass(frozen=True, slots=True)
class SourceDraft:
    """What a partner shall be after `admit`. `scenarios` are the codes it may report, none meaning all.

    Better grades than `top_grade` count as that grade. `organization` is a party number. `keys` are added,
    `revoke_keys` revoked; a revoked key stays on record and cannot come back. Without a `status` a new partner is
    active and a known one stays as it is, so that loading the county's files again lifts no suspension.
    """

    code: str
    title: str
    scenarios: tuple[str, ...] = ()
    top_grade: Grade = Grade.B
    status: SourceStatus | None = None
    organization: str | None = None
    keys: tuple[SourceKeyDraft, ...] = ()
    revoke_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A registered key, as the door that verifies signatures needs it."""

    key_id: str
    source: str
    public_key: bytes
    revoked: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A partner as others may see it."""

    code: str
    title: str
    status: SourceStatus
    scenarios: tuple[str, ...]
    top_grade: Grade
    admitted_at: datetime
    key_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """The county's settings of intake, from its `intake.toml`; a county without one has these.

    `waiting_days`: how long unbound evidence waits. `clock_skew`: how far ahead a partner's clock may run.
    `oldest_years`: evidence older than that is refused.
    """

    waiting_days: int = 30
    clock_skew: timedelta = field(default=timedelta(minutes=10))
    oldest_years: int = 10


class FileFault(BadInput):
    """A whole file cannot be read: wrong header, missing column, unreadable encoding, torn. Nothing stored."""

    code = "file_fault"


class MappingFault(BadInput):
    """A partner's mapping file is wrong; the message names file and entry."""

    code = "mapping_fault"


class UnknownSource(NotFound):
    """No partner of that code has been admitted."""

    code = "unknown_source"


class SourceSuspended(Forbidden):
    """The partner is suspended: its deliveries are not taken."""

    code = "source_suspended"


class KeyTaken(Conflict):
    """A key identifier is registered already with another key or for another partner."""

    code = "key_taken"


class Replayed(Conflict):
    """A message identifier was used before with other content."""

    code = "replayed"


class SettlementBusy(Busy):
    """Another settlement is running; nothing was started or changed."""

    code = "settlement_busy"


class MethodNotReady(Conflict):
    """A method version may not take that step: wrong stage, publication problems, or days already ruled."""

    code = "method_not_ready"


class MethodMissing(NotFound):
    """No method of that name, version or hash is known."""

    code = "method_missing"


@dataclass(frozen=True, slots=True)
class SettlementSummary:
    """What a settlement did, summed over its runs; all zero where nothing was stale.

    `reduction_g` in grams CO2e and `points` are changes of the books; `budget_points` is the part of the
    change that the pool rule made. `expired_points` were in hand when their year ended; `points` leaves them out.
    """

    runs: tuple[str, ...] = ()
    person_days: int = 0
    behaviors: int = 0
    lines: int = 0
    transfers: int = 0
    reduction_g: int = 0
    points: int = 0
    budget_points: int = 0
    expired_points: int = 0

    def __add__(self, other: SettlementSummary) -> SettlementSummary:
        return SettlementSummary(
            self.runs + other.runs,
            self.person_days + other.person_days,
            self.behaviors + other.behaviors,
            self.lines + other.lines,
            self.transfers + other.transfers,
            self.reduction_g + other.reduction_g,
            self.points + other.points,
            self.budget_points + other.budget_points,
            self.expired_points + other.expired_points,
        )


@dataclass(frozen=True, slots=True)
class ScenarioDraft:
    """A scenario as the county's file declares it. `rules` are its plausibility rules, `settings` its words."""

    code: str
    title: str
    method_name: str
    enabled: bool = True
    exclusive_group: str = ""
    rules: tuple[Mapping[str, object], ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of a resident's statement: one act, and what it counted for at the latest settlement."""

    number: str
    scenario: str
    scenario_title: str
    source_title: str
    day: date
    happened_at: datetime
    grade: Grade
    reduction_g: int
    points: int
    outcome: str
    outcome_text: str
    settled: bool


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Lines, newest first, and the cursor of the next page (None at the end)."""

    lines: tuple[StatementLine, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class BehaviorReceipt:
    """Everything that explains one number: evidence, method, arithmetic, and where the points went.

    `explanations` maps a depth (`sentence`, `arithmetic`, `audit`) to Chinese text. `evidence` holds pairs of
    Chinese label and value with unit. No personal data beyond the act itself.
    """

    line: StatementLine
    evidence: tuple[tuple[str, str], ...]
    method_number: str
    method_title: str
    method_version: str
    rule_hash: str
    explanations: Mapping[str, str]
    run_number: str
    transfer_number: str
    settled_at: datetime | None
    history: tuple[tuple[datetime, int, int, str], ...] = ()
    contest: str = ""
    ruling: str = ""


@dataclass(frozen=True, slots=True)
class ReplayRow:
    """One row of a shadow replay: a group and its grams and points under the old and the new method."""

    group: str
    behaviors: int
    old_g: int
    new_g: int
    old_points: int
    new_points: int


@dataclass(frozen=True, slots=True)
class Replay:
    """Real behaviors of a period evaluated under a candidate version and under what ruled, side by side."""

    rule_hash: str
    starts_on: date
    ends_on: date
    total: ReplayRow
    by_scenario: tuple[ReplayRow, ...]
    by_township: tuple[ReplayRow, ...]
    by_decile: tuple[ReplayRow, ...]
