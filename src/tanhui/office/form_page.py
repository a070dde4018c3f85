"""A form on a page of its own: asked, tried, and shown again with the reason where a room refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tanhui.kernel.errors import TanhuiError
from tanhui.office.plan_forms import show_refusal


def form_page(
    request: HttpRequest,
    form: forms.Form,
    save: Callable[[], str],
    *,
    template: str = "office/form.html",
    **context: Any,
) -> HttpResponse:
    """Saved, it leads to the address that `save` returns; refused, nothing typed is lost.

    `office/form.html` is told `section`, `title` and `back`, where wanted also `lead`, `verb` (else 保存) and `crumbs`:
    addresses with their words.
    """
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return redirect(save())
            except TanhuiError as error:
                show_refusal(form, error)
                status = error.status
    return render(request, template, {**context, "form": form}, status=status)
