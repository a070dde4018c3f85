"""Somebody is there: by the changing code of the occasion, by a printed card, or by the word of staff.

One order of locks for everybody, so that nobody waits in a circle: the nonce, the person, the occasion (shared), the
card (shared), check-ins and bookings, what `scenarios` locks, the news, and last the audit trail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from tanhui.community import _cards, _evidence, _hands
from tanhui.community._documents import material
from tanhui.community._occasions import shared
from tanhui.community._receipts import check_in_views
from tanhui.community._tokens import is_rotating_code
from tanhui.community.models import Booking, Card, CheckIn, CheckInNews, Measurement, Occasion
from tanhui.community.rules import (
    COLLECTING,
    CORRECTION_WINDOW,
    check_clock,
    check_measured,
    check_nonce,
    check_words,
    not_attended,
)
from tanhui.community.types import (
    AlreadyBooked,
    BookingState,
    CheckInDetails,
    CheckInState,
    CheckInView,
    KeyReused,
    NotBookable,
    OccasionKind,
)
from tanhui.kernel.canonical import digest
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.kernel.ids import new_number
from tanhui.parties.types import Actor

_NEWS_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('community:news', 0))"


@dataclass(frozen=True)
class _Who:
    """The person, what speaks for the person, and who writes it down."""

    party_id: int
    user_id: int | None
    recorder_id: int | None
    card: Card | None = None
    serial: int | None = None
    first: CheckIn | None = None

    @property
    def state(self) -> CheckInState:
        """Staff alone are not believed: without a card, or with one that they printed, a second person must agree."""
        if self.user_id is None or (self.card is not None and self.card.issued_by_id != self.user_id):
            return CheckInState.COUNTED
        return CheckInState.PENDING


def check_in(details: CheckInDetails, at: datetime, by: Actor | None) -> CheckInView:
    """Within the caller's transaction; whatever is refused leaves nothing."""
    check_nonce(details.nonce)
    occasion = Occasion.objects.filter(number=details.occasion).first()
    if occasion is None:
        raise NotFound("没有这项活动", where=details.occasion[:40], fix="从活动列表中选择")
    who = _who(details, occasion, by)
    _lock_nonce(who, details.nonce)
    _hands.lock_person(who.party_id)
    asked = _asked(details, who)
    known = CheckIn.objects.filter(by_user_id=who.user_id, by_party_id=who.recorder_id, nonce=details.nonce).first()
    if known is not None:
        if bytes(known.input_hash) != asked:
            raise KeyReused("这个请求号已用于另一次签到", where="nonce", fix="换一个新的请求号")
        return check_in_views([known], replayed=True)[0]
    occasion = shared(details.occasion)
    _judge(details, who, occasion, at)
    row = _row(details, who, occasion, asked, at)
    row.save(force_insert=True)
    Measurement.objects.bulk_create(_evidence.rows_of(row, details.measured))
    if who.state is CheckInState.COUNTED:
        carry_out(row, at)
    tell(row, at)
    view = check_in_views([row])[0]
    if by is not None and by.user_id is not None:
        detail = {
            "occasion": occasion.number,
            "party_id": row.party_id,
            "state": row.state,
            "corrects": details.corrects,
        }
        _hands.record(by, "community.check_in", row.number, detail, at)
    return view


def carry_out(row: CheckIn, at: datetime) -> None:
    """A check-in counts: what it corrects no longer does, the place is used, the scenarios are told, then the news."""
    first = None
    if row.corrects_id is not None:
        first = CheckIn.objects.select_for_update(no_key=True).get(pk=row.corrects_id)
        if first.state not in (CheckInState.COUNTED, CheckInState.PENDING):
            message = f"所更正的签到{CheckInState(first.state).label}，不能再更正"
            raise Conflict(message, where=first.number, fix="核对后重新登记")
        if first.state == CheckInState.COUNTED:
            _evidence.withdraw(first, row.reason, at)
        first.state = CheckInState.CORRECTED
        first.save(update_fields=["state"])
    standing = Booking.objects.filter(occasion_id=row.occasion_id, party_id=row.party_id)
    standing.filter(state__in=(BookingState.BOOKED, BookingState.NO_SHOW)).update(
        state=BookingState.ATTENDED, changed_at=at
    )
    _evidence.submit(row, at)
    if first is not None:
        tell(first, at)  # after everything that locks the source: the news come last for everybody


