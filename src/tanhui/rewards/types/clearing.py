"""Clearing: what the programme owes a merchant for a month, checked and approved by two, disputed by line, paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from tanhui.kernel.errors import Conflict

FULL_RATE_BP = 10_000
"""Basis points of the face value that a merchant is paid where the contract says nothing else."""
CLEARING_WAIT = timedelta(hours=72)
"""A month is cleared only so long after its end: until then redemptions made without network may arrive."""


class StatementState(StrEnum):
    """Drafted from the books, checked by one, approved by another, paid; or void."""

    DRAFTED = "drafted"
    CHECKED = "checked"
    APPROVED = "approved"
    PAID = "paid"
    VOID = "void"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "drafted": "待核对",
            "checked": "待复核",
            "approved": "待支付",
            "paid": "已支付",
            "void": "已作废",
        }[self.value]


class LineKind(StrEnum):
    """What a line of a statement is."""

    REDEEM = "redeem"
    UNDO = "undo"
    CORRECTION = "correction"
    RATE = "rate"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"redeem": "核销", "undo": "撤销核销", "correction": "更正", "rate": "按约定比例结算"}[self.value]


class DisputeState(StrEnum):
    """Open until answered."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"open": "待答复", "accepted": "已采纳", "rejected": "未采纳"}[self.value]


class CorrectionState(StrEnum):
    """Proposed by one, posted or rejected by another."""

    PROPOSED = "proposed"
    POSTED = "posted"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"proposed": "待复核", "posted": "已入账", "rejected": "未通过"}[self.value]


class PaymentState(StrEnum):
    """A payment file is prepared by one, confirmed by another once the bank has paid, or cancelled."""

    PREPARED = "prepared"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"prepared": "待银行付款", "confirmed": "已付款", "cancelled": "已撤回"}[self.value]


# -------------------------------------------------------------------------------------------- what `clear` is told


@dataclass(frozen=True)
class DraftMonth:
    """Draft the statements of a month (its first day) for every merchant that has none standing, or for one."""

    month: date
    merchant: str = ""


@dataclass(frozen=True)
class CheckStatement:
    """The first hand: the statement (`clr_…`) is right. `digest` is what was looked at."""

    number: str
    digest: str


@dataclass(frozen=True)
class ApproveStatement:
    """The second hand, of another person; signs the statement."""

    number: str
    digest: str


@dataclass(frozen=True)
class VoidStatement:
    """A statement that is not paid is wrong: its lines are free for a new draft."""

    number: str
    reason: str


@dataclass(frozen=True)
class RaiseDispute:
    """A merchant's manager disputes one line of a statement that is not approved yet."""

    statement: str
    line: int
    reason: str


@dataclass(frozen=True)
class AnswerDispute:
    """The answer to a dispute (`dsp_…`); an accepted one proposes a correction of `correction_fen` (signed)."""

    number: str
    accepted: bool
    answer: str
    correction_fen: int = 0


@dataclass(frozen=True)
class ProposeCorrection:
    """More (positive) or less (negative) for a merchant, in fen, with the reason that the statement will show."""

    merchant: str
    amount_fen: int
    reason: str


@dataclass(frozen=True)
class DecideCorrection:
    """Another person posts a correction (`cor_…`) or rejects it."""

    number: str
    posted: bool
    reason: str = ""


@dataclass(frozen=True)
class PreparePayment:
    """One payment file for the approved statements of a month (its first day) that wait for one, or for some of them.

    `statements` (`clr_…`) leaves out the others, such as that of a merchant without a confirmed account.
    """

    month: date
    statements: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConfirmPayment:
    """Another person has seen the bank pay a file (`pay_…`): `reference` is the bank's, `paid_on` the day."""

    number: str
    reference: str
    paid_on: date


@dataclass(frozen=True)
class CancelPayment:
    """A file that the bank did not pay is withdrawn; its statements wait for the next one."""

    number: str
    reason: str


ClearingAct = (
    DraftMonth
    | CheckStatement
    | ApproveStatement
    | VoidStatement
    | RaiseDispute
    | AnswerDispute
    | ProposeCorrection
    | DecideCorrection
    | PreparePayment
    | ConfirmPayment
    | CancelPayment
)


# ------------------------------------------------------------------------------------------- what `admit` is told


@dataclass(frozen=True)
class ContractDetails:
    """New terms of a merchant's contract, [from, to): the share of the face value that is paid, in basis points."""

    merchant: str
    contract_from: date
    contract_to: date
    rate_bp: int = FULL_RATE_BP


