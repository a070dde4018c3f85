"""The import contracts are kept, and each is seen to break on a planted import.

The planted tree is the house in miniature, checked by the same command with the contracts of the real
pyproject.toml, so that a contract that has gone soft fails here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.house.tree import ROOT, floors, rooms

CORES = ("tanhui_methods", "tanhui_plandoc", "tanhui_tlog")


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_contracts_are_kept() -> None:
    done = _lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every package of the house, empty, under the real contracts."""
    folder = tmp_path_factory.mktemp("house")
    for core in CORES:
        _write(folder, f"src/{core}/__init__.py")
    _write(folder, "src/tanhui/__init__.py")
    for package in floors():
        _write(folder, f"src/tanhui/{package}/__init__.py")
    for room in rooms():
        for name in ("services", "queries", "types", "models", "rules"):
            _write(folder, f"src/tanhui/{room}/{name}.py")
    shutil.copy(ROOT / "pyproject.toml", folder / "pyproject.toml")
    (folder / "tests/house").mkdir(parents=True)
    shutil.copy(ROOT / "tests/house/contracts.py", folder / "tests/house/contracts.py")
    return folder


def _write(folder: Path, path: str, text: str = "") -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


@pytest.fixture
def house(empty_house: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_house, tmp_path / "house"))


def test_the_empty_house_keeps_them(house: Path) -> None:
    done = _lint_imports(house)
    assert done.returncode == 0, done.stdout + done.stderr


PLANTED = [
    ("up", "src/tanhui/ledger/services.py", "import tanhui.scenarios.services", "Floors"),
    ("up to project", "src/tanhui/kernel/ids.py", "import tanhui.project", "Floors"),
    (
        "up through a private module",
        "src/tanhui/parties/rules.py",
        "from tanhui.ledger import types",
        "Floors",
    ),
    ("sideways", "src/tanhui/api/__init__.py", "import tanhui.portal", "Floors"),
    ("a room without a floor", "src/tanhui/attic/__init__.py", "", "Floors"),
    ("side entry", "src/tanhui/scenarios/services.py", "from tanhui.ledger.models import Entry", "entered"),
    ("side entry by the package", "src/tanhui/api/__init__.py", "import tanhui.parties", "entered"),
    (
        "side entry into a new private module",
        "src/tanhui/api/__init__.py",
        "import tanhui.ledger._batch",
        "entered",
    ),
    ("a core into the house", "src/tanhui_tlog/__init__.py", "import tanhui.kernel", "cellar"),
    ("a core into a core", "src/tanhui_tlog/__init__.py", "import tanhui_methods", "cellar"),
    ("a core with Django", "src/tanhui_methods/__init__.py", "from django.db import models", "plain Python"),
]


@pytest.mark.parametrize(("path", "text", "contract"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_planted_import_breaks(house: Path, path: str, text: str, contract: str) -> None:
    _write(house, "src/tanhui/ledger/_batch.py")
    _write(house, path, text + "\n")
    done = _lint_imports(house)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(contract in line for line in broken), done.stdout


def test_every_package_has_a_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    roots = set(project["tool"]["importlinter"]["root_packages"])
    assert roots == {path.name for path in (ROOT / "src").iterdir() if (path / "__init__.py").exists()}
