"""What must be true of a method before it may be published: its examples run, and they cover what matters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tanhui_methods.errors import MethodError, Problem
from tanhui_methods.evaluate import evaluate
from tanhui_methods.model import GRADES, Example, Expectation, Method, Result

CHAPTERS: Final = (
    "适用范围", "规范性引用文件", "术语和定义", "基本原则", "适用条件", "核算边界", "基准线排放",
    "低碳行为排放", "减排量", "数据与监测",
)  # fmt: skip
_NUMBERING: Final = re.compile(r"^[0-9一二三四五六七八九十]+[.、\s]*")


def run_examples(method: Method) -> list[Problem]:
    """Run the worked examples; one problem for each event that does not come to what the file says."""
    problems: list[Problem] = []
    for example in method.examples:
        try:
            results = evaluate(method, example.events, strict=not _expects_gaps(example))
        except MethodError as error:
            problems.append(
                Problem(f"算例“{example.title}”不能计算：{error.message}", method.path, example.line, error.fix)
            )
            continue
        for result, expected in zip(results, example.expected, strict=True):
            difference = _difference(result, expected)
            if difference:
                message = f"算例“{example.title}”第 {result.event_id} 条：{difference}"
                problems.append(Problem(message, method.path, expected.line, "改正算例，或改正公式和参数"))
    return problems


def _expects_gaps(example: Example) -> bool:
    return any(each.outcome.startswith(("excluded:missing", "excluded:factor")) for each in example.expected)


def _difference(result: Result, expected: Expectation) -> str:
    pairs = (
        ("减排量（克）", expected.reduction_g, result.reduction_g),
        ("积分", expected.points, result.points),
        ("等级", expected.grade, GRADES[result.grade - 1] if 1 <= result.grade <= 4 else "无"),
        ("结果", expected.outcome, result.outcome),
        ("上限", expected.cap or "无", result.cap or "无"),
    )
    return "，".join(f"{what}应为 {said}，算得 {found}" for what, said, found in pairs if said != found)


def publication_problems(method: Method) -> list[Problem]:
    """Everything that keeps a method from being published; empty when it may be."""
    problems = [*_chapters(method), *_idle(method), *_coverage(method), *run_examples(method)]
    if not method.references:
        problems.append(Problem("没有列出引用的标准", method.path, 1, "在 references 里列出"))
    return problems


def _chapters(method: Method) -> Iterable[Problem]:
    found = {_NUMBERING.sub("", chapter.heading).strip(): chapter for chapter in method.chapters}
    for heading in CHAPTERS:
        chapter = found.get(heading)
        if chapter is None:
            yield Problem(f"缺少章节“{heading}”", method.path, 0, f"补上“## {heading}”一章")
        elif not chapter.markdown.strip():
            yield Problem(f"章节“{heading}”是空的", method.path, chapter.line, "写明内容；不适用的写明理由")


def _idle(method: Method) -> Iterable[Problem]:
    """A formula or value that nothing uses misleads its reader: a leakage that is written but not subtracted."""
    for name, formula in method.formulas.items():
        if name not in method.order:
            message = f"公式 {name} 没有用到 reduction 里"
            yield Problem(message, method.path, formula.place.line, "用上它，或删去")
    for name, parameter in method.parameters.items():
        if name not in method.used:
            yield Problem(f"参数 {name} 没有用到", method.path, parameter.line, "用上它，或删去")


def _coverage(method: Method) -> Iterable[Problem]:
    cases = [
        (each, event)
        for example in method.examples
        for each, event in zip(example.expected, example.events, strict=True)
    ]
    if not cases:
        yield Problem("没有算例", method.path, 0, "写出典型、零、达到上限、每个等级的算例")
        return
    if not any(each.outcome == "counted" and each.reduction_g > 0 for each, _ in cases):
        yield Problem("没有典型算例（计入且减排量大于0）", method.path, 0, "补一个典型算例")
    if not any(each.reduction_g == 0 and each.outcome not in {"capped", "duplicate"} for each, _ in cases):
        yield Problem("没有结果为零的算例", method.path, 0, "补一个减排量为0或不适用的算例")
    reached = {each.cap for each, _ in cases}
    for cap in method.caps:
        if cap.name not in reached:
            yield Problem(
                f"没有达到上限“{cap.title}”（{cap.name}）的算例", method.path, cap.line, "补一个达到这条上限的算例"
            )
    for index, grade in enumerate(GRADES):
        if not any(each.grade == grade or event["grade"] == index + 1 for each, event in cases):
            yield Problem(f"没有等级 {grade} 的算例", method.path, method.grades.line, f"补一个等级 {grade} 的算例")
