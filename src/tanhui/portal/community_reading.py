"""Reading the community for the public: points on a map, occasions by day and month, quantities and times in words."""

from __future__ import annotations

import re
from calendar import Calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import cos, hypot, pi, radians, sin

from tanhui.community.types import Material, OccasionState, OccasionView, PointState, PointView, PriceView
from tanhui.kernel.days import COUNTY_ZONE, chinese_date, local_day, next_month
from tanhui.portal.map_sheet import MapSheet

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
PUBLIC = (OccasionState.OPEN, OccasionState.CLOSED, OccasionState.CANCELLED)
SHAPES = {
    PointState.OPEN: "M0-18A18 18 0 1 1 0 18 18 18 0 1 1 0-18z",
    PointState.FULL: "M-16-16H16V16H-16z",
    PointState.BROKEN: "M0-23L23 0 0 23-23 0z",
    PointState.CLOSED: "M-9.5-20h19L20-9.5v19L9.5 20h-19L-20 9.5v-19z",
}
"""A state is a shape first, then a color: people who see no colors read the same map."""
Box = tuple[Decimal, Decimal, Decimal, Decimal]
_LEAST, _MARGIN = Decimal("0.02"), Decimal("1.25")
"""Degrees of latitude that a sheet shows at least to each side of its middle, and how much more than its places."""
_APART, _RINGS = 76, 5
"""Pixels of the sheet between two numbers, which a phone draws at twice the size; how far a number may stand off."""
KINDS = {PointState.OPEN: "good", PointState.FULL: "warn", PointState.BROKEN: "bad", PointState.CLOSED: ""}


@dataclass(frozen=True)
class PointCard:
    """A point with its number on the map and in the list, and what it takes.

    `place` is where it lies on the sheet, `spot` where its number stands: beside it where another number covers it.
    """

    no: int
    point: PointView
    town: str
    materials: tuple[Material, ...]
    shape: str
    badge: str
    place: tuple[int, int] | None = None
    spot: tuple[int, int] | None = None


@dataclass(frozen=True)
class Price:
    """A recycler's price in words."""

    view: PriceView
    material: str
    words: str


@dataclass(frozen=True)
class OccasionCard:
    """An occasion in words: when, whether one may still come, and what is collected."""

    view: OccasionView
    town: str
    day: date
    times: str
    places: str
    booking: str
    badge: str
    materials: tuple[Material, ...]


@dataclass(frozen=True)
class Day:
    """A day with its occasions."""

    day: date
    weekday: str
    cards: tuple[OccasionCard, ...]


@dataclass(frozen=True)
class Month:
    """A month as a sheet of weeks: each cell a day (None outside the month), how many occasions it has, and whether
    they stand on the page.
    """

    first: date
    before: str
    after: str
    weeks: tuple[tuple[tuple[date | None, int, bool], ...], ...]


def point_cards(
    points: Iterable[PointView], located: Mapping[str, tuple[str, str]], materials: Mapping[str, Material]
) -> list[PointCard]:
    """Points by township and title, numbered in that order: the same number stands on the map and in the list."""
    ordered = sorted(points, key=lambda each: (located.get(each.division_code, ("", ""))[0], each.title, each.number))
    return [
        PointCard(
            no=no,
            point=each,
            town=located.get(each.division_code, ("", ""))[1],
            materials=tuple(materials[code] for code in each.materials if code in materials),
            shape=SHAPES[each.state],
            badge=KINDS[each.state],
        )
        for no, each in enumerate(ordered, start=1)
    ]


def on_sheet(cards: Sequence[PointCard], sheet: MapSheet) -> list[PointCard]:
    """The cards that have a place, with where they lie and where their numbers stand."""
    places = [_place(card.point, sheet) for card in cards]
    found = zip(cards, places, apart(places, sheet), strict=True)
    return [replace(card, place=place, spot=spot) for card, place, spot in found if place is not None]


