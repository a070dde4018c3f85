"""Partners and their keys, and what became of their deliveries."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction

from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, Purpose
from tanhui.scenarios.connectors.cloudevents.reading import read_events
from tanhui.scenarios.models import Delivery, RefusedRow, Scenario, Source, SourceKey
from tanhui.scenarios.types import (
    Channel,
    DeliveryReceipt,
    Evidence,
    Grade,
    KeyTaken,
    Refusal,
    SigningKey,
    SourceDraft,
    SourceInfo,
    SourceKeyDraft,
    SourceStatus,
    SourceSuspended,
    UnknownSource,
)

__all__ = ["admit_source", "binding_purposes", "delivery_receipt", "events_evidence", "signing_key"]

REFUSALS_SHOWN = 100
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


@transaction.atomic
def admit_source(*, draft: SourceDraft, at: datetime, by: Actor | None = None) -> SourceInfo:
    """Admit, change or suspend a partner: afterwards it is as the draft says. The same again changes nothing.

    Raises BadInput, KeyTaken, NotFound (organization, key to revoke).
    """
    code = draft.code
    if not _CODE.match(code):
        raise BadInput("接入方代码只能用小写字母、数字和连字符，以字母开头，最长 40 位", where=f"code={code[:60]}")
    if not draft.title.strip() or len(draft.title) > 80:
        raise BadInput("接入方名称须为 1 至 80 个字", where=f"接入方 {code}")
    partner = Source.objects.select_for_update().filter(code=code).first()
    before = None if partner is None else _state(partner)
    if partner is None:
        partner = Source(code=code, status=SourceStatus.ACTIVE.value, admitted_at=at)
    partner.title = draft.title.strip()
    partner.scenarios = sorted(set(draft.scenarios))
    partner.top_grade = int(draft.top_grade)
    if draft.status is not None:
        partner.status = draft.status.value
    if draft.organization is not None:
        partner.organization_id = parties.party(draft.organization).id
    partner.save()
    _add_keys(partner, draft.keys, at)
    _revoke_keys(partner, draft.revoke_keys, at)
    after = _state(partner)
    if after != before:
        parties_services.record(
            actor=by or Actor.system("scenarios"),
            action="scenarios.admit_source",
            target=f"source:{code}",
            detail=after,
            at=at,
        )
    return _info(partner)


def _state(partner: Source) -> dict[str, Any]:
    return {
        "title": partner.title,
        "status": str(partner.status),
        "scenarios": list(partner.scenarios),
        "top_grade": partner.top_grade,
        "organization": partner.organization_id,
        "keys": sorted(partner.keys.filter(revoked_at=None).values_list("key_id", flat=True)),
    }


def _add_keys(partner: Source, keys: Iterable[SourceKeyDraft], at: datetime) -> None:
    for key in keys:
        if not _KEY_ID.match(key.key_id):
            raise BadInput("密钥编号只能用字母、数字、点、下划线和连字符，最长 64 位", where=key.key_id[:80])
        public_key = base64.b64encode(_public_bytes(key)).decode()
        kept, made = SourceKey.objects.get_or_create(
            key_id=key.key_id, defaults={"source": partner, "public_key": public_key, "created_at": at}
        )
        if made:
            continue
        if kept.source_id != partner.pk or kept.public_key != public_key:
            raise KeyTaken(f"密钥编号 {key.key_id} 已登记了另一个公钥", fix="换一个密钥编号")
        if kept.revoked_at is not None:
            raise KeyTaken(f"密钥 {key.key_id} 已吊销，不能再用", fix="生成新的密钥对，用新的编号登记")


def _public_bytes(key: SourceKeyDraft) -> bytes:
    try:
        raw = base64.b64decode(key.public_key, validate=True)
        Ed25519PublicKey.from_public_bytes(raw)
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise BadInput(
            "公钥须是 32 字节 Ed25519 公钥的 Base64", where=f"密钥 {key.key_id}", fix="见接入指南“生成密钥”一节"
        ) from error
    return raw


def _revoke_keys(partner: Source, key_ids: Iterable[str], at: datetime) -> None:
    for key_id in key_ids:
        known = partner.keys.filter(key_id=key_id)
        if not known.exists():
            raise NotFound(f"接入方 {partner.code} 没有密钥 {key_id}")
        known.filter(revoked_at=None).update(revoked_at=at)


def _info(partner: Source) -> SourceInfo:
    return SourceInfo(
        code=partner.code,
        title=partner.title,
        status=SourceStatus(partner.status),
        scenarios=tuple(partner.scenarios),
        top_grade=Grade(partner.top_grade),
        admitted_at=partner.admitted_at,
        key_ids=tuple(sorted(key.key_id for key in partner.keys.all() if key.revoked_at is None)),
    )


def deliverable_source(code: str) -> Source:
    """The partner's row. Raises UnknownSource, SourceSuspended."""
    partner = Source.objects.filter(code=code).first()
    if partner is None:
        raise UnknownSource(f"没有接入方 {code[:60]}", fix="先登记接入方（office 的“接入方”页）")
    if partner.status == SourceStatus.SUSPENDED:
        raise SourceSuspended(f"接入方“{partner.title}”已暂停，本次没有存入任何数据", fix="联系平台运营人员")
    return partner


