"""A map as one drawing: no tiles, no third party. Longitude and latitude in WGS 84 degrees become whole pixels.

The projection is equidistant with the middle latitude as its standard: inside a county nothing is off by more than a
fraction of a percent, and the scale bar holds everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import cos, pi, radians
from typing import Any

from tanhui.kernel.county import County

WIDTH = 1000
SIDE, TOP, FOOT = 44, 6, 52  # room for the labels of the grid, which stand outside the frame below it
_EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
_KM_A_DEGREE = 2 * pi * _EARTH_RADIUS_KM / 360
_BAR_KM = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_STEPS = tuple(Decimal(each) for each in ("0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10", "20"))
_SHAPES = (
    "M0-10A10 10 0 1 1 0 10 10 10 0 1 1 0-10z",
    "M-8.8-8.8H8.8V8.8H-8.8z",
    "M0-11.5L11 8.2H-11z",
    "M0-12L10.5 0 0 12-10.5 0z",
    "M0 11.5L-11-8.2H11z",
    "M0-12l3.2 7.6 8.2.7-6.2 5.4 1.9 8.1L0 5.5l-7.1 4.3 1.9-8.1-6.2-5.4 8.2-.7z",
    "M-3.8-10.5h7.6v6.7h6.7v7.6H3.8v6.7h-7.6V3.8h-6.7v-7.6h6.7z",
    "M-5.6-10H5.6L11.2 0 5.6 10H-5.6L-11.2 0z",
)
COLORS = 8


@dataclass(frozen=True)
class Sign:
    """How the places of one register are drawn: a shape and a color class; no two registers share both."""

    code: str
    title: str
    order: int
    path: str
    color: int


@dataclass(frozen=True)
class ScaleBar:
    """A bar with its path, the middle and the height of its label, and the kilometers that it spans."""

    path: str
    middle: int
    y: int
    kilometers: int


@dataclass(frozen=True)
class MapSheet:
    """A sheet for a box of (west, south, east, north)."""

    box: tuple[Decimal, Decimal, Decimal, Decimal]
    width: int = WIDTH
    height: int = field(init=False)
    _scale: float = field(init=False)
    _squeeze: float = field(init=False)

    def __post_init__(self) -> None:
        west, south, east, north = (float(each) for each in self.box)
        squeeze = cos(radians((south + north) / 2))
        scale = (self.width - 2 * SIDE) / ((east - west) * squeeze)
        object.__setattr__(self, "_squeeze", squeeze)
        object.__setattr__(self, "_scale", scale)
        object.__setattr__(self, "height", round((north - south) * scale) + TOP + FOOT)

    def point(self, longitude: Decimal | float, latitude: Decimal | float) -> tuple[int, int]:
        """Where a place lies on the sheet."""
        west, north = float(self.box[0]), float(self.box[3])
        x = (float(longitude) - west) * self._squeeze * self._scale
        y = (north - float(latitude)) * self._scale
        return SIDE + round(x), TOP + round(y)

    @property
    def inner(self) -> tuple[int, int, int, int]:
        """The frame: x, y, width, height."""
        return SIDE, TOP, self.width - 2 * SIDE, self.height - TOP - FOOT

    @property
    def ends(self) -> tuple[int, int]:
        """The right and the lower side of the frame."""
        return self.width - SIDE, self.height - FOOT

    @property
    def north(self) -> dict[str, object]:
        """The arrow in the upper right corner: its path, and where its word stands."""
        x, y = self.ends[0] - 36, TOP + 20
        return {"path": f"M{x} {y}l9 28-9-6-9 6z", "x": x, "y": y + 52}

    @property
    def meridians(self) -> list[tuple[int, str]]:
        """Lines of longitude inside the frame: x and label, such as 113.6°E."""
        west, _, east, _ = self.box
        return [(self.point(at, 0)[0], f"{text}°E") for at, text in _grid(west, east)]

    @property
    def parallels(self) -> list[tuple[int, str]]:
        """Lines of latitude inside the frame: y and label."""
        _, south, _, north = self.box
        return [(self.point(0, at)[1], f"{text}°N") for at, text in _grid(south, north)]

    @property
    def bar(self) -> ScaleBar:
        """The scale bar in the lower right corner; at most about a fifth of the sheet."""
        pixels_a_km = self._scale / _KM_A_DEGREE
        length = max((km for km in _BAR_KM if km * pixels_a_km <= self.width / 5), default=_BAR_KM[0])
        pixels, (right, low) = round(length * pixels_a_km), self.ends
        x, y = right - pixels - 24, low - 24
        return ScaleBar(f"M{x} {y - 8}v8h{pixels}v-8", x + pixels // 2, y, length)


def _grid(low: Decimal, high: Decimal) -> list[tuple[Decimal, str]]:
    """Round values strictly between two, at most six of them, with the digits that they need."""
    step = next((each for each in _STEPS if (high - low) / each <= 6), _STEPS[-1])
    values = [count * step for count in range(int(low // step), int(high // step) + 1)]
    return [(value, str(value)) for value in values if low < value < high]


def symbols(registers: Sequence[tuple[str, str]]) -> dict[str, Sign]:
    """A sign for each register, (title, code), in their order: shapes take turns, then colors shift."""
    return {
        code: Sign(code, title, order, _SHAPES[order % len(_SHAPES)], (order + order // len(_SHAPES)) % COLORS + 1)
        for order, (title, code) in enumerate(registers)
    }


def outline(county: County, sheet: MapSheet) -> str:
    """The county's own outline as path data, from map/outline.geojson in its folder; empty without that file."""
    path = county.folder / "map" / "outline.geojson"
    if not path.is_file():
        return ""
    return "".join(_rings(json.loads(path.read_text(encoding="utf-8")), sheet))


def _rings(shape: Any, sheet: MapSheet) -> list[str]:
    """Path data of every ring in a GeoJSON object."""
    if shape["type"] == "FeatureCollection":
        return [each for feature in shape["features"] for each in _rings(feature, sheet)]
    if shape["type"] == "Feature":
        return _rings(shape["geometry"], sheet)
    polygons = {"Polygon": [shape.get("coordinates")], "MultiPolygon": shape.get("coordinates")}.get(shape["type"], [])
    return [_path(ring, sheet) for polygon in polygons for ring in polygon]


def _path(ring: list[list[float]], sheet: MapSheet) -> str:
    points = [sheet.point(longitude, latitude) for longitude, latitude, *_ in ring]
    return "M" + "L".join(f"{x} {y}" for x, y in points) + "z"
