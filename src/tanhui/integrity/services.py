"""The verbs of the room: look at a day, decide, appeal, rule. Each may be repeated; a second try is told so."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from tanhui.integrity import _cases, _forget, _scan
from tanhui.integrity.types import AppealDetails, DecisionDetails, RulingDetails
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor

__all__ = ["appeal", "decide", "forget", "rule", "scan"]

SYSTEM = Actor.system("integrity")


def scan(*, day: date, at: datetime, by: Actor = SYSTEM) -> int:
    """Look at a day of the county with every rule in force; how many findings were new.

    Safe to repeat: a finding is kept once a rule, subject and day. Each is its own transaction. Raises Forbidden,
    BadInput where the county's document is wrong.
    """
    parties.require(by, "integrity.decide")
    return _scan.scan(day, at)


@transaction.atomic
def decide(*, details: DecisionDetails, at: datetime, by: Actor) -> None:
    """Decide an open case, with its reason; a hold or a suspension takes effect at once.

    Raises Forbidden, NotFound, CaseNotReady, SamePerson (about oneself), BadInput; then nothing has changed.
    """
    parties.require(by, "integrity.decide")
    _cases.decide(details, at, by)


@transaction.atomic
def appeal(*, details: AppealDetails, at: datetime, by: Actor) -> None:
    """A resident against a decision about himself, or a merchant's manager about the merchant; once, within the days.

    Raises NotFound (also for a case about others), CaseNotReady, AppealTooLate, BadInput.
    """
    _cases.appeal(details, at, by)


@transaction.atomic
def rule(*, details: RulingDetails, at: datetime, by: Actor) -> None:
    """Rule on an appeal; what the decision did is taken back where the appeal succeeds.

    Raises Forbidden, NotFound, CaseNotReady, SamePerson, BadInput.
    """
    parties.require(by, "integrity.appeal")
    _cases.rule(details, at, by)


def forget(*, at: datetime) -> int:
    """Forget the words of appeals of residents who were erased; how many residents there were. Safe to repeat."""
    return _forget.forget_erased(at=at)