def tell(row: CheckIn, at: datetime) -> None:
    """Say it in the news. From here to the end of the transaction nobody else does: ids appear in order of commit."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWS_LOCK)
    CheckInNews.objects.create(check_in=row, state=row.state, at=at)


def _who(details: CheckInDetails, occasion: Occasion, by: Actor | None) -> _Who:
    """Who is meant, and whether `by` may say so. Raises BadInput, Forbidden, CardRefused, NotFound."""
    if details.code:
        return _who_scanned(details, by)
    if by is None or (by.user_id is None and not by.is_system):
        raise Forbidden("自己签到须扫现场的动态码", where="code", fix="扫现场屏幕上的码，或请工作人员登记")
    _hands.require(by, _hands.SERVE, occasion.division_code)
    if details.corrects:
        first = CheckIn.objects.filter(number=details.corrects, occasion=occasion).first()
        if first is None:
            raise NotFound("这项活动没有这次签到", where=details.corrects[:40], fix="核对编号")
        if details.card or details.party_id not in (None, first.party_id):
            raise BadInput("更正不能换人，也不用卡", where="party_id", fix="登错人的，把原记录更正为空，再重新登记")
        return _Who(first.party_id, by.user_id, None, first=first)
    if details.card:
        card, serial = _cards.read(details.card)
        if details.party_id not in (None, card.party_id):
            raise BadInput("这张卡不是这位居民的", where="card", fix="只扫卡，不另选人")
        return _Who(card.party_id, by.user_id, None, card, serial)
    if details.party_id is None:
        raise BadInput("没有写明是谁", where="party_id", fix="扫卡，或选择居民")
    return _Who(details.party_id, by.user_id, None)


def _who_scanned(details: CheckInDetails, by: Actor | None) -> _Who:
    """The person who scanned the occasion's code, or a guardian for a child."""
    person = details.party_id if details.party_id is not None else by.party_id if by is not None else None
    if person is None or details.card or details.corrects:
        raise BadInput("扫码签到只为本人", where="code", fix="登录后扫现场屏幕上的码")
    if details.measured or details.minutes is not None or details.score is not None:
        raise BadInput("称重、时长和得分由现场工作人员登记", where="measured", fix="只扫码签到，其余请工作人员登记")
    if details.offline:
        raise BadInput("扫码签到须有网络", where="offline", fix="没有网络时请工作人员登记")
    _hands.require_self(by, person)
    return _Who(person, None, by.party_id if by is not None and by.party_id is not None else person)


def _judge(details: CheckInDetails, who: _Who, occasion: Occasion, at: datetime) -> None:
    """Everything that may speak against it, for a first attempt."""
    _hands.living(who.party_id)
    if who.first is not None:
        _judge_correction(details, who.first, at)
    else:
        check_clock(details.happened_at, details.offline, at)
        why = not_attended(occasion.state, occasion.starts_at, occasion.ends_at, details.happened_at, details.offline)
        if why:
            raise NotBookable(why, where=occasion.title, fix="核对活动和时间")
    if details.code:
        _judge_scan(details, who, occasion, at)
    _judge_amounts(details)
    known = [material(each.material) for each in details.measured]
    check_measured(details.measured, known, occasion.materials)
    _evidence.require_consent(who.party_id, details.measured)
    if who.card is not None and who.serial is not None:
        _cards.judge(who.card, who.serial, details.happened_at)
    if occasion.kind not in COLLECTING and who.first is None:
        standing = CheckIn.objects.filter(occasion=occasion, party_id=who.party_id)
        for row in standing.filter(state__in=(CheckInState.COUNTED, CheckInState.PENDING)):
            raise AlreadyBooked("这项活动已经签过到", where=row.number, fix="在“我的签到”中查看")


