"""The ledger's verbs. Nothing else changes a balance.

`post` is for other rooms, whose verbs have asked already; what staff do to the books by hand is asked and recorded
here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from tanhui.kernel.days import day_end, local_day
from tanhui.kernel.errors import NotFound
from tanhui.ledger import queries
from tanhui.ledger._numbers import Sealed, transfer_serial
from tanhui.ledger._post import post_each, post_reversal, post_staged, refusals
from tanhui.ledger.models import PeriodClose, Transfer
from tanhui.ledger.rules import MAX_KEY
from tanhui.ledger.types import (
    AlreadyReversed,
    BadPosting,
    Book,
    IdempotencyConflict,
    PeriodClosed,
    PeriodState,
    PostedTransfer,
    Posting,
    PostResult,
    Staged,
)
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor

__all__ = ["close_period", "post", "reverse"]

SYSTEM = Actor.system("ledger")

CLOSE_WAIT_MS = 5_000
"""How long a close waits for postings under way; meanwhile new postings wait for the close."""


def post(*, postings: Iterable[Posting] | Staged, at: datetime, final: bool = False) -> PostResult:
    """Put transfers into the books, all or none; `at` is the time of recording.

    A posting whose key is in the books already with the same content is answered with the first transfer and has no
    second effect. `Staged()` posts the rows of the temporary table `ledger_staging` (see `types.STAGING_DDL`), any
    number of them, and empties it. Alone, a call is its own transaction; inside a transaction it is part of that one,
    and a refusal leaves that one usable; with `final` it does not, because the caller gives it up (two trips less).

    Raises BadPosting, IdempotencyConflict, Insufficient, PeriodClosed; then nothing was posted.
    """
    if isinstance(postings, Staged):
        return post_staged(at)
    return post_each(postings, at, final=final)


@transaction.atomic
def reverse(*, number: str, key: str, reason: str, at: datetime, by: Actor = SYSTEM) -> PostedTransfer:
    """Take a transfer back by a second one with the sides exchanged, linked to the first; once only.

    The entries happened when the first ones did, or, where that period is closed, on the first open instant.
    The same key for the same transfer and reason is answered with the first reversal.
    Raises Forbidden, NotFound, AlreadyReversed, IdempotencyConflict, Insufficient (what was given is spent),
    BadPosting.
    """
    parties.require(by, "ledger.reverse")
    if not 0 < len(key) <= MAX_KEY or not reason.strip():
        raise BadPosting("冲正须有键和原因", where=number, fix="写明冲正原因")
    serial = transfer_serial(number)
    if serial is None or not Transfer.objects.filter(id=serial).exists():
        raise NotFound("没有这个编号的凭证", where=number, fix="核对凭证编号")
    before = Transfer.objects.filter(key=key).first()
    try:
        made = None if before else post_reversal(serial, key, reason, at)
    except AlreadyReversed:
        # Of two callers with one key at once, the second may meet this rule before it meets the key.
        if not Transfer.objects.filter(key=key).exists():
            raise
        made = None
    reversal = before or Transfer.objects.get(key=key)
    if made is None and (reversal.reverses_id, reversal.reason) != (serial, reason):
        raise IdempotencyConflict("这个键已经用于另一笔凭证，本次没有冲正", where=key, fix="请换用新的键")
    done = PostedTransfer(
        key=key,
        kind=reversal.kind,
        recorded_at=reversal.recorded_at,
        replayed=made is None,
        sealed_number=Sealed(reversal.id),
    )
    if made is not None:
        detail = {"reversal": done.number, "reason": reason}
        parties_services.record(actor=by, action="ledger.reverse", target=number, detail=detail, at=at)
    return done


@transaction.atomic
def close_period(*, book: Book, through_on: date, at: datetime, by: Actor = SYSTEM) -> PeriodState:
    """Close a book through the county's day `through_on`: nothing that happened until then is posted any more.

    Waits briefly for postings under way. Closing through the same day again is answered with the first close.
    Raises Forbidden, PeriodClosed (a later day is closed already, or the day is not over), LedgerBusy.
    """
    parties.require(by, "ledger.close_period")
    if through_on >= local_day(at):
        raise PeriodClosed("当日尚未结束，不能结账", where=through_on.isoformat(), fix="次日再结")
    with refusals(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [str(CLOSE_WAIT_MS)])
        cursor.execute("LOCK TABLE ledger_period_close IN EXCLUSIVE MODE")
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    last = queries.period(book)
    if last is not None and last.through_on == through_on:
        return last
    if last is not None and last.through_on > through_on:
        message = f"{book.title}已结账至 {last.through_on.isoformat()}，不能再结更早的日期"
        raise PeriodClosed(message, where=book.value, fix="结账日只能后移")
    different = queries.trial_balance(book).out_of_balance()
    if different:
        message = f"{book.title}借贷不平，相差 {different[book]}，不能结账"
        raise PeriodClosed(message, where=book.value, fix="运行 tanhui ledger prove 查明原因")
    PeriodClose.objects.create(
        book=book.value, through_on=through_on, closed_before=day_end(through_on), closed_by=by.name, recorded_at=at
    )
    detail = {"through_on": through_on.isoformat()}
    parties_services.record(actor=by, action="ledger.close_period", target=f"book:{book.value}", detail=detail, at=at)
    return PeriodState(book, through_on, day_end(through_on), by.name, at)
