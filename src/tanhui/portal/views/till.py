"""The till on a merchant's phone: a shell without anything personal, which works without network.

The phone is let in by a manager's code and knows itself by a token; the scripts do the rest through the api. Who signs
in by name uses the till of the office instead, which needs no script.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.rewards.types import CLOCK_TOLERANCE, OFFLINE_WINDOW, Outcome

SCRIPTS = tuple(
    f"tanhui/{name}.js" for name in ("offline/tokens", "offline/queue", "offline/upload", "offline/scan", "till")
)
_FILES = ("tanhui/tanhui.css", "tanhui/rewards.css", "tanhui/favicon.svg", *SCRIPTS)


@require_safe
def till(request: HttpRequest) -> HttpResponse:
    """The page; the same for everybody."""
    words = {each.value: {"message": each.label, "fix": each.advice} for each in Outcome}
    facts = {
        "api": "/api/v1/merchant/",
        "worker": reverse("portal:till-worker"),
        "zone": COUNTY_ZONE.key,
        "clock_tolerance_s": int(CLOCK_TOLERANCE.total_seconds()),
        "offline_window_s": int(OFFLINE_WINDOW.total_seconds()),
        "outcomes": words,
    }
    response = render(request, "portal/till/till.html", {"facts": facts, "scripts": SCRIPTS})
    response["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(), payment=()"
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, whose scope is the till alone."""
    kept = {
        "name": "till",
        "pages": [reverse("portal:till")],
        "files": _FILES,
        "more": [reverse("portal:brand"), reverse("portal:till-manifest")],
    }
    response = render(request, "tanhui/worker.js", kept, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the till on its first screen."""
    address = reverse("portal:till")
    icon = {"src": static("tanhui/favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    about = {
        "name": "碳惠核销",
        "short_name": "核销",
        "lang": "zh-Hans",
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "theme_color": "#0a6645",
        "background_color": "#ffffff",
        "icons": [icon],
    }
    return JsonResponse(about, content_type="application/manifest+json")
