"""How often one address may write to the county: counted for an hour in the cache, never stored with what was said."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address

from django.core.cache import cache
from django.http import HttpRequest

from tanhui.kernel.crypto import key_ring
from tanhui.kernel.errors import Busy

AN_HOUR = 3600
MOST_AN_HOUR = 5


def sender(request: HttpRequest) -> str:
    """The address that a request comes from; behind a proxy on this machine, the last one that the proxy added."""
    direct = request.META.get("REMOTE_ADDR") or ""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    try:
        local = not direct or ip_address(direct).is_loopback
    except ValueError:
        local = True
    return forwarded.rpartition(",")[2].strip()[:64] or direct if local else direct


def count_sent(request: HttpRequest, at: datetime, what: str = "意见") -> None:
    """Count one message of the sender, known only by a keyed hash; `what` it is, in a word, for the sentence.

    Raises Busy when the hour's number, over messages of all kinds, is reached.
    """
    hour = int(at.timestamp()) // AN_HOUR
    key = f"portal:sent:{key_ring().keyed_hash('portal feedback', f'{hour} {sender(request)}').hex()}"
    cache.add(key, 0, AN_HOUR)
    if cache.incr(key) > MOST_AN_HOUR:
        raise Busy(f"一小时内最多提交{MOST_AN_HOUR}条{what}", fix="请过一小时再来，或打服务电话")
