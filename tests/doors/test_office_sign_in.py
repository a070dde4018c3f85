"""Staff sign in with a password and a second factor, end to end; nothing of the office opens without both."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse

from tanhui.kernel.errors import Forbidden, NotFound
from tanhui.office import account_urls, second_factor
from tanhui.parties import queries
from tanhui.parties.models import User
from tanhui.parties.services import grant, register
from tanhui.parties.types import Actor, Role, StaffDetails

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SYSTEM = Actor.system("tests")
PASSWORD = "correct horse battery 9"


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> None:
    """Rate limits and used codes live in the cache, which outlasts a test."""
    cache.clear()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The clock of one-time codes: stands still, moves when told (seconds since the epoch)."""

    def set_to(seconds: int) -> None:
        monkeypatch.setattr(totp.time, "time", lambda: seconds)

    return set_to


@pytest.fixture
def staff() -> Actor:
    ref = register(details=StaffDetails("zhang.min", "张敏", PASSWORD), at=AT, by=SYSTEM)
    grant(user_id=ref.id, role=Role.ADMINISTRATOR, at=AT, by=SYSTEM)
    return Actor("staff:zhang.min", user_id=ref.id)


def code_for(secret: str, step: int = 0) -> str:
    counter = int(totp.time.time()) // 30 + step
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def enrol(client: Client, code: str | None = None):
    """Set up the second factor on its page, as the person does. The session is marked on commit."""
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    return secret, client.post(reverse("mfa_activate_totp"), {"code": code or code_for(secret)})


def give_factor(actor: Actor, secret: str = "JBSWY3DPEHPK3PXP") -> str:
    data = {"secret": totp.encrypt(secret)}
    Authenticator(user_id=actor.user_id, type=Authenticator.Type.TOTP, data=data).save()
    return secret


def password_step(client: Client, password: str = PASSWORD, username: str = "zhang.min", **query: str):
    return client.post(reverse("account_login", query=query or None), {"login": username, "password": password})


def actions() -> list[str]:
    return [entry.action for entry in reversed(queries.audit_trail()) if entry.action.startswith("office.")]


@pytest.mark.django_db(transaction=True)
def test_the_first_sign_in_leads_through_enrolment_into_the_office(client, staff):
    answer = client.get("/office/")
    assert answer.status_code == 302
    assert answer.url == "/office/account/login/?next=/office/"

    answer = password_step(client, next="/office/")
    assert answer.url == "/office/"
    assert client.get("/office/").url == reverse("mfa_activate_totp")
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    shown = re.sub(r"\s", "", page.content.decode())
    assert secret in shown
    assert "data:image/svg+xml;base64," in shown

    _, wrong = enrol(client, "000000")
    assert wrong.status_code == 200
    assert not Authenticator.objects.exists()
    _, answer = enrol(client)
    assert answer.url == reverse("mfa_view_recovery_codes")
    codes = client.get(answer.url)
    assert codes.status_code == 200
    assert len(codes.context["unused_codes"]) == 10
    assert all(code in codes.content.decode() for code in codes.context["unused_codes"])

    assert client.get("/office/").status_code == 200
    assert actions() == ["office.sign_in", "office.totp_activated"]
    assert queries.verify_audit_trail() == []


def test_later_sign_ins_ask_for_the_code(client, staff):
    secret = give_factor(staff)
    answer = password_step(client)
    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert client.get("/office/").url.startswith(reverse("account_login"))

    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    answer = client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert answer.url == "/office/"
    assert client.get("/office/").status_code == 200
    assert client.get("/office/admin/").status_code == 200


def test_the_address_asked_for_is_reached_after_both_steps(client, staff):
    secret = give_factor(staff)
    password_step(client, next="/office/admin/")
    answer = client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert answer.url == "/office/admin/"


def test_nobody_is_sent_elsewhere_after_signing_in(client, staff):
    secret = give_factor(staff)
    password_step(client, next="https://example.org/")
    answer = client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert answer.url == "/office/"


def test_a_code_opens_once(client, staff, clock):
    clock(1_772_000_010)
    secret = give_factor(staff)
    code = code_for(secret)
    password_step(client)
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    second = Client()
    password_step(second)
    assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


