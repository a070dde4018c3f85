"""Bearer tokens of residents: signed, expiring, revoked all at once by signing out everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import connection
from django.http import HttpRequest
from ninja.security import HttpBearer

from tanhui.api import limits
from tanhui.api.problems import Unauthorized
from tanhui.kernel.errors import NotFound
from tanhui.kernel.ids import is_number
from tanhui.parties import queries as parties
from tanhui.parties.types import PartyKind, PartyRef

LIFE = timedelta(days=7)
_SALT = "tanhui.api.resident"
_MAX_TOKEN = 400


@dataclass(frozen=True)
class Token:
    """A token as it is handed out."""

    text: str
    expires_at: datetime


def issue(party: PartyRef, *, at: datetime) -> Token:
    """A token for a resident who has just shown who it is."""
    epoch = _epoch_of(party.number)
    expires_at = at + LIFE
    content = {"p": party.number, "e": epoch, "x": int(expires_at.timestamp())}
    return Token(signing.dumps(content, salt=_SALT), expires_at)


def revoke_all(party: PartyRef) -> None:
    """Make every token of a resident invalid."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO api_token_epoch AS t (party_number, epoch) VALUES (%s, 1)"
            " ON CONFLICT (party_number) DO UPDATE SET epoch = t.epoch + 1",
            [party.number],
        )


def _epoch_of(number: str) -> int:
    """How often the resident has signed out everywhere. Every request asks: the bare statement costs a third."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT epoch FROM api_token_epoch WHERE party_number = %s", [number])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def resident_of(token: str, *, at: datetime) -> PartyRef:
    """The resident whose valid token it is. Raises Unauthorized, saying why."""
    try:
        content = signing.loads(token[:_MAX_TOKEN], salt=_SALT)
        number, epoch, expires = str(content["p"]), int(content["e"]), int(content["x"])
    except (signing.BadSignature, KeyError, TypeError, ValueError, UnicodeError) as error:
        raise Unauthorized("登录凭证无效", fix="重新登录") from error
    if at.timestamp() >= expires:
        raise Unauthorized("登录已过期", fix="重新登录")
    if epoch != _epoch_of(number) or not is_number(number):
        raise Unauthorized("登录已退出", fix="重新登录")
    try:
        party = parties.party(number)
    except NotFound as error:
        raise Unauthorized("登录凭证无效", fix="重新登录") from error
    if party.erased or party.kind is not PartyKind.RESIDENT:
        raise Unauthorized("账户已注销", fix="如需继续使用，请重新加入")
    return party


class ResidentToken(HttpBearer):
    """`Authorization: Bearer …`; the resident comes to the operation as `request.auth`."""

    openapi_scheme = "bearer"

    def authenticate(self, request: HttpRequest, token: str) -> PartyRef:
        at = request.received_at  # type: ignore[attr-defined]
        try:
            party = resident_of(token, at=at)
        except Unauthorized:
            limits.count("refused", limits.caller_address(request), at)
            raise
        limits.count("resident", party.number, at)
        return party
