"""Recycling and activities through HTTP: what everybody sees, what is one's own, and who asks for another's."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.doors import community_world as world
from tests.doors.api_client import open_county, problem, sign_in
from tests.doors.community_world import AT, DAY, HOUR, PAPER, SYSTEM, TOMORROW
from tests.rooms.community import village

from tanhui.api import limits, problems
from tanhui.community import queries, services
from tanhui.community.types import (
    CardDetails,
    CardSheet,
    CheckInDetails,
    ConfirmDetails,
    Measured,
    OccasionKind,
    OccasionState,
    PointKind,
    PointReport,
    PointState,
    TeamRole,
)
from tanhui.parties import queries as parties
from tanhui.parties import services as parties_services
from tanhui.parties.types import Purpose, RelationKind, Role

pytestmark = pytest.mark.django_db
OPEN, MINE = "/api/v1/open", "/api/v1/resident"
JSON = "application/json"


class Clock:
    """What the door reads as the time."""

    def __init__(self, at: datetime) -> None:
        self.at = at


@pytest.fixture(autouse=True)
def clock(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    settings.TANHUI_DEMO = True
    now = Clock(AT)
    monkeypatch.setattr(problems, "timezone", SimpleNamespace(now=lambda: now.at))
    open_county()
    world.open_village()
    return now


def joined(client: Client, name: str) -> tuple[dict[str, str], int]:
    """A resident's headers and id."""
    headers = sign_in(client, name)
    return headers, parties.party(shown(client, f"{MINE}/account", headers)["number"]).id


