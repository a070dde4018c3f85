"""The tree against published vectors, against its definition, and against every flipped bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_tlog import (
    EMPTY_ROOT,
    ProofError,
    Tree,
    hash_leaf,
    hash_node,
    merkle_root,
    verify_consistency,
    verify_inclusion,
)

# The vectors that the Certificate Transparency implementations share.
LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = [
    (0, 1, []),
    (0, 8, [A, B, C]),
    (5, 8, [D, E, ROOTS[4]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], B, D]),
]
CONSISTENCY = [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [F, E, ROOTS[4]]), (2, 5, [B, D])]


def test_hashes_of_the_rfc() -> None:
    assert bytes.fromhex(ROOTS[0]) == EMPTY_ROOT == merkle_root([]) == Tree().root()
    assert hash_leaf(b"").hex() == ROOTS[1]
    low, high = bytes(range(32)), bytes(range(32, 64))
    assert hash_node(low, high).hex() == "1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57"


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert Tree(LEAVES).root(size).hex() == ROOTS[size]
    assert Tree(LEAVES[:size]).root().hex() == ROOTS[size]
    assert merkle_root([hash_leaf(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, path: list[str]) -> None:
    assert [one.hex() for one in Tree(LEAVES).inclusion_proof(index, size)] == path
    verify_inclusion(
        leaf_hash=hash_leaf(LEAVES[index]),
        index=index,
        size=size,
        proof=[bytes.fromhex(one) for one in path],
        root=bytes.fromhex(ROOTS[size]),
    )


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int, path: list[str]) -> None:
    assert [one.hex() for one in Tree(LEAVES).consistency_proof(old, new)] == path
    verify_consistency(
        old_size=old,
        old_root=bytes.fromhex(ROOTS[old]),
        new_size=new,
        new_root=bytes.fromhex(ROOTS[new]),
        proof=[bytes.fromhex(one) for one in path],
    )


def test_every_small_tree() -> None:
    tree = Tree(str(number).encode() for number in range(70))
    leaves = [hash_leaf(str(number).encode()) for number in range(70)]
    for size in range(71):
        root = tree.root(size)
        assert root == merkle_root(leaves[:size])
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            verify_inclusion(leaf_hash=leaves[index], index=index, size=size, proof=proof, root=root)
        for old in range(size + 1):
            verify_consistency(
                old_size=old,
                old_root=tree.root(old),
                new_size=size,
                new_root=root,
                proof=tree.consistency_proof(old, size),
            )


ENTRIES = st.lists(st.binary(max_size=20), min_size=1, max_size=300)


def _flip(hashes: list[bytes], bit: int) -> list[bytes]:
    joined = bytearray(b"".join(hashes))
    joined[bit // 8 % len(joined)] ^= 1 << bit % 8
    return [bytes(joined[start : start + 32]) for start in range(0, len(joined), 32)]


@given(entries=ENTRIES, choice=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=10**6))
def test_inclusion(entries: list[bytes], choice: int, bit: int) -> None:
    tree, index = Tree(entries), choice % len(entries)
    root, proof, leaf = tree.root(), tree.inclusion_proof(index), hash_leaf(entries[index])
    verify_inclusion(leaf_hash=leaf, index=index, size=tree.size, proof=proof, root=root)
    for wrong_leaf, wrong_root, *wrong_proof in [_flip([leaf, root, *proof], bit)]:
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash=wrong_leaf, index=index, size=tree.size, proof=wrong_proof, root=wrong_root)
    for wrong in (proof[:-1], [*proof, root]):
        if wrong != proof:
            with pytest.raises(ProofError):
                verify_inclusion(leaf_hash=leaf, index=index, size=tree.size, proof=wrong, root=root)


@given(
    entries=ENTRIES,
    old_choice=st.integers(min_value=0),
    new_choice=st.integers(min_value=0),
    bit=st.integers(min_value=0, max_value=10**6),
)
def test_consistency(entries: list[bytes], old_choice: int, new_choice: int, bit: int) -> None:
    tree = Tree(entries)
    new = 1 + new_choice % len(entries)
    old = 1 + old_choice % new
    old_root, new_root, proof = tree.root(old), tree.root(new), tree.consistency_proof(old, new)
    verify_consistency(old_size=old, old_root=old_root, new_size=new, new_root=new_root, proof=proof)
    wrong_old, wrong_new, *wrong_proof = _flip([old_root, new_root, *proof], bit)
    with pytest.raises(ProofError):
        verify_consistency(old_size=old, old_root=wrong_old, new_size=new, new_root=wrong_new, proof=wrong_proof)
    for wrong in (proof[:-1], [*proof, new_root]):
        if wrong != proof:
            with pytest.raises(ProofError):
                verify_consistency(old_size=old, old_root=old_root, new_size=new, new_root=new_root, proof=wrong)


@given(entries=st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), data=st.data())
def test_a_rewritten_past_has_no_proof(entries: list[bytes], data: st.DataObject) -> None:
    old = data.draw(st.integers(1, len(entries) - 1))
    changed = data.draw(st.integers(0, old - 1))
    honest = Tree(entries)
    rewritten = Tree([*entries[:changed], b"rewritten", *entries[changed + 1 :]])
    with pytest.raises(ProofError):
        verify_consistency(
            old_size=old,
            old_root=honest.root(old),
            new_size=rewritten.size,
            new_root=rewritten.root(),
            proof=rewritten.consistency_proof(old),
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3), (0, 9), (8, None), (0, -1)])
def test_no_proof_out_of_bounds(index: int, size: int | None) -> None:
    with pytest.raises(ProofError):
        Tree(LEAVES).inclusion_proof(index, size)


@pytest.mark.parametrize(("old", "new"), [(4, 3), (-1, 3), (1, 9), (9, None)])
def test_no_consistency_out_of_bounds(old: int, new: int | None) -> None:
    with pytest.raises(ProofError):
        Tree(LEAVES).consistency_proof(old, new)


def test_verifying_out_of_bounds() -> None:
    leaf, root = hash_leaf(b""), Tree([b""]).root()
    verify_inclusion(leaf_hash=leaf, index=0, size=1, proof=[], root=root)
    for index, size, one in [(0, 0, leaf), (-1, 1, leaf), (1, 1, leaf), (0, 1, leaf[:31])]:
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash=one, index=index, size=size, proof=[], root=root)
    for old, new, proof in [(2, 1, []), (-1, 1, []), (1, 2, []), (1, 1, [root]), (0, 1, [root])]:
        with pytest.raises(ProofError):
            verify_consistency(old_size=old, old_root=root, new_size=new, new_root=root, proof=proof)
    with pytest.raises(ProofError):
        Tree().append_hash(b"short")
