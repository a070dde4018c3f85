"""The forms of the account pages, worded for the office: what to type, without placeholders that vanish."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp

_CODE = {"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}


class _Worded:
    """Takes placeholders away; the first field is where the cursor stands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        for place, field in enumerate(fields.values()):
            field.widget.attrs.pop("placeholder", None)
            if place == 0:
                field.widget.attrs["autofocus"] = True
        if "code" in fields:
            fields["code"].label = "动态验证码"
            fields["code"].widget.attrs.update(_CODE)


class SignInForm(_Worded, account.LoginForm):
    """Name and password."""


class PasswordAgainForm(_Worded, account.ReauthenticateForm):
    """The password once more."""


class NewPasswordForm(_Worded, account.ChangePasswordForm):
    """The old password and a new one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = "至少十位，不要用常见的密码，也不要用自己的姓名或账号。"


class CodeForm(_Worded, mfa.AuthenticateForm):
    """The code, at sign-in."""


class CodeAgainForm(_Worded, mfa.ReauthenticateForm):
    """The code once more."""


class FirstCodeForm(_Worded, totp.ActivateTOTPForm):
    """The first code, which shows that the phone has the secret."""
