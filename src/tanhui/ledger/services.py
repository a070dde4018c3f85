"""The ledger's verbs. Nothing else changes a balance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tanhui.ledger._post import post_each, post_staged
from tanhui.ledger.types import Posting, PostResult, Staged

__all__ = ["post"]


def post(*, postings: Iterable[Posting] | Staged, at: datetime) -> PostResult:
    """Put transfers into the books, all or none; `at` is the time of recording.

    A posting whose key is in the books already with the same content is answered with the first transfer and has no
    second effect. `Staged()` posts the rows of the temporary table `ledger_staging` (see `types.STAGING_DDL`), any
    number of them, and empties it. Alone, a call is its own transaction; inside a transaction it is part of that one.

    Raises BadPosting, IdempotencyConflict, Insufficient, PeriodClosed; then nothing was posted.
    """
    if isinstance(postings, Staged):
        return post_staged(at)
    return post_each(postings, at)
