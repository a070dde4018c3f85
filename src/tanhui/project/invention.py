"""Visibly invented residents for a demo county, bound to every person id that a partner's file names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from tanhui.kernel.county import County
from tanhui.kernel.errors import Forbidden
from tanhui.parties import queries
from tanhui.parties import services as parties
from tanhui.parties.types import Actor, LoginId, Purpose, ResidentDetails
from tanhui.project.county import Say, consent_versions, purpose_of, this_county
from tanhui.scenarios import queries as scenario_queries
from tanhui.scenarios.types import Evidence

SYSTEM = Actor.system("demo")
BATCH = 1000


@dataclass(frozen=True)
class Invention:
    """What came of it: person ids in the file, residents now standing for them, bindings begun by this call."""

    source: str
    person_ids: int
    residents: int
    bound: int


def require_demo(county: County) -> None:
    """Raises Forbidden in a real county: nobody is invented beside real people."""
    if not county.is_demo:
        raise Forbidden("只有演示县可以虚构居民", where=county.name, fix="真实居民由本人加入并绑定")


def invent_for_file(*, source: str, path: Path, mapping: Path | None, at: datetime, say: Say) -> Invention:
    """One invented resident for each person id of the file. Safe to repeat: the same id gives the same resident."""
    county = this_county()
    require_demo(county)
    rows = scenario_queries.file_delivery(source=source, path=path, mapping_path=mapping).evidence
    subjects = sorted({row.subject for row in rows if isinstance(row, Evidence) and row.subject})
    purpose = purpose_of(county, source)
    villages = [division.statistical_code for division in queries.divisions("village")]
    residents = bound = 0
    for part in _batches(subjects):
        people = parties.register(
            details=[_invented(county, source, subject, purpose, villages) for subject in part], at=at, by=SYSTEM
        )
        pairs = [(subject, person.id) for subject, person in zip(part, people, strict=True)]
        bound += parties.bind(source=source, purpose=purpose, at=at, bindings=pairs, by=SYSTEM).bound
        residents += len(people)
        say(f"虚构居民 {residents:,} / {len(subjects):,}")
    return Invention(source, len(subjects), residents, bound)


def _batches(subjects: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(subjects[start : start + BATCH]) for start in range(0, len(subjects), BATCH)]


def _invented(county: County, source: str, subject: str, purpose: Purpose, villages: Sequence[str]) -> ResidentDetails:
    mark = sha256(f"{source}:{subject}".encode()).hexdigest()
    versions = consent_versions(county)
    return ResidentDetails(
        login=LoginId("development", f"invented-{mark[:32]}"),
        nickname=f"虚构居民 {mark[:6]}",
        division_code=villages[int(mark[:8], 16) % len(villages)] if villages else "",
        consents={each: versions[each] for each in {Purpose.ACCOUNT, purpose}},
        basis="演示县的虚构居民，由程序登记",
    )
