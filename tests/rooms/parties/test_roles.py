"""Roles by scope, the permission matrix, and the read-only window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.test import RequestFactory

from tanhui.kernel.admin import ReadOnlyAdmin
from tanhui.kernel.errors import Conflict, Forbidden, NotFound
from tanhui.parties import models, queries
from tanhui.parties.permissions import MATRIX
from tanhui.parties.services import grant
from tanhui.parties.types import COUNTY, Actor, Role, Scope

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
SYSTEM = Actor.system("tests")
ROOMS = {"parties", "scenarios", "ledger", "api", "plan", "rewards", "community", "integrity"}


def user_of(actor: Actor) -> models.User:
    return models.User.objects.get(pk=actor.user_id)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_the_matrix_says_and_nothing_else(hire, role):
    user = user_of(hire(role))
    assert {name for name in MATRIX if user.has_perm(name)} == {name for name, roles in MATRIX.items() if role in roles}
    assert not user.has_perm("parties.invented")


def test_nobody_does_alone_what_two_should_do():
    """The duties that must never meet in one role."""
    for one, other in [
        ("parties.grant", "parties.audit"),
        ("parties.grant", "scenarios.settle"),
        ("scenarios.propose_method", "scenarios.sign_method"),
        ("ledger.reverse", "parties.audit"),
    ]:
        assert not set(MATRIX[one]) & set(MATRIX[other]), (one, other)


def test_no_role_and_no_login_mean_no_permission(hire):
    clerk = hire()
    assert not any(user_of(clerk).has_perm(name) for name in MATRIX)
    dismissed = user_of(hire(Role.OPERATOR))
    dismissed.is_active = False
    assert not any(dismissed.has_perm(name) for name in MATRIX)
    assert not queries.has_role(dismissed, Role.OPERATOR)
    assert not models.User(username="unsaved").has_perm("office.enter")


def test_a_scoped_role_holds_there_only_but_opens_the_menu(hire):
    user = user_of(hire(Role.PARTNER, scope=Scope("source", "demo-bus")))

    assert user.has_perm("scenarios.submit")
    assert user.has_perm("scenarios.submit", Scope("source", "demo-bus"))
    assert not user.has_perm("scenarios.submit", Scope("source", "demo-e-bike"))
    assert not user.has_perm("scenarios.submit", COUNTY)
    assert queries.has_role(user, Role.PARTNER, Scope("source", "demo-bus"))
    assert not queries.has_role(user, Role.PARTNER)


def test_granting_and_taking_back(hire):
    administrator, other = hire(Role.ADMINISTRATOR), hire()
    assert other.user_id is not None
    given = {"user_id": other.user_id, "role": Role.OPERATOR, "by": administrator}
    ref = grant(**given, at=AT)

    assert grant(**given, at=AT) == ref
    assert queries.roles_of(other.user_id) == [ref]
    assert grant(**given, at=AT + timedelta(days=1), given=False) is None
    assert grant(**given, at=AT + timedelta(days=1), given=False) is None
    assert queries.roles_of(other.user_id) == []
    assert not user_of(other).has_perm("scenarios.settle")
    assert [entry.detail["given"] for entry in queries.audit_trail(actor=administrator.name)] == [False, True]


def test_only_administrators_grant_and_never_to_themselves(hire):
    administrator, operator, other = hire(Role.ADMINISTRATOR), hire(Role.OPERATOR), hire()
    for hand, receiver in ((operator, other), (other, operator), (administrator, administrator)):
        with pytest.raises(Forbidden):
            grant(user_id=receiver.user_id, role=Role.OPERATOR, at=AT, by=hand)
    with pytest.raises(NotFound):
        grant(user_id=10**9, role=Role.OPERATOR, at=AT, by=administrator)


def test_an_auditor_holds_no_other_role(hire):
    auditor, operator = hire(Role.AUDITOR), hire(Role.OPERATOR)
    for receiver, role in ((auditor, Role.CLERK), (operator, Role.AUDITOR), (operator, Role.COMMITTEE)):
        with pytest.raises(Conflict):
            grant(user_id=receiver.user_id, role=role, at=AT, by=SYSTEM)


def test_the_database_holds_one_grant_at_a_time_and_none_to_oneself(hire):
    operator = hire(Role.OPERATOR)
    for by in (None, operator.user_id):
        scope = "" if by is None else "source:x"
        with pytest.raises(IntegrityError), transaction.atomic():
            models.RoleGrant.objects.create(
                user_id=operator.user_id, role="operator", scope=scope, granted_by_id=by, started_at=AT
            )


# The window


def windows() -> list[tuple[type, ReadOnlyAdmin]]:
    return [(model, one) for model, one in admin.site._registry.items() if model._meta.app_label == "parties"]


def test_every_table_has_a_window_and_none_can_be_written_through():
    request = RequestFactory().get("/")
    shown = {model for model, _ in windows()}
    tables = {
        model
        for model in vars(models).values()
        if isinstance(model, type) and model.__module__ == models.__name__ and hasattr(model, "_meta")
    }
    assert shown == tables
    for _, window in windows():
        assert isinstance(window, ReadOnlyAdmin)
        assert not window.has_add_permission(request)
        assert not window.has_change_permission(request)
        assert not window.has_delete_permission(request)


def test_the_window_is_open_to_those_who_may_look(hire):
    for role, expected in ((Role.AUDITOR, True), (Role.ADMINISTRATOR, True), (Role.PARTNER, False)):
        request = RequestFactory().get("/")
        request.user = user_of(hire(role))
        assert request.user.is_staff
        assert not request.user.is_superuser
        for _, window in windows():
            assert window.has_view_permission(request) is expected
        assert request.user.has_module_perms("parties") is expected
        shown = {one["app_label"] for one in admin.site.get_app_list(request)}
        assert shown == (ROOMS if expected else set())
        assert not request.user.has_perm("mfa.view_authenticator")
        assert not request.user.has_perm("parties.change_resident")


def test_secrets_keys_and_ciphertexts_are_in_no_window(hire):
    request = RequestFactory().get("/")
    request.user = user_of(hire(Role.AUDITOR))
    hidden = {"password", "ciphertext", "blind_index", "login_key", "subject_key", "entry_hash", "birth_year"}
    for _, window in windows():
        assert not hidden & set(window.get_fields(request))
        assert not hidden & set(window.get_list_display(request))
