"""The two ways of posting: one call with everything in it, and the staging table for many."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import Error, connection, transaction
from django.db.backends.utils import CursorWrapper

from tanhui.ledger._numbers import Sealed
from tanhui.ledger.rules import BOOK_DIGITS, MAX_AMOUNT, account_rule, check_postings, holder_of
from tanhui.ledger.types import (
    STAGING_DDL,
    AccountRef,
    AlreadyReversed,
    BadPosting,
    Book,
    IdempotencyConflict,
    Insufficient,
    LedgerBusy,
    PeriodClosed,
    PostedTransfer,
    Posting,
    PostResult,
)

_OPEN_CODE = """
INSERT INTO ledger_account_code (id, book, holder, code, min_balance, max_balance, opened_at)
SELECT nextval('ledger_account_code_serial') * 10 + %s, %s, %s, %s, %s, %s, %s
WHERE NOT EXISTS (SELECT FROM ledger_account_code WHERE book = %s AND holder = %s AND code = %s)
ON CONFLICT (book, code, holder) DO NOTHING
"""

_POST = "SELECT transfer_id, recorded_at, replayed FROM ledger_post(%s, %s)"


class _UnknownCode(Exception):
    """An account code was not in use yet."""


def post_staged(at: datetime) -> PostResult:
    """Post the rows of `ledger_staging`, in the caller's transaction where there is one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGING_DDL)
        try:
            return _post_staged(cursor, at)
        except _UnknownCode:  # rare: the first posting of a new scenario or year
            cursor.execute("SELECT book, holder, code FROM ledger_staged_codes()")
            _open_codes(cursor, cursor.fetchall(), at)
            return _post_staged(cursor, at)


def _post_staged(cursor: CursorWrapper, at: datetime) -> PostResult:
    with refusals(), transaction.atomic():
        cursor.execute("SELECT transfers, replayed, entries FROM ledger_post_staged(%s)", [at])
        transfers, replayed, entries = cursor.fetchone()
    return PostResult(transfers=transfers, replayed=replayed, entries=entries)


def post_each(postings: Iterable[Posting], at: datetime, *, final: bool) -> PostResult:
    """Post these together: all or none. `final`: the caller's transaction ends with a refusal."""
    checked = check_postings(postings, at)
    if not checked:
        return PostResult(transfers=0, replayed=0, entries=0)
    rows = _call(checked, at, final=final)
    if not rows:  # rare: the first posting of a new scenario or year
        with transaction.atomic(), connection.cursor() as cursor:
            _open_codes(cursor, sorted(_codes_of(checked)), at)
            rows = _call(checked, at, final=final)
    posted = tuple(
        PostedTransfer(posting.key, posting.kind, row[1], row[2], Sealed(row[0]))
        for posting, row in zip(checked, rows, strict=True)
    )
    fresh = [posting for posting, row in zip(checked, rows, strict=True) if not row[2]]
    return PostResult(
        transfers=len(fresh),
        replayed=len(checked) - len(fresh),
        entries=sum(len(posting.movements) for posting in fresh),
        posted=posted,
    )


def _call(postings: Sequence[Posting], at: datetime, *, final: bool) -> list[tuple[int, datetime, bool]]:
    """Serial, time and whether it was there before, of each; nothing where a code is not in use yet."""
    lines = [(posting, movement) for posting in postings for movement in posting.movements]
    call = {
        "keys": [posting.key for posting in postings],
        "kinds": [posting.kind for posting in postings],
        "lines": [len(posting.movements) for posting in postings],
        "books": [movement.debit.book for _, movement in lines],
        "debit_parties": [movement.debit.party_id for _, movement in lines],
        "debit_codes": [movement.debit.code for _, movement in lines],
        "credit_parties": [movement.credit.party_id for _, movement in lines],
        "credit_codes": [movement.credit.code for _, movement in lines],
        "amounts": [movement.amount for _, movement in lines],
        "happened": [posting.happened_at.isoformat() for posting, _ in lines],
        "memos": [posting.memo for posting, _ in lines],
    }
    with refusals(), _savepoint_where_needed(final), connection.cursor() as cursor:
        cursor.execute(_POST, [json.dumps(call), at])
        rows: list[tuple[int, datetime, bool]] = cursor.fetchall()
    return rows


@contextmanager
def _savepoint_where_needed(final: bool) -> Iterator[None]:
    """One statement is atomic by itself; inside a caller's transaction a refusal must leave that one usable."""
    if connection.in_atomic_block and not final:
        with transaction.atomic():
            yield
    else:
        yield


def _codes_of(postings: Iterable[Posting]) -> set[tuple[str, str, str]]:
    refs = {ref for p in postings for m in p.movements for ref in (m.debit, m.credit)}
    return {(ref.book.value, holder_of(ref), ref.code) for ref in refs}


def _open_codes(cursor: CursorWrapper, codes: Iterable[tuple[str, str, str]], at: datetime) -> None:
    """Put codes of the chart into use, with the limits that it states. Raises BadPosting for others."""
    for book_name, holder, code in sorted(codes):
        if book_name not in list(Book) or holder not in ("system", "party"):
            raise BadPosting(f"没有名为 {book_name!r} 的账簿", where=f"{book_name}/{code}")
        book = Book(book_name)
        rule = account_rule(book, "system" if holder == "system" else "party", code)
        limits = (rule.min_balance, rule.max_balance)
        key = (book.value, holder, code)
        cursor.execute(_OPEN_CODE, [BOOK_DIGITS[book], *key, *limits, at, *key])


