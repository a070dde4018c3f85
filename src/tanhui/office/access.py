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
from tanhui.parties.types import Scope
from tanhui.rewards import queries as rewards

MEMBERSHIP = "rewards.redeem"
"""No role's: who works for a merchant opens its till."""

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
    "plan-desk": "plan.look",
    "plan-tasks": "plan.look",
    "plan-tasks-csv": "plan.look",
    "plan-task": "plan.look",
    "plan-contact": "plan.file",
    "plan-sub-task-add": "plan.file",
    "plan-sub-task": "plan.file",
    "plan-sub-task-done": "plan.file",
    "plan-indicator": "plan.look",
    "plan-indicator-csv": "plan.look",
    "plan-override": "plan.supervise",
    "plan-hand": "plan.file",
    "plan-registers": "plan.look",
    "plan-register": "plan.look",
    "plan-template": "plan.look",
    "plan-export": "plan.look",
    "plan-file": "plan.file",
    "plan-import": "plan.file",
    "plan-import-faults": "plan.file",
    "plan-record": "plan.look",
    "plan-evidence": "plan.look",
    "plan-withdraw": "plan.file",
    "plan-correct": "plan.file",
    "plan-void": "plan.file",
    "plan-review": "plan.review",
    "plan-decide": "plan.review",
    "plan-drafts": "plan.draft",
    "plan-draft": "plan.draft",
    "plan-finding": "plan.draft",
    "plan-findings-accept": "plan.draft",
    "plan-adopt": "plan.adopt",
    "plan-abandon": "plan.adopt",
    "plan-versions": "plan.look",
    "plan-version": "plan.look",
    "plan-version-json": "plan.look",
    "plan-supervision": "plan.look",
    "plan-meeting-open": "plan.supervise",
    "plan-meeting": "plan.look",
    "plan-meeting-close": "plan.supervise",
    "plan-notices": "plan.look",
    "plan-notices-csv": "plan.look",
    "plan-notice-issue": "plan.supervise",
    "plan-notice": "plan.look",
    "plan-notice-answer": "plan.file",
    "plan-notice-judge": "plan.supervise",
    "plan-appraisal": "plan.look",
    "plan-appraisal-csv": "plan.look",
    "plan-appraisal-compute": "plan.supervise",
    "plan-appraisal-publish": "plan.publish",
    "plan-cases": "plan.look",
    "plan-case-file": "plan.file",
    "plan-case-publish": "plan.review",
    "plan-feedback": "plan.look",
    "plan-feedback-reply": "plan.file",
    "plan-funding": "plan.look",
    "plan-funding-csv": "plan.look",
    "plan-funding-new": "plan.file",
    "plan-funding-line": "plan.look",
    "plan-funding-add": "plan.file",
    "plan-reports": "plan.look",
    "plan-report-publish": "plan.publish",
    "plan-report": "plan.look",
    "plan-report-file": "plan.look",
    "plan-coverage": "plan.look",
    "plan-coverage-csv": "plan.look",
    "rewards-merchants": "rewards.look",
    "rewards-merchants-csv": "rewards.look",
    "rewards-apply": "rewards.admit",
    "rewards-merchant": "rewards.look",
    "rewards-merchant-decide": "rewards.admit",
    "rewards-merchant-staff": "rewards.admit",
    "rewards-shop-add": "rewards.admit",
    "rewards-shop": "rewards.admit",
    "rewards-plate": "rewards.look",
    "rewards-offers": "rewards.look",
    "rewards-offers-csv": "rewards.look",
    "rewards-offer-new": "rewards.offer",
    "rewards-offer": "rewards.look",
    "rewards-offer-state": "rewards.offer",
    "till": MEMBERSHIP,
    "till-undo": MEMBERSHIP,
}
"""Name of the address → permission."""

View = Callable[..., HttpResponse]


def may(user: Any, page: str, scope: Scope | None = None) -> bool:
    """Whether this member of staff may open that page (anywhere, or within a scope)."""
    if not user.is_authenticated:
        return False
    if PAGES[page] == MEMBERSHIP:
        return bool(user.is_active and rewards.merchant_of(user.pk))
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
