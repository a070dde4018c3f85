"""Quizzes, counted figures, the pack for a morning without network, news, and forgetting."""

from __future__ import annotations

import base64
import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.rooms.community.village import (
    AT,
    DAY,
    HOUR,
    OTHER_VILLAGE,
    PAPER,
    SYSTEM,
    TOWN,
    VILLAGE,
    agree,
    audited,
    book,
    card,
    clerk,
    come,
    occasion,
    organization,
    resident,
)

from tanhui.community import queries, services
from tanhui.community._forget import forget_erased
from tanhui.community._occasions import close_ended
from tanhui.community.models import Booking, PointNotice, QuizAttempt
from tanhui.community.types import (
    BookingDetails,
    CardRevoked,
    CheckInState,
    KeyReused,
    LimitReached,
    Measured,
    OccasionKind,
    OccasionState,
    OccasionStatus,
    PointDetails,
    PointKind,
    PointReport,
    PointState,
    QuizAnswers,
    TeamDetails,
    TeamMember,
    TeamRole,
)
from tanhui.kernel.errors import BadInput, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, PartyErased, Purpose, RelationKind, ResidentDetails

RIGHT = {"one": "a", "two": "b", "three": "b", "four": "a"}
JUNE = (date(2026, 6, 1), date(2026, 7, 1))


def answers(person: int, nonce: str, wrong: int = 0) -> QuizAnswers:
    """Answers to what the nonce draws, so many of them wrong."""
    drawn = [each.code for each in queries.quiz("sorting", nonce, person).questions]
    chosen = {code: RIGHT[code] for code in drawn}
    for code in drawn[:wrong]:
        chosen[code] = "a" if RIGHT[code] == "b" else "b"
    return QuizAnswers("sorting", nonce, chosen)


def test_a_quiz_is_drawn_marked_and_explained() -> None:
    person = resident()
    asked = queries.quiz("sorting", "nonce-aa", person)
    assert asked == queries.quiz("sorting", "nonce-aa", person)
    assert (len(asked.questions), asked.pass_score) == (3, 2)
    drawn = {tuple(q.code for q in queries.quiz("sorting", f"nonce-{n:02d}", person).questions) for n in range(9)}
    assert len(drawn) > 1
    result = services.answer(details=answers(person, "nonce-aa", wrong=1), party_id=person, at=AT)
    assert (result.score, result.score_of, result.passed, result.replayed) == (2, 3, True, False)
    assert result.right == {each.code: RIGHT[each.code] for each in asked.questions}
    assert all(words.endswith("（虚构）") for words in result.explained.values())
    again = services.answer(details=answers(person, "nonce-aa", wrong=1), party_id=person, at=AT + 9 * DAY)
    assert (again.number, again.replayed) == (result.number, True)
    with pytest.raises(KeyReused):
        services.answer(details=answers(person, "nonce-aa"), party_id=person, at=AT)
    failed = services.answer(details=answers(person, "nonce-bb", wrong=2), party_id=person, at=AT)
    assert (failed.passed, queries.quiz_results_of(person)) == (False, [failed, result])
    with pytest.raises(LimitReached):
        services.answer(details=answers(person, "nonce-cc"), party_id=person, at=AT + 14 * HOUR)
    services.answer(details=answers(person, "nonce-cc"), party_id=person, at=AT + 15 * HOUR)


def test_what_is_no_answer() -> None:
    person = resident()
    good = answers(person, "nonce-aa")
    left_out = next(iter(set(RIGHT) - set(good.chosen)))
    for details, error in (
        (QuizAnswers("sorting", "short", {}), BadInput),
        (QuizAnswers("nothing", "nonce-aa", {}), NotFound),
        (QuizAnswers("sorting", "nonce-aa", {left_out: "a"}), BadInput),
        (QuizAnswers("sorting", "nonce-aa", dict.fromkeys(good.chosen, "z")), BadInput),
    ):
        with pytest.raises(error):
            services.answer(details=details, party_id=person, at=AT)
    assert not QuizAttempt.objects.exists()
    assert services.answer(details=QuizAnswers("sorting", "nonce-aa", {}), party_id=person, at=AT).score == 0


def test_practice_is_not_kept() -> None:
    drawn = queries.quiz("sorting", "nonce-aa").questions
    result = queries.marked(QuizAnswers("sorting", "nonce-aa", {each.code: RIGHT[each.code] for each in drawn}))
    assert (result.score, result.passed, result.number) == (3, True, "")
    assert not QuizAttempt.objects.exists()
    assert [(each.code, each.questions, each.draw) for each in queries.quizzes()] == [("sorting", 4, 3)]


