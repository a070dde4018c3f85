"""Points, occasions, bookings, check-ins and cards as others may see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from tanhui.community.types.kinds import (
    BookingState,
    CheckInState,
    OccasionKind,
    OccasionState,
    PointKind,
    PointState,
    Weighed,
)
from tanhui.community.types.told import Material


@dataclass(frozen=True)
class PointView:
    """A point as everybody may see it. `reported` is what residents say since staff last looked."""

    number: str
    kind: PointKind
    title: str
    division_code: str
    address: str
    materials: tuple[str, ...]
    hours: str
    longitude_e6: int | None
    latitude_e6: int | None
    state: PointState
    state_at: datetime
    reported: PointState | None


@dataclass(frozen=True)
class PriceView:
    """A recycler's price of a material."""

    organization: str
    organization_title: str
    material: str
    price_fen: int
    valid_from: date


@dataclass(frozen=True)
class OccasionView:
    """An occasion. `booked` and `waiting` are counts; `left` is None where places are not limited."""

    number: str
    kind: OccasionKind
    title: str
    summary: str
    host: str
    host_title: str
    division_code: str
    place: str
    point: str
    starts_at: datetime
    ends_at: datetime
    bookable: bool
    book_from: datetime | None
    book_to: datetime | None
    capacity: int | None
    booked: int
    waiting: int
    left: int | None
    materials: tuple[str, ...]
    audience: str
    minutes: int | None
    state: OccasionState
    reason: str


@dataclass(frozen=True)
class BookingView:
    """A booking. `ahead`: how many wait before it. `replayed`: it was made before this call."""

    number: str
    occasion: str
    occasion_title: str
    kind: OccasionKind
    starts_at: datetime
    ends_at: datetime
    place: str
    party_id: int
    state: BookingState
    ahead: int
    booked_at: datetime
    booked_by: str
    note: str
    replayed: bool = False


@dataclass(frozen=True)
class MeasurementView:
    """One measured quantity and the behavior that it became (`bhv_…`; empty where no scenario knows the material, or
    while the check-in is pending)."""

    material: str
    title: str
    mass_g: int | None
    item_count: int | None
    weighed: Weighed
    reading: str
    behavior: str


@dataclass(frozen=True)
class CheckInView:
    """A check-in, which is also the paper receipt. `message` is what the person is told."""

    number: str
    occasion: str
    occasion_title: str
    party_id: int
    party: str
    happened_at: datetime
    recorded_at: datetime
    recorded_by: str
    offline: bool
    by_card: bool
    state: CheckInState
    measured: tuple[MeasurementView, ...]
    minutes: int | None
    score: int | None
    score_of: int | None
    corrects: str
    confirmed_by: str
    message: str
    replayed: bool = False


@dataclass(frozen=True)
class CardView:
    """A printed card; `used` serials of `serials`."""

    number: str
    party_id: int
    serials: int
    used: int
    issued_at: datetime
    issued_by: str
    issuer_id: int | None
    witness: str
    revoked_at: datetime | None


@dataclass(frozen=True)
class CardSheet:
    """What is printed: the card and its tokens, each once. Tokens are signed, not stored."""

    card: CardView
    tokens: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True)
class MorningPack:
    """What a clerk's phone takes along: enough to judge cards and quantities without network for `valid_until`."""

    made_at: datetime
    valid_until: datetime
    division_code: str
    card_key: str
    revoked: tuple[str, ...]
    occasions: tuple[OccasionView, ...]
    materials: tuple[Material, ...]
    persons: tuple[tuple[str, str], ...] = ()
    """(party number, display name) of residents whom this clerk may act for."""


@dataclass(frozen=True)
class UploadResult:
    """What became of one entry of an upload: its view, or the error (stable code, sentence, what to do)."""

    nonce: str
    view: CheckInView | None
    code: str = ""
    message: str = ""
    fix: str = ""
