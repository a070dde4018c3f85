"""Public reads of the books."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from django.db import connection

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.ledger._extract import fill
from tanhui.ledger._numbers import transfer_number, transfer_serial
from tanhui.ledger._proof import find_discrepancies
from tanhui.ledger.models import PeriodClose, Transfer
from tanhui.ledger.rules import BOOK_DIGITS, NUMBER_BASE, account_rule, holder_of
from tanhui.ledger.types import (
    HOLDING_DDL,
    AccountBalance,
    AccountRef,
    Basis,
    Book,
    Discrepancy,
    EntryView,
    PeriodState,
    StatementLine,
    StatementPage,
    TransferView,
    TrialBalance,
    TrialLine,
)

__all__ = [
    "account_title",
    "balance",
    "balances",
    "balances_of",
    "debts",
    "extract",
    "hold",
    "moved",
    "period",
    "prove",
    "statement",
    "totals",
    "transfer",
    "transfer_by_key",
    "transfer_numbers",
    "trial_balance",
]

MAX_LINES = 500
_CLOCKS = {"recorded": "t.recorded_at", "happened": "e.happened_at"}


def account_title(ref: AccountRef) -> str:
    """The Chinese name of this kind of account. Raises BadPosting for a code that is not in the chart."""
    return account_rule(ref.book, holder_of(ref), ref.code).title


def balance(ref: AccountRef, as_of: datetime | None = None, basis: Basis = "recorded") -> int:
    """What the account holds, in the book's unit: credits − debits. An account never used holds 0.

    `as_of` (inclusive) asks for the past by one of two clocks: what the books knew then (`recorded`), or what is known
    now about then (`happened`). The past of a party's account costs its entries, that of a system account all entries.
    """
    if as_of is None:
        return balances([ref])[ref]
    numbered = _account_numbers([ref])
    if ref not in numbered:
        return 0
    number = numbered[ref]
    resident = f" AND e.{{side}} >= {NUMBER_BASE}" if number >= NUMBER_BASE else ""  # lets the partial index serve
    parts = " UNION ALL ".join(
        f"SELECT {sign}e.amount AS amount FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id"
        f" WHERE e.{side} = %(number)s{resident.format(side=side)} AND {_CLOCKS[basis]} <= %(as_of)s"
        for side, sign in (("credit_account", ""), ("debit_account", "-"))
    )
    rows = _rows(f"SELECT coalesce(sum(amount), 0)::bigint FROM ({parts}) m", {"number": number, "as_of": as_of})
    return int(rows[0][0])


def balances(refs: Iterable[AccountRef]) -> dict[AccountRef, int]:
    """What each of these accounts holds now; one query for any number of them."""
    wanted = list(dict.fromkeys(refs))
    numbered = _account_numbers(wanted)
    rows = _rows(
        "SELECT a.account_id, sum(a.credits - a.debits)::bigint FROM unnest(%s::bigint[]) AS w (number)"
        " JOIN ledger_account a ON a.account_id = w.number GROUP BY a.account_id",
        [list(numbered.values())],
    )
    held: dict[int, int] = dict(rows)
    return {ref: held.get(numbered.get(ref, -1), 0) for ref in wanted}


def balances_of(party_id: int) -> tuple[AccountBalance, ...]:
    """All accounts of a party with what they hold now, by book and code."""
    rows = _rows(
        "SELECT c.book, c.code, a.credits - a.debits"
        " FROM ledger_account a JOIN ledger_account_code c ON c.id = a.code_id"
        " WHERE a.account_id BETWEEN %s AND %s ORDER BY c.book, c.code",
        [party_id * NUMBER_BASE, party_id * NUMBER_BASE + NUMBER_BASE - 1],
    )
    return tuple(AccountBalance(AccountRef(Book(book), party_id, code), held) for book, code, held in rows)


_STATEMENT = """
SELECT l.transfer_id, l.line, l.side, t.key, t.kind, t.recorded_at, l.happened_at, l.memo, l.change, c.code,
    l.other, o.code
