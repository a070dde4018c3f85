"""Asking the public door for pages and files."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from tests.doors.pages import Page

PLAIN = ("home", "methods", "factors", "mall", "mall-funds", "budget", "receipts", "about", "privacy", "accessibility")
COMMUNITY = ("community", *(f"community-{each}" for each in ("points", "occasions", "quizzes", "teams")))
"""The pages of recycling and activities that have no argument."""
_PARTS = ("departments", "topics", "map", "registers", "reports", "cases", "feedback", "versions")
PLAN = ("plan", *(f"plan-{each}" for each in _PARTS))
"""The pages of the plan that have no argument."""


def page_of(client: Client, name: str, *args: Any, status: int = 200, **query: str) -> Page:
    """A page that answers with that status and has no faults."""
    response: Any = client.get(reverse(f"portal:{name}", args=args), query)
    assert response.status_code == status, response.content.decode()[:500]
    page = Page(response)
    assert page.faults() == []
    return page


def rows_of(response: HttpResponse) -> list[list[str]]:
    """The rows of a CSV file, header first."""
    text = response.content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))
