"""Where a member of staff serves, and whom: what the pages of villages and teams share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from django.http import HttpRequest

from tanhui.community import queries as community
from tanhui.community.types import OccasionView
from tanhui.kernel.errors import Forbidden, NotFound
from tanhui.office.access import PAGES, may
from tanhui.office.acts import actor
from tanhui.parties import queries as parties
from tanhui.parties.types import DivisionRef, PartyKind, PartyRef, Scope

FORM = "office/community/form.html"
"""A form on a page of its own, as these pages look."""

_SERVE = "community.serve"
_SHOWN = 20


class Placed(Protocol):
    """Whatever lies in a division."""

    @property
    def division_code(self) -> str: ...


Thing = TypeVar("Thing", bound=Placed)


def reach(user: Any, page: str) -> list[Scope]:
    """Where this person may open a page: the scopes of those roles that carry its permission."""
    scopes = {grant.scope for grant in parties.roles_of(user.pk or 0)}
    return [scope for scope in scopes if user.has_perm(PAGES[page], scope)]


def within(scopes: Iterable[Scope], division_code: str) -> bool:
    """Whether one of the scopes covers the division."""
    return any(scope.covers(Scope("division", division_code)) for scope in scopes)


def mine(request: HttpRequest, page: str, things: Iterable[Thing]) -> list[Thing]:
    """Those that lie where this person may open the page."""
    scopes = reach(request.user, page)
    return [each for each in things if within(scopes, each.division_code)]


def occasion_here(request: HttpRequest, page: str, number: str) -> OccasionView:
    """An occasion that lies where this person may open the page. Raises NotFound, Forbidden."""
    found = community.occasion(number)
    ask(request, page, found)
    return found


def ask(request: HttpRequest, page: str, thing: Placed) -> None:
    """Raises Forbidden unless this person may open the page where the thing lies."""
    if not may(request.user, page, Scope("division", thing.division_code)):
        raise Forbidden(
            "这里不在您负责的范围内", where=thing.division_code, fix="请当地的代办员办理，或联系系统管理员核对范围"
        )


def serving(user: Any, page: str) -> list[DivisionRef]:
    """Townships and villages in which this person may open a page, by code."""
    scopes = reach(user, page)
    return [each for each in parties.divisions() if each.level != "county" and within(scopes, each.statistical_code)]


def place_names() -> dict[str, str]:
    """Statistical code → the name of the division; villages after their township."""
    rows = parties.divisions()
    names = {row.statistical_code: row.name for row in rows}
    return {
        row.statistical_code: f"{names.get(row.parent_code, '')}{row.name}" if row.level == "village" else row.name
        for row in rows
    }


def find(request: HttpRequest, text: str) -> list[PartyRef]:
    """Living residents by number, phone number or a part of the nickname, whom this person may serve. Raises NotFound.

    The nickname is looked for among those who let this person act for them; number and phone are exact.
    """
    text = text.strip()
    if text.startswith("pty_"):
        found = [parties.party(text)]
    elif text.isascii() and text.isdigit() and len(text) == 11:
        found = parties.resident_by_phone(text)
    else:
        found = _named(request, text)
    kept = [each for each in found if each.kind is PartyKind.RESIDENT and not each.erased and _may_act(request, each)]
    if not kept:
        raise NotFound(
            f"没有找到“{text[:20]}”，或者不在您代办的范围内",
            fix="换手机号、卡片或居民编号再找；还没有登记的，先请本人登记",
        )
    return kept[:_SHOWN]


def _named(request: HttpRequest, text: str) -> list[PartyRef]:
    clients = parties.clients_of(request.user.pk or 0)
    return [each for each in clients if text and text.casefold() in each.display_name.casefold()]


def _may_act(request: HttpRequest, person: PartyRef) -> bool:
    try:
        parties.require_hand(actor(request), person.id, _SERVE)
    except Forbidden:
        return False
    return True


def names_of(ids: Sequence[int]) -> dict[int, PartyRef]:
    """The persons of these ids, in one query."""
    return parties.parties(ids)
