"""A small county that all tests of one file share: made once, and gone when the file is done.

It lives in one open transaction; each test's own transaction is a savepoint in it, so that no test sees another's acts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def lasting(django_db_blocker: Any) -> Iterator[None]:
    """Keep what is written inside until the block ends, then take it back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
