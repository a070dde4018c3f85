"""Rules on what is installed: each takes text and returns what is wrong, as lines to read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tests.house.tree import Source

_HOST = re.compile(r"https?://|git\+|(?:^|\s)-(?:i|f)\b|--(?:index-url|extra-index-url|find-links|trusted-host)|\s@\s")
_PINNED = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[a-z0-9,_-]+\])?==[^\s;]+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")


def hosts_named(source: Source) -> list[str]:
    """A lock names packages, not where they come from: the machine decides that."""
    lines = enumerate(source.text.splitlines(), start=1)
    return [source.at(number, "names an index or a host") for number, line in lines if _HOST.search(line)]


def unhashed(source: Source) -> list[str]:
    """Every line of a lock is one exact version with the hashes of its files."""
    found = []
    for number, line in _requirements(source.text):
        if not _PINNED.match(line):
            found.append(source.at(number, f"not one exact version: {line[:60]}"))
        elif not _HASH.search(line):
            found.append(source.at(number, f"no hash: {line[:60]}"))
    return found


def stale_lock(wanted: Source, lock: Source) -> list[str]:
    """What a .in file asks for is in its lock."""
    locked = {normal(line) for _, line in _requirements(lock.text)}
    return [
        wanted.at(number, f"{normal(line)} is not in {lock.path}")
        for number, line in _requirements(wanted.text)
        if normal(line) not in locked
    ]


def unexplained(wanted: Sequence[Source], record: Source) -> list[str]:
    """Every dependency has its row in the decision record: what it does here, what would replace it."""
    rows = {
        normal(match.group(1)): match.group(0).count("|")
        for match in re.finditer(r"^\|\s*`([^`]+)`\s*\|.*\|\s*$", record.text, re.MULTILINE)
    }
    found = []
    for source in wanted:
        for number, line in _requirements(source.text):
            if rows.get(normal(line), 0) < 4:
                found.append(source.at(number, f"{normal(line)} has no row in {record.path}"))
    return found


def normal(requirement: str) -> str:
    """A requirement's package name as the index compares names."""
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group(1)).lower() if match else requirement


def _requirements(text: str) -> list[tuple[int, str]]:
    """The logical lines that name a package, with the line each starts on."""
    found: list[tuple[int, str]] = []
    start, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        start = start if joined else number
        joined += bare.removesuffix("\\") + " "
        if bare.endswith("\\"):
            continue
        if joined.strip() and not joined.startswith("-r"):
            found.append((start, joined.strip()))
        joined = ""
    return found
