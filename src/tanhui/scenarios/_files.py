"""A partner's table read row by row as texts: CSV, Excel, Parquet. Never the whole file in memory."""

from __future__ import annotations

import codecs
import csv
import hashlib
import importlib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tanhui.scenarios._mapping import FileMapping, check_header, evidence_of
from tanhui.scenarios.types import Evidence, FileFault, Refusal

MAX_FILE_BYTES = 2 * 1024**3
MAX_EXCEL_BYTES = 100 * 1024**2
MAX_EXCEL_UNPACKED_BYTES = 1024**3
_BLOCK = 1024 * 1024
_ROWS_AT_ONCE = 10_000
_DUCKDB = {"threads": 1, "autoinstall_known_extensions": False, "autoload_known_extensions": False}


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that has been looked at: what it is, and the SHA-256 of its bytes."""

    path: Path
    kind: str
    encoding: str
    digest: bytes


def look_at(path: Path) -> TableFile:
    """Find out kind and encoding of a file by its content, not its name. Raises FileFault."""
    if not path.is_file():
        raise FileFault("没有这个文件", where=str(path), fix="检查路径")
    size = path.stat().st_size
    if size == 0:
        raise FileFault("文件是空的", where=path.name, fix="重新导出")
    if size > MAX_FILE_BYTES:
        raise FileFault(f"文件超过 {MAX_FILE_BYTES // 1024**3} GiB", where=path.name, fix="拆成几个文件")
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        if head == b"PK\x03\x04":
            return TableFile(path, "excel", "", _digest(path))
        if head == b"PAR1":
            return TableFile(path, "parquet", "", _digest(path))
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileFault("这是旧版 Excel（.xls）", where=path.name, fix="另存为 .xlsx 或 CSV UTF-8")
    encoding, digest = _encoding(path, head)
    return TableFile(path, "csv", encoding, digest)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _encoding(path: Path, head: bytes) -> tuple[str, bytes]:
    """UTF-8 (with or without a mark) where the whole file is; else GBK where the whole file is."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileFault("文件是 UTF-16 编码", where=path.name, fix="另存为“CSV UTF-8”")
    utf8 = codecs.getincrementaldecoder("utf-8")()
    gbk = codecs.getincrementaldecoder("gb18030")()
    is_utf8 = is_gbk = True
    line, first_bad_line = 1, 0
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            summed.update(block)
            if b"\x00" in block:
                raise FileFault("文件里有零字节，不是文本表格", where=f"{path.name} 第 {line} 行附近")
            if is_utf8 and not _decodes(utf8, block):
                is_utf8, first_bad_line = False, line
            if is_gbk and not _decodes(gbk, block):
                is_gbk = False
            if not block:
                break
            line += block.count(b"\n")
    if is_utf8:
        return "utf-8-sig", summed.digest()
    if is_gbk and not head.startswith(codecs.BOM_UTF8):
        return "gb18030", summed.digest()
    raise FileFault(
        "文件编码既不是 UTF-8 也不是 GBK",
        where=f"{path.name} 第 {first_bad_line} 行起",
        fix="另存为“CSV UTF-8”后重新导入",
    )


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError:
        return False
    return True


def evidence_rows(table: TableFile, mapping: FileMapping) -> Iterator[Evidence | Refusal]:
    """Every row of the table as evidence or as a refusal. Raises FileFault for faults of the whole file."""
    if table.kind == "csv":
        return _csv_evidence(table, mapping)
    if table.kind == "excel":
        return _excel_evidence(table, mapping)
    return _parquet_evidence(table, mapping)


def _csv_evidence(table: TableFile, mapping: FileMapping) -> Iterator[Evidence | Refusal]:
    name = table.path.name
    with table.path.open(encoding=table.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=mapping.delimiter, strict=True)
        try:
            for _ in range(mapping.header_row - 1):
                next(reader, None)
            header = [title.strip() for title in next(reader, [])]
            check_header(mapping, header, where=name)
            first_line = reader.line_num + 1
            for cells in reader:
                row_number, first_line = first_line, reader.line_num + 1
                if cells:
                    yield _cells_to_evidence(mapping, header, cells, row_number)
        except csv.Error as error:
            raise FileFault(
                f"表格在这里断了或引号不成对（{error}）",
                where=f"{name} 第 {reader.line_num} 行",
                fix="检查文件是否传输完整，重新导出",
            ) from error


