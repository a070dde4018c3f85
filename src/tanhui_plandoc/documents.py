"""Files become text as the reader wants it: lines, tables as rows of tabs, pages parted by form feeds.

Word through python-docx, PDF through pdfplumber; both are imported with this module, which nothing else of the reader
imports.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pdfplumber
from docx.table import Table
from docx.text.paragraph import Paragraph

from tanhui_plandoc.word_numbers import Numbering

MOST_BYTES = 50 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_PAGES = 300
_TAB = re.compile(r"\t(?!\d{1,3}$)")  # the page number of a table of contents keeps its tab
_ENDED = ("。", "；", "，", "、", "：", "！", "？", ";", ",", ":")


def text_of(path: str | Path, content: bytes | None = None) -> str:
    """The text of a .txt, .md, .docx or .pdf file; of `content` where that is given, and the path only names it.

    Raises ValueError in Chinese where the file is of another kind, damaged, locked, too large or without text.
    """
    path = Path(path)
    kind = path.suffix.lower()
    readers = {".txt": _of_plain, ".md": _of_markdown, ".docx": _of_word, ".pdf": _of_pdf}
    if kind not in readers:
        raise ValueError(f"不能读取“{kind or '没有扩展名'}”的文件；请用 .docx、.pdf、.txt 或 .md")
    if content is None:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(_too_large())
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"文件打不开：{error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise ValueError(_too_large())
    text = readers[kind](content)
    if not text.strip():
        raise ValueError("文件里没有文字；扫描件请先做文字识别（OCR）")
    return text


def _too_large() -> str:
    return f"文件超过 {MOST_BYTES // 1024 // 1024} MB；请只上传实施方案本身"


def _of_plain(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("不是文字文件，或编码既不是 UTF-8 也不是 GB 18030；请另存为 UTF-8")


def _of_markdown(content: bytes) -> str:
    """Rows between upright lines become rows of tabs."""
    lines = []
    for line in _of_plain(content).splitlines():
        inner = line.strip()
        if len(inner) > 2 and inner.startswith("|") and inner.endswith("|"):
            if set(inner) <= set("|-: "):
                continue
            line = "\t".join(cell.strip() for cell in inner[1:-1].split("|"))
        lines.append(line)
    return "\n".join(lines)


def _of_word(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parcel:
            if sum(entry.file_size for entry in parcel.infolist()) > MOST_UNPACKED:
                raise ValueError("Word 文件解压后过大；请删去图片后再上传")
        document = docx.Document(io.BytesIO(content))
        return "\n".join(_word_lines(document))
    except ValueError:
        raise
    except Exception as error:  # python-docx and lxml raise many kinds for a damaged file
        raise ValueError("Word 文件已损坏、加了密码或不是 .docx；请用 Word 打开后另存为 .docx") from error


def _word_lines(document: Any) -> Iterator[str]:
    numbering = Numbering(document)
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            yield from _word_rows(block, numbering)
        else:
            yield from _word_paragraph(block, numbering)


def _word_paragraph(paragraph: Paragraph, numbering: Numbering) -> Iterator[str]:
    text = numbering.before(paragraph) + _TAB.sub(" ", paragraph.text)
    yield from text.splitlines() or [""]


def _word_rows(table: Table, numbering: Numbering) -> Iterator[str]:
    """The rows; a cell merged over several rows or columns speaks once, in the first. A table of one column only
    draws a frame: its paragraphs are those of the text."""
    if len(table.columns) == 1:
        for row in table.rows:
            for cell in row.cells[:1]:
                for paragraph in cell.paragraphs:
                    yield from _word_paragraph(paragraph, numbering)
        return
    spoken: set[Any] = set()
    for row in table.rows:
        cells = []
        for cell in row.cells:
            fresh = cell._tc not in spoken
            spoken.add(cell._tc)
            cells.append(_one_line([numbering.before(each) + each.text for each in cell.paragraphs]) if fresh else "")
        yield "\t".join(cells)


def _one_line(paragraphs: list[str]) -> str:
    """The paragraphs of a cell as one; where one has no punctuation at its end, a semicolon parts it from the next."""
    line = ""
    for text in (re.sub(r"\s+", " ", each).strip() for one in paragraphs for each in one.split("\n")):
        if text:
            line += ("" if not line or line.endswith(_ENDED) else "；") + text
    return line


def _of_pdf(content: bytes) -> str:
    try:
        with pdfplumber.open(io.BytesIO(content)) as document:
            if len(document.pages) > MOST_PAGES:
                raise ValueError(f"PDF 超过 {MOST_PAGES} 页；请只上传实施方案本身")
            pages = []
            for page in document.pages:
                pages.append("\n".join(_page_lines(page)))
                page.close()
            return "\n\f".join(pages)
    except ValueError:
        raise
    except Exception as error:  # pdfminer raises many kinds for a damaged or locked file
        raise ValueError("PDF 已损坏或加了密码；请解除密码，或重新导出后再上传") from error


def _page_lines(page: Any) -> Iterator[str]:
    """Text and tables from the top of the page to its foot."""
    left, top, right, bottom = page.bbox
    at = top
    for table in sorted(page.find_tables(), key=lambda each: each.bbox[1]):
        _, upper, _, lower = table.bbox
        if upper > at:
            yield from _text_lines(page.crop((left, at, right, min(upper, bottom))))
        for row in table.extract():
            yield "\t".join(re.sub(r"\s*\n\s*", "", cell or "") for cell in row)
        at = max(at, lower)
    if at < bottom:
        yield from _text_lines(page.crop((left, at, right, bottom)))


def _text_lines(area: Any) -> Iterator[str]:
    yield from (area.extract_text() or "").replace("\t", " ").splitlines()
