"""Who may do what: one matrix of permission names and roles, as predicates of the library `rules`.

A permission is asked with a scope (`user.has_perm("scenarios.settle", scope)`); without one it asks whether the
user may do it anywhere, which is what menus need.
"""

from __future__ import annotations

from typing import Any

import rules.permissions
import rules.predicates

from tanhui.parties.models import RoleGrant
from tanhui.parties.types import Role, Scope

_STAFF = tuple(Role)
_OFFICE = (Role.ADMINISTRATOR, Role.OPERATOR, Role.COMMITTEE, Role.AUDITOR)
_PLAN = (Role.ACTION_OFFICE, Role.OFFICER, Role.REVIEWER)

MATRIX: dict[str, tuple[Role, ...]] = {
    # the office itself
    "office.enter": _STAFF,
    "parties.look": (Role.ADMINISTRATOR, Role.OPERATOR, Role.AUDITOR),
    # people
    "parties.register_resident": (Role.OPERATOR, Role.CLERK),
    "parties.register_organization": (Role.OPERATOR,),
    "parties.register_staff": (Role.ADMINISTRATOR,),
    "parties.check_identity": (Role.CLERK,),
    "parties.relate": (Role.OPERATOR, Role.CLERK),
    "parties.grant": (Role.ADMINISTRATOR,),
    "parties.bind": (Role.OPERATOR,),
    "parties.erase": (Role.OPERATOR,),
    "parties.export": (Role.OPERATOR,),
    "parties.audit": (Role.AUDITOR,),
    # the chain
    "scenarios.look": (*_OFFICE, Role.PARTNER),
    "scenarios.admit_source": (Role.OPERATOR,),
    "scenarios.submit": (Role.OPERATOR, Role.PARTNER, Role.CLERK),
    "scenarios.withdraw": (Role.OPERATOR, Role.PARTNER),
    "scenarios.contest": (Role.CLERK,),
    "scenarios.rule": (Role.OPERATOR,),
    "scenarios.settle": (Role.OPERATOR,),
    "scenarios.replay": (Role.OPERATOR, Role.COMMITTEE),
    "scenarios.propose_method": (Role.OPERATOR,),
    "scenarios.sign_method": (Role.COMMITTEE,),
    # the books
    "ledger.look": _OFFICE,
    "ledger.reverse": (Role.OPERATOR,),
    "ledger.close_period": (Role.OPERATOR,),
    # what points buy; who redeems at a merchant's is told by the merchant's staff, not by a role
    "rewards.look": (*_OFFICE, Role.FINANCE),
    "rewards.admit": (Role.OPERATOR,),
    "rewards.offer": (Role.OPERATOR,),
    "rewards.clear": (Role.OPERATOR,),
    "rewards.approve": (Role.FINANCE,),
    "rewards.fund": (Role.FINANCE,),
    # what villages and teams do; a clerk within the division of the role
    "community.look": (*_OFFICE, Role.CLERK),
    "community.run": (Role.OPERATOR,),
    "community.serve": (Role.OPERATOR, Role.CLERK),
    # cases of suspected misuse: who decides an appeal did not decide the case
    "integrity.look": (Role.OPERATOR, Role.AUDITOR, Role.COMMITTEE),
    "integrity.decide": (Role.OPERATOR,),
    "integrity.appeal": (Role.COMMITTEE,),
    # the plan: departments file and review within their own scope, the working group in all of them
    "plan.look": (*_OFFICE, *_PLAN),
    "plan.draft": (Role.ACTION_OFFICE,),
    "plan.adopt": (Role.ACTION_OFFICE,),
    "plan.define": (Role.ACTION_OFFICE,),
    "plan.file": (Role.ACTION_OFFICE, Role.OFFICER),
    "plan.review": (Role.ACTION_OFFICE, Role.REVIEWER),
    "plan.supervise": (Role.ACTION_OFFICE,),
    "plan.publish": (Role.ACTION_OFFICE,),
}


def active_roles(user_id: int) -> list[tuple[Role, Scope]]:
    """The roles that a user holds now, with their scopes."""
    grants = RoleGrant.objects.filter(user_id=user_id, ended_at__isnull=True).values_list("role", "scope")
    return [(Role(role), Scope.parse(scope)) for role, scope in grants]


def holds(*roles: Role) -> Any:
    """A predicate of `rules`: the user holds one of these roles where the scope asks (or anywhere, without one)."""

    def test(user: Any, scope: Scope | None = None) -> bool:
        if user is None or user.pk is None or not user.is_active:
            return False
        return any(
            role in roles and (not isinstance(scope, Scope) or held.covers(scope))
            for role, held in active_roles(user.pk)
        )

    return rules.predicates.Predicate(test, name=f"holds:{'/'.join(roles)}")


def register_permissions() -> None:
    """Tell the library `rules` the matrix."""
    for name, roles in MATRIX.items():
        rules.permissions.set_perm(name, holds(*roles))  # type: ignore[no-untyped-call]
