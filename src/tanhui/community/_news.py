"""What became of check-ins, one after the other, for rooms that read on from where they stopped."""

from __future__ import annotations

from django.db.models import Sum

from tanhui.community.models import CheckInNews as NewsRow
from tanhui.community.models import Measurement
from tanhui.community.types import CheckInNews, CheckInState, OccasionKind


def check_ins_after(cursor: int, limit: int = 1000) -> list[CheckInNews]:
    """What happened to check-ins after the news `cursor`, oldest first. Three queries, any number."""
    rows = list(NewsRow.objects.filter(id__gt=cursor).select_related("check_in__occasion").order_by("id")[:limit])
    sums = {
        check_in: (mass or 0, items or 0)
        for check_in, mass, items in Measurement.objects.filter(check_in__in={row.check_in_id for row in rows})
        .values_list("check_in_id")
        .annotate(mass=Sum("mass_g"), items=Sum("item_count"))
    }
    return [
        CheckInNews(
            id=row.pk,
            state=CheckInState(row.state),
            at=row.at,
            number=row.check_in.number,
            occasion=row.check_in.occasion.number,
            kind=OccasionKind(row.check_in.occasion.kind),
            division_code=row.check_in.occasion.division_code,
            party_id=row.check_in.party_id,
            user_id=row.check_in.by_user_id,
            by_card=row.check_in.card_id is not None,
            offline=row.check_in.offline,
            happened_at=row.check_in.happened_at,
            recorded_at=row.check_in.recorded_at,
            mass_g=sums.get(row.check_in_id, (0, 0))[0],
            item_count=sums.get(row.check_in_id, (0, 0))[1],
        )
        for row in rows
    ]
