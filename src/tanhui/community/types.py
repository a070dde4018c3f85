"""Values and errors that leave the room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from tanhui.kernel.errors import BadInput, Conflict

OFFLINE_WINDOW = timedelta(hours=72)
"""How long after its own time a check-in without network may be uploaded."""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far ahead of ours the clock of a phone may be."""
ROTATION_S = 30
"""Seconds after which the QR code of an occasion changes; the one before still counts."""


class OccasionKind(StrEnum):
    """What people come to."""

    PICKUP = "pickup"
    COLLECTION = "collection"
    TRAINING = "training"
    VOLUNTEER = "volunteer"
    STUDY_VISIT = "study_visit"
    RUN = "run"
    EXCHANGE_DAY = "exchange_day"
    LECTURE = "lecture"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "pickup": "上门回收",
            "collection": "定点回收",
            "training": "培训",
            "volunteer": "志愿服务",
            "study_visit": "研学",
            "run": "健康跑",
            "exchange_day": "村组集中兑换",
            "lecture": "宣讲",
        }[self.value]


class OccasionState(StrEnum):
    """A draft is seen by its makers only; an open one is booked and attended; over; or called off."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"draft": "草稿", "open": "进行中", "closed": "已结束", "cancelled": "已取消"}[self.value]


class BookingState(StrEnum):
    """A place: held, waited for, given back, used, or not used."""

    BOOKED = "booked"
    WAITING = "waiting"
    RELEASED = "released"
    ATTENDED = "attended"
    NO_SHOW = "no_show"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "booked": "已预约",
            "waiting": "候补中",
            "released": "已取消",
            "attended": "已到场",
            "no_show": "未到场",
        }[self.value]


class CheckInState(StrEnum):
    """Counted; waiting for a second person; refused by the second person; or replaced by a correction."""

    COUNTED = "counted"
    PENDING = "pending"
    REFUSED = "refused"
    CORRECTED = "corrected"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"counted": "已计入", "pending": "待第二人确认", "refused": "未通过", "corrected": "已更正"}[self.value]


class Weighed(StrEnum):
    """How a mass was found: read off a scale that the platform knows, or by hand."""

    SCALE = "scale"
    HAND = "hand"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"scale": "电子秤读数", "hand": "人工称量"}[self.value]


class PointKind(StrEnum):
    """A staffed point, or a box that stands somewhere."""

    POINT = "point"
    BOX = "box"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"point": "回收点", "box": "回收箱"}[self.value]


class PointState(StrEnum):
    """Whether one can bring something now."""

    OPEN = "open"
    FULL = "full"
    BROKEN = "broken"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"open": "可投放", "full": "已满", "broken": "待维修", "closed": "已停用"}[self.value]


class TeamRole(StrEnum):
    """The four roles of a volunteer team (box 2 of the plan)."""

    PROMOTER = "promoter"
    ADVISER = "adviser"
    SUPERVISOR = "supervisor"
    LECTURER = "lecturer"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"promoter": "宣传员", "adviser": "劝导员", "supervisor": "监督员", "lecturer": "授课讲师"}[self.value]


# ------------------------------------------------------------------------------------ what `arrange` is told


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


# --------------------------------------------------------------------------------- what the other verbs are told


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


# ---------------------------------------------------------------------------------------------- what is given back


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


@dataclass(frozen=True)
class TeamView:
    """A team with its members by role (counts) and service hours in minutes."""

    number: str
    title: str
    host: str
    host_title: str
    division_code: str
    members: Mapping[str, int]
    minutes: int
    ended: bool


@dataclass(frozen=True)
class QuizView:
    """A quiz as it is put to a person: the questions drawn for the nonce, without the right answers."""

    code: str
    title: str
    nonce: str
    questions: tuple[QuestionView, ...]
    pass_score: int


@dataclass(frozen=True)
class QuestionView:
    """One question with its options (code, words)."""

    code: str
    words: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class QuizResult:
    """What came of a quiz. `right` and `explained` are by question, told once it is answered."""

    number: str
    quiz: str
    score: int
    score_of: int
    passed: bool
    right: Mapping[str, str]
    explained: Mapping[str, str]
    replayed: bool = False


@dataclass(frozen=True)
class MeasurementTrace:
    """One counted or pending measurement of a day, for those who look for patterns: numbers only, no names.

    `recorder` is the user name of the member of staff who entered it, empty where the person did.
    """

    check_in: str
    party_id: int
    recorder: str
    division_code: str
    material: str
    mass_g: int | None
    item_count: int | None
    by_hand: bool
    happened_at: datetime


@dataclass(frozen=True)
class Audience:
    """Whom a training, lecture or visit is for: the plan's task (0: none), and the register where it is filed."""

    code: str
    title: str
    task: int = 0
    register: str = ""
    choice: str = ""


@dataclass(frozen=True)
class QuizInfo:
    """A quiz before it is taken: how many questions are drawn of how many, and what passes."""

    code: str
    title: str
    summary: str
    questions: int
    draw: int
    pass_score: int
    attempts_a_day: int


@dataclass(frozen=True)
class CheckInNews:
    """A check-in took a state (counted, pending, refused, corrected). Read past the last `id` seen; ids appear in
    order of commit. `mass_g` and `item_count` are sums over its materials; `user_id`: the member of staff, if any.
    """

    id: int
    state: CheckInState
    at: datetime
    number: str
    occasion: str
    kind: OccasionKind
    division_code: str
    party_id: int
    user_id: int | None
    by_card: bool
    offline: bool
    happened_at: datetime
    recorded_at: datetime
    mass_g: int
    item_count: int


@dataclass(frozen=True)
class VillageFigures:
    """What a division did in a period: counted check-ins where something was brought, grams by material, items by
    material, different persons, and exchange days held (closed).
    """

    division_code: str
    check_ins: int
    mass_g: Mapping[str, int]
    item_count: Mapping[str, int]
    persons: int
    exchange_days: int


@dataclass(frozen=True)
class TrainingFigures:
    """Trainings, lectures and study visits for an audience that ended in a period, closed, and who attended."""

    audience: str
    kind: OccasionKind
    occasions: int
    attended: int


@dataclass(frozen=True)
class VolunteerFigures:
    """Voluntary service in a division in a period: occasions closed, attendances, persons, minutes of service."""

    division_code: str
    occasions: int
    attended: int
    persons: int
    minutes: int


# ------------------------------------------------------------------------------------------------------- refusals


class FullyBooked(Conflict):
    """No place is left; the waiting list is open."""

    code = "fully_booked"


class NotBookable(Conflict):
    """The occasion is not open, or not within its booking time."""

    code = "not_bookable"


class AlreadyBooked(Conflict):
    """The person holds a place already, or was checked in already."""

    code = "already_booked"


class KeyReused(Conflict):
    """The key or nonce was used before with another content."""

    code = "key_reused"


class CardRefused(Conflict):
    """The card's token is not ours, revoked, or used before (when and where is said)."""

    code = "card_refused"


class ImplausibleQuantity(BadInput):
    """More than one person brings at once; nothing was recorded."""

    code = "implausible_quantity"


class ClockOff(Conflict):
    """The phone's clock is ahead, or the entry is uploaded too late."""

    code = "clock_off"


class SecondPersonNeeded(Conflict):
    """The second person must be another than the first."""

    code = "second_person_needed"


class LimitReached(Conflict):
    """No more of it today: attempts at a quiz, reports about a point."""

    code = "limit_reached"
