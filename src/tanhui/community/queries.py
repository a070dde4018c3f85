"""The nouns of the room, as others may read them. Doors ask who may see bookings, persons and cards."""

from __future__ import annotations

from datetime import date, datetime

from tanhui.community._cards import card_views, sheet_of
from tanhui.community._documents import documents
from tanhui.community._figures import training_figures, village_figures, volunteer_figures
from tanhui.community._news import check_ins_after
from tanhui.community._occasions import occasion_rows
from tanhui.community._pack import pack
from tanhui.community._points import point_views, price_views
from tanhui.community._quiz import infos, marked, put, results_of
from tanhui.community._receipts import check_in_views
from tanhui.community._teams import team_views
from tanhui.community._tokens import rotating_code
from tanhui.community._traces import measurement_traces
from tanhui.community._views import booking_views, occasion_views
from tanhui.community.models import Booking, Card, CheckIn, CollectionPoint, Membership, Occasion, Team
from tanhui.community.rules import below
from tanhui.community.types import (
    Audience,
    BookingView,
    CardSheet,
    CardView,
    CheckInState,
    CheckInView,
    Material,
    OccasionKind,
    OccasionState,
    OccasionView,
    PointView,
    PriceView,
    QuizInfo,
    QuizResult,
    QuizView,
    TeamView,
)
from tanhui.kernel.errors import NotFound

__all__ = [
    "audiences",
    "bookings",
    "bookings_of",
    "card_sheet",
    "cards_of",
    "check_in",
    "check_ins",
    "check_ins_after",
    "check_ins_of",
    "marked",
    "materials",
    "measurement_traces",
    "occasion",
    "occasions",
    "pack",
    "pending",
    "point",
    "points",
    "prices",
    "quiz",
    "quiz_results_of",
    "quizzes",
    "rotating_code",
    "team",
    "teams",
    "teams_of",
    "training_figures",
    "village_figures",
    "volunteer_figures",
]


def materials() -> list[Material]:
    """What is collected, in the order of the county's file."""
    return list(documents().materials.values())


def audiences() -> list[Audience]:
    """Whom trainings are for, in the order of the county's file."""
    return list(documents().audiences.values())


def points(*, division_code: str = "", material: str = "") -> list[PointView]:
    """Collection points and boxes, by title; in a division and all below it, of those that take a material."""
    rows = CollectionPoint.objects.all()
    if division_code:
        rows = rows.filter(division_code__startswith=below(division_code))
    if material:
        rows = rows.filter(materials__contains=[material])
    return point_views(list(rows.order_by("title", "id")))


def point(number: str) -> PointView:
    """One point (`cpt_…`). Raises NotFound."""
    for found in point_views(list(CollectionPoint.objects.filter(number=number))):
        return found
    raise NotFound("没有这个回收点", where=number[:40], fix="从回收点列表中选择")


def prices(*, on: date | None = None) -> list[PriceView]:
    """What each recycler pays on that day, by material, dearest first; None: the latest prices, also those to come.

    Paid by the recycler, never by us.
    """
    return price_views(on)


def occasions(
    *,
    kind: OccasionKind | None = None,
    starts_from: datetime | None = None,
    starts_to: datetime | None = None,
    division_code: str = "",
    state: OccasionState | None = None,
    limit: int = 1000,
) -> list[OccasionView]:
    """Occasions that start in [starts_from, starts_to), by start; in a division and all below it.

    Every state, drafts too, where `state` is not named. Four queries, any number of rows.
    """
    return occasion_views(list(occasion_rows(kind, starts_from, starts_to, division_code, state)[:limit]))


def occasion(number: str) -> OccasionView:
    """One occasion (`occ_…`), in whatever state. Raises NotFound."""
    rows = Occasion.objects.select_related("places", "point").filter(number=number)
    for found in occasion_views(list(rows)):
        return found
    raise NotFound("没有这项活动", where=number[:40], fix="从活动列表中选择")


def bookings_of(party_id: int, *, limit: int = 100) -> list[BookingView]:
    """A person's bookings, newest first, those given back too."""
    rows = Booking.objects.select_related("occasion").filter(party_id=party_id).order_by("-id")
    return booking_views(list(rows[:limit]))


