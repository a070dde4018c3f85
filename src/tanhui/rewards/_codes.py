"""What a holder shows: sixteen digits that follow from the voucher's number, and a signed token for the QR code.

Neither is stored: a stolen table holds keyed hashes only. Sources: ISO/IEC 7064 (MOD 97-10), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tanhui.kernel.canonical import canonical_json
from tanhui.kernel.crypto import key_ring
from tanhui.rewards.models import Voucher
from tanhui.rewards.rules import CODE_DIGITS, with_check_digits

TOKEN_HEAD = "TH1."  # noqa: S105  # how a token begins, no secret
MAX_TOKEN = 2900
"""Characters; what a QR code of the largest size holds."""
MAX_TOKEN_MERCHANTS = 20
"""A longer list would not fit a code that a phone reads; such a token names the offer only."""


def code_of(number: str) -> str:
    """The sixteen digits of a voucher."""
    mac = hmac.digest(settings.TANHUI_SECRETS["number"], f"voucher code:{number}".encode(), "sha256")
    return with_check_digits(f"{int.from_bytes(mac, 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}")


def hash_of(code: str) -> bytes:
    """The keyed hash by which a code is found."""
    return key_ring().keyed_hash("voucher code", code)


def token_of(voucher: Voucher, merchants: Sequence[str]) -> str:
    """The signed token: number, code, offer, title, merchants, validity in seconds of the epoch, face value in fen."""
    payload = {
        "v": voucher.number,
        "c": code_of(voucher.number),
        "o": voucher.offer.number,
        "t": voucher.offer.title,
        "m": list(merchants) if len(merchants) <= MAX_TOKEN_MERCHANTS else [],
        "f": int(voucher.valid_from.timestamp()),
        "u": int(voucher.valid_to.timestamp()),
        "w": voucher.face_value_fen,
    }
    body = TOKEN_HEAD + _encode(canonical_json(payload))
    return f"{body}.{_encode(_signing_key(settings.TANHUI_SECRETS['voucher']).sign(body.encode()))}"


def read_token(text: str) -> str | None:
    """The code in a token that we signed; None for any other."""
    body, _, signature = text.strip().rpartition(".")
    if len(text) > MAX_TOKEN or not body.startswith(TOKEN_HEAD):
        return None
    try:
        key = _signing_key(settings.TANHUI_SECRETS["voucher"]).public_key()
        key.verify(_decode(signature), body.encode())
        payload: Any = json.loads(_decode(body.removeprefix(TOKEN_HEAD)))
    except (InvalidSignature, ValueError):
        return None
    return str(payload["c"])


def public_key() -> bytes:
    """The key that checks tokens, 32 bytes."""
    return _signing_key(settings.TANHUI_SECRETS["voucher"]).public_key().public_bytes_raw()


@lru_cache(maxsize=4)
def _signing_key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, b"tanhui voucher token", "sha256"))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
