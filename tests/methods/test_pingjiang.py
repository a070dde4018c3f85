"""The county's folder: its tables hang together and its scenarios rest on methods that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tanhui.kernel.county import County
from tanhui.parties.types import Purpose
from tanhui.scenarios.rules import read_plausibility, read_programme

ROOT = Path(__file__).resolve().parents[2]
COUNTY = County(ROOT / "counties/pingjiang")
SCENARIOS = [COUNTY.table(f"scenarios/{path.name}") for path in COUNTY.files("scenarios", ".toml")]
SOURCES = [COUNTY.table(f"sources/{path.name}") for path in COUNTY.files("sources", ".toml")]
CODES = {scenario["code"] for scenario in SCENARIOS}
LEADS = (
    "教育局 发改局 市生态环境局平江分局 县委宣传部 文旅广体局 交通运输局 商务粮食局 城管局 机关事务服务中心"
    " 市场监管局 科工信局 农业农村局"
)
"""The departments that lead a task of the county's plan, as the plan names them."""
CODE = re.compile(r"[a-z][a-z0-9_]*\Z")


def test_pingjiang_has_25_townships_and_550_villages() -> None:
    rows = COUNTY.rows("divisions.csv")
    levels = [row["level"] for row in rows]
    assert {level: levels.count(level) for level in set(levels)} == {"county": 1, "township": 25, "village": 550}
    codes = {row["stat_code"] for row in rows}
    assert len(codes) == len(rows)
    assert all(re.fullmatch(r"430626\d{6}", code) for code in codes)


def test_every_division_lies_in_the_one_above() -> None:
    rows = {row["stat_code"]: row for row in COUNTY.rows("divisions.csv")}
    above = {"county": None, "township": "county", "village": "township"}
    for row in rows.values():
        parent = rows.get(row["parent_code"])
        assert (parent["level"] if parent else None) == above[row["level"]], row
        if row["level"] == "village":
            assert row["stat_code"].startswith(row["parent_code"][:9]), row
            residents = int(row["stat_code"][-3:]) < 200
            assert (row["kind"] == "residents_committee") == residents, row


def test_unknown_administrative_codes_stay_empty_and_say_so() -> None:
    townships = [row for row in COUNTY.rows("divisions.csv") if row["level"] == "township"]
    unknown = {row["name"] for row in townships if not row["code"]}
    assert unknown == {"上塔市镇", "余坪镇", "三墩乡"}
    assert all(row["note"] for row in townships if not row["code"])
    assert all(row["code"] + "000" == row["stat_code"] for row in townships if row["code"])


def test_departments_have_aliases_that_name_one_of_them() -> None:
    named: dict[str, str] = {}
    for row in COUNTY.rows("organizations.csv"):
        for name in {row["name"], *filter(None, row["aliases"].split(";"))}:
            assert named.setdefault(name, row["code"]) == row["code"], name
    assert set(LEADS.split()) <= named.keys()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["code"])
def test_a_scenario_rests_on_a_method_and_speaks_plainly(scenario: dict[str, Any]) -> None:
    assert list((ROOT / "methods").glob(f"*/{scenario['method']}/*.md"))
    assert (COUNTY.folder / f"scenarios/{scenario['code']}.toml").is_file()
    assert Purpose(scenario["consent"])
    assert scenario["how_to"]
    rules = scenario.get("rules", [])
    read_plausibility(rules)
    assert len({rule["code"] for rule in rules}) == len(rules)
    for rule in rules:
        assert CODE.match(rule["code"])
        assert rule["message"].endswith("先搁置。"), rule["code"]
        assert rule["why"], rule["code"]
    if any(rule["kind"] == "overlap" for rule in rules):
        assert scenario["exclusive_group"]


def test_scenarios_are_shown_in_one_order() -> None:
    orders = [scenario["order"] for scenario in SCENARIOS]
    assert len(set(orders)) == len(orders)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["code"])
def test_a_partner_reports_scenarios_that_exist(source: dict[str, Any]) -> None:
    assert set(source["scenarios"]) <= CODES
    assert source["top_grade"] in {"A", "B", "C"}
    assert source["demo"] is True
    assert source["title"].startswith("示例") or source["code"] in ("self", "village")
    assert source["organization_credit_code"] == ""


def test_every_scenario_has_somebody_who_can_report_it() -> None:
    assert {code for source in SOURCES for code in source["scenarios"]} == CODES


def test_a_partner_asks_only_for_the_consent_of_its_scenarios() -> None:
    purposes = {scenario["code"]: scenario["consent"] for scenario in SCENARIOS}
    for source in SOURCES:
        asked = {purposes[code] for code in source["scenarios"]}
        assert asked == {source["consent"]} or source["consent"] == "", source["code"]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_has_its_text(purpose: Purpose) -> None:
    text = (COUNTY.folder / f"consents/{purpose.value}-v1.md").read_text(encoding="utf-8")
    front, body = text.removeprefix("---\n").split("\n---\n", 1)
    facts = dict(line.split(": ", 1) for line in front.splitlines())
    assert (facts["purpose"], facts["version"], facts["title"]) == (purpose.value, "v1", purpose.label)
    for promise in ("我们用什么", "用来做什么", "给谁看", "保存多久", "怎么反悔"):
        assert f"**{promise}。**" in body, promise


def test_the_points_programme_is_openly_provisional() -> None:
    table = COUNTY.table("programme.toml")
    assert table["status"] == "provisional"
    assert "批准" in table["source"]
    programme = read_programme(table)
    assert programme.points_per_month is not None
    assert programme.points_per_year is not None
    assert 0 < programme.points_per_month <= programme.points_per_year
    assert programme.rule
