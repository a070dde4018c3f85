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
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from tanhui.kernel.errors import Forbidden, TanhuiError
from tanhui.parties.types import Scope

PAGES: dict[str, str] = {
    "start": "office.enter",
    "partners": "scenarios.look",
    "partners-csv": "scenarios.look",
    "partner": "scenarios.look",
    "partner-admit": "scenarios.admit_source",
    "partner-change": "scenarios.admit_source",
    "delivery": "scenarios.look",
    "delivery-csv": "scenarios.look",
    "evidence": "parties.look",
    "evidence-csv": "parties.look",
    "case": "parties.look",
    "case-rule": "scenarios.rule",
    "methods": "scenarios.look",
    "method": "scenarios.look",
    "method-register": "scenarios.propose_method",
    "method-propose": "scenarios.propose_method",
    "method-sign": "scenarios.sign_method",
    "method-replay": "scenarios.replay",
    "method-replay-csv": "scenarios.replay",
    "runs": "ledger.look",
    "runs-csv": "ledger.look",
    "run": "ledger.look",
    "settle": "scenarios.settle",
    "books": "ledger.look",
    "books-csv": "ledger.look",
    "transfer": "ledger.look",
    "trail": "parties.audit",
    "trail-csv": "parties.audit",
}
"""Name of the address → permission."""

View = Callable[..., HttpResponse]


def may(user: Any, page: str, scope: Scope | None = None) -> bool:
    """Whether this member of staff may open that page (anywhere, or within a scope)."""
    return bool(user.is_authenticated and user.has_perm(PAGES[page], scope))


def office_page(page: str) -> Callable[[View], View]:
    """Let a view be opened by those who may; others are sent to sign in, or told that their role does not allow it.

    A view about one partner takes the argument `source`, and is asked for within that scope. An error of a room
    that the view did not handle becomes a page that says what happened and what to do.
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
                    raise Forbidden("您的角色不能打开这个页面", fix="需要这项权限，请联系系统管理员授予角色")
                return view(request, *args, **kwargs)
            except TanhuiError as error:
                return render(request, "office/refused.html", {"error": error}, status=error.status)

        guarded.office_page = page  # type: ignore[attr-defined]
        return guarded

    return wrap
