"""Tiles: paths, widths and contents, from which the tree can be rebuilt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanhui_tlog import (
    NoteError,
    ProofError,
    Tile,
    Tree,
    entry_bundle,
    hash_leaf,
    merkle_root,
    read_entry_bundle,
    tile_hashes,
    tiles_between,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
        (Tile(None, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/999",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/-1/000",
        "tile/0/" + "x001/" * 2000 + "000",
    ],
)
def test_no_second_spelling(path: str) -> None:
    with pytest.raises(NoteError):
        Tile.parse(path)


@given(st.sampled_from([None, 0, 1, 63]), st.integers(0, 10**12), st.integers(1, 256))
def test_every_path_is_read_back(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


def test_widths_of_the_specification() -> None:
    tiles = list(tiles_between(0, 70_000))
    full = [sum(1 for tile in tiles if tile.level == level and tile.width == 256) for level in range(3)]
    partial = [tile for tile in tiles if tile.width < 256]
    assert full == [273, 1, 0]
    assert partial == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_between(0, 256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_between(0, 0)) == []
    assert list(tiles_between(255, 257)) == [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]
    assert list(tiles_between(257, 257)) == []


def test_contents_and_levels() -> None:
    entries = [str(number).encode() for number in range(600)]
    tree = Tree(entries)
    for tile in tiles_between(0, 600):
        content = tile_hashes(tree, tile)
        rows = [content[start : start + 32] for start in range(0, len(content), 32)]
        assert len(rows) == tile.width
        if tile.level == 0:
            start = tile.index * 256
            assert rows == [hash_leaf(entry) for entry in entries[start : start + tile.width]]
        else:
            below = [tile_hashes(tree, Tile(0, number)) for number in range(tile.width)]
            assert rows == [merkle_root([one[at : at + 32] for at in range(0, len(one), 32)]) for one in below]


@given(st.integers(0, 700), st.integers(0, 700))
def test_growing_in_steps_publishes_the_same_tiles(first: int, second: int) -> None:
    middle, end = sorted((first, second))
    published = {tile.path for tile in [*tiles_between(0, middle), *tiles_between(middle, end)]}
    assert {tile.path for tile in tiles_between(0, end)} <= published


def test_refusals() -> None:
    tree = Tree([b"a"])
    for tile in (Tile(0, 0, 2), Tile(1, 0, 1), Tile(0, 1, 1), Tile(None, 0, 1)):
        with pytest.raises(ProofError):
            tile_hashes(tree, tile)
    for level, index, width in ((64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (-1, 0, 1)):
        with pytest.raises(ProofError):
            Tile(level, index, width)
    with pytest.raises(ProofError):
        list(tiles_between(2, 1))


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(min_value=1))
def test_entry_bundles(entries: list[bytes], cut: int) -> None:
    data = entry_bundle(entries)
    assert read_entry_bundle(data) == entries
    if entries:
        shorter = data[: -(1 + cut % (len(entries[-1]) + 1))]
        with pytest.raises(ProofError):
            read_entry_bundle(shorter)


def test_entry_bundle_form() -> None:
    assert entry_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    with pytest.raises(ProofError):
        entry_bundle([bytes(65536)])
