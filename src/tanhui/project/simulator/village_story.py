"""An invented village sorts, brings, is weighed, learns and helps, in order of time and by the verbs that others use.

Where it happens is said by the county's folder: the staffed collection point that takes most materials. Who comes are
the residents of the township around it. Everything is decided by the seed; told twice, it is told once.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from random import Random

from tanhui.community import queries, services
from tanhui.community.types import (
    BookingDetails,
    BookingState,
    CardDetails,
    CheckInDetails,
    CheckInState,
    CheckInView,
    ConfirmDetails,
    Material,
    Measured,
    OccasionDetails,
    OccasionKind,
    OccasionState,
    OccasionStatus,
    PointKind,
    PointReport,
    PointState,
    PointView,
    QuizAnswers,
    TeamMember,
    TeamRole,
    Weighed,
)
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Actor, RelationKind
from tanhui.project.simulator.people import SimulatedResident
from tanhui.project.simulator.village_calendar import Held, coming_after, held_between, hour

SYSTEM = Actor.system("simulator")
NEIGHBORS, CARDS, LEARNERS = 40, 8, 16
"""So many residents take part at most; so many of them have a card instead of a phone; so many answer quizzes."""
OFFLINE_SATURDAY, MENDED_SATURDAY = 2, 1
"""Which of the collections had no network, and which had a reading to correct."""
BASIS = "示例：村里没有手机的居民，书面委托代办员（虚构）"

Act = Callable[[datetime], object]
Served = Callable[[int, str, datetime], object]
"""What else is done for a person (party) on an exchange day, told a name for its keys and the time."""


@dataclass(frozen=True)
class Hands:
    """Two clerks of the village: one weighs, the other confirms what was weighed without a card."""

    clerk: Actor
    second: Actor
    witness: str


@dataclass
class VillagePlayed:
    """What was played: occasions by kind, check-ins by state, quizzes by result, refusals by code."""

    occasions: Counter[str] = field(default_factory=Counter)
    check_ins: Counter[str] = field(default_factory=Counter)
    quizzes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


def scene() -> PointView | None:
    """The staffed point that takes most materials; None where the county's folder has none."""
    staffed = [point for point in queries.points() if point.kind is PointKind.POINT]
    return max(staffed, key=lambda point: (len(point.materials), point.title), default=None)


def neighbors(residents: Sequence[SimulatedResident], place: PointView) -> list[int]:
    """Indices of the residents of the township around the point, those of the village itself first."""
    around = [each for each in residents if each.division_code[:9] == place.division_code[:9]]
    around.sort(key=lambda each: (each.division_code != place.division_code, each.index))
    return [each.index for each in around[:NEIGHBORS]]


