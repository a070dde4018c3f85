"""Members of staff who are signed in at the office, second factor and all."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.test import Client
from tests.rooms.scenarios.world import START

from tanhui.office.accounts import ENROLLED_HERE
from tanhui.parties import services as parties
from tanhui.parties.models import User
from tanhui.parties.types import COUNTY, Actor, Role, Scope, StaffDetails

SYSTEM = Actor.system("tests")


def hire(username: str, *roles: Role, scope: Scope = COUNTY) -> User:
    """A member of staff with these roles."""
    details = StaffDetails(username=username, display_name=f"职员{username}", password="correct horse battery 9")
    staff = parties.register(details=details, at=START, by=SYSTEM)
    for role in roles:
        parties.grant(user_id=staff.id, role=role, scope=scope, at=START, by=SYSTEM)
    return User.objects.get(pk=staff.id)


def enter(user: User) -> Client:
    """A browser in which that person is signed in and has shown a second factor."""
    factor = Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": ""})
    client = Client()
    client.force_login(user)
    session = client.session
    session[ENROLLED_HERE] = factor.pk
    session.save()
    return client
