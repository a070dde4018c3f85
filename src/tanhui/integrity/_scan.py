"""Looking at a day: every rule over everything, findings joined to the open case of their subject."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from tanhui.community import queries as community
from tanhui.integrity._document import rules_in_force
from tanhui.integrity.models import Case, Finding
from tanhui.integrity.rules import KINDS, Day, Found
from tanhui.integrity.types import CaseState, RuleView, SubjectKind
from tanhui.kernel.ids import new_number
from tanhui.parties import queries as parties
from tanhui.rewards import queries as rewards


def scan(day: date, at: datetime) -> int:
    """What is new about that day, each finding its own transaction; how many findings there were."""
    seen = Day(rewards.redemption_traces(day), rewards.exchange_traces(day), community.measurement_traces(day))
    return sum(
        _keep(rule, found, day, at)
        for rule in rules_in_force().rules
        for found in KINDS[rule.code].look(seen, rule.limits)
    )


@transaction.atomic
def _keep(rule: RuleView, found: Found, day: date, at: datetime) -> int:
    """One finding, in the open case of its subject; 0 where it was there before."""
    subject, party_id = _subject(rule.on, found.subject)
    if Finding.objects.filter(rule=rule.code, kind=rule.on, subject=subject, day=day).exists():
        return 0
    case = Case.objects.select_for_update(no_key=True).filter(kind=rule.on, subject=subject, state=CaseState.OPEN)
    kept = case.first() or Case.objects.create(
        number=new_number("cas", at),
        kind=rule.on,
        subject=subject,
        party_id=party_id,
        state=CaseState.OPEN,
        opened_at=at,
    )
    Finding.objects.create(
        number=new_number("fnd", at),
        case=kept,
        rule=rule.code,
        kind=rule.on,
        subject=subject,
        day=day,
        sentence=found.sentence,
        measures=dict(found.measures),
        evidence=list(found.evidence),
        found_at=at,
    )
    return 1


def _subject(kind: SubjectKind, found: str) -> tuple[str, int | None]:
    """The public name of a subject, and the party that is concerned."""
    if kind is SubjectKind.MERCHANT:
        return found, rewards.merchant(found).party_id
    if kind is SubjectKind.PERSON:
        ref = parties.party_by_id(int(found))
        return ref.number, ref.id
    return found, None
