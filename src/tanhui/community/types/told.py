"""What the verbs are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from tanhui.community.types.kinds import OccasionKind, OccasionState, PointKind, PointState, TeamRole, Weighed


@dataclass(frozen=True)
class Material:
    """A material as the county's `community/materials.toml` has it.

    `quantity` is `mass_g` or `item_count`; `scenario` (may be empty: no method yet) and `inputs` say what is
    submitted; `most` is the largest quantity that one person brings at once, in the unit of `quantity`.
    """

    code: str
    title: str
    quantity: str
    most: int
    scenario: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    how_to: str = ""
    picture: str = ""
    note: str = ""


@dataclass(frozen=True)
class PointDetails:
    """A collection point or box. Longitude and latitude in millionths of a degree; `number` (`cpt_…`): its changes."""

    kind: PointKind
    title: str
    division_code: str
    address: str
    materials: tuple[str, ...]
    hours: str = ""
    longitude_e6: int | None = None
    latitude_e6: int | None = None
    number: str = ""


@dataclass(frozen=True)
class PointReport:
    """Somebody says how a point is. A resident's word shows as reported; staff's word is the state."""

    number: str
    state: PointState
    note: str = ""


@dataclass(frozen=True)
class PriceDetails:
    """What a recycler pays for a kilogram (or an item) of a material from a day on, in fen. Shown; never paid by us."""

    organization: str
    material: str
    price_fen: int
    valid_from: date


@dataclass(frozen=True)
class OccasionDetails:
    """An occasion, [starts_at, ends_at), booked in [book_from, book_to) where `bookable`.

    `host` is a party number of an organization, `point` a `cpt_…`, `audience` a code of the county's audiences,
    `materials` what is collected. `minutes`: the service hours it is worth, for volunteers. With `number` (`occ_…`):
    the new content of a draft, or new times and place of an open one.
    """

    kind: OccasionKind
    title: str
    summary: str
    host: str
    division_code: str
    place: str
    starts_at: datetime
    ends_at: datetime
    bookable: bool = True
    book_from: datetime | None = None
    book_to: datetime | None = None
    capacity: int | None = None
    materials: tuple[str, ...] = ()
    point: str = ""
    audience: str = ""
    minutes: int | None = None
    number: str = ""


@dataclass(frozen=True)
class OccasionStatus:
    """Open a draft, close an occasion (who did not come is then a no-show), or call it off with a reason."""

    number: str
    state: OccasionState
    reason: str = ""


@dataclass(frozen=True)
class TeamDetails:
    """A volunteer team; with `number` (`tem_…`): its changes. `host` is a party number of an organization."""

    title: str
    host: str
    division_code: str
    number: str = ""
    ended: bool = False


@dataclass(frozen=True)
class TeamMember:
    """A resident joins a team in one of the four roles, or leaves it."""

    team: str
    party_id: int
    role: TeamRole
    joined: bool = True


@dataclass(frozen=True)
class BookingDetails:
    """A place in an occasion for a person. `key` is the caller's name for it: repeated, it gets the first answer."""

    occasion: str
    party_id: int
    key: str
    note: str = ""


@dataclass(frozen=True)
class Measured:
    """One measured quantity of a check-in: grams of a material, or a number of items of it."""

    material: str
    mass_g: int | None = None
    item_count: int | None = None
    weighed: Weighed = Weighed.HAND
    reading: str = ""


@dataclass(frozen=True)
class CheckInDetails:
    """A person is at an occasion. Who: one of `party_id`, `card` (the token printed on a card), or `code` (what the
    rotating QR of the occasion says; then the person is the caller).

    `nonce` (8 to 64 letters, digits, `-`, `_`) names the attempt: repeated, it gets the first answer. `happened_at` is
    the phone's own time; `offline`: it was made without network and is uploaded now. `minutes` are service hours,
    `score` a result out of `score_of`. `corrects` is a `chk_…` that this one replaces, with `reason`.
    """

    occasion: str
    nonce: str
    happened_at: datetime
    party_id: int | None = None
    card: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    measured: tuple[Measured, ...] = ()
    minutes: int | None = None
    score: int | None = None
    score_of: int | None = None
    offline: bool = False
    corrects: str = ""
    reason: str = ""


@dataclass(frozen=True)
class ConfirmDetails:
    """A second person says that a pending check-in (`chk_…`) is right, or not."""

    number: str
    right: bool
    reason: str = ""


@dataclass(frozen=True)
class CardDetails:
    """Print a card of `serials` single-use tokens for a resident; `witness` is a second member of staff."""

    party_id: int
    witness: str
    serials: int = 24


@dataclass(frozen=True)
class CardPrint:
    """A card (`crd_…`) is to be printed, by who issued it."""

    number: str


@dataclass(frozen=True)
class CardRevoked:
    """A card (`crd_…`) is lost or given back: none of its tokens counts any more."""

    number: str
    reason: str


@dataclass(frozen=True)
class QuizAnswers:
    """A resident's answers to the questions of a quiz: question → chosen option."""

    quiz: str
    nonce: str
    chosen: Mapping[str, str]
