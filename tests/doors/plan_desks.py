"""Who sits at the departments' desks in tests, and how a page is opened, a form posted, a field read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.doors.desk import enter, hire
from tests.doors.lasting import lasting
from tests.doors.pages import Page
from tests.doors.plan_world import EDUCATION, FORESTRY, PDF, file_training, open_plan, plan_step
from tests.rooms.scenarios.world import START

from tanhui.parties.models import User
from tanhui.parties.types import Actor, Role, Scope
from tanhui.plan import queries, services

ROW = {
    "value_title": "油茶修剪二期（示例）",
    "value_held_on": "2025-06-01",
    "value_people": "35",
    "value_audience": "林农",
    "value_township": "三市镇",
    "value_spot": "113.581",
    "value_spot_latitude": "28.702",
    "department": FORESTRY,
}


def of(username: str, role: Role, department: str) -> User:
    """Somebody of a department."""
    return hire(username, role, scope=Scope("organization", department))


@pytest.fixture(scope="module")
def numbers(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """The plan in force, one approved row, one that waits, one sub-task."""
    with lasting(django_db_blocker):
        open_plan()
        officer, reviewer = of("lin", Role.OFFICER, FORESTRY), of("shen", Role.REVIEWER, FORESTRY)
        by = Actor.staff(officer)
        approved, waiting = file_training(by), file_training(by, "苗圃管理（示例）")
        services.review(numbers=[approved], approve=True, at=START, by=Actor.staff(reviewer))
        step = plan_step(by)
        yield {"officer": officer, "reviewer": reviewer, "approved": approved, "waiting": waiting, "step": step}


@pytest.fixture
def plan(numbers: dict[str, Any], db: None) -> dict[str, Any]:
    """The plan of this file, within the test's own transaction."""
    return numbers


@pytest.fixture
def officer(plan: dict[str, Any]) -> Client:
    """Forestry's officer at the desk."""
    return enter(plan["officer"])


@pytest.fixture
def reviewer(plan: dict[str, Any]) -> Client:
    """Forestry's reviewer at the desk."""
    return enter(plan["reviewer"])


@pytest.fixture
def group(plan: dict[str, Any]) -> Client:
    """The working group at its desk."""
    return enter(hire("group", Role.ACTION_OFFICE))


def get(client: Client, page: str, *arguments: Any, **query: str) -> Page:
    """Open a page of the office; it must be there and be a sound page."""
    response: Any = client.get(reverse(f"office:{page}", args=arguments), query)
    assert response.status_code == 200, (page, response.status_code)
    seen = Page(response)
    assert seen.faults() == [], page
    return seen


def post(client: Client, page: str, *arguments: Any, data: dict[str, Any] | None = None, status: int = 200) -> Page:
    """Send a form and follow where it leads; the page at the end must be sound."""
    response: Any = client.post(reverse(f"office:{page}", args=arguments), data or {}, follow=True)
    assert response.status_code == status, (page, response.status_code, Page(response).text[-400:])
    seen = Page(response)
    assert seen.faults() == [], page
    return seen


def proof(name: str = "签到.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    """A file of evidence."""
    return SimpleUploadedFile(name, content)


def value(page: Page, name: str) -> str:
    """What stands in an input."""
    return next(each["value"] for each in page.all("input") if each.get("name") == name)


def state(number: str) -> str:
    """The state of a record."""
    return queries.record(number).state


@pytest.fixture
def teacher(plan: dict[str, Any]) -> Client:
    """Education's officer at the desk."""
    return enter(of("jiao", Role.OFFICER, EDUCATION))
