"""Staff accounts that no signed-in administrator can make: the first one, and those of a demo county."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tanhui.kernel.errors import Conflict, NotFound
from tanhui.parties import queries
from tanhui.parties import services as parties
from tanhui.parties.types import COUNTY, Actor, Role, Scope, StaffDetails, StaffRef

SYSTEM = Actor.system("project")


@transaction.atomic
def first_administrator(*, username: str, display_name: str, password: str, at: datetime) -> StaffRef:
    """The first administrator, who makes everybody else. Raises Conflict where the trail knows one already."""
    if queries.audit_trail(action="project.first_administrator", limit=1):
        raise Conflict("已有系统管理员", where="--first-administrator", fix="请现任管理员登记，写 --by 用户名")
    user = parties.register(
        details=StaffDetails(username=username, display_name=display_name, password=password), at=at, by=SYSTEM
    )
    parties.grant(user_id=user.id, role=Role.ADMINISTRATOR, at=at, by=SYSTEM)
    parties.record(actor=SYSTEM, action="project.first_administrator", target=f"staff:{username}", at=at)
    return user


@transaction.atomic
def staff_without_role(*, username: str, display_name: str, password: str, at: datetime) -> StaffRef:
    """An account that may only what it is taken on for elsewhere, as a merchant's staff; found where it exists."""
    try:
        return queries.staff(username)
    except NotFound:
        details = StaffDetails(username=username, display_name=display_name, password=password)
        return parties.register(details=details, at=at, by=SYSTEM)


@transaction.atomic
def staff_with_role(
    *, username: str, display_name: str, password: str, role: Role, at: datetime, scope: Scope = COUNTY
) -> StaffRef:
    """A member of staff with one role within a scope; found where it exists already, and left as it is."""
    try:
        return queries.staff(username)
    except NotFound:
        user = parties.register(
            details=StaffDetails(username=username, display_name=display_name, password=password), at=at, by=SYSTEM
        )
        parties.grant(user_id=user.id, role=role, scope=scope, at=at, by=SYSTEM)
        return user
