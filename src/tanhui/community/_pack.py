"""What a clerk's phone takes along into a village without network."""

from __future__ import annotations

from datetime import datetime, timedelta

from tanhui.community import _hands
from tanhui.community._documents import documents
from tanhui.community._tokens import card_key
from tanhui.community._views import occasion_views
from tanhui.community.models import Card, Occasion
from tanhui.community.rules import MARGIN, below
from tanhui.community.types import MorningPack, OccasionState
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor

VALID_FOR = timedelta(hours=24)
MAX_PERSONS = 2000


def pack(by: Actor, division_code: str, at: datetime) -> MorningPack:
    """Occasions of the next 24 hours in a division and below it, cards that no longer count there, and the residents
    who let this clerk act for them. Raises Forbidden, NotFound.
    """
    place = _hands.division(division_code)
    _hands.require(by, _hands.SERVE, place.statistical_code)
    until = at + VALID_FOR
    held = Occasion.objects.filter(
        division_code__startswith=below(place.statistical_code),
        state=OccasionState.OPEN,
        starts_at__lt=until + MARGIN,
        ends_at__gt=at - MARGIN,
    )
    revoked = Card.objects.filter(revoked_at__isnull=False, valid_until__gt=at)
    clients = parties.clients_of(by.user_id) if by.user_id is not None else []
    return MorningPack(
        made_at=at,
        valid_until=until,
        division_code=place.statistical_code,
        card_key=card_key(),
        revoked=tuple(revoked.order_by("id").values_list("number", flat=True)),
        occasions=tuple(occasion_views(list(held.select_related("places", "point").order_by("starts_at", "id")))),
        materials=tuple(documents().materials.values()),
        persons=tuple((each.number, each.display_name) for each in clients[:MAX_PERSONS]),
    )
