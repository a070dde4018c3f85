"""The verbs of the room: permission, then the act, then a line in the audit trail where an officer's hand did it.

`by` is the system where nothing else is said. Partners and residents need no role for their own evidence: the door
has checked the signature or signed the resident in, so `submit` and `withdraw` ask only where somebody else acts,
and `contest` and `share` are the resident's own.
Each takes the time as an argument and may be repeated safely. All are atomic but `settle`, which is a series of
transactions, each whole in itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor
from tanhui.scenarios import _methods, _scenarios, _settle, _sources
from tanhui.scenarios._intake import submit, withdraw
from tanhui.scenarios._scenarios import contest, share
from tanhui.scenarios.rules import Programme
from tanhui.scenarios.types import SIGNED_STAGES, ScenarioDraft, SettlementSummary, SourceDraft

__all__ = ["admit", "advance_method", "contest", "rule", "settle", "share", "submit", "withdraw"]

SYSTEM = Actor.system("scenarios")


@transaction.atomic
def admit(*, draft: SourceDraft | ScenarioDraft, at: datetime, by: Actor = SYSTEM) -> None:
    """Open or alter what evidence may come from: a source (partner and its keys), or a scenario.

    Admitting the same draft twice changes nothing. Raises Forbidden, and what the draft's contents deserve.
    """
    parties.require(by, "scenarios.admit_source")
    if isinstance(draft, ScenarioDraft):
        _scenarios.open_scenario(draft=draft, at=at, by=by)
    else:
        _sources.admit_source(draft=draft, at=at, by=by)


@transaction.atomic
def advance_method(
    *, name: str, version: str, stage: str, at: datetime, by: Actor = SYSTEM, note: str = "", rule_hash: str = ""
) -> str:
    """Move a method version to the next stage of its life: draft, committee_review, public_notice, in_force,
    withdrawn; returns its rule hash. `draft` registers the file as it stands, with the factor rows it uses.

    In force, it rules from its valid_from; the version it supersedes ends on that day; and every behavior of the
    days concerned is marked, so that the next settlement posts the difference as new entries. Only the expert
    committee may sign a version into public notice, into force or out of it. Raises Forbidden, MethodMissing where
    no such file or version is known, MethodNotReady where the step is not allowed, with what is missing.
    """
    parties.require(by, "scenarios.sign_method" if stage in SIGNED_STAGES else "scenarios.propose_method")
    row = _methods.advance(name, version, stage, by=by.name, note=note, at=at, rule_hash=rule_hash)
    detail = {"stage": stage, "version": version, "rule_hash": row.rule_hash, "note": note}
    parties_services.record(actor=by, action="scenarios.advance_method", target=f"method:{name}", detail=detail, at=at)
    return row.rule_hash


@transaction.atomic
def rule(*, numbers: Iterable[str], counts: bool, reason: str, at: datetime, by: Actor = SYSTEM) -> int:
    """Decide that behaviors count, or do not, over what the rules said; open contests are answered with it.

    The days become stale, so that the next settlement posts the difference; a later ruling takes it back the same
    way. Returns how many behaviors were ruled on. Raises Forbidden, NotFound where one does not exist.
    """
    parties.require(by, "scenarios.rule")
    wanted = sorted(set(numbers))
    ruled = _scenarios.rule(numbers=wanted, counts=counts, reason=reason, by=by.name, at=at)
    for number in wanted:
        detail = {"counts": counts, "reason": reason}
        parties_services.record(actor=by, action="scenarios.rule", target=number, detail=detail, at=at)
    return ruled


def settle(
    *,
    at: datetime,
    by: Actor = SYSTEM,
    programme: Programme | None = None,
    on_progress: _settle.Progress | None = None,
    person_days_a_run: int = _settle.PERSON_DAYS_A_RUN,
    hands: int = 1,
) -> SettlementSummary:
    """Reconcile every stale person-day with the books, and let points expire whose year is over.

    `at` is the time of recording.

    Each run is one transaction over a span of days: marks, lines, postings and figures change together or not at
    all, so a crash loses nothing and the next call goes on. `on_progress(done, total)` counts marks. With several
    `hands`, residents are shared out to as many connections; the books are the same. Raises Forbidden,
    SettlementBusy while another settlement runs.
    """
    parties.require(by, "scenarios.settle")
    summary = _settle.settle(
        at=at, programme=programme, on_progress=on_progress, person_days_a_run=person_days_a_run, hands=hands
    )
    if not by.is_system:
        detail = {"runs": list(summary.runs), "lines": summary.lines, "transfers": summary.transfers}
        parties_services.record(actor=by, action="scenarios.settle", target="books", detail=detail, at=at)
    return summary
