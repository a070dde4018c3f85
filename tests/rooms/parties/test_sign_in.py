"""Signing in with WeChat (against a local server that answers as WeChat does) and, in a demo, with a bare name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.error import URLError

import pytest

from tanhui.parties import queries, wechat
from tanhui.parties.models import Party
from tanhui.parties.services import register, sign_in
from tanhui.parties.types import (
    BadInput,
    ConsentMissing,
    DevelopmentCode,
    GuardianRequired,
    LoginId,
    NotRegistered,
    Purpose,
    ResidentDetails,
    SignInBusy,
    SignInRefused,
    WechatCode,
)

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
JOINING = ResidentDetails(nickname="山里人", consents={Purpose.ACCOUNT: "v1"})


class Phone:
    """A WeChat server with a clock that the test moves, and a session that asks it."""

    def __init__(self) -> None:
        self.now = AT
        self.asked: list[str] = []
        self.server = wechat.LocalWechat("wx-app", "app-secret", lambda: self.now)
        self.session = wechat.CodeSession("wx-app", "app-secret", self._fetch)

    def _fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return self.server.fetch(url)

    def sign_in(self, code: str, details: ResidentDetails | None = None):
        return sign_in(proof=WechatCode(code), at=self.now, details=details, wechat_session=self.session)


@pytest.fixture
def phone() -> Phone:
    return Phone()


def test_a_new_person_is_asked_to_read_first_then_joins_and_is_known(phone):
    with pytest.raises(NotRegistered):
        phone.sign_in(phone.server.login("zhang"))
    assert not Party.objects.exists()

    ref = phone.sign_in(phone.server.login("zhang"), JOINING)
    assert ref.display_name == "山里人"
    assert phone.sign_in(phone.server.login("zhang")) == ref
    assert phone.sign_in(phone.server.login("li"), JOINING).id != ref.id


def test_somebody_registered_by_the_openid_is_found(phone):
    openid = phone.server.openid_of("zhang")
    ref = register(details=ResidentDetails(login=LoginId("wechat", openid), consents={Purpose.ACCOUNT: "v1"}), at=AT)
    assert phone.sign_in(phone.server.login("zhang")) == ref


def test_the_question_is_the_documented_one(phone):
    phone.sign_in(phone.server.login("zhang"), JOINING)
    (url,) = phone.asked
    assert url.startswith("https://api.weixin.qq.com/sns/jscode2session?appid=wx-app&secret=app-secret&js_code=0")
    assert url.endswith("&grant_type=authorization_code")


def test_joining_without_consent_or_as_a_child_is_refused(phone):
    with pytest.raises(ConsentMissing):
        phone.sign_in(phone.server.login("zhang"), ResidentDetails())
    with pytest.raises(GuardianRequired):
        phone.sign_in(
            phone.server.login("zhang"),
            ResidentDetails(birth_year=2016, consents={Purpose.ACCOUNT: "v1"}),
        )
    assert not Party.objects.exists()


def test_signing_in_cannot_smuggle_in_another_login_or_guardian(phone):
    other = phone.sign_in(phone.server.login("li"), JOINING)
    details = ResidentDetails(
        login=LoginId("wechat", phone.server.openid_of("li")),
        guardian_id=other.id,
        consents={Purpose.ACCOUNT: "v1"},
    )
    assert phone.sign_in(phone.server.login("zhang"), details).id != other.id


@pytest.mark.parametrize(
    ("spoil", "error", "errcode"),
    [
        ("used", SignInRefused, 40163),
        ("invented", SignInRefused, 40029),
        ("old", SignInRefused, 40029),
        ("empty", SignInRefused, 41008),
        ("blocked", SignInRefused, 40226),
        ("often", SignInBusy, 45011),
        ("app", SignInBusy, 40013),
        ("secret", SignInBusy, 40125),
    ],
)
def test_refusals_of_wechat_are_told_in_chinese(phone, spoil, error, errcode):
    code = phone.server.login("zhang")
    if spoil == "used":
        phone.sign_in(code, JOINING)
    elif spoil == "invented":
        code = "0" * 32
    elif spoil == "old":
        phone.now += timedelta(minutes=5)
    elif spoil == "empty":
        code = ""
    elif spoil == "blocked":
        phone.server.blocked.add("zhang")
    elif spoil == "often":
        for _ in range(100):
            phone.session.exchange(phone.server.login("zhang"), at=AT)
    elif spoil == "app":
        phone.session = wechat.CodeSession("wx-other", "app-secret", phone.server.fetch)
    else:
        phone.session = wechat.CodeSession("wx-app", "guess", phone.server.fetch)

    with pytest.raises(error) as caught:
        phone.sign_in(code, JOINING)
    assert caught.value.detail == {"errcode": errcode}
    assert caught.value.fix
    assert "rid" not in str(caught.value)


def test_a_minute_later_signing_in_works_again(phone):
    for _ in range(100):
        phone.session.exchange(phone.server.login("zhang"), at=AT)
    phone.now += timedelta(minutes=1)
    assert phone.sign_in(phone.server.login("zhang"), JOINING)


def test_the_session_key_goes_nowhere(phone):
    code = phone.server.login("zhang")
    key = json.loads(phone.server.fetch(f"{wechat.ADDRESS}?appid=wx-app&secret=app-secret&js_code={code}"))
    assert set(key) == {"session_key", "openid"}
    identity = phone.session.exchange(phone.server.login("zhang"), at=AT)
    assert set(vars(identity)) == {"openid"}
    assert key["openid"] not in repr(identity)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"{}", b'{"openid": 5}', b'{"errcode": -1, "errmsg": "system error"}', b'{"errcode": 99}'],
)
def test_any_other_answer_asks_to_wait(answer):
    session = wechat.CodeSession("wx-app", "app-secret", lambda url: answer)
    with pytest.raises(SignInBusy):
        session.exchange("code", at=AT)


def test_a_broken_line_asks_to_wait_and_does_not_give_the_secret_away():
    def fail(url: str) -> bytes:
        raise URLError(f"cannot open {url}")

    with pytest.raises(SignInBusy) as caught:
        wechat.CodeSession("wx-app", "app-secret", fail).exchange("code", at=AT)
    assert "app-secret" not in repr(caught.value) + repr(caught.value.__cause__)
    assert "app-secret" not in repr(wechat.CodeSession("wx-app", "app-secret"))


def test_without_settings_wechat_is_not_open(settings):
    settings.TANHUI_WECHAT_APP_ID = settings.TANHUI_WECHAT_APP_SECRET = ""
    with pytest.raises(SignInRefused, match="TANHUI_WECHAT_APP_ID"):
        sign_in(proof=WechatCode("code"), at=AT)


def test_the_bare_name_works_in_a_demo_only(settings):
    settings.TANHUI_DEMO = False
    with pytest.raises(SignInRefused):
        sign_in(proof=DevelopmentCode("resident-0001"), at=AT, details=JOINING)
    settings.TANHUI_DEMO = True
    ref = sign_in(proof=DevelopmentCode("resident-0001"), at=AT, details=JOINING)

    assert sign_in(proof=DevelopmentCode("resident-0001"), at=AT) == ref
    assert queries.export(ref.id)["logins"][0]["provider"] == "development"
    with pytest.raises(BadInput):
        sign_in(proof=DevelopmentCode("张三"), at=AT)


def test_a_demo_name_does_not_open_a_wechat_account(settings, phone):
    settings.TANHUI_DEMO = True
    phone.sign_in(phone.server.login("zhang"), JOINING)
    openid = phone.server.openid_of("zhang")
    with pytest.raises((NotRegistered, BadInput)):
        sign_in(proof=DevelopmentCode(openid), at=AT)
