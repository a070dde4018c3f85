"""A resident's view of the chain: statement lines, and the receipt that explains one of them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Literal

from django.conf import settings
from django.db import connection

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.kernel.ids import seal, unseal
from tanhui.ledger import queries as ledger
from tanhui.parties import queries as parties
from tanhui.scenarios import _methods
from tanhui.scenarios.models import (
    Behavior,
    Contest,
    Ruling,
    Scenario,
    SettlementLine,
    SharedReceipt,
    Supersession,
)
from tanhui.scenarios.rules import STANDARD_INPUTS, horizon, read_plausibility
from tanhui.scenarios.types import BehaviorReceipt, Grade, StatementLine, StatementPage
from tanhui_methods import Input, Method, explain

_PREFIX = "bhv"
DEPTHS: tuple[Literal["sentence", "arithmetic", "audit"], ...] = ("sentence", "arithmetic", "audit")

_PAGE = """
SELECT b.id, b.scenario_id, o.title, b.day, b.happened_at, b.grade,
    l.grade, l.outcome, coalesce(l.reduction_g, 0), coalesce(l.points, 0), l.method_id
FROM scenarios_behavior b
JOIN scenarios_source o ON o.id = b.source_id
LEFT JOIN LATERAL (
    SELECT * FROM scenarios_settlement_line WHERE behavior_id = b.id ORDER BY run_id DESC LIMIT 1
) l ON true
WHERE b.party_id = %(party)s AND (%(day)s::date IS NULL OR (b.day, b.id) < (%(day)s, %(id)s))
    AND NOT EXISTS (SELECT 1 FROM scenarios_supersession x WHERE x.behavior_id = b.id)
