"""What a member of staff does through a form: one service, which asks, acts and records; one message."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from tanhui.kernel.days import local_day
from tanhui.kernel.errors import TanhuiError
from tanhui.parties.types import Actor

Answer = TypeVar("Answer")


def today() -> date:
    """The county's day, now: rooms never look at the clock, the office tells them."""
    return local_day(timezone.now())


def actor(request: HttpRequest) -> Actor:
    """The signed-in member of staff, as rooms and the audit trail know it."""
    return Actor.staff(request.user)


def act(request: HttpRequest, *, verb: Callable[[], Answer], done: Callable[[Answer], str]) -> bool:
    """Call `verb` and tell the person what happened. False where a room refused: nothing was changed."""
    try:
        answer = verb()
    except TanhuiError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, done(answer))
    return True
