"""Checkpoints (C2SP tlog-checkpoint): the head of a log, as a signed note."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tanhui_tlog.errors import NoteError
from tanhui_tlog.merkle import HASH_BYTES
from tanhui_tlog.note import Signer, Verifier, decode, encode, open_note, sign_note

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """How many entries a log has, and the root over them. Raises NoteError when malformed."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if any(not line or "\n" in line for line in lines):
            raise NoteError("检查点的来源和扩展行不能为空或换行")
        if self.size < 0 or len(self.root) != HASH_BYTES:
            raise NoteError("检查点的条数或根不正确")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint, without its signatures."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise NoteError("检查点正文至少应有来源、条数、根三行，且没有空行")
        return cls(lines[0], parse_decimal(lines[1]), decode(lines[2]), tuple(lines[3:-1]))

    def to_text(self) -> str:
        """The text that is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode(self.root), *self.extensions))


def sign_checkpoint(checkpoint: Checkpoint, signers: Iterable[Signer]) -> str:
    """The checkpoint as a signed note. A log must never sign two that are inconsistent."""
    return sign_note(checkpoint.to_text(), signers)


def open_checkpoint(note: str | bytes, *, origin: str, verifier: Verifier) -> Checkpoint:
    """Read the checkpoint of this log, signed by its key. Raises NoteError."""
    checkpoint = Checkpoint.parse(open_note(note, [verifier]).text)
    if checkpoint.origin != origin:
        raise NoteError(f"检查点来源是 {checkpoint.origin}，不是 {origin}")
    return checkpoint


def parse_decimal(text: str) -> int:
    """A count as ASCII digits without leading zeros. Raises NoteError."""
    if not _DECIMAL.fullmatch(text):
        raise NoteError(f"不是规范的十进制数：{text[:40]}")
    return int(text)
