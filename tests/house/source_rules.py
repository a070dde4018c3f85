"""Rules on source text: each takes a file (or all of them) and returns what is wrong, as lines to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

from tests.house.tree import Source

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
MAX_KERNEL_LINES = 600

CORES = frozenset({"tanhui_methods", "tanhui_plandoc", "tanhui_tlog"})

_SQL_CLOCK = re.compile(r"\b(?:now|clock_timestamp|statement_timestamp)\(\)|\bCURRENT_(?:DATE|TIMESTAMP)\b")
_SECOND_DRAWERS = {"utils", "util", "common", "helpers", "helper", "core", "misc", "shared"}
_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
    ("time", "time_ns"),
}
_HTTP = (
    "django.http",
    "django.template",
    "django.shortcuts",
    "django.views",
    "django.forms",
    "django.urls",
    "ninja",
)


def imports_inside_functions(source: Source) -> list[str]:
    """An import in a function hides what a module stands on."""
    found = []
    for function in _functions(source.module):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                found.append(source.at(node.lineno, "import inside a function"))
    return sorted(set(found))


def signals(source: Source) -> list[str]:
    """No signals: who is called must be visible in the caller."""
    found = []
    for line, name in _imported(source.module):
        if name.startswith(("django.dispatch", "django.db.models.signals", "django.core.signals", "blinker")):
            found.append(source.at(line, f"signal ({name})"))
    return found


def too_long(source: Source) -> list[str]:
    """Files of at most 600 lines, functions of at most 70, so that one is read in one go."""
    found = []
    lines = source.text.count("\n") + 1
    if lines > MAX_FILE_LINES + 1:
        found.append(source.at(1, f"file of {lines} lines, at most {MAX_FILE_LINES}"))
    for function in _functions(source.module):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            message = f"function {function.name} of {length} lines, at most {MAX_FUNCTION_LINES}"
            found.append(source.at(function.lineno, message))
    return found


def second_drawers(paths: Iterable[str]) -> list[str]:
    """No folder or module for things that have no place: `kernel` is the only shared drawer."""
    found = []
    for path in paths:
        names = {part.removesuffix(".py") for part in path.split("/")}
        if path.startswith(("src/", "tests/", "bench/")) and names & _SECOND_DRAWERS:
            found.append(f"{path}:1: a second shared drawer ({', '.join(sorted(names & _SECOND_DRAWERS))})")
    return found


def kernel_too_big(sources: Sequence[Source]) -> list[str]:
    """The kernel has no models and at most 600 lines in all."""
    kernel = [source for source in sources if source.path.startswith("src/tanhui/kernel/")]
    found = []
    total = sum(len(source.text.splitlines()) for source in kernel)
    if total > MAX_KERNEL_LINES:
        found.append(f"src/tanhui/kernel:1: {total} lines, at most {MAX_KERNEL_LINES}")
    for source in kernel:
        for node in ast.walk(source.module):
            if isinstance(node, ast.ClassDef) and any("models.Model" in ast.unparse(base) for base in node.bases):
                found.append(source.at(node.lineno, f"a model in the kernel ({node.name})"))
    return found


def wall_clock(source: Source) -> list[str]:
    """Time is an argument. Only doors, the command line and tasks read the clock."""
    if not _inside_the_house(source) or _reads_the_clock_rightly(source):
        return []
    found = []
    for node in ast.walk(source.module):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value).rsplit(".", 1)[-1]
            if (owner, node.attr) in _CLOCKS:
                found.append(source.at(node.lineno, f"reads the wall clock ({owner}.{node.attr})"))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL_CLOCK.search(node.value):
            found.append(source.at(node.lineno, "reads the database's clock"))
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            found.append(source.at(node.value.lineno, f"reads the wall clock ({node.arg})"))
    return found


def _inside_the_house(source: Source) -> bool:
    return source.path.startswith("src/") and not source.path.startswith(
        ("src/tanhui/api/", "src/tanhui/office/", "src/tanhui/portal/", "src/tanhui/project/")
    )


def _reads_the_clock_rightly(source: Source) -> bool:
    return source.parts[-1] == "tasks.py" or "management" in source.parts


def room_shape(source: Source) -> list[str]:
    """What the design allows each file of a room to import, and what not."""
    if source.parts[:2] != ("src", "tanhui") or len(source.parts) < 4:
        return []
    room, name = source.parts[2], source.parts[-1]
    found = []
    for line, imported in _imported(source.module):
        if name == "types.py" and imported.startswith(f"tanhui.{room}."):
            found.append(source.at(line, f"types import from their own room ({imported})"))
        if name == "rules.py" and imported.split(".")[0] in {
            "django",
            "psycopg",
            "random",
            "secrets",
            "time",
        }:
            found.append(source.at(line, f"rules are pure: values in, values out ({imported})"))
        if name in {"services.py", "queries.py", "types.py", "rules.py"} and imported.startswith(_HTTP):
            found.append(source.at(line, f"HTTP and templates belong to doors ({imported})"))
    if name == "__init__.py" and len(source.parts) == 4:
        found += _only_a_docstring(source)
    if name == "models.py":
        found += _models_with_business(source)
    return found


def _only_a_docstring(source: Source) -> list[str]:
    body = source.module.body
    if not body or ast.get_docstring(source.module) is None:
        return [source.at(1, "a room's __init__ says what the room is for")]
    return [source.at(node.lineno, "code in a room's __init__") for node in body[1:]]


def _models_with_business(source: Source) -> list[str]:
    return [
        source.at(node.lineno, f"models do not override {node.name}()")
        for node in _functions(source.module)
        if node.name in {"save", "delete", "bulk_create", "refresh_from_db"}
    ]


def floats_in_models(source: Source) -> list[str]:
    """No float is ever stored: integers of the book's unit, or exact decimals."""
    if source.parts[-1] != "models.py":
        return []
    found = []
    for node in ast.walk(source.module):
        if isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            if name in {"FloatField", "float"}:
                found.append(source.at(node.lineno, f"float in a model ({name})"))
    return found


