"""What residents wrote is forgotten once they are erased. The facts stay: who is nobody came, and brought so much."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tanhui.community.models import Booking, Card, Membership, NewsCursor, PointNotice
from tanhui.parties import queries as parties

_NEWS = "parties.erasures"
_NEWS_AT_ONCE = 1000


def forget_erased(*, at: datetime) -> int:
    """Blank the notes of residents erased since the last call, end their cards and memberships; how many residents
    there were.

    Reads the news of erasures past this room's own cursor, so it may be called at any time, any number of times.
    """
    forgotten = 0
    while True:
        with transaction.atomic():
            NewsCursor.objects.get_or_create(name=_NEWS)
            position = NewsCursor.objects.select_for_update().get(name=_NEWS)
            news = parties.erasures_after(position.position, _NEWS_AT_ONCE)
            if not news:
                return forgotten
            erased = [item.party_id for item in news]
            Booking.objects.filter(party_id__in=erased).exclude(note="").update(note="")
            PointNotice.objects.filter(party_id__in=erased).exclude(note="").update(note="")
            Card.objects.filter(party_id__in=erased, revoked_at__isnull=True).update(revoked_at=at, reason="已注销")
            Membership.objects.filter(party_id__in=erased, left_at__isnull=True).update(left_at=at)
            position.position = news[-1].id
            position.save(update_fields=["position"])
            forgotten += len(erased)