FROM ledger_account a
CROSS JOIN LATERAL (
    (SELECT e.transfer_id, e.line, 1 AS side, e.happened_at, e.memo, e.amount AS change, e.debit_account AS other
        FROM ledger_entry e
        WHERE e.credit_account = a.account_id AND e.credit_account >= 100000
            AND (e.transfer_id, e.line) < (%(transfer)s, %(line)s)
        ORDER BY e.transfer_id DESC, e.line DESC LIMIT %(limit)s)
    UNION ALL
    (SELECT e.transfer_id, e.line, 0, e.happened_at, e.memo, -e.amount, e.credit_account
        FROM ledger_entry e
        WHERE e.debit_account = a.account_id AND e.debit_account >= 100000
            AND (e.transfer_id, e.line) < (%(transfer)s, %(line)s + %(side)s)
        ORDER BY e.transfer_id DESC, e.line DESC LIMIT %(limit)s)
) l
JOIN ledger_transfer t ON t.id = l.transfer_id
JOIN ledger_account_code c ON c.id = a.code_id
JOIN ledger_account_code o ON o.id = l.other %% 100000
WHERE a.account_id BETWEEN %(lowest)s AND %(lowest)s + 99999 AND a.account_id %% 10 = %(digit)s
ORDER BY l.transfer_id DESC, l.line DESC, l.side DESC LIMIT %(limit)s
"""


def statement(party_id: int, book: Book, before: str | None = None, limit: int = 50) -> StatementPage:
    """A party's changes in a book from new to old, at most `limit` (1 to 500) a page.

    `before` is the cursor that the previous page gave. What is recorded meanwhile never shifts a page.
    An entry between two accounts of the party gives two lines. Raises BadInput for another cursor or limit.
    """
    if not 0 < limit <= MAX_LINES:
        raise BadInput(f"每页行数须为 1 至 {MAX_LINES}", where="limit")
    transfer_id, line, side = _parse_cursor(before)
    arguments = {"transfer": transfer_id, "line": line, "side": side, "limit": limit + 1}
    arguments |= {"lowest": party_id * NUMBER_BASE, "digit": BOOK_DIGITS[book]}
    rows = _rows(_STATEMENT, arguments)
    lines = tuple(
        StatementLine(
            number=transfer_number(row[0]),
            key=row[3],
            kind=row[4],
            account=AccountRef(book, party_id, row[9]),
            counter=AccountRef(book, row[10] // NUMBER_BASE or None, row[11]),
            change=row[8],
            happened_at=row[6],
            recorded_at=row[5],
            memo=row[7],
        )
        for row in rows[:limit]
    )
    more = f"{lines[-1].number}.{rows[limit - 1][1]}.{rows[limit - 1][2]}" if len(rows) > limit else None
    return StatementPage(lines=lines, before=more)


def _parse_cursor(before: str | None) -> tuple[int, int, int]:
    if before is None:
        return 2**62, 0, 0
    number, line, side = (*before.split("."), "", "", "")[:3]
    serial = transfer_serial(number)
    if serial is None or not re.fullmatch("[0-9]{1,9}", line) or side not in ("0", "1"):
        raise BadInput("翻页标记无效", where="before", fix="从第一页重新开始")
    return serial, int(line), int(side)


def totals(book: Book, code_prefix: str = "", holder: Literal["system", "party"] = "system") -> dict[str, int]:
    """What all accounts of each code hold together now. Of system accounts it costs nothing; of parties a scan."""
    within = "a.account_id < 100000" if holder == "system" else "a.account_id >= 100000"
    rows = _rows(
        "SELECT c.code, sum(a.credits - a.debits)::bigint FROM ledger_account a"
        " JOIN ledger_account_code c ON c.id = a.code_id"
        f" WHERE c.book = %s AND c.holder = %s AND starts_with(c.code, %s) AND {within}"
        " GROUP BY c.code ORDER BY c.code",
        [book.value, holder, code_prefix],
    )
    return dict(rows)


def debts(book: Book, code: str) -> dict[int, int]:
    """Party → what it owes on accounts of that code. Free while nobody ever owed anything, afterwards a scan."""
    rows = _rows(
        "SELECT a.party_id, (a.debits - a.credits)::bigint FROM ledger_account a"
        " JOIN ledger_account_code c ON c.id = a.code_id"
        " WHERE c.book = %s AND c.holder = 'party' AND c.code = %s AND a.debits > a.credits ORDER BY 1",
        [book.value, code],
    )
    return dict(rows)


def hold(book: Book, codes: Iterable[str]) -> int:
    """Fill the temporary table `ledger_holding` (see `types.HOLDING_DDL`) with what parties hold above zero on accounts
    of these codes; how many accounts. Within a transaction. Free where no such code is in use, otherwise a scan.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOLDING_DDL)
        cursor.execute("TRUNCATE ledger_holding")
        cursor.execute(
            "SELECT id FROM ledger_account_code WHERE book = %s AND holder = 'party' AND code = ANY(%s)",
            [book.value, list(codes)],
        )
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return 0
        cursor.execute(
            "INSERT INTO ledger_holding (party_id, code, amount)"
            " SELECT a.party_id, c.code, a.credits - a.debits FROM ledger_account a"
            " JOIN ledger_account_code c ON c.id = a.code_id"
            " WHERE a.account_id >= 100000 AND a.code_id = ANY(%s) AND a.credits > a.debits",
            [found],
        )
        return int(cursor.rowcount)


