"""Versions of the plan: a settled document is adopted, and what was adopted stays readable as it was."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tanhui.kernel.canonical import canonical_json
from tanhui.office.access import office_page
from tanhui.office.acts import act, actor
from tanhui.plan import queries as plan
from tanhui.plan import services
from tanhui_plandoc.draft import Draft, Severity


@require_http_methods(["GET", "HEAD", "POST"])
@office_page("plan-adopt")
def adopt(request: HttpRequest, number: str) -> HttpResponse:
    """What adopting would change; and adopt."""
    status = 200
    if request.method == "POST":
        done = act(
            request,
            verb=lambda: services.adopt(number=number, at=timezone.now(), by=actor(request)),
            done=lambda version: f"已采纳为第{version}版，从现在起按这一版计算",
        )
        if done:
            return redirect("office:plan-versions")
        status = 409
    document = plan.document(number)
    versions = plan.versions()
    current = versions[0] if versions else None
    context = {
        "section": "plan-drafts",
        "document": document,
        "settled": document.findings - document.open_findings,
        "blocking": len(plan.findings(number, severity=Severity.SUBSTANTIVE, open_only=True)),
        "current": current,
        "coming": current.version + 1 if current else 1,
        "comparison": plan.preview(number) if current and document.state == "open" else {},
    }
    return render(request, "office/plan/adopt.html", context, status=status)


@require_POST
@office_page("plan-abandon")
def abandon(request: HttpRequest, number: str) -> HttpResponse:
    """Put a document aside; it stays readable."""
    act(
        request,
        verb=lambda: services.adopt(number=number, abandon=True, at=timezone.now(), by=actor(request)),
        done=lambda _: "文稿已作废，现行版本没有变动",
    )
    return redirect("office:plan-draft", number=number)


@require_safe
@office_page("plan-versions")
def versions(request: HttpRequest) -> HttpResponse:
    """Every version, newest first."""
    return render(request, "office/plan/versions.html", {"section": "plan-versions", "versions": plan.versions()})


@require_safe
@office_page("plan-version")
def version(request: HttpRequest, version: int) -> HttpResponse:
    """One version as it was frozen, with what differs from the one before."""
    found = plan.version(version)
    context = {
        "section": "plan-versions",
        "version": found,
        "current": plan.versions()[0].version == found.version,
        "draft": Draft.from_json(plan.version_content(version)),
    }
    return render(request, "office/plan/version.html", context)


@require_safe
@office_page("plan-version-json")
def version_json(request: HttpRequest, version: int) -> HttpResponse:
    """The frozen content: the very bytes whose hash the version has."""
    response = HttpResponse(canonical_json(dict(plan.version_content(version))), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="plan-version-{version}.json"'
    return response
