"""Consent given and withdrawn, and what a withdrawal takes with it."""

from __future__ import annotations

import re
from datetime import datetime

from tanhui.kernel.errors import BadInput
from tanhui.parties import _acting, _audit, _bind, _register
from tanhui.parties.models import Binding, Consent, Party, Resident, SealedValue
from tanhui.parties.types import Actor, ConsentState, Purpose

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,39}")
_SEALED_UNDER = {
    Purpose.CONTACT: (SealedValue.Kind.PHONE, SealedValue.Kind.ADDRESS),
    Purpose.IDENTITY: (SealedValue.Kind.REAL_NAME, SealedValue.Kind.IDENTITY_NUMBER),
}


def change(
    party_id: int, purpose: Purpose, text_version: str, given: bool, at: datetime, by: Actor | None
) -> ConsentState:
    """Append the fact where it says something new; a withdrawal ends what stood on it."""
    if not _VERSION.fullmatch(text_version):
        raise BadInput("授权文本版本无法识别", where="text_version", fix="写成展示给居民的文本版本，如 v1")
    party, resident = _acting.lock_resident(party_id)
    _acting.require_hand(by, party)
    if given:
        _acting.require_guardian(by, party, resident, at)
        if purpose is not Purpose.ACCOUNT:
            _register.require_consent(party_id, Purpose.ACCOUNT)
    latest = _latest(party_id).get(purpose)
    same = latest is not None and latest.given == given and (not given or latest.text_version == text_version)
    if latest is not None and same:
        return ConsentState(purpose, latest.text_version, given, latest.at)
    _append(party, purpose, text_version, given, at, by)
    if not given:
        withdraw_what_stands(party, purpose, at, by)
    if by is not None:
        detail = {"purpose": purpose.value, "text_version": text_version, "given": given}
        _audit.append(actor=by.name, action="parties.consent", target=party.number, detail=detail, at=at)
    return ConsentState(purpose, text_version, given, at)


def _latest(party_id: int) -> dict[Purpose, Consent]:
    rows = Consent.objects.filter(party_id=party_id).order_by("purpose", "-id").distinct("purpose")
    return {Purpose(row.purpose): row for row in rows}


def _append(party: Party, purpose: Purpose, text_version: str, given: bool, at: datetime, by: Actor | None) -> None:
    guardian = by.party_id if by is not None and by.party_id != party.pk else None
    Consent.objects.create(
        party=party,
        purpose=purpose,
        text_version=text_version,
        given=given,
        at=at,
        by_party_id=guardian,
        by_user_id=by.user_id if by is not None else None,
    )


def withdraw_what_stands(party: Party, purpose: Purpose, at: datetime, by: Actor | None) -> None:
    """End the bindings and delete the sealed values of a purpose; those of every purpose with the account."""
    purposes = list(Purpose) if purpose is Purpose.ACCOUNT else [purpose]
    if purpose is Purpose.ACCOUNT:
        withdraw_all(party, at, by, besides=Purpose.ACCOUNT)
    _audit.lock_journal()
    _bind.end(Binding.objects.filter(party=party, purpose__in=purposes, ended_at__isnull=True), at)
    kinds = [kind for one in purposes for kind in _SEALED_UNDER.get(one, ())]
    SealedValue.objects.filter(party=party, kind__in=kinds).delete()
    if Purpose.IDENTITY in purposes:
        Resident.objects.filter(party=party).update(identity_checked_at=None)


def withdraw_all(party: Party, at: datetime, by: Actor | None, besides: Purpose | None = None) -> None:
    """Append a withdrawal for every purpose whose latest word is a yes."""
    for purpose, latest in _latest(party.pk).items():
        if latest.given and purpose is not besides:
            _append(party, purpose, latest.text_version, False, at, by)
