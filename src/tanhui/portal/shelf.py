"""The library of methods and factors as the portal shows it: the documents, read once until a file changes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from tanhui.kernel.county import PROJECT_ROOT, load_county
from tanhui_methods import Library, load_library


def _folders() -> tuple[Path, tuple[Path, ...]]:
    county = load_county(settings.TANHUI_COUNTY)
    return PROJECT_ROOT / "methods", (PROJECT_ROOT / "factors", county.folder / "factors")


def _state(methods: Path, factors: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    files = sorted([*methods.glob("*/*/*.md"), *(path for folder in factors for path in folder.glob("*.csv"))])
    return tuple((str(path), path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=2)
def _read(methods: Path, factors: tuple[Path, ...], _state: tuple[tuple[str, int], ...]) -> Library:
    return load_library(methods, factors)


def library() -> Library:
    """All method versions and factor rows of this installation. Raises MethodErrors where a file is wrong."""
    methods, factors = _folders()
    return _read(methods, factors, _state(methods, factors))
