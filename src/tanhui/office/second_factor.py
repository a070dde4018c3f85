"""No page of the office without a second factor: whoever has none is sent to set one up.

Covers every address under `/office/`, the admin window included, whatever its view says: an address is open only
if it is named here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import Forbidden
from tanhui.office.accounts import ENROLLED_HERE
from tanhui.parties import queries
from tanhui.parties import services as parties
from tanhui.parties.types import Actor

OPEN_TO_ALL = frozenset({"account_login", "account_logout", "account_inactive", "mfa_authenticate"})
OPEN_TO_ENROL = frozenset({"mfa_activate_totp", "account_reauthenticate"})


class SecondFactorRequired:
    """Middleware: signed in, with a second factor, shown in this session; or sent to do so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """The redirection, or None where the view may answer."""
        name = request.resolver_match.url_name if request.resolver_match else None
        if not request.path_info.startswith(reverse("office:start")) or name in OPEN_TO_ALL:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        factor = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).first()
        if factor is None:
            return None if name in OPEN_TO_ENROL else redirect("mfa_activate_totp")
        if _shown(request, factor):
            return None
        logout(request)
        messages.warning(request, "请重新登录，并输入动态验证码。")
        return redirect_to_login(request.get_full_path())


def _shown(request: HttpRequest, factor: Authenticator) -> bool:
    if request.session.get(ENROLLED_HERE) == factor.pk:
        return True
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)


@transaction.atomic
def reset(*, username: str, at: datetime, by: Actor) -> bool:
    """Take away the second factor of somebody who lost the phone and the recovery codes; False where there was none.

    The person then signs in with the password and sets a new one up. Raises Forbidden, also for the own account,
    and NotFound.
    """
    queries.require(by, "parties.register_staff")
    staff = queries.staff(username)
    if by.user_id == staff.id:
        raise Forbidden("不能重置自己的动态验证码", where="username", fix="请另一位系统管理员办理")
    removed, _ = Authenticator.objects.filter(user_id=staff.id).delete()
    if removed:
        parties.record(actor=by, action="office.second_factor_reset", target=f"staff:{username}", at=at)
    return removed > 0


def demo_secret(username: str) -> str:
    """The second factor of a demo account: known to who holds the installation's secrets, printed by `make demo`.

    Raises Forbidden outside of a demo.
    """
    if not settings.TANHUI_DEMO:
        raise Forbidden("只有演示环境有固定的动态验证码密钥", where="TANHUI_DEMO", fix="请各人用自己的手机设置")
    return base64.b32encode(key_ring().keyed_hash("demo second factor", username)[:20]).decode()


@transaction.atomic
def enrol_demo(username: str) -> str:
    """Give a demo account its second factor, unless it has one; the secret for an authenticator app comes back.

    Raises Forbidden outside of a demo, NotFound.
    """
    secret = demo_secret(username)
    staff = queries.staff(username)
    if not Authenticator.objects.filter(user_id=staff.id, type=Authenticator.Type.TOTP).exists():
        factor = Authenticator(user_id=staff.id, type=Authenticator.Type.TOTP, data={"secret": totp.encrypt(secret)})
        factor.save()
    return secret


def demo_code(username: str, at: datetime) -> str | None:
    """The six digits that are right now for a demo account with its demo secret; None for any other."""
    if not settings.TANHUI_DEMO:
        return None
    secret = demo_secret(username)
    factor = Authenticator.objects.filter(user__username=username, type=Authenticator.Type.TOTP).first()
    if factor is None or totp.decrypt(factor.data["secret"]) != secret:
        return None
    return totp.format_hotp_value(totp.hotp_value(secret, int(at.timestamp()) // 30))
