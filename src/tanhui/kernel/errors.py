"""Errors that a person reads: what happened, where, why, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class TanhuiError(Exception):
    """The root of all expected errors.

    `code` is stable and may be matched by programs; `message` is Chinese and says what and why;
    `where` names the place (file and line, field, row); `fix` says what to do next.
    Doors translate it to RFC 9457 problem details, the command line to one paragraph.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        fix: str = "",
        detail: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix
        self.detail = dict(detail or {})

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.insert(0, f"{self.where}：")
        if self.fix:
            parts.append(f"　处理办法：{self.fix}")
        return "".join(parts)


class NotFound(TanhuiError):
    """The thing named does not exist, or the asker may not know that it does."""

    code = "not_found"
    status = 404


class Forbidden(TanhuiError):
    """The actor's roles do not allow the verb."""

    code = "forbidden"
    status = 403


class Conflict(TanhuiError):
    """The request contradicts a recorded fact."""

    code = "conflict"
    status = 409


class BadInput(TanhuiError):
    """The input cannot be understood or is out of bounds; nothing was stored."""

    code = "bad_input"
    status = 422


class Busy(TanhuiError):
    """Somebody else is doing it; the same request may be repeated later."""

    code = "busy"
    status = 409
