"""Signatures of partners: Ed25519 over method, path, time, message identifier and body.

What is signed is this text, lines joined by a single line feed, no line feed at the end:

    tanhui-signature-v1
    POST
    /api/v1/partner/events
    1795276800
    7d0e0a52-…
    <SHA-256 of the body, lower-case hexadecimal>

The path is as sent, with the query string where there is one. A message whose time is more than five minutes off is
refused; a message identifier may be sent again with the same body only, and is then answered with the first receipt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.http import HttpRequest
from ninja.security import APIKeyHeader

from tanhui.api import limits
from tanhui.api.problems import Unauthorized
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios.types import SourceSuspended

CLOCK_SKEW_S = 300
HEADERS = {
    "Tanhui-Key": "密钥编号（登记公钥时给出）",
    "Tanhui-Timestamp": "发送时间，Unix 秒；与平台时间相差不超过 300 秒",
    "Tanhui-Message": "报文编号，1 至 128 个可见 ASCII 字符；每个报文一个，重发同一报文时不变",
    "Tanhui-Signature": "签名，Ed25519，Base64",
}
_MESSAGE = re.compile(r"[!-~]{1,128}\Z")
_FIX = "见接入指南“签名”一节；可用其中的样例核对"


@dataclass(frozen=True)
class SignedMessage:
    """A message whose signature is good: who sent it, its identifier, and the digest of its body."""

    source: str
    message_id: str
    body_digest: bytes


def signed_text(method: str, path: str, timestamp: str, message_id: str, body_digest: bytes) -> bytes:
    """The bytes that a partner signs."""
    lines = ("tanhui-signature-v1", method, path, timestamp, message_id, body_digest.hex())
    return "\n".join(lines).encode()


def verify(request: HttpRequest, signature: str, *, at: datetime) -> SignedMessage:
    """The message behind a request. Raises Unauthorized, saying what is wrong, or SourceSuspended."""
    key_id = request.headers.get("Tanhui-Key", "")
    timestamp = request.headers.get("Tanhui-Timestamp", "")
    message_id = request.headers.get("Tanhui-Message", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Unauthorized("缺少时间戳，或不是 Unix 秒", where="Tanhui-Timestamp", fix=_FIX)
    if abs(int(timestamp) - at.timestamp()) > CLOCK_SKEW_S:
        raise Unauthorized(
            f"时间戳与平台时间相差超过 {CLOCK_SKEW_S} 秒", where="Tanhui-Timestamp", fix="校准时钟后重新签名"
        )
    if not _MESSAGE.match(message_id):
        raise Unauthorized("缺少报文编号，或有不可见字符", where="Tanhui-Message", fix=_FIX)
    key = scenarios.signing_key(key_id) if 0 < len(key_id) <= 64 and key_id.isprintable() else None
    if key is None or key.revoked:
        raise Unauthorized("没有这个密钥，或已吊销", where="Tanhui-Key", fix="核对密钥编号，或登记新密钥")
    digest = hashlib.sha256(request.body).digest()
    text = signed_text(request.method or "", request.get_full_path(), timestamp, message_id, digest)
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key.public_key).verify(raw, text)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Unauthorized("签名不符", where="Tanhui-Signature", fix=_FIX) from error
    if key.suspended:
        raise SourceSuspended("接入方已暂停", fix="联系平台运营人员")
    return SignedMessage(key.source, message_id, digest)


class PartnerSignature(APIKeyHeader):
    """The four `Tanhui-…` headers; the signed message comes to the operation as `request.auth`."""

    param_name = "Tanhui-Signature"

    def authenticate(self, request: HttpRequest, key: str | None) -> SignedMessage:
        if not key:
            raise Unauthorized("缺少签名", where="Tanhui-Signature", fix=_FIX)
        at = request.received_at  # type: ignore[attr-defined]
        try:
            message = verify(request, key, at=at)
        except Unauthorized:
            limits.count("refused", limits.caller_address(request), at)
            raise
        limits.count("partner", message.source, at)
        return message