def _judge_scan(details: CheckInDetails, who: _Who, occasion: Occasion, at: datetime) -> None:
    if not is_rotating_code(details.code, occasion.number, at):
        raise BadInput("动态码已过期，或不是这项活动的", where="code", fix="扫现场屏幕上的新码")
    if occasion.bookable and occasion.places.capacity is not None:
        mine = Booking.objects.filter(occasion=occasion, party_id=who.party_id)
        if not mine.filter(state__in=(BookingState.BOOKED, BookingState.ATTENDED)).exists():
            raise NotBookable("您没有预约到这项活动的名额", where=occasion.title, fix="请现场工作人员安排")


def _judge_amounts(details: CheckInDetails) -> None:
    if details.minutes is not None and not 1 <= details.minutes <= 1440:
        raise BadInput("服务时长须在 1 至 1440 分钟之间", where="minutes", fix="按分钟填写，2 小时写 120")
    if (details.score is None) != (details.score_of is None) or details.score_of == 0:
        raise BadInput("得分和满分要一起写", where="score", fix="如 85，满分 100")
    score, score_of = details.score or 0, details.score_of or 1000
    if not 0 <= score <= score_of <= 1000:
        raise BadInput("得分须在 0 和满分之间，满分至多 1000", where="score", fix="核对得分")


def _judge_correction(details: CheckInDetails, first: CheckIn, at: datetime) -> None:
    check_words(details.reason, "reason", 200, least=1)
    if at > first.recorded_at + CORRECTION_WINDOW:
        raise Conflict("签到已超过 30 天，不能更正", where=first.number, fix="请运营人员按申诉处理")
    current = CheckIn.objects.filter(pk=first.pk, state__in=(CheckInState.COUNTED, CheckInState.PENDING))
    if not current.exists():
        state = CheckIn.objects.values_list("state", flat=True).get(pk=first.pk)
        raise Conflict(f"这次签到{CheckInState(state).label}，不能更正", where=first.number, fix="更正最新的一条")
    if first.corrects_id is not None and current.filter(state=CheckInState.PENDING).exists():
        fix = "先请第二人退回这条更正，再更正原来的一条"
        raise Conflict("这是一条还没有确认的更正，不能再更正", where=first.number, fix=fix)
    for row in CheckIn.objects.filter(corrects=first).exclude(state=CheckInState.REFUSED):
        raise Conflict("已有一条更正在等第二人确认", where=row.number, fix="先确认或退回那一条")


def _row(details: CheckInDetails, who: _Who, occasion: Occasion, asked: bytes, at: datetime) -> CheckIn:
    """The check-in, not yet stored. A correction keeps the time of what it corrects."""
    volunteers = occasion.kind == OccasionKind.VOLUNTEER and who.first is None
    return CheckIn(
        number=new_number("chk", at),
        occasion=occasion,
        party_id=who.party_id,
        by_user_id=who.user_id,
        by_party_id=who.recorder_id,
        nonce=details.nonce,
        input_hash=asked,
        happened_at=details.happened_at if who.first is None else who.first.happened_at,
        recorded_at=at,
        offline=details.offline,
        card=who.card,
        serial=who.serial,
        minutes=occasion.minutes if volunteers and details.minutes is None else details.minutes,
        score=details.score,
        score_of=details.score_of,
        corrects=who.first,
        reason=details.reason.strip() if who.first is not None else "",
        state=who.state,
    )


def _asked(details: CheckInDetails, who: _Who) -> bytes:
    """What makes two attempts the same; not the time, nor whether there was network: an attempt whose answer was lost
    is uploaded later as one made without network.
    """
    measured = [
        [each.material, each.mass_g, each.item_count, each.weighed.value, each.reading.strip()]
        for each in details.measured
    ]
    return digest(
        [
            "check in",
            details.occasion,
            who.party_id,
            who.card.number if who.card else "",
            who.serial,
            measured,
            [details.minutes, details.score, details.score_of],
            [details.corrects, details.reason.strip()],
        ]
    )


def _lock_nonce(who: _Who, nonce: str) -> None:
    """Until the transaction ends nobody else answers this nonce of this recorder."""
    with connection.cursor() as cursor:
        name = f"community:nonce:{who.user_id}:{who.recorder_id}:{nonce}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
