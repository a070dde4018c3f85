"""Rules on what a room offers: each takes a module and returns what is wrong, as lines to read."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from types import ModuleType

DEFAULT_VERBS = 8
FEWER_VERBS: Mapping[str, int] = {"ledger": 3}


def undeclared(module: ModuleType) -> list[str]:
    """A public module says what it offers."""
    names = getattr(module, "__all__", None)
    if not names:
        return [f"{module.__name__} has no __all__"]
    return [f"{module.__name__}.{name} is in __all__ but missing" for name in names if not hasattr(module, name)]


def too_many_verbs(module: ModuleType, room: str) -> list[str]:
    """At most eight verbs a room, three in the ledger: a ninth is the same again, or belongs elsewhere."""
    limit = FEWER_VERBS.get(room, DEFAULT_VERBS)
    count = len(getattr(module, "__all__", ()))
    return [f"{module.__name__} has {count} verbs, at most {limit}"] if count > limit else []


def careless_verbs(module: ModuleType) -> list[str]:
    """A verb is a documented function whose arguments are all named, and which is told the time."""
    found = []
    for name in getattr(module, "__all__", ()):
        verb = getattr(module, name, None)
        label = f"{module.__name__}.{name}"
        if not callable(verb) or not inspect.isfunction(inspect.unwrap(verb)):
            found.append(f"{label} is not a function")
            continue
        parameters = inspect.signature(verb).parameters
        if any(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in parameters.values()):
            found.append(f"{label} takes positional arguments")
        if "at" not in parameters:
            found.append(f"{label} is not told the time (no argument `at`)")
    return found


def undocumented(module: ModuleType) -> list[str]:
    """Everything public says what it means."""
    return [
        f"{module.__name__}.{name} has no docstring"
        for name in getattr(module, "__all__", ())
        if callable(getattr(module, name, None)) and not inspect.getdoc(getattr(module, name))
    ]


def unlisted_verbs(modules: Iterable[ModuleType], pages: Iterable[str]) -> list[str]:
    """Every verb is found in the reference or in the glossary, as code."""
    text = "\n".join(pages)
    return [
        f"{module.__name__}.{name} is in no page of docs/reference/ and not in the glossary"
        for module in modules
        for name in getattr(module, "__all__", ())
        if not re.search(rf"`(?:[a-z_.]*\.)?{re.escape(name)}(?:\([^`]*)?`", text)
    ]
