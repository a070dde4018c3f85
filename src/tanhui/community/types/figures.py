"""Teams, quizzes, news and counted figures as others may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tanhui.community.types.kinds import CheckInState, OccasionKind


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
