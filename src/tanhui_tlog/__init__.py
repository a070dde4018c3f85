"""Transparency logs: a public figure can be checked by somebody who does not trust the platform.

Plain Python, usable by itself. A log is a Merkle tree (RFC 6962, section 2.1) over entries that are only ever
appended; its head is a signed checkpoint; an inclusion proof shows that an entry is under a checkpoint, a
consistency proof that a later checkpoint only adds to an earlier one. All formats are those of C2SP:
signed-note, tlog-checkpoint, tlog-tiles, tlog-proof. Nothing here stores, publishes or reads the clock.
"""

from tanhui_tlog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from tanhui_tlog.errors import NoteError, ProofError, TlogError
from tanhui_tlog.merkle import (
    EMPTY_ROOT,
    Tree,
    hash_leaf,
    hash_node,
    merkle_root,
    verify_consistency,
    verify_inclusion,
)
from tanhui_tlog.note import Note, Signer, Verifier, open_note, sign_note
from tanhui_tlog.proof import InclusionProof, verify_entry
from tanhui_tlog.tiles import Tile, entry_bundle, read_entry_bundle, tile_hashes, tiles_between

__all__ = [
    "EMPTY_ROOT",
    "Checkpoint",
    "InclusionProof",
    "Note",
    "NoteError",
    "ProofError",
    "Signer",
    "Tile",
    "TlogError",
    "Tree",
    "Verifier",
    "entry_bundle",
    "hash_leaf",
    "hash_node",
    "merkle_root",
    "open_checkpoint",
    "open_note",
    "read_entry_bundle",
    "sign_checkpoint",
    "sign_note",
    "tile_hashes",
    "tiles_between",
    "verify_consistency",
    "verify_entry",
    "verify_inclusion",
]
