"""The staff's door: who may open what, what a form changes, and that every act leaves a trace."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.urls.converters import IntConverter
from django.utils import timezone
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.rooms.scenarios.world import NOW, deliver, join, open_county, ride

from tanhui.kernel.canonical import digest
from tanhui.kernel.county import PROJECT_ROOT
from tanhui.office import urls
from tanhui.office.access import PAGES
from tanhui.office.words import ACTS
from tanhui.parties import queries as parties
from tanhui.parties.types import Role, Scope
from tanhui.scenarios import queries, services
from tanhui.scenarios.types import Channel, DeliveryDraft, Refusal

pytestmark = pytest.mark.django_db

# Who may open what, decided by hand and independently of the code: a line a page, with the roles that may.
MATRIX = Path(__file__).parent / "matrix"
_LINES = [
    line.partition(":")
    for section in sorted(MATRIX.glob("*.txt"))
    for line in section.read_text(encoding="utf-8").splitlines()
]
ROLES = list(Role)
EXPECTED = {page: {role: "y" if role in who.split() else "-" for role in ROLES} for page, _, who in _LINES}
_EMPTY_HERE = ("plan-", "rewards-", "till", "clearing-", "funds-", "community-", "village-", "integrity-")
"""Pages of rooms in which nothing has happened in this county."""
CHANGES = {"case-rule", "method-register", "method-propose", "method-sign"}


_NOBODYS = {
    str(each.name): [7 if isinstance(kind, IntConverter) else "x" for kind in each.pattern.converters.values()]
    for each in urls.urlpatterns
}
"""Arguments of every address that name nothing there is: who may not is refused all the same."""


@pytest.fixture(scope="module")
def numbers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """One ride that counts, one too fast and contested, one delivery with a refused row; the numbers of it all."""
    with lasting(django_db_blocker):
        open_county()
        (ana,) = join("安娜")
        receipt = services.submit(
            source="demo-e-bike",
            delivery=DeliveryDraft(channel=Channel.FILE, content_digest=digest("trips"), name="骑行记录.csv"),
            evidence=[ride("slow", ana), ride("fast", ana, minute=700, seconds=60, distance_m=9_000)],
            refused=[Refusal(row_number=17, code="missing_field", message="第 17 行缺少“还车时间”，整行退回")],
            at=NOW,
        )
        services.settle(at=NOW)
        fast = queries.set_aside()[0]
        services.contest(number=fast.number, party_id=ana, text="我下坡骑得快，请核查轨迹。", at=NOW)
        slow = next(line for line in queries.statement(ana).lines if line.outcome == "counted")
        yield {
            "delivery": receipt.number,
            "case": fast.number,
            "method": queries.case(slow.number).rule_hash,
            "run": queries.runs(limit=1)[0].number,
            "transfer": queries.case(slow.number).transfer_number,
        }


@pytest.fixture
def county(numbers: dict[str, str], db: None) -> dict[str, str]:
    """The county of this file, within the test's own transaction."""
    return numbers


def _address(page: str, county: dict[str, str], source: str = "demo-e-bike") -> str:
    arguments: dict[str, list[str]] = {
        "partner": [source],
        "partner-change": [source],
        "delivery": [source, county["delivery"]],
        "delivery-csv": [source, county["delivery"]],
        "case": [county["case"]],
        "case-rule": [county["case"]],
        "method": [county["method"]],
        "method-propose": [county["method"]],
        "method-sign": [county["method"]],
        "method-replay": [county["method"]],
        "method-replay-csv": [county["method"]],
        "run": [county["run"]],
        "transfer": [county["transfer"]],
    }
    if page.startswith(_EMPTY_HERE):
        return reverse(f"office:{page}", args=_NOBODYS[page])
    return reverse(f"office:{page}", args=arguments.get(page, []))


def _ask(client: Client, page: str, address: str) -> Any:
    period = {"starts_on": "2026-09-01", "last_on": "2026-09-30"} if page.startswith("method-replay") else {}
    response = client.post(address) if page in CHANGES else client.get(address, period)
    return client.post(address) if response.status_code == 405 else response