def shown(client: Client, path: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    response = client.get(path, headers=headers or {})
    assert response.status_code == 200, response.content.decode()
    content: dict[str, Any] = response.json()
    return content


def post(client: Client, path: str, body: Any, me: dict[str, str] | None = None, key: str = "k1") -> Any:
    return client.post(path, body, content_type=JSON, headers=(me or {}) | {"Idempotency-Key": key})


def book(client: Client, me: dict[str, str], occasion: str, key: str = "k1", **more: str) -> Any:
    return post(client, f"{MINE}/bookings", {"occasion": occasion, **more}, me, key)


def booked(client: Client, me: dict[str, str], occasion: str, key: str = "k1", **more: str) -> dict[str, Any]:
    response = book(client, me, occasion, key, **more)
    assert response.status_code == 201, response.content.decode()
    content: dict[str, Any] = response.json()
    return content


def counted(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        found: int = cursor.fetchone()[0]
        return found


# ------------------------------------------------------------------------------------------------------- everybody


def test_everybody_reads_how_to_sort_and_what_recyclers_pay(client: Client) -> None:
    materials = {each["code"]: each for each in shown(client, f"{OPEN}/materials")["materials"]}
    assert materials[PAPER]["quantity"] == "mass_g"
    assert materials[PAPER]["accepted"]
    assert materials[PAPER]["declined"]
    assert materials[world.CARTON]["quantity"] == "item_count"
    recycler = world.host("虚构回收公司")
    world.price(recycler, 120)
    world.price(recycler, 999, days=3)
    (price,) = shown(client, f"{OPEN}/prices")["prices"]
    assert (price["material"], price["price_fen"], price["organization_title"]) == (PAPER, 120, "虚构回收公司")


def test_points_are_listed_and_those_with_a_place_are_on_the_map(client: Client) -> None:
    number = world.point("甲点（虚构）")
    world.point("乙箱（虚构）", kind=PointKind.BOX, longitude_e6=None, latitude_e6=None)
    listed = {each["title"]: each for each in shown(client, f"{OPEN}/points")["points"]}
    assert listed["乙箱（虚构）"]["kind_title"] == "回收箱"
    assert listed["乙箱（虚构）"]["longitude_e6"] is None
    response = client.get(f"{OPEN}/points.geojson")
    assert response["Content-Type"] == "application/geo+json"
    (feature,) = response.json()["features"]
    assert (feature["id"], feature["geometry"]["coordinates"]) == (number, [113.6, 28.7])
    assert feature["properties"] == listed["甲点（虚构）"]


def test_a_passer_by_reports_and_staff_decides(client: Client) -> None:
    number = world.point()
    address = f"{OPEN}/points/{number}/reports"
    answer = client.post(address, {"state": "full"}, content_type=JSON)
    assert answer.status_code == 200, answer.content.decode()
    assert (answer.json()["state"], answer.json()["reported"]) == ("open", "full")
    assert client.post(address, {"state": "full"}, content_type=JSON).status_code == 200
    assert counted("community_point_notice") == 1, "told twice, kept once"
    with connection.cursor() as cursor:
        cursor.execute("SELECT party_id, user_id, note FROM community_point_notice")
        assert cursor.fetchall() == [(None, None, "")]
    services.arrange(details=PointReport(number, PointState.FULL), at=AT + HOUR, by=village.clerk())
    now = {each["number"]: each for each in shown(client, f"{OPEN}/points")["points"]}[number]
    assert (now["state"], now["reported"]) == ("full", None)


def test_a_report_is_one_of_three_words_about_a_known_point(client: Client) -> None:
    number = world.point()
    address = f"{OPEN}/points/{number}/reports"
    problem(client.post(address, {"state": "closed"}, content_type=JSON), 422, "bad_input")
    problem(client.post(address, {"state": "full", "note": "打 13800138000"}, content_type=JSON), 422, "bad_input")
    nowhere = f"{OPEN}/points/cpt_00000000000000000000000000/reports"
    problem(client.post(nowhere, {"state": "full"}, content_type=JSON), 404, "not_found")
    assert counted("community_point_notice") == 0


def test_reports_of_one_address_are_limited(client: Client) -> None:
    address = f"{OPEN}/points/{world.point()}/reports"
    here, there = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
    for _ in range(limits.LIMITS["report"]):
        assert client.post(address, {"state": "broken"}, content_type=JSON, **here).status_code == 200
    problem(client.post(address, {"state": "full"}, content_type=JSON, **here), 429, "too_many_requests")
    assert client.post(address, {"state": "full"}, content_type=JSON, **there).status_code == 200


def test_what_is_open_over_or_called_off_is_listed_and_drafts_are_not(client: Client) -> None:
    wanted = {state: world.occasion(f"虚构{state.label}", state) for state in OccasionState}
    listed = {each["number"]: each for each in shown(client, f"{OPEN}/occasions")["occasions"]}
    assert set(listed) == set(wanted.values()) - {wanted[OccasionState.DRAFT]}
    assert listed[wanted[OccasionState.CANCELLED]]["reason"] == "连日大雨"
    one = shown(client, f"{OPEN}/occasions/{wanted[OccasionState.OPEN]}")
    assert one == listed[wanted[OccasionState.OPEN]]
    assert (one["left"], one["host_title"], one["kind_title"]) == (2, "虚构再生资源公司", "上门回收")
    problem(client.get(f"{OPEN}/occasions/{wanted[OccasionState.DRAFT]}"), 404, "not_found")
    problem(client.get(f"{OPEN}/occasions/occ_00000000000000000000000000"), 404, "not_found")


def test_occasions_are_asked_by_kind_place_and_time_and_paged(client: Client) -> None:
    run = world.occasion("虚构健康跑", kind=OccasionKind.RUN, materials=(), division_code=world.OTHER_VILLAGE)
    made = [world.occasion(f"虚构{i}", starts_at=TOMORROW + i * HOUR, ends_at=TOMORROW + 9 * HOUR) for i in range(5)]
    assert [each["number"] for each in shown(client, f"{OPEN}/occasions?kind=run")["occasions"]] == [run]
    there = shown(client, f"{OPEN}/occasions?division={world.OTHER_VILLAGE}")["occasions"]
    assert [each["number"] for each in there] == [run]
    since = quote((TOMORROW + 2 * HOUR).isoformat())
    until = quote((TOMORROW + 4 * HOUR).isoformat())
    some = shown(client, f"{OPEN}/occasions?from={since}&to={until}")["occasions"]
    assert [each["number"] for each in some] == made[2:4]
    page = shown(client, f"{OPEN}/occasions?limit=2")
    seen = [each["number"] for each in page["occasions"]]
    while page["next_cursor"]:
        page = shown(client, f"{OPEN}/occasions?limit=2&after={page['next_cursor']}")
        seen += [each["number"] for each in page["occasions"]]
    assert sorted(seen) == sorted([*made, run])
    assert seen[2:] == made[1:], "by start"
    late = quote((TOMORROW + 200 * DAY).isoformat())
    for bad in (f"to={late}", f"from={until}&to={since}", "after=x-1", "kind=party", "division=abc",
                "from=2026-06-10T08:00:00"):  # fmt: skip
        problem(client.get(f"{OPEN}/occasions?{bad}"), 422, "bad_input")


def test_lists_cost_the_same_queries_for_many_as_for_few(client: Client) -> None:
    recycler = world.host()
    world.occasion(host=recycler)
    world.point()
    world.team()
    paths = [f"{OPEN}/{name}" for name in ("occasions", "points", "teams")]
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            for path in paths:
                shown(client, path)
        costs.append(len(asked))
        for i in range(4):
            world.occasion(f"虚构第{i}场")
            world.point(f"虚构第{i}点")
            world.team(f"虚构第{i}队")
    assert costs[0] == costs[1], "the first time for one of each, the second for five"


def test_teams_say_how_many_and_never_who(client: Client) -> None:
    me, person = joined(client, "li")
    number = world.team("虚构一队", (person, TeamRole.PROMOTER), (person, TeamRole.LECTURER))
    world.team("虚构散队", ended=True)
    (team,) = shown(client, f"{OPEN}/teams")["teams"]
    assert (team["number"], team["members"]) == (number, {"promoter": 1, "lecturer": 1})
    (mine,) = shown(client, f"{MINE}/teams", me)["teams"]
    assert (mine["team"], sorted(mine["roles"])) == (team, ["lecturer", "promoter"])
    other, _ = joined(client, "wang")
    assert shown(client, f"{MINE}/teams", other)["teams"] == []


# ------------------------------------------------------------------------------------------------------ bookings


def test_a_place_is_booked_once_however_often_it_is_asked(client: Client) -> None:
    me, _ = joined(client, "li")
    one, other = world.occasion(), world.occasion("虚构另一场")
    first = book(client, me, one, note="二楼")
    assert first.status_code == 201, first.content.decode()
    again = book(client, me, one, note="二楼")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    problem(book(client, me, other), 409, "idempotency_key_reused")
    problem(book(client, me, one, "k2"), 409, "already_booked")
    missing = client.post(f"{MINE}/bookings", {"occasion": one}, content_type=JSON, headers=me)
    problem(missing, 422, "bad_input")
    assert counted("community_booking") == 1
    (held,) = shown(client, f"{MINE}/bookings", me)["bookings"]
    assert held == first.json()
    assert (held["state"], held["ahead"], held["note"], held["place"]) == ("booked", 0, "二楼", "村部门前")
    assert shown(client, f"{OPEN}/occasions/{one}")["left"] == 1


def test_who_comes_late_waits_and_moves_up_when_a_place_is_given_back(client: Client) -> None:
    li, _ = joined(client, "li")
    wang, _ = joined(client, "wang")
    zhao, _ = joined(client, "zhao")
    where = world.occasion(capacity=1)
    held = booked(client, li, where)
    second, third = booked(client, wang, where), booked(client, zhao, where)
    assert [(each["state"], each["ahead"]) for each in (held, second, third)] == [
        ("booked", 0), ("waiting", 0), ("waiting", 1),
    ]  # fmt: skip
    address = f"{MINE}/bookings/{held['number']}/release"
    released = client.post(address, {}, content_type=JSON, headers=li)
    assert released.status_code == 200, released.content.decode()
    assert released.json()["state_title"] == "已取消"
    assert client.post(address, {}, content_type=JSON, headers=li).json() == released.json(), "safe to repeat"
    (moved,) = shown(client, f"{MINE}/bookings", wang)["bookings"]
    assert moved["state"] == "booked"
    (waits,) = shown(client, f"{MINE}/bookings", zhao)["bookings"]
    assert (waits["state"], waits["ahead"]) == ("waiting", 0)


def test_what_cannot_be_booked_says_why_and_changes_nothing(client: Client) -> None:
    me, _ = joined(client, "li")
    draft, off = world.occasion(state=OccasionState.DRAFT), world.occasion(state=OccasionState.CANCELLED)
    early = world.occasion(book_from=AT + HOUR, book_to=AT + 2 * HOUR)
    walk_in = world.occasion(bookable=False, capacity=None)
    for number in (draft, off, early, walk_in):
        problem(book(client, me, number), 409, "not_bookable")
    problem(book(client, me, "occ_00000000000000000000000000"), 404, "not_found")
    problem(book(client, me, "nothing"), 422, "bad_input")
    assert counted("community_booking") == 0


def test_a_booking_is_its_holders_alone(client: Client) -> None:
    me, person = joined(client, "li")
    other, _ = joined(client, "wang")
    where = world.occasion()
    number = booked(client, me, where)["number"]
    mine = parties.party_by_id(person).number
    address = f"{MINE}/bookings/{number}/release"
    assert shown(client, f"{MINE}/bookings", other)["bookings"] == []
    problem(client.post(address, {}, content_type=JSON, headers=other), 404, "not_found")
    problem(client.post(address, {"person": mine}, content_type=JSON, headers=other), 403, "forbidden")
    problem(client.get(f"{MINE}/bookings?person={mine}", headers=other), 403, "forbidden")
    problem(book(client, other, where, person=mine), 403, "forbidden")
    problem(client.get(f"{MINE}/bookings"), 401, "unauthorized")
    problem(client.post(address, {}, content_type=JSON), 401, "unauthorized")
    (held,) = shown(client, f"{MINE}/bookings", me)["bookings"]
    assert held["state"] == "booked"


def test_a_parent_books_for_a_child_and_sees_it(client: Client) -> None:
    me, parent = joined(client, "li")
    child = village.resident()
    parties_services.relate(
        kind=RelationKind.GUARDIAN, subject_id=child, holder_id=parent, basis="户口簿", at=AT - DAY, by=SYSTEM
    )
    number = parties.party_by_id(child).number
    where = world.occasion()
    held = booked(client, me, where, person=number)
    assert shown(client, f"{MINE}/bookings", me)["bookings"] == []
    assert shown(client, f"{MINE}/bookings?person={number}", me)["bookings"] == [held]
    released = client.post(
        f"{MINE}/bookings/{held['number']}/release", {"person": number}, content_type=JSON, headers=me
    )
    assert released.json()["state"] == "released"


# -------------------------------------------------------------------------------------------- check-ins, receipts


def scan(client: Client, me: dict[str, str], occasion: str, code: str, key: str = "s1") -> Any:
    return post(client, f"{MINE}/check-ins", {"occasion": occasion, "code": code}, me, key)


def weighed(occasion: str, person: int, grams: int, at: datetime, *, right: bool = True) -> str:
    """A clerk writes down what somebody brought, a second one confirms or refuses; the number of the receipt."""
    first, second = village.clerk(), village.clerk()
    measured = (Measured(PAPER, mass_g=grams),)
    details = CheckInDetails(
        occasion, f"nonce-{occasion[-6:]}-{person}-{grams}", at, party_id=person, measured=measured
    )
    view = services.check_in(details=details, at=at, by=first)
    services.confirm(details=ConfirmDetails(view.number, right, "" if right else "认错人了"), at=at, by=second)
    return view.number


def test_a_resident_checks_in_by_the_code_that_hangs_there(client: Client, clock: Clock) -> None:
    me, _ = joined(client, "li")
    where = world.occasion("虚构培训", kind=OccasionKind.TRAINING, materials=())
    booked(client, me, where)
    clock.at = TOMORROW + HOUR
    code = queries.rotating_code(where, clock.at)
    first = scan(client, me, where, code)
    assert first.status_code == 201, first.content.decode()
    clock.at += timedelta(minutes=5)
    again = scan(client, me, where, code)
    assert (again.status_code, again.json()) == (201, first.json()), "the answer that was lost is given again"
    assert again["Idempotency-Replayed"] == "true"
    assert (first.json()["state"], first.json()["measured"]) == ("counted", [])
    (held,) = shown(client, f"{MINE}/bookings", me)["bookings"]
    assert held["state"] == "attended"
    problem(scan(client, me, where, queries.rotating_code(where, clock.at), "s2"), 409, "already_booked")
    assert shown(client, f"{MINE}/check-ins", me)["check_ins"] == [first.json()]


def test_an_old_code_another_occasions_code_and_a_stranger_are_refused(client: Client, clock: Clock) -> None:
    me, _ = joined(client, "li")
    where = world.occasion("虚构培训", kind=OccasionKind.TRAINING, materials=())
    other = world.occasion("虚构讲座", kind=OccasionKind.LECTURE, materials=())
    booked(client, me, where)
    clock.at = TOMORROW + HOUR
    code = queries.rotating_code(where, clock.at)
    problem(scan(client, me, where, queries.rotating_code(other, clock.at)), 422, "bad_input")
    problem(scan(client, me, where, queries.rotating_code(where, clock.at - timedelta(minutes=2))), 422, "bad_input")
    stranger, _ = joined(client, "wang")
    problem(scan(client, stranger, where, code), 409, "not_bookable")
    problem(scan(client, me, "occ_00000000000000000000000000", code), 404, "not_found")
    mine = {"occasion": where, "code": code, "measured": [{"material": PAPER, "mass_g": 1}]}
    problem(post(client, f"{MINE}/check-ins", mine, me), 422, "bad_input")
    assert counted("community_check_in") == 0


def test_a_receipt_is_its_persons_alone_and_names_no_staff(client: Client, clock: Clock) -> None:
    me, person = joined(client, "li")
    parties_services.consent(party_id=person, purpose=Purpose.RECYCLING, text_version="v1", given=True, at=AT)
    other, _ = joined(client, "wang")
    clock.at = TOMORROW + HOUR
    number = weighed(world.occasion(capacity=None, bookable=False), person, 2500, clock.at)
    found = shown(client, f"{MINE}/check-ins/{number}", me)
    (line,) = found["measured"]
    assert (found["state"], line["mass_g"], line["title"]) == ("counted", 2500, "废纸")
    assert shown(client, f"{MINE}/receipts/{line['behavior']}", me)["line"]["number"] == line["behavior"]
    assert "clerk" not in json.dumps(found)
    assert shown(client, f"{MINE}/check-ins", me)["check_ins"] == [found]
    problem(client.get(f"{MINE}/check-ins/{number}", headers=other), 404, "not_found")
    problem(client.get(f"{MINE}/check-ins/{number}"), 401, "unauthorized")
    problem(client.get(f"{MINE}/check-ins?before={number}", headers=other), 404, "not_found")
    assert shown(client, f"{MINE}/check-ins", other)["check_ins"] == []


def test_receipts_are_paged_from_new_to_old(client: Client, clock: Clock) -> None:
    me, person = joined(client, "li")
    parties_services.consent(party_id=person, purpose=Purpose.RECYCLING, text_version="v1", given=True, at=AT)
    clock.at = TOMORROW + HOUR
    where = world.occasion(capacity=None, bookable=False)
    made = [weighed(where, person, 1000 + i, clock.at, right=i != 1) for i in range(5)]
    page = shown(client, f"{MINE}/check-ins?limit=2", me)
    seen = page["check_ins"]
    while page["next_cursor"]:
        page = shown(client, f"{MINE}/check-ins?limit=2&before={page['next_cursor']}", me)
        seen += page["check_ins"]
    assert [each["number"] for each in seen] == made[::-1]
    assert [each["state"] for each in seen] == ["counted", "counted", "counted", "refused", "counted"]
    problem(client.get(f"{MINE}/check-ins?before=x", headers=me), 422, "bad_input")


def test_a_card_is_listed_without_what_is_printed_on_it(client: Client) -> None:
    me, person = joined(client, "li")
    first, witness = village.staff(Role.CLERK), village.staff(Role.CLERK)
    sheet = services.card(details=CardDetails(person, witness.name.removeprefix("staff:"), 3), at=AT, by=first)
    assert isinstance(sheet, CardSheet)
    text = client.get(f"{MINE}/cards", headers=me).content.decode()
    (card,) = json.loads(text)["cards"]
    assert (card["number"], card["serials"], card["used"]) == (sheet.card.number, 3, 0)
    assert not any(token in text for token in sheet.tokens)
    other, _ = joined(client, "wang")
    assert shown(client, f"{MINE}/cards", other)["cards"] == []


# -------------------------------------------------------------------------------------------------------- quizzes


def draw(client: Client, me: dict[str, str], nonce: str = "nonce-0001") -> dict[str, Any]:
    return shown(client, f"{MINE}/quizzes/sorting?nonce={nonce}", me)


def first_options(quiz: dict[str, Any]) -> dict[str, str]:
    """The first option of every question."""
    return {each["code"]: each["options"][0]["code"] for each in quiz["questions"]}


def hand_in(client: Client, me: dict[str, str], chosen: dict[str, str], nonce: str = "nonce-0001") -> Any:
    body = {"nonce": nonce, "chosen": chosen}
    return client.post(f"{MINE}/quizzes/sorting/answers", body, content_type=JSON, headers=me)


def test_questions_are_drawn_without_answers_and_marked_when_handed_in(client: Client) -> None:
    me, _ = joined(client, "li")
    assert "sorting" in {each["code"] for each in shown(client, f"{OPEN}/quizzes")["quizzes"]}
    drawn = draw(client, me)
    assert draw(client, me) == drawn, "the same nonce draws the same"
    assert "right" not in json.dumps(drawn)
    assert "explained" not in json.dumps(drawn)
    first = hand_in(client, me, first_options(drawn))
    assert first.status_code == 201, first.content.decode()
    result = first.json()
    rights = sum(first_options(drawn)[code] == option for code, option in result["right"].items())
    assert (result["score"], result["score_of"]) == (rights, len(drawn["questions"]))
    assert result["right"].keys() == result["explained"].keys() == {each["code"] for each in drawn["questions"]}
    again = hand_in(client, me, first_options(drawn))
    assert (again.json(), again["Idempotency-Replayed"]) == (result, "true")
    assert shown(client, f"{MINE}/quiz-results", me)["results"] == [result]
    other, _ = joined(client, "wang")
    assert shown(client, f"{MINE}/quiz-results", other)["results"] == []


def test_attempts_are_limited_and_another_answer_under_the_same_nonce_is_refused(client: Client) -> None:
    me, _ = joined(client, "li")
    drawn = draw(client, me)
    assert hand_in(client, me, first_options(drawn)).status_code == 201
    problem(hand_in(client, me, {}), 409, "idempotency_key_reused")
    problem(hand_in(client, me, {"no-such-question": "a"}, "nonce-0002"), 422, "bad_input")
    problem(hand_in(client, me, {}, "short"), 422, "bad_input")
    (quiz,) = [each for each in queries.quizzes() if each.code == "sorting"]
    for no in range(1, quiz.attempts_a_day):
        assert hand_in(client, me, {}, f"nonce-100{no}").status_code == 201
    problem(hand_in(client, me, {}, "nonce-9999"), 409, "limit_reached")
    problem(client.get(f"{MINE}/quizzes/nothing?nonce=nonce-0001", headers=me), 404, "not_found")
    assert len(shown(client, f"{MINE}/quiz-results", me)["results"]) == quiz.attempts_a_day


# --------------------------------------------------------------------------------------------------------- export


def test_the_export_has_all_of_it_and_of_nobody_else(client: Client, clock: Clock) -> None:
    me, person = joined(client, "li")
    other, _ = joined(client, "wang")
    where = world.occasion()
    held = booked(client, me, where)
    booked(client, other, where)
    number = world.team("虚构一队", (person, TeamRole.SUPERVISOR))
    result = hand_in(client, me, first_options(draw(client, me))).json()
    clock.at = TOMORROW + HOUR
    code = queries.rotating_code(where, clock.at)
    receipt = scan(client, me, where, code).json()
    export = shown(client, f"{MINE}/export", me)
    assert [each["number"] for each in export["bookings"]] == [held["number"]]
    assert export["bookings"][0]["state"] == "attended"
    assert export["check_ins"] == [receipt]
    assert export["quiz_results"] == [result]
    assert [each["team"]["number"] for each in export["teams"]] == [number]
    assert export["cards"] == []
    assert shown(client, f"{MINE}/export", other)["check_ins"] == []
