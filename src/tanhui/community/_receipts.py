"""Check-ins as others may see them: what was brought, who wrote it down, what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from tanhui.community._evidence import SOURCE, external_id, titles
from tanhui.community._hands import hand_names
from tanhui.community._views import OWN_HAND
from tanhui.community.models import CheckIn, Measurement, Occasion
from tanhui.community.rules import quantity_words
from tanhui.community.types import CheckInState, CheckInView, MeasurementView, Weighed
from tanhui.scenarios import queries as scenarios

SYSTEM_HAND = "系统"


def check_in_views(rows: Sequence[CheckIn], *, replayed: bool = False) -> list[CheckInView]:
    """Check-ins with their measurements and behaviors; the same few questions for one or a hundred."""
    occasions = Occasion.objects.in_bulk({row.occasion_id for row in rows})
    corrected = dict(
        CheckIn.objects.filter(pk__in=[row.corrects_id for row in rows if row.corrects_id]).values_list("pk", "number")
    )
    staff, persons = hand_names(
        {user for row in rows for user in (row.by_user_id, row.confirmed_by_id) if user is not None},
        {party for row in rows for party in (row.party_id, row.by_party_id) if party is not None},
    )
    measured = _measured(rows)
    return [
        CheckInView(
            number=row.number,
            occasion=occasions[row.occasion_id].number,
            occasion_title=occasions[row.occasion_id].title,
            party_id=row.party_id,
            party=persons.get(row.party_id, ""),
            happened_at=row.happened_at,
            recorded_at=row.recorded_at,
            recorded_by=_recorder(row, staff.get(row.by_user_id or 0, ""), persons.get(row.by_party_id or 0, "")),
            offline=row.offline,
            by_card=row.card_id is not None,
            state=CheckInState(row.state),
            measured=measured.get(row.pk, ()),
            minutes=row.minutes,
            score=row.score,
            score_of=row.score_of,
            corrects=corrected.get(row.corrects_id or 0, ""),
            confirmed_by=staff.get(row.confirmed_by_id or 0, ""),
            message=_message(row, measured.get(row.pk, ())),
            replayed=replayed,
        )
        for row in rows
    ]


def _recorder(row: CheckIn, staff: str, person: str) -> str:
    if row.by_user_id is not None:
        return staff
    if row.by_party_id is not None:
        return OWN_HAND if row.by_party_id == row.party_id else person
    return SYSTEM_HAND


def _measured(rows: Sequence[CheckIn]) -> dict[int, tuple[MeasurementView, ...]]:
    """Check-in → its measurements in order."""
    numbers = {row.pk: row.number for row in rows}
    lines = list(Measurement.objects.filter(check_in__in=numbers).order_by("check_in_id", "line"))
    told = [external_id(numbers[line.check_in_id], line.line) for line in lines if line.scenario]
    behaviors = scenarios.behaviors_of(SOURCE, told) if told else {}
    named, found = titles(), dict[int, tuple[MeasurementView, ...]]()
    for line in lines:
        view = MeasurementView(
            material=line.material,
            title=named.get(line.material, line.material),
            mass_g=line.mass_g,
            item_count=line.item_count,
            weighed=Weighed(line.weighed),
            reading=line.reading,
            behavior=behaviors.get(external_id(numbers[line.check_in_id], line.line), ""),
        )
        found[line.check_in_id] = (*found.get(line.check_in_id, ()), view)
    return found


def _message(row: CheckIn, measured: Sequence[MeasurementView]) -> str:
    """What the person is told."""
    if row.state == CheckInState.REFUSED:
        return f"没有通过确认：{row.refusal}"
    if row.state == CheckInState.CORRECTED:
        return "已更正，以新的记录为准"
    said = "、".join(
        f"{each.title} {quantity_words(each.mass_g or each.item_count or 0, 'mass_g' if each.mass_g else 'item_count')}"
        for each in measured
    )
    what = "更正已登记" if row.corrects_id is not None else "已登记" if said or row.minutes else "已签到"
    what = f"{what}：{said}" if said else what
    if row.state == CheckInState.PENDING:
        return f"{what}；待第二位工作人员确认后计入"
    return f"{what}；按方法学核算后计入碳账户" if any(each.behavior for each in measured) else what
