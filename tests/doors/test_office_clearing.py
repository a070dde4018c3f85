"""Clearing at the office: two hands from the draft to the bank, disputes of single lines, files that can be checked."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pdfplumber
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client
from django.urls import reverse
from pdfminer.pdftypes import resolve1
from tests.doors.clearing_world import World, month, statement_of, world
from tests.doors.pages import Page
from tests.doors.public import rows_of

from tanhui.office import clearing_files, paper
from tanhui.office.acts import today
from tanhui.parties import queries as parties
from tanhui.rewards import queries
from tanhui.rewards.types import DisputeState, StatementState, StatementView

pytestmark = pytest.mark.django_db

MONTH = f"{month():%Y-%m}"
ACCOUNT = {"account_name": "虚构餐馆有限公司", "account_number": "6222 0000 1234 5678", "bank_name": "虚构银行平江支行"}


def page_of(client: Client, name: str, *args: object, status: int = 200, **query: str) -> Page:
    """A page of the office that answers with that status and has no faults."""
    response: Any = client.get(reverse(f"office:{name}", args=args), query)
    assert response.status_code == status, response.content.decode()[:600]
    page = Page(response)
    assert page.faults() == []
    return page


def send(client: Client, name: str, *args: object, status: int = 302, **data: object) -> Page | None:
    """A form is sent; the page that comes back where it was refused."""
    response: Any = client.post(reverse(f"office:{name}", args=args), data)
    assert response.status_code == status, response.content.decode()[:600]
    if status == 302:
        return None
    page = Page(response)
    assert page.faults() == []
    return page


def drafted(place: World) -> StatementView:
    send(place.operator, "clearing-draft", month=MONTH, merchant=place.merchant)
    return statement_of(place)


def checked(place: World) -> StatementView:
    view = drafted(place)
    send(place.operator, "clearing-check", view.number, digest=view.digest)
    return statement_of(place)


def approved(place: World) -> StatementView:
    view = checked(place)
    send(place.finance, "clearing-approve", view.number, digest=view.digest)
    return statement_of(place)


def confirm_account(place: World) -> None:
    view = queries.pay_account(place.merchant)
    assert view is not None
    page = place.finance.get(reverse("office:clearing-terms", args=[place.merchant]))
    assert f'name="account" value="{view.number}"' in page.content.decode()
    send(place.finance, "clearing-account-confirm", place.merchant, account=view.number)


def with_account(place: World) -> World:
    send(place.operator, "clearing-account", place.merchant, **ACCOUNT)
    confirm_account(place)
    return place


def test_a_statement_goes_from_hand_to_hand_until_it_is_paid() -> None:
    place = with_account(world())
    view = drafted(place)
    assert (view.gross_fen, view.rate_fen, view.net_fen, view.lines) == (2_000, -100, 1_900, 3)
    page = page_of(place.operator, "clearing-statement", view.number)
    for words in ("核对无误", "等运营人员", "19.00 元", "面值的 95.00%", "尾号 5678", view.digest):
        assert words in page.text, words
    assert "1234 5678" not in page.text
    assert "staff:" not in page.text
    assert "运营人员核对 1 张" in page_of(place.finance, "clearing").text
    send(place.operator, "clearing-check", view.number, digest=view.digest)
    assert "复核签名" in page_of(place.finance, "clearing-statement", view.number).text
    send(place.finance, "clearing-approve", view.number, digest=view.digest)
    assert "付款 1 张" in page_of(place.finance, "clearing").text
    send(place.operator, "clearing-prepare", MONTH, statement=[view.number])
    (payment,) = queries.payments(month())
    page = page_of(place.finance, "clearing-payment", payment.number)
    assert "各家银行网银批量付款的格式不一样" in page.text
    send(place.finance, "clearing-payment-confirm", payment.number, reference="BANK-1", paid_on=today().isoformat())
    assert statement_of(place).state is StatementState.PAID
    assert "已办完" in page_of(place.operator, "clearing").text
    assert "已支付" in page_of(place.manager, "clearing-own-statement", view.number).text
    assert queries.owed_fen() == 0


def test_a_step_that_is_not_due_or_saw_something_else_changes_nothing() -> None:
    place = world()
    view = drafted(place)
    send(place.finance, "clearing-approve", view.number, digest=view.digest, status=409)
    page = send(place.operator, "clearing-check", view.number, digest="0" * 64, status=409)
    assert page is not None
    assert "与您看到的不一致" in page.text
    assert statement_of(place) == view
    send(place.operator, "clearing-draft", month=MONTH, merchant="", status=409)
    send(place.operator, "clearing-draft", month="2026-13", merchant="", status=422)
    send(place.operator, "clearing-draft", month=f"{today():%Y-%m}", merchant="", status=409)
    assert len(queries.statements()) == 1


def test_a_void_statement_says_why_and_is_drafted_again() -> None:
    place = world()
    view = drafted(place)
    assert send(place.operator, "clearing-void", view.number, reason="", status=422) is not None
    send(place.operator, "clearing-void", view.number, reason="门店登记错了")
    assert "门店登记错了" in page_of(place.manager, "clearing-own-statement", view.number).text
    again = approved(place)
    assert again.number != view.number
    send(place.operator, "clearing-void", again.number, reason="不该由我", status=409)
    send(place.finance, "clearing-revoke", again.number, reason="复核有误")
    assert {row.state for row in queries.statements()} == {StatementState.VOID}
    assert "2已作废" in page_of(place.operator, "clearing-month", MONTH).text.replace(" ", "")


def test_a_manager_disputes_a_line_and_the_correction_is_posted_by_another() -> None:
    place = world()
    view = drafted(place)
    send(place.manager, "clearing-own-dispute", view.number, 1, reason="", status=422)
    send(place.manager, "clearing-own-dispute", view.number, 1, reason="那天是满减券，应当是十二元")
    send(place.operator, "clearing-check", view.number, digest=view.digest)
    assert "还有1条异议" in page_of(place.finance, "clearing-statement", view.number).text.replace(" ", "")
    send(place.finance, "clearing-approve", view.number, digest=view.digest, status=409)
    (dispute,) = queries.disputes()
    assert "应当是十二元" in page_of(place.operator, "clearing-dispute", dispute.number).text
    refused = {"accepted": "no", "correction": "2.00", "answer": "查过了"}
    send(place.operator, "clearing-dispute", dispute.number, status=422, **refused)
    send(place.operator, "clearing-dispute", dispute.number, accepted="yes", correction="2.00", answer="查实，补两元")
    assert queries.disputes()[0].state is DisputeState.ACCEPTED
    (correction,) = queries.corrections()
    assert correction.amount_fen == 200
    send(place.finance, "clearing-correction-decide", correction.number, posted="no", reason="", status=422)
    send(place.finance, "clearing-correction-decide", correction.number, posted="yes", reason="")
    send(place.finance, "clearing-approve", view.number, digest=view.digest)
    assert queries.owed_fen() == 1_900 + 200
    page = page_of(place.manager, "clearing-own-statement", view.number)
    assert "查实，补两元" in page.text
    assert "不能再提异议" in page.text
    send(place.manager, "clearing-own-dispute", view.number, 2, reason="晚了", status=409)


def test_a_correction_is_proposed_and_rejected_with_a_reason() -> None:
    place = world()
    form = {"merchant": place.merchant, "amount": "-3.50", "reason": "重复核销"}
    send(place.operator, "clearing-correction-new", status=422, **(form | {"amount": "1.234"}))
    send(place.operator, "clearing-correction-new", **form)
    (row,) = queries.corrections()
    assert row.amount_fen == -350
    assert "−3.50" in page_of(place.finance, "clearing-corrections").text
    send(place.finance, "clearing-correction-decide", row.number, posted="no", reason="没有依据")
    assert "没有依据" in page_of(place.operator, "clearing-corrections").text
    assert queries.owed_fen() == 2_000


def test_a_merchants_people_see_their_own_statements_only_and_cashiers_none() -> None:
    place, other = world(), world(title="虚构书店", contract=False)
    mine, theirs = drafted(place), drafted(other)
    assert theirs.number not in str(page_of(place.manager, "clearing-own").all("a"))
    for name in ("clearing-own-statement", "clearing-own-file", "clearing-own-dispute"):
        rest = {"clearing-own-file": ["lines.csv"], "clearing-own-dispute": [1]}.get(name, [])
        page_of(place.manager, name, theirs.number, *rest, status=404)
        page_of(place.cashier, name, mine.number, *rest, status=403)
    page_of(place.cashier, "clearing-own", status=403)
    page_of(place.manager, "clearing-statement", mine.number, status=403)
    send(place.manager, "clearing-own-dispute", theirs.number, 1, reason="不是我的", status=404)
    assert queries.disputes() == []


def test_without_a_confirmed_account_nobody_is_paid_and_the_page_says_so() -> None:
    place = world()
    view = approved(place)
    assert "没有收款账户" in page_of(place.operator, "clearing-month", MONTH).text
    page_of(place.operator, "clearing-statement", view.number, after="²")
    page = send(place.operator, "clearing-prepare", MONTH, statement=[view.number], status=409)
    assert page is not None
    assert "没有已确认的收款账户" in page.text
    send(place.operator, "clearing-account", place.merchant, status=422, **(ACCOUNT | {"account_number": ""}))
    send(place.operator, "clearing-account", place.merchant, **ACCOUNT)
    assert "收款账户待确认" in page_of(place.operator, "clearing-month", MONTH).text
    confirm_account(place)
    send(place.operator, "clearing-prepare", MONTH, statement=[view.number])
    (payment,) = queries.payments()
    send(place.finance, "clearing-payment-cancel", payment.number, reason="", status=422)
    send(place.finance, "clearing-payment-cancel", payment.number, reason="银行退回")
    assert "等付款文件" in page_of(place.operator, "clearing-statement", view.number).text


def test_the_file_for_the_bank_has_the_account_and_the_trail_says_who_took_it() -> None:
    place = with_account(world())
    view = approved(place)
    send(place.operator, "clearing-prepare", MONTH, statement=[view.number])
    (payment,) = queries.payments()
    response: Any = place.finance.get(reverse("office:clearing-payment-file", args=[payment.number, "bank.csv"]))
    header, row = rows_of(response)
    assert header == clearing_files.BANK_HEADER
    account = ["虚构餐馆有限公司", "6222000012345678", "虚构银行平江支行"]
    assert row == ["1", *account, "19.00", view.number, "虚构餐馆"]
    response = place.finance.get(reverse("office:clearing-payment-file", args=[payment.number, "bank.xlsx"]))
    sheet = openpyxl.load_workbook(io.BytesIO(response.content)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]][1:4] == account
    assert sheet["C2"].data_type == "s"
    taken = [line for line in parties.audit_trail() if line.action == "rewards.payment_file"]
    assert [line.target for line in taken] == [payment.number] * 2
    page_of(place.finance, "clearing-payment-file", payment.number, "bank.exe", status=404)
    page_of(place.operator, "clearing-payment-file", payment.number, "bank.csv", status=403)


def test_lines_come_in_pages_and_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tanhui.office.views.clearing_statements.LINES", 2)
    place = world(5)
    view = drafted(place)
    first = page_of(place.operator, "clearing-statement", view.number)
    assert "下一页（第2行之后）" in first.text.replace(" ", "")
    last = page_of(place.operator, "clearing-statement", view.number, after="4")
    assert "回到第一页" in last.text
    assert "下一页" not in last.text
    line = queries.statement_lines(view.number, after=2, limit=1)[0]
    found = page_of(place.operator, "clearing-statement", view.number, q=line.voucher)
    assert found.text.count("=午餐券（示例）") == 1
    assert "没有找到" in page_of(place.operator, "clearing-statement", view.number, q="没有的门店").text
    assert page_of(place.operator, "clearing-statement", view.number, after="x" * 300)


def test_tables_hold_every_line_and_no_formula() -> None:
    place = world(3)
    view = drafted(place)
    response: Any = place.manager.get(reverse("office:clearing-own-file", args=[view.number, "lines.csv"]))
    header, *rows = rows_of(response)
    assert header == clearing_files.HEADER
    assert [row[7] for row in rows] == ["10.00", "10.00", "10.00", "-1.50"]
    assert rows[0][5] == "'=午餐券（示例）"
    response = place.operator.get(reverse("office:clearing-statement-file", args=[view.number, "statement.xlsx"]))
    book = openpyxl.load_workbook(io.BytesIO(response.content))
    assert book.sheetnames == ["结算单", "明细"]
    assert book["明细"]["F2"].value == "=午餐券（示例）"
    assert book["明细"]["F2"].data_type == "s"
    assert [row[7].value for row in book["明细"].iter_rows(min_row=2)] == [10, 10, 10, -1.5]
    response = place.operator.get(reverse("office:clearing-month-csv", args=[MONTH]))
    assert [row[9] for row in rows_of(response)[1:]] == ["28.50"]
    page_of(place.operator, "clearing-statement-file", view.number, "statement.doc", status=404)


def pdf_of(client: Client, number: str, name: str = "clearing-statement-file") -> bytes:
    response: Any = client.get(reverse(f"office:{name}", args=[number, "statement.pdf"]))
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    content: bytes = response.content
    return content


def text_of(content: bytes) -> str:
    """The words of all pages, without spaces."""
    with pdfplumber.open(io.BytesIO(content)) as document:
        return "".join(page.extract_text() for page in document.pages).replace(" ", "").replace("\n", "")


def attachments(content: bytes) -> dict[str, bytes]:
    """What is attached to a PDF, by name."""
    with pdfplumber.open(io.BytesIO(content)) as document:
        catalog = document.doc.catalog
        if "Names" not in catalog or "EmbeddedFiles" not in resolve1(catalog["Names"]):
            return {}
        names = resolve1(resolve1(resolve1(catalog["Names"])["EmbeddedFiles"])["Names"])
        specs = [resolve1(each) for each in names[1::2]]
        return {spec["F"].decode(): resolve1(resolve1(spec["EF"])["F"]).get_data() for spec in specs}


def test_a_signed_pdf_carries_what_was_signed_and_the_same_bytes_every_time() -> None:
    place = world()
    view = approved(place)
    content = pdf_of(place.operator, view.number)
    words = text_of(content)
    for each in (
        "商户结算单",
        "虚构餐馆",
        "已复核签名",
        "应付19.00元",
        "壹拾玖元整",
        "=午餐券（示例）",
        "面值的95.00%",
        "−1.00",
    ):
        assert each in words, each
    assert view.digest in words
    inside = attachments(content)
    document = queries.statement_document(view.number)
    assert inside["statement.json"] == document.content
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(queries.statement_key().public_key))
    key.verify(bytes.fromhex(inside["statement.sig.txt"].decode()), inside["statement.json"])
    assert json.loads(inside["statement.json"])["net_fen"] == 1_900
    assert hashlib.sha256(inside["statement.json"]).hexdigest() == view.digest
    assert pdf_of(place.manager, view.number, "clearing-own-file") == content


def test_a_pdf_that_nobody_signed_says_so_and_carries_nothing() -> None:
    place = world()
    view = drafted(place)
    content = pdf_of(place.manager, view.number, "clearing-own-file")
    assert "还没有复核签名" in text_of(content)
    assert attachments(content) == {}
    assert content == pdf_of(place.operator, view.number)


def test_a_long_statement_is_printed_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing_files, "MOST_PAPER_LINES", 2)
    place = world(3)
    view = approved(place)
    words = text_of(pdf_of(place.operator, view.number))
    assert "按日合计" in words
    assert "30.00" in words
    assert "午餐券" not in words


def test_without_a_chinese_typeface_there_is_no_pdf_and_the_page_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = world()
    view = drafted(place)
    monkeypatch.setattr(paper, "_FONTS", ("没有的字体",))
    page = page_of(place.operator, "clearing-statement-file", view.number, "statement.pdf", status=503)
    assert "fonts-noto-cjk" in page.text


def test_names_on_paper_are_text_and_never_markup() -> None:
    rows = [["1", "", "#pagebreak() *粗* $x$", '#image("/etc/passwd")', "1.00"]]
    data = {
        "issuer": "a", "title": "#strong[甲]", "number": "n", "merchant": "_乙_", "signed": False, "state": "s",
        "facts": [["a", "b", "c", "d"]], "sums": [], "total": ["t", "1"], "words": "", "lines_title": "l",
        "lines_note": "", "head": ["1", "2", "3", "4", "5"], "lines": rows, "check_words": "", "proof": [],
    }  # fmt: skip
    texts = {"qr": "", "content": "", "signature": ""}
    words = text_of(paper.pdf("statement", data, at=datetime(2026, 1, 1, tzinfo=UTC), texts=texts))
    for each in ("#strong[甲]", "_乙_", "#pagebreak()*粗*$x$", '#image("/etc/passwd")'):
        assert each in words, each


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "零元整"),
        (1, "壹分"),
        (105, "壹元零伍分"),
        (150, "壹元伍角"),
        (1_169_775, "壹万壹仟陆佰玖拾柒元柒角伍分"),
        (10_001_005, "壹拾万零壹拾元零伍分"),
        (10_001_000_000, "壹亿零壹万元整"),
        (2_000_000_000, "贰仟万元整"),
        (-350, "负叁元伍角"),
    ],
)
def test_amounts_in_capital_characters(fen: int, words: str) -> None:
    assert clearing_files.capital(fen) == words


def test_anybody_with_the_paper_can_see_whether_it_was_signed(client: Client) -> None:
    place = world()
    view = checked(place)

    def answer(digest: str, number: str = view.number) -> tuple[int, Page]:
        response: Any = client.get(reverse("portal:statement-check", args=[number, digest]))
        page = Page(response)
        assert page.faults() == []
        return response.status_code, page

    assert answer(view.digest)[0] == 404
    send(place.finance, "clearing-approve", view.number, digest=view.digest)
    status, page = answer(view.digest)
    assert status == 200
    assert "是平台签发的" in page.text
    assert "虚构餐馆" not in page.text
    assert "19.00" not in page.text
    for wrong in ("0" * 64, view.digest[:-1], view.digest.upper()):
        status, page = answer(wrong)
        assert (status, "没有签发过" in page.text) == (404, True)
    assert answer(view.digest, "clr_nothing")[0] == 404
    send(place.finance, "clearing-revoke", view.number, reason="复核有误")
    assert "后来作废了" in answer(view.digest)[1].text


def test_finance_sets_the_years_money_and_signs_a_month() -> None:
    place = world()
    assert "设定资金" in page_of(place.finance, "funds").text
    form = {"year": str(today().year), "offer": "", "amount": "1000.50", "reserve": "", "source": "虚构文件"}
    send(place.finance, "funds-line", status=422, **(form | {"reserve": "2000"}))
    send(place.finance, "funds-line", status=422, **(form | {"source": ""}))
    send(place.finance, "funds-line", **form)
    line = next(row for row in queries.budget_lines(today().year) if not row.offer)
    assert (line.amount_fen, line.source) == (100_050, "虚构文件")
    send(place.finance, "funds-line", status=409, **(form | {"amount": "0.01", "year": f"{month().year}"}))
    assert page_of(place.finance, "funds-line", year=str(today().year)).all("input")
    send(place.finance, "funds-sign")
    (signed,) = queries.funds_statements()
    page = page_of(place.operator, "funds")
    assert signed.digest in page.text
    assert "设定资金" not in page.text


def test_the_start_page_names_the_hand_that_is_waited_for() -> None:
    place = world()
    drafted(place)
    assert "1 待核对的结算单" in page_of(place.operator, "start").text
    view = statement_of(place)
    send(place.operator, "clearing-check", view.number, digest=view.digest)
    assert "1 待复核的结算单" in page_of(place.finance, "start").text
