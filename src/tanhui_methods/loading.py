"""From the text of a file to a checked method."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tanhui_methods import yaml_tree
from tanhui_methods.checking import Scope, check_dimensions, check_names, order_formulas, reached
from tanhui_methods.document import Document, split
from tanhui_methods.errors import Findings, MethodError
from tanhui_methods.example_reading import read_example
from tanhui_methods.factors import FactorTable
from tanhui_methods.fields import entries
from tanhui_methods.integers import Lowering
from tanhui_methods.model import Method, Points, factor_rows
from tanhui_methods.reading import (
    read_cap,
    read_condition,
    read_dedup,
    read_front,
    read_grades,
    read_input,
    read_parameter,
    read_points,
)
from tanhui_methods.syntax import Formula, names, parse_formulas

T = TypeVar("T")
_MOST = {"inputs": 40, "parameters": 200, "conditions": 60, "caps": 20, "examples": 200, "formula": 200}


def load_method(text: str, *, path: str, factors: FactorTable) -> Method:
    """Read and check one method file.

    `path` is used in messages only. Raises MethodErrors with everything that was found, each with its line.
    """
    findings = Findings(path)
    try:
        method = _Loader(text, path, factors, findings).method()
    except RecursionError:  # depth is bounded everywhere; this is the last line of defense
        findings.add(0, "内容套得太深", "拆成较小的部分")
    except MethodError as error:
        for each in getattr(error, "errors", (error,)):
            if each not in findings.errors:
                findings.errors.append(each)
    findings.stop()
    return method


class _Loader:
    def __init__(self, text: str, path: str, factors: FactorTable, findings: Findings) -> None:
        self.text = text
        self.path = path
        self.factors = factors
        self.findings = findings
        self.document: Document = split(text, path)

    def method(self) -> Method:
        front_node = self.guarded(lambda: yaml_tree.parse(self.document.front.text, path=self.path, first_line=2))
        front = self.guarded(lambda: read_front(front_node, self.path))
        inputs = self.named("inputs", lambda node: read_input(node, self.path))
        self.findings.stop()
        parameters = self.named("parameters", lambda node: read_parameter(node, self.path, self.factors, inputs))
        formulas = self.formulas()
        conditions = tuple(self.named("conditions", lambda node: read_condition(node, self.path)).values())
        caps = tuple(self.named("caps", lambda node: read_cap(node, self.path, inputs)).values())
        dedup = self.guarded(lambda: read_dedup(self.single("deduplicate"), self.path, inputs))
        grades = self.required("grades", lambda node: read_grades(node, self.path))
        points = self.required("points", lambda node: read_points(node, self.path))
        self.findings.stop()
        assert front is not None
        assert grades is not None
        assert points is not None
        scope = Scope(self.path, inputs, parameters, formulas)
        order = self.checked(scope, conditions)
        used = self.used(scope, order, conditions)
        self.check_caps(caps, points)
        examples = tuple(
            example
            for node, _ in self.nodes("examples")
            for example in (self.guarded(lambda node=node: read_example(node, self.path, inputs)),)  # type: ignore[misc]
            if example is not None
        )
        self.findings.stop()
        method = Method(
            **front, inputs=inputs, parameters=parameters, formulas=formulas, conditions=conditions, caps=caps,
            dedup=dedup, grades=grades, points=points, examples=examples, chapters=self.document.chapters,
            text=self.text, path=self.path, content_hash=_digest([self.text]),
            rule_hash=_digest([self.text, *sorted(row.canonical for row in factor_rows(parameters.values()))]),
            order=order, used=used,
        )  # fmt: skip
        self.guarded(lambda: check_ranges(method))
        self.findings.stop()
        return method

    def guarded(self, read: Callable[[], T]) -> T | None:
        """Run one reader; what it finds is kept, and reading goes on."""
        try:
            return read()
        except MethodError as error:
            self.findings.keep(error)
            return None

    def nodes(self, kind: str) -> Iterable[tuple[yaml_tree.Node, int]]:
        count = 0
        for block in self.document.of(kind):
            root = self.guarded(
                lambda block=block: yaml_tree.parse(block.text, path=self.path, first_line=block.first_line)  # type: ignore[misc]
            )
            for node in self.guarded(lambda root=root: entries(root, self.path, f"{kind} 块")) or ():  # type: ignore[misc]
                count += 1
                if count > _MOST[kind]:
                    self.findings.add(node.line, f"{kind} 太多（至多 {_MOST[kind]} 项）", "拆成几个方法学")
                    return
                yield node, node.line

    def named(self, kind: str, read: Callable[[yaml_tree.Node], Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node, line in self.nodes(kind):
            each = self.guarded(lambda node=node: read(node))  # type: ignore[misc]
            if each is None:
                continue
            if each.name in found:
                self.findings.add(line, f"“{each.name}”重名，第 {found[each.name].line} 行已经用过", "换一个名称")
            found[each.name] = each
        return found

    def single(self, kind: str) -> yaml_tree.Node | None:
        for block in self.document.of(kind):
            return yaml_tree.parse(block.text, path=self.path, first_line=block.first_line)
        return None

    def required(self, kind: str, read: Callable[[yaml_tree.Node], T]) -> T | None:
        def whole() -> T:
            node = self.single(kind)
            if node is None:
                raise MethodError(f"缺少 {kind} 块", path=self.path, fix="见 docs/reference/method-format.md")
            return read(node)

        return self.guarded(whole)

    def formulas(self) -> dict[str, Formula]:
        found: dict[str, Formula] = {}
        for block in self.document.of("formula"):
            parsed = self.guarded(
                lambda block=block: parse_formulas(block.text, path=self.path, first_line=block.first_line)  # type: ignore[misc]
            )
            for formula in parsed or []:
                if formula.name in found:
                    earlier = found[formula.name].place.line
                    self.findings.add(
                        formula.place.line, f"公式 {formula.name} 写了两次，第 {earlier} 行已经写过", "只保留一个"
                    )
                found[formula.name] = formula
        if len(found) > _MOST["formula"]:
            self.findings.add(0, f"公式太多（至多 {_MOST['formula']} 个）", "拆成几个方法学")
        if "reduction" not in found and not self.findings.errors:
            self.findings.add(0, "没有写 reduction 的公式", "在 formula 块里写 reduction = …")
        return found

    def checked(self, scope: Scope, conditions: tuple[Any, ...]) -> tuple[str, ...]:
        check_names(scope, conditions, self.findings)
        self.findings.stop()
        order = order_formulas(scope, self.findings)
        self.findings.stop()
        check_dimensions(scope, order, conditions, self.findings)
        self.findings.stop()
        return reached(scope, order)

    def used(self, scope: Scope, order: tuple[str, ...], conditions: tuple[Any, ...]) -> tuple[str, ...]:
        mentioned = {each.name for name in order for each in names(scope.formulas[name].expression)}
        mentioned |= {each.name for condition in conditions for each in names(condition.rule)}
        return tuple(name for name in scope.parameters if name in mentioned)

    def check_caps(self, caps: tuple[Any, ...], points: Points) -> None:
        for cap in caps:
            if cap.of == "points" and not points.fixed and not points.rate:
                self.findings.add(cap.line, f"上限 {cap.name} 限制积分，但本方法学不给积分", "去掉这条上限")


def check_ranges(method: Method) -> None:
    """Prove that every value fits the range in which all evaluators are exact. Raises MethodError."""
    lowering = Lowering(method)
    for condition in method.conditions:
        lowering.line = condition.line
        lowering.truth(condition.rule)
    lowering.reduction(method)


def _digest(parts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for index, part in enumerate(parts):
        digest.update(b"\x1e" * (index > 0) + part.encode())
    return digest.hexdigest()


__all__ = ["check_ranges", "load_method"]