@dataclass(frozen=True)
class PayAccountDetails:
    """Where a merchant is paid. Counts only after another person has confirmed it (`PayAccountConfirm`)."""

    merchant: str
    bank_name: str
    account_name: str
    account_number: str = field(repr=False)


@dataclass(frozen=True)
class PayAccountConfirm:
    """Another person has checked that account (`acc_…`) with the merchant: not one recorded since."""

    merchant: str
    account: str


# ---------------------------------------------------------------------------------------------- what is given back


@dataclass(frozen=True)
class StatementView:
    """A statement: `gross_fen` redeemed less undone, `correction_fen`, `rate_fen` (what the agreed rate takes off:
    at most 0 unless more was undone than redeemed), `net_fen` their sum, at least 0; a statement of 0 is approved and
    never paid. `digest` (SHA-256, hexadecimal) is of the document; `signature` once approved. `payment` is the
    standing `pay_…`. Persons are named as the audit trail names them.
    """

    number: str
    merchant: str
    title: str
    month: date
    state: StatementState
    lines: int
    gross_fen: int
    correction_fen: int
    rate_bp: int
    rate_fen: int
    net_fen: int
    digest: str
    signature: str
    drafted_by: str
    drafted_at: datetime
    checked_by: str
    checked_at: datetime | None
    approved_by: str
    approved_at: datetime | None
    paid_at: datetime | None
    payment: str
    void_reason: str
    disputes_open: int


@dataclass(frozen=True)
class ClearingMonth:
    """How far a month is: standing statements by state, their sums, open disputes, and approved statements whose
    merchant has no confirmed pay account.
    """

    month: date
    drafted: int
    checked: int
    approved: int
    paid: int
    net_fen: int
    paid_fen: int
    disputes_open: int
    without_account: int


@dataclass(frozen=True)
class StatementLineView:
    """One line: an entry of the merchant's account in the ledger, or the agreed rate. `transfer` is its `vch_…`.

    `late`: it happened in an earlier month and arrived after that month was cleared. `dispute` is a `dsp_…`.
    """

    line: int
    kind: LineKind
    amount_fen: int
    happened_at: datetime
    recorded_at: datetime
    late: bool
    transfer: str
    redemption: str
    voucher: str
    title: str
    shop: str
    memo: str
    dispute: str
    dispute_state: DisputeState | None


@dataclass(frozen=True)
class DisputeView:
    """A dispute of one line."""

    number: str
    statement: str
    line: int
    merchant: str
    merchant_title: str
    amount_fen: int
    reason: str
    raised_by: str
    raised_at: datetime
    state: DisputeState
    answer: str
    answered_by: str
    answered_at: datetime | None
    correction: str


@dataclass(frozen=True)
class CorrectionView:
    """A correction, proposed and decided by two persons."""

    number: str
    merchant: str
    merchant_title: str
    amount_fen: int
    reason: str
    state: CorrectionState
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decide_reason: str


@dataclass(frozen=True)
class PaymentView:
    """A payment file and what became of it."""

    number: str
    month: date
    state: PaymentState
    total_fen: int
    statements: tuple[str, ...]
    prepared_by: str
    prepared_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    reference: str
    paid_on: date | None
    reason: str


@dataclass(frozen=True)
class PaymentLine:
    """One row of the payment file, with the full account number: only for the file itself."""

    statement: str
    merchant: str
    title: str
    bank_name: str
    account_name: str
    account_number: str = field(repr=False)
    amount_fen: int = 0


@dataclass(frozen=True)
class PayAccountView:
    """Where a merchant is paid (`number` is ours, `acc_…`), without the bank's number but for its last four digits."""

    number: str
    merchant: str
    bank_name: str
    account_name: str
    tail: str
    recorded_by: str
    recorded_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None


@dataclass(frozen=True)
class ContractView:
    """Terms of a merchant's contract, [from, to), as they were recorded."""

    merchant: str
    contract_from: date
    contract_to: date
    rate_bp: int
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class SignedDocument:
    """A document as it was signed: canonical JSON, its SHA-256, Ed25519 signature (RFC 8032) of the JSON and public key
    in hexadecimal. `signature` is empty while nobody has approved it.
    """

    content: bytes
    digest: str
    signature: str
    public_key: str


class SamePerson(Conflict):
    """The second hand must be another person than the first, and not the merchant's own."""

    code = "same_person"


class NothingToClear(Conflict):
    """Nothing waits for this step: no entries, no approved statement."""

    code = "nothing_to_clear"


class TooEarly(Conflict):
    """The month is not over, or redemptions made without network may still arrive."""

    code = "too_early"


class StatementChanged(Conflict):
    """The statement is not (any more) what was looked at, or not in the state for this step."""

    code = "statement_changed"
