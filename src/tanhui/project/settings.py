"""Settings of Django, all from the environment or from `var/`; nothing here is a secret and nothing is Pingjiang.

| variable | meaning | default |
| --- | --- | --- |
| `DATABASE_URL` | any PostgreSQL ≥ 15 | the embedded PostgreSQL in `var/` |
| `TANHUI_COUNTY` | folder under `counties/` | `pingjiang` |
| `TANHUI_VAR` | folder of everything that is made at run time | `var/` of the checkout |
| `TANHUI_PUBLIC_URL` | address that people type; `https` turns secure cookies and HSTS on | `http://127.0.0.1:8000` |
| `TANHUI_ALLOWED_HOSTS` | further host names, by comma | none |
| `TANHUI_DB_POOL` | pooled connections of one process; 0 = one a thread | `0` (web: `16`) |
| `TANHUI_DEBUG` | `1` shows tracebacks in the browser | `0` |
| `TANHUI_DEMO` | `1`: a demo county, where residents may be invented and development sign-in works | `0` |
| `TANHUI_SECRET_…` | see `tanhui.project.secrets` | `var/secrets.json` |
| `TANHUI_CIPHER_SUITE` | `SM` or `INTL`, for what is encrypted from now on | `SM` |
| `TANHUI_LOOKUP_SUITE` | the same for keyed hashes; chosen once, before the first resident | `SM` |
| `TANHUI_RETIRED_KEYS` | older encryption keys, still needed to read: `SM:<hex> INTL:<hex>` | none |
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from tanhui.kernel.county import PROJECT_ROOT
from tanhui.kernel.days import COUNTY_ZONE
from tanhui.project.database import database_settings
from tanhui.project.log import logging_settings
from tanhui.project.secrets import load_secrets

django_stubs_ext.monkeypatch()

VAR = Path(os.environ.get("TANHUI_VAR") or PROJECT_ROOT / "var")
TANHUI_COUNTY = os.environ.get("TANHUI_COUNTY") or "pingjiang"
TANHUI_DEMO = os.environ.get("TANHUI_DEMO") == "1"
TANHUI_PUBLIC_URL = (os.environ.get("TANHUI_PUBLIC_URL") or "http://127.0.0.1:8000").rstrip("/")
TANHUI_SECRETS = load_secrets(VAR)
TANHUI_CIPHER_SUITE = os.environ.get("TANHUI_CIPHER_SUITE") or "SM"
TANHUI_LOOKUP_SUITE = os.environ.get("TANHUI_LOOKUP_SUITE") or "SM"
TANHUI_RETIRED_KEYS = os.environ.get("TANHUI_RETIRED_KEYS") or ""

DEBUG = os.environ.get("TANHUI_DEBUG") == "1"
SECRET_KEY = TANHUI_SECRETS["django"].hex()

_public = urlsplit(TANHUI_PUBLIC_URL)
_further_hosts = [host.strip() for host in os.environ.get("TANHUI_ALLOWED_HOSTS", "").split(",") if host.strip()]
ALLOWED_HOSTS = [_public.hostname or "localhost", "localhost", "127.0.0.1", "[::1]", *_further_hosts]
CSRF_TRUSTED_ORIGINS = [TANHUI_PUBLIC_URL]

INSTALLED_APPS = [
    "tanhui.project.apps.ProjectConfig",
    "tanhui.portal",
    "tanhui.office",
    "tanhui.api",
    "tanhui.plan",
    "tanhui.integrity",
    "tanhui.community",
    "tanhui.rewards",
    "tanhui.scenarios",
    "tanhui.ledger",
    "tanhui.parties",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rules.apps.AutodiscoverRulesConfig",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "tanhui.project.middleware.ContentSecurityPolicy",
    "tanhui.project.middleware.NoZeroBytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "tanhui.office.second_factor.SecondFactorRequired",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tanhui.project.urls"
WSGI_APPLICATION = "tanhui.project.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database_settings(os.environ, VAR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_USER_MODEL = "parties.User"
AUTHENTICATION_BACKENDS = [
    "rules.permissions.ObjectPermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Staff sign in by name and password with a second factor; nobody registers by himself.
ACCOUNT_ADAPTER = "tanhui.office.accounts.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "碳惠"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s: phones are late, and people type slowly (RFC 6238, section 5.2)
MFA_ADAPTER = "tanhui.office.accounts.StaffSecondFactorAdapter"
ACCOUNT_FORMS = {
    "login": "tanhui.office.account_forms.SignInForm",
    "reauthenticate": "tanhui.office.account_forms.PasswordAgainForm",
    "change_password": "tanhui.office.account_forms.NewPasswordForm",
}
MFA_FORMS = {
    "authenticate": "tanhui.office.account_forms.CodeForm",
    "reauthenticate": "tanhui.office.account_forms.CodeAgainForm",
    "activate_totp": "tanhui.office.account_forms.FirstCodeForm",
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/office/"
LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = COUNTY_ZONE.key
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
_static_files = "StaticFilesStorage"
if os.environ.get("TANHUI_STATIC_MANIFEST") == "1":  # served: names carry a hash, browsers may keep them
    _static_files = "ManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": f"django.contrib.staticfiles.storage.{_static_files}"},
}

_secure = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_AGE = None  # ends with the browser: a resident who writes feedback keeps nothing of this site
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _secure else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _secure else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

LOGGING_CONFIG = "tanhui.project.log.configure"
LOGGING = logging_settings(os.environ)
