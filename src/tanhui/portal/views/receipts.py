"""How was this number made: the receipt that a resident shared, for anybody who has its number."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tanhui.kernel.errors import TanhuiError
from tanhui.scenarios import queries as scenarios
from tanhui_methods import MethodError


@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """Ask for a number."""
    number = request.GET.get("number", "").strip()
    if "/" in number:  # no number, and no address either
        return receipt(request, number[:60])
    if number:
        return redirect("portal:receipt", number=number[:60])
    return render(request, "portal/receipts.html", {"section": "receipts"})


@require_safe
@never_cache
def receipt(request: HttpRequest, number: str) -> HttpResponse:
    """Evidence, method, factors, arithmetic at three depths and the ledger's transfer; nothing about the person."""
    try:
        found = scenarios.receipt(number)
    except TanhuiError as error:
        context = {"section": "receipts", "number": number, "error": error}
        return render(request, "portal/receipts.html", context, status=error.status)
    context = {
        "section": "receipts",
        "number": number,
        "receipt": found,
        "line": found.line,
        "method_url": _method_url(found.rule_hash),
    }
    response = render(request, "portal/receipt.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def _method_url(rule_hash: str) -> str:
    """Where the portal shows that very version; empty where the files have moved on."""
    try:
        methods = scenarios.library().methods
    except MethodError:
        return ""
    found = next((method for method in methods if method.rule_hash == rule_hash), None)
    return reverse("portal:method-version", args=[found.family, found.name, found.version]) if found else ""