def post_reversal(transfer_id: int, key: str, reason: str, at: datetime) -> int | None:
    """Post the transfer with exchanged sides; the new transfer's serial, or None where the key is in use."""
    with refusals(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_reverse(%s, %s, %s, %s)", [transfer_id, key, reason, at])
        found: int | None = cursor.fetchone()[0]
    return found


# -------------------------------------------------------------------- what the database refuses, in words


@contextmanager
def refusals() -> Iterator[None]:
    """Errors of the database as errors of the room."""
    try:
        yield
    except Error as error:
        cause = error.__cause__
        state = getattr(cause, "sqlstate", None)
        make = _TRANSLATIONS.get(state or "")
        if make is None:
            raise
        diagnosis = getattr(cause, "diag", None)
        text = getattr(diagnosis, "message_detail", None) or ""
        detail = json.loads(text) if text.startswith("{") else {}
        raise make(detail, diagnosis) from error


def _insufficient(detail: dict[str, Any], diagnosis: Any) -> Exception:
    if not detail:
        return Insufficient("有账户余额不足，本次没有记账", fix="重新读取余额后再试")
    ref = AccountRef(Book(detail["book"]), detail["party_id"], detail["code"])
    change, balance = detail["change"], detail["balance"]
    floor, ceiling = detail["min_balance"], detail["max_balance"]
    limit = f"不得低于 {floor}" if floor is not None and balance + change < floor else f"不得高于 {ceiling}"
    shown = {key: value for key, value in detail.items() if key != "party_id"}
    return Insufficient(
        f"账户余额为 {balance}，本次变动 {change:+d}，变动后{limit}",
        where=str(ref),
        fix="减少数额，或先补足余额",
        detail=shown,
    )


def _idempotency_conflict(detail: dict[str, Any], diagnosis: Any) -> Exception:
    return IdempotencyConflict(
        "这个键已经用于另一笔内容不同的凭证，本次没有记账",
        where=str(detail.get("key", "")),
        fix="原样重发会得到第一次的结果；内容变化时请换用新的键",
    )


def _period_closed(detail: dict[str, Any], diagnosis: Any) -> Exception:
    book = Book(detail["book"])
    return PeriodClosed(
        f"{book.title}在该发生时间所在的期间已经结账，本次没有记账",
        where=book.value,
        fix="把发生时间记在结账日之后的第一个开放时刻，并在摘要中写明原发生日期",
    )


def _unknown_code(detail: dict[str, Any], diagnosis: Any) -> Exception:
    return _UnknownCode()


def _missing_value(detail: dict[str, Any], diagnosis: Any) -> Exception:
    if getattr(diagnosis, "table_name", "") == "ledger_entry":
        return _UnknownCode()
    return BadPosting("分录缺少必填的内容，本次没有记账", where=getattr(diagnosis, "column_name", "") or "")


def _too_early(detail: dict[str, Any], diagnosis: Any) -> Exception:
    return BadPosting("有分录的发生时间晚于记账时间，本次没有记账", where="happened_at", fix="核对发生时间和时区")


def _bad_reference(detail: dict[str, Any], diagnosis: Any) -> Exception:
    message = getattr(diagnosis, "message_primary", "") or "引用的对象不存在"
    return BadPosting(f"{message}，本次没有记账", where="party_id", fix="先登记当事人")


def _bad_row(detail: dict[str, Any], diagnosis: Any) -> Exception:
    rule = getattr(diagnosis, "constraint_name", "") or ""
    words = f"分录的金额须为 1 至 {MAX_AMOUNT} 的整数，借方和贷方须是同一账簿的两个账户"
    return BadPosting(f"{words if rule == 'ledger_entry_form' else '分录不符合约束'}，本次没有记账", where=rule)


def _unique(detail: dict[str, Any], diagnosis: Any) -> Exception:
    if getattr(diagnosis, "constraint_name", "") == "ledger_transfer_reversed_once":
        return AlreadyReversed("这笔凭证已经冲正过", fix="需要更正时请按新的事实重新记账")
    return _idempotency_conflict(detail, diagnosis)


def _not_reversible(detail: dict[str, Any], diagnosis: Any) -> Exception:
    return AlreadyReversed("冲正凭证不能再冲正", fix="需要更正时请按新的事实重新记账")


def _busy(detail: dict[str, Any], diagnosis: Any) -> Exception:
    return LedgerBusy("账簿正在记一大批账，暂时不能结账", fix="稍后再试")


_TRANSLATIONS: dict[str, Callable[[dict[str, Any], Any], Exception]] = {
    "LG001": _insufficient,
    "LG002": _period_closed,
    "LG003": _idempotency_conflict,
    "LG004": _unknown_code,
    "LG005": _too_early,
    "LG006": _not_reversible,
    "23502": _missing_value,
    "23503": _bad_reference,
    "23505": _unique,
    "23514": _bad_row,
    "55P03": _busy,
}
