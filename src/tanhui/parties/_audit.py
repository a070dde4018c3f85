"""The audit trail: appended under one lock, each hash over the hash before it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from tanhui.kernel.canonical import canonical_json
from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import BadInput
from tanhui.parties.models import AuditEntry, AuditHead
from tanhui.parties.types import AuditCheckpoint, AuditProblem

GENESIS = bytes(32)
_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9Xx])(?![0-9A-Za-z])")


def lock_journal() -> AuditHead:
    """Take the journal: until the transaction ends, nobody else appends audit entries or news.

    That makes serial numbers appear in order of commit, so that a reader's cursor never steps over a row. It is
    the last lock that a verb takes.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, sequence, entry_hash FROM parties_audit_head WHERE id = 1 FOR UPDATE")
        row = cursor.fetchone()
        if row is None:
            cursor.execute(
                "INSERT INTO parties_audit_head (id, sequence, entry_hash) VALUES (1, 0, %s)"
                " ON CONFLICT (id) DO NOTHING",
                [GENESIS],
            )
            cursor.execute("SELECT id, sequence, entry_hash FROM parties_audit_head WHERE id = 1 FOR UPDATE")
            row = cursor.fetchone()
    return AuditHead(id=row[0], sequence=row[1], entry_hash=bytes(row[2]))


def append(*, actor: str, action: str, target: str, detail: Mapping[str, Any] | None, at: datetime) -> AuditEntry:
    """Append one entry. Raises BadInput where the detail holds what looks like a phone or identity number."""
    plain = json.loads(canonical_json(dict(detail or {})))
    if any(_PERSONAL.search(text) for text in (actor, target, *_texts(plain))):
        raise BadInput("操作留痕中不能写电话或证件号码", where=action, fix="改写当事人编号（pty_…）")
    head = lock_journal()
    sequence = head.sequence + 1
    previous = bytes(head.entry_hash)
    return AuditEntry.objects.create(
        sequence=sequence,
        at=at,
        actor=actor,
        action=action,
        target=target,
        detail=plain,
        previous_hash=previous,
        entry_hash=_entry_hash(sequence, at, actor, action, target, plain, previous),
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text within; integers are left alone, because eleven digits of grams are no phone."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _entry_hash(
    sequence: int, at: datetime, actor: str, action: str, target: str, detail: Any, previous: bytes
) -> bytes:
    content = [sequence, at.astimezone(UTC), actor, action, target, detail, previous]
    return key_ring().keyed_hash("audit trail", canonical_json(content))


def problems(known: Sequence[AuditCheckpoint]) -> Iterator[AuditProblem]:
    """Every place where the trail is not what was written, in order of sequence."""
    checkpoints = {checkpoint.sequence: checkpoint.entry_hash for checkpoint in known}
    previous, last = GENESIS, 0
    for entry in AuditEntry.objects.order_by("sequence").iterator(chunk_size=2000):
        if entry.sequence != last + 1:
            yield AuditProblem(entry.sequence, f"第 {last + 1} 至 {entry.sequence - 1} 条缺失")
        elif bytes(entry.previous_hash) != previous:
            yield AuditProblem(entry.sequence, "没有接在前一条之后")
        expected = _entry_hash(
            entry.sequence,
            entry.at,
            entry.actor,
            entry.action,
            entry.target,
            entry.detail,
            bytes(entry.previous_hash),
        )
        if bytes(entry.entry_hash) != expected:
            yield AuditProblem(entry.sequence, "内容与摘要不符，记录被改动过")
        if checkpoints.get(entry.sequence, bytes(entry.entry_hash)) != bytes(entry.entry_hash):
            yield AuditProblem(entry.sequence, "与库外保存的检查点不符，这一条之前的记录被整体改写过")
        previous, last = bytes(entry.entry_hash), entry.sequence
    yield from _end_problems(last, previous, max(checkpoints, default=0))


def _end_problems(last: int, previous: bytes, known: int) -> Iterator[AuditProblem]:
    head = AuditHead.objects.filter(id=1).first()
    end = (head.sequence, bytes(head.entry_hash)) if head else (0, GENESIS)
    if end != (last, previous):
        yield AuditProblem(last + 1, f"末端记录指向第 {end[0]} 条，而最后一条是第 {last} 条：末尾被删去或改动过")
    if known > last:
        yield AuditProblem(last + 1, f"库外保存的检查点指向第 {known} 条，而最后一条是第 {last} 条")
