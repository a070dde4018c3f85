"""Every error as problem details (RFC 9457), in Chinese, with a code that programs may match."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseNotAllowed
from django.utils import timezone
from django.views import defaults
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.responses import Response

from tanhui.kernel.errors import TanhuiError

CONTENT_TYPE = "application/problem+json"
READABLE: dict[str, Any] = {"json_dumps_params": {"ensure_ascii": False}}
MAX_BODY_BYTES = 2 * 1024 * 1024
_LOG = structlog.get_logger("tanhui.api")

TITLES: Mapping[int, str] = {
    400: "请求有误",
    401: "没有登录或签名无效",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种请求方法",
    409: "与已有记录冲突",
    410: "已注销",
    413: "请求太大",
    415: "不支持这种内容格式",
    422: "内容不符合要求",
    429: "请求太频繁",
    500: "服务器出错",
    503: "暂时不能服务",
}
_CODES: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "bad_input",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
# What pydantic says, in Chinese; its own English text is never shown.
_FAULTS: Mapping[str, str] = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项",
    "string_type": "须是文字",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "string_pattern_mismatch": "格式不对",
    "int_type": "须是整数",
    "int_parsing": "须是整数",
    "int_from_float": "须是整数",
    "bool_type": "须是 true 或 false",
    "bool_parsing": "须是 true 或 false",
    "enum": "不是允许的值",
    "literal_error": "不是允许的值",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
    "dict_type": "须是对象",
    "list_type": "须是数组",
    "model_attributes_type": "须是对象",
    "datetime_from_date_parsing": "不是 ISO 8601 时间",
    "datetime_parsing": "不是 ISO 8601 时间",
    "datetime_type": "不是 ISO 8601 时间",
    "timezone_aware": "时间须带时区",
    "date_parsing": "不是 ISO 8601 日期",
    "date_from_datetime_parsing": "不是 ISO 8601 日期",
    "date_type": "不是 ISO 8601 日期",
    "too_long": "太多",
    "value_error": "格式不对",
}


class TooManyRequests(TanhuiError):
    """The caller's window is full; `detail` has `retry_after_s`."""

    code = "too_many_requests"
    status = 429


class Unauthorized(TanhuiError):
    """No valid token or signature."""

    code = "unauthorized"
    status = 401


class UnsupportedMediaType(TanhuiError):
    """The content type is none that the operation reads."""

    code = "unsupported_media_type"
    status = 415


class MalformedRequest(TanhuiError):
    """The request cannot be read at all."""

    code = "bad_request"
    status = 400


def problem(
    status: int,
    *,
    code: str | None = None,
    detail: str = "",
    where: str = "",
    fix: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """A problem document. `code` is stable; `detail` says what and why, `where` the place, `fix` what to do."""
    code = code or _CODES.get(status, "error")
    body: dict[str, Any] = {
        "type": f"urn:tanhui:problem:{code}",
        "title": TITLES.get(status, "请求没有完成"),
        "status": status,
        "code": code,
        "detail": detail or TITLES.get(status, "请求没有完成"),
    }
    body |= {name: value for name, value in {"where": where, "fix": fix, "errors": errors}.items() if value}
    response = Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE, **READABLE)
    response["Cache-Control"] = "no-store"
    return response


def problem_of(error: TanhuiError) -> HttpResponse:
    """The problem document of an expected error."""
    headers = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if retry := error.detail.get("retry_after_s"):
        headers["Retry-After"] = str(retry)
    return problem(
        error.status, code=error.code, detail=error.message, where=error.where, fix=error.fix, headers=headers
    )


def register_handlers(api: NinjaAPI) -> None:
    """Let every exception of an operation end as a problem document."""
    api.add_exception_handler(TanhuiError, _expected)
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(AuthenticationError, _unauthenticated)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(OperationalError, _unavailable)
    api.add_exception_handler(Exception, _unexpected)


def _expected(request: HttpRequest, error: Any) -> HttpResponse:
    return problem_of(error)


def _unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer"}
    return problem(401, detail="没有登录，或登录已过期", fix="重新登录", headers=headers)


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if error.status_code == 400:
        return problem(400, code="bad_json", detail="请求正文不是合法的 JSON", fix="UTF-8 编码的 JSON，嵌套不要太深")
    return problem(error.status_code)


def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    errors = []
    for fault in error.errors[:20]:
        place = ".".join(str(part)[:60] for part in fault.get("loc", ()) if part not in ("body", "data", "payload"))
        errors.append({"where": place, "message": _FAULTS.get(str(fault.get("type")), "格式不对")})
    first = errors[0] if errors else {"where": "", "message": ""}
    detail = f"{first['where'] or '请求'}：{first['message']}"
    return problem(422, code="bad_input", detail=detail, fix="按接口文档改正后重试", errors=errors)


def _unavailable(request: HttpRequest, error: Any) -> HttpResponse:
    _LOG.error("api.database", path=request.path, exc_info=error)
    fix = "稍后原样重试；报送用同一报文编号，写操作用同一幂等键，不会重复"
    return problem(503, detail="数据库暂时连不上，没有存入任何数据", fix=fix, headers={"Retry-After": "10"})


def _unexpected(request: HttpRequest, error: Any) -> HttpResponse:
    _LOG.error("api.unexpected", path=request.path, error_type=type(error).__name__, exc_info=error)
    return problem(500, detail="服务器出错，没有存入任何数据", fix="稍后重试；仍不行请联系平台")


def as_problems(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a view of the api so that also what never reaches an operation ends as a problem document."""

    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.received_at = timezone.now()  # type: ignore[attr-defined]  # the one look at the clock
        refused = _refused_unread(request)
        if refused is not None:
            return refused
        try:
            response = view(request, *args, **kwargs)
        except RequestDataTooBig:
            return _too_large()
        except Http404:
            return no_such_path(request)
        if isinstance(response, HttpResponseNotAllowed):
            return problem(405, headers={"Allow": response.headers["Allow"]})
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    guarded.csrf_exempt = True  # type: ignore[attr-defined]  # tokens and signatures, no cookies
    return guarded


def _refused_unread(request: HttpRequest) -> HttpResponse | None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        return _too_large()
    return None


def _too_large() -> HttpResponse:
    return problem(413, detail=f"请求超过 {MAX_BODY_BYTES // 1024**2} MiB", fix="拆成几个请求")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refusals before any view (a wrong host name, a zero byte): a problem for programs, a page for people."""
    if request.path_info.startswith("/api/"):
        return problem(400, detail="请求头或地址有误：Host 不是本平台的地址，或地址中有零字节")
    return defaults.bad_request(request, exception)


def no_such_path(request: HttpRequest, path: str = "") -> HttpResponse:
    """Whatever the api does not have."""
    return problem(404, detail="接口没有这个地址", fix="见接口文档 /api/v1/openapi.json")
