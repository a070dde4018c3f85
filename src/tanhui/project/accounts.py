"""Staff accounts: made by an administrator, never by sign-up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):
    """Closes the sign-up that allauth would offer."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
