"""Secrets are made once, kept closed, and refused when they are not what they should be."""

from __future__ import annotations

import stat

import pytest

from tanhui.kernel.errors import BadInput
from tanhui.project import secrets


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in secrets.NAMES:
        monkeypatch.delenv(secrets.environment_name(name), raising=False)


def test_made_once_and_readable_by_the_owner_only(tmp_path):
    first = secrets.load_secrets(tmp_path / "var")
    assert set(first) == set(secrets.NAMES)
    assert all(len(value) == 32 for value in first.values())
    assert len(set(first.values())) == len(secrets.NAMES)
    assert stat.S_IMODE((tmp_path / "var" / "secrets.json").stat().st_mode) == 0o600
    assert secrets.load_secrets(tmp_path / "var") == first


def test_environment_comes_first_and_writes_nothing_when_complete(tmp_path, monkeypatch):
    for number, name in enumerate(secrets.NAMES):
        monkeypatch.setenv(secrets.environment_name(name), f"{number:064x}")
    assert secrets.load_secrets(tmp_path)["django"] == bytes(32)
    assert list(tmp_path.iterdir()) == []


def test_a_name_added_later_leaves_the_others_as_they_are(tmp_path, monkeypatch):
    first = secrets.load_secrets(tmp_path)
    monkeypatch.setattr(secrets, "NAMES", (*secrets.NAMES, "later"))
    second = secrets.load_secrets(tmp_path)
    assert second.items() > first.items()


@pytest.mark.parametrize("text", ["short", "zz" * 32, "00" * 31])
def test_a_secret_that_is_none_is_refused_by_name(tmp_path, monkeypatch, text):
    monkeypatch.setenv("TANHUI_SECRET_DJANGO", text)
    with pytest.raises(BadInput) as caught:
        secrets.load_secrets(tmp_path)
    assert "TANHUI_SECRET_DJANGO" in caught.value.where
    assert text not in str(caught.value)


def test_a_file_open_to_others_is_refused(tmp_path):
    secrets.load_secrets(tmp_path)
    (tmp_path / "secrets.json").chmod(0o644)
    with pytest.raises(BadInput, match="可被其他用户读取"):
        secrets.load_secrets(tmp_path)


def test_a_broken_file_is_never_replaced(tmp_path):
    path = tmp_path / "secrets.json"
    path.write_text("{")
    path.chmod(0o600)
    with pytest.raises(BadInput, match="已损坏"):
        secrets.load_secrets(tmp_path)
    assert path.read_text() == "{"
