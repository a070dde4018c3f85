"""Bindings begin and end in sets: one statement each, whatever the number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from tanhui.kernel.errors import BadInput, Busy
from tanhui.parties import _acting, _audit, queries
from tanhui.parties.models import Binding, BindingEvent, Consent, Party, Resident
from tanhui.parties.rules import clean_source
from tanhui.parties.types import Actor, AlreadyBound, BindReport, ConsentMissing, Purpose

_INSERT = """
INSERT INTO parties_binding (source, subject_key, party_id, purpose, started_at)
SELECT %(source)s, key, party, %(purpose)s, %(at)s
  FROM unnest(%(keys)s::bytea[], %(parties)s::bigint[]) AS wanted (key, party)
 ORDER BY key
ON CONFLICT (source, subject_key) WHERE ended_at IS NULL DO NOTHING
RETURNING id, subject_key
"""


def bind(
    *,
    source: str,
    wanted: Mapping[str, int],
    unwanted: Iterable[str],
    purpose: Purpose,
    at: datetime,
    by: Actor | None,
) -> BindReport:
    """Begin the wanted bindings and end the unwanted ones; all or none."""
    clean_source(source)
    gone = _keys_of(source, unwanted)
    fresh = dict(zip(_keys_of(source, wanted), wanted.values(), strict=True))
    owners = dict(queries.bound_parties(source, gone))
    parties = _acting.lock_parties(set(fresh.values()) | set(owners.values()))
    _check_hands(parties, set(fresh.values()), purpose, at, by)
    for party_id in set(owners.values()):
        _acting.require_hand(by, parties[party_id], "parties.bind")
    # The journal comes before the rows: news must get its serial numbers in order of commit.
    _audit.lock_journal()
    begun = _begin(source, fresh, purpose, at)
    ended = end(Binding.objects.filter(source=source, subject_key__in=gone, ended_at__isnull=True), at)
    if by is not None and (begun or ended):
        target = next(iter(parties.values())).number if len(parties) == 1 else f"source:{source}"
        detail = {"source": source, "bound": begun, "unbound": ended, "residents": len(parties)}
        _audit.append(actor=by.name, action="parties.bind", target=target, detail=detail, at=at)
    return BindReport(bound=begun, unbound=ended, unchanged=len(fresh) + len(gone) - begun - ended)


def _keys_of(source: str, external_ids: Iterable[str]) -> list[bytes]:
    ids = list(external_ids)
    if any(not one or len(one) > 200 for one in ids):
        raise BadInput("接入方人员编号应为 1 至 200 个字", where="external_id", fix="核对接入方给出的编号")
    return queries.subject_keys(source, ids)


def _check_hands(parties: Mapping[int, Party], ids: set[int], purpose: Purpose, at: datetime, by: Actor | None) -> None:
    residents = Resident.objects.in_bulk(ids)
    latest = Consent.objects.filter(party_id__in=ids, purpose=purpose).order_by("party_id", "-id")
    given = {fact.party_id for fact in latest.distinct("party_id") if fact.given}
    for party_id in sorted(ids):
        party, resident = parties[party_id], residents.get(party_id)
        if resident is None:
            raise BadInput(f"{party.number} 是单位，不能绑定个人编号", where="party_id", fix="改用居民的编号")
        _acting.require_hand(by, party)
        _acting.require_guardian(by, party, resident, at)
        if party_id not in given:
            fix = "请本人先阅读并同意授权文本，再绑定"
            raise ConsentMissing(f"{party.number} 没有同意“{purpose.label}”", where=purpose.value, fix=fix)


def _begin(source: str, fresh: Mapping[bytes, int], purpose: Purpose, at: datetime) -> int:
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "source": source,
                "purpose": purpose.value,
                "at": at,
                "keys": list(fresh),
                "parties": list(fresh.values()),
            },
        )
        begun = {bytes(key): binding_id for binding_id, key in cursor.fetchall()}
    kept = [key for key in fresh if key not in begun]
    owners = queries.bound_parties(source, kept)
    foreign = sum(1 for key in kept if key in owners and owners[key] != fresh[key])
    if foreign:
        fix = "如果这是您的账号，请联系接入方或便民服务点核实"
        raise AlreadyBound("这个接入方账号已绑定到另一位居民", where=source, fix=fix, detail={"count": foreign})
    if len(owners) < len(kept):
        raise Busy("绑定正在被解除", where=source, fix="稍后重试")
    _tell(begun.values(), bound=True, at=at)
    return len(begun)


def end(active: Iterable[Binding], at: datetime) -> int:
    """End these active bindings, with news. The journal must be locked."""
    ids = [binding.pk for binding in active]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE parties_binding SET ended_at = greatest(%s, started_at)"
            " WHERE id = ANY(%s) AND ended_at IS NULL RETURNING id",
            [at, ids],
        )
        ended = [row[0] for row in cursor.fetchall()]
    _tell(ended, bound=False, at=at)
    return len(ended)


def _tell(ids: Iterable[int], *, bound: bool, at: datetime) -> None:
    BindingEvent.objects.bulk_create(
        [BindingEvent(binding_id=binding_id, bound=bound, at=at) for binding_id in sorted(ids)],
        batch_size=5000,
    )
