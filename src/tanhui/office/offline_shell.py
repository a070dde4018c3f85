"""The service worker of a page that works without network: it keeps the page and its files, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import reverse

CAMERA = "camera=(self), geolocation=(), microphone=(), payment=()"
"""The `Permissions-Policy` of a page that reads codes with the camera."""
_WORKER = "tanhui/offline/worker.js"


def worker_script(name: str, *, pages: Sequence[str], files: Sequence[str]) -> HttpResponse:
    """The worker's script, served from an address above which it may not reach.

    `pages` are addresses without anything personal in them; `files` are names of static files. Its version follows from
    the files' content, so that a phone takes the new ones as soon as it has network.
    """
    shell = {
        "name": name,
        "version": _version(tuple(files)),
        "pages": list(pages),
        "files": [reverse("portal:brand"), *(static(each) for each in files)],
    }
    script = f"self.SHELL = {json.dumps(shell)};\nimportScripts({json.dumps(static(_WORKER))});\n"
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@lru_cache(maxsize=8)
def _version(files: tuple[str, ...]) -> str:
    """The first digits of a hash of everything that the worker keeps, and of the worker itself."""
    found = hashlib.sha256()
    for each in (*files, _WORKER):
        place = finders.find(each)
        found.update(Path(str(place)).read_bytes() if place else each.encode())
    return found.hexdigest()[:16]
