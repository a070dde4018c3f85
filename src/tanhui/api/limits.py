"""Rate limits: a fixed window a caller, counted in the database, so that all processes share it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from django.db import connection
from django.http import HttpRequest

from tanhui.api.models import RateWindow
from tanhui.api.problems import TooManyRequests
from tanhui.kernel.crypto import key_ring

WINDOW_S = 60

# Requests a minute. A partner's five hundred events a request at 6,000 a minute are fifty thousand events a second.
LIMITS = {"partner": 6000, "merchant": 600, "resident": 300, "open": 240, "report": 6, "sign_in": 30, "refused": 300}
"""`refused` counts requests of one address with a wrong token or signature: guessing is slow."""

_COUNT = """
INSERT INTO api_rate_window AS w (key, starts_at, count) VALUES (%(key)s, %(starts_at)s, 1)
ON CONFLICT (key) DO UPDATE SET starts_at = EXCLUDED.starts_at,
  count = CASE WHEN w.starts_at = EXCLUDED.starts_at THEN w.count + 1 ELSE 1 END
RETURNING count
"""


def caller_address(request: HttpRequest) -> str:
    """The caller's address; behind a proxy on this machine, the last address that the proxy added."""
    direct = request.META.get("REMOTE_ADDR") or ""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    try:
        local = not direct or ip_address(direct).is_loopback
    except ValueError:
        local = True
    return forwarded.rpartition(",")[2].strip()[:64] or direct if local else direct


def count_open(request: HttpRequest) -> None:
    """Count a request that needs no sign-in, by its address. Raises TooManyRequests."""
    count("open", caller_address(request), request.received_at)  # type: ignore[attr-defined]


def count(scope: str, caller: str, at: datetime) -> None:
    """Count one request of `caller` (kept as a keyed hash). Raises TooManyRequests when the window is full."""
    seconds = int(at.timestamp())
    starts_at = datetime.fromtimestamp(seconds - seconds % WINDOW_S, UTC)
    key = key_ring().keyed_hash("rate window", f"{scope} {caller}")[:16]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": key, "starts_at": starts_at})
        found = cursor.fetchone()[0]
    if found == 1 and secrets.randbelow(500) == 0:
        RateWindow.objects.filter(starts_at__lt=starts_at - timedelta(hours=1)).delete()
    if found > LIMITS[scope]:
        wait = WINDOW_S - seconds % WINDOW_S
        raise TooManyRequests(
            f"一分钟内超过 {LIMITS[scope]} 次请求", fix=f"{wait} 秒后再试", detail={"retry_after_s": wait}
        )
