"""A day's measurements for those who look for patterns."""

from __future__ import annotations

from datetime import date

from tanhui.community.models import Measurement
from tanhui.community.types import CheckInState, MeasurementTrace, Weighed
from tanhui.kernel.days import day_end, day_start


def measurement_traces(day: date) -> list[MeasurementTrace]:
    """What was measured on a day of the county and counts or waits for its second person, in order of time."""
    rows = Measurement.objects.filter(
        check_in__happened_at__gte=day_start(day),
        check_in__happened_at__lt=day_end(day),
        check_in__state__in=[CheckInState.COUNTED, CheckInState.PENDING],
    ).order_by("check_in__happened_at", "check_in_id", "line")
    found = rows.values_list(
        "check_in__number",
        "check_in__party_id",
        "check_in__by_user__username",
        "check_in__occasion__division_code",
        "material",
        "mass_g",
        "item_count",
        "weighed",
        "check_in__happened_at",
    )
    return [
        MeasurementTrace(number, party, user or "", division, material, mass, items, weighed == Weighed.HAND, at)
        for number, party, user, division, material, mass, items, weighed, at in found.iterator(chunk_size=5000)
    ]
