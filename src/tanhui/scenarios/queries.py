"""The nouns of the room, as others may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tanhui.scenarios._figures import county_figures, daily_figures, figures_by_scenario, figures_by_township
from tanhui.scenarios._intake import file_delivery
from tanhui.scenarios._methods import current_programme, library
from tanhui.scenarios._office import (
    budget,
    contests_open,
    deliveries,
    delivery,
    marks_waiting,
    method_version,
    method_versions,
    methods_registrable,
    outcomes,
    refused_rows,
    run,
    runs,
    set_aside,
    set_aside_counts,
    source,
    sources,
)
from tanhui.scenarios._replay import shadow_replay
from tanhui.scenarios._scenarios import scenario_drafts
from tanhui.scenarios._sources import binding_purposes, delivery_receipt, events_evidence, signing_key
from tanhui.scenarios._statement import behavior_id, behavior_number, behaviors_of, case, receipt, statement
from tanhui.scenarios.models import Scenario

__all__ = [
    "behavior_id",
    "behavior_number",
    "behaviors_of",
    "binding_purposes",
    "budget",
    "case",
    "contests_open",
    "county_figures",
    "current_programme",
    "daily_figures",
    "deliveries",
    "delivery",
    "delivery_receipt",
    "events_evidence",
    "figures_by_scenario",
    "figures_by_township",
    "file_delivery",
    "library",
    "marks_waiting",
    "method_version",
    "method_versions",
    "methods_registrable",
    "outcomes",
    "receipt",
    "refused_rows",
    "run",
    "runs",
    "scenario_drafts",
    "scenarios",
    "set_aside",
    "set_aside_counts",
    "shadow_replay",
    "signing_key",
    "source",
    "sources",
    "statement",
]


@dataclass(frozen=True)
class ScenarioView:
    """An open scenario in plain words: `settings` holds summary, how_to, icon, order, family, consent purpose."""

    code: str
    title: str
    method_name: str
    settings: dict[str, Any]


def scenarios(*, enabled_only: bool = True) -> list[ScenarioView]:
    """The county's scenarios in the order in which they are shown."""
    rows = Scenario.objects.filter(enabled=True) if enabled_only else Scenario.objects.all()
    views = [ScenarioView(row.code, row.title, row.method_name, dict(row.settings)) for row in rows]
    return sorted(views, key=lambda view: (view.settings.get("order", 0), view.code))
