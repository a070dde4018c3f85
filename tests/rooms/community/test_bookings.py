"""Places are booked, waited for, given back; the first who waits is the next who comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from tests.rooms.community.village import (
    AT,
    DAY,
    HOUR,
    MINUTE,
    OTHER_VILLAGE,
    SYSTEM,
    audited,
    book,
    clerk,
    occasion,
    organization,
    resident,
    staff,
)

from tanhui.community import queries, services
from tanhui.community.models import Booking, Occasion, Places
from tanhui.community.types import (
    AlreadyBooked,
    BookingDetails,
    BookingState,
    KeyReused,
    NotBookable,
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
)
from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, PartyErased, RelationKind, Role


def details_of(number: str) -> OccasionDetails:
    """An occasion as it could be written again."""
    view = queries.occasion(number)
    return OccasionDetails(
        kind=view.kind,
        title=view.title,
        summary=view.summary,
        host=view.host,
        division_code=view.division_code,
        place=view.place,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        bookable=view.bookable,
        capacity=view.capacity,
        materials=view.materials,
        audience=view.audience,
        minutes=view.minutes,
        number=number,
    )


def states(number: str) -> list[str]:
    return [each.state.value for each in queries.bookings(number)]


def test_who_comes_after_the_last_place_waits_and_moves_up() -> None:
    where, people = occasion(capacity=2), [resident() for _ in range(4)]
    views = [book(person, where) for person in people]
    assert [each.state for each in views] == [BookingState.BOOKED] * 2 + [BookingState.WAITING] * 2
    assert [each.ahead for each in views] == [0, 0, 0, 1]
    assert (queries.occasion(where).booked, queries.occasion(where).left, queries.occasion(where).waiting) == (2, 0, 2)
    given_back = services.release(number=views[0].number, party_id=people[0], at=AT - HOUR)
    assert given_back.state is BookingState.RELEASED
    assert states(where) == ["released", "booked", "booked", "waiting"]
    again = services.release(number=views[0].number, party_id=people[0], at=AT - HOUR)
    assert again.replayed
    services.release(number=views[3].number, party_id=people[3], at=AT - HOUR)
    services.release(number=views[1].number, party_id=people[1], at=AT - HOUR)
    assert states(where) == ["released", "released", "booked", "released"]
    assert queries.occasion(where).left == 1
    assert book(people[0], where).state is BookingState.BOOKED


def test_the_same_key_gets_the_first_answer() -> None:
    where, other, person = occasion(), occasion(), resident()
    first = book(person, where, "key-1")
    again = book(person, where, "key-1")
    assert (again.number, again.replayed, first.replayed) == (first.number, True, False)
    with pytest.raises(KeyReused):
        book(person, other, "key-1")
    with pytest.raises(AlreadyBooked) as refused:
        book(person, where, "key-2")
    assert refused.value.where == first.number
    with pytest.raises(BadInput):
        book(person, where, "键")
    assert Booking.objects.count() == 1


def test_when_nobody_can_book() -> None:
    person = resident()
    window = {"book_from": AT - 5 * DAY, "book_to": AT - DAY}
    where = occasion(**window)
    for at in (AT - 6 * DAY, AT - DAY, AT):
        with pytest.raises(NotBookable):
            book(person, where, at=at)
    with pytest.raises(NotBookable):
        book(person, occasion(bookable=False))
    with pytest.raises(NotBookable):
        book(person, occasion(state=OccasionState.DRAFT))
    with pytest.raises(NotBookable):
        book(person, occasion(), at=AT)
    with pytest.raises(NotFound):
        book(person, "occ_nothing")
    with pytest.raises(BadInput):
        book(parties.party(organization()).id, where, at=AT - 2 * DAY)
    assert book(person, where, at=AT - 5 * DAY).state is BookingState.BOOKED
    assert Booking.objects.count() == 1


def test_whose_hand_may_book() -> None:
    where, person, other = occasion(), resident(), resident()
    neighbour = Actor.resident(parties.party_by_id(other))
    for stranger in (neighbour, clerk(OTHER_VILLAGE), staff(Role.AUDITOR)):
        with pytest.raises(Forbidden):
            book(person, where, by=stranger)
    assert len(audited("community.book_refused")) == 2
    parties_services.relate(
        subject_id=person, kind=RelationKind.HOUSEHOLD, holder_id=other, basis="同一户", at=AT - 2 * DAY, by=SYSTEM
    )
    view = book(person, where, by=neighbour)
    assert view.booked_by == parties.party_by_id(other).display_name
    by_telephone = clerk()
    view = book(other, where, by=by_telephone)
    assert view.booked_by.startswith("虚构clerk")
    assert queries.bookings_of(other)[0].number == view.number
    assert set(audited("community.book")) == {each.number for each in queries.bookings(where)}
    with pytest.raises(NotFound):
        services.release(number=view.number, party_id=person, at=AT - DAY)


def test_who_is_gone_books_nothing() -> None:
    where, person = occasion(), resident()
    parties_services.erase(party_id=person, at=AT - DAY, by=SYSTEM)
    with pytest.raises(PartyErased):
        book(person, where)


def test_more_places_let_the_waiting_in_and_fewer_are_refused() -> None:
    where, people = occasion(capacity=1), [resident() for _ in range(4)]
    for person in people:
        book(person, where)
    services.arrange(details=replace(details_of(where), capacity=3), at=AT - HOUR, by=SYSTEM)
    assert states(where) == ["booked", "booked", "booked", "waiting"]
    with pytest.raises(Conflict):
        services.arrange(details=replace(details_of(where), capacity=2), at=AT - HOUR, by=SYSTEM)
    services.arrange(details=replace(details_of(where), capacity=None), at=AT - HOUR, by=SYSTEM)
    assert states(where) == ["booked"] * 4


def test_what_it_is_stays_once_it_is_open() -> None:
    draft, where = occasion(state=OccasionState.DRAFT), occasion()
    services.arrange(details=replace(details_of(draft), kind=OccasionKind.RUN), at=AT - DAY, by=SYSTEM)
    assert queries.occasion(draft).kind is OccasionKind.RUN
    moved = replace(details_of(where), place="村小学", starts_at=AT + HOUR)
    services.arrange(details=moved, at=AT - DAY, by=SYSTEM)
    assert (queries.occasion(where).place, queries.occasion(where).starts_at) == ("村小学", AT + HOUR)
    with pytest.raises(Conflict):
        services.arrange(details=replace(details_of(where), kind=OccasionKind.RUN), at=AT - DAY, by=SYSTEM)
    row = Occasion.objects.get(number=where)
    for column, value in (("kind", "run"), ("materials", []), ("minutes", 60), ("state", "draft")):
        with pytest.raises(IntegrityError), transaction.atomic():
            Occasion.objects.filter(pk=row.pk).update(**{column: value})
    with pytest.raises(IntegrityError), transaction.atomic():
        row.delete()


def test_how_an_occasion_ends() -> None:
    where, people = occasion(capacity=1), [resident() for _ in range(2)]
    for person in people:
        book(person, where)
    with pytest.raises(Conflict):
        services.arrange(details=OccasionStatus(where, OccasionState.CLOSED), at=AT - MINUTE, by=SYSTEM)
    services.arrange(details=OccasionStatus(where, OccasionState.CLOSED), at=AT + 3 * HOUR, by=SYSTEM)
    assert states(where) == ["no_show", "released"]
    with pytest.raises(Conflict):
        services.arrange(details=OccasionStatus(where, OccasionState.OPEN), at=AT + 3 * HOUR, by=SYSTEM)
    off = occasion(capacity=1)
    for person in people:
        book(person, off)
    with pytest.raises(BadInput):
        services.arrange(details=OccasionStatus(off, OccasionState.CANCELLED), at=AT, by=SYSTEM)
    services.arrange(details=OccasionStatus(off, OccasionState.CANCELLED, "下大雨"), at=AT, by=SYSTEM)
    assert states(off) == ["released", "released"]
    assert (queries.occasion(off).reason, queries.occasion(off).booked) == ("下大雨", 0)
    with pytest.raises(NotBookable):
        services.release(number=queries.bookings(where)[0].number, party_id=people[0], at=AT - HOUR)


def test_the_database_keeps_the_places() -> None:
    where, people = occasion(capacity=1), [resident() for _ in range(2)]
    for person in people:
        book(person, where)
    waits = Booking.objects.get(state="waiting")

    def written(rows: QuerySet[Any], **columns: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            rows.update(**columns)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError):
        written(Booking.objects.filter(pk=waits.pk), state="booked")
    with pytest.raises(IntegrityError):
        written(Places.objects.all(), taken=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Places.objects.update(taken=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=waits.pk).update(state="attended")
    with pytest.raises(IntegrityError), transaction.atomic():
        Booking.objects.filter(pk=waits.pk).update(booked_at=AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        waits.delete()


def test_who_may_arrange() -> None:
    where = details_of(occasion(state=OccasionState.DRAFT))
    for actor in (clerk(), staff(Role.OPERATOR, division=OTHER_VILLAGE)):
        with pytest.raises(Forbidden):
            services.arrange(details=where, at=AT - DAY, by=actor)
    assert len(audited("community.arrange_refused")) == 2
    services.arrange(details=where, at=AT - DAY, by=staff(Role.OPERATOR))
    assert audited("community.occasion") == [where.number]


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": AT},
        {"ends_at": AT - HOUR},
        {"starts_at": AT.replace(tzinfo=None)},
        {"book_from": AT, "book_to": AT},
        {"capacity": 0},
        {"capacity": 100_001},
        {"minutes": 0},
        {"audience": "nobody"},
        {"title": " "},
        {"place": ""},
        {"summary": "长" * 2001},
    ],
)
def test_what_cannot_be_an_occasion(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        occasion(**changes)
    assert not Occasion.objects.exists()


@pytest.mark.parametrize("changes", [{"materials": ("gold",)}, {"division_code": "999999"}, {"point": "cpt_0"}])
def test_an_occasion_names_what_there_is(changes: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        occasion(**changes)


def test_booking_twice_in_one_breath_is_asked_once() -> None:
    where, person = occasion(), resident()
    booked = services.book(details=BookingDetails(where, person, "a", note="家在坡上"), at=AT - DAY)
    assert booked.note == "家在坡上"
    with pytest.raises(BadInput):
        services.book(details=BookingDetails(where, person, "b", note="长" * 201), at=AT - DAY)
