"""What is installed is locked, hashed and explained; each rule is seen to fail on a planted violation."""

from __future__ import annotations

import pytest
from tests.house import lock_rules as rules
from tests.house.tree import ROOT, Source

HASH = " --hash=sha256:" + "0" * 64


def _source(path: str) -> Source:
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def _assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_lock(name: str) -> None:
    wanted, lock = _source(f"requirements/{name}.in"), _source(f"requirements/{name}.txt")
    _assert_none(rules.hosts_named(wanted) + rules.hosts_named(lock))
    _assert_none(rules.unhashed(lock) + rules.stale_lock(wanted, lock))


def test_runtime_and_dev_agree() -> None:
    runtime, dev = _source("requirements/runtime.txt"), _source("requirements/dev.txt")
    pins = {line for line in runtime.text.splitlines() if "==" in line}
    assert pins <= set(dev.text.splitlines())


def test_dependencies_are_explained() -> None:
    wanted = [_source("requirements/runtime.in"), _source("requirements/dev.in")]
    _assert_none(rules.unexplained(wanted, _source("docs/decisions/0010-dependencies.md")))


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "-i packages.example",
        "--find-links ./wheels",
        "django @ file:///django.whl",
        "git+ssh://code.example/django",
    ],
)
def test_planted_host(line: str) -> None:
    assert len(rules.hosts_named(Source("requirements/a.txt", f"# a lock\n{line}\n"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"django==5.2.1 \\\n   {HASH}\npint==0.25{HASH}\n", 0),
        (f"django==5.2.1{HASH}\npint==0.25\n", 1),
        (f"django==5.2.1 \\\n    --hash=md5:0\npint==0.25{HASH}\n", 1),
        (f"django>=5.2{HASH}\n", 1),
        ("# only a comment\n", 0),
    ],
)
def test_planted_unhashed(text: str, expected: int) -> None:
    assert len(rules.unhashed(Source("requirements/a.txt", text))) == expected


def test_planted_stale_lock() -> None:
    lock = Source("requirements/a.txt", f"types-pyyaml==6.0{HASH}\n")
    assert rules.stale_lock(Source("requirements/a.in", "-r b.in\ntypes-PyYAML  # stubs\n"), lock) == []
    assert len(rules.stale_lock(Source("requirements/a.in", "types-PyYAML\ndjango\n"), lock)) == 1


def test_planted_unexplained() -> None:
    wanted = [Source("requirements/a.in", "django~=5.2.0\nibis-framework[duckdb]\n")]
    row = "| `django` | everything stands on it | nothing |\n"
    half = "| `ibis-framework` | compiles methods |\n"
    assert len(rules.unexplained(wanted, Source("record.md", row))) == 1
    assert len(rules.unexplained(wanted, Source("record.md", row + half))) == 1
    whole = "| `ibis-framework` | compiles methods | sqlglot by hand |\n"
    assert rules.unexplained(wanted, Source("record.md", row + whole)) == []
