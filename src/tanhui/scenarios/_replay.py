"""Shadow replay: what a candidate method would have made of real behaviors, beside what the books hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db import connection, transaction

from tanhui.kernel.errors import BadInput
from tanhui.parties import queries as parties
from tanhui.scenarios import _methods
from tanhui.scenarios import _settle_sql as sql
from tanhui.scenarios.models import MethodVersion, Scenario
from tanhui.scenarios.types import MethodMissing, Replay, ReplayRow

_SCOPE = """
CREATE TEMP TABLE settle_scope ON COMMIT DROP AS
SELECT DISTINCT party_id, day FROM scenarios_behavior
WHERE scenario_id = %(scenario)s AND day >= %(starts_on)s AND day < %(ends_on)s
"""

_HELD = """
CREATE TEMP TABLE settle_change ON COMMIT DROP AS
SELECT DISTINCT ON (l.behavior_id) l.behavior_id AS event_id, l.outcome, l.reduction_g, l.points
FROM settle_event e JOIN scenarios_settlement_line l ON l.behavior_id = e.event_id
WHERE e.scenario_id = %(scenario)s ORDER BY l.behavior_id, l.run_id DESC
"""

# What stays excluded is what the evidence deserves; "no method" is exactly what a candidate would end.
_EXCLUDED_AS_HELD = """
INSERT INTO settle_excluded
SELECT event_id, substr(outcome, length('excluded:') + 1) FROM settle_change
WHERE outcome LIKE 'excluded:%%' AND outcome <> 'excluded:no_method'
"""

_SUMS = """
SELECT e.person, count(*), coalesce(sum(h.reduction_g), 0)::bigint, sum(r.reduction_g)::bigint,
    coalesce(sum(h.points), 0)::bigint, sum(r.points)::bigint
FROM settle_result r JOIN settle_event e USING (event_id) LEFT JOIN settle_change h USING (event_id)
GROUP BY e.person
"""

_Sums = tuple[int, int, int, int, int]


@transaction.atomic
def shadow_replay(rule_hash: str, *, starts_on: date, ends_on: date) -> Replay:
    """Evaluate a registered version over the real behaviors of `[starts_on, ends_on)`; nothing is posted.

    Old figures are what the books hold, with the same evidence set aside. Rows: total, the scenario, townships
    (by residents' division), and tenths of the residents by what they hold now (1 holds least). Raises
    MethodMissing for an unknown hash, BadInput for an empty period.
    """
    if starts_on >= ends_on:
        raise BadInput("重算期间是空的", where="starts_on、ends_on", fix="结束日应晚于开始日（结束日不含）")
    version = MethodVersion.objects.filter(rule_hash=rule_hash).first()
    if version is None:
        raise MethodMissing("没有登记过这个方法版本", where=rule_hash, fix="先登记草案再重算")
    scenario = Scenario.objects.filter(method_name=version.name).first()
    if scenario is None:
        raise MethodMissing(f"没有场景使用方法 {version.name}", fix="在县文件夹 scenarios/ 下添加场景文件")
    rows = _evaluate(version, scenario.id, starts_on, ends_on)
    ranked = sorted(rows, key=lambda person: (rows[person][1], person))
    towns = _townships(rows)
    return Replay(
        rule_hash=rule_hash,
        starts_on=starts_on,
        ends_on=ends_on,
        total=_sum("合计", rows.values()),
        by_scenario=(_sum(scenario.title, rows.values()),),
        by_township=_grouped({person: towns.get(person, "未登记乡镇") for person in rows}, rows),
        by_decile=_grouped({p: f"第{place * 10 // len(ranked) + 1:02d}十分位" for place, p in enumerate(ranked)}, rows),
    )


def _evaluate(version: MethodVersion, scenario_id: int, starts_on: date, ends_on: date) -> dict[int, _Sums]:
    compiled = _methods.compiled(version)
    with connection.cursor() as cursor:
        cursor.execute(sql.DROP_TABLES)
        cursor.execute(_SCOPE, {"scenario": scenario_id, "starts_on": starts_on, "ends_on": ends_on})
        cursor.execute(sql.EVENTS, {"first_day": starts_on, "last_day": ends_on - timedelta(days=1)})
        cursor.execute(sql.EXCLUDED)
        cursor.execute(_HELD, {"scenario": scenario_id})
        cursor.execute(_EXCLUDED_AS_HELD)
        cursor.execute(sql.RESULT)
        inputs = compiled.inputs_sql("true")
        statement = sql.APPLY_METHOD.format(inputs=inputs, compiled=compiled.result_sql)
        cursor.execute(statement, {"method": version.id, "scenario": scenario_id})
        cursor.execute(_SUMS)
        answer = {row[0]: (row[1], row[2], row[3], row[4], row[5]) for row in cursor.fetchall()}
        cursor.execute(sql.DROP_TABLES)
    return answer


def _townships(people: Iterable[int]) -> dict[int, str]:
    """Resident → township; a village counts for the township it belongs to."""
    names = {row.statistical_code: row.name for row in parties.divisions() if row.level == "township"}
    return {
        person: names.get(place.statistical_code) or names.get(place.parent_code) or place.name
        for person, place in parties.division_of(people).items()
    }


def _sum(group: str, rows: Iterable[_Sums]) -> ReplayRow:
    totals = [0, 0, 0, 0, 0]
    for row in rows:
        totals = [total + part for total, part in zip(totals, row, strict=True)]
    return ReplayRow(group, *totals)


def _grouped(group_of: dict[int, str], rows: dict[int, _Sums]) -> tuple[ReplayRow, ...]:
    members: dict[str, list[_Sums]] = defaultdict(list)
    for person, group in group_of.items():
        members[group].append(rows[person])
    return tuple(_sum(group, members[group]) for group in sorted(members))