def bookings(occasion: str) -> list[BookingView]:
    """Everybody who booked an occasion, in the order of booking; who waits has `ahead`."""
    rows = Booking.objects.select_related("occasion").filter(occasion__number=occasion).order_by("id")
    return booking_views(list(rows))


def teams(*, division_code: str = "", ended: bool = False) -> list[TeamView]:
    """Volunteer teams by title; those that ended are left out unless asked for."""
    rows = Team.objects.filter(division_code__startswith=below(division_code)) if division_code else Team.objects.all()
    if not ended:
        rows = rows.filter(ended_at__isnull=True)
    return team_views(list(rows.order_by("title", "id")))


def team(number: str) -> TeamView:
    """One team (`tem_…`). Raises NotFound."""
    for found in team_views(list(Team.objects.filter(number=number))):
        return found
    raise NotFound("没有这支队伍", where=number[:40], fix="从队伍列表中选择")


def teams_of(party_id: int) -> list[tuple[TeamView, tuple[str, ...]]]:
    """The teams that a person belongs to now, each with the roles there (`promoter`, …)."""
    roles: dict[int, list[str]] = {}
    mine = Membership.objects.filter(party_id=party_id, left_at__isnull=True).order_by("id")
    for team_id, role in mine.values_list("team_id", "role"):
        roles.setdefault(team_id, []).append(role)
    rows = list(Team.objects.filter(pk__in=roles).order_by("title", "id"))
    return [(view, tuple(roles[row.pk])) for row, view in zip(rows, team_views(rows), strict=True)]


def check_in(number: str) -> CheckInView:
    """One check-in (`chk_…`), which is also its receipt. Raises NotFound."""
    for found in check_in_views(list(CheckIn.objects.filter(number=number))):
        return found
    raise NotFound("没有这次签到", where=number[:40], fix="核对编号")


def check_ins_of(party_id: int, *, limit: int = 50, before: str | None = None) -> list[CheckInView]:
    """A person's check-ins, newest first; `before` is the number of the last one already seen. Raises NotFound."""
    rows = CheckIn.objects.filter(party_id=party_id)
    if before is not None:
        last = rows.filter(number=before).first()
        if last is None:
            raise NotFound("没有这次签到", where=before[:40], fix="从第一页开始")
        rows = rows.filter(pk__lt=last.pk)
    return check_in_views(list(rows.order_by("-id")[:limit]))


def check_ins(occasion: str) -> list[CheckInView]:
    """Everybody who was checked in at an occasion, in the order of recording; all states."""
    return check_in_views(list(CheckIn.objects.filter(occasion__number=occasion).order_by("id")))


def pending(division_code: str = "") -> list[CheckInView]:
    """Check-ins that wait for a second person, in a division and all below it, oldest first; at most 500."""
    rows = CheckIn.objects.filter(state=CheckInState.PENDING)
    if division_code:
        rows = rows.filter(occasion__division_code__startswith=below(division_code))
    return check_in_views(list(rows.order_by("id")[:500]))


def cards_of(party_id: int) -> list[CardView]:
    """A person's cards, newest first."""
    return card_views(list(Card.objects.filter(party_id=party_id).order_by("-id")))


def card_sheet(number: str) -> CardSheet:
    """A card as it was printed, with the same tokens: for the house itself. Who prints one asks `services.card`."""
    row = Card.objects.filter(number=number).first()
    if row is None:
        raise NotFound("没有这张卡", where=number[:40], fix="核对卡号")
    return sheet_of(row)


def quizzes() -> list[QuizInfo]:
    """What quizzes there are, in the order of their files."""
    return infos()


def quiz(code: str, nonce: str, party_id: int | None = None) -> QuizView:
    """The questions that a nonce draws for a person (None: for practice, without an account); the same again draws
    the same. Raises NotFound, BadInput.
    """
    return put(code, nonce, party_id)


def quiz_results_of(party_id: int, *, limit: int = 50) -> list[QuizResult]:
    """A person's results, newest first."""
    return results_of(party_id, limit)