_SECRETS = [
    ("a private key", re.compile(r"BEGIN [A-Z ]*PRIVATE KEY")),
    (
        "an access token",
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|xox[abp]-[A-Za-z0-9-]{10,})"),
    ),
    (
        "a password in an address",
        re.compile(r"://[A-Za-z0-9_.-]+:[A-Za-z0-9_.!-]+@(?!example\b)[A-Za-z0-9.-]+"),
    ),
]
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}\b")
_INVENTED = re.compile(r"@(?:[A-Za-z0-9-]+\.)*(?:example(?:\.(?:org|com|net))?|test|invalid|localhost)$")
# Written in pieces, so that this file keeps its own rule.
_MACHINE_PATH = re.compile(r"(?<![\w.\-$}])/(?:" + "|".join(["work", "root", "home", "Users"]) + r")/\w")


def private_things(source: Source) -> list[str]:
    """No path of somebody's machine, no e-mail address of a person, no credential."""
    found = []
    for number, line in enumerate(source.text.splitlines(), start=1):
        if _MACHINE_PATH.search(line):
            found.append(source.at(number, "a path of one machine"))
        for address in _EMAIL.findall(line):
            if not _INVENTED.search(address):
                found.append(source.at(number, f"an e-mail address ({address})"))
        for name, pattern in _SECRETS:
            if pattern.search(line):
                found.append(source.at(number, name))
    return found


_TEMPLATE_RULES = [
    ("inline script", re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))[^>]*>", re.I)),
    ("inline style", re.compile(r"<style\b|\sstyle\s*=\s*[\"']", re.I)),
    ("inline handler", re.compile(r"\son(?:click|load|change|submit|input|error|focus|blur)\s*=", re.I)),
    ("third-party request", re.compile(r"(?:src|srcset|action)\s*=\s*[\"']\s*(?:https?:)?//", re.I)),
    ("third-party request", re.compile(r"<link\b[^>]*href\s*=\s*[\"']\s*(?:https?:)?//", re.I)),
    ("unescaped value", re.compile(r"\|\s*safe\b|autoescape\s+off")),
]


def unsafe_templates(source: Source) -> list[str]:
    """The content security policy is strict: nothing inline, nothing from others, nothing unescaped."""
    found = []
    for name, pattern in _TEMPLATE_RULES:
        for match in pattern.finditer(source.text):
            found.append(source.at(source.text.count("\n", 0, match.start()) + 1, name))
    return found


def late_imports(source: Source, floors: Mapping[str, int], rooms: Sequence[str]) -> list[str]:
    """What is imported by name at run time keeps the contracts too; import-linter cannot see it."""
    package, found = _package_of(source), []
    for line, name in _imported_late(source.module):
        top, *rest = name.split(".")
        if top not in {"tanhui", *CORES} or top == package:
            continue
        if package in CORES:
            found.append(source.at(line, f"a core imports {name}"))
        elif top == "tanhui" and rest and rest[0] != package:
            if floors.get(rest[0], 0) >= floors.get(package, 0):
                found.append(source.at(line, f"{package} imports {name}, which is not below"))
            elif rest[0] in rooms and rest[1:2] not in (["services"], ["queries"], ["types"]):
                found.append(source.at(line, f"{package} imports {name}, which is no entrance"))
    return found


def _package_of(source: Source) -> str:
    inside = source.parts[1:]
    return inside[1] if inside[:1] == ("tanhui",) and len(inside) > 1 else inside[0] if inside else ""


def _imported_late(module: ast.Module) -> list[tuple[int, str]]:
    """Names given to `import_module`, to `import_string`, or to the command line's `room`."""
    found = []
    for node in ast.walk(module):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = ast.unparse(node.func).rsplit(".", 1)[-1]
        argument = node.args[0]
        if called not in {"import_module", "import_string", "__import__", "room"}:
            continue
        if isinstance(argument, ast.JoinedStr) and argument.values:
            argument = argument.values[0]  # type: ignore[assignment]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            name = argument.value.rstrip(".")
            found.append((node.lineno, f"tanhui.{name}" if called == "room" else name))
    return found


def _functions(module: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _imported(module: ast.Module) -> list[tuple[int, str]]:
    """Every imported name with its line: `from a import b` is `a.b`."""
    found = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module or '.'}.{alias.name}") for alias in node.names]
    return found
