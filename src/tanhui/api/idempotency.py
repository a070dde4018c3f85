"""Idempotency keys: the same write twice is done once and answered twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from ninja.responses import Response

from tanhui.api.models import KeptAnswer
from tanhui.api.problems import READABLE, MalformedRequest
from tanhui.kernel.errors import Conflict
from tanhui.parties.types import PartyRef

KEPT_FOR = timedelta(days=1)
_FORGET = """
DELETE FROM api_kept_answer WHERE key IN
  (SELECT key FROM api_kept_answer WHERE answered_at < %s LIMIT 100 FOR UPDATE SKIP LOCKED)
"""
_KEY = re.compile(r"[!-~]{1,128}\Z")


class IdempotencyKeyReused(Conflict):
    """The key was used before with another request."""

    code = "idempotency_key_reused"


def key_of(request: HttpRequest, *, required: bool = False) -> str | None:
    """The request's `Idempotency-Key`. Raises MalformedRequest where it is malformed, or missing though required."""
    key = request.headers.get("Idempotency-Key")
    if key is None and not required:
        return None
    if key is None or not _KEY.match(key):
        raise MalformedRequest(
            "请求头 Idempotency-Key 须是 1 至 128 个可见 ASCII 字符",
            where="Idempotency-Key",
            fix="每次操作生成一个 UUID；重试时用同一个",
        )
    return key


def once(
    request: HttpRequest, party: PartyRef, act: Callable[[], Schema], *, status: int = 200, required: bool = False
) -> HttpResponse:
    """Do `act` and keep its answer in one transaction, or give the answer that was kept for the same request.

    A second request that comes while the first is being done waits for it. Errors are not kept: what failed may be
    tried again under the same key. Raises IdempotencyKeyReused.
    """
    key = key_of(request, required=required)
    if key is None:
        return _answer(status, act().model_dump(mode="json"))
    digest = hashlib.sha256(f"{party.number}\n{key}".encode()).digest()
    said = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    fingerprint = hashlib.sha256(said).digest()
    at = request.received_at  # type: ignore[attr-defined]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [at - KEPT_FOR])
            cursor.execute(
                "INSERT INTO api_kept_answer (key, fingerprint, status, answer, answered_at)"
                " VALUES (%s, %s, 0, 'null', %s) ON CONFLICT DO NOTHING",
                [digest, fingerprint, at],
            )
            fresh = cursor.rowcount == 1
        kept = KeptAnswer.objects.get(pk=digest)
        if not fresh:
            if bytes(kept.fingerprint) != fingerprint:
                raise IdempotencyKeyReused(
                    "这个幂等键已用于另一个请求", where="Idempotency-Key", fix="每次操作生成新的幂等键"
                )
            return _answer(kept.status, kept.answer, {"Idempotency-Replayed": "true"})
        answer: Any = act().model_dump(mode="json")
        KeptAnswer.objects.filter(pk=digest).update(status=status, answer=answer)
    return _answer(status, answer)


def _answer(status: int, answer: Any, headers: dict[str, str] | None = None) -> HttpResponse:
    return Response(answer, status=status, headers=headers or {}, **READABLE)
