"""What the programme answers for in public: canonical JSON, signed with Ed25519 (RFC 8032).

The first member of every document says what it is, so that no signature serves for another kind of document.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from tanhui.kernel.canonical import canonical_json
from tanhui.rewards.types import SignedDocument, TokenKey


def content_of(kind: str, content: Mapping[str, Any]) -> bytes:
    """The bytes that are signed; `kind` goes into them as `document`."""
    return canonical_json({"document": kind, **content})


def digest_of(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sign(content: bytes) -> SignedDocument:
    """The document with its signature. The same content always gets the same signature."""
    return SignedDocument(content, digest_of(content), _key().sign(content).hex(), _public().hex())


def signed(content: bytes, signature: str) -> SignedDocument:
    """A document as it was signed and kept."""
    return SignedDocument(content, digest_of(content), signature, _public().hex())


def statement_key() -> TokenKey:
    """The public key by which anybody checks statements: Ed25519, 32 bytes in hexadecimal."""
    return TokenKey("Ed25519", _public().hex())


def _public() -> bytes:
    return _key().public_key().public_bytes_raw()


def _key() -> Ed25519PrivateKey:
    return _derived(settings.TANHUI_SECRETS["statement"])


@lru_cache(maxsize=4)
def _derived(secret: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret, b"tanhui statement", "sha256"))
