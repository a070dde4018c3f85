"""Proof files (C2SP tlog-proof): all that checking an entry offline needs besides the log's key."""

from __future__ import annotations

from dataclasses import dataclass

from tanhui_tlog.checkpoint import Checkpoint, open_checkpoint, parse_decimal
from tanhui_tlog.errors import NoteError
from tanhui_tlog.merkle import hash_leaf, verify_inclusion
from tanhui_tlog.note import Verifier, decode, encode

_FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class InclusionProof:
    """An entry's place in the log, its audit path and the signed checkpoint. `extra` is not authenticated."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> InclusionProof:
        """Read a `.tlog-proof` file. Raises NoteError."""
        head, found, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not found or lines.pop(0) != _FIRST_LINE:
            raise NoteError(f"证明文件应以 {_FIRST_LINE} 开头，检查点前有空行")
        extra = decode(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise NoteError("证明文件缺少 index 行")
        index = parse_decimal(lines.pop(0)[6:])
        return cls(index, tuple(decode(line) for line in lines), checkpoint, extra)

    def to_text(self) -> str:
        """The file, to hand to whoever wants to check."""
        extra = [] if self.extra is None else [f"extra {encode(self.extra)}"]
        lines = [_FIRST_LINE, *extra, f"index {self.index}", *map(encode, self.path), ""]
        return "\n".join(lines) + "\n" + self.checkpoint


def verify_entry(entry: bytes, proof: InclusionProof, *, origin: str, verifier: Verifier) -> Checkpoint:
    """Show that the log with this key holds `entry`; return the checkpoint. Raises TlogError."""
    checkpoint = open_checkpoint(proof.checkpoint, origin=origin, verifier=verifier)
    verify_inclusion(
        leaf_hash=hash_leaf(entry),
        index=proof.index,
        size=checkpoint.size,
        proof=proof.path,
        root=checkpoint.root,
    )
    return checkpoint