def test_village_figures_count_what_counts() -> None:
    one, other, hand, second = resident(), resident(), clerk(), clerk()
    where, there = occasion(), occasion(division_code=OTHER_VILLAGE)
    tokens = card(one, 6).tokens
    first = come(where, hand, card=tokens[0], measured=(PAPER, Measured("carton", item_count=4)))
    come(where, hand, card=tokens[1], measured=(PAPER,))
    come(where, hand, card=tokens[2])
    come(where, hand, other, measured=(PAPER,))
    refused = come(where, hand, other, measured=(PAPER,))
    agree(refused.number, second, right=False, reason="没有这回事")
    come(there, clerk(OTHER_VILLAGE), card=card(other).tokens[0], measured=(Measured("battery", mass_g=70),))
    change = come(where, hand, corrects=first.number, reason="少记", measured=(Measured("paper", mass_g=4_000),))
    agree(change.number, second)
    day = occasion(OccasionKind.EXCHANGE_DAY, division_code=OTHER_VILLAGE)
    services.arrange(details=OccasionStatus(day, OccasionState.CLOSED), at=AT + 4 * HOUR, by=SYSTEM)
    occasion(OccasionKind.EXCHANGE_DAY)
    here, elsewhere = queries.village_figures(*JUNE)
    assert (here.division_code, here.check_ins, here.persons, here.exchange_days) == (VILLAGE, 2, 1, 0)
    assert (here.mass_g, here.item_count) == ({"paper": 7_500}, {})
    assert (elsewhere.division_code, elsewhere.mass_g, elsewhere.exchange_days) == (OTHER_VILLAGE, {"battery": 70}, 1)
    assert queries.village_figures(date(2026, 6, 11), JUNE[1]) == []
    assert queries.village_figures(JUNE[0], date(2026, 6, 10)) == []


def test_training_and_volunteer_figures() -> None:
    people = [resident() for _ in range(3)]
    lesson = occasion(OccasionKind.TRAINING, audience="teachers")
    occasion(OccasionKind.TRAINING, audience="teachers")
    empty = occasion(OccasionKind.LECTURE, audience="teachers")
    service = occasion(OccasionKind.VOLUNTEER, minutes=90)
    for person in people[:2]:
        come(lesson, None, person, code=queries.rotating_code(lesson, AT + HOUR))
    come(lesson, clerk(), people[2])
    for person in people:
        come(service, None, person, code=queries.rotating_code(service, AT + HOUR))
    for number in (lesson, empty, service):
        services.arrange(details=OccasionStatus(number, OccasionState.CLOSED), at=AT + 4 * HOUR, by=SYSTEM)
    assert [(e.audience, e.kind.value, e.occasions, e.attended) for e in queries.training_figures(*JUNE)] == [
        ("teachers", "lecture", 1, 0),
        ("teachers", "training", 1, 2),
    ]
    (volunteers,) = queries.volunteer_figures(*JUNE)
    assert (volunteers.occasions, volunteers.attended, volunteers.persons, volunteers.minutes) == (1, 3, 3, 270)
    assert queries.volunteer_figures(JUNE[1], date(2026, 8, 1)) == []


def test_news_in_order() -> None:
    where, hand, person = occasion(), clerk(), resident()
    first = come(where, hand, card=card(person).tokens[0], measured=(PAPER, Measured("carton", item_count=2)))
    change = come(where, hand, corrects=first.number, reason="看错", measured=(PAPER,))
    agree(change.number, clerk())
    news = queries.check_ins_after(0)
    assert [(each.number, each.state) for each in news] == [
        (first.number, CheckInState.COUNTED),
        (change.number, CheckInState.PENDING),
        (first.number, CheckInState.CORRECTED),
        (change.number, CheckInState.COUNTED),
    ]
    assert (news[0].mass_g, news[0].item_count, news[0].by_card, news[0].user_id) == (3_500, 2, True, hand.user_id)
    assert queries.check_ins_after(news[1].id, 1) == news[2:3]
    assert queries.check_ins_after(news[-1].id) == []
    (trace,) = queries.measurement_traces(date(2026, 6, 10))
    assert (trace.check_in, trace.party_id, trace.mass_g, trace.by_hand) == (change.number, person, 3_500, True)
    assert f"staff:{trace.recorder}" == hand.name
    assert queries.measurement_traces(date(2026, 6, 11)) == []