ORDER BY b.day DESC, b.id DESC LIMIT %(limit)s
"""


_NAMED_BY_THE_METHOD = ("not_applicable:", "excluded:missing:", "excluded:bounds:", "excluded:factor:")
"""Outcomes whose sentence needs the method: it has the words for its conditions, inputs and parameters."""


def behavior_number(behavior_id: int) -> str:
    """The public number of a behavior."""
    return seal(_PREFIX, behavior_id, settings.TANHUI_SECRETS["number"])


def behavior_id(number: str) -> int:
    """The behavior behind a public number. Raises NotFound where it cannot be one."""
    found = unseal(_PREFIX, number, settings.TANHUI_SECRETS["number"])
    if found is None or found >= 1 << 62:
        raise NotFound("没有这个记录编号", where=number, fix="检查编号是否抄写完整")
    return found


def behaviors_of(source: str, external_ids: Iterable[str]) -> dict[str, str]:
    """External id → public number of its highest revision, of what that source delivered; unknown ones are left out.

    One query, any number. Withdrawn ones keep their numbers.
    """
    rows = Behavior.objects.filter(source__code=source, external_id__in=list(external_ids)).order_by("revision")
    return {external_id: behavior_number(pk) for pk, external_id in rows.values_list("pk", "external_id")}


def statement(party_id: int, *, before: str | None = None, limit: int = 50) -> StatementPage:
    """A page of a resident's acts, newest day first, with what each counted for at the latest settlement.

    `before` is the cursor of the page before; `limit` is at most 200. Raises BadInput for a forged cursor.
    """
    day, last_id = _read_cursor(before)
    limit = max(1, min(limit, 200))
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, {"party": party_id, "day": day, "id": last_id, "limit": limit + 1})
        rows = cursor.fetchall()
    scenarios = {row.id: row for row in Scenario.objects.filter(id__in={row[1] for row in rows})}
    messages = {row.id: read_plausibility(row.rules).messages for row in scenarios.values()}
    lines = tuple(_line(row, scenarios[row[1]], messages[row[1]]) for row in rows[:limit])
    more = len(rows) > limit
    return StatementPage(lines, _cursor(rows[limit - 1][3].isoformat(), rows[limit - 1][0]) if more else None)


def _cursor(day: str, last_id: int) -> str:
    return base64.urlsafe_b64encode(f"{day}/{behavior_number(last_id)}".encode()).decode().rstrip("=")


def _read_cursor(text: str | None) -> tuple[str | None, int]:
    if text is None:
        return None, 0
    try:
        day, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split("/")
        return date.fromisoformat(day).isoformat(), behavior_id(number)
    except (ValueError, NotFound) as error:
        raise BadInput("翻页位置无效", where="before", fix="用上一页答复里的 next_cursor，不要自己拼写") from error


def _line(row: tuple[Any, ...], scenario: Scenario, messages: Mapping[str, str]) -> StatementLine:
    number, _, source, day, happened_at, grade, line_grade, outcome, grams, points, method_id = row
    return StatementLine(
        number=behavior_number(number),
        scenario=scenario.code,
        scenario_title=scenario.title,
        source_title=source,
        day=day,
        happened_at=happened_at,
        grade=Grade(line_grade or grade),
        reduction_g=grams,
        points=points,
        outcome=outcome or "waiting",
        outcome_text=_outcome_text(outcome, messages, method_id) if outcome else "等待结算",
        settled=outcome is not None,
    )


def _outcome_text(outcome: str, messages: Mapping[str, str], method_id: int | None) -> str:
    method = None
    if method_id and outcome.startswith(_NAMED_BY_THE_METHOD):
        method = _methods.loaded_by_id(method_id)
    return _methods.outcome_text(outcome, messages, method)


def receipt(number: str, *, party_id: int | None = None) -> BehaviorReceipt:
    """Everything behind one number. `number` is an own behavior's (with `party_id`) or a shared one (`shr_…`).

    What is shared leaves out what its owner and an officer wrote, every identifier that another shared receipt of
    the same person would repeat, and the partner's own; it ends with the account.
    Raises NotFound for a number that does not exist, is somebody else's, or is no longer shared.
    """
    if number.startswith("shr_"):
        found = SharedReceipt.objects.filter(number=number, ended_at__isnull=True).select_related("behavior").first()
        if found is None or parties.party_by_id(found.behavior.party_id).erased:
            raise NotFound("没有这个分享编号，或主人已停止分享", where=number, fix="请向分享的人确认")
        return _receipt(found.behavior_id, shared=True)
    if party_id is None or not Behavior.objects.filter(id=behavior_id(number), party_id=party_id).exists():
        raise NotFound("没有找到这条记录", where=number, fix="检查编号；别人的记录只有对方分享后才能看")
    return _receipt(behavior_id(number))


def case(number: str) -> BehaviorReceipt:
    """The receipt as an officer sees it who decides on a behavior; the door checks the role."""
    if not Behavior.objects.filter(id=behavior_id(number)).exists():
        raise NotFound("没有找到这条记录", where=number, fix="检查编号")
    return _receipt(behavior_id(number))


def _receipt(identifier: int, *, shared: bool = False) -> BehaviorReceipt:
    behavior = Behavior.objects.select_related("source", "scenario").get(id=identifier)
    lines = list(
        SettlementLine.objects.filter(behavior_id=identifier).select_related("run", "method").order_by("-run_id")
    )
    latest = lines[0] if lines else None
    version = latest.method if latest else None
    method = _methods.loaded(version) if version else None
    outcome = latest.outcome if latest else ""
    row = (
        behavior.id,
        behavior.scenario_id,
        behavior.source.title,
        behavior.day,
        behavior.happened_at,
        behavior.grade,
        latest.grade if latest else None,
        outcome or None,
        latest.reduction_g if latest else 0,
        latest.points if latest else 0,
        version.id if version else None,
    )
    posted = next((line for line in lines if line.change_g or line.change_points), None)
    transfer = None
    if posted:
        transfer = ledger.transfer_by_key(f"settle:{posted.run_id}:{behavior.party_id}:{behavior.day}")
    contest = Contest.objects.filter(behavior=behavior).order_by("-id").first()
    ruling = Ruling.objects.filter(behavior=behavior).order_by("-id").first()
    return BehaviorReceipt(
        line=_line(row, behavior.scenario, read_plausibility(behavior.scenario.rules).messages),
        evidence=_evidence(behavior, method),
        method_number=version.number if version else "",
        method_title=version.title if version else "",
        method_version=version.version if version else "",
        rule_hash=version.rule_hash if version else "",
        explanations=_explanations(behavior, method, shared=shared),
        run_number=latest.run.number if latest else "",
        transfer_number=transfer.number if transfer else "",
        settled_at=latest.run.ended_at if latest else None,
        history=tuple((line.run.ended_at, line.reduction_g, line.points, line.outcome) for line in reversed(lines)),
        contest=contest.text if contest and not shared else "",
        ruling=_ruling(ruling, shared=shared) if ruling else "",
    )


def _ruling(ruling: Ruling, *, shared: bool) -> str:
    decision = "计入" if ruling.counts else "不计入"
    return decision if shared else f"{decision}：{ruling.reason}"


def _evidence(behavior: Behavior, method: Method | None) -> tuple[tuple[str, str], ...]:
    rows = [("接入方", behavior.source.title), ("证据等级", Grade(behavior.grade).name)]
    for name, item in (method.inputs if method else {}).items():
        value = _inputs(behavior, {name: item}).get(name)
        if value is not None:
            rows.append(
                (
                    item.title,
                    f"{value:,} {item.unit.chinese}" if item.unit else item.choices.get(str(value), str(value)),
                )
            )
    return tuple(rows)


def _inputs(behavior: Behavior, inputs: Mapping[str, Input]) -> dict[str, int | str]:
    """The inputs that the behavior states, as settlement reads them."""
    values: dict[str, int | str] = {}
    for name, item in inputs.items():
        stated = getattr(behavior, name) if name in STANDARD_INPUTS else (behavior.details or {}).get(name)
        if item.kind == "integer" and isinstance(stated, str):
            stated = None
        if stated is None and name == "duration_s" and behavior.ended_at:
            stated = int(behavior.ended_at.timestamp()) - int(behavior.happened_at.timestamp())
        if stated is not None:
            values[name] = stated if item.kind == "integer" else str(stated)
    return values


def _explanations(behavior: Behavior, method: Method | None, *, shared: bool) -> Mapping[str, str]:
    """The method's own words for this number, from the very events that shared its caps."""
    if method is None:
        return {}
    first, end = horizon(behavior.day, method.cap_horizon)
    companions = Behavior.objects.filter(
        party_id=behavior.party_id, scenario_id=behavior.scenario_id, day__gte=first, day__lt=end
    ).select_related("source")
    outcomes = _latest_outcomes([row.id for row in companions])
    messages = read_plausibility(behavior.scenario.rules).messages
    gone = set(Supersession.objects.filter(behavior__in=companions).values_list("behavior_id", flat=True))
    events: list[dict[str, Any]] = []
    for row in companions:
        outcome = outcomes.get(row.id, "")
        exclude = _methods.outcome_text(outcome, messages, method) if outcome.startswith("excluded:") else None
        events.append(
            {
                "event_id": row.id,
                "person": row.party_id,
                "day": row.day,
                "at": int(row.happened_at.timestamp()),
                "tie": f"{row.source.code}:{row.external_id}",
                "grade": row.grade,
                "exclude": _methods.outcome_text("excluded:superseded", {}, method) if row.id in gone else exclude,
                **dict.fromkeys(method.inputs),
                **_inputs(row, method.inputs),
            }
        )
    asked = behavior.id
    if shared:
        asked = _make_anonymous(events, asked)
    return {depth: explain(method, events, asked, depth=depth).to_text() for depth in DEPTHS}


def _make_anonymous(events: list[dict[str, Any]], asked: int) -> int:
    """Name the acts by their order, which is all that the method asks of a name; what `asked` is called now."""
    events.sort(key=lambda event: (event["at"], event["tie"], event["event_id"]))
    place = next(place for place, event in enumerate(events, 1) if event["event_id"] == asked)
    for number, event in enumerate(events, 1):
        event.update(event_id=number, person=1, tie=f"{number:06}")
    return place


def _latest_outcomes(ids: list[int]) -> dict[int, str]:
    rows = (
        SettlementLine.objects.filter(behavior_id__in=ids)
        .order_by("behavior_id", "-run_id")
        .distinct("behavior_id")
        .values_list("behavior_id", "outcome")
    )
    return dict(rows)
