"""Scenarios opened by the county, and the acts of residents and officers about single behaviors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tanhui.kernel.county import County
from tanhui.kernel.errors import Conflict, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.scenarios._methods import mark_days
from tanhui.scenarios._statement import behavior_id
from tanhui.scenarios.models import Behavior, Contest, DayMark, Ruling, Scenario, SharedReceipt
from tanhui.scenarios.rules import read_plausibility
from tanhui.scenarios.types import ScenarioDraft

_WORDS: tuple[str, ...] = ("summary", "how_to", "icon", "order", "family", "consent")


def scenario_drafts(county: County) -> list[ScenarioDraft]:
    """The scenarios of the county's folder, in the order in which they are shown."""
    drafts = []
    for path in county.files("scenarios", ".toml"):
        table = county.table(f"scenarios/{path.name}")
        words: dict[str, object] = {key: table[key] for key in _WORDS if key in table}
        drafts.append(
            ScenarioDraft(
                code=table["code"],
                title=table["title"],
                method_name=table["method"],
                enabled=table.get("enabled", True),
                exclusive_group=table.get("exclusive_group", ""),
                rules=tuple(table.get("rules", ())),
                settings=words,
            )
        )
    return sorted(drafts, key=lambda draft: (int(str(draft.settings.get("order", 0))), draft.code))


@transaction.atomic
def open_scenario(*, draft: ScenarioDraft, at: datetime, by: Actor) -> None:
    """Open or alter a scenario. When its plausibility rules change, the days of its behaviors become stale."""
    read_plausibility(draft.rules)
    before = Scenario.objects.select_for_update().filter(code=draft.code).first()
    scenario, _ = Scenario.objects.update_or_create(
        code=draft.code,
        defaults={
            "title": draft.title,
            "method_name": draft.method_name,
            "enabled": draft.enabled,
            "exclusive_group": draft.exclusive_group,
            "rules": [dict(rule) for rule in draft.rules],
            "settings": dict(draft.settings),
        },
    )
    if before and (before.rules != scenario.rules or before.exclusive_group != scenario.exclusive_group):
        mark_days(scenario.id, date.min, None)
    after = _state(scenario)
    if before is None or after != _state(before):
        target = f"scenario:{draft.code}"
        parties_services.record(actor=by, action="scenarios.open_scenario", target=target, detail=after, at=at)


def _state(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "method": scenario.method_name,
        "enabled": scenario.enabled,
        "exclusive_group": scenario.exclusive_group,
        "rules": [f"{rule['code']}：{rule.get('condition') or rule.get('limit') or ''}" for rule in scenario.rules],
        "consent": str(scenario.settings.get("consent", "")),
    }


@transaction.atomic
def contest(*, number: str, party_id: int, text: str, at: datetime) -> str:
    """A resident objects to what became of an own behavior; returns the number of the contest.

    Raises NotFound for somebody else's behavior, Conflict while an earlier contest waits for its ruling.
    """
    own = Behavior.objects.select_for_update().filter(id=behavior_id(number), party_id=party_id)
    behavior = own.first()
    if behavior is None:
        raise NotFound("没有找到这条记录", fix="从自己的明细里选择一条记录再申诉")
    if Contest.objects.filter(behavior=behavior, rulings__isnull=True).exists():
        raise Conflict("这条记录已经有一份申诉在处理", fix="请等工作人员答复；答复后如仍不同意，可以再次申诉")
    made = Contest.objects.create(number=new_number("cts", at), behavior=behavior, text=text, recorded_at=at)
    return made.number


def rule(*, numbers: Sequence[str], counts: bool, reason: str, by: str, at: datetime) -> int:
    """Append a ruling to each behavior and mark its day; see the verb `rule`."""
    ids = sorted({behavior_id(number) for number in numbers})
    behaviors = {row.id: row for row in Behavior.objects.select_for_update().filter(id__in=ids).order_by("id")}
    if len(behaviors) != len(ids):
        raise NotFound("有些记录不存在，没有作出任何裁定", fix="刷新列表后再选")
    open_contests = {row.behavior_id: row for row in Contest.objects.filter(behavior__in=ids, rulings__isnull=True)}
    Ruling.objects.bulk_create(
        Ruling(
            behavior_id=each,
            contest=open_contests.get(each),
            counts=counts,
            reason=reason,
            decided_by=by,
            decided_at=at,
        )
        for each in ids
    )
    days = {(row.party_id, row.day) for row in behaviors.values()}
    DayMark.objects.bulk_create(DayMark(party_id=party, day=day) for party, day in sorted(days))
    return len(ids)


@transaction.atomic
def share(*, number: str, party_id: int, at: datetime, ends: bool = False) -> str:
    """A resident shows how one own number was made, or stops showing it; returns the shared number.

    Sharing again gives the same number while it lasts. Raises NotFound for somebody else's behavior.
    """
    behavior = Behavior.objects.filter(id=behavior_id(number), party_id=party_id).first()
    if behavior is None:
        raise NotFound("没有找到这条记录", fix="从自己的明细里选择一条记录再分享")
    shared = SharedReceipt.objects.select_for_update().filter(behavior=behavior, ended_at__isnull=True).first()
    if ends:
        if shared:
            shared.ended_at = at
            shared.save(update_fields=["ended_at"])
        return shared.number if shared else ""
    if shared is None:
        shared = SharedReceipt.objects.create(number=new_number("shr", at), behavior=behavior, shared_at=at)
    return shared.number
