"""The one place that encrypts: national (SM4, SM3) or international algorithms, one key ring.

Each ciphertext names its algorithms and its key, so that both can change while old values
stay readable.
Sources: GB/T 32907-2016 (SM4), GB/T 32905-2016 (SM3), NIST SP 800-38D (GCM), RFC 5869 (key derivation).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from tanhui.kernel.errors import BadInput, TanhuiError

SECRET_BYTES = 32
_FORMAT = 1
_NONCE_BYTES = 12
_TAG_BYTES = 16


class Undecipherable(TanhuiError):
    """A ciphertext was altered, moved to another place, or its key is not in the ring."""

    code = "undecipherable"
    status = 500


class Suite(StrEnum):
    """SM: SM4-GCM with HMAC-SM3. INTL: AES-256-GCM with HMAC-SHA-256."""

    SM = "SM"
    INTL = "INTL"

    @property
    def digest(self) -> hashes.HashAlgorithm:
        """The hash of the suite, 32 bytes long."""
        return hashes.SM3() if self is Suite.SM else hashes.SHA256()

    @property
    def key_bytes(self) -> int:
        """The length of the suite's encryption keys."""
        return 16 if self is Suite.SM else 32

    def cipher(self, key: bytes, mode: modes.GCM) -> Cipher[modes.GCM]:
        """The suite's block cipher under that mode."""
        return Cipher(algorithms.SM4(key) if self is Suite.SM else algorithms.AES(key), mode)


@dataclass(frozen=True)
class Key:
    """One master secret of 32 bytes and its suite. Separate keys for each purpose are derived from it."""

    suite: Suite
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_BYTES:
            raise BadInput(f"密钥长度应为 {SECRET_BYTES} 字节", where="密钥环", fix="用 64 位十六进制数设置密钥")

    @cached_property
    def key_id(self) -> str:
        """The name of the key, derived from it: nobody has to invent or keep names."""
        return f"{self.suite.lower()}-{self._derive('key id', 8).hex()}"

    @cached_property
    def encryption_key(self) -> bytes:
        return self._derive("encrypt", self.suite.key_bytes)

    def mac(self, purpose: str) -> HMAC:
        """A fresh keyed hash for one purpose."""
        return HMAC(self._derive(f"hash {purpose}", 32), self.suite.digest)

    def _derive(self, purpose: str, length: int) -> bytes:
        return _derived(self.suite, self.secret, f"tanhui {self.suite} {purpose}".encode(), length)


