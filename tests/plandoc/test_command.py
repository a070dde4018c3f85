"""`tanhui plan read`: for people and for programs, without a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tanhui.project.cli import root

CORPUS = Path(__file__).parent / "corpus"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root.root, ["plan", "read", *arguments], prog_name="tanhui")


def test_for_people() -> None:
    done = run(str(CORPUS / "boxes_and_annexes.txt"))
    assert done.exit_code == 0
    assert done.stdout.startswith("示例县清洁低碳生活推进方案　征求意见稿　2024-03\n")
    assert "2 组 4 项任务，3 个专栏" in done.stdout
    assert "办好节水课堂" in done.stdout
    assert "住建局、城管局" in done.stdout
    assert "内容问题" in done.stdout
    assert "到2030，" in done.stdout


def test_for_programs() -> None:
    done = run(str(CORPUS / "clean.txt"), "--json")
    content = json.loads(done.stdout)
    assert content["title"] == "虚构县步行友好行动方案"
    (lead,) = content["groups"][0]["tasks"][0]["leads"]
    assert (lead["raw"], lead["code"]) == ("住建局", "housing-construction")
    assert lead["name"] != lead["raw"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "方案.doc"
    path.write_bytes(b"old")
    done = run(str(path))
    assert (done.exit_code, done.stdout) == (root.EXPECTED_ERROR, "")
    assert ".docx" in done.stderr
    assert str(path) in done.stderr


def test_an_unknown_county(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANHUI_COUNTY", "nowhere")
    done = run(str(CORPUS / "clean.txt"))
    assert done.exit_code == root.EXPECTED_ERROR
    assert "nowhere" in done.stderr
