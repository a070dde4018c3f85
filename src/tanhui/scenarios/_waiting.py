"""Evidence that waits for somebody to bind: claimed when they do, dropped unread when nobody does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.parties import queries as parties
from tanhui.scenarios import _intake_sql as sql
from tanhui.scenarios.models import NewsCursor, SeenMessage, Source, WaitingEvidence

_NEWS = "parties.bindings"
_NEWS_AT_ONCE = 10_000
MESSAGE_MEMORY = timedelta(days=2)
"""How long message identifiers are remembered: far longer than a signature's timestamp is accepted."""


def claim_bound_evidence(*, at: datetime) -> int:
    """Turn waiting evidence of newly bound residents into behaviors; the number of behaviors made.

    Reads the news of bindings past this room's own cursor, so it may be called at any time, any number of times.
    """
    claimed = 0
    while True:
        with transaction.atomic():
            NewsCursor.objects.get_or_create(name=_NEWS)
            cursor = NewsCursor.objects.select_for_update().get(name=_NEWS)
            news = parties.bindings_after(cursor.position, _NEWS_AT_ONCE)
            if not news:
                return claimed
            keys: dict[str, set[bytes]] = {}
            for item in news:
                if item.bound:
                    keys.setdefault(item.source, set()).add(bytes(item.key))
            for source in Source.objects.filter(code__in=keys).order_by("id"):
                claimed += _claim(source, keys[source.code], at)
            cursor.position = news[-1].id
            cursor.save(update_fields=["position"])


def _claim(source: Source, keys: Iterable[bytes], at: datetime) -> int:
    """Claim what waits for `keys` and is bound by now. Alone with the source: a delivery that is being taken has
    either seen the binding or is seen here."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_ALONE, [source.pk])
        waiting = WaitingEvidence.objects.filter(source=source, subject_key__in=list(keys), withdrawn_at=None)
        present = [bytes(key) for key in waiting.values_list("subject_key", flat=True).distinct()]
        bound = parties.bound_parties(source.code, present) if present else {}
        if not bound:
            return 0
        cursor.execute(sql.STAGING)
        with cursor.copy(sql.COPY_PERSONS) as copy:
            copy.write("".join(f"\\\\x{bytes(key).hex()}\t{party}\n" for key, party in bound.items()).encode())
        cursor.execute(sql.CLAIM, {"source": source.pk, "at": at, "zone": COUNTY_ZONE.key})
        external_ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(sql.SUPERSEDE_NAMED, {"source": source.pk, "external_ids": sorted(set(external_ids)), "at": at})
    return len(external_ids)


@transaction.atomic
def drop_overdue_evidence(*, at: datetime) -> int:
    """Delete waiting evidence whose time is over, and message identifiers that nobody can replay any more.

    What has become bound meanwhile is claimed first. Returns the number of pieces of evidence dropped.
    """
    overdue = WaitingEvidence.objects.filter(drop_after__lt=at)
    for source in Source.objects.filter(id__in=overdue.values("source_id")).order_by("id"):
        keys = overdue.filter(source=source, withdrawn_at=None).values_list("subject_key", flat=True).distinct()
        _claim(source, {bytes(key) for key in keys}, at)
    dropped, _ = WaitingEvidence.objects.filter(drop_after__lt=at).delete()
    SeenMessage.objects.filter(seen_at__lt=at - MESSAGE_MEMORY).delete()
    return dropped
