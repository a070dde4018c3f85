"""Rules on documents: they may not lie about files, commands, names or examples."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import click
from tests.house.tree import Source

_FENCE = re.compile(r"^(?P<mark>```+|~~~+)[ ]*(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=mark)[ ]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Fence:
    """A fenced block: where it starts, the words after the fence, its text."""

    line: int
    words: tuple[str, ...]
    body: str


def fences(page: Source) -> list[Fence]:
    """The fenced blocks of a page, in order."""
    return [
        Fence(page.text.count("\n", 0, match.start()) + 1, tuple(match["info"].split()), match["body"])
        for match in _FENCE.finditer(page.text)
    ]


def broken_links(page: Source, exists: Callable[[str], bool], pages: Mapping[str, Source]) -> list[str]:
    """Relative links lead to files of the tree, and anchors to headings."""
    found = []
    for line, target in _links(page):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        name = _resolve(page.path, path) if path else page.path
        if name is None or not exists(name):
            found.append(page.at(line, f"link to {target}, which does not exist"))
        elif anchor and name in pages and anchor not in _anchors(pages[name]):
            found.append(page.at(line, f"link to {target}: no such heading"))
    return found


def _links(page: Source) -> Iterator[tuple[int, str]]:
    plain = _FENCE.sub(lambda match: "\n" * match.group(0).count("\n"), page.text)
    plain = _INLINE.sub("", plain)
    for match in _LINK.finditer(plain):
        yield plain.count("\n", 0, match.start()) + 1, match["target"]


def _resolve(page: str, link: str) -> str | None:
    parts: list[str] = list(PurePosixPath(page).parent.parts)
    for part in PurePosixPath(link).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _anchors(page: Source) -> set[str]:
    anchors = set()
    for heading in _HEADING.findall(_FENCE.sub("", page.text)):
        kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        anchors.add(kept.strip().replace(" ", "-"))
    return anchors


def unknown_commands(page: Source, root: click.Group) -> list[str]:
    """Every `tanhui …` that a page shows exists, with its options."""
    found = []
    for line, text in _shown_commands(page):
        problem = _problem_of(text, root)
        if problem:
            found.append(page.at(line, f"`{text}`: {problem}"))
    return found


def unknown_targets(page: Source, targets: Iterable[str]) -> list[str]:
    """Every `make …` that a page or a script shows is a target of the Makefile."""
    known = set(targets)
    found = []
    for number, line in enumerate(page.text.splitlines(), start=1):
        for match in re.finditer(r"(?:^\s*(?:\$ |step )|`)make((?: [a-z][a-z-]*)+)", line):
            found += [page.at(number, f"no target {name}") for name in match[1].split() if name not in known]
    return found


def make_targets(makefile: str) -> list[str]:
    """The targets that a Makefile lists."""
    found = re.findall(r"^([a-z][a-z -]*):(?!=)", makefile, re.MULTILINE)
    return [name for line in found for name in line.split()]


def _shown_commands(page: Source) -> list[tuple[int, str]]:
    shown = []
    for fence in fences(page):
        if fence.words and fence.words[0] in {"console", "bash", "sh", "shell"}:
            for offset, line in enumerate(fence.body.splitlines(), start=1):
                shown += [(fence.line + offset, text) for text in _commands_of(line.removeprefix("$ "))]
    plain = _FENCE.sub(lambda match: "\n" * match.group(0).count("\n"), page.text)
    for match in _INLINE.finditer(plain):
        shown += [(plain.count("\n", 0, match.start()) + 1, text) for text in _commands_of(match.group(1))]
    return shown


def _commands_of(line: str) -> list[str]:
    match = re.match(r"^(?:[A-Z_]+=\S+\s+)*(?:\.venv/bin/)?(tanhui(?:\s+[^|>&;#]*)?)(?:[|>&;#].*)?$", line.strip())
    return [match.group(1).strip()] if match else []


def _problem_of(text: str, root: click.Group) -> str:
    try:
        words = shlex.split(text.replace("\\", ""))[1:]
    except ValueError as error:
        return str(error)
    command: click.Command = root
    for position, word in enumerate(words):
        if re.search(r"[…<>|\[\]A-Z\u4e00-\u9fff]|^\.\.\.$", word):
            return ""
        if command.context_settings.get("ignore_unknown_options"):
            return ""
        if word.startswith("-"):
            if word.split("=")[0] not in _options(command):
                return f"no option {word}"
        elif isinstance(command, click.Group):
            below = command.get_command(click.Context(command), word)
            if below is None:
                return f"no command {' '.join(words[: position + 1])}"
            command = below
    return ""


def _options(command: click.Command) -> set[str]:
    names = {"--help", "-h", "--version"}
    for parameter in command.params:
        names |= {*parameter.opts, *parameter.secondary_opts}
    return names


@dataclass(frozen=True)
class Term:
    """One row of the glossary."""

    line: int
    chinese: str
    names: tuple[str, ...]
    room: str


def glossary_terms(page: Source, *, heading: str = "Terms") -> list[Term]:
    """The rows of the tested part: Chinese, identifier, meaning, room."""
    terms = []
    current = ""
    for number, line in enumerate(page.text.splitlines(), start=1):
        if line.startswith("#"):
            current = line.lstrip("# ").strip()
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if current != heading or len(cells) != 4 or not line.startswith("|") or set(cells[0]) <= set("-: "):
            continue
        names = tuple(re.findall(r"`([^`]+)`", cells[1]))
        if names:
            terms.append(Term(number, cells[0], names, cells[3].strip("`")))
    return terms


def missing_from_glossary(terms: Sequence[Term], tables: Iterable[tuple[str, str]]) -> list[str]:
    """Every table is a term, in the room that owns it. `tables`: room and class name."""
    known = {(term.room, name) for term in terms for name in term.names}
    return [f"docs/glossary.md:1: no row for `{name}` of {room}" for room, name in tables if (room, name) not in known]


def dead_terms(terms: Sequence[Term], identifiers: Mapping[str, set[str]]) -> list[str]:
    """Every identifier of the glossary exists in the code of its room. `identifiers`: by room."""
    found = []
    for term in terms:
        if term.room not in identifiers:
            found.append(f"docs/glossary.md:{term.line}: no room {term.room}")
            continue
        for name in term.names:
            if not set(re.findall(r"\w+", name)) <= identifiers[term.room]:
                found.append(f"docs/glossary.md:{term.line}: `{name}` is not in the code of {term.room}")
    return found


def twice_defined(terms: Sequence[Term]) -> list[str]:
    """One word, one thing."""
    seen: dict[str, int] = {}
    found = []
    for term in terms:
        if term.chinese in seen:
            found.append(f"docs/glossary.md:{term.line}: {term.chinese} is also on line {seen[term.chinese]}")
        seen[term.chinese] = term.line
    return found


def identifiers_of(sources: Iterable[Source]) -> set[str]:
    """Every name that code defines or uses, and every text that is one: codes such as `owed`."""
    names: set[str] = set()
    for source in sources:
        for node in ast.walk(source.module):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
            elif isinstance(node, ast.arg):
                names.add(node.arg)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                names.add(node.value)
    return names
