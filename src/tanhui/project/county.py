"""Loading a county's folder into the house: divisions, organizations, partners, scenarios, methods. Safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import yaml
from django.conf import settings

from tanhui.kernel.county import County, load_county
from tanhui.kernel.errors import BadInput
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, DivisionRow, DivisionTable, OrganizationDetails, Purpose
from tanhui.scenarios import queries as scenario_queries
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.types import SIGNED_STAGES, Grade, SourceDraft

LIFE = ("draft", "committee_review", "public_notice", "in_force")
SYSTEM = Actor.system("county")

Say = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """What the county's folder held, and how many methods rule now or wait for the committee."""

    county: str
    divisions_changed: int
    organizations: int
    sources: int
    scenarios: int
    methods_in_force: int
    methods_waiting: int


def this_county() -> County:
    """The folder of this installation's county."""
    return load_county(settings.TANHUI_COUNTY)


def load(*, at: datetime, say: Say, committee: Actor | None = None) -> Loaded:
    """Load everything. Methods that the files call in force enter force only when `committee` signs, or in a demo
    county, where the house signs and says so; elsewhere they wait as drafts. Raises what the rooms raise."""
    county = this_county()
    say(f"{county.name}：行政区划……")
    changed = parties.register(details=divisions(county), at=at, by=SYSTEM)
    say(f"{county.name}：单位、接入方、场景……")
    organizations = county.rows("organizations.csv")
    for row in organizations:
        details = OrganizationDetails(name=row["name"], credit_code=row.get("credit_code", ""), code=row["code"])
        parties.register(details=details, at=at, by=SYSTEM)
    sources, opened = load_scenarios(county, at=at)
    in_force, waiting = load_methods(county, at=at, say=say, committee=committee)
    return Loaded(county.name, changed, len(organizations), sources, opened, in_force, waiting)


def load_scenarios(county: County, *, at: datetime) -> tuple[int, int]:
    """Admit the partners and open the scenarios. Returns how many of each the folder has."""
    sources = county.files("sources", ".toml")
    for path in sources:
        scenarios.admit(draft=_source(county.table(f"sources/{path.name}"), at), at=at, by=SYSTEM)
    drafts = scenario_queries.scenario_drafts(county)
    for draft in drafts:
        scenarios.admit(draft=draft, at=at, by=SYSTEM)
    return len(sources), len(drafts)


def divisions(county: County) -> DivisionTable:
    """`divisions.csv` as the register takes it."""
    rows = county.rows("divisions.csv")
    return DivisionTable(
        tuple(
            DivisionRow(
                statistical_code=row["stat_code"],
                name=row["name"],
                level=row["level"],
                parent_code=row["parent_code"],
                code=row["code"],
            )
            for row in rows
        )
    )


def _source(table: Mapping[str, Any], at: datetime) -> SourceDraft:
    organization = None
    if table.get("organization"):
        details = OrganizationDetails(
            name=table["organization"], credit_code=table.get("organization_credit_code", ""), code=table["code"]
        )
        organization = parties.register(details=details, at=at, by=SYSTEM).number
    return SourceDraft(
        code=table["code"],
        title=table["title"],
        scenarios=tuple(table.get("scenarios", ())),
        top_grade=Grade[table.get("top_grade", "B")],
        organization=organization,
    )


def load_methods(county: County, *, at: datetime, say: Say, committee: Actor | None = None) -> tuple[int, int]:
    """Register the method files and, where somebody may sign, bring them into force. Returns (in force, waiting)."""
    signer = committee or (SYSTEM if county.is_demo else None)
    signed_by_the_house = committee is None and signer is not None
    note = "演示县：由程序代为签署，不构成专家委员会的意见" if signed_by_the_house else "装入县域数据"
    stages = {view.rule_hash: view.stage for view in scenario_queries.method_versions()}
    in_force = waiting = 0
    for method in scenario_queries.library().methods:
        say(f"方法学：{method.title} {method.version}")
        wanted = LIFE if method.status == "in_force" and signer is not None else LIFE[:1]
        done = stages.get(method.rule_hash, "")
        if done == "withdrawn":
            continue
        for stage in wanted[LIFE.index(done) + 1 if done else 0 :]:
            by = signer if signer is not None and stage in SIGNED_STAGES else SYSTEM
            scenarios.advance_method(
                name=method.name, version=method.version, stage=stage, at=at, by=by, note=note, rule_hash=""
            )
            done = stage
        in_force += done == "in_force"
        waiting += done != "in_force"
    return in_force, waiting


def consent_versions(county: County) -> dict[Purpose, str]:
    """For each purpose the version of the newest text in `consents/`. Raises BadInput for a text without its head."""
    newest: dict[Purpose, tuple[str, str]] = {}
    for path in county.files("consents", ".md"):
        parts = path.read_text(encoding="utf-8").split("---", 2)
        head = yaml.safe_load(parts[1]) if len(parts) == 3 and not parts[0].strip() else None
        if not isinstance(head, dict) or not {"purpose", "version", "effective_on"} <= head.keys():
            raise BadInput("授权文本缺少开头的说明", where=str(path), fix="写上 purpose、version、effective_on")
        purpose, candidate = Purpose(head["purpose"]), (str(head["effective_on"]), str(head["version"]))
        newest[purpose] = max(newest.get(purpose, ("", "")), candidate)
    return {purpose: version for purpose, (_, version) in newest.items()}


def purpose_of(county: County, source: str) -> Purpose:
    """The purpose that a resident consents to when binding this partner, as `sources/<code>.toml` says."""
    return Purpose(county.table(f"sources/{source}.toml").get("consent") or "account")
