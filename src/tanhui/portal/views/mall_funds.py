"""Whether the mall can keep its promises: what is there, what is promised, who waits; and what was signed."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tanhui.kernel.errors import NotFound
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import BudgetView, FundsView, SignedDocument, StatementState

_KEEP_SECONDS = 60
_KEY = "portal:mall-funds"


@dataclass(frozen=True)
class _Money:
    """The figures of the page, at most a minute old: asking for them looks at every account of points."""

    funds: FundsView
    lines: tuple[BudgetView, ...]


def _money() -> _Money | None:
    """None for a county that has written nothing about its mall's money."""
    kept: _Money | None = cache.get(_KEY)
    if kept is None:
        try:
            found = rewards.funds(timezone.now())
        except NotFound:
            return None
        lines = tuple(each for each in rewards.budget_lines(found.year) if each.offer)
        kept = _Money(found, lines)
        cache.set(_KEY, kept, _KEEP_SECONDS)
    return kept


@require_safe
def funds(request: HttpRequest) -> HttpResponse:
    """Pool, cap, queue and rule; the signed months, and how to check them without us."""
    money = _money()
    context = {
        "section": "mall",
        "funds": money.funds if money else None,
        "lines": money.lines if money else (),
        "statements": rewards.funds_statements(),
        "key": rewards.statement_key(),
    }
    return render(request, "portal/mall/funds.html", context)


@require_safe
def statement_json(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The very bytes that were signed."""
    return _file(_signed(year, month).content, "application/json", f"funds-{year}-{month:02d}.json")


@require_safe
def statement_signature(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The signature, 64 bytes."""
    content = bytes.fromhex(_signed(year, month).signature)
    return _file(content, "application/octet-stream", f"funds-{year}-{month:02d}.sig")


@require_safe
def statement_key(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The public key as openssl reads it."""
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(_signed(year, month).public_key))
    content = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _file(content, "application/x-pem-file", f"funds-{year}-{month:02d}.pem")


def _signed(year: int, month: int) -> SignedDocument:
    """Raises Http404, also for a month that there is not."""
    try:
        return rewards.funds_document(date(year, month, 1))
    except (NotFound, ValueError) as error:
        raise Http404(str(error)) from error


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
def statement_check(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """Whether the platform signed a merchant's statement with that digest; nothing else of it is told.

    Who holds the paper has the digest; nobody guesses one. Unknown, unsigned and other contents get one answer.
    """
    try:
        found = rewards.statement(number)
    except NotFound:
        found = None
    if found is not None and not (found.signature and hmac.compare_digest(found.digest, digest)):
        found = None
    context = {
        "section": "mall",
        "number": number[:40],
        "digest": digest[:64],
        "statement": found,
        "void": found is not None and found.state is StatementState.VOID,
        "key": rewards.statement_key(),
    }
    response = render(request, "portal/mall/check.html", context, status=200 if found else 404)
    response["X-Robots-Tag"] = "noindex"
    return response
