"""A plan as Word, PDF or text file: the same facts come out; what cannot be read is refused in words."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from playwright.sync_api import sync_playwright

from tanhui_plandoc import Draft, documents, read
from tanhui_plandoc.documents import text_of
from tanhui_plandoc.draft import Indicator

CORPUS = Path(__file__).parent / "corpus"
CHROMIUM = shutil.which("chromium")
NAMES = ("boxes_and_annexes", "clean", "restarting_numbers", "year_columns")


def facts(draft: Draft) -> dict[str, Any]:
    """What must not depend on the kind of file: everything but line numbers and diagnostics."""
    return {
        "head": (draft.title, draft.status, draft.date),
        "goals": [(one.text, one.deadline_year) for one in draft.overall_targets],
        "safeguards": [one.title for one in draft.safeguards],
        "tasks": [
            (
                task.no,
                task.title,
                [one.name for one in task.leads],
                [one.name for one in task.supporters],
                [(box.title, [action.title for action in box.actions]) for box in task.boxes],
                [(one.id, one.deadline, str(one.value), sections(one)) for one in task.indicators],
                [(item.period, item.text, item.mark) for item in task.roadmap],
            )
            for task in draft.tasks
        ],
    }


def sections(one: Indicator) -> list[str]:
    return [each.section for each in one.occurrences]


def corpus(name: str) -> str:
    return (CORPUS / f"{name}.txt").read_text(encoding="utf-8")


def blocks(text: str) -> list[list[str] | list[list[str]]]:
    """A text as paragraphs (lists of one) and tables (lists of rows), as somebody would type it in Word."""
    found: list[Any] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > 2 or (len(cells) == 2 and not cells[1].isdigit()):
            if found and isinstance(found[-1][0], list) and len(found[-1][0]) == len(cells):
                found[-1].append(cells)
            else:
                found.append([cells])
        elif line.strip():
            found.append(["\t".join(cells)])
    return found


def word(text: str) -> bytes:
    document = docx.Document()
    for block in blocks(text):
        if isinstance(block[0], str):
            document.add_paragraph(block[0])
            continue
        table = document.add_table(rows=0, cols=len(block[0]))
        for row in block:
            for cell, said in zip(table.add_row().cells, row, strict=True):
                cell.text = said
    return saved(document)


def saved(document: Any) -> bytes:
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_word_gives_the_same_facts(name: str, tmp_path: Path) -> None:
    path = tmp_path / "方案.docx"
    path.write_bytes(word(corpus(name)))
    assert facts(read(text_of(path))) == facts(read(corpus(name)))


def test_cells_merged_in_word_speak_once() -> None:
    document = docx.Document()
    table = document.add_table(rows=3, cols=3)
    for at, words in enumerate(("类别", "任务", "牵头单位")):
        table.cell(0, at).text = words
    table.cell(1, 0).merge(table.cell(2, 0)).text = "道路"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "修路"
    table.cell(2, 2).paragraphs[0].text = "住建局"
    table.cell(2, 2).add_paragraph("交通局")
    assert text_of("表.docx", saved(document)).splitlines() == [
        "类别\t任务\t牵头单位",
        "道路\t修路\t",
        "\t\t住建局；交通局",
    ]


def test_a_frame_of_one_cell_is_text() -> None:
    document = docx.Document()
    frame = document.add_table(rows=1, cols=1).cell(0, 0)
    frame.text = "专栏1 修路行动"
    frame.add_paragraph("修补路面：每年修补一次。")
    assert text_of("框.docx", saved(document)).splitlines() == ["专栏1 修路行动", "修补路面：每年修补一次。"]


def numbered(document: Any, form: str, shown: str) -> int:
    """A list of Word's own counting; its number."""
    lists = document.part.numbering_part.element
    key = 900 + len(lists)
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), str(key))
    level = OxmlElement("w:lvl")
    level.set(qn("w:ilvl"), "0")
    for name, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", shown)):
        each = OxmlElement(name)
        each.set(qn("w:val"), value)
        level.append(each)
    abstract.append(level)
    lists.insert(0, abstract)
    number = OxmlElement("w:num")
    number.set(qn("w:numId"), str(key))
    link = OxmlElement("w:abstractNumId")
    link.set(qn("w:val"), str(key))
    number.append(link)
    lists.append(number)
    return key


