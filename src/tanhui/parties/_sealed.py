"""Personal values that are kept encrypted: bound to their table, field and person, found by a blind index."""

from __future__ import annotations

from datetime import datetime

from tanhui.kernel.crypto import key_ring
from tanhui.parties.models import SealedValue


def seal_value(party_id: int, kind: str, text: str, at: datetime) -> None:
    """Keep one personal value encrypted, with its blind index; replaces an older one."""
    ring = key_ring()
    ciphertext = ring.encrypt(text.encode(), context=f"parties_sealed_value:{kind}:{party_id}")
    SealedValue.objects.update_or_create(
        party_id=party_id,
        kind=kind,
        defaults={
            "ciphertext": ciphertext,
            "suite": ring.active.suite.value,
            "key_id": ring.active.key_id,
            "blind_index": ring.keyed_hash(kind, text),
            "recorded_at": at,
        },
    )


def unseal_value(value: SealedValue) -> str:
    """The plain text of a sealed value. Raises Undecipherable."""
    context = f"parties_sealed_value:{value.kind}:{value.party_id}"
    return key_ring().decrypt(bytes(value.ciphertext), context=context).decode()


def reseal_stale(at: datetime, limit: int = 1000) -> int:
    """Encrypt again, under the active key, up to `limit` values of retired keys; the number done."""
    stale = SealedValue.objects.exclude(key_id=key_ring().active.key_id)
    rows = list(stale.select_for_update(skip_locked=True).order_by("id")[:limit])
    for value in rows:
        seal_value(value.party_id, value.kind, unseal_value(value), at)
    return len(rows)


def blind_index(kind: str, text: str) -> bytes:
    """The keyed hash by which a sealed value is found without opening any."""
    return key_ring().keyed_hash(kind, text)
