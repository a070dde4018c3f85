"""Occasions, bookings by telephone, points, prices and teams, as staff see them: every page, act and refusal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import village_world as world
from tests.doors.desk import SYSTEM, enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page

from tanhui.community import queries, services
from tanhui.community.types import BookingState, OccasionState, PointDetails, PointKind, PointReport, PointState
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def opened(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.Village]:
    """The village of this file."""
    with lasting(django_db_blocker):
        yield world.open_village()


@pytest.fixture
def village(opened: world.Village, db: None) -> world.Village:
    """The village, within the test's own transaction."""
    return opened


@pytest.fixture
def operator(db: None) -> Client:
    return enter(hire("op", Role.OPERATOR))


def show(client: Client, page: str, *args: str, status: int = 200, **query: str) -> Page:
    return read(client.get(reverse(f"office:{page}", args=args), query), status)


def post(client: Client, page: str, *args: str, status: int = 200, **data: Any) -> Page:
    return read(client.post(reverse(f"office:{page}", args=args), data, follow=True), status)


def read(response: Any, status: int) -> Page:
    page = Page(response)
    assert response.status_code == status, page.text
    assert page.faults() == []
    return page


def rows_of(client: Client, page: str, *args: str) -> list[list[str]]:
    file = client.get(reverse(f"office:{page}", args=args))
    assert file.status_code == 200
    return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))


def filled(village: world.Village, **changes: Any) -> dict[str, Any]:
    start = (timezone.now() + timedelta(days=2)).astimezone(COUNTY_ZONE)
    form = {
        "kind": "pickup",
        "title": "上门收旧纸板（示例）",
        "summary": "放在门口就行。",
        "host": village.host.number,
        "division_code": world.VILLAGE,
        "place": "虚构村各户",
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "materials": ["waste-paper"],
        "bookable": "on",
        "capacity": "2",
    }
    return form | changes


# ---------------------------------------------------------------------------------------------------- occasions


def test_an_occasion_is_written_published_moved_and_called_off(village: world.Village, operator: Client) -> None:
    page = post(operator, "community-occasion-new", **filled(village))
    assert "草稿，居民看不到" in page.text
    (made,) = queries.occasions(state=OccasionState.DRAFT)
    assert (made.capacity, made.materials, made.bookable) == (2, ("waste-paper",), True)
    assert "进行中" in post(operator, "community-occasion-state", made.number, state="open").text
    moved = filled(village, place="虚构村祠堂前")
    assert "虚构村祠堂前" in post(operator, "community-occasion-change", made.number, **moved).text
    assert "照此再办一场" in show(operator, "community-occasion", made.number).text
    again = show(operator, "community-occasion-new", like=made.number)
    assert "上门收旧纸板（示例）" in [each.get("value") for each in again.all("input")]
    called_off = post(operator, "community-occasion-state", made.number, state="cancelled", reason="下雨（示例）")
    assert "已取消" in called_off.text
    assert "下雨（示例）" in called_off.text
    assert queries.occasion(made.number).state is OccasionState.CANCELLED
    assert "取消这场活动" not in called_off.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "必填"),
        ({"starts_at": "明天上午"}, "日期和时间"),
        ({"ends_at": "2020-01-01T08:00"}, "结束要晚于开始"),
        ({"capacity": "0"}, "1"),
        ({"division_code": "110000000000"}, "110000000000"),
        ({"materials": ["uranium"]}, "uranium"),
    ],
)
def test_a_faulty_occasion_is_refused_beside_the_field_and_nothing_is_kept(
    village: world.Village, operator: Client, changes: dict[str, Any], words: str
) -> None:
    page = post(operator, "community-occasion-new", status=422, **filled(village, **changes))
    assert words in page.text
    assert "什么都没有存入" in page.text
    assert queries.occasions(state=OccasionState.DRAFT) == []


def test_lists_are_filtered_and_leave_as_files(village: world.Village, operator: Client) -> None:
    world.coming(village.host)
    page = show(operator, "community-occasions", kind="pickup")
    assert "虚构村上门回收" in page.text
    assert "虚构村定点回收" not in page.text
    assert "没有要举办的活动" in show(operator, "community-occasions", state="draft").text
    assert len(rows_of(operator, "community-occasions-csv")) == 3


