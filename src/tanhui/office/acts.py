"""What a member of staff does through a form: one service, one audit entry, one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from tanhui.kernel.errors import TanhuiError
from tanhui.parties import services as parties
from tanhui.parties.types import Actor

Answer = TypeVar("Answer")


def actor(request: HttpRequest) -> Actor:
    """The signed-in member of staff, as rooms and the audit trail know it."""
    return Actor.staff(request.user)


def act(
    request: HttpRequest,
    *,
    action: str,
    target: str,
    detail: Mapping[str, Any],
    verb: Callable[[], Answer],
    done: Callable[[Answer], str],
    one_transaction: bool = True,
) -> bool:
    """Call `verb` and record it; tells the person what happened. False where a room refused: nothing was changed.

    A verb that commits in steps by itself (settlement) runs outside of one transaction and is recorded after it.
    """
    try:
        with transaction.atomic() if one_transaction else nullcontext():
            answer = verb()
            parties.record(actor=actor(request), action=action, target=target, detail=dict(detail), at=timezone.now())
    except TanhuiError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, done(answer))
    return True