def _cells_to_evidence(
    mapping: FileMapping, header: Sequence[str], cells: Sequence[str], row_number: int
) -> Evidence | Refusal:
    if len(cells) != len(header):
        message = f"这一行有 {len(cells)} 列，表头有 {len(header)} 列"
        return Refusal(row_number, "wrong_width", message, ",".join(cells)[:4000])
    return evidence_of(mapping, dict(zip(header, cells, strict=True)), row_number)


def _cell_text(value: Any) -> str:
    """A cell as a person would have typed it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        exact = Decimal(repr(value))
        return str(int(exact)) if exact == exact.to_integral_value() and abs(exact) < 10**15 else repr(value)
    return str(value)


def _excel_evidence(table: TableFile, mapping: FileMapping) -> Iterator[Evidence | Refusal]:
    name = table.path.name
    try:
        with zipfile.ZipFile(table.path) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise FileFault("Excel 文件损坏，打不开", where=name, fix="重新导出或另存为 CSV UTF-8") from error
    if table.path.stat().st_size > MAX_EXCEL_BYTES or unpacked > MAX_EXCEL_UNPACKED_BYTES:
        raise FileFault("Excel 文件太大", where=name, fix="拆成几个文件，或另存为 CSV UTF-8")
    openpyxl = importlib.import_module("openpyxl")
    try:
        book = openpyxl.load_workbook(table.path, read_only=True, data_only=True)
    except Exception as error:  # the reader raises whatever its XML and zip libraries raise
        raise FileFault("Excel 文件损坏，打不开", where=name, fix="重新导出或另存为 CSV UTF-8") from error
    with closing(book):
        if mapping.sheet is not None and mapping.sheet not in book.sheetnames:
            names = "、".join(book.sheetnames[:10])
            raise FileFault(f"没有名为“{mapping.sheet}”的工作表（有：{names}）", where=name)
        sheet = book[mapping.sheet] if mapping.sheet else book.worksheets[0]
        yield from _sheet_evidence(sheet, mapping, f"{name}“{sheet.title}”")


def _sheet_evidence(sheet: Any, mapping: FileMapping, where: str) -> Iterator[Evidence | Refusal]:
    header: list[str] | None = None
    rows = iter(sheet.iter_rows(values_only=True))
    row_number = 0
    while True:
        row_number += 1
        try:
            cells = next(rows, None)
        except Exception as error:  # as above: a torn sheet
            raise FileFault("工作表在这里断了", where=f"{where}第 {row_number} 行", fix="重新导出") from error
        if cells is None:
            break
        if row_number < mapping.header_row:
            continue
        texts = [_cell_text(cell) for cell in cells]
        if header is None:
            header = [text.strip() for text in texts]
            while header and not header[-1]:
                header.pop()
            check_header(mapping, header, where=where)
        elif any(texts):
            width = max(len(header), len([text for text in texts[len(header) :] if text]) and len(texts))
            padded = (texts + [""] * len(header))[:width]
            yield _cells_to_evidence(mapping, header, padded, row_number)
    if header is None:
        check_header(mapping, [], where=where)


def _parquet_evidence(table: TableFile, mapping: FileMapping) -> Iterator[Evidence | Refusal]:
    name = table.path.name
    duckdb = importlib.import_module("duckdb")
    with closing(duckdb.connect(":memory:", config=_DUCKDB)) as connection:
        try:
            header = [
                str(row[0])
                for row in connection.execute(
                    "SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(?))", [str(table.path)]
                ).fetchall()
            ]
            check_header(mapping, header, where=name)
            quoted = ", ".join(f'CAST("{column.replace(chr(34), chr(34) * 2)}" AS VARCHAR)' for column in header)
            result = connection.execute(f"SELECT {quoted} FROM read_parquet(?)", [str(table.path)])
            row_number = 0
            while rows := result.fetchmany(_ROWS_AT_ONCE):
                for cells in rows:
                    row_number += 1
                    texts = ["" if cell is None else cell for cell in cells]
                    yield _cells_to_evidence(mapping, header, texts, row_number)
        except duckdb.Error as error:
            raise FileFault("Parquet 文件损坏，读不出来", where=name, fix="重新导出") from error