@pytest.mark.parametrize(("step", "opens"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(client, staff, clock, step, opens):
    clock(1_772_000_010)
    secret = give_factor(staff)
    password_step(client)
    answer = client.post(reverse("mfa_authenticate"), {"code": code_for(secret, step)})
    assert (answer.status_code == 302) is opens


@pytest.mark.django_db(transaction=True)
def test_a_recovery_code_opens_once(client, staff):
    password_step(client)
    enrol(client)
    spare = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]

    for expected in (302, 200):
        other = Client()
        password_step(other)
        assert other.post(reverse("mfa_authenticate"), {"code": spare}).status_code == expected
        assert ("_auth_user_id" in other.session) is (expected == 302)


def test_secrets_of_second_factors_are_encrypted(client, staff):
    password_step(client)
    secret, _ = enrol(client)

    for factor in Authenticator.objects.all():
        assert secret not in str(factor.data)
        assert factor.wrap() is not None
    assert totp.decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret


def test_a_session_without_the_second_factor_is_ended(client, staff):
    """Such as one that another way of signing in has made, or one older than the second factor."""
    give_factor(staff)
    client.force_login(User.objects.get(pk=staff.user_id), "django.contrib.auth.backends.ModelBackend")

    answer = client.get("/office/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(reverse("account_login"))
    assert "请重新登录" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_no_page_under_office_opens_without_signing_in_or_enrolment(client, staff):
    """Every address of the office and of the admin window that takes no argument, and the account's own pages."""
    addresses = {"/office/admin/login/", "/office/admin/", "/office/admin/parties/resident/"}
    for namespace in ("office", "admin"):
        _, resolver = get_resolver().namespace_dict[namespace]
        names = [name for name in resolver.reverse_dict if isinstance(name, str)]
        for name in names:
            try:
                addresses.add(reverse(f"{namespace}:{name}"))
            except Exception:  # takes arguments
                continue
    addresses |= {reverse(str(pattern.name)) for pattern in account_urls.urlpatterns}
    open_to_all = {reverse(name) for name in second_factor.OPEN_TO_ALL}
    open_to_enrol = {reverse(name) for name in second_factor.OPEN_TO_ENROL}
    assert len(addresses) > 25

    for address in sorted(addresses - open_to_all):
        answer = Client().get(address)
        assert (answer.status_code, answer.headers.get("Location", "")[:22]) == (302, "/office/account/login/"), address
    password_step(client)
    for address in sorted(addresses - open_to_all - open_to_enrol):
        answer = client.get(address)
        assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("mfa_activate_totp")), address


def test_there_is_no_second_way_in(client, staff):
    """The sign-in library also has an interface for programs; it lies outside of /office/ and is not mounted."""
    for address in ("/_allauth/browser/v1/auth/session", "/_allauth/browser/v1/account/authenticators/totp"):
        assert client.get(address).status_code == 404


def test_wrong_passwords_are_counted_recorded_and_soon_refused(client, staff):
    for _ in range(5):
        assert password_step(client, "wrong password").status_code == 200
    refused = password_step(client)

    assert refused.status_code == 200
    assert "次数过多" in refused.content.decode() or "太多" in refused.content.decode()
    assert actions() == ["office.sign_in_failed"] * 5
    assert {entry.actor for entry in queries.audit_trail(action="office.sign_in_failed")} == {"staff:zhang.min"}


def test_what_was_typed_into_the_name_is_not_written_down(client, staff):
    password_step(client, "whatever", username="my-secret-password")
    (entry,) = queries.audit_trail(action="office.sign_in_failed")
    assert "my-secret-password" not in str(entry)


def test_a_dismissed_member_of_staff_does_not_get_in(client, staff):
    give_factor(staff)
    User.objects.filter(pk=staff.user_id).update(is_active=False)
    password_step(client)
    assert "_auth_user_id" not in client.session
    assert client.get("/office/").status_code == 302


def test_signing_out_needs_a_click_and_is_recorded(client, staff):
    secret = give_factor(staff)
    password_step(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})

    assert "退出登录" in client.get(reverse("account_logout")).content.decode()
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session
    assert actions() == ["office.sign_in", "office.sign_out"]


