"""What a room offers is small, named, documented and told the time; each rule is seen to fail."""

from __future__ import annotations

import importlib
from datetime import datetime
from types import ModuleType

import pytest
from tests.house import verb_rules as rules
from tests.house.tree import read_sources, rooms

ROOMS = rooms()


def _assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


def _module(room: str, name: str) -> ModuleType:
    return importlib.import_module(f"tanhui.{room}.{name}")


@pytest.mark.parametrize("room", ROOMS)
def test_services(room: str) -> None:
    services = _module(room, "services")
    _assert_none(
        rules.undeclared(services)
        + rules.too_many_verbs(services, room)
        + rules.careless_verbs(services)
        + rules.undocumented(services)
    )


@pytest.mark.parametrize("room", ROOMS)
def test_queries(room: str) -> None:
    queries = _module(room, "queries")
    _assert_none(rules.undeclared(queries) + rules.undocumented(queries))


def test_verbs_are_listed() -> None:
    pages = [page.text for page in read_sources(suffixes=(".md",), under=("docs/reference/", "docs/glossary.md"))]
    _assert_none(rules.unlisted_verbs([_module(room, "services") for room in ROOMS], pages))


def _planted(**members: object) -> ModuleType:
    module = ModuleType("planted.services")
    vars(module).update(members)
    module.__all__ = list(members)
    return module


def _verb(*, key: str, at: datetime) -> None:
    """Does it."""


def _positional(key: str, *, at: datetime) -> None:
    """Does it."""


def _timeless(*, key: str) -> None:
    """Does it."""


def _silent(*, at: datetime) -> None:
    pass


def test_a_right_verb_passes() -> None:
    module = _planted(post=_verb)
    assert rules.careless_verbs(module) + rules.undocumented(module) + rules.undeclared(module) == []


@pytest.mark.parametrize("wrong", [_positional, _timeless, 7, str])
def test_planted_careless_verb(wrong: object) -> None:
    assert len(rules.careless_verbs(_planted(post=wrong))) == 1


def test_planted_undocumented() -> None:
    assert len(rules.undocumented(_planted(post=_silent))) == 1


def test_planted_too_many() -> None:
    verbs = {f"verb_{number}": _verb for number in range(9)}
    assert len(rules.too_many_verbs(_planted(**verbs), "scenarios")) == 1
    assert len(rules.too_many_verbs(_planted(a=_verb, b=_verb, c=_verb, d=_verb), "ledger")) == 1
    assert rules.too_many_verbs(_planted(a=_verb, b=_verb, c=_verb), "ledger") == []


def test_planted_undeclared() -> None:
    module = _planted(post=_verb)
    module.__all__ = ["post", "gone"]
    assert len(rules.undeclared(module)) == 1
    del module.__all__
    assert len(rules.undeclared(module)) == 1


def test_planted_unlisted() -> None:
    module = _planted(post=_verb)
    assert len(rules.unlisted_verbs([module], ["The word post, not as code; `posting`."])) == 1
    for page in ("see `post`", "see `ledger.post`", "see `post(postings, at)`"):
        assert rules.unlisted_verbs([module], [page]) == []
