"""What the county's plausibility rules for shared e-bikes do to a file of real rides.

Prints the tables of docs/explanation/e-bike-plausibility.zh-CN.md. The rules are read from the county's folder and
evaluated by the method language; nothing about them is repeated here.

    python bench/ebike_plausibility.py ../shared/data/ebike_trips.csv
"""

from __future__ import annotations

import csv
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from tanhui_methods import Method, RowRule, compile_conditions, evaluate, first_broken, load_library  # noqa: E402

ZONE = ZoneInfo("Asia/Shanghai")
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
Event = dict[str, Any]


@dataclass
class Findings:
    """What became of the rides: how many each rule would set aside alone, how many in its place, and the rest."""

    alone: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    kept: list[Event] = field(default_factory=list)
    overlapped_soon: int = 0
    days_before_count: Counter[int] = field(default_factory=Counter)


def read_rides(path: Path) -> list[Event]:
    """The rides of a file with the columns of `ebike_trips.csv`; its times are read in the county's zone."""
    rides: list[Event] = []
    riders: dict[str, int] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 1):
            starts, ends = (datetime.fromisoformat(row[name]) for name in ("started_at", "ended_at"))
            at, until = (int(moment.replace(tzinfo=ZONE).timestamp()) for moment in (starts, ends))
            rides.append(
                {
                    "event_id": number,
                    "person": riders.setdefault(row["user_id"], len(riders) + 1),
                    "day": starts.date(),
                    "at": at,
                    "tie": f"valleybike:{row['trip_id']}",
                    "grade": 2,
                    "exclude": None,
                    "distance_m": int(row["distance_m"]),
                    "duration_s": until - at,
                    "gps_point_count": int(row["gps_points"]),
                    "max_gps_jump_m": int(row["max_gps_jump_m"]),
                }
            )
    return rides


def set_aside(rides: Iterable[Event], rules: Sequence[Mapping[str, Any]], method: Method) -> Findings:
    """Apply a scenario's plausibility rules: row rules, then overlaps, then the number a day."""
    found = Findings()
    rows = [RowRule(rule["code"], rule["condition"], rule["message"]) for rule in rules if rule["kind"] == "row"]
    compiled = compile_conditions(rows, method.inputs)
    for ride in rides:
        broken = [rule.code for rule, check in compiled if first_broken([(rule, check)], method.inputs, ride)]
        found.alone.update(broken)
        found.first.update(broken[:1])
        if not broken:
            found.kept.append(ride)
    for rule in rules:
        if rule["kind"] == "overlap":
            _without_overlaps(found, rule["code"])
        elif rule["kind"] == "daily_count":
            _without_surplus(found, rule["code"], int(rule["limit"]))
    return found


def _person_days(rides: Iterable[Event]) -> Iterator[list[Event]]:
    order = sorted(rides, key=lambda ride: (ride["person"], ride["day"], ride["at"], ride["tie"]))
    for _, group in groupby(order, key=lambda ride: (ride["person"], ride["day"])):
        yield list(group)


def _without_overlaps(found: Findings, code: str) -> None:
    kept = []
    for day in _person_days(found.kept):
        busy_until, last_start = day[0]["at"], day[0]["at"] - 86_400
        for ride in day:
            if ride["at"] < busy_until:
                found.first[code] += 1
                found.overlapped_soon += ride["at"] - last_start <= 180
            else:
                kept.append(ride)
            busy_until = max(busy_until, ride["at"] + ride["duration_s"])
            last_start = ride["at"]
    found.kept = kept


def _without_surplus(found: Findings, code: str, limit: int) -> None:
    kept = []
    for day in _person_days(found.kept):
        found.days_before_count[len(day)] += 1
        found.first[code] += len(day[limit:])
        kept += day[:limit]
    found.kept = kept


def distribution(rides: Sequence[Event]) -> list[str]:
    """Rows of the table of percentiles over the rides that moved."""
    moved = [ride for ride in rides if ride["distance_m"] > 0]
    columns = {
        "里程（米）": [ride["distance_m"] for ride in moved],
        "时长（秒）": [ride["duration_s"] for ride in moved],
        "平均速度（米每小时）": [ride["distance_m"] * 3600 // max(1, ride["duration_s"]) for ride in moved],
        "定位点数": [ride["gps_point_count"] for ride in moved],
        "最大间距（米）": [ride["max_gps_jump_m"] for ride in moved],
    }
    rows = []
    for title, numbers in columns.items():
        numbers.sort()
        shown = [numbers[len(numbers) * percent // 100] for percent in PERCENTILES] + [numbers[-1]]
        rows.append(f"| {title} | {' | '.join(map(str, shown))} |")
    return rows


def counts(rides: Sequence[Event], rules: Sequence[Mapping[str, Any]], found: Findings) -> list[str]:
    """The beginning and the end of each row of the table of rules."""
    rows = []
    for rule in rules:
        alone = str(found.alone[rule["code"]]) if rule["kind"] == "row" else "—"
        rows.append(f"| `{rule['code']}` | … | {alone} | {found.first[rule['code']]} |")
    rows.append(f"| 合计搁置 | | | {len(rides) - len(found.kept)} |")
    rows.append(f"| 交给方法计算 | {len({ride['person'] for ride in found.kept})}个账户 | | {len(found.kept)} |")
    return rows


def shipped() -> tuple[Method, list[dict[str, Any]]]:
    """The newest shipped method for shared e-bikes and the county's rules for it."""
    folders = [ROOT / "factors", ROOT / "counties/pingjiang/factors"]
    method = load_library(ROOT / "methods", folders).versions("shared-e-bike")[-1]
    with (ROOT / "counties/pingjiang/scenarios/shared-e-bike.toml").open("rb") as file:
        return method, tomllib.load(file)["rules"]


def main(path: Path) -> None:
    """Print the tables for one file of rides."""
    method, rules = shipped()
    rides = read_rides(path)
    found = set_aside(rides, rules, method)
    lines = [*distribution(rides), "", *counts(rides, rules, found)]
    lines += ["", f"重叠中三分钟之内开始的：{found.overlapped_soon}"]
    lines.append(f"每人每天次数（次数: 人日）：{dict(sorted(found.days_before_count.items()))}")
    results = evaluate(method, found.kept)
    outcomes = Counter(result.outcome for result in results)
    lines.append(f"方法的结果：{dict(outcomes)}，减排量合计 {sum(result.reduction_g for result in results)} 克")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
