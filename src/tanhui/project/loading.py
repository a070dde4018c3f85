"""Loading a county's folder into its installation: divisions, organizations, scenarios, partners, methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tanhui.kernel.county import County
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, DivisionRow, DivisionTable, OrganizationDetails
from tanhui.scenarios import queries as scenarios_queries
from tanhui.scenarios import services as scenarios
from tanhui.scenarios.types import Grade, SourceDraft, SourceStatus

LOADER = Actor.system("county")
_STEPS = ("draft", "committee_review", "public_notice", "in_force")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """How much of a county was loaded; the same again changes nothing."""

    divisions: int
    organizations: int
    scenarios: int
    sources: int
    methods: int


def load_county(county: County, *, at: datetime, adopt_methods: bool, tell: Tell = lambda line: None) -> Loaded:
    """Bring the installation to what the county's folder says; safe to repeat.

    Method files are registered as drafts; the expert committee moves them on in the office. `adopt_methods` moves
    every unregistered one into force at once, in the county's name: for a demonstration county, and openly noted.
    """
    tell("行政区划")
    divisions = load_divisions(county, at)
    tell("单位")
    organizations = county.rows("organizations.csv")
    for row in organizations:
        details = OrganizationDetails(name=row["name"], code=row["code"], credit_code=row.get("credit_code") or "")
        parties.register(details=details, at=at, by=LOADER)
    tell("低碳场景")
    drafts = scenarios_queries.scenario_drafts(county)
    for draft in drafts:
        scenarios.admit(draft=draft, at=at, by=LOADER)
    tell("接入方")
    sources = load_sources(county, at)
    tell("方法学")
    methods = load_methods(at, adopt=adopt_methods)
    return Loaded(divisions, len(organizations), len(drafts), sources, methods)


def load_divisions(county: County, at: datetime) -> int:
    """The county's `divisions.csv`; returns how many rows it has."""
    rows = tuple(
        DivisionRow(
            statistical_code=row["stat_code"],
            name=row["name"],
            level=row["level"],
            parent_code=row["parent_code"],
            code=row["code"],
        )
        for row in county.rows("divisions.csv")
    )
    parties.register(details=DivisionTable(rows), at=at, by=LOADER)
    return len(rows)


def load_sources(county: County, at: datetime) -> int:
    """The county's `sources/*.toml`; returns how many there are."""
    files = county.files("sources", ".toml")
    for path in files:
        table = county.table(f"sources/{path.name}")
        draft = SourceDraft(
            code=table["code"],
            title=table["title"],
            scenarios=tuple(table.get("scenarios", ())),
            top_grade=Grade[table["top_grade"]],
            status=SourceStatus(table.get("status", "active")),
        )
        scenarios.admit(draft=draft, at=at, by=LOADER)
    return len(files)


def load_methods(at: datetime, *, adopt: bool) -> int:
    """Register every method file that is not registered as it stands; returns how many were."""
    waiting = scenarios_queries.methods_registrable()
    for name, version, _title in waiting:
        for stage in _STEPS if adopt else _STEPS[:1]:
            note = "演示县暂行采用：全部暂定参数须由专家委员会核定" if adopt else ""
            scenarios.advance_method(name=name, version=version, stage=stage, at=at, by=LOADER, note=note)
    return len(waiting)
