"""Public numbers: prefixed, sortable by time, unguessable; database ids never leave the house."""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_NUMBER = re.compile(r"^[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}$")


def _base32(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, rest = divmod(value, 32)
        digits.append(_CROCKFORD[rest])
    return "".join(reversed(digits))


def new_number(prefix: str, at: datetime, *, entropy: int | None = None) -> str:
    """A new public number such as `rcp_01k…`: 48 bits of milliseconds, then 80 random bits.

    `prefix` has three lower-case letters. `entropy` replaces chance where a replay must give the same number.
    """
    if not (len(prefix) == 3 and prefix.isascii() and prefix.isalpha() and prefix.islower()):
        raise ValueError(f"prefix must be three lower-case letters, not {prefix!r}")
    millis = int(at.timestamp() * 1000)
    tail = secrets.randbits(80) if entropy is None else entropy % (1 << 80)
    return f"{prefix}_{_base32(millis, 10)}{_base32(tail, 16)}"


def is_number(text: str, prefix: str | None = None) -> bool:
    """Whether `text` has the form of a public number (of that prefix)."""
    return bool(_NUMBER.match(text)) and (prefix is None or text.startswith(prefix + "_"))


def seal(prefix: str, serial: int, secret: bytes) -> str:
    """A short public number for a row that has none of its own: a keyed permutation of its serial number.

    Nothing is stored, nothing can be guessed, and `unseal` with the same secret gives the serial back.
    """
    left, right = serial >> 32, serial & 0xFFFFFFFF
    for step in range(_ROUNDS):
        left, right = right, left ^ _mix(prefix, step, right, secret)
    return f"{prefix}_{_base32(left << 32 | right, 13)}"


def unseal(prefix: str, number: str, secret: bytes) -> int | None:
    """The serial that `seal` hid, or None where `number` has another form."""
    head, _, body = number.partition("_")
    if head != prefix or len(body) != 13 or any(digit not in _CROCKFORD for digit in body):
        return None
    value = 0
    for digit in body:
        value = value * 32 + _CROCKFORD.index(digit)
    if value >= 1 << 64:
        return None
    left, right = value >> 32, value & 0xFFFFFFFF
    for step in reversed(range(_ROUNDS)):
        left, right = right ^ _mix(prefix, step, left, secret), left
    return left << 32 | right


_ROUNDS = 4  # of a keyed random function: a permutation that cannot be told from a random one


def _mix(prefix: str, step: int, half: int, secret: bytes) -> int:
    message = f"{prefix}:{step}:{half}".encode()
    return int.from_bytes(hmac.digest(secret, message, "sha256")[:4], "big")
