"""Erasure cuts the link: what is personal goes, the empty party stays so that every book balances."""

from __future__ import annotations

from datetime import datetime

from tanhui.parties import _acting, _audit, _bind, _consent, _relate
from tanhui.parties.models import Binding, Erasure, Login, Relation, Resident, SealedValue
from tanhui.parties.types import Actor, RelationKind


def erase(party_id: int, at: datetime, by: Actor | None) -> None:
    """Erase one resident. Children whose last guardian this was lose their consents, not their accounts."""
    guarded = Relation.objects.filter(
        holder_id=party_id, kind=RelationKind.GUARDIAN, ended_at__isnull=True
    ).values_list("subject_id", flat=True)
    locked = _acting.lock_parties({party_id, *guarded})
    party, _resident = _acting.lock_resident(party_id)
    _acting.require_hand(by, party, "parties.erase")
    children = [child for child in locked.values() if child.pk != party_id]
    _audit.lock_journal()
    _consent.withdraw_all(party, at, by)
    _bind.end(Binding.objects.filter(party=party, ended_at__isnull=True), at)
    Binding.objects.filter(party=party).update(subject_key=None)
    SealedValue.objects.filter(party=party).delete()
    Login.objects.filter(party=party).delete()
    Relation.objects.filter(subject=party).delete()
    Relation.objects.filter(holder=party).delete()
    Resident.objects.filter(party=party).delete()
    party.erased_at = at
    party.save(update_fields=["erased_at"])
    Erasure.objects.create(party=party, at=at)
    for child in children:
        _relate.stop_unguarded(child, at, by)
    actor = by.name if by is not None else party.number
    detail = {"children_left": len(children)}
    _audit.append(actor=actor, action="parties.erase", target=party.number, detail=detail, at=at)