def box_around(cards: Iterable[PointCard], whole: Box) -> Box:
    """(West, south, east, north) around the cards that have a place, as wide as high; the whole where none has."""
    located = [
        (Decimal(card.point.longitude_e6).scaleb(-6), Decimal(card.point.latitude_e6).scaleb(-6))
        for card in cards
        if card.point.longitude_e6 is not None and card.point.latitude_e6 is not None
    ]
    if not located:
        return whole
    longitudes, latitudes = zip(*located, strict=True)
    x, y = (max(longitudes) + min(longitudes)) / 2, (max(latitudes) + min(latitudes)) / 2
    stretch = Decimal(round(1 / cos(radians(y)), 4))
    half = max((max(longitudes) - x) / stretch, max(latitudes) - y, _LEAST) * _MARGIN
    return x - half * stretch, y - half, x + half * stretch, y + half


def _place(point: PointView, sheet: MapSheet) -> tuple[int, int] | None:
    if point.longitude_e6 is None or point.latitude_e6 is None:
        return None
    return sheet.point(point.longitude_e6 / 1_000_000, point.latitude_e6 / 1_000_000)


def apart(places: Iterable[tuple[int, int] | None], sheet: MapSheet) -> list[tuple[int, int] | None]:
    """A spot for the number of each place, so that none covers another: on the place, or on a ring around it."""
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}  # by cells of the least distance: neighbors are near
    spots: list[tuple[int, int] | None] = []
    for place in places:
        spot = None if place is None else next(_free(place, taken, sheet), place)
        spots.append(spot)
        if spot is not None:
            taken.setdefault((spot[0] // _APART, spot[1] // _APART), []).append(spot)
    return spots


def _free(
    place: tuple[int, int], taken: Mapping[tuple[int, int], Sequence[tuple[int, int]]], sheet: MapSheet
) -> Iterator[tuple[int, int]]:
    """Spots on the sheet that nothing covers, from the place outward."""
    left, top, width, height = sheet.inner
    for ring in range(_RINGS):
        for step in range(max(1, 8 * ring)):
            angle = pi * step / (4 * max(1, ring))
            x, y = place[0] + round(_APART * ring * cos(angle)), place[1] + round(_APART * ring * sin(angle))
            inside = ring == 0 or (left < x - 20 and x + 20 < left + width and top < y - 20 and y + 20 < top + height)
            column, row = x // _APART, y // _APART
            near = [taken.get((column + i, row + j), ()) for i in (-1, 0, 1) for j in (-1, 0, 1)]
            if inside and all(hypot(x - a, y - b) >= _APART - 2 for cell in near for a, b in cell):
                yield x, y


def by_town(cards: Iterable[PointCard]) -> list[tuple[str, list[PointCard]]]:
    """(Township, its points), in the order of the cards."""
    groups: dict[str, list[PointCard]] = {}
    for card in cards:
        groups.setdefault(card.town, []).append(card)
    return list(groups.items())


def most_words(material: Material) -> str:
    """The largest quantity of one person at once, as people say it."""
    if material.quantity == "item_count":
        return f"一人一次最多{material.most}件"
    kilograms, grams = divmod(material.most, 1000)
    return f"一人一次最多{material.most}克" if grams else f"一人一次最多{kilograms}千克"


def prices_in_words(prices: Iterable[PriceView], materials: Mapping[str, Material]) -> list[Price]:
    """Prices by material in the county's order, then the higher first."""
    order = list(materials)
    known = [each for each in prices if each.material in materials]
    known.sort(key=lambda each: (order.index(each.material), -each.price_fen, each.organization_title))
    return [Price(each, materials[each.material].title, price_words(each, materials[each.material])) for each in known]


def price_words(price: PriceView, material: Material) -> str:
    """Yuan a kilogram or an item, to the fen."""
    unit = "件" if material.quantity == "item_count" else "千克"
    return f"{price.price_fen // 100}.{price.price_fen % 100:02d} 元／{unit}"


def occasion_card(
    view: OccasionView, at: datetime, located: Mapping[str, tuple[str, str]], materials: Mapping[str, Material]
) -> OccasionCard:
    """An occasion as it is shown at that instant."""
    booking, badge = _booking(view, at)
    return OccasionCard(
        view=view,
        town=located.get(view.division_code, ("", ""))[1],
        day=local_day(view.starts_at),
        times=time_words(view.starts_at, view.ends_at),
        places=_places(view),
        booking=booking,
        badge=badge,
        materials=tuple(materials[code] for code in view.materials if code in materials),
    )


def time_words(starts_at: datetime, ends_at: datetime) -> str:
    """8:30—11:00 within a day; across days with the last day."""
    start, end = starts_at.astimezone(COUNTY_ZONE), ends_at.astimezone(COUNTY_ZONE)
    until = f"{end.hour}:{end:%M}"
    if start.date() != end.date():
        until = f"{chinese_date(end.date())} {until}"
    return f"{start.hour}:{start:%M}—{until}"


def _places(view: OccasionView) -> str:
    """How many places there are, as people say it."""
    if not view.bookable:
        return "不用预约，直接来"
    if view.capacity is None:
        return "名额不限"
    if view.left:
        return f"{view.capacity}个名额，还有{view.left}个"
    return f"{view.capacity}个名额已约满" + (f"，{view.waiting}人候补" if view.waiting else "，可以候补")


def _booking(view: OccasionView, at: datetime) -> tuple[str, str]:
    """In a word whether one may come, and the kind of badge it wears."""
    if view.state is OccasionState.CANCELLED:
        return "已取消", "bad"
    if view.state is OccasionState.CLOSED or at >= view.ends_at:
        return "已结束", ""
    if view.starts_at <= at:
        return "正在进行", "info"
    if not view.bookable:
        return "直接来", "good"
    if view.book_from is not None and at < view.book_from:
        return f"{chinese_date(local_day(view.book_from))}起预约", "info"
    if view.book_to is not None and at >= view.book_to:
        return "预约已截止", ""
    return ("可以候补", "warn") if view.left == 0 else ("可以预约", "good")


def by_day(cards: Sequence[OccasionCard]) -> list[Day]:
    """The cards by day, earliest first."""
    days: dict[date, list[OccasionCard]] = {}
    for card in sorted(cards, key=lambda each: (each.view.starts_at, each.view.number)):
        days.setdefault(card.day, []).append(card)
    return [Day(day, WEEKDAYS[day.weekday()], tuple(found)) for day, found in days.items()]


def first_days(days: Sequence[Day], most: int) -> tuple[list[Day], list[Day]]:
    """The first whole days with at most that many occasions (at least one day), and the days after them."""
    shown = 0
    for at, day in enumerate(days):
        shown += len(day.cards)
        if shown > most and at:
            return list(days[:at]), list(days[at:])
    return list(days), []


def month_of(text: str, today: date) -> date:
    """The first day of the month written as 2026-11; of this month where it is none, or not within ten years."""
    found = _MONTH.fullmatch(text)
    year = int(found[1]) if found else 0
    return date(year, int(found[2]), 1) if found and abs(year - today.year) <= 10 else today.replace(day=1)


def month_sheet(first: date, days: Iterable[Day], later: Iterable[Day]) -> Month:
    """The month with how many occasions each day has; `later` are those of `days` that do not stand on the page."""
    counts = {each.day: len(each.cards) for each in days}
    elsewhere = {each.day for each in later}
    weeks = tuple(
        tuple(
            (day, counts.get(day, 0), day not in elsewhere) if day.month == first.month else (None, 0, False)
            for day in week
        )
        for week in Calendar().monthdatescalendar(first.year, first.month)
    )
    before = (first - timedelta(days=1)).replace(day=1)
    return Month(first, f"{before:%Y-%m}", f"{next_month(first):%Y-%m}", weeks)
