"""Files that prove a record: what they are is said by their first bytes, never by their name."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence

from tanhui.plan.types import Upload

MAX_BYTES = 5 * 1024 * 1024
MAX_FILES = 6
NAME_LENGTH = 120
KINDS = "PDF、JPG、PNG、Excel（xlsx）或 Word（docx）"
_OFFICE = "application/vnd.openxmlformats-officedocument."


def media_type(content: bytes) -> str:
    """The media type of a file that is taken as evidence; empty for any other."""
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"PK\x03\x04"):
        return _office_type(content)
    return ""


def _office_type(content: bytes) -> str:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(content)).namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return ""
    if "xl/workbook.xml" in names:
        return f"{_OFFICE}spreadsheetml.sheet"
    return f"{_OFFICE}wordprocessingml.document" if "word/document.xml" in names else ""


def fault(files: Sequence[Upload]) -> str:
    """What is wrong with files handed in as evidence; empty where nothing is."""
    if len(files) > MAX_FILES:
        return f"佐证材料最多 {MAX_FILES} 个，现有 {len(files)} 个"
    for each in files:
        if not each.content:
            return f"佐证材料“{file_name(each)}”是空文件"
        if len(each.content) > MAX_BYTES:
            return f"佐证材料“{file_name(each)}”超过 {MAX_BYTES // 1024 // 1024} MB"
        if not media_type(each.content):
            return f"佐证材料“{file_name(each)}”不是 {KINDS} 文件"
    if len({digest(each.content) for each in files}) < len(files):
        return "同一个佐证文件上传了两次"
    return ""


def digest(content: bytes) -> str:
    """SHA-256, as text."""
    return hashlib.sha256(content).hexdigest()


def file_name(upload: Upload) -> str:
    """The name without folders and control characters, short enough to keep."""
    name = "".join(each for each in upload.name.replace("\\", "/").rsplit("/", 1)[-1] if each.isprintable()).strip()
    return name[-NAME_LENGTH:] or "未命名"
