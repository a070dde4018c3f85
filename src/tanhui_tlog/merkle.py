"""The Merkle tree of RFC 6962, section 2.1, and its proofs (verification as in RFC 9162, section 2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from tanhui_tlog.errors import ProofError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def hash_leaf(entry: bytes) -> bytes:
    """The hash of an entry. Its prefix 0x00 keeps leaves and inner nodes apart."""
    return hashlib.sha256(b"\x00" + entry).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """The hash of two neighboring subtrees. Its prefix is 0x01."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def merkle_root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over leaf hashes, from the definition; of no leaves, SHA-256 of nothing."""
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    middle = _split(len(leaf_hashes))
    return hash_node(merkle_root(leaf_hashes[:middle]), merkle_root(leaf_hashes[middle:]))


class Tree:
    """An append-only tree that keeps the hash of every complete subtree: proofs cost O(log² n) lookups.

    `levels[k]` holds the hashes of the complete subtrees of 2**k leaves, from the left.
    """

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self.levels: list[list[bytes]] = [[]]
        for entry in entries:
            self.append(entry)

    @property
    def size(self) -> int:
        """The number of entries."""
        return len(self.levels[0])

    def append(self, entry: bytes) -> int:
        """Append an entry; return its index, from 0."""
        return self.append_hash(hash_leaf(entry))

    def append_hash(self, leaf_hash: bytes) -> int:
        """Append an entry of which only the leaf hash is known; return its index, from 0."""
        if len(leaf_hash) != HASH_BYTES:
            raise ProofError(f"叶子哈希应为 {HASH_BYTES} 字节，实为 {len(leaf_hash)} 字节")
        self.levels[0].append(leaf_hash)
        level = 0
        while len(self.levels[level]) % 2 == 0:
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.levels[level + 1].append(hash_node(*self.levels[level][-2:]))
            level += 1
        return self.size - 1

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` entries (all of them by default)."""
        end = self._checked(size)
        return self._hash_of(0, end) if end else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of entry `index` in the tree of the first `size` entries, from the leaf up."""
        end = self._checked(size)
        if not 0 <= index < end:
            raise ProofError(f"第 {index} 条不在 {end} 条之内")
        path: list[bytes] = []
        low, high = 0, end
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._hash_of(middle, high))
                high = middle
            else:
                path.append(self._hash_of(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the first `old` of the first `new` entries are unchanged; empty for 0 and `new`."""
        end = self._checked(new)
        if not 0 <= old <= end:
            raise ProofError(f"较早的条数 {old} 不在 0 与 {end} 之间")
        if old in (0, end):
            return []
        path: list[bytes] = []
        low, high, whole = 0, end, True
        while old != high:
            middle = low + _split(high - low)
            if old <= middle:
                path.append(self._hash_of(middle, high))
                high = middle
            else:
                path.append(self._hash_of(low, middle))
                low, whole = middle, False
        if not whole:
            path.append(self._hash_of(low, high))
        return path[::-1]

    def _checked(self, size: int | None) -> int:
        end = self.size if size is None else size
        if not 0 <= end <= self.size:
            raise ProofError(f"树的条数 {end} 不在 0 与 {self.size} 之间")
        return end

    def _hash_of(self, low: int, high: int) -> bytes:
        """The hash over leaves [low, high), where every left part is a complete subtree in its place."""
        width = high - low
        if width & (width - 1) == 0:
            level = width.bit_length() - 1
            return self.levels[level][low >> level]
        middle = low + _split(width)
        return hash_node(self._hash_of(low, middle), self._hash_of(middle, high))


def verify_inclusion(*, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Show that `leaf_hash` is entry `index` of the tree with this size and root, or raise ProofError."""
    if not 0 <= index < size:
        raise ProofError(f"第 {index} 条不在 {size} 条之内")
    _check_lengths([leaf_hash, root, *proof])
    node, last, running = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise ProofError("包含证明过长")
        if node & 1 or node == last:
            running = hash_node(sibling, running)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            running = hash_node(running, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("包含证明过短")
    if running != root:
        raise ProofError("包含证明算出的根与检查点的根不一致")


def verify_consistency(
    *, old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Show that the newer tree only adds to the older one, or raise ProofError."""
    if not 0 <= old_size <= new_size:
        raise ProofError(f"较早的条数 {old_size} 不在 0 与 {new_size} 之间")
    _check_lengths([old_root, new_root, *proof])
    if old_size in (0, new_size):
        expected = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != expected:
            raise ProofError("条数相同或为零时，证明应为空且根应一致")
        return
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise ProofError("一致性证明为空")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofError("一致性证明过长")
        if node & 1 or node == last:
            older, newer = hash_node(sibling, older), hash_node(sibling, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = hash_node(newer, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("一致性证明过短")
    if older != old_root or newer != new_root:
        raise ProofError("一致性证明算出的根与给定的根不一致")


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofError(f"证明中有哈希不是 {HASH_BYTES} 字节")


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (at least 2)."""
    return 1 << (width - 1).bit_length() - 1