def test_who_serves_elsewhere_sees_nothing_of_this_village(village: world.Village) -> None:
    elsewhere = enter(hire("far", Role.CLERK, scope=Scope("division", "430626999000")))
    assert "还没有活动" in show(elsewhere, "community-occasions").text
    for page in (
        "community-occasion",
        "village-weigh-at",
        "community-route",
        "community-attendance",
        "community-screen",
    ):
        assert "不在您负责的范围内" in show(elsewhere, page, village.occasion, status=403).text
    assert len(rows_of(elsewhere, "community-occasions-csv")) == 1


def test_an_auditor_reads_and_finds_no_button_and_no_names(village: world.Village) -> None:
    auditor = enter(hire("aud", Role.AUDITOR))
    page = show(auditor, "community-occasion", village.occasion)
    assert page.all("form") == []
    assert "预约名单" not in page.text
    for name in ("community-occasions", "community-points", "community-prices", "community-teams"):
        show(auditor, name)


# ----------------------------------------------------------------------------------------------------- bookings


def test_a_clerk_books_by_telephone_and_the_next_one_moves_up(village: world.Village) -> None:
    number, client = world.coming(village.host, capacity=1), enter(village.clerk)
    assert "张阿婆已约上" in post(client, "community-book", number, who=world.PHONE, note="两袋纸板").text
    assert "候补第1位" in post(client, "community-book", number, who="李大", note="").text
    page = show(client, "community-occasion", number)
    assert "两袋纸板" in page.text
    held, waiting = queries.bookings(number)
    assert (held.state, waiting.state) == (BookingState.BOOKED, BookingState.WAITING)
    released = post(client, "community-release", number, held.number)
    assert "第一位已经补上" in released.text
    assert queries.bookings(number)[1].state is BookingState.BOOKED
    post(client, "community-release", number, "bkg_none", status=404)


def test_a_name_that_fits_several_is_asked_back(village: world.Village) -> None:
    number, client = world.coming(village.host), enter(village.clerk)
    other = world.person("张大爷", village.clerk)
    page = post(client, "community-book", number, who="张", note="一袋")
    assert "有2位，请选一位" in page.text
    assert queries.bookings(number) == []
    assert {"value": "一袋"}.items() <= next(each for each in page.all("input") if each.get("name") == "note").items()
    assert "张大爷已约上" in post(client, "community-book", number, who=other.number, note="一袋").text


def test_nobody_is_booked_whom_the_clerk_may_not_serve(village: world.Village) -> None:
    number, client = world.coming(village.host), enter(village.clerk)
    far = parties.resident_by_phone(world.PHONE)
    assert len(far) == 1
    assert "没有找到" in post(client, "community-book", number, status=404, who="没有这个人").text
    assert "请写手机号" in post(client, "community-book", number, status=422, who="").text
    post(client, "community-book", number, status=404, who="13900000099")
    assert queries.bookings(number) == []


def test_where_to_fetch_it_is_told_on_the_telephone_and_kept_with_the_person(village: world.Village) -> None:
    number, client = world.coming(village.host), enter(village.clerk)
    post(client, "community-book", number, who="李大", note="", address="虚构村 7 组（示例）")
    assert "虚构村 7 组" in show(client, "community-route", number).text
    again = world.coming(village.host)
    post(client, "community-book", again, who="李大", note="")
    assert "虚构村 7 组" in show(client, "community-route", again).text
    silent = world.person("周二婶", village.clerk, contact=False)
    page = post(client, "community-book", number, status=403, who=silent.number, address="虚构村 8 组（示例）")
    assert "没有约上" in page.text
    assert len(queries.bookings(number)) == 1


def test_the_sheets_of_an_occasion_are_printed_and_every_look_at_addresses_is_recorded(village: world.Village) -> None:
    number, client = world.coming(village.host), enter(village.clerk)
    post(client, "community-book", number, who=world.PHONE, note="两袋")
    before = len(parties.audit_trail(limit=500))
    page = show(client, "community-route", number)
    assert "收运路线单" in page.text
    assert "虚构村 3 组 12 号" in page.text
    assert len(parties.audit_trail(limit=500)) > before
    assert [row[1] for row in rows_of(client, "community-route-csv", number)[1:]] == ["张阿婆"]
    assert "张阿婆" in show(client, "community-attendance", number).text
    assert rows_of(client, "community-attendance-csv", number)[1][0] == "张阿婆"


