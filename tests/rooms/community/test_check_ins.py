"""Who was there and what was brought: counted once, by two hands or a card, as exactly one behavior."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from tests.rooms.community.village import (
    AT,
    DAY,
    HOUR,
    MINUTE,
    OTHER_VILLAGE,
    PAPER,
    SYSTEM,
    agree,
    assert_sound,
    audited,
    behaviors,
    book,
    card,
    clerk,
    come,
    everything,
    occasion,
    resident,
    staff,
    username_of,
)

from tanhui.community import queries, services
from tanhui.community.models import Card, CheckIn, CheckInNews, Measurement
from tanhui.community.types import (
    AlreadyBooked,
    CardDetails,
    CardPrint,
    CardRefused,
    CardRevoked,
    CheckInDetails,
    CheckInState,
    ClockOff,
    ImplausibleQuantity,
    KeyReused,
    Measured,
    NotBookable,
    OccasionKind,
    OccasionState,
    OccasionStatus,
    SecondPersonNeeded,
    Weighed,
)
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound, TanhuiError
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, ConsentMissing, PartyErased, Purpose, RelationKind, Role
from tanhui.scenarios.models import Behavior, Source

NOON = AT + HOUR


def test_a_card_counts_at_once_and_each_material_is_one_behavior() -> None:
    where, person = occasion(), resident()
    sheet = card(person)
    boxes, battery = Measured("carton", item_count=12), Measured("battery", mass_g=40)
    view = come(where, clerk(), card=sheet.tokens[0], measured=(PAPER, boxes, battery))
    assert (view.state, view.by_card, view.party_id) == (CheckInState.COUNTED, True, person)
    assert behaviors() == {
        f"{view.number}-1": ("recyclables", 3_500, None, True),
        f"{view.number}-2": ("express-carton", None, 12, True),
    }
    assert [each.behavior[:4] for each in view.measured] == ["bhv_", "bhv_", ""]
    assert view.message == "已登记：废纸 3.5 千克、快递纸箱 12 件、废电池 0.04 千克；按方法学核算后计入碳账户"
    row = Behavior.objects.get(mass_g=3_500)
    assert (row.party_id, row.happened_at, row.grade, row.details) == (person, NOON, 3, {"material": "waste_paper"})
    assert Behavior.objects.get(item_count=12).grade == 2
    assert queries.check_in(view.number) == view == queries.check_ins_of(person)[0] == queries.check_ins(where)[0]
    assert queries.cards_of(person)[0].used == 1
    assert_sound()


def test_without_a_card_a_second_person_must_agree() -> None:
    where, person, first, second = occasion(), resident(), clerk(), clerk()
    view = come(where, first, person, measured=(PAPER,))
    assert (view.state, view.measured[0].behavior, behaviors()) == (CheckInState.PENDING, "", {})
    assert [each.number for each in queries.pending("430699101000")] == [view.number]
    assert queries.pending(OTHER_VILLAGE) == []
    before = everything()
    for refused, error in ((first, SecondPersonNeeded), (clerk(OTHER_VILLAGE), Forbidden), (SYSTEM, Forbidden)):
        with pytest.raises(error):
            agree(view.number, refused)
    assert everything() == before
    assert audited("community.confirm_refused") == [view.number] * 2
    counted = agree(view.number, second)
    assert (counted.state, counted.confirmed_by[:2]) == (CheckInState.COUNTED, "虚构")
    assert list(behaviors()) == [f"{view.number}-1"]
    assert agree(view.number, second).replayed
    with pytest.raises(Conflict):
        agree(view.number, clerk())
    with pytest.raises(Conflict):
        agree(view.number, second, right=False, reason="不对")
    assert_sound()


def test_what_the_second_person_refuses_counts_for_nothing() -> None:
    where, person, second = occasion(), resident(), clerk()
    view = come(where, clerk(), person, measured=(PAPER,))
    with pytest.raises(BadInput):
        agree(view.number, second, right=False)
    refused = agree(view.number, second, right=False, reason="当时不在场")
    assert (refused.state, refused.message) == (CheckInState.REFUSED, "没有通过确认：当时不在场")
    assert (behaviors(), queries.pending()) == ({}, [])
    assert_sound()


def test_scanning_the_changing_code() -> None:
    where, person = occasion(OccasionKind.TRAINING), resident(consents=())
    me = Actor.resident(parties.party_by_id(person))
    code = queries.rotating_code(where, NOON)
    view = come(where, me, code=code, at=NOON + timedelta(seconds=35))
    assert (view.state, view.recorded_by, view.message) == (CheckInState.COUNTED, "本人", "已签到")
    with pytest.raises(AlreadyBooked):
        come(where, None, person, code=code)
    other = resident()
    before = everything()
    for late in (NOON + timedelta(seconds=65), NOON - timedelta(seconds=35)):
        with pytest.raises(BadInput):
            come(where, None, other, late, code=code)
    with pytest.raises(BadInput):
        come(where, None, other, code=queries.rotating_code(occasion(OccasionKind.TRAINING), NOON))
    for details in ({"measured": (PAPER,)}, {"minutes": 60}, {"offline": True}, {"card": "TC1.x.y"}):
        with pytest.raises(BadInput):
            come(where, None, other, code=code, **details)
    with pytest.raises(Forbidden):
        come(where, me, other, code=code)
    with pytest.raises(Forbidden):
        come(where, clerk(), other, code=code)
    with pytest.raises(Forbidden):
        come(where, None, other)
    assert everything()[3:] == before[3:]


def test_a_guardian_scans_for_a_child() -> None:
    where, child, mother = occasion(OccasionKind.RUN), resident(), resident()
    parties_services.relate(
        subject_id=child, kind=RelationKind.GUARDIAN, holder_id=mother, basis="户口簿", at=AT - DAY, by=SYSTEM
    )
    by = Actor.resident(parties.party_by_id(mother))
    view = come(where, by, child, code=queries.rotating_code(where, NOON))
    assert (view.party_id, view.recorded_by) == (child, parties.party_by_id(mother).display_name)


def test_places_that_are_limited_are_for_those_who_booked() -> None:
    where, booked, waits = occasion(OccasionKind.LECTURE, capacity=1), resident(), resident()
    book(booked, where)
    book(waits, where)
    code = queries.rotating_code(where, NOON)
    with pytest.raises(NotBookable):
        come(where, None, waits, code=code)
    come(where, None, booked, code=code)
    assert [each.state.value for each in queries.bookings(where)] == ["attended", "waiting"]
    services.arrange(details=OccasionStatus(where, OccasionState.CLOSED), at=AT + 3 * HOUR, by=SYSTEM)
    assert [each.state.value for each in queries.bookings(where)] == ["attended", "released"]
    assert_sound()


def test_who_came_without_network_is_no_absentee() -> None:
    where, person = occasion(), resident()
    token = card(person).tokens[0]
    book(person, where)
    services.arrange(details=OccasionStatus(where, OccasionState.CLOSED), at=AT + 4 * HOUR, by=SYSTEM)
    assert queries.bookings(where)[0].state.value == "no_show"
    late = {"happened_at": NOON, "offline": True, "card": token}
    come(where, clerk(), at=NOON + 60 * HOUR, **late)
    assert queries.bookings(where)[0].state.value == "attended"
    assert_sound()


def test_the_same_nonce_gets_the_first_answer_even_much_later() -> None:
    where, hand, tokens = occasion(), clerk(), card(resident()).tokens
    first = come(where, hand, card=tokens[0], nonce="nonce-of-one", measured=(PAPER,))
    again = come(
        where, hand, card=tokens[0], nonce="nonce-of-one", measured=(PAPER,), at=NOON + 20 * DAY, happened_at=NOON,
        offline=True,
    )  # fmt: skip
    assert (again.number, again.replayed) == (first.number, True)
    for details in ({"card": tokens[1], "measured": (PAPER,)}, {"card": tokens[0]}):
        with pytest.raises(KeyReused):
            come(where, hand, nonce="nonce-of-one", **details)
    other = come(where, clerk(), card=tokens[1], nonce="nonce-of-one", measured=(PAPER,))
    assert other.number != first.number
    assert_sound()


def test_a_serial_is_used_once_and_a_lost_card_never() -> None:
    where, hand, person = occasion(), clerk(), resident()
    sheet = card(person)
    come(where, hand, card=sheet.tokens[0], measured=(PAPER,))
    before = everything()
    with pytest.raises(CardRefused, match="用过"):
        come(occasion(), hand, card=sheet.tokens[0])
    services.card(details=CardRevoked(sheet.card.number, "丢了"), at=NOON, by=hand)
    assert services.card(details=CardRevoked(sheet.card.number, "又丢了"), at=NOON, by=hand).revoked_at == NOON
    with pytest.raises(CardRefused, match="作废"):
        come(where, hand, card=sheet.tokens[1])
    torn, foreign = sheet.tokens[2][:-4], "TC1." + sheet.tokens[2][8:]
    for token in (torn, foreign, "TC1.e30.e30", "x" * 5000, "TH1.abc.def"):
        with pytest.raises(CardRefused, match="不是本县"):
            come(where, hand, card=token)
    with pytest.raises(BadInput):
        come(where, hand, resident(), card=sheet.tokens[2])
    assert everything()[3:6] == before[3:6]
    assert audited("community.check_in_refused").count(where) == 6
    assert queries.card_sheet(sheet.card.number).tokens == sheet.tokens


def test_a_card_ends_after_a_year() -> None:
    long_after = AT + 366 * DAY
    where = occasion(starts_at=long_after, ends_at=long_after + HOUR)
    with pytest.raises(CardRefused, match="有效期"):
        come(where, clerk(), card=card(resident()).tokens[0], at=long_after)


def test_only_who_issued_a_card_sees_its_tokens_and_only_at_first() -> None:
    hand, other = clerk(), clerk()
    sheet = card(resident(), by=hand)
    asked = CardPrint(sheet.card.number)
    assert services.card(details=asked, at=AT - DAY + HOUR, by=hand).tokens == sheet.tokens
    for by, at in ((other, AT - DAY + HOUR), (hand, AT)):
        with pytest.raises(Forbidden, match="24 小时内"):
            services.card(details=asked, at=at, by=by)
    services.card(details=CardRevoked(sheet.card.number, "丢了"), at=AT - DAY + HOUR, by=other)
    with pytest.raises(Forbidden):
        services.card(details=asked, at=AT - DAY + HOUR, by=hand)
    assert audited("community.card_printed") == [sheet.card.number]
    assert audited("community.card_refused") == [sheet.card.number] * 3


def test_a_card_needs_two_of_staff() -> None:
    person, hand = resident(), clerk()
    name = username_of(hand)
    with pytest.raises(SecondPersonNeeded):
        services.card(details=CardDetails(person, name), at=AT, by=hand)
    for witness, by in ((clerk(OTHER_VILLAGE), hand), (staff(Role.AUDITOR), hand), (hand, clerk(OTHER_VILLAGE))):
        username = username_of(witness)
        with pytest.raises(Forbidden):
            services.card(details=CardDetails(person, username), at=AT, by=by)
    with pytest.raises(Forbidden):
        services.card(details=CardDetails(person, name), at=AT, by=Actor.resident(parties.party_by_id(person)))
    for serials in (0, 97):
        with pytest.raises(BadInput):
            services.card(details=CardDetails(person, name, serials), at=AT, by=clerk())
    assert not Card.objects.exists()
    assert audited("community.card_refused") == ["card"] * 4


@pytest.mark.parametrize(
    ("measured", "error"),
    [
        ((Measured("paper", mass_g=3_000_000),), ImplausibleQuantity),
        ((Measured("carton", item_count=51),), ImplausibleQuantity),
        ((Measured("paper", mass_g=0),), BadInput),
        ((Measured("paper", mass_g=-5),), BadInput),
        ((Measured("paper", item_count=3),), BadInput),
        ((Measured("carton", mass_g=300),), BadInput),
        ((Measured("carton", item_count=1, mass_g=0),), BadInput),
        ((PAPER, PAPER), BadInput),
        ((Measured("gold", mass_g=3),), NotFound),
        ((Measured("paper", mass_g=300, weighed=Weighed.SCALE),), BadInput),
    ],
)
def test_what_nobody_brings(measured: tuple[Measured, ...], error: type[TanhuiError]) -> None:
    where, person, hand = occasion(), resident(), clerk()
    token = card(person).tokens[0]
    before = everything()
    with pytest.raises(error) as refused:
        come(where, hand, card=token, measured=measured)
    assert type(refused.value) is error
    assert refused.value.fix
    assert everything() == before
    assert audited("community.check_in_refused") == ([where] if error is ImplausibleQuantity else [])
    assert come(where, hand, card=token).state is CheckInState.COUNTED


def test_a_scale_is_believed_more_than_a_hand() -> None:
    where, tokens = occasion(), card(resident()).tokens
    scale = replace(PAPER, weighed=Weighed.SCALE, reading="3.50 kg")
    view = come(where, clerk(), card=tokens[0], measured=(scale,))
    assert (view.measured[0].weighed, view.measured[0].reading) == (Weighed.SCALE, "3.50 kg")
    assert Behavior.objects.get().grade == 2


def test_clocks() -> None:
    where, hand = occasion(), clerk()
    tokens = card(resident(), 6).tokens
    before = everything()
    for happened_at, offline in (
        (NOON + 11 * MINUTE, False),
        (NOON + 11 * MINUTE, True),
        (NOON - 11 * MINUTE, False),
        (NOON - 72 * HOUR, False),
    ):
        with pytest.raises(ClockOff):
            come(where, hand, card=tokens[0], happened_at=happened_at, offline=offline)
    with pytest.raises(ClockOff):
        come(where, hand, card=tokens[0], at=NOON + 73 * HOUR, happened_at=NOON, offline=True)
    with pytest.raises(BadInput):
        come(where, hand, card=tokens[0], happened_at=NOON.replace(tzinfo=None))
    assert everything() == before
    come(where, hand, card=tokens[0], happened_at=NOON + 10 * MINUTE)
    come(where, hand, card=tokens[1], happened_at=NOON - 10 * MINUTE)
    come(where, hand, card=tokens[2], at=NOON + 72 * HOUR, happened_at=NOON, offline=True)


def test_only_when_it_is_held() -> None:
    hand, tokens = clerk(), card(resident(), 6).tokens
    where = occasion()
    for at in (AT - 2 * HOUR - MINUTE, AT + 5 * HOUR):
        with pytest.raises(NotBookable):
            come(where, hand, card=tokens[0], at=at)
    with pytest.raises(NotBookable):
        come(occasion(state=OccasionState.DRAFT), hand, card=tokens[0])
    with pytest.raises(NotFound):
        come("occ_nothing", hand, card=tokens[0])
    services.arrange(details=OccasionStatus(where, OccasionState.CLOSED), at=AT + 2 * HOUR, by=SYSTEM)
    with pytest.raises(NotBookable):
        come(where, hand, card=tokens[0], at=AT + 3 * HOUR)
    off = occasion()
    services.arrange(details=OccasionStatus(off, OccasionState.CANCELLED, "下雨"), at=AT, by=SYSTEM)
    with pytest.raises(NotBookable):
        come(off, hand, card=tokens[0])
    assert not CheckIn.objects.exists()
    with pytest.raises(BadInput, match="不收"):
        come(occasion(OccasionKind.EXCHANGE_DAY, materials=("battery",)), hand, card=tokens[0], measured=(PAPER,))


def test_nothing_is_measured_without_consent() -> None:
    where, hand, second, person = occasion(), clerk(), clerk(), resident(consents=())
    sheet = card(person)
    before = everything()
    for details in ({"card": sheet.tokens[0]}, {"person": person}):
        with pytest.raises(ConsentMissing):
            come(where, hand, measured=(PAPER,), **details)
    assert everything() == before
    assert audited("community.check_in_refused") == [where] * 2
    assert come(where, hand, card=sheet.tokens[0], measured=(Measured("battery", mass_g=5),)).state.value == "counted"
    parties_services.consent(
        party_id=person, purpose=Purpose.RECYCLING, text_version="v1", given=True, at=AT, by=SYSTEM
    )
    view = come(where, hand, person, measured=(PAPER,))
    parties_services.consent(
        party_id=person, purpose=Purpose.RECYCLING, text_version="v1", given=False, at=AT, by=SYSTEM
    )
    with pytest.raises(ConsentMissing):
        agree(view.number, second)
    assert queries.check_in(view.number).state is CheckInState.PENDING
    parties_services.erase(party_id=person, at=NOON, by=SYSTEM)
    with pytest.raises(PartyErased):
        agree(view.number, second)
    agree(view.number, second, right=False, reason="已注销")
    assert behaviors() == {}
    assert_sound()


def test_what_the_scenarios_refuse_is_refused_as_a_whole() -> None:
    where, hand, token = occasion(), clerk(), card(resident()).tokens[0]
    Source.objects.filter(code="village").update(scenarios=["express-carton"])
    before = everything()
    with pytest.raises(BadInput, match="未获准报送"):
        come(where, hand, card=token, measured=(PAPER, Measured("carton", item_count=2)))
    assert everything() == before


def test_a_correction_takes_the_first_one_back() -> None:
    where, hand, second, person = occasion(), clerk(), clerk(), resident()
    first = come(where, hand, card=card(person).tokens[0], measured=(Measured("paper", mass_g=35_000),))
    change = {"corrects": first.number, "reason": "小数点看错", "measured": (PAPER,)}
    for details, error in (
        ({"reason": ""}, BadInput),
        ({"person": resident()}, BadInput),
        ({"corrects": "chk_nothing"}, NotFound),
    ):
        with pytest.raises(error):
            come(where, hand, at=AT + 5 * DAY, **{**change, **details})
    with pytest.raises(Conflict):
        come(where, hand, at=NOON + 31 * DAY, **change)
    right = come(where, hand, at=AT + 5 * DAY, **change)
    assert (right.state, right.corrects, right.happened_at) == (CheckInState.PENDING, first.number, NOON)
    assert [each[3] for each in behaviors().values()] == [True]
    with pytest.raises(Conflict):
        come(where, hand, at=AT + 5 * DAY, **change)
    agree(right.number, second, at=AT + 6 * DAY)
    assert behaviors() == {
        f"{first.number}-1": ("recyclables", 35_000, None, False),
        f"{right.number}-1": ("recyclables", 3_500, None, True),
    }
    assert queries.check_in(first.number).state is CheckInState.CORRECTED
    with pytest.raises(Conflict):
        come(where, hand, at=AT + 7 * DAY, **change)
    nothing = come(where, hand, at=AT + 7 * DAY, corrects=right.number, reason="登错了人")
    agree(nothing.number, second, at=AT + 8 * DAY)
    assert [each[3] for each in behaviors().values()] == [False, False]
    assert_sound()


def test_a_correction_that_is_refused_leaves_the_first_one() -> None:
    where, hand, second = occasion(), clerk(), clerk()
    first = come(where, hand, card=card(resident()).tokens[0], measured=(PAPER,))
    change = {"corrects": first.number, "reason": "看错", "measured": (Measured("paper", mass_g=9_000),)}
    wrong = come(where, hand, **change)
    agree(wrong.number, second, right=False, reason="原来的对")
    assert queries.check_in(first.number).state is CheckInState.COUNTED
    assert come(where, second, **change).state is CheckInState.PENDING
    assert_sound()


def test_what_still_waits_can_be_corrected_too() -> None:
    where, hand, second, person = occasion(), clerk(), clerk(), resident()
    first = come(where, hand, person, measured=(Measured("paper", mass_g=35_000),))
    right = come(where, hand, corrects=first.number, reason="小数点", measured=(PAPER,))
    agree(right.number, second)
    assert queries.check_in(first.number).state is CheckInState.CORRECTED
    with pytest.raises(Conflict):
        agree(first.number, second)
    assert list(behaviors()) == [f"{right.number}-1"]
    assert_sound()


def test_hours_and_scores() -> None:
    where, hand = occasion(OccasionKind.VOLUNTEER, minutes=120), clerk()
    one, other = resident(), resident()
    assert come(where, None, one, code=queries.rotating_code(where, NOON)).minutes == 120
    assert come(where, hand, other, minutes=90).minutes == 90
    training = occasion(OccasionKind.TRAINING)
    view = come(training, hand, one, score=85, score_of=100)
    assert (view.score, view.score_of, view.minutes) == (85, 100, None)
    for details in (
        {"minutes": 0},
        {"minutes": 1441},
        {"score": 5},
        {"score_of": 100},
        {"score": 0, "score_of": 0},
        {"score": 101, "score_of": 100},
        {"score": -1, "score_of": 100},
        {"score": 1, "score_of": 1001},
    ):
        with pytest.raises(BadInput):
            come(training, hand, other, **details)


def entry(where: str, token: str, *measured: Measured) -> CheckInDetails:
    """A check-in as a phone without network keeps it."""
    return CheckInDetails(where, "nonce-00", NOON, card=token, measured=measured, offline=True)


def test_an_upload_answers_every_entry_and_may_be_sent_again() -> None:
    where, hand, tokens = occasion(), clerk(), card(resident(), 4).tokens
    entries = [
        replace(details, nonce=f"morning-{n:03d}")
        for n, details in enumerate(
            [
                entry(where, tokens[0], PAPER),
                entry(where, tokens[0], PAPER),
                entry(where, tokens[1], Measured("paper", mass_g=3_000_000)),
                entry("occ_nothing", tokens[2]),
                entry(where, tokens[2], PAPER),
            ]
        )
    ]
    first = services.upload(entries=entries, at=NOON + 20 * HOUR, by=hand)
    assert [each.code for each in first] == ["", "card_refused", "implausible_quantity", "not_found", ""]
    assert all(each.message and each.fix for each in first if each.code)
    before = everything()
    again = services.upload(entries=entries[::-1], at=NOON + 21 * HOUR, by=hand)[::-1]
    assert [each.view and each.view.number for each in again] == [each.view and each.view.number for each in first]
    assert [each.code for each in again] == [each.code for each in first]
    assert everything() == before
    assert len(behaviors()) == 2
    assert_sound()


def test_the_database_keeps_what_was_written_down() -> None:
    where, hand, person = occasion(), clerk(), resident()
    view = come(where, hand, person, measured=(PAPER,))
    row = CheckIn.objects.get(number=view.number)

    def written(**columns: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            CheckIn.objects.filter(pk=row.pk).update(**columns)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    user = clerk().user_id
    for columns in (
        {"happened_at": NOON},
        {"nonce": "another-one"},
        {"state": "counted"},
        {"state": "counted", "confirmed_by_id": hand.user_id, "confirmed_at": NOON},
        {"state": "counted", "confirmed_by_id": user, "confirmed_at": NOON},
        {"state": "corrected"},
        {"state": "refused"},
    ):
        with pytest.raises(IntegrityError):
            written(**columns)
    for table in (CheckIn, Measurement, CheckInNews):
        with pytest.raises(IntegrityError), transaction.atomic():
            table.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        Measurement.objects.update(mass_g=1)
    sheet = card(person)
    for changes in ({"serials": 90}, {"revoked_at": NOON}, {"party_id": resident()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Card.objects.filter(number=sheet.card.number).update(**changes)


def test_who_printed_a_card_does_not_count_alone_what_is_entered_with_it() -> None:
    person, where, printer = resident(), occasion(), clerk()
    sheet = card(person, by=printer)
    assert come(where, clerk(), card=sheet.tokens[0], measured=(PAPER,)).state is CheckInState.COUNTED
    alone = come(where, printer, card=sheet.tokens[1], measured=(PAPER,))
    assert (alone.state, alone.measured[0].behavior) == (CheckInState.PENDING, "")
    with pytest.raises(DatabaseError, match="第二人"), transaction.atomic():
        CheckIn.objects.filter(number=alone.number).update(state=CheckInState.COUNTED)
    with pytest.raises(SecondPersonNeeded):
        agree(alone.number, printer)
    assert agree(alone.number, clerk()).state is CheckInState.COUNTED


def test_a_correction_that_waits_is_not_itself_corrected() -> None:
    """Else the last one would count beside the first."""
    person, where = resident(), occasion()
    first = come(where, clerk(), card=card(person).tokens[0], measured=(PAPER,))
    change = {"reason": "看错了", "measured": (Measured("paper", mass_g=700),)}
    waiting = come(where, clerk(), corrects=first.number, **change)
    before = everything()
    with pytest.raises(Conflict, match="还没有确认的更正"):
        come(where, clerk(), corrects=waiting.number, **change)
    assert everything() == before
    agree(waiting.number, clerk(), right=False, reason="不对")
    again = come(where, clerk(), corrects=first.number, **change)
    agree(again.number, clerk())
    assert_sound()
