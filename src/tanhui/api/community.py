"""What residents do together: bookings, checking in by the code that hangs there, receipts, quizzes.

What is weighed is entered by staff at the point. Everything here is one's own; a guardian sees a child's bookings.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Path, Query, Router, Status

from tanhui.api import schemas, tokens
from tanhui.api import schemas_community as said
from tanhui.api.answers import answers
from tanhui.api.community_open import team_out
from tanhui.api.idempotency import IdempotencyKeyReused, key_of
from tanhui.community import queries as community
from tanhui.community import services
from tanhui.community.types import (
    BookingDetails,
    BookingView,
    CardView,
    CheckInDetails,
    CheckInView,
    KeyReused,
    QuizAnswers,
    QuizResult,
)
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, PartyRef

router = Router(tags=["resident"], auth=tokens.ResidentToken())

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]+$", description="幂等键；每次操作一个，重试时不变"
    ),
]
BookingNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="预约编号 bkg_…")]
CheckInNumber = Annotated[str, Path(max_length=32, pattern=schemas.NUMBER, description="签到编号 chk_…")]
Person = Annotated[str | None, Query(max_length=32, pattern=schemas.NUMBER, description="被监护人的居民编号；空为本人")]
QuizCode = Annotated[str, Path(max_length=60, pattern=schemas.CODE, description="题库代码")]
Nonce = Annotated[
    str, Query(min_length=8, max_length=64, pattern=said.NONCE, description="自己生成；同一个总是同一组题")
]
PageSize = Annotated[int, Query(ge=1, le=100, description="一页的条数")]
Cursor = Annotated[str | None, Query(max_length=80, pattern=schemas.CURSOR, description="上一页答复里的 next_cursor")]

PAGE, MOST = 200, 100_000
_CHECK_IN = re.compile(r"chk_[0-9a-z]{13,26}")


@router.post("/bookings", response=answers(said.BookingOut, 401, 403, 404, 409, 410, 422, status=201), summary="预约")
def book(request: HttpRequest, payload: said.BookingIn, response: HttpResponse, idempotency_key: Key) -> Any:
    """预约一个名额；满了就排队候补（`state` 为 `waiting`，`ahead` 是前面的人数），有人退回时按先后递补。

    同一个幂等键、同一场活动，重试多少次都是一个名额。可以替被监护人或家庭成员预约。
    不能预约时的 `code`：`not_bookable` 不在预约时间，`already_booked` 已经预约过。这时什么都没有改变。
    """
    me = _me(request)
    details = BookingDetails(
        payload.occasion, _person(me, payload.person), f"http:{_key_digest(request)}", payload.note
    )
    try:
        view = services.book(details=details, at=_at(request), by=Actor.resident(me))
    except KeyReused as error:
        raise _reused() from error
    if view.replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(201, booking_out(view))


@router.get("/bookings", response=answers(said.BookingsOut, 401, 403, 404, 422), summary="我的预约")
def bookings(request: HttpRequest, person: Person = None) -> Any:
    """自己的预约，新的在前；监护人可以看被监护人的。"""
    me = _me(request)
    wanted = _person(me, person)
    parties.require_hand(Actor.resident(me), wanted)
    return said.BookingsOut(bookings=[booking_out(each) for each in community.bookings_of(wanted)])


@router.post(
    "/bookings/{number}/release",
    response=answers(said.BookingOut, 401, 403, 404, 409, 422),
    summary="退回一个名额",
)
def release(request: HttpRequest, number: BookingNumber, payload: said.ReleaseIn) -> Any:
    """来不了就早点退回，候补的第一位会立即补上。重复退回与退回一次相同，不需要幂等键。"""
    me = _me(request)
    wanted = _person(me, payload.person)
    return booking_out(services.release(number=number, party_id=wanted, at=_at(request), by=Actor.resident(me)))


@router.post(
    "/check-ins", response=answers(said.CheckInOut, 401, 403, 404, 409, 410, 422, status=201), summary="到场签到"
)
def check_in(request: HttpRequest, payload: said.CheckInIn, response: HttpResponse, idempotency_key: Key) -> Any:
    """扫现场的二维码签到；二维码每 30 秒一变，拍照转发没有用。称重由现场工作人员录入，自己不能填。"""
    me, at = _me(request), _at(request)
    details = CheckInDetails(
        occasion=payload.occasion,
        nonce=_key_digest(request)[:40],
        happened_at=at,
        party_id=me.id,
        code=payload.code,
    )
    try:
        view = services.check_in(details=details, at=at, by=Actor.resident(me))
    except KeyReused as error:
        raise _reused() from error
    if view.replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(201, check_in_out(view))


@router.get("/check-ins", response=answers(said.CheckInsOut, 401, 404, 422), summary="我的签到和称重回执")
def check_ins(request: HttpRequest, before: Cursor = None, limit: PageSize = 50) -> Any:
    """新的在前：称了多少、计入了没有、成为哪一件行为。翻页用上一页的 `next_cursor`。"""
    if before is not None and not _CHECK_IN.fullmatch(before):
        raise BadInput("翻页位置无效", where="before", fix="用上一页答复里的 next_cursor")
    found = community.check_ins_of(_me(request).id, limit=limit + 1, before=before)
    page = found[:limit]
    return said.CheckInsOut(
        check_ins=[check_in_out(each) for each in page], next_cursor=page[-1].number if len(found) > limit else None
    )


@router.get("/check-ins/{number}", response=answers(said.CheckInOut, 401, 404, 422), summary="一张称重回执")
def own_check_in(request: HttpRequest, number: CheckInNumber) -> Any:
    """与现场给的纸质回执同一个编号、同样的内容。"""
    found = community.check_in(number)
    if found.party_id != _me(request).id:
        raise NotFound("没有这张回执", where=number, fix="核对编号；只能查看自己的")
    return check_in_out(found)


@router.get("/quizzes/{code}", response=answers(said.QuizOut, 401, 404, 409, 422), summary="取一组题")
def quiz(request: HttpRequest, code: QuizCode, nonce: Nonce) -> Any:
    """按 nonce 抽题：同一个 nonce 总是同一组。答案和说明在答完之后给。"""
    view = community.quiz(code, nonce, _me(request).id)
    return said.QuizOut(
        code=view.code,
        title=view.title,
        nonce=view.nonce,
        questions=[
            said.QuestionOut(
                code=each.code,
                words=each.words,
                options=[said.OptionOut(code=option, words=words) for option, words in each.options],
            )
            for each in view.questions
        ],
        pass_score=view.pass_score,
    )


@router.post(
    "/quizzes/{code}/answers",
    response=answers(said.QuizResultOut, 401, 403, 404, 409, 410, 422, status=201),
    summary="答题",
)
def answer(request: HttpRequest, code: QuizCode, payload: said.QuizAnswersIn, response: HttpResponse) -> Any:
    """一次交一组题的答案，当场得到分数、正确答案和说明。同一个 nonce 只记一次，重试得到同样的结果。"""
    details = QuizAnswers(code, payload.nonce, payload.chosen)
    try:
        view = services.answer(details=details, party_id=_me(request).id, at=_at(request))
    except KeyReused as error:
        raise _reused("nonce") from error
    if view.replayed:
        response["Idempotency-Replayed"] = "true"
    return Status(201, quiz_result_out(view))


@router.get("/quiz-results", response=answers(said.QuizResultsOut, 401), summary="我的答题记录")
def quiz_results(request: HttpRequest) -> Any:
    """新的在前。"""
    return said.QuizResultsOut(results=[quiz_result_out(each) for each in community.quiz_results_of(_me(request).id)])


@router.get("/cards", response=answers(said.CardsOut, 401), summary="我的二维码卡")
def cards(request: HttpRequest) -> Any:
    """村里给不用手机的人打印的卡：还剩几次、有没有作废。卡上的二维码不在这里，丢了请到村里作废重办。"""
    return said.CardsOut(cards=[card_out(each) for each in community.cards_of(_me(request).id)])


@router.get("/teams", response=answers(said.OwnTeamsOut, 401), summary="我参加的志愿队伍")
def own_teams(request: HttpRequest) -> Any:
    """自己参加的队伍。加入和退出在村（社区）或主办单位办理。"""
    return said.OwnTeamsOut(teams=_teams_of(_me(request).id))


def _at(request: HttpRequest) -> datetime:
    return request.received_at  # type: ignore[attr-defined]


def _me(request: HttpRequest) -> PartyRef:
    return request.auth  # type: ignore[attr-defined]


def _person(me: PartyRef, number: str | None) -> int:
    """The party for whom somebody acts: oneself, or the one named. Whether one may, the room decides."""
    return me.id if number is None else parties.party(number).id


def _key_digest(request: HttpRequest) -> str:
    return hashlib.sha256((key_of(request, required=True) or "").encode()).hexdigest()


def _reused(where: str = "Idempotency-Key") -> IdempotencyKeyReused:
    return IdempotencyKeyReused("这个幂等键已用于另一次操作", where=where, fix="每次操作生成新的幂等键")


def booking_out(view: BookingView) -> said.BookingOut:
    """A booking as its holder sees it."""
    return said.BookingOut(
        number=view.number,
        occasion=view.occasion,
        occasion_title=view.occasion_title,
        kind=view.kind.value,
        kind_title=view.kind.label,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        place=view.place,
        state=view.state.value,
        state_title=view.state.label,
        ahead=view.ahead,
        booked_at=view.booked_at,
        note=view.note,
    )


def check_in_out(view: CheckInView) -> said.CheckInOut:
    """A check-in as its person sees it: without the names of who recorded and confirmed it."""
    return said.CheckInOut(
        number=view.number,
        occasion=view.occasion,
        occasion_title=view.occasion_title,
        happened_at=view.happened_at,
        recorded_at=view.recorded_at,
        offline=view.offline,
        by_card=view.by_card,
        state=view.state.value,
        state_title=view.state.label,
        measured=[
            said.MeasurementOut(
                material=each.material,
                title=each.title,
                mass_g=each.mass_g,
                item_count=each.item_count,
                weighed=each.weighed.value,
                weighed_title=each.weighed.label,
                behavior=each.behavior,
            )
            for each in view.measured
        ],
        minutes=view.minutes,
        score=view.score,
        score_of=view.score_of,
        corrects=view.corrects,
        message=view.message,
    )


def quiz_result_out(view: QuizResult) -> said.QuizResultOut:
    """What came of a quiz."""
    return said.QuizResultOut(
        number=view.number,
        quiz=view.quiz,
        score=view.score,
        score_of=view.score_of,
        passed=view.passed,
        right=dict(view.right),
        explained=dict(view.explained),
    )


def card_out(view: CardView) -> said.CardOut:
    """A card without its tokens."""
    return said.CardOut(
        number=view.number,
        serials=view.serials,
        used=view.used,
        issued_at=view.issued_at,
        revoked_at=view.revoked_at,
    )


def _teams_of(party_id: int) -> list[said.OwnTeamOut]:
    return [said.OwnTeamOut(team=team_out(team), roles=list(roles)) for team, roles in community.teams_of(party_id)]


def together(party_id: int) -> dict[str, list[Any]]:
    """All that the platform keeps of what this person did with others, by the fields of `WholeExportOut`."""
    received: list[CheckInView] = []
    while page := community.check_ins_of(party_id, limit=PAGE, before=received[-1].number if received else None):
        received += page
    return {
        "bookings": [booking_out(each) for each in community.bookings_of(party_id, limit=MOST)],
        "check_ins": [check_in_out(each) for each in received],
        "quiz_results": [quiz_result_out(each) for each in community.quiz_results_of(party_id, limit=MOST)],
        "cards": [card_out(each) for each in community.cards_of(party_id)],
        "teams": _teams_of(party_id),
    }