def test_the_code_on_the_wall_changes_and_needs_an_open_occasion(village: world.Village, operator: Client) -> None:
    page = show(operator, "community-screen", village.occasion)
    assert len(page.all("svg")) == 1
    answer = operator.get(reverse("office:community-screen-code", args=[village.occasion]))
    assert answer.json()["svg"].startswith("<svg")
    post(operator, "community-occasion-state", village.occasion, state="closed")
    assert "不能签到" in show(operator, "community-screen", village.occasion, status=409).text


# ------------------------------------------------------------------------------------------ points, prices, teams


def point(village: world.Village) -> str:
    details = PointDetails(PointKind.BOX, "虚构旧衣箱（示例）", world.VILLAGE, "村口", ("old-clothes",))
    return services.arrange(details=details, at=timezone.now(), by=SYSTEM)


def test_a_point_is_registered_reported_full_and_emptied(village: world.Village, operator: Client) -> None:
    form = {
        "kind": "box", "title": "虚构纸箱回收箱（示例）", "division_code": world.VILLAGE, "address": "村部旁",
        "materials": ["express-carton"], "hours": "全天", "longitude": "113.583210", "latitude": "28.701234",
    }  # fmt: skip
    assert "要一起填" in post(operator, "community-point-new", status=422, **(form | {"latitude": ""})).text
    assert queries.points() == []
    assert "可投放" in post(operator, "community-point-new", **form).text
    (made,) = queries.points()
    assert (made.longitude_e6, made.latitude_e6) == (113_583_210, 28_701_234)
    services.arrange(
        details=PointReport(made.number, PointState.FULL), at=timezone.now(), by=Actor.resident(village.zhang)
    )
    client = enter(village.clerk)
    assert "居民反映：已满" in show(client, "community-point", made.number).text
    assert "已满" in post(client, "community-point-state", made.number, state="full").text
    assert queries.point(made.number).state is PointState.FULL
    assert queries.point(made.number).reported is None
    post(client, "community-point-state", made.number, state="", status=422)
    changed = form | {"address": "村部后门"}
    assert "村部后门" in post(operator, "community-point-change", made.number, **changed).text
    show(client, "community-point-change", made.number, status=403)
    assert len(rows_of(operator, "community-points-csv")) == 2


def test_a_price_is_shown_from_its_day_on(village: world.Village, operator: Client) -> None:
    assert "还没有公示价格" in show(operator, "community-prices").text
    form = {
        "organization": village.host.number, "material": "waste-paper", "price": "0.85",
        "valid_from": timezone.now().astimezone(COUNTY_ZONE).date().isoformat(),
    }  # fmt: skip
    page = post(operator, "community-price-new", **form)
    assert "0.85 每 千克" in page.text or "0.85 每千克" in page.text
    post(operator, "community-price-new", status=422, **(form | {"price": "-1"}))
    post(operator, "community-price-new", status=422, **(form | {"price": "0.855"}))
    show(enter(village.clerk), "community-price-new", status=403)


def test_a_team_is_made_joined_left_and_ended(village: world.Village, operator: Client) -> None:
    form = {"title": "虚构志愿队（示例）", "host": village.host.number, "division_code": world.VILLAGE}
    post(operator, "community-team-new", **form)
    (team,) = queries.teams()
    client = enter(village.clerk)
    joined = {"who": world.PHONE, "role": "adviser", "joined": "yes"}
    assert "张阿婆加入了" in post(client, "community-team-member", team.number, **joined).text
    assert queries.team(team.number).members["adviser"] == 1
    assert "张阿婆退出了" in post(client, "community-team-member", team.number, **(joined | {"joined": "no"})).text
    post(client, "community-team-member", team.number, status=422, **(joined | {"role": ""}))
    post(client, "community-team-member", team.number, status=404, **(joined | {"who": "没有这个人"}))
    assert "已解散" in post(operator, "community-team-change", team.number, ended="on", **form).text