def test_the_pack_of_a_morning() -> None:
    hand, person = clerk(), resident()
    parties_services.relate(
        subject_id=person, kind=RelationKind.CLERK, clerk_id=hand.user_id, basis="纸质授权（示例）", at=AT - DAY,
        by=SYSTEM,
    )  # fmt: skip
    today, tomorrow = occasion(), occasion(starts_at=AT + 2 * DAY, ends_at=AT + 2 * DAY + HOUR)
    elsewhere, draft = occasion(division_code=OTHER_VILLAGE), occasion(state=OccasionState.DRAFT)
    sheet, lost = card(person), card(person)
    services.card(details=CardRevoked(lost.card.number, "丢了"), at=AT - HOUR, by=hand)
    made = queries.pack(hand, TOWN, AT)
    assert [each.number for each in made.occasions] == [today]
    assert not {tomorrow, elsewhere, draft} & {each.number for each in made.occasions}
    assert (made.revoked, len(made.materials), made.valid_until) == ((lost.card.number,), 3, AT + DAY)
    assert made.persons == ((parties.party_by_id(person).number, parties.party_by_id(person).display_name),)
    body, _, signature = sheet.tokens[0].rpartition(".")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(made.card_key)).verify(
        base64.urlsafe_b64decode(signature + "=="), body.encode()
    )
    content = body.removeprefix("TC1.")
    told = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    assert (told["k"], told["s"], told["d"]) == (sheet.card.number, 1, VILLAGE)
    with pytest.raises(Forbidden):
        queries.pack(hand, OTHER_VILLAGE, AT)
    with pytest.raises(NotFound):
        queries.pack(hand, "", AT)


def test_what_residents_wrote_goes_with_them() -> None:
    where, gone, stays = occasion(), resident(), resident()
    point = services.arrange(
        details=PointDetails(PointKind.BOX, "箱", VILLAGE, "路口", ("paper",)), at=AT - DAY, by=SYSTEM
    )
    team = services.arrange(details=TeamDetails("队", organization(), VILLAGE), at=AT - DAY, by=SYSTEM)
    for person in (gone, stays):
        by = Actor.resident(parties.party_by_id(person))
        services.book(details=BookingDetails(where, person, "k", note="门口有狗"), at=AT - DAY)
        services.arrange(details=PointReport(point, PointState.FULL, "我家旁边"), at=AT, by=by)
        services.arrange(details=TeamMember(team, person, TeamRole.PROMOTER), at=AT, by=by)
    sheet = card(gone)
    come(where, clerk(), card=sheet.tokens[0], measured=(PAPER,))
    parties_services.erase(party_id=gone, at=AT + HOUR, by=SYSTEM)
    assert (forget_erased(at=AT + HOUR), forget_erased(at=AT + HOUR)) == (1, 0)
    assert dict(Booking.objects.values_list("party_id", "note")) == {gone: "", stays: "门口有狗"}
    assert dict(PointNotice.objects.values_list("party_id", "note")) == {gone: "", stays: "我家旁边"}
    assert queries.team(team).members == {"promoter": 1}
    assert queries.cards_of(gone)[0].revoked_at == AT + HOUR
    assert queries.check_ins_of(gone)[0].party == "已注销"
    with pytest.raises(PartyErased):
        services.answer(details=QuizAnswers("sorting", "nonce-aa", {}), party_id=gone, at=AT + HOUR)


def test_what_ended_three_days_ago_closes_by_itself() -> None:
    where, person = occasion(), resident()
    book(person, where)
    assert close_ended(AT + 75 * HOUR - DAY) == 0
    assert (close_ended(AT + 75 * HOUR), close_ended(AT + 75 * HOUR)) == (1, 0)
    assert queries.bookings(where)[0].state.value == "no_show"
    assert queries.occasion(where).state is OccasionState.CLOSED


def test_where_collectors_go_is_looked_up_and_noted() -> None:
    person, silent, far = resident(), resident(), resident(division=OTHER_VILLAGE)
    for each in (person, far):
        details = ResidentDetails(address=" 新丰村  3 组 12 号（示例） ")
        parties_services.consent(
            party_id=each, purpose=Purpose.CONTACT, text_version="v1", given=True, at=AT, by=SYSTEM
        )
        parties_services.register(details=details, party_id=each, at=AT, by=SYSTEM)
    hand = clerk()
    found = parties.addresses_of([person, silent, far], by=hand, at=AT)
    assert found == {person: "新丰村 3 组 12 号（示例）"}
    assert audited("parties.addresses") == ["1 位居民"]
    with pytest.raises(Forbidden):
        parties.addresses_of([far], by=hand, at=AT)
    parties_services.consent(party_id=person, purpose=Purpose.CONTACT, text_version="v1", given=False, at=AT, by=SYSTEM)
    assert parties.addresses_of([person], by=hand, at=AT) == {}
