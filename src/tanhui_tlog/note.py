"""Signed notes (C2SP signed-note) with Ed25519 keys, and the text forms of those keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tanhui_tlog.errors import NoteError

_ED25519 = b"\x01"
_KEY_BYTES = 32
_MAX_NOTE_CHARS = 1_000_000
_MAX_SIGNATURES = 100
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class Verifier:
    """A public key with its name; in text `<name>+<key id>+<key>`. Raises NoteError when malformed."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public_key) != _KEY_BYTES:
            raise NoteError(f"公钥应为 {_KEY_BYTES} 字节，实为 {len(self.public_key)} 字节")

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read the text form; the key id must be that of name and key."""
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise NoteError("公钥的写法应为「名称+编号+密钥」")
        verifier = cls(parts[0], _typed_key(parts[2]))
        if parts[1] != verifier.key_id.hex():
            raise NoteError(f"公钥编号 {parts[1]} 与名称和密钥不符")
        return verifier

    @cached_property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_key).digest()[:4]

    def to_text(self) -> str:
        """The text form, to publish."""
        return f"{self.name}+{self.key_id.hex()}+{encode(_ED25519 + self.public_key)}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key with its name. Its text form, `PRIVATE+KEY+<name>+<key id>+<seed>`, is a secret."""

    name: str
    seed: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed) != _KEY_BYTES:
            raise NoteError(f"私钥种子应为 {_KEY_BYTES} 字节，实为 {len(self.seed)} 字节")

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A new key from the system's source of chance."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Read the text form; the key id must be that of name and key."""
        parts = text.split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
            raise NoteError("私钥的写法应为「PRIVATE+KEY+名称+编号+种子」")
        signer = cls(parts[2], _typed_key(parts[4]))
        if parts[3] != signer.verifier.key_id.hex():
            raise NoteError(f"私钥编号 {parts[3]} 与名称和密钥不符")
        return signer

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw())

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def to_text(self) -> str:
        """The text form, to keep secret."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{encode(_ED25519 + self.seed)}"

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""
        return self._key.sign(message)


@dataclass(frozen=True)
class Note:
    """A note that has been opened: its text, final newline included, and the known keys that signed it."""

    text: str
    signed_by: tuple[Verifier, ...]


def sign_note(text: str, signers: Iterable[Signer]) -> str:
    """The signed note of a text that ends in a newline."""
    _check_text(text)
    lines = []
    for signer in signers:
        signature = signer.verifier.key_id + signer.sign(text.encode())
        lines.append(f"— {signer.name} {encode(signature)}\n")
    if not lines:
        raise NoteError("至少需要一个签名")
    return text + "\n" + "".join(lines)


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> Note:
    """Read a note that at least one of the keys signed.

    Signatures of unknown keys are ignored; one of a known key that does not hold condemns the whole note.
    Raises NoteError.
    """
    text, lines = _split_note(note)
    known = {(one.name, one.key_id): one for one in verifiers}
    signed_by: list[Verifier] = []
    for line in lines:
        match = _SIGNATURE.fullmatch(line)
        signature = decode(match["signature"]) if match else b""
        if match is None or len(signature) < 5:
            raise NoteError(f"签名行格式不正确：{line[:80]}")
        verifier = known.get((match["name"], signature[:4]))
        if verifier is None or verifier in signed_by:
            continue
        if not verifier.verifies(text.encode(), signature[4:]):
            raise NoteError(f"{verifier.name} 的签名与正文不符")
        signed_by.append(verifier)
    if not signed_by:
        raise NoteError("没有已知密钥的签名")
    return Note(text, tuple(signed_by))


def _split_note(note: str | bytes) -> tuple[str, list[str]]:
    try:
        content = note.decode() if isinstance(note, bytes) else note
    except UnicodeDecodeError as error:
        raise NoteError("签名文本不是 UTF-8") from error
    if len(content) > _MAX_NOTE_CHARS:
        raise NoteError("签名文本过长")
    _check_text(content)
    text, found, signatures = content.rpartition("\n\n")
    lines = signatures.removesuffix("\n").split("\n")
    if not found or not signatures or len(lines) > _MAX_SIGNATURES:
        raise NoteError("签名文本应由正文、空行和签名行组成")
    return text + "\n", lines


def encode(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()


def decode(text: str) -> bytes:
    """Standard base64, in its one canonical spelling. Raises NoteError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("base64 编码不正确") from error
    if encode(data) != text:
        raise NoteError("base64 编码不是规范写法")
    return data


def _typed_key(text: str) -> bytes:
    data = decode(text)
    if data[:1] != _ED25519:
        raise NoteError("密钥类型不是 Ed25519")
    return data[1:]


def _check_name(name: str) -> None:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError(f"密钥名称不能为空，不能含空格或加号：{name!r}")


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteError("正文须以换行结尾，且不含控制字符")
    if re.search("[\ud800-\udfff]", text):
        raise NoteError("正文不是有效的 Unicode")
