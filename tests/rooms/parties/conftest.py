"""People that the tests of the room meet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

import pytest

from tanhui.parties.queries import party_by_id
from tanhui.parties.services import grant, register
from tanhui.parties.types import (
    COUNTY,
    Actor,
    DivisionRow,
    DivisionTable,
    LoginId,
    PartyRef,
    Purpose,
    ResidentDetails,
    Role,
    Scope,
    StaffDetails,
)

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SYSTEM = Actor.system("tests")
ALL = dict.fromkeys(Purpose, "v1")

DIVISIONS = DivisionTable(
    (
        DivisionRow("430626000000", "平江县", "county", code="430626"),
        DivisionRow("430626104000", "长寿镇", "township", "430626000000", "430626104"),
        DivisionRow("430626104001", "长寿社区", "village", "430626104000"),
        DivisionRow("430626118000", "上塔市镇", "township", "430626000000"),
    )
)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def join() -> Callable[..., PartyRef]:
    """Lets a resident join, with every consent unless told otherwise."""
    numbers = count()

    def one(**details: object) -> PartyRef:
        fields: dict[str, object] = {"login": LoginId("wechat", f"openid-{next(numbers)}"), "consents": ALL}
        fields.update(details)
        guardian = details.get("guardian_id")
        by = None if guardian is None else Actor.resident(party_by_id(guardian))  # type: ignore[arg-type]
        return register(details=ResidentDetails(**fields), at=AT, by=by)  # type: ignore[arg-type]

    return one


@pytest.fixture
def hire() -> Callable[..., Actor]:
    """Makes a member of staff with these roles, each in the scope given."""
    numbers = count()

    def one(*roles: Role, scope: Scope = COUNTY) -> Actor:
        name = f"staff-{next(numbers)}"
        ref = register(details=StaffDetails(name, "", "correct horse battery 9"), at=AT, by=SYSTEM)
        for role in roles:
            grant(user_id=ref.id, role=role, scope=scope, at=AT, by=SYSTEM)
        return Actor(name=f"staff:{name}", user_id=ref.id)

    return one


@pytest.fixture
def divisions(db: None) -> None:
    register(details=DIVISIONS, at=AT)
