"""What is shown as a QR code: single-use tokens on a printed card, and the changing code of an occasion.

Neither is stored: both follow from a row and the secret `card`. Source: RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tanhui.community.models import Card
from tanhui.community.types import ROTATION_S
from tanhui.kernel.canonical import canonical_json

CARD_HEAD, CODE_HEAD = "TC1.", "TO1."
MAX_TOKEN = 600


def card_token(card: Card, serial: int) -> str:
    """The signed token of one serial: number of the card, serial, division, validity in seconds of the epoch."""
    payload = {"k": card.number, "s": serial, "d": card.division_code, "u": int(card.valid_until.timestamp())}
    body = CARD_HEAD + _encode(canonical_json(payload))
    return f"{body}.{_encode(_signing_key(settings.TANHUI_SECRETS['card']).sign(body.encode()))}"


def read_card_token(text: str) -> tuple[str, int] | None:
    """(number of the card, serial) of a token that we signed; None for any other."""
    body, _, signature = text.strip().rpartition(".")
    if len(text) > MAX_TOKEN or not body.startswith(CARD_HEAD):
        return None
    try:
        key = _signing_key(settings.TANHUI_SECRETS["card"]).public_key()
        key.verify(_decode(signature), body.encode())
        payload: Any = json.loads(_decode(body.removeprefix(CARD_HEAD)))
    except (InvalidSignature, ValueError):
        return None
    return str(payload["k"]), int(payload["s"])


def card_key() -> str:
    """The public key that checks card tokens, as 64 hexadecimal digits."""
    return _signing_key(settings.TANHUI_SECRETS["card"]).public_key().public_bytes_raw().hex()


def rotating_code(occasion: str, at: datetime) -> str:
    """What the screen of an occasion shows now; another after 30 seconds."""
    return _code(occasion, int(at.timestamp()) // ROTATION_S)


def is_rotating_code(text: str, occasion: str, at: datetime) -> bool:
    """Whether it is the code of this occasion now, or was in the period before."""
    now = int(at.timestamp()) // ROTATION_S
    said = text.strip().encode()
    return any(hmac.compare_digest(said, _code(occasion, turn).encode()) for turn in (now, now - 1))


def _code(occasion: str, turn: int) -> str:
    mac = hmac.digest(settings.TANHUI_SECRETS["card"], f"occasion code:{occasion}:{turn}".encode(), "sha256")
    return f"{CODE_HEAD}{occasion}.{_encode(mac[:12])}"


@lru_cache(maxsize=4)
def _signing_key(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, b"tanhui card token", "sha256"))


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
