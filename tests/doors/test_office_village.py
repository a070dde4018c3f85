"""Weighing, cards, the second person, what a phone brings back, and exchange days, as clerks see them."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.doors import village_world as world
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.doors.test_office_community import post, show
from tests.rooms.rewards import mall

from tanhui.community import queries
from tanhui.community.models import CheckIn
from tanhui.community.types import CheckInState
from tanhui.office.acts import today
from tanhui.office.village_sheets import COLUMNS, stock_template
from tanhui.parties import queries as parties
from tanhui.parties.types import Role, Scope
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import OfferKind, OfferState, VoucherState
from tanhui.scenarios.models import Behavior

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


def nonce(page: Page) -> str:
    return next(field["value"] for field in page.all("input") if field.get("name") == "nonce")


def weigh(client: Client, village: world.Village, status: int = 200, **data: str) -> Page:
    name = nonce(show(client, "village-weigh-at", village.occasion))
    return post(client, "village-weigh-at", village.occasion, status=status, **({"nonce": name} | data))


# -------------------------------------------------------------------------------------------- weighing and cards


def test_a_card_is_issued_before_a_witness_printed_used_and_revoked(village: world.Village) -> None:
    client = enter(village.clerk)
    response: Any = client.get(reverse("office:community-cards"), {"who": world.PHONE})
    assert response.url == reverse("office:community-cards-of", args=[village.zhang.number])
    person = village.zhang.number
    assert "还没有卡片" in show(client, "community-cards-of", person).text
    own = {"witness": village.clerk.username, "serials": "6"}
    assert "另一位" in post(client, "community-card-issue", person, status=409, **own).text
    page = post(client, "community-card-issue", person, witness=village.second.username, serials="6")
    assert len(page.all("svg")) == 6
    (card,) = queries.cards_of(village.zhang.id)
    assert "打印" in show(client, "community-cards-of", person).text
    second = enter(village.second)
    assert "打印" not in show(second, "community-cards-of", person).text
    show(second, "community-card-sheet", person, card.number, status=403)
    token = queries.card_sheet(card.number).tokens[0]
    receipt = weigh(second, village, card=token, **{"amount-waste-paper": "3.5", "scale-waste-paper": "on"})
    assert "✓ 已计入" in receipt.text
    assert "3.5 千克" in receipt.text
    assert Behavior.objects.count() == 1
    again = weigh(client, village, status=409, card=token, **{"amount-waste-paper": "1"})
    assert "用过" in again.text
    revoked = post(client, "community-card-revoke", person, card.number, reason="丢了（示例）")
    assert "已作废" in revoked.text
    late = queries.card_sheet(card.number).tokens[1]
    assert "作废" in weigh(client, village, status=409, card=late, **{"amount-waste-paper": "1"}).text
    assert CheckIn.objects.count() == 1


def test_without_a_card_a_second_person_confirms_and_only_then_it_counts(village: world.Village) -> None:
    client, second = enter(village.clerk), enter(village.second)
    receipt = weigh(client, village, who="李大", **{"amount-plastic-box": "1.2", "amount-express-carton": "5"})
    assert "待第二人确认" in receipt.text
    assert Behavior.objects.count() == 0
    (waiting,) = queries.pending()
    assert "您自己记的" in show(client, "village-pending").text
    post(client, "village-confirm", waiting.number, right="yes")
    assert queries.check_in(waiting.number).state is CheckInState.PENDING
    assert "塑料餐盒 1.2 千克" in show(second, "village-pending").text
    assert "李大伯：已计入" in post(second, "village-confirm", waiting.number, right="yes").text
    assert queries.check_in(waiting.number).state is CheckInState.COUNTED
    assert Behavior.objects.count() == 2
    assert "没有等待确认的" in show(second, "village-pending").text
    weigh(client, village, who="王小", **{"amount-waste-paper": "2"})
    (waiting,) = queries.pending()
    page = post(second, "village-confirm", waiting.number, right="no", reason="不是本人（示例）")
    assert "未通过" in page.text
    assert Behavior.objects.count() == 2


def test_two_of_a_name_are_asked_back_and_nothing_typed_is_lost(village: world.Village) -> None:
    client = enter(village.clerk)
    world.person("张大爷", village.clerk)
    page = weigh(client, village, who="张", **{"amount-waste-paper": "2.25"})
    assert "有2位" in page.text
    assert CheckIn.objects.count() == 0
    kept = next(each for each in page.all("input") if each.get("name") == "amount-waste-paper")
    assert kept["value"] == "2.25"
    chosen = {"who": "张", "party": village.zhang.number, "amount-waste-paper": "2.25", "nonce": nonce(page)}
    assert "张阿婆" in post(client, "village-weigh-at", village.occasion, **chosen).text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"who": "李大"}, "至少填一种"),
        ({"amount-waste-paper": "1"}, "扫卡片"),
        ({"who": "李大", "amount-waste-paper": "三斤"}, "请填数字"),
        ({"who": "李大", "amount-waste-paper": "-1"}, "大于 0"),
        ({"who": "李大", "amount-waste-paper": "3000"}, "3000"),
        ({"who": "李大", "amount-express-carton": "1.5"}, "整数"),
        ({"card": "TC1.abc.def", "amount-waste-paper": "1"}, "二维码不是本县发的"),
        ({"who": "李大", "card": "TC1.abc.def", "amount-waste-paper": "1"}, "只留一项"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    village: world.Village, data: dict[str, str], words: str
) -> None:
    client = enter(village.clerk)
    name = nonce(show(client, "village-weigh-at", village.occasion))
    response = client.post(reverse("office:village-weigh-at", args=[village.occasion]), {"nonce": name} | data)
    page = Page(response)  # type: ignore[arg-type]
    assert response.status_code in (409, 422)
    assert words in page.text
    assert page.faults() == []
    assert CheckIn.objects.count() == 0


def test_a_form_that_is_sent_twice_is_weighed_once(village: world.Village) -> None:
    client = enter(village.clerk)
    name = nonce(show(client, "village-weigh-at", village.occasion))
    data = {"nonce": name, "card": world.card(village, village.zhang).tokens[0], "amount-waste-paper": "2"}
    first = post(client, "village-weigh-at", village.occasion, **data)
    second = client.post(reverse("office:village-weigh-at", args=[village.occasion]), data)
    assert "✓ 已计入" in first.text
    assert second.status_code in (302, 409)
    assert CheckIn.objects.count() == 1


def test_a_mistake_is_corrected_with_a_reason_and_a_second_person(village: world.Village) -> None:
    client, second = enter(village.clerk), enter(village.second)
    weigh(client, village, card=world.card(village, village.zhang).tokens[0], **{"amount-waste-paper": "12"})
    (first,) = queries.check_ins(village.occasion)
    page = show(client, "village-correct", first.number)
    right = {"amount-waste-paper": "1.2", "nonce": nonce(page)}
    assert "请写明原来错在哪里" in post(client, "village-correct", first.number, status=422, **right).text
    made = post(client, "village-correct", first.number, reason="看错小数点（示例）", **right)
    assert "待第二人确认" in made.text
    assert "更正" in show(second, "village-pending").text
    (waiting,) = queries.pending()
    post(second, "village-confirm", waiting.number, right="yes")
    assert queries.check_in(first.number).state is CheckInState.CORRECTED
    assert queries.check_in(waiting.number).measured[0].mass_g == 1200
    show(client, "village-correct", first.number, status=409)


def test_a_receipt_fits_a_roll_and_a_sheet_and_only_where_it_was_made(village: world.Village) -> None:
    client = enter(village.clerk)
    weigh(client, village, card=world.card(village, village.zhang).tokens[0], **{"amount-waste-paper": "2"})
    (made,) = queries.check_ins(village.occasion)
    assert "换成 A4 纸" in show(client, "village-receipt", made.number).text
    assert "换成 58 毫米小票纸" in show(client, "village-receipt", made.number, paper="a4").text
    far = enter(hire("far", Role.CLERK, scope=Scope("division", "430626999000")))
    show(far, "village-receipt", made.number, status=403)


# ------------------------------------------------------------------------------------------- the phone and its pack


def upload(client: Client, clerk: str, *entries: Any, status: int = 200) -> list[dict[str, Any]]:
    response = client.post(
        reverse("office:village-upload"),
        json.dumps({"clerk": clerk, "entries": list(entries)}),
        content_type="application/json",
    )
    assert response.status_code == status, response.content
    found: list[dict[str, Any]] = response.json().get("results", [])
    return sorted(found, key=lambda each: each["nonce"])


def entry(village: world.Village, number: int, **changes: Any) -> dict[str, Any]:
    told = {
        "nonce": f"phone-entry-{number}",
        "occasion": village.occasion,
        "happened_at": (timezone.now() - timedelta(minutes=30)).isoformat(),
        "measured": [{"material": "waste-paper", "mass_g": 1500, "weighed": "scale", "reading": "1.5 kg"}],
    }
    return told | changes


def test_the_pack_names_the_people_whom_the_clerk_serves_and_nobody_else(village: world.Village) -> None:
    client = enter(village.clerk)
    assert {code for code, _ in client.get(reverse("office:village-pack")).json()["places"]} == {
        world.TOWN,
        world.VILLAGE,
    }
    told = client.get(reverse("office:village-pack"), {"division": world.VILLAGE}).json()
    pack = told["pack"]
    assert {name for _, name in pack["persons"]} == {"张阿婆", "李大伯", "王小妹"}
    assert [each["number"] for each in pack["occasions"]] == [village.occasion]
    assert len(pack["card_key"]) == 64
    assert told["csrf"]
    far = enter(hire("far", Role.CLERK, scope=Scope("division", "430626999000")))
    refused = far.get(reverse("office:village-pack"), {"division": world.VILLAGE})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_an_upload_answers_each_entry_and_sent_again_counts_nothing_twice(village: world.Village) -> None:
    client, tokens = enter(village.clerk), world.card(village, village.zhang).tokens
    entries = [
        entry(village, 1, card=tokens[0]),
        entry(village, 2, party=village.li.number),
        entry(village, 3, card=tokens[0]),
        entry(village, 4, card=tokens[1], measured=[{"material": "waste-paper", "mass_g": 3_000_000}]),
        entry(village, 5, card=tokens[2], happened_at=(timezone.now() - timedelta(days=5)).isoformat()),
        entry(village, 6, party="pty_nobody"),
        entry(village, 7, card=tokens[3], measured=[{"material": "waste-paper", "mass_g": "much"}]),
    ]
    answers = upload(client, village.clerk.username, *entries)
    assert [each["state"] for each in answers] == ["counted", "pending", *["refused"] * 5]
    assert [each.get("code", "") for each in answers[2:]] == [
        "card_refused",
        "implausible_quantity",
        "clock_off",
        "not_found",
        "bad_input",
    ]
    assert all(each["message"] for each in answers)
    again = upload(client, village.clerk.username, *entries)
    assert [each["state"] for each in again] == [each["state"] for each in answers]
    assert CheckIn.objects.count() == 2
    assert Behavior.objects.count() == 1


def test_an_upload_in_anothers_name_or_of_no_sense_changes_nothing(village: world.Village) -> None:
    client = enter(village.second)
    told = entry(village, 1, card=world.card(village, village.zhang).tokens[0])
    upload(client, village.clerk.username, told, status=422)
    many = [entry(village, number) for number in range(101)]
    upload(client, village.second.username, *many, status=422)
    for body in (b"", b"[]", b"{", b'{"clerk": "x"}', b'{"clerk": 1, "entries": 7}'):
        answer = client.post(reverse("office:village-upload"), body, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert CheckIn.objects.count() == 0


def test_an_entry_that_cannot_be_stored_keeps_no_other_from_being_answered(village: world.Village) -> None:
    client, tokens = enter(village.clerk), world.card(village, village.zhang).tokens

    def weighed(**changes: Any) -> list[dict[str, Any]]:
        return [{"material": "waste-paper", "mass_g": 1500, "weighed": "scale", "reading": "1.5 kg"} | changes]

    answers = upload(
        client,
        village.clerk.username,
        entry(village, 1, card=tokens[0]),
        entry(village, 2, card=tokens[1], measured=weighed(item_count=10**12)),
        entry(village, 3, card=tokens[2], measured=weighed(reading="1.5\0kg")),
        entry(village, 4, card=tokens[3], occasion="occ_\0"),
        entry(village, 5, card=tokens[4], measured=weighed(reading="\ud800")),
    )
    assert [each["state"] for each in answers] == ["counted", *["refused"] * 4]
    assert {each["code"] for each in answers[1:]} == {"bad_input"}


def test_the_shell_holds_nobodys_name_and_its_worker_keeps_what_it_needs(village: world.Village) -> None:
    client = enter(village.clerk)
    response = client.get(reverse("office:village-mode"))
    page = Page(response)  # type: ignore[arg-type]
    assert page.faults() == []
    assert "camera=(self)" in response["Permissions-Policy"]
    for words in (village.clerk.username, village.clerk.display_name, "张阿婆"):
        assert words not in response.content.decode()
    script = client.get(reverse("office:village-worker")).content.decode()
    shell = json.loads(script.partition("= ")[2].partition(";\n")[0])
    wanted = {link["href"] for link in page.all("link")} | {each["src"] for each in page.all("script")}
    assert wanted <= set(shell["files"])
    assert shell["pages"] == [reverse("office:village-mode")]


# ----------------------------------------------------------------------------------------------- the exchange day


@pytest.fixture
def day(village: world.Village) -> tuple[world.Village, str, str]:
    """An exchange day, its soap, and the village group for which the clerk hands goods out."""
    held = world.exchange_day(village)
    (soap,) = [each for each in rewards.offers(kind=OfferKind.GOODS) if each.title == "肥皂（示例）"]
    return replace(village, occasion=held), soap.number, soap.merchants[0]


def test_goods_are_for_those_who_are_here_with_points_enough_and_handed_out_once(
    day: tuple[world.Village, str, str],
) -> None:
    village, soap, _ = day
    client, person = enter(village.clerk), village.zhang.number
    assert "还没有在这场活动签到" in show(client, "village-exchange-for", village.occasion, person, status=409).text
    weigh(client, village, card=world.card(village, village.zhang).tokens[0])
    assert "张阿婆" in show(client, "village-exchange-day", village.occasion).text
    page = show(client, "village-exchange-for", village.occasion, person)
    assert "换一份" in page.text
    data = {"offer": soap, "nonce": nonce(page)}
    assert "已换：肥皂" in post(client, "village-exchange-for", village.occasion, person, **data).text
    post(client, "village-exchange-for", village.occasion, person, **data)
    (taken,) = rewards.vouchers_of(village.zhang.id)
    assert taken.state is VoucherState.REDEEMED
    poor = show(client, "village-exchange-for", village.occasion, person)
    assert "积分不够" in poor.text
    assert sum(rewards.points_available(village.zhang.id, today()).values()) == 80
    sheet = show(client, "village-exchange-sheet", village.occasion)
    assert "肥皂（示例）（120分）" in sheet.text
    assert "虚构村集中兑换日" in show(client, "village-exchange").text
    mall.assert_sound()


def test_who_came_without_card_waits_for_the_second_person(day: tuple[world.Village, str, str]) -> None:
    village, _, _ = day
    client = enter(village.clerk)
    weigh(client, village, who="李大")
    assert "有1位没刷卡" in show(client, "village-exchange-day", village.occasion).text
    show(client, "village-exchange-for", village.occasion, village.li.number, status=409)
    (waiting,) = queries.pending()
    post(enter(village.second), "village-confirm", waiting.number, right="yes")
    assert "积分不够" in show(client, "village-exchange-for", village.occasion, village.li.number).text


def test_nobody_exchanges_for_a_person_who_did_not_agree(day: tuple[world.Village, str, str]) -> None:
    village, soap, _ = day
    stranger, client = world.person("赵阿姨"), enter(village.clerk)
    token = world.card(village, stranger).tokens[0]
    weigh(client, village, card=token)
    mall.give(stranger.id, 200, year=today().year + 1, at=timezone.now())
    page = show(client, "village-exchange-for", village.occasion, stranger.number, status=403)
    assert "不能代这位居民办理" in page.text
    post(client, "village-exchange-for", village.occasion, stranger.number, status=403, offer=soap, nonce="n-12345678")
    assert rewards.vouchers_of(stranger.id) == []


def book(*rows: list[Any], columns: tuple[str, ...] = COLUMNS) -> SimpleUploadedFile:
    made = openpyxl.Workbook()
    sheet: Any = made.active
    sheet.append(list(columns))
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return SimpleUploadedFile("物资.xlsx", file.getvalue())


def take(client: Client, merchant: str, file: SimpleUploadedFile, status: int = 200) -> Page:
    return post(client, "village-stock", status=status, merchant=merchant, first=today().isoformat(), file=file)


def test_a_stock_list_becomes_drafts_and_then_goods(day: tuple[world.Village, str, str]) -> None:
    _, _, merchant = day
    client = enter(hire("op", Role.OPERATOR))
    rows = [["食盐（示例）", 80, 2.5, 60, None, "一袋"], ["复合肥（示例）", 900, "35.00", 10, 1, ""]]
    assert "2种物品已存为草稿" in take(client, merchant, book(*rows)).text
    drafts = [each for each in rewards.offers(published_only=False) if each.state is OfferState.DRAFT]
    assert sorted((each.title, each.face_value_fen, each.left, each.per_person_limit) for each in drafts) == [
        ("复合肥（示例）", 3500, 10, 1),
        ("食盐（示例）", 250, 60, None),
    ]
    page = post(client, "village-stock-publish", offer=[each.number for each in drafts])
    assert "2种物品已上架" in page.text
    assert len(rewards.offers(kind=OfferKind.GOODS)) == 4


def test_every_fault_of_a_stock_list_is_told_by_row_and_column_and_nothing_is_stored(
    day: tuple[world.Village, str, str],
) -> None:
    _, _, merchant = day
    client = enter(hire("op", Role.OPERATOR))
    rows = [
        ["", 80, 2.5, 60, None, ""],
        ["肥皂", "很多", 2.5, 60, None, ""],
        ["肥皂甲", 80, 2.555, -6, 1.5, ""],
        ["食盐", 80, "=1+1", 60, None, ""],
        ["洗衣粉", 0, 3, 5, None, ""],
        ["毛巾", 80, 2.5, 60, None, ""],
        ["毛巾", 90, 2.5, 60, None, ""],
    ]
    page = take(client, merchant, book(*rows), status=422)
    told = set(_faults(page))
    assert told == {
        ("第2行", "品名"), ("第3行", "兑换积分"), ("第4行", "面值（元）"), ("第4行", "数量"), ("第4行", "每人限兑"),
        ("第5行", "面值（元）"), ("第6行", "兑换积分"), ("第8行", "品名"),
    }  # fmt: skip
    assert "什么都没有存入" in page.text
    missing = take(client, merchant, book(["肥皂", 80], columns=("品名", "兑换积分")), status=422)
    assert "缺少这一列" in missing.text
    assert "清单里没有物品" in take(client, merchant, book(), status=422).text
    torn = SimpleUploadedFile("物资.xlsx", b"PK\x03\x04 torn")
    assert "不是可以读的 Excel" in take(client, merchant, torn, status=422).text
    assert [each for each in rewards.offers(published_only=False) if each.state is OfferState.DRAFT] == []


def _faults(page: Page) -> list[tuple[str, str]]:
    words = [each.strip() for each in page.words if each.strip()]
    starts = [place for place, each in enumerate(words) if re.fullmatch(r"第\d+行", each)]
    return [(words[place], words[place + 1]) for place in starts if place + 1 < len(words)]


def test_the_template_is_read_by_what_it_was_made_for(day: tuple[world.Village, str, str]) -> None:
    _, _, merchant = day
    client = enter(hire("op", Role.OPERATOR))
    assert client.get(reverse("office:village-stock-template")).content[:2] == b"PK"
    assert "1种物品" in take(client, merchant, SimpleUploadedFile("物资.xlsx", stock_template())).text
    show(enter(hire("one", Role.CLERK)), "village-stock", status=403)


def test_what_matters_is_in_the_audit_trail(village: world.Village) -> None:
    client = enter(village.clerk)
    weigh(client, village, status=422, who="李大", **{"amount-waste-paper": "3000"})
    assert [each.actor for each in parties.audit_trail(action="community.check_in_refused")] == ["staff:clerk-one"]
