"""A method document as a page: its chapters in their order, its executable blocks as tables and readable formulas.

The blocks are shown as they were written (every scalar stays text), so that what a reader sees is what is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tanhui.portal.words import factor_words, region_words
from tanhui_methods import Library, Method

RESERVED = {
    "baseline": "基准线排放",
    "project": "低碳行为排放",
    "leakage": "泄漏",
    "reduction": "减排量",
}
_TOKEN = re.compile(
    r"(?P<text>\"[^\"]*\"|'[^']*')|(?P<unit>\[[^\]]*\]|(?<=\d )[A-Za-z]\w*)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op>[×÷*/+−<>=≥≤≠!-]+)|(?P<other>[^\"'\[A-Za-z_×÷*/+−<>=≥≤≠!-]+|.)",
    re.ASCII,
)
_SHOWN_OPERATORS = {"*": "×", "/": "÷", "-": "−", ">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
_GRADE_LINE = re.compile(r"^(?P<grade>[ABCD])\s*:\s*(?P<multiplier>[^#]*?)\s*(?:#\s*(?P<words>.*))?$")
_FUNCTIONS = {
    "min": "取小", "max": "取大", "floor": "向下取整", "if": "如果", "then": "则", "else": "否则",
    "and": "且", "or": "或", "not": "非",
}  # fmt: skip
_PERIODS = {"day": "每人每日", "month": "每人每月", "year": "每人每年"}
_QUANTITIES = {"count": "次数", "reduction": "减排量", "points": "积分"}
_WITHIN = {"day": "同一人同一日", "month": "同一人同一月", "year": "同一人同一年"}
_UNITS = {
    "m": "米", "km": "千米", "g": "克", "kg": "千克", "Wh": "瓦时", "kWh": "千瓦时", "s": "秒", "min": "分钟",
    "h": "小时",
    "mL": "毫升", "L": "升", "item": "件", "trip": "次", "step": "步", "day": "天", "person": "人", "household": "户",
    "fen": "分（人民币）",
}  # fmt: skip
_EVENT_WORDS = {"at": "发生时刻", "person": "居民", "day": "日期", "tie": "记录编号"}


@dataclass(frozen=True)
class Chapter:
    """One chapter: heading, anchor, HTML."""

    heading: str
    anchor: str
    html: SafeString


class _Page:
    def __init__(self, method: Method, library: Library) -> None:
        self.method = method
        self.library = library
        self.titles = dict(RESERVED)
        self.choices: dict[str, str] = {}
        self.markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
        self.markdown.add_render_rule("fence", lambda _renderer, *rest: self._fence(*rest))
        self.markdown.add_render_rule("softbreak", _softbreak)
        self.markdown.add_render_rule("table_open", _table_open)
        self.markdown.add_render_rule("table_close", _table_close)
        self.tokens = self.markdown.parse(_body(method.text))
        for kind, content in self._blocks():
            if kind in ("inputs", "parameters"):
                self.titles |= {str(row["name"]): str(row.get("title") or row["name"]) for row in _rows(content)}
                for row in _rows(content):
                    self.choices |= row.get("choices") or {}

    def chapters(self) -> Iterator[Chapter]:
        """The document cut at its second-level headings; what stands before the first one comes without heading."""
        heading = ""
        part: list[Token] = []
        skip_title = False
        at = 0
        for index, token in enumerate(self.tokens):
            if token.type == "heading_open" and token.tag == "h1":
                skip_title = True
            if not skip_title and token.type == "heading_open" and token.tag == "h2":
                if part:
                    yield self._chapter(heading, part, at)
                    at += 1
                heading, part = self.tokens[index + 1].content, []
                skip_title = True
            if not skip_title:
                part.append(token)
            if token.type == "heading_close" and token.tag in ("h1", "h2"):
                skip_title = False
        if heading or part:
            yield self._chapter(heading, part, at)

    def _chapter(self, heading: str, tokens: Sequence[Token], at: int) -> Chapter:
        html = self.markdown.renderer.render(tokens, self.markdown.options, {})
        return Chapter(heading, f"chapter-{at}", mark_safe(_co2(html)))  # noqa: S308  raw HTML is off

    def _blocks(self) -> Iterator[tuple[str, str]]:
        for token in self.tokens:
            if token.type == "fence":
                yield _kind(token.info), token.content

    def _fence(self, tokens: Sequence[Token], at: int, _options: object, _env: object) -> str:
        kind, content = _kind(tokens[at].info), tokens[at].content
        fill = getattr(self, f"_{kind}", None)
        if fill is None:
            return f"<pre><code>{escape(content)}</code></pre>"
        return render_to_string(f"portal/method/{kind}.html", {"method": self.method, **fill(content)})

    # One filler for each kind of block: the written text in, the context of its template out.

    def _inputs(self, content: str) -> dict[str, Any]:
        return {
            "rows": [
                {
                    **row,
                    "words": list((row.get("choices") or {}).values()),
                    "unit_words": _UNITS.get(str(row.get("unit")), row.get("unit")),
                }
                for row in _rows(content)
            ]
        }

    def _parameters(self, content: str) -> dict[str, Any]:
        return {"rows": [value for row in _rows(content) for value in self._values(row)]}

    def _values(self, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A parameter as one row for each of its values: one, one a choice, or one a band."""
        by = self.titles.get(str(row.get("by")), "")
        for part in row.get("rows") or [{}]:
            value = {**row, **part}
            if part.get("when"):
                value["which"] = f"{by}：{self.choices.get(part['when'], part['when'])}"
            elif part.get("from"):
                value["which"] = f"{by} {part['from']} 起"
            if value.get("factor"):
                region = str(value.get("region", ""))
                table = self.library.factors.of(str(value["factor"]), region)
                year = str(value.get("year") or "")
                value["factor_words"] = f"{region_words(region)}，{factor_words(str(value['factor']))}"
                value["table"] = [row for row in table if not year or str(row.year) == year]
                value["statuses"] = sorted({row.status for row in value["table"]})
            yield value

    def _conditions(self, content: str) -> dict[str, Any]:
        return {"rows": [{**row, "words": self._readable(str(row["rule"]))} for row in _rows(content)]}

    def _caps(self, content: str) -> dict[str, Any]:
        rows = []
        for row in _rows(content):
            of = str(row.get("of", ""))
            words = _QUANTITIES.get(of) or self.titles.get(of, of)
            limit = str(row.get("limit", ""))
            rows.append({**row, "per_words": _PERIODS.get(str(row.get("per")), row.get("per")), "of_words": words,
                         "limit_words": f"{limit} 次" if of == "count" and limit.isdigit() else limit})  # fmt: skip
        return {"rows": rows}

    def _deduplicate(self, content: str) -> dict[str, Any]:
        data = _load(content)
        data = data if isinstance(data, dict) else {}
        keys = data.get("key") or []
        words = [_EVENT_WORDS.get(str(key)) or self.titles.get(str(key), str(key)) for key in keys]
        within = str(data.get("within", ""))
        return {"within": _WITHIN.get(within, within), "keys": words, "note": data.get("note") or data.get("source")}

    def _grades(self, content: str) -> dict[str, Any]:
        data = _load(content)
        found = (_GRADE_LINE.match(line.strip()) for line in content.splitlines())
        return {"rows": [match.groupdict() for match in found if match], "data": data}

    def _points(self, content: str) -> dict[str, Any]:
        return {"data": _load(content)}

    def _examples(self, content: str) -> dict[str, Any]:
        rows = _rows(content)
        return {"rows": [{**row, "shown": [self._event(event) for event in row.get("events") or []]} for row in rows]}

    def _formula(self, content: str) -> dict[str, Any]:
        written: list[tuple[str, str]] = []
        for line in content.splitlines():
            code, _, note = line.partition("#")
            if code[:1].isspace() and code.strip() and written:
                before, before_note = written.pop()
                written.append((f"{before} {code.strip()}", before_note or note.strip()))
            elif code.strip():
                written.append((code.strip(), note.strip()))
        return {"lines": [(self._readable(code), code, note) for code, note in written]}

    def _event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One event of an example: what happened, and what the method must answer."""
        quantities = [
            (self.titles[name], self.choices.get(str(value), value), _unit_of(name))
            for name, value in event.items()
            if name in self.titles
        ]
        return {**event, "quantities": quantities, "repeated": _repeated(event)}

    def _readable(self, expression: str) -> SafeString:
        """An expression with the Chinese titles of what it names; the operators as people print them."""
        parts = []
        for match in _TOKEN.finditer(expression.strip()):
            text = match[0]
            if match["text"]:
                parts.append(f"“{escape(self.choices.get(text[1:-1], text[1:-1]))}”")
            elif match["name"]:
                words = self.titles.get(text)
                if words:
                    parts.append(f"<span>{escape(words)}</span>")
                elif text in _FUNCTIONS:
                    parts.append(f'<span class="fn">{_FUNCTIONS[text]}</span>')
                else:
                    parts.append(escape(text))
            elif match["op"]:
                parts.append(f'<span class="op">{escape(_SHOWN_OPERATORS.get(text, text))}</span>')
            else:
                parts.append(escape(text))
        return mark_safe(_co2("".join(parts)))  # noqa: S308  every part is escaped


def chapters(method: Method, library: Library) -> list[Chapter]:
    """The chapters of a method document, ready to show."""
    return list(_Page(method, library).chapters())


def _body(text: str) -> str:
    parts = re.split(r"^---\s*$", text.replace("\r\n", "\n"), maxsplit=2, flags=re.MULTILINE)
    return parts[2] if len(parts) == 3 and not parts[0].strip() else text


def _kind(info: str) -> str:
    words = info.split()
    if words[:1] == ["formula"]:
        return "formula"
    return words[1] if len(words) > 1 and words[0] == "yaml" else ""


def _load(content: str) -> Any:
    return yaml.load(content, Loader=yaml.BaseLoader)  # noqa: S506  BaseLoader makes only text, lists and mappings


def _rows(content: str) -> list[dict[str, Any]]:
    data = _load(content)
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _repeated(event: Mapping[str, Any]) -> str:
    times = str(event.get("times") or "1")
    if times == "1":
        return ""
    return f"每隔 {event['every']} 一次，共 {times} 次" if event.get("every") else f"共 {times} 次"


def _unit_of(name: str) -> str:
    """The unit that an input's name ends with, in Chinese."""
    whole = {"step_count": "步", "trip_count": "次", "day_count": "天", "item_count": "件"}
    ends = {"m": "米", "g": "克", "wh": "瓦时", "s": "秒", "ml": "毫升", "fen": "分钱"}
    return whole.get(name) or ends.get(name.rpartition("_")[2], "")


def _co2(html: str) -> str:
    return re.sub(r"CO2(?![0-9])", "CO<sub>2</sub>", html)


def _softbreak(_renderer: object, tokens: Sequence[Token], at: int, *_rest: object) -> str:
    """A line break inside a Chinese sentence is no space."""
    before = tokens[at - 1].content[-1:] if at else ""
    after = tokens[at + 1].content[:1] if at + 1 < len(tokens) else ""
    return "\n" if before.isascii() and after.isascii() else ""


def _table_open(_renderer: object, *_rest: object) -> str:
    return '<div class="table-box" tabindex="0" role="region" aria-label="表格"><table>'


def _table_close(_renderer: object, *_rest: object) -> str:
    return "</table></div>"