def test_every_address_is_in_the_table_and_in_the_matrix() -> None:
    assert {name for _, _, who in _LINES for name in who.split()} <= set(ROLES)
    assert len(EXPECTED) == len(_LINES)
    names = [pattern.name for pattern in urls.urlpatterns]
    assert sorted(names) == sorted(PAGES)
    assert sorted(names) == sorted(EXPECTED)
    for pattern in urls.urlpatterns:
        assert getattr(pattern.callback, "office_page", None) == pattern.name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_exactly_the_pages_of_the_matrix(role: Role, county: dict[str, str]) -> None:
    scope = Scope("source", "demo-e-bike") if role is Role.PARTNER else Scope()
    client = enter(hire(f"a-{role}", role, scope=scope))
    found = {}
    for page in EXPECTED:
        response = _ask(client, page, _address(page, county))
        answers = (200, 302, 403, 404, 409, 422) if page.startswith(_EMPTY_HERE) else (200, 302, 403, 422)
        assert response.status_code in answers, (page, response.status_code)
        found[page] = "-" if response.status_code == 403 else "y"
        if response.headers["Content-Type"].startswith("text/html") and response.status_code != 302:
            assert Page(response).faults() == [], page
    assert found == {page: row[role] for page, row in EXPECTED.items()}


def test_nobody_opens_anything_before_signing_in(county: dict[str, str]) -> None:
    client = Client()
    for page in EXPECTED:
        response = _ask(client, page, _address(page, county))
        assert response.status_code == 302, page
        assert response.url.startswith(reverse("account_login")), page


def test_somebody_without_a_role_is_told_whom_to_ask(county: dict[str, str]) -> None:
    client = enter(hire("nobody"))
    response: Any = client.get(reverse("office:start"))
    assert response.status_code == 403
    page = Page(response)
    assert page.faults() == []
    assert "系统管理员" in page.text


def test_a_partners_person_sees_that_partner_only(county: dict[str, str]) -> None:
    client = enter(hire("other", Role.PARTNER, scope=Scope("source", "demo-bus")))
    assert client.get(reverse("office:partner", args=["demo-bus"])).status_code == 200
    listed = Page(client.get(reverse("office:partners")))  # type: ignore[arg-type]
    assert [link["href"] for link in listed.all("a") if link["href"].startswith("/office/partners/demo")] == [
        reverse("office:partner", args=["demo-bus"])
    ]
    assert client.get(_address("partner", county)).status_code == 403
    assert client.get(_address("delivery", county)).status_code == 403
    assert client.get(_address("delivery", county, source="demo-bus")).status_code == 404
    start = Page(client.get(reverse("office:start")))  # type: ignore[arg-type]
    assert "有退回行的批次" not in start.text


def test_the_start_page_counts_the_work_that_waits(county: dict[str, str]) -> None:
    page = Page(enter(hire("op", Role.OPERATOR)).get(reverse("office:start")))  # type: ignore[arg-type]
    assert "1 居民的申诉" in page.text
    assert "1 被搁置的证据" in page.text
    assert "试算平衡" in page.text
    assert "运营人员" in page.text


