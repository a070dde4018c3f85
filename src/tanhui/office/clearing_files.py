"""A clearing statement as a file (CSV, Excel, PDF, the signed JSON), and the file that goes to the bank."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from tanhui.kernel.county import load_county
from tanhui.kernel.days import chinese_date, local_day
from tanhui.office import paper
from tanhui.office.files import moment
from tanhui.office.words import person_words
from tanhui.rewards import queries
from tanhui.rewards.types import FULL_RATE_BP, PaymentLine, SignedDocument, StatementLineView, StatementView

MOST_PAPER_LINES = 1_000
"""A longer statement is printed with its sums by day; every line is in the attached content and in Excel."""
_PAGE = 1_000
HEADER = [
    "行",
    "类型",
    "发生时间",
    "记录时间",
    "迟到",
    "权益",
    "门店",
    "金额（元）",
    "核销编号",
    "券编号",
    "凭证",
    "说明",
]
BANK_HEADER = ["序号", "收款户名", "收款账号", "开户行", "金额（元）", "附言", "商户"]


def all_lines(number: str, text: str = "") -> Iterator[StatementLineView]:
    """Every line of a statement, in order."""
    after = 0
    while True:
        found = queries.statement_lines(number, after=after, limit=_PAGE, text=text)
        yield from found
        if len(found) < _PAGE:
            return
        after = found[-1].line


def yuan(fen: int) -> Decimal:
    """Fen as yuan with two places."""
    return Decimal(fen).scaleb(-2)


def shown(fen: int) -> str:
    """Yuan for people: −1,234.56."""
    return f"{'−' if fen < 0 else ''}{yuan(abs(fen)):,.2f}"


def percent(basis_points: int) -> str:
    """9,500 → 95.00%."""
    return f"{Decimal(basis_points) / 100:.2f}%"


def month_words(month: date) -> str:
    """2026年10月."""
    return f"{month.year}年{month.month}月"


def line_rows(lines: Iterable[StatementLineView]) -> Iterator[list[object]]:
    """The rows of a table, under `HEADER`."""
    for row in lines:
        yield [
            row.line, row.kind.label, moment(row.happened_at), moment(row.recorded_at), "是" if row.late else "",
            row.title, row.shop, yuan(row.amount_fen), row.redemption, row.voucher, row.transfer, row.memo,
        ]  # fmt: skip


def bank_rows(lines: Iterable[PaymentLine]) -> Iterator[list[object]]:
    """The rows of a payment file, under `BANK_HEADER`."""
    for serial, row in enumerate(lines, start=1):
        amount = yuan(row.amount_fen)
        yield [serial, row.account_name, row.account_number, row.bank_name, amount, row.statement, row.title]


def workbook(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[object]]]]) -> bytes:
    """An Excel workbook: title, header and rows of each sheet. A text stays a text, whatever it begins with."""
    book = Workbook(write_only=True)
    for title, header, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for column, words in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", header, strict=False):
            sheet.column_dimensions[column].width = max(12, 2 * len(words) + 4)
        head = [WriteOnlyCell(sheet, words) for words in header]
        for cell in head:
            cell.font = Font(bold=True)
        sheet.append(head)
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: object, value: object) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"
    return cell


def statement_workbook(view: StatementView) -> bytes:
    """Sums and lines."""
    first: list[Sequence[object]] = [
        ("商户", view.title),
        ("月份", month_words(view.month)),
        ("编号", view.number),
        ("状态", view.state.label),
        *_sums(view),
        ("应付（元）", yuan(view.net_fen)),
        ("摘要（SHA-256）", view.digest),
        ("签名（Ed25519）", view.signature),
    ]
    return workbook([("结算单", ["项目", "内容"], first), ("明细", HEADER, line_rows(all_lines(view.number)))])


def _sums(view: StatementView) -> list[tuple[str, Decimal]]:
    taken = f"按约定比例 {percent(view.rate_bp)} 结算，扣减（元）"
    found = [("核销减去撤销（元）", yuan(view.gross_fen)), ("更正（元）", yuan(view.correction_fen))]
    return [*found, (taken, yuan(view.rate_fen))] if view.rate_bp != FULL_RATE_BP else found


def check_url(request: HttpRequest, view: StatementView) -> str:
    """Where anybody sees whether the platform signed a statement with this digest."""
    return request.build_absolute_uri(reverse("portal:statement-check", args=[view.number, view.digest]))


def statement_pdf(view: StatementView, document: SignedDocument, check: str) -> bytes:
    """The statement on paper; signed, with the signed content inside. Raises NoTypeface."""
    county = load_county(settings.TANHUI_COUNTY)
    platform = county.facts["platform"]
    issuer = f"{county.facts.get('full_name', county.name)} · {platform['title']}"
    texts = {"qr": "", "content": "", "signature": ""}
    if view.signature:
        texts = {"qr": paper.qr_svg(check), "content": document.content.decode(), "signature": document.signature}
    data = {
        "issuer": f"{issuer}（演示）" if county.is_demo else issuer,
        "title": f"商户结算单 {month_words(view.month)}",
        "number": view.number,
        "merchant": view.title,
        "signed": bool(view.signature),
        "state": "已复核签名" if view.signature and view.state.value == "approved" else view.state.label,
        "facts": _facts(view),
        "sums": [[words.replace("（元）", ""), f"{value:,.2f} 元".replace("-", "−")] for words, value in _sums(view)],
        "total": ["应付", f"{shown(view.net_fen)} 元"],
        "words": capital(view.net_fen),
        **_paper_lines(view),
        "check_words": _check_words(view),
        "proof": _proof(view, document, check),
    }
    at = view.paid_at or view.approved_at or view.checked_at or view.drafted_at
    return paper.pdf("statement", data, at=at.astimezone(UTC), texts=texts)


def _facts(view: StatementView) -> list[list[str]]:
    def step(by: str, at: datetime | None) -> str:
        return f"{moment(at)}\n{person_words(by)}" if at else "—"

    return [
        ["月份", month_words(view.month), "结算比例", f"面值的 {percent(view.rate_bp)}"],
        ["商户编号", view.merchant, "明细", f"{view.lines:,} 行"],
        ["生成", step(view.drafted_by, view.drafted_at), "核对", step(view.checked_by, view.checked_at)],
        ["复核签名", step(view.approved_by, view.approved_at), "支付", step(view.payment, view.paid_at)],
    ]


def _paper_lines(view: StatementView) -> dict[str, object]:
    if view.lines <= MOST_PAPER_LINES:
        rows = [
            [
                str(row.line),
                moment(row.happened_at),
                row.kind.label + ("\n迟到" if row.late else ""),
                "\n".join(
                    part for part in (" · ".join(filter(None, (row.title, row.shop))), row.memo, row.voucher) if part
                ),
                shown(row.amount_fen),
            ]
            for row in all_lines(view.number)
        ]
        note = (
            "迟到：发生在更早的月份、那个月结算之后才到的核销，计入本月。"
            if any("迟到" in row[2] for row in rows)
            else ""
        )
        head = ["行", "发生时间", "类型", "权益、门店与券", "金额（元）"]
        return {"lines_title": "明细", "lines_note": note, "head": head, "lines": rows}
    days: dict[date, list[int]] = {}
    for line in all_lines(view.number):
        days.setdefault(local_day(line.happened_at), []).append(line.amount_fen)
    rows = [
        [str(serial), chinese_date(day), f"{len(amounts):,} 行", "", shown(sum(amounts))]
        for serial, (day, amounts) in enumerate(sorted(days.items()), start=1)
    ]
    note = f"共 {view.lines:,} 行，这里按日合计；每一行都在附件和 Excel 文件里。"
    head = ["序号", "日期", "行数", "", "金额（元）"]
    return {"lines_title": "按日合计", "lines_note": note, "head": head, "lines": rows}


def _check_words(view: StatementView) -> str:
    if not view.signature:
        return "这张结算单还没有复核签名，只供核对，不作付款依据。"
    return (
        "扫右边的二维码，或打开下面的网址，可以看到平台是否签发过这张结算单。"
        "签名的内容（JSON）和签名附在本文件里，用 PDF 阅读器的“附件”可以取出，"
        "用平台公布的公钥断网也能核对。纸面与附件不一致的，以附件为准。"
    )


def _proof(view: StatementView, document: SignedDocument, check: str) -> list[list[str]]:
    digest = ["摘要（SHA-256）", document.digest]
    if not view.signature:
        return [digest]
    halves = f"{document.signature[:64]}\n{document.signature[64:]}"
    return [digest, ["签名（Ed25519）", halves], ["公钥", document.public_key], ["核对网址", _folded(check)]]


def _folded(text: str) -> str:
    return "\n".join(text[at : at + 64] for at in range(0, len(text), 64))


_DIGITS, _PLACES, _GROUPS = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟"), ("", "万", "亿", "万亿")


def capital(fen: int) -> str:
    """An amount in capital characters, as payment vouchers have it: 壹拾元整.

    Source: the basic rules of filling in bills, annex 1 of 支付结算办法 (银发〔1997〕393号).
    """
    sign, size = ("负" if fen < 0 else ""), abs(fen)
    whole, rest = divmod(size, 100)
    jiao, cents = divmod(rest, 10)
    words = _whole(whole)
    tail = (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[cents]}分" if cents else "")
    if not tail:
        return f"{sign}{words or '零'}元整"
    if not words:
        return sign + tail
    return f"{sign}{words}元{'' if jiao else '零'}{tail}"


def _whole(number: int) -> str:
    """Groups of four digits; one 零 for any zeros between digits."""
    text, gap = "", False
    digits = str(number) if number else ""
    for at, digit in enumerate(digits):
        group, place = divmod(len(digits) - 1 - at, 4)
        if digit == "0":
            gap = True
        else:
            text += ("零" if gap and text else "") + _DIGITS[int(digit)] + _PLACES[place]
            gap = False
        if place == 0 and int(digits[max(0, at - 3) : at + 1]):
            text += _GROUPS[group]
    return text
