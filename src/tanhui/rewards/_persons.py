"""The lock of a person: who buys, cancels or is put on hold does one of them at a time."""

from __future__ import annotations

from django.db import connection


def lock_person(party_id: int) -> None:
    """Until the transaction ends nobody else exchanges or cancels for this person (see `rewards_look`)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"rewards:person:{party_id}"])