_MOVED = """
SELECT m.account, sum(m.amount)::bigint FROM (
    SELECT e.debit_account AS account, e.amount FROM ledger_entry e
    WHERE e.debit_account = ANY(%(accounts)s) AND e.debit_account >= 100000 AND e.credit_account = %(counter)s
    UNION ALL
    SELECT e.credit_account, -e.amount FROM ledger_entry e
    WHERE e.credit_account = ANY(%(accounts)s) AND e.credit_account >= 100000 AND e.debit_account = %(counter)s
) m GROUP BY m.account
"""


def moved(refs: Iterable[AccountRef], counter: AccountRef) -> dict[AccountRef, int]:
    """What went from each of these accounts of parties to `counter`, less what came back. Costs their entries."""
    wanted = list(dict.fromkeys(refs))
    numbered = _account_numbers([*wanted, counter])
    if not wanted or counter not in numbered:
        return dict.fromkeys(wanted, 0)
    accounts = [numbered[ref] for ref in wanted if ref in numbered]
    found: dict[int, int] = dict(_rows(_MOVED, {"accounts": accounts, "counter": numbered[counter]}))
    return {ref: found.get(numbered.get(ref, -1), 0) for ref in wanted}


_KEPT_TRIAL = """
SELECT c.book, c.holder, c.code, count(DISTINCT a.account_id), sum(a.debits)::bigint, sum(a.credits)::bigint
FROM ledger_account a JOIN ledger_account_code c ON c.id = a.code_id
WHERE %(book)s IS NULL OR c.book = %(book)s
GROUP BY c.book, c.holder, c.code ORDER BY c.book, c.holder DESC, c.code
"""

_PAST_TRIAL = """
SELECT c.book, c.holder, c.code, count(*), sum(s.debits)::bigint, sum(s.credits)::bigint
FROM (
    SELECT m.account, sum(m.debit) AS debits, sum(m.credit) AS credits
    FROM ledger_entry e JOIN ledger_transfer t ON t.id = e.transfer_id
    CROSS JOIN LATERAL (VALUES (e.debit_account, e.amount, 0), (e.credit_account, 0, e.amount))
        m (account, debit, credit)
    WHERE {clock} <= %(as_of)s AND (%(digit)s = 0 OR e.debit_account %% 10 = %(digit)s)
    GROUP BY m.account
) s JOIN ledger_account_code c ON c.id = s.account %% 100000
GROUP BY c.book, c.holder, c.code ORDER BY c.book, c.holder DESC, c.code
"""


