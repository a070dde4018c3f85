"""Errors of method files and of evaluation: what, where (file and line), why, and what to do, in Chinese."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class MethodError(Exception):
    """Something in a method file, a factor table or an event that cannot be evaluated.

    `path` and `line` (1-based, 0 if the whole file is meant) say where; `message` says what and why; `fix`
    says what to do next.
    """

    def __init__(self, message: str, *, path: str = "", line: int = 0, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.fix = fix

    @property
    def where(self) -> str:
        """The place as a person reads it, e.g. `methods/…/1.0.0.md 第 12 行`."""
        if self.path and self.line:
            return f"{self.path} 第 {self.line} 行"
        return self.path or (f"第 {self.line} 行" if self.line else "")

    def __str__(self) -> str:
        text = f"{self.where}：{self.message}" if self.where else self.message
        return f"{text}　处理办法：{self.fix}" if self.fix else text


class MethodErrors(MethodError):
    """All errors found in one go, in order of place; the first one stands for the whole."""

    def __init__(self, errors: Iterable[MethodError]) -> None:
        ordered = sorted(errors, key=lambda error: (error.path, error.line))
        first = ordered[0]
        super().__init__(first.message, path=first.path, line=first.line, fix=first.fix)
        self.errors: tuple[MethodError, ...] = tuple(ordered)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a library or a method from being used or published."""

    message: str
    path: str = ""
    line: int = 0
    fix: str = ""

    def __str__(self) -> str:
        return str(MethodError(self.message, path=self.path, line=self.line, fix=self.fix))


class Findings:
    """Collects errors of one file, so that an author sees all of them at once; stops at a stated number."""

    LIMIT = 50

    def __init__(self, path: str) -> None:
        self.path = path
        self.errors: list[MethodError] = []

    def add(self, line: int, message: str, fix: str = "") -> None:
        self.keep(MethodError(message, path=self.path, line=line, fix=fix))

    def keep(self, error: MethodError) -> None:
        if not error.path:
            error.path = self.path
        self.errors.append(error)
        if len(self.errors) >= self.LIMIT:
            self.stop()

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.errors:
            raise MethodErrors(self.errors)
