"""All methods and factors of an installation, and what is wrong between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from tanhui_methods.errors import Findings, MethodError, Problem
from tanhui_methods.factors import FactorTable
from tanhui_methods.loading import load_method
from tanhui_methods.model import Method
from tanhui_methods.publication import publication_problems


class Library:
    """Methods by name and version, with the factor table they were checked against."""

    def __init__(self, methods: Iterable[Method], factors: FactorTable) -> None:
        self.methods: tuple[Method, ...] = tuple(
            sorted(methods, key=lambda method: (method.family, method.name, version_key(method.version)))
        )
        self.factors = factors

    def in_force(self, name: str, on: date) -> Method:
        """The version of a method in force on a day. Raises MethodError if there is none, or more than one."""
        found = [method for method in self.versions(name) if method.in_force(on)]
        if len(found) == 1:
            return found[0]
        if found:
            versions = "、".join(method.version for method in found)
            raise MethodError(f"方法学 {name} 在 {on} 有几个版本同时生效：{versions}", fix="用 valid_to 分开时段")
        known = self.versions(name)
        fix = "已有版本：" + "、".join(f"{method.version}（{method.status}）" for method in known) if known else (
            f"已有方法学：{'、'.join(sorted({method.name for method in self.methods}))}"
        )  # fmt: skip
        raise MethodError(f"方法学 {name} 在 {on} 没有生效的版本", fix=fix)

    def versions(self, name: str) -> tuple[Method, ...]:
        """All versions of a method, oldest first."""
        return tuple(method for method in self.methods if method.name == name)

    def check(self) -> list[Problem]:
        """What keeps the library from being used: clashes between versions, and what is unfit while in force."""
        problems: list[Problem] = []
        by_name: dict[str, list[Method]] = {}
        for method in self.methods:
            by_name.setdefault(method.name, []).append(method)
            if method.status in {"public_notice", "in_force"}:
                problems.extend(publication_problems(method))
        for methods in by_name.values():
            problems.extend(_clashes(methods))
            problems.extend(_successions(methods))
        problems.extend(_numbers(self.methods))
        return problems


def version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _clashes(methods: list[Method]) -> Iterable[Problem]:
    seen: dict[str, Method] = {}
    for method in methods:
        if method.version in seen:
            other = seen[method.version].path
            yield Problem(f"{method.identity} 有两个文件，另一个是 {other}", path=method.path, fix="只保留一个")
        seen[method.version] = method
    living = sorted(
        (method for method in methods if method.status in {"in_force", "withdrawn"}),
        key=lambda method: method.valid_from,
    )
    for before, after in pairwise(living):
        if before.valid_to is None or before.valid_to > after.valid_from:
            yield Problem(
                f"方法学 {after.name} 的 {before.version} 版与 {after.version} 版自 {after.valid_from} 起同时生效",
                path=after.path,
                fix=f"把 {before.version} 版的 valid_to 写成 {after.valid_from}",
            )


def _successions(methods: list[Method]) -> Iterable[Problem]:
    versions = {method.version for method in methods}
    for method in methods:
        if method.supersedes is not None and method.supersedes not in versions:
            message = f"{method.identity} 所替代的 {method.supersedes} 版不存在"
            yield Problem(message, path=method.path, fix="补上那一版，或改正 supersedes")


def _numbers(methods: tuple[Method, ...]) -> Iterable[Problem]:
    owners: dict[str, Method] = {}
    for method in methods:
        owner = owners.setdefault(method.number, method)
        if owner.name != method.name:
            message = f"编号 {method.number} 已用于方法学 {owner.name}"
            yield Problem(message, path=method.path, fix="换一个编号")


def load_library(methods_dir: Path, factor_dirs: Sequence[Path]) -> Library:
    """Load every method file below a folder. Raises MethodErrors with all errors of all files."""
    findings = Findings("")
    findings.LIMIT = 500
    factors = FactorTable.read(factor_dirs, root=methods_dir.parent)
    methods: list[Method] = []
    for path in sorted(methods_dir.rglob("*.md")):
        if path.name.lower().startswith("readme"):
            continue
        shown = path.relative_to(methods_dir.parent).as_posix()
        try:
            method = load_method(_text(path, shown), path=shown, factors=factors)
            _check_place(method, path, shown)
            methods.append(method)
        except MethodError as error:
            for each in getattr(error, "errors", (error,)):
                findings.keep(each)
    findings.stop()
    return Library(methods, factors)


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"不是 UTF-8 编码（第 {error.start + 1} 个字节处）"
        raise MethodError(message, path=shown, fix="另存为 UTF-8 编码") from None


def _check_place(method: Method, path: Path, shown: str) -> None:
    expected = (method.family, method.name, f"{method.version}.md")
    if path.parts[-3:] != expected:
        raise MethodError(
            f"文件位置与基本信息不符，应为 {'/'.join(expected)}",
            path=shown,
            line=1,
            fix="移动文件，或改正 family、name、version",
        )