class VillageStory:
    """Occasions and who comes. Call it every evening: everything planned since then happens, each at its own time."""

    def __init__(
        self,
        seed: int,
        *,
        residents: Sequence[SimulatedResident],
        first_day: date,
        end_on: date,
        hands: Hands,
        serve: Served | None = None,
    ) -> None:
        self.played = VillagePlayed()
        self.seed, self.hands, self.serve = seed, hands, serve
        self._party_ids: Mapping[int, int] = {}
        self._planned: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._tokens: dict[int, list[str]] = {}
        place = scene()
        if place is None:
            return
        self.place = place
        self.people = neighbors(residents, place)
        self.materials = {each.code: each for each in queries.materials() if each.code in place.materials}
        self._numbers = {
            (view.title, view.starts_at): view.number for view in queries.occasions(state=None, limit=5000)
        }
        hosts = parties.organizations()
        self._hosts = {code: hosts[code].number for code in hosts}
        calendar = held_between(first_day, end_on)
        collections = [held for held in calendar if held.kind is OccasionKind.COLLECTION]
        self._last = collections[-1].name if collections else ""
        self._offline, self._mended = (
            collections[which].name if which < len(collections) else "" for which in (OFFLINE_SATURDAY, MENDED_SATURDAY)
        )
        self._plan_people(first_day, end_on)
        for held in calendar:
            self._plan_held(held)
        for held in coming_after(end_on):
            self._plan(hour(end_on, 21), partial(self._announce, held))
            for index in self._comers(held) if held.bookable else ():
                self._plan(hour(end_on, 21.5), partial(self._book, held, index, False))

    def evening(self, at: datetime, party_ids: Mapping[int, int]) -> None:
        """Let everything happen that was planned until now; `party_ids` are the residents by index."""
        self._party_ids = party_ids
        while self._planned and self._planned[0][0] <= at:
            due, _, act = heapq.heappop(self._planned)
            act(due)

    def _plan(self, at: datetime, act: Act) -> None:
        heapq.heappush(self._planned, (at, next(self._order), act))

    def _chance(self, *about: object) -> Random:
        return Random(":".join(map(str, (self.seed, "village", *about))))  # noqa: S311 an invented county

    # ------------------------------------------------------------------------------------ cards, teams, quizzes

    def _plan_people(self, first_day: date, end_on: date) -> None:
        """Cards in the first days, teams in the first weeks, quizzes and reports about points all the time."""
        for place, index in enumerate(self.people[:CARDS]):
            self._plan(hour(first_day, 10 + place / 10), partial(self._card, index))
        roles = (TeamRole.PROMOTER, TeamRole.ADVISER, TeamRole.ADVISER, TeamRole.SUPERVISOR, TeamRole.LECTURER)
        for place, index in enumerate(self.people[CARDS:]):
            role, day = roles[place % len(roles)], first_day + timedelta(days=place % 20)
            if day <= end_on and place % 3 != 1:
                self._plan(hour(day, 19), partial(self._join, index, role))
        quizzes = [quiz.code for quiz in queries.quizzes()]
        for index in self.people[-LEARNERS:] if quizzes else ():
            chance = self._chance("quiz", index)
            day = first_day + timedelta(days=chance.randrange(1, 1 + max(1, (end_on - first_day).days)))
            quiz = chance.choice(quizzes)
            if day <= end_on:
                self._plan(hour(day, 20), partial(self._learn, index, quiz))
        self._plan(hour(end_on, 17), self._report)

    def _card(self, index: int, now: datetime) -> None:
        """The second clerk prints a card before the first, who may act for the person from now on."""
        person = self._party_ids[index]
        parties_services.relate(
            kind=RelationKind.CLERK,
            subject_id=person,
            clerk_id=self.hands.clerk.user_id,
            basis=BASIS,
            at=now,
            by=self.hands.clerk,
        )
        cards = queries.cards_of(person)
        if cards:
            sheet = queries.card_sheet(cards[-1].number)
        else:
            sheet = services.card(details=CardDetails(person, self.hands.witness), at=now, by=self.hands.second)
        self._tokens[index] = list(sheet.tokens)

    def _join(self, index: int, role: TeamRole, now: datetime) -> None:
        teams = queries.teams()
        if teams:
            team = teams[index % len(teams)]
            person = parties.party_by_id(self._party_ids[index])
            member = TeamMember(team.number, person.id, role)
            services.arrange(details=member, at=now, by=Actor.resident(person))

    def _learn(self, index: int, code: str, now: datetime) -> None:
        """Once by chance, and who did not pass tries again, having read what was explained."""
        told: dict[str, str] = {}
        person, chance = self._party_ids[index], self._chance("answers", index)
        for attempt in (1, 2):
            nonce = f"quiz-{index:06d}-{attempt}"
            quiz = queries.quiz(code, nonce, person)
            chosen = {
                question.code: told.get(question.code) or chance.choice(question.options)[0]
                for question in quiz.questions
            }
            at = now + timedelta(minutes=5 * attempt)
            result = services.answer(details=QuizAnswers(code, nonce, chosen), party_id=person, at=at)
            self.played.quizzes["passed" if result.passed else "failed"] += 1
            told |= result.right
            if result.passed:
                return

    def _report(self, now: datetime) -> None:
        """A resident says that a box is full; staff saw that another is broken."""
        boxes = [point for point in queries.points() if point.kind is PointKind.BOX]
        if not boxes or not self.people:
            return
        person = parties.party_by_id(self._party_ids[self.people[0]])
        full = PointReport(boxes[0].number, PointState.FULL, "示例：投口已经塞满（虚构）")
        services.arrange(details=full, at=now, by=Actor.resident(person))
        broken = PointReport(boxes[-1].number, PointState.BROKEN, "示例：箱门关不上（虚构）")
        services.arrange(details=broken, at=now, by=SYSTEM)

    # ----------------------------------------------------------------------------------------------- occasions

    def _plan_held(self, held: Held) -> None:
        self._plan(held.announced_at, partial(self._announce, held))
        comers = self._comers(held)
        if held.kind is OccasionKind.PICKUP:
            self._plan_booked(held, comers, self._visit)
        elif not held.collects:
            self._plan_booked(held, comers, self._scan)
        elif held.name == self._offline:
            self._plan(held.ends_at + timedelta(hours=1), partial(self._upload, held, comers))
        else:
            for place, index in enumerate(comers):
                self._plan(_in_turn(held, place, len(comers)), partial(self._weigh, held, index))
        self._plan(held.ends_at + timedelta(hours=2, minutes=30), partial(self._close, held))

    def _comers(self, held: Held) -> list[int]:
        """Who of the neighbors comes, by chance; everybody's first resident runs along."""
        found = [index for index in self.people if self._chance(held.name, index).randrange(100) < held.comers]
        return [0, *(index for index in found if index)] if held.kind is OccasionKind.RUN else found

    def _announce(self, held: Held, now: datetime) -> None:
        """Put it up and open it, once."""
        key = (held.title, held.starts_at)
        if key not in self._numbers:
            details = OccasionDetails(
                kind=held.kind,
                title=held.title,
                summary=held.summary,
                host=self._hosts.get(held.host) or next(iter(self._hosts.values())),
                division_code=self.place.division_code,
                place=self.place.address,
                starts_at=held.starts_at,
                ends_at=held.ends_at,
                bookable=held.bookable,
                capacity=held.capacity,
                materials=self.place.materials if held.collects else (),
                point=self.place.number if held.collects else "",
                audience=held.audience,
                minutes=held.minutes,
            )
            self._numbers[key] = services.arrange(details=details, at=now, by=SYSTEM)
        number = self._numbers[key]
        if queries.occasion(number).state is OccasionState.DRAFT:
            services.arrange(details=OccasionStatus(number, OccasionState.OPEN), at=now, by=SYSTEM)
        self.played.occasions[held.kind.value] += 1

    def _number(self, held: Held) -> str:
        return self._numbers[held.title, held.starts_at]

    def _close(self, held: Held, now: datetime) -> None:
        number = self._number(held)
        if queries.occasion(number).state is OccasionState.OPEN:
            services.arrange(details=OccasionStatus(number, OccasionState.CLOSED), at=now, by=SYSTEM)

    # ------------------------------------------------------------------------------------------------- bookings

    def _plan_booked(self, held: Held, comers: Sequence[int], come: Callable[[Held, int, datetime], object]) -> None:
        """Booked in the days before, one by telephone; one gives the place back; nearly all come."""
        for place, index in enumerate(comers):
            at = held.starts_at - timedelta(days=3) + timedelta(hours=place)
            self._plan(at, partial(self._book, held, index, place == 1))
            if place and place == len(comers) // 2:
                self._plan(held.starts_at - timedelta(hours=20), partial(self._release, held, index))
            if place % 9 != 4:
                self._plan(_in_turn(held, place, len(comers)), partial(come, held, index))

    def _book(self, held: Held, index: int, phone: bool, now: datetime) -> None:
        details = BookingDetails(self._number(held), self._party_ids[index], f"{held.name}-{index:06d}")
        services.book(details=details, at=now, by=self.hands.clerk if phone else None)

    def _booking(self, held: Held, index: int) -> tuple[str, BookingState] | None:
        person = self._party_ids[index]
        for view in queries.bookings(self._number(held)):
            if view.party_id == person:
                return view.number, view.state
        return None

    def _release(self, held: Held, index: int, now: datetime) -> None:
        found = self._booking(held, index)
        if found and found[1] in (BookingState.BOOKED, BookingState.WAITING):
            services.release(number=found[0], party_id=self._party_ids[index], at=now)

    def _visit(self, held: Held, index: int, now: datetime) -> None:
        """The collector weighs at the door of who has a place."""
        found = self._booking(held, index)
        if found and found[1] is BookingState.BOOKED:
            self._weigh(held, index, now)

    def _scan(self, held: Held, index: int, now: datetime) -> None:
        """Who has a place scans the code on the screen with the own phone."""
        found = self._booking(held, index)
        if not found or found[1] is not BookingState.BOOKED:
            return
        number = self._number(held)
        details = CheckInDetails(
            occasion=number,
            nonce=f"{held.name}-{index:06d}",
            happened_at=now,
            party_id=self._party_ids[index],
            code=queries.rotating_code(number, now),
        )
        self._count(services.check_in(details=details, at=now))

    # ------------------------------------------------------------------------------------------------- weighing

    def _details(self, held: Held, index: int, now: datetime) -> CheckInDetails:
        """What a clerk enters: by card where the person has one, else by person."""
        measured = _brought(self._chance(held.name, "brings", index), self.materials)
        details = CheckInDetails(self._number(held), f"{held.name}-{index:06d}", now, measured=measured)
        tokens = self._tokens.get(index)
        if tokens:
            return replace(details, card=tokens.pop(0))
        return replace(details, party_id=self._party_ids[index])

    def _weigh(self, held: Held, index: int, now: datetime) -> None:
        view = services.check_in(details=self._details(held, index, now), at=now, by=self.hands.clerk)
        self._count(view)
        self._plan(now + timedelta(minutes=25), partial(self._confirm, held, view))
        if held.kind is OccasionKind.EXCHANGE_DAY and self.serve:
            self.serve(self._party_ids[index], f"{held.name}-{index:06d}", now + timedelta(minutes=3))
        if held.name == self._mended:
            self._mended = ""
            self._plan(now + timedelta(days=2), partial(self._mend, held, view))

    def _confirm(self, held: Held, view: CheckInView, now: datetime) -> None:
        """The second clerk confirms; now and then it is not right; some of the last morning still wait."""
        view = queries.check_in(view.number)
        if view.state is not CheckInState.PENDING:
            return
        fate = self._chance(held.name, "confirm", view.party_id).randrange(100)
        if held.name == self._last and fate < 40:
            return
        right = fate < 95
        details = ConfirmDetails(view.number, right, "" if right else "示例：重量与过磅单不符（虚构）")
        self._count(services.confirm(details=details, at=now, by=self.hands.second))

    def _mend(self, held: Held, view: CheckInView, now: datetime) -> None:
        """A reading was written down ten times too large."""
        known = queries.check_in(view.number)
        if known.state is not CheckInState.COUNTED:
            return
        lines = tuple(
            Measured(
                line.material,
                max(1, line.mass_g // 10) if line.mass_g else None,
                line.item_count,
                line.weighed,
                line.reading,
            )
            for line in known.measured
        )
        details = CheckInDetails(
            occasion=self._number(held),
            nonce=f"{held.name}-mended",
            happened_at=known.happened_at,
            party_id=known.party_id,
            measured=lines,
            corrects=known.number,
            reason="示例：小数点写错一位，按过磅单更正（虚构）",
        )
        mended = services.check_in(details=details, at=now, by=self.hands.clerk)
        self._plan(now + timedelta(hours=1), partial(self._confirm, held, mended))

    def _upload(self, held: Held, comers: Sequence[int], now: datetime) -> None:
        """A whole morning without network, sent at noon; one card was shown twice."""
        entries = []
        for place, index in enumerate(comers):
            entry = replace(self._details(held, index, _in_turn(held, place, len(comers))), offline=True)
            entries.append(entry)
            if entry.card and not any(each.nonce.endswith("-again") for each in entries):
                entries.append(replace(entry, nonce=f"{entry.nonce}-again"))
        for result in services.upload(entries=entries, at=now, by=self.hands.clerk) if entries else ():
            if result.view is None:
                self.played.refused[result.code] += 1
                continue
            self._count(result.view)
            self._plan(now + timedelta(hours=1), partial(self._confirm, held, result.view))

    def _count(self, view: CheckInView) -> None:
        self.played.check_ins[view.state.value] += 1


def _in_turn(held: Held, place: int, of: int) -> datetime:
    """People come one after another within the time."""
    return held.starts_at + timedelta(minutes=5) + (held.ends_at - held.starts_at) * 9 // 10 * place // max(1, of)


def _brought(chance: Random, materials: Mapping[str, Material]) -> tuple[Measured, ...]:
    """One to three materials in plausible amounts, most on a scale."""
    codes = chance.sample(sorted(materials), min(len(materials), 1 + chance.randrange(3)))
    found = []
    for code in codes:
        material = materials[code]
        if material.quantity == "item_count":
            found.append(Measured(code, item_count=1 + chance.randrange(4)))
            continue
        mass_g = 10 * chance.randrange(20, max(21, min(900, material.most // 40)))
        if chance.randrange(4):
            found.append(Measured(code, mass_g, weighed=Weighed.SCALE, reading=f"{mass_g / 1000:.2f} kg"))
        else:
            found.append(Measured(code, mass_g, weighed=Weighed.HAND))
    return tuple(found)