def test_numbers_that_word_counts_are_written_out() -> None:
    document = docx.Document()
    document.add_paragraph("示例县修路方案")
    chapters, tasks = numbered(document, "chineseCounting", "%1、"), numbered(document, "decimal", "%1.")
    for words, key in (
        ("主要目标", chapters),
        ("到2027年，路修好。", 0),
        ("重点任务", chapters),
        ("修路。到2027年，修路3条。（住建局牵头）", tasks),
        ("架桥。到2027年，架桥1座。（交通局牵头）", tasks),
    ):
        paragraph = document.add_paragraph(words)
        if key:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_numId().val = key
            properties.get_or_add_ilvl().val = 0
    text = text_of("方案.docx", saved(document))
    assert text.splitlines()[1:] == [
        "一、主要目标",
        "到2027年，路修好。",
        "二、重点任务",
        "1.修路。到2027年，修路3条。（住建局牵头）",
        "2.架桥。到2027年，架桥1座。（交通局牵头）",
    ]
    assert [task.title for task in read(text).tasks] == ["修路", "架桥"]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("name", ["boxes_and_annexes", "clean"])
def test_pdf_gives_tasks_leads_and_tables(name: str, tmp_path: Path) -> None:
    html = ["<meta charset=utf-8><style>table{border-collapse:collapse;width:100%}td{border:1px solid #000}</style>"]
    for block in blocks(corpus(name)):
        if isinstance(block[0], str):
            html.append(f"<p>{block[0]}</p>")
        else:
            rows = ("".join(f"<td>{cell}</td>" for cell in row) for row in block)
            html.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
    path = tmp_path / "方案.pdf"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_content("".join(html))
        page.pdf(path=path, format="A4")
        browser.close()
    wanted, found = facts(read(corpus(name))), facts(read(text_of(path)))
    assert found["head"] == wanted["head"]
    assert found["safeguards"] == wanted["safeguards"]
    assert [each[:5] for each in found["tasks"]] == [each[:5] for each in wanted["tasks"]]
    assert [len(each[6]) for each in found["tasks"]] == [len(each[6]) for each in wanted["tasks"]]


@pytest.mark.parametrize(
    "content", ["示例县方案".encode(), b"\xef\xbb\xbf" + "示例县方案".encode(), "示例县方案".encode("gb18030")]
)
def test_text_in_the_usual_encodings(content: bytes) -> None:
    assert text_of("方案.txt", content) == "示例县方案"


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as parcel:
        parcel.writestr("word/document.xml", b" " * (documents.MOST_UNPACKED + 1))
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("方案.doc", b"x", "请用"),
        ("方案", b"x", "没有扩展名"),
        ("方案.txt", b"\xff\xff\x00\x00", "编码"),
        ("方案.txt", b"  \n", "没有文字"),
        ("方案.docx", b"not a parcel", "损坏"),
        ("方案.docx", b"PK\x03\x04" + b"\0" * 200, "损坏"),
        ("方案.docx", word("甲")[:-300], "损坏"),
        ("方案.docx", word(""), "没有文字"),
        ("方案.docx", bomb(), "过大"),
        ("方案.pdf", b"%PDF-1.7\nnothing", "损坏|没有文字"),
        ("方案.pdf", b"", "损坏|没有文字"),
        ("方案.txt", b"1" * (documents.MOST_BYTES + 1), "超过"),
    ],
    ids=range(12),
)
def test_what_cannot_be_read_is_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        text_of(name, content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="打不开"):
        text_of(tmp_path / "没有.txt")