def test_nobody_signs_up_and_nobody_switches_the_second_factor_off(client, staff):
    for path in ("signup/", "password/reset/", "email/", "2fa/totp/deactivate/"):
        assert client.get(f"/office/account/{path}").status_code == 404
    secret = give_factor(staff)
    password_step(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_own_pages_are_chinese_and_work(client, staff):
    secret = give_factor(staff)
    password_step(client)
    client.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    made = client.post(reverse("mfa_generate_recovery_codes"))
    assert made.status_code == 302
    for name in (
        "mfa_index",
        "account_change_password",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "account_logout",
        "mfa_reauthenticate",
        "account_reauthenticate",
    ):
        answer = client.get(reverse(name))
        assert answer.status_code == 200, name
        assert_chinese(answer)
    file = client.get(reverse("mfa_download_recovery_codes"))
    assert len(file.content.split()) == 10
    changed = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": "another horse battery 8", "password2": "another horse battery 8"},
    )
    assert changed.status_code == 302
    assert User.objects.get(pk=staff.user_id).check_password("another horse battery 8")
    assert "office.password_changed" in actions()


def test_the_sign_in_pages_are_chinese_also_when_something_is_wrong(client, staff):
    assert_chinese(client.get(reverse("account_login")))
    assert_chinese(password_step(client, "wrong password"))
    password_step(client)
    assert_chinese(client.get(reverse("mfa_activate_totp")))
    assert_chinese(client.post(reverse("mfa_activate_totp"), {"code": "000000"}))
    client.post(reverse("account_logout"))
    give_factor(staff)
    password_step(client)
    assert_chinese(client.get(reverse("mfa_authenticate")))
    assert_chinese(client.post(reverse("mfa_authenticate"), {"code": "000000"}))
    assert_chinese(client.post(reverse("mfa_authenticate"), {"code": ""}))


def assert_chinese(answer) -> None:
    """No run of English words in what a person reads, nor in placeholders."""
    text = re.sub(r"<(script|style|svg|code)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    read = re.findall(r'(?:placeholder|alt|title|aria-label)="([^"]*)"', text)
    read.append(re.sub(r"<[^>]*>", " ", text))
    words = re.findall(r"[A-Za-z]{3,}(?:\s+[A-Za-z]{2,})*", " ".join(read))
    known = {"TOTP", "zhang", "min"}
    assert not [word for word in words if not set(word.split()) <= known], words


def test_an_administrator_resets_the_second_factor_of_another(client, staff):
    secret = give_factor(staff)
    ref = register(details=StaffDetails("li.si", "李四", PASSWORD), at=AT, by=SYSTEM)
    grant(user_id=ref.id, role=Role.ADMINISTRATOR, at=AT, by=SYSTEM)
    other = Actor("staff:li.si", user_id=ref.id)

    with pytest.raises(Forbidden):
        second_factor.reset(username="zhang.min", at=AT, by=staff)
    with pytest.raises(NotFound):
        second_factor.reset(username="nobody", at=AT, by=other)
    assert second_factor.reset(username="zhang.min", at=AT, by=other)
    assert not second_factor.reset(username="zhang.min", at=AT, by=other)
    assert actions() == ["office.second_factor_reset"]
    answer = password_step(client)
    assert answer.url == "/office/"
    assert client.get("/office/").url == reverse("mfa_activate_totp")
    assert secret


# Demo


def test_a_demo_account_has_a_known_second_factor_shown_on_the_page(client, staff, settings):
    settings.TANHUI_DEMO = True
    secret = second_factor.enrol_demo("zhang.min")
    assert second_factor.enrol_demo("zhang.min") == secret == second_factor.demo_secret("zhang.min")
    assert Authenticator.objects.count() == 1

    password_step(client)
    page = client.get(reverse("mfa_authenticate"))
    (code,) = re.findall(r"<strong>([0-9]{6})</strong>", page.content.decode())
    assert client.post(reverse("mfa_authenticate"), {"code": code}).url == "/office/"


def test_outside_of_a_demo_no_secret_is_known_and_no_code_shown(client, staff, settings):
    settings.TANHUI_DEMO = True
    second_factor.enrol_demo("zhang.min")
    settings.TANHUI_DEMO = False

    for function in (second_factor.enrol_demo, second_factor.demo_secret):
        with pytest.raises(Forbidden):
            function("zhang.min")
    password_step(client)
    assert "演示环境" not in client.get(reverse("mfa_authenticate")).content.decode()


def test_in_a_demo_the_code_of_an_own_second_factor_is_not_shown(client, staff, settings):
    settings.TANHUI_DEMO = True
    give_factor(staff)
    password_step(client)
    assert "演示环境：现在的验证码" not in client.get(reverse("mfa_authenticate")).content.decode()
    assert second_factor.demo_code("zhang.min", AT) is None
    assert second_factor.demo_code("nobody", AT) is None