def trial_balance(book: Book | None = None, as_of: datetime | None = None, basis: Basis = "recorded") -> TrialBalance:
    """Debits, credits and balance of every account code, of one book or of all; accounts of parties together by code.

    Now: from the balances kept. As of a past instant (inclusive, by either clock): from the entries, a full scan.
    """
    if as_of is None:
        rows = _rows(_KEPT_TRIAL, {"book": book.value if book else None})
    else:
        digit = BOOK_DIGITS[book] if book else 0
        rows = _rows(_PAST_TRIAL.format(clock=_CLOCKS[basis]), {"as_of": as_of, "digit": digit})
    return TrialBalance(tuple(TrialLine(Book(row[0]), *row[1:]) for row in rows))


def prove() -> list[Discrepancy]:
    """Everything kept that the entries do not prove; empty when the books are right. Reads all entries.

    Balances against sums of entries, transfers against their lines, reversals against what they reverse, accounts
    against their codes, books against zero.
    """
    return find_discrepancies()


def transfer(number: str) -> TransferView:
    """The transfer of that public number, with its entries. Raises NotFound."""
    serial = transfer_serial(number)
    found = Transfer.objects.filter(id=serial).first() if serial is not None else None
    if found is None:
        raise NotFound("没有这个编号的凭证", where=number, fix="核对凭证编号")
    return _view(found)


def transfer_by_key(key: str) -> TransferView | None:
    """The transfer posted with that key, or None."""
    found = Transfer.objects.filter(key=key).first()
    return _view(found) if found else None


def _view(found: Transfer) -> TransferView:
    rows = _rows(
        "SELECT d.book, e.debit_account, d.code, e.credit_account, c.code, e.amount, e.happened_at, e.memo"
        " FROM ledger_entry e JOIN ledger_account_code d ON d.id = e.debit_account %% 100000"
        " JOIN ledger_account_code c ON c.id = e.credit_account %% 100000"
        " WHERE e.transfer_id = %s ORDER BY e.line",
        [found.id],
    )
    reversal = Transfer.objects.filter(reverses_id=found.id).values_list("id", flat=True).first()
    return TransferView(
        number=transfer_number(found.id),
        key=found.key,
        kind=found.kind,
        recorded_at=found.recorded_at,
        reason=found.reason,
        reverses=transfer_number(found.reverses_id) if found.reverses_id else None,
        reversed_by=transfer_number(reversal) if reversal else None,
        entries=tuple(
            EntryView(
                debit=AccountRef(Book(row[0]), row[1] // NUMBER_BASE or None, row[2]),
                credit=AccountRef(Book(row[0]), row[3] // NUMBER_BASE or None, row[4]),
                amount=row[5],
                happened_at=row[6],
                memo=row[7],
            )
            for row in rows
        ),
    )


def extract(refs: Iterable[AccountRef]) -> int:
    """Fill the temporary table `ledger_extract` (see `types.EXTRACT_DDL`) with all entries of accounts of parties, for
    a join within the caller's transaction; how many there are. Raises BadInput for an account of the system.
    """
    wanted = list(dict.fromkeys(refs))
    if any(ref.party_id is None for ref in wanted):
        raise BadInput("只能提取当事人账户的分录", where="refs", fix="系统账户请查试算平衡表")
    return fill(list(_account_numbers(wanted).values()))


def transfer_numbers(serials: Iterable[int]) -> list[str]:
    """The public numbers of transfers of an extract, in the same order."""
    return [transfer_number(serial) for serial in serials]


def period(book: Book) -> PeriodState | None:
    """How far the book is closed; None where it never was."""
    last = PeriodClose.objects.filter(book=book.value).order_by("-closed_before").first()
    if last is None:
        return None
    return PeriodState(book, last.through_on, last.closed_before, last.closed_by, last.recorded_at)


def _account_numbers(refs: list[AccountRef]) -> dict[AccountRef, int]:
    """The numbers of accounts whose code is in use."""
    rows = _rows("SELECT book, holder, code, id FROM ledger_account_code", [])
    codes = {(book, holder, code): number for book, holder, code, number in rows}
    found = {}
    for ref in refs:
        code = codes.get((ref.book.value, holder_of(ref), ref.code))
        if code is not None:
            found[ref] = (ref.party_id or 0) * NUMBER_BASE + code
    return found


def _rows(statement: str, arguments: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return list(cursor.fetchall())
