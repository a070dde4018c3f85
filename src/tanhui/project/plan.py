"""Loading a county's plan: the facts of its folder, the registers that count them, how each indicator is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tanhui.kernel.county import County
from tanhui.parties.types import Actor
from tanhui.plan import queries, services
from tanhui.project.county import Say

SYSTEM = Actor.system("county")


@dataclass(frozen=True)
class PlanLoaded:
    """What the county's folder held of its plan. `version` is 0 while the document waits on the desk."""

    title: str
    document: str
    version: int
    tasks: int
    indicators: int
    registers: int
    editions_new: int


def load_plan(county: County, *, at: datetime, say: Say) -> PlanLoaded | None:
    """Put the county's plan on the desk and take its registers; None where the folder has no plan. Safe to repeat.

    A demo county adopts it at once, and says so; elsewhere the working group adopts it in the office.
    Every document is read before anything is stored, also those that only pages read later.
    Raises what the rooms raise.
    """
    if not county.files("plan", "plan.yaml"):
        return None
    facts = queries.county_plan(county)
    registers, measures = queries.county_registers(county), queries.county_measures(county)
    for read in (queries.county_coverage, queries.county_topics, queries.county_appraisal):
        read(county)
    say(f"{county.name}：{facts.title}……")
    document = services.draft(name=f"counties/{county.folder.name}/plan", draft=facts, at=at, by=SYSTEM)
    version = queries.document(document).adopted_version or 0
    if not version and county.is_demo:
        version = services.adopt(number=document, at=at, by=SYSTEM)
    fresh = services.define(registers=registers, measures=measures, at=at, by=SYSTEM)
    return PlanLoaded(
        title=facts.title,
        document=document,
        version=version,
        tasks=len(facts.tasks),
        indicators=sum(len(task.indicators) for task in facts.tasks),
        registers=len(registers),
        editions_new=fresh,
    )