def binding_purposes(code: str) -> frozenset[Purpose]:
    """The purposes that a resident may bind that partner for: those of the scenarios it may report.

    Empty where these ask for no consent. Raises UnknownSource.
    """
    partner = Source.objects.filter(code=code).first()
    if partner is None:
        raise UnknownSource(f"没有接入方 {code[:60]}", where="source", fix="从列表中选择接入方")
    reported = Scenario.objects.filter(code__in=partner.scenarios) if partner.scenarios else Scenario.objects.all()
    asked = (row.settings.get("consent") for row in reported)
    return frozenset(Purpose(purpose) for purpose in asked if purpose)


def signing_key(key_id: str) -> SigningKey | None:
    """A registered key by its identifier, for the door that verifies signatures."""
    key = SourceKey.objects.select_related("source").filter(key_id=key_id).first()
    if key is None:
        return None
    return SigningKey(
        key_id=key.key_id,
        source=key.source.code,
        public_key=base64.b64decode(key.public_key),
        revoked=key.revoked_at is not None,
        suspended=key.source.status == SourceStatus.SUSPENDED,
    )


def events_evidence(body: bytes, *, batch: bool, source: str) -> list[Evidence | Refusal]:
    """Every CloudEvent of a message body as evidence of `source`, or as a refusal of its own.

    Raises BadInput where the body as a whole is no CloudEvents JSON.
    """
    return read_events(body, batch=batch, source=source)


def delivery_receipt(number: str, *, source: str) -> DeliveryReceipt:
    """The receipt of a delivery of that partner. Raises NotFound, also where it is another partner's."""
    row = Delivery.objects.select_related("source").filter(number=number, source__code=source).first()
    if row is None:
        raise NotFound(f"没有回执 {number[:40]}", fix="核对回执编号；只能查询自己的回执")
    return receipt_of(row)


def receipt_of(row: Delivery) -> DeliveryReceipt:
    """What a partner may know of one delivery: counts and the first refusals, without content."""
    refused: list[RefusedRow] = []
    if row.rows_refused:
        shown = RefusedRow.objects.filter(delivery=row).defer("content").order_by("row_number", "id")
        refused = list(shown[:REFUSALS_SHOWN])
    return DeliveryReceipt(
        number=row.number,
        source=row.source.code,
        channel=Channel(row.channel),
        name=row.name,
        received_at=row.received_at,
        rows_read=row.rows_read,
        rows_accepted=row.rows_accepted,
        rows_waiting=row.rows_waiting,
        rows_duplicate=row.rows_duplicate,
        rows_refused=row.rows_refused,
        refusals=tuple(Refusal(item.row_number, item.code, item.message) for item in refused),
    )
