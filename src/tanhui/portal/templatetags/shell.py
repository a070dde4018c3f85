"""The service worker of a page that works without network: what it keeps, and a version that follows the content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_STATIC = Path(__file__).parents[1] / "static"


@register.simple_tag
def worker(name: str, pages: Sequence[str], files: Sequence[str], more: Sequence[str] = ()) -> SafeString:
    """The text of a worker: `pages` and `more` are addresses, `files` names of our static files.

    See `static/tanhui/offline/worker.js`. The page of a changed file gets a new worker.
    """
    addresses = [*(static(each) for each in files), *more]
    shell = {"name": name, "version": _digest(tuple(files)), "pages": list(pages), "files": addresses}
    script = static("tanhui/offline/worker.js")
    return mark_safe(f"self.SHELL = {json.dumps(shell)};\nimportScripts({json.dumps(script)});\n")  # noqa: S308


@lru_cache(maxsize=8)
def _digest(files: tuple[str, ...]) -> str:
    found = hashlib.sha256()
    for each in (*files, "tanhui/offline/worker.js"):
        found.update(hashlib.sha256((_STATIC / each).read_bytes()).digest())
    return found.hexdigest()[:16]