def test_a_contested_act_comes_first_and_can_be_filtered(county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    page = Page(client.get(reverse("office:evidence")))  # type: ignore[arg-type]
    assert page.text.index("等待裁定的申诉") < page.text.index("全部搁置的记录")
    assert "我下坡骑得快" in page.text
    none = Page(client.get(reverse("office:evidence"), {"scenario": "walking"}))  # type: ignore[arg-type]
    assert "没有搁置的记录" in none.text
    file = client.get(reverse("office:evidence-csv"))
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [county["case"]]


def test_a_ruling_needs_a_decision_and_a_reason_and_is_settled_and_traced(county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    address = reverse("office:case-rule", args=[county["case"]])
    refused: Any = client.post(address, {"reason": "短"})
    assert refused.status_code == 422
    assert "没有裁定" in Page(refused).text
    assert queries.contests_open() == 1
    done: Any = client.post(address, {"counts": "yes", "reason": "轨迹完整，下坡路段，核对无误"}, follow=True)
    assert "已裁定计入" in Page(done).text
    assert queries.contests_open() == 0
    before = queries.case(county["case"]).line.reduction_g
    services.settle(at=timezone.now())
    assert queries.case(county["case"]).line.reduction_g > before
    entry = parties.audit_trail(action="scenarios.rule")[0]
    assert (entry.actor, entry.target) == ("staff:op", county["case"])
    client.post(address, {"counts": "no", "reason": "再次核查，轨迹来自汽车"})
    services.settle(at=timezone.now())
    assert queries.case(county["case"]).line.reduction_g == before


def test_settling_asks_first_changes_once_and_says_what_it_did(county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    (bea,) = join("贝贝")
    deliver(ride("new", bea))
    runs = len(queries.runs())
    assert "确认结算" in Page(client.get(reverse("office:settle"))).text  # type: ignore[arg-type]
    assert len(queries.runs()) == runs
    done: Any = client.post(reverse("office:settle"), follow=True)
    assert "结算完成：1个人日" in Page(done).text
    again: Any = client.post(reverse("office:settle"), follow=True)
    assert "账目没有变动" in Page(again).text


def test_a_partner_is_admitted_changed_suspended_and_its_key_revoked(county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    form = {"code": "new-bus", "title": "城北公交（演示）", "top_grade": "2", "status": "trial"}
    half: Any = client.post(reverse("office:partner-admit"), {**form, "key_id": "k1"})
    assert "要一起填写" in Page(half).text
    key = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    full = {**form, "key_id": "k1", "public_key": key, "scenarios": ["electric-bus"]}
    client.post(reverse("office:partner-admit"), full)
    admitted = queries.source("new-bus")
    assert (admitted.status, admitted.scenarios, len(admitted.keys)) == ("trial", ("electric-bus",), 1)
    change = {"title": "城北公交（演示）", "top_grade": "3", "status": "suspended", "revoke_keys": ["k1"]}
    done: Any = client.post(reverse("office:partner-change", args=["new-bus"]), change, follow=True)
    assert "已暂停" in Page(done).text
    assert queries.source("new-bus").keys[0][2] is not None
    wrong: Any = client.post(reverse("office:partner-admit"), {**full, "code": "other", "public_key": "x"})
    assert "Ed25519" in Page(wrong).text
    assert "staff:op" in {row.actor for row in parties.audit_trail(action="scenarios.admit_source")}


def test_a_delivery_shows_its_refused_rows_and_hands_them_out(county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    assert "第 17 行缺少" in Page(client.get(_address("delivery", county))).text  # type: ignore[arg-type]
    file = client.get(_address("delivery-csv", county))
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert rows[1][:2] == ["17", "missing_field"]


def test_the_operator_proposes_and_only_the_committee_signs(county: dict[str, str]) -> None:
    operator, committee = enter(hire("op", Role.OPERATOR)), enter(hire("com", Role.COMMITTEE))
    version = queries.method_version(county["method"])
    assert version.stage == "in_force"
    address = reverse("office:method-propose", args=[county["method"]])
    refused = operator.post(address, {"stage": "withdrawn", "note": "试着绕过委员会"})
    assert refused.status_code == 422
    assert queries.method_version(county["method"]).stage == "in_force"
    signed: Any = committee.post(
        reverse("office:method-sign", args=[county["method"]]),
        {"stage": "withdrawn", "note": "第五次评审会决定废止"},
        follow=True,
    )
    assert "现在是“废止”" in Page(signed).text
    assert queries.method_version(county["method"]).decisions[-1][2:4] == ("staff:com", "第五次评审会决定废止")


def test_the_shadow_replay_shows_old_and_new_and_posts_nothing(county: dict[str, str]) -> None:
    client = enter(hire("com", Role.COMMITTEE))
    address = reverse("office:method-replay", args=[county["method"]])
    runs = len(queries.runs())
    page = Page(client.get(address, {"starts_on": "2026-09-01", "last_on": "2026-09-30"}))  # type: ignore[arg-type]
    assert "按场景" in page.text
    assert "按乡镇" in page.text
    assert "第01十分位" in page.text or "十等分" in page.text
    assert len(queries.runs()) == runs
    backwards = client.get(address, {"starts_on": "2026-09-30", "last_on": "2026-09-01"})
    assert backwards.status_code == 422


def test_the_books_balance_and_the_proof_is_shown(county: dict[str, str]) -> None:
    client = enter(hire("aud", Role.AUDITOR))
    page = Page(client.get(reverse("office:books"), {"prove": "1"}))  # type: ignore[arg-type]
    assert "每一本账的借方都等于贷方" in page.text
    assert "核对完毕" in page.text
    file = client.get(reverse("office:books-csv"))
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))[1:]
    assert sum(int(row[5]) for row in rows) == sum(int(row[6]) for row in rows)


def test_a_transfer_shows_its_entries_and_not_whose_they_are(county: dict[str, str]) -> None:
    client = enter(hire("aud", Role.AUDITOR))
    response: Any = client.get(_address("transfer", county))
    page = Page(response)
    assert "A 级证据的减排量" in page.text
    assert "pty_" not in response.content.decode()
    assert "安娜" not in page.text


def test_the_trail_is_filtered_verified_and_handed_out(county: dict[str, str]) -> None:
    client = enter(hire("aud", Role.AUDITOR))
    page = Page(client.get(reverse("office:trail"), {"verify": "1"}))  # type: ignore[arg-type]
    assert "校验通过" in page.text
    action = parties.audit_trail(limit=1)[0].action
    filtered = client.get(reverse("office:trail-csv"), {"action": action})
    rows = list(csv.reader(io.StringIO(filtered.content.decode("utf-8-sig"))))
    assert {row[3] for row in rows[1:]} == {action}
    future = Page(client.get(reverse("office:trail"), {"since": "2099-01-01"}))  # type: ignore[arg-type]
    assert "没有符合条件的记录" in future.text
    odd = client.get(reverse("office:trail"), {"before": "９９", "since": "x", "until": "2026-13-45"})
    assert odd.status_code == 200


@pytest.mark.parametrize(
    "path", ["evidence/bhv_x/", "methods/zz/", "settlement/run_x/", "partners/none/", "books/transfers/x/"]
)
def test_what_does_not_exist_says_so_and_offers_a_way_back(path: str, county: dict[str, str]) -> None:
    response: Any = enter(hire("op", Role.OPERATOR)).get(f"/office/{path}")
    assert response.status_code == 404
    page = Page(response)
    assert page.faults() == []
    assert "没有改动任何数据" in page.text


@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31"])
def test_days_beyond_every_calendar_are_no_filter(query: str, county: dict[str, str]) -> None:
    assert enter(hire("audit", Role.AUDITOR)).get(f"/office/trail/?{query}").status_code == 200


def test_a_replay_over_impossible_days_is_refused(county: dict[str, str]) -> None:
    version = queries.method_versions()[0]
    path = reverse("office:method-replay", args=[version.rule_hash])
    client = enter(hire("op", Role.OPERATOR))
    assert client.get(path, {"starts_on": "0001-01-01", "last_on": "9999-12-31"}).status_code == 422


@pytest.mark.parametrize(
    "asked",
    ["user/?password__startswith=pbkdf2", "resident/?birth_year=1980", "binding/?subject_key__isnull=0"],
)
def test_the_window_answers_no_question_about_what_it_does_not_show(asked: str, county: dict[str, str]) -> None:
    client = enter(hire("op", Role.OPERATOR))
    assert client.get(f"/office/admin/parties/{asked}").status_code == 400
    assert client.get("/office/admin/parties/binding/?purpose__exact=trips").status_code == 200


def test_pages_of_the_office_are_never_kept_by_a_browser(county: dict[str, str]) -> None:
    response = enter(hire("op", Role.OPERATOR)).get(reverse("office:start"))
    assert "no-store" in response.headers["Cache-Control"]


def test_every_act_that_is_recorded_has_chinese_words() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "src" / "tanhui").rglob("*.py")]
    recorded = {act for text in texts for act in re.findall(r'action="([a-z_]+\.[a-z_]+)"', text)}
    recorded |= {act for text in texts for act in re.findall(r'_record\([^"]*"([a-z_]+\.[a-z_]+)"', text)}
    assert len(recorded) > 15
    assert recorded <= ACTS.keys()
