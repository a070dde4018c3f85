"""WeChat's `code2session`: the real one over HTTPS, and a local one that answers in the same way.

Source: 微信小程序文档, auth.code2Session: GET https://api.weixin.qq.com/sns/jscode2session with appid, secret,
js_code, grant_type=authorization_code; HTTP 200 always, failures as {"errcode": …, "errmsg": …}.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

from django.conf import settings

from tanhui.parties.types import SignInBusy, SignInRefused, WechatCodeSession, WechatIdentity

ADDRESS = "https://api.weixin.qq.com/sns/jscode2session"
TIMEOUT_S = 5
ANSWER_LIMIT_BYTES = 64 * 1024

_TRY_LATER = {-1: "微信系统繁忙", 45011: "登录过于频繁"}
_NEW_CODE = {40029: "登录凭证无效", 40163: "登录凭证已被使用", 41008: "缺少登录凭证"}
_BLOCKED = {40226: "微信判定为高风险用户，不能登录"}
_SETTINGS = {40013: "小程序 AppID 不正确", 40125: "小程序密钥不正确", 41002: "缺少 AppID", 41004: "缺少小程序密钥"}

Fetch = Callable[[str], bytes]


def fetch_over_https(url: str) -> bytes:
    """The body of one GET request. Raises OSError."""
    request = Request(url, headers={"Accept": "application/json"})  # noqa: S310  (our own constant, https)
    with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        return bytes(answer.read(ANSWER_LIMIT_BYTES))


@dataclass(frozen=True)
class CodeSession:
    """Exchanges a code by `fetch`. The session key that comes along is dropped here and goes nowhere."""

    app_id: str
    app_secret: str = field(repr=False)
    fetch: Fetch = fetch_over_https

    def exchange(self, code: str, *, at: datetime) -> WechatIdentity:
        """The identity behind a code. Raises SignInRefused or SignInBusy."""
        query = {
            "appid": self.app_id,
            "secret": self.app_secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            answer = json.loads(self.fetch(f"{ADDRESS}?{urlencode(query)}"))
        except (URLError, OSError, ValueError) as error:
            # The address holds the secret: it must not travel with the error.
            raise SignInBusy("连不上微信登录服务", where="code2session", fix="稍后再试") from _without_url(error)
        if not isinstance(answer, dict):
            raise SignInBusy("微信登录服务的回答无法识别", where="code2session", fix="稍后再试")
        _refuse(answer)
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise SignInBusy("微信登录服务没有给出用户标识", where="code2session", fix="稍后再试")
        return WechatIdentity(openid=openid)


def _without_url(error: Exception) -> Exception:
    return OSError(type(error).__name__)


def _refuse(answer: Mapping[str, Any]) -> None:
    code = answer.get("errcode", 0)
    detail = {"errcode": code}
    if code == 0:
        return
    if code in _TRY_LATER:
        raise SignInBusy(_TRY_LATER[code], where="code2session", fix="稍后再试", detail=detail)
    if code in _NEW_CODE:
        fix = "请重新打开小程序再登录"
        raise SignInRefused(_NEW_CODE[code], where="code2session", fix=fix, detail=detail)
    if code in _BLOCKED:
        raise SignInRefused(_BLOCKED[code], where="code2session", fix="请到便民服务点由代办员办理", detail=detail)
    if code in _SETTINGS:
        fix = "请系统管理员核对小程序设置"
        raise SignInBusy(_SETTINGS[code], where="code2session", fix=fix, detail=detail)
    raise SignInBusy(f"微信登录失败（{code}）", where="code2session", fix="稍后再试", detail=detail)


class LocalWechat:
    """A WeChat server for tests and demonstrations: same question, same answers, same refusals.

    Codes are valid once and for five minutes; one user may sign in 100 times a minute; the openid differs by app.
    """

    CODE_LIFE = timedelta(minutes=5)
    RATE = 100
    RATE_PERIOD = timedelta(minutes=1)

    def __init__(self, app_id: str, app_secret: str, clock: Callable[[], datetime]) -> None:
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._codes: dict[str, tuple[str, datetime]] = {}
        self._used: set[str] = set()
        self._calls: dict[str, deque[datetime]] = {}
        self._count = 0
        self._lock = threading.Lock()
        self.blocked: set[str] = set()

    def login(self, user: str) -> str:
        """What `wx.login()` gives on the phone of that user: a fresh code of 32 characters."""
        with self._lock:
            self._count += 1
            code = "0" + hashlib.sha256(f"{self._count}:{user}".encode()).hexdigest()[:31]
            self._codes[code] = (user, self._clock())
            return code

    def openid_of(self, user: str) -> str:
        """The openid of that user in this app, 28 characters."""
        return "o" + hashlib.sha256(f"{self._app_id}:{user}".encode()).hexdigest()[:27]

    def fetch(self, url: str) -> bytes:
        """Answer as `https://api.weixin.qq.com/sns/jscode2session` does."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        with self._lock:
            return json.dumps(self._answer(query)).encode()

    def _answer(self, query: Mapping[str, str]) -> dict[str, Any]:
        now = self._clock()
        code = query.get("js_code", "")
        if not query.get("appid"):
            return _failure(41002, "appid missing")
        if query["appid"] != self._app_id:
            return _failure(40013, "invalid appid")
        if not query.get("secret"):
            return _failure(41004, "appsecret missing")
        if query["secret"] != self._app_secret:
            return _failure(40125, "invalid appsecret")
        if not code:
            return _failure(41008, "missing code")
        if code in self._used:
            return _failure(40163, "code been used")
        user, issued_at = self._codes.get(code, ("", now))
        if not user or now - issued_at >= self.CODE_LIFE:
            return _failure(40029, "invalid code")
        if self._too_often(user, now):
            return _failure(45011, "api minute-quota reach limit  mustslower  retry next minute")
        self._used.add(code)
        if user in self.blocked:
            return _failure(40226, "code blocked")
        session_key = hashlib.sha256(f"{code}:session".encode()).hexdigest()[:22] + "=="
        return {"session_key": session_key, "openid": self.openid_of(user)}

    def _too_often(self, user: str, now: datetime) -> bool:
        calls = self._calls.setdefault(user, deque())
        while calls and now - calls[0] >= self.RATE_PERIOD:
            calls.popleft()
        calls.append(now)
        return len(calls) > self.RATE


def _failure(code: int, message: str) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"{message}, rid: 00000000-00000000-00000000"}


@lru_cache(maxsize=4)
def _session(app_id: str, app_secret: str) -> WechatCodeSession:
    return CodeSession(app_id, app_secret)


def session_from_settings() -> WechatCodeSession:
    """The real session of `TANHUI_WECHAT_APP_ID` and `TANHUI_WECHAT_APP_SECRET`. Raises SignInRefused without them."""
    app_id = getattr(settings, "TANHUI_WECHAT_APP_ID", "")
    app_secret = getattr(settings, "TANHUI_WECHAT_APP_SECRET", "")
    if not app_id or not app_secret:
        fix = "请系统管理员设置 TANHUI_WECHAT_APP_ID 和 TANHUI_WECHAT_APP_SECRET"
        raise SignInRefused("微信登录尚未开通", where="sign_in", fix=fix)
    return _session(app_id, app_secret)
