"""Rows that occasions on the platform suggest for registers; a person checks them, proves them and files them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tanhui.community import queries as community
from tanhui.community.types import CheckInState, OccasionState, OccasionView
from tanhui.kernel.days import day_start, local_day
from tanhui.plan import _registers
from tanhui.plan._records import live_key
from tanhui.plan.models import Record
from tanhui.plan.types import SuggestedRow

MOST = 50
_HOUR, _TENTH = Decimal(3600), Decimal("0.1")


def suggested_rows(code: str, *, on: date) -> list[SuggestedRow]:
    """What was held for the audiences whose trainings this register has, and is not in it yet, newest first.

    Within the year before `on`. Nothing is stored: a suggestion becomes a row when an officer files it with evidence,
    and counts when somebody else has reviewed it. Fields that only people know are left out. Raises NotFound.
    """
    register = _registers.one(code)
    choices = {audience.code: audience.choice for audience in community.audiences() if audience.register == code}
    if not choices or register.retired:
        return []
    held = community.occasions(
        starts_from=day_start(on.replace(year=on.year - 1, day=1)), state=OccasionState.CLOSED, limit=1000
    )
    fields = {field.name: field for field in register.document.fields}
    found = []
    for occasion in held:
        if occasion.audience not in choices:
            continue
        values = {
            name: value for name, value in _values(occasion, choices[occasion.audience]).items() if name in fields
        }
        found.append(SuggestedRow(occasion.number, occasion.title, local_day(occasion.starts_at), values))
    keys = {
        row.occasion: live_key(register.document, row.values)
        for row in found
        if set(register.document.key) <= row.values.keys()
    }
    standing = Record.objects.filter(register_id=register.id, live_key__in=[key for key in keys.values() if key])
    taken = {bytes(key) for key in standing.values_list("live_key", flat=True) if key is not None}
    fresh = [row for row in found if keys.get(row.occasion) not in taken]
    return sorted(fresh, key=lambda row: (row.held_on, row.occasion), reverse=True)[:MOST]


def _values(occasion: OccasionView, choice: str) -> dict[str, str]:
    """What an occasion says of the fields that registers of trainings share, as it would be typed."""
    length = Decimal(int((occasion.ends_at - occasion.starts_at).total_seconds()))
    attended = {view.party_id for view in community.check_ins(occasion.number) if view.state is CheckInState.COUNTED}
    values = {
        "title": occasion.title[:60],
        "audience": choice,
        "held_on": local_day(occasion.starts_at).isoformat(),
        "hours": str((length / _HOUR).quantize(_TENTH)),
        "participants": str(len(attended)) if attended else "",
        "organizer": occasion.host_title,
    }
    return {name: value for name, value in values.items() if value}
