"""Which permission opens which page: one table, read by the views, the menu and the permission matrix test.

The permissions and the roles that hold them are decided in `tanhui.parties`; here is only what a page asks for.
A page about one partner asks within that partner's scope, so that a partner's person sees only its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from tanhui.kernel.errors import Forbidden, TanhuiError
from tanhui.office.rights import chain, clearing, community, integrity, plan
from tanhui.office.rights import rewards as rewards_pages
from tanhui.parties.types import Scope
from tanhui.rewards import queries as rewards
from tanhui.rewards.types import StaffRole

MEMBERSHIP = "rewards.redeem"
"""No role's: who works for a merchant opens its till."""
MANAGING = "rewards.manage"
"""No role's: who manages a merchant opens the pages of its people, shops and phones."""

PAGES: dict[str, str] = (
    chain.PAGES | plan.PAGES | rewards_pages.PAGES | clearing.PAGES | community.PAGES | integrity.PAGES
)
"""Name of the address → permission."""

View = Callable[..., HttpResponse]


def may(user: Any, page: str, scope: Scope | None = None) -> bool:
    """Whether this member of staff may open that page (anywhere, or within a scope)."""
    if not user.is_authenticated:
        return False
    if PAGES[page] == MEMBERSHIP:
        return bool(user.is_active and rewards.merchant_of(user.pk))
    if PAGES[page] == MANAGING:
        return user.is_active and any(each.role is StaffRole.MANAGER for each in rewards.merchant_of(user.pk))
    return bool(user.has_perm(PAGES[page], scope))


def office_page(page: str) -> Callable[[View], View]:
    """Let a view be opened by those who may; others are sent to sign in, or told that their role does not allow it.

    A view about one partner takes the argument `source`, and is asked for within that scope. An error of a room
    that the view did not handle becomes a page that says what happened and what to do. A merchant's person without any
    role starts at the till.
    """

    def wrap(view: View) -> View:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            scope = Scope("source", kwargs["source"]) if "source" in kwargs else None
            try:
                if not may(request.user, page, scope):
                    if page == "start" and may(request.user, "till"):
                        return redirect("office:till")
                    raise Forbidden("您的角色不能打开这个页面", fix="需要这项权限，请联系系统管理员授予角色")
                return view(request, *args, **kwargs)
            except TanhuiError as error:
                return render(request, "office/refused.html", {"error": error}, status=error.status)

        guarded.office_page = page  # type: ignore[attr-defined]
        return guarded

    return wrap
