"""Files that the office hands out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from tanhui.kernel.days import COUNTY_ZONE
from tanhui.kernel.sheets import csv_text


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """A table as a file to save."""
    response = HttpResponse(csv_text(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def workbook_file(name: str, content: bytes) -> HttpResponse:
    """An Excel workbook as a file to save."""
    return _attachment(name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", content)


def document_file(name: str, media_type: str, content: bytes) -> HttpResponse:
    """A document of our own as a file to save."""
    return _attachment(name, media_type, content)


def evidence_file(name: str, media_type: str, content: bytes) -> HttpResponse:
    """A file that somebody uploaded: saved, never shown in place, never guessed at, and nothing in it may run."""
    response = _attachment(name, media_type, content)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _attachment(name: str, media_type: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = str(content_disposition_header(True, name))
    return response


def moment(at: datetime | None) -> str:
    """A time of the county as a cell has it, 2026-11-22 23:05; empty for none."""
    return at.astimezone(COUNTY_ZONE).strftime("%Y-%m-%d %H:%M") if at else ""
