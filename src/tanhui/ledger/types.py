"""Values and errors that cross the ledger's boundary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from tanhui.kernel.errors import BadInput, Busy, Conflict

Basis = Literal["recorded", "happened"]
"""Which clock an as-of question means: when the books learned it, or when it happened in the world."""


class Book(StrEnum):
    """A set of accounts in one unit. No transfer of value crosses books; scales never change (decision 0004)."""

    CARBON = "carbon"  # 1 gram of CO2e
    POINTS = "points"  # 1 point
    UNITS = "units"  # 1 kilogram of CO2e, verified
    MONEY = "money"  # 1 fen

    @property
    def title(self) -> str:  # type: ignore[override]  # nobody title-cases a book
        """The Chinese name."""
        return {"carbon": "碳账簿", "points": "积分账簿", "units": "核证量账簿", "money": "资金账簿"}[self.value]

    @property
    def unit(self) -> str:
        """The Chinese name of one."""
        return {"carbon": "克二氧化碳当量", "points": "分", "units": "千克二氧化碳当量", "money": "分（人民币）"}[
            self.value
        ]


@dataclass(frozen=True, order=True)
class AccountRef:
    """An account by its natural key. `party_id` is None for an account of the system itself."""

    book: Book
    party_id: int | None
    code: str

    def __str__(self) -> str:
        holder = "系统" if self.party_id is None else "用户"
        return f"{self.book.title}·{holder}·{self.code}"


@dataclass(frozen=True)
class Movement:
    """`amount` (positive) leaves `debit` and reaches `credit`; both accounts belong to one book."""

    debit: AccountRef
    credit: AccountRef
    amount: int


@dataclass(frozen=True)
class Posting:
    """A request to post one transfer.

    `key` is the caller's name for it, unique for ever: the same key with the same content is answered with the first
    result and changes nothing. `kind` is a short code such as `settlement`. `happened_at` is when it happened in the
    world, never later than the time of recording.
    """

    key: str
    kind: str
    happened_at: datetime
    movements: tuple[Movement, ...]
    memo: str = ""


@dataclass(frozen=True)
class Staged:
    """Post what lies in the temporary table `ledger_staging` of this connection (see `STAGING_DDL`)."""


STAGING_DDL = """
CREATE TEMP TABLE IF NOT EXISTS ledger_staging (
    transfer_key text COLLATE "C" NOT NULL, kind text NOT NULL, happened_at timestamptz NOT NULL, book text NOT NULL,
    debit_party bigint, debit_code text NOT NULL, credit_party bigint, credit_code text NOT NULL,
    amount bigint NOT NULL, memo text NOT NULL DEFAULT ''
) ON COMMIT DELETE ROWS
"""
"""One row is one movement. Rows with one `transfer_key` become one transfer (one `kind`); `happened_at` and `memo`
belong to the row. The transaction that fills the table also posts it."""


HOLDING_DDL = """
CREATE TEMP TABLE IF NOT EXISTS ledger_holding (
    party_id bigint NOT NULL, code text COLLATE "C" NOT NULL, amount bigint NOT NULL
) ON COMMIT DELETE ROWS
"""
"""What `queries.hold` found: what each party holds above zero on an account of a code."""


EXTRACT_DDL = """
CREATE TEMP TABLE IF NOT EXISTS ledger_extract (
    party_id bigint NOT NULL, transfer_id bigint NOT NULL, line integer NOT NULL, change bigint NOT NULL,
    kind text NOT NULL, key text COLLATE "C" NOT NULL, happened_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL, memo text NOT NULL, reverses bigint, reason text NOT NULL
) ON COMMIT DELETE ROWS
"""
"""One row is one entry of one account of a party (see `queries.extract`): `change` is positive when the account was
credited. `transfer_id` and `reverses` are serials, which stay in the house; `queries.transfer_numbers` makes them
public."""


@dataclass(frozen=True)
class PostedTransfer:
    """A transfer in the books. `replayed`: it was there before this call, which changed nothing."""

    key: str
    kind: str
    recorded_at: datetime
    replayed: bool
    sealed_number: Callable[[], str] = field(repr=False)

    @property
    def number(self) -> str:
        """The public number, such as `vch_…`."""
        return self.sealed_number()


@dataclass(frozen=True)
class PostResult:
    """What one call of `post` did. `posted` lists the transfers of single postings; a staged batch is only counted."""

    transfers: int
    replayed: int
    entries: int
    posted: tuple[PostedTransfer, ...] = ()


@dataclass(frozen=True)
class EntryView:
    """One entry as everybody may see it."""

    debit: AccountRef
    credit: AccountRef
    amount: int
    happened_at: datetime
    memo: str


@dataclass(frozen=True)
class TransferView:
    """One transfer with its entries. `reverses` and `reversed_by` are public numbers."""

    number: str
    key: str
    kind: str
    recorded_at: datetime
    reason: str
    reverses: str | None
    reversed_by: str | None
    entries: tuple[EntryView, ...]


@dataclass(frozen=True)
class StatementLine:
    """One change of one account of a party: `change` is positive when the account was credited."""

    number: str
    key: str
    kind: str
    account: AccountRef
    counter: AccountRef
    change: int
    happened_at: datetime
    recorded_at: datetime
    memo: str


@dataclass(frozen=True)
class StatementPage:
    """Lines from new to old, by order of recording. `before` asks for the next page; None on the last."""

    lines: tuple[StatementLine, ...]
    before: str | None


@dataclass(frozen=True)
class AccountBalance:
    """What an account holds, in the book's unit: credits − debits."""

    account: AccountRef
    balance: int


@dataclass(frozen=True)
class TrialLine:
    """All accounts of one code in one book. `balance` = `credits` − `debits`."""

    book: Book
    holder: Literal["system", "party"]
    code: str
    accounts: int
    debits: int
    credits: int

    @property
    def balance(self) -> int:
        """What these accounts hold together."""
        return self.credits - self.debits


@dataclass(frozen=True)
class TrialBalance:
    """The trial balance: in every book debits equal credits, so balances sum to zero."""

    lines: tuple[TrialLine, ...]

    def out_of_balance(self) -> dict[Book, int]:
        """Books whose debits differ from their credits, with the difference. Empty when all is well."""
        sums: dict[Book, int] = {}
        for line in self.lines:
            sums[line.book] = sums.get(line.book, 0) + line.balance
        return {book: total for book, total in sums.items() if total}


@dataclass(frozen=True)
class PeriodState:
    """Nothing that happened before `closed_before` can be posted in `book` any more."""

    book: Book
    through_on: date
    closed_before: datetime
    closed_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class Discrepancy:
    """Something kept that the entries do not prove. `check` is a stable code, `message` Chinese."""

    check: str
    message: str
    expected: int
    found: int


class BadPosting(BadInput):
    """The posting breaks a rule that needs no look at the books (amount, books, key, unknown account code)."""

    code = "bad_posting"


class Insufficient(Conflict):
    """A posting would take an account out of its limits. `detail` names book, code and what is there."""

    code = "insufficient"


class IdempotencyConflict(Conflict):
    """The key was used before with other content."""

    code = "idempotency_conflict"


class PeriodClosed(Conflict):
    """The posting happened in a period that is closed, or the period cannot be closed so."""

    code = "period_closed"


class AlreadyReversed(Conflict):
    """A transfer is reversed once only, and a reversal is not reversed again."""

    code = "already_reversed"


class LedgerBusy(Busy):
    """The books are held by somebody else for longer than one may wait."""

    code = "ledger_busy"
