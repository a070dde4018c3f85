"""The verbs of the room. Each is atomic, takes the time as an argument and may be repeated safely."""

from __future__ import annotations

from datetime import datetime

from tanhui.scenarios._intake import submit, withdraw
from tanhui.scenarios._methods import advance_method
from tanhui.scenarios._scenarios import contest, open_scenario, rule, share
from tanhui.scenarios._settle import settle
from tanhui.scenarios._sources import admit_source
from tanhui.scenarios.types import ScenarioDraft, SourceDraft

__all__ = ["admit", "advance_method", "contest", "rule", "settle", "share", "submit", "withdraw"]


def admit(*, draft: SourceDraft | ScenarioDraft, at: datetime) -> None:
    """Open or alter what evidence may come from: a source (partner and its keys), or a scenario.

    Admitting the same draft twice changes nothing. Raises what the draft's contents deserve.
    """
    if isinstance(draft, ScenarioDraft):
        open_scenario(draft)
    else:
        admit_source(draft=draft, at=at)