@lru_cache(maxsize=256)
def _derived(suite: Suite, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF without salt. Kept: there are few purposes, and each is derived for every hash."""
    return HKDF(algorithm=suite.digest, length=length, salt=None, info=info).derive(secret)


@dataclass(frozen=True)
class KeyRing:
    """The key that encrypts now, retired keys that still decrypt, and the key of keyed hashes.

    The hashing key is apart because it cannot be changed without reading every original again: partners' person
    ids, sign-in ids and the audit trail hang on it.
    """

    active: Key
    lookup: Key
    retired: tuple[Key, ...] = ()

    _HEAD: ClassVar[bytes] = bytes([_FORMAT])

    @cached_property
    def _by_id(self) -> Mapping[str, Key]:
        return {key.key_id: key for key in (*self.retired, self.active)}

    def encrypt(self, plaintext: bytes, *, context: str) -> bytes:
        """Encrypt under the active key. `context` (table, field, row) must be given again to decrypt."""
        key = self.active
        name = key.key_id.encode()
        head = self._HEAD + bytes([len(name)]) + name
        nonce = secrets.token_bytes(_NONCE_BYTES)
        encryptor = key.suite.cipher(key.encryption_key, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(head + context.encode())
        return head + nonce + encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag

    def decrypt(self, ciphertext: bytes, *, context: str) -> bytes:
        """The plaintext. Raises Undecipherable where it was altered, moved, or its key is missing."""
        ciphertext = bytes(ciphertext)
        key_id, start = self._read_head(ciphertext)
        key = self._by_id.get(key_id)
        if key is None:
            raise Undecipherable(
                f"密钥环中没有密钥 {key_id}", where=context, fix="把旧密钥加回 TANHUI_RETIRED_KEYS 后重试"
            )
        body = start + _NONCE_BYTES
        nonce, sealed, tag = ciphertext[start:body], ciphertext[body:-_TAG_BYTES], ciphertext[-_TAG_BYTES:]
        decryptor = key.suite.cipher(key.encryption_key, modes.GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(ciphertext[:start] + context.encode())
        try:
            return decryptor.update(sealed) + decryptor.finalize()
        except InvalidTag as error:
            raise _altered(context) from error

    def key_id_of(self, ciphertext: bytes) -> str:
        """The id of the key that encrypted it. Raises Undecipherable where the form is not ours."""
        return self._read_head(bytes(ciphertext))[0]

    def needs_reencryption(self, ciphertext: bytes) -> bool:
        """Whether another key than the active one encrypted it."""
        return self.key_id_of(ciphertext) != self.active.key_id

    def keyed_hash(self, purpose: str, text: str | bytes) -> bytes:
        """A keyed hash of 32 bytes: equal texts of one purpose are found by it, nothing is learned."""
        return self.keyed_hashes(purpose, (text,))[0]

    def keyed_hashes(self, purpose: str, texts: Iterable[str | bytes]) -> list[bytes]:
        """Keyed hashes of many texts in one pass (about 2 microseconds each)."""
        base = self.lookup.mac(purpose)
        found = []
        for text in texts:
            mac = base.copy()
            mac.update(text.encode() if isinstance(text, str) else text)
            found.append(mac.finalize())
        return found

    def _read_head(self, ciphertext: bytes) -> tuple[str, int]:
        start = 2 + (ciphertext[1] if len(ciphertext) > 1 else 0)
        if ciphertext[:1] != self._HEAD or len(ciphertext) < start + _NONCE_BYTES + _TAG_BYTES:
            raise _altered("密文")
        try:
            return ciphertext[2:start].decode("ascii"), start
        except UnicodeDecodeError as error:
            raise _altered("密文") from error


def _altered(where: str) -> Undecipherable:
    return Undecipherable("密文无法解开：内容被改动，或被移到了别处", where=where, fix="从备份恢复这一行")


def key_ring() -> KeyRing:
    """The key ring of the settings `TANHUI_SECRETS`, `TANHUI_CIPHER_SUITE` and `TANHUI_RETIRED_KEYS`."""
    known = settings.TANHUI_SECRETS
    return build_ring(
        getattr(settings, "TANHUI_CIPHER_SUITE", Suite.SM),
        known["personal_data"],
        known["lookup"],
        getattr(settings, "TANHUI_RETIRED_KEYS", ""),
        getattr(settings, "TANHUI_LOOKUP_SUITE", Suite.SM),
    )


@lru_cache(maxsize=8)
def build_ring(
    suite: str, personal_data: bytes, lookup: bytes, retired: str = "", lookup_suite: str = Suite.SM
) -> KeyRing:
    """The key ring of two secrets; `retired` lists older keys as `SM:<hex> INTL:<hex>`. Raises BadInput.

    The suite of keyed hashes is chosen once: changing that of encryption must not lose what is found by them.
    """
    try:
        older = tuple(
            Key(Suite(name), bytes.fromhex(secret))
            for name, _, secret in (item.partition(":") for item in retired.replace(",", " ").split())
        )
        active = Key(Suite(suite), personal_data)
    except ValueError as error:
        fix = "算法写 SM 或 INTL；旧密钥写成 SM:<64 位十六进制数>，多个以空格隔开"
        raise BadInput("密钥设置无法识别", where="TANHUI_CIPHER_SUITE、TANHUI_RETIRED_KEYS", fix=fix) from error
    return KeyRing(active=active, lookup=Key(Suite(lookup_suite), lookup), retired=older)
