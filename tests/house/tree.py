"""What the house tests look at: the files of the tree, read once."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = re.compile(
    r"(?:^|/)(?:\.git|\.venv|var|__pycache__|\.(?:mypy|ruff|pytest|import_linter)_cache|\.hypothesis|[^/]+\.egg-info)/"
)


@dataclass(frozen=True)
class Source:
    """One file by its path inside the tree. Planted violations are made of these as well."""

    path: str
    text: str

    @cached_property
    def module(self) -> ast.Module:
        """The parsed Python source."""
        return ast.parse(self.text, filename=self.path)

    @property
    def parts(self) -> tuple[str, ...]:
        """The path, split."""
        return tuple(self.path.split("/"))

    def at(self, line: int, message: str) -> str:
        """A finding that an editor can jump to."""
        return f"{self.path}:{line}: {message}"


@cache
def file_names(root: Path = ROOT) -> list[str]:
    """Files that are committed, or would be by `git add .`; outside a git checkout, every file."""
    git = shutil.which("git")
    if git and (root / ".git").exists():
        command = [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted(name for name in set(listed) if name and (root / name).is_file())
    return sorted(_walk(root))


def _walk(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not _NOT_OURS.search(name):
            yield name


@cache
def read_sources(root: Path = ROOT, *, suffixes: tuple[str, ...] = (), under: tuple[str, ...] = ()) -> list[Source]:
    """The text files of the tree, by suffix and by first folders; what is not UTF-8 text is left out."""
    sources = []
    for name in file_names(root):
        if (suffixes and not name.endswith(suffixes)) or (under and not name.startswith(under)):
            continue
        try:
            sources.append(Source(name, (root / name).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return sources


@cache
def python_sources(root: Path = ROOT, *, under: tuple[str, ...] = ()) -> list[Source]:
    """Python files, without generated migrations."""
    found = read_sources(root, suffixes=(".py",))
    return [one for one in found if one.path.startswith(under or "") and "migrations" not in one.parts]


@cache
def floors(root: Path = ROOT) -> dict[str, int]:
    """Each package of `tanhui` with its floor, 0 the lowest, as the layers contract has it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == ["tanhui"])
    return {name.strip(" ()"): floor for floor, layer in enumerate(reversed(layers)) for name in layer.split("|")}


@cache
def rooms(root: Path = ROOT) -> list[str]:
    """The rooms: packages that are entered by services, queries and types."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    named = next(one["rooms"] for one in contracts if one["type"] == "room_entrances")
    return [name.removeprefix("tanhui.") for name in named]
