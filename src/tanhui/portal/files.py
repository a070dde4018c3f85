"""Files that the portal hands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from tanhui.kernel.sheets import csv_text


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A table as a file to save."""
    response = HttpResponse(csv_text(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
