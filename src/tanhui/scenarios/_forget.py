"""What residents wrote is forgotten once they are erased; what partners sent in vain, once its time is over.

The facts stay: that somebody contested, that a row was refused, and why. Only the words go, and the database lets
nothing else of these tables change.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from tanhui.parties import queries as parties
from tanhui.scenarios.models import NewsCursor

REFUSED_MEMORY = timedelta(days=180)
"""How long a refused row is kept as it came, sealed, so that a partner can compare and correct."""

_NEWS, _REFUSED_UP_TO = "parties.erasures", "scenarios.refused"
_NEWS_AT_ONCE = 1000
_CONTESTS = """
UPDATE scenarios_contest c SET text = '' FROM scenarios_behavior b
WHERE b.id = c.behavior_id AND b.party_id = ANY(%s) AND c.text <> ''
"""
_NOTES = """
UPDATE scenarios_behavior SET details = details - 'sealed_note' WHERE party_id = ANY(%s) AND details ? 'sealed_note'
"""
_REFUSED = """
UPDATE scenarios_refused_row r SET content = '' FROM scenarios_delivery d
WHERE d.id = r.delivery_id AND d.received_at >= to_timestamp(%s) AND d.received_at < to_timestamp(%s)
"""


def forget_erased(*, at: datetime) -> int:
    """Blank the contests and sealed notes of residents erased since the last call; how many residents there were.

    Reads the news of erasures past this room's own cursor, so it may be called at any time, any number of times.
    """
    forgotten = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            position = _locked(_NEWS)
            news = parties.erasures_after(position.position, _NEWS_AT_ONCE)
            if not news:
                return forgotten
            erased = [item.party_id for item in news]
            cursor.execute(_CONTESTS, [erased])
            cursor.execute(_NOTES, [erased])
            _advance(position, news[-1].id)
            forgotten += len(erased)


@transaction.atomic
def forget_refused(*, at: datetime) -> int:
    """Blank the content of refused rows that came before `at` less `REFUSED_MEMORY`; how many rows there were."""
    position = _locked(_REFUSED_UP_TO)
    until = int((at - REFUSED_MEMORY).timestamp())
    if until <= position.position:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [position.position, until])
        forgotten = int(cursor.rowcount)
    _advance(position, until)
    return forgotten


def _locked(name: str) -> NewsCursor:
    NewsCursor.objects.get_or_create(name=name)
    return NewsCursor.objects.select_for_update().get(name=name)


def _advance(cursor: NewsCursor, position: int) -> None:
    cursor.position = position
    cursor.save(update_fields=["position"])
