"""Public numbers: prefixed, sortable by time, unguessable; database ids never leave the house."""

from __future__ import annotations

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
    if not (len(prefix) == 3 and prefix.isascii() and prefix.islower()):
        raise ValueError(f"prefix must be three lower-case letters, not {prefix!r}")
    millis = int(at.timestamp() * 1000)
    tail = secrets.randbits(80) if entropy is None else entropy % (1 << 80)
    return f"{prefix}_{_base32(millis, 10)}{_base32(tail, 16)}"


def is_number(text: str, prefix: str | None = None) -> bool:
    """Whether `text` has the form of a public number (of that prefix)."""
    return bool(_NUMBER.match(text)) and (prefix is None or text.startswith(prefix + "_"))
