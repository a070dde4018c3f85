"""The sheet of the map: where a place lies, what the grid and the scale bar say, which sign a register has."""

from __future__ import annotations

import json
from decimal import Decimal
from math import cos, hypot, radians
from pathlib import Path

import pytest

from tanhui.kernel.county import County
from tanhui.portal.map_sheet import COLORS, MapSheet, outline, symbols

BOX = (Decimal("113.15"), Decimal("28.40"), Decimal("114.17"), Decimal("29.12"))
CHINA = (Decimal(73), Decimal(3), Decimal(136), Decimal(54))


def _kilometers(south: float, west: float, north: float, east: float) -> float:
    """Between two near places, on a sphere of 6371 km: a degree of latitude is 111.19 km."""
    return 111.1949 * hypot(north - south, (east - west) * cos(radians((south + north) / 2)))


def test_corners_lie_on_the_frame() -> None:
    sheet = MapSheet(BOX)
    left, top, width, height = sheet.inner
    assert sheet.point(BOX[0], BOX[3]) == (left, top)
    assert sheet.point(BOX[2], BOX[1]) == (left + width, top + height)
    assert sheet.ends == (left + width, top + height)


def test_the_scale_bar_measures_what_lies_between_places() -> None:
    sheet = MapSheet(BOX)
    one, other = (113.4, 28.5), (113.9, 29.0)
    pixels = hypot(*(a - b for a, b in zip(sheet.point(*one), sheet.point(*other), strict=True)))
    left, right = sheet.bar.path.split("h")[0].split()[0][1:], sheet.bar.path.split("h")[1].split("v")[0]
    assert int(left) + int(right) < sheet.ends[0]
    kilometers = pixels * sheet.bar.kilometers / int(right)
    assert kilometers == pytest.approx(_kilometers(one[1], one[0], other[1], other[0]), rel=0.01)


@pytest.mark.parametrize("box", [BOX, CHINA, (Decimal(113), Decimal(28), Decimal("113.1"), Decimal("28.1"))])
def test_the_grid_has_a_few_lines_inside_the_frame(box: tuple[Decimal, Decimal, Decimal, Decimal]) -> None:
    sheet = MapSheet(box)
    left, top, width, height = sheet.inner
    for lines, low, high in ((sheet.meridians, left, left + width), (sheet.parallels, top, top + height)):
        assert 1 <= len(lines) <= 7
        assert all(low < at < high for at, _ in lines)
        assert len({label for _, label in lines}) == len(lines)


def test_registers_never_share_a_sign() -> None:
    signs = symbols([(f"台账{at}", f"register-{at}") for at in range(8 * COLORS)])
    assert len({(sign.path, sign.color) for sign in signs.values()}) == 8 * COLORS
    assert {sign.color for sign in signs.values()} == set(range(1, COLORS + 1))


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_the_outline_is_drawn_where_the_county_has_one(tmp_path: Path, kind: str) -> None:
    sheet = MapSheet(BOX)
    assert outline(County(tmp_path), sheet) == ""
    ring = [[113.2, 28.5], [114.0, 28.5], [113.6, 29.0], [113.2, 28.5]]
    geometry = {"type": kind, "coordinates": [ring] if kind == "Polygon" else [[ring]]}
    (tmp_path / "map").mkdir()
    feature = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry}]}
    (tmp_path / "map" / "outline.geojson").write_text(json.dumps(feature), encoding="utf-8")
    x, y = sheet.point(113.2, 28.5)
    drawn = outline(County(tmp_path), sheet)
    assert drawn.startswith(f"M{x} {y}L")
    assert drawn.endswith("z")
    assert drawn.count("L") == 3
