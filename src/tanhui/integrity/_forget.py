"""What residents wrote in an appeal is forgotten once they are erased; that they appealed, and the ruling, stay."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from tanhui.integrity.models import NewsCursor
from tanhui.parties import queries as parties

_NEWS = "parties.erasures"
_NEWS_AT_ONCE = 1000
_APPEALS = """
UPDATE integrity_appeal a SET sealed_text = '' FROM integrity_case c
WHERE c.id = a.case_id AND c.kind = 'person' AND c.party_id = ANY(%s)
"""


def forget_erased(*, at: datetime) -> int:
    """Past this room's own cursor, batch by batch; how many residents were erased since the last call."""
    forgotten = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            NewsCursor.objects.get_or_create(name=_NEWS)
            position = NewsCursor.objects.select_for_update().get(name=_NEWS)
            news = parties.erasures_after(position.position, _NEWS_AT_ONCE)
            if not news:
                return forgotten
            cursor.execute(_APPEALS, [[item.party_id for item in news]])
            position.position = news[-1].id
            position.save(update_fields=["position"])
            forgotten += len(news)
