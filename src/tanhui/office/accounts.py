"""How staff accounts behave at the door: no sign-up, secrets encrypted, every sign-in in the audit trail.

Staff have no mail address, so what allauth would mail to the owner of an account is written to the audit trail.
"""

from __future__ import annotations

import base64
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.utils import timezone

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import NotFound
from tanhui.parties import queries
from tanhui.parties import services as parties
from tanhui.parties.types import Actor

ENROLLED_HERE = "office.enrolled_here"
"""Session key: the id of the second factor that was set up in this very session, and so was at hand."""

_CONTEXT = "mfa_authenticator:data"


class StaffAccountAdapter(DefaultAccountAdapter):
    """Closes sign-up; records who came, who failed to, who left, and what was changed on the account."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        _record(Actor.staff(user), "office.sign_in", request)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        super().logout(request)
        if user.is_authenticated:
            _record(Actor.staff(user), "office.sign_out", request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        # Only names that exist are written: people type their password where the name belongs.
        try:
            actor = f"staff:{queries.staff(credentials.get('username') or '').username}"
        except NotFound:
            actor = "staff:?"
        _record(actor, "office.sign_in_failed", request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has signed in within the last minutes is not asked for the password once more."""
        if not super().is_reauthentication_required(app=app, **kwargs):
            return False
        records = get_authentication_records(self.request, self.request.user)
        latest = max((float(record["at"]) for record in records), default=0.0)
        return timezone.now().timestamp() - latest > app_settings.REAUTHENTICATION_TIMEOUT

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        event = template_prefix.rsplit("/", 1)[-1]
        _record(Actor.staff(user), f"office.{event}", self.request)
        if event == "totp_activated":
            made = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
            self.request.session[ENROLLED_HERE] = made.pk if made else None


def _record(actor: Actor | str, action: str, request: HttpRequest) -> None:
    target = actor.name if isinstance(actor, Actor) else actor
    detail = {"address": request.META.get("REMOTE_ADDR", "")}
    parties.record(actor=actor, action=action, target=target, detail=detail, at=timezone.now())


class StaffSecondFactorAdapter(DefaultMFAAdapter):
    """Encrypts the secrets of second factors, and lets nobody switch the own one off."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(key_ring().encrypt(text.encode(), context=_CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return key_ring().decrypt(base64.b64decode(encrypted_text), context=_CONTEXT).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return False
