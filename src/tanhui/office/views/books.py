"""The books: trial balance, proof, single transfers."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tanhui.ledger import queries as ledger
from tanhui.ledger.types import AccountRef, Book
from tanhui.office.access import office_page
from tanhui.office.files import csv_file
from tanhui.office.words import HOLDERS, KINDS, account_words
from tanhui.scenarios import queries as scenarios

_HEADER = ["账簿", "持有人", "账户", "代码", "户数", "借方", "贷方", "余额"]


def _titles() -> dict[str, str]:
    return {row.code: row.title for row in scenarios.scenarios(enabled_only=False)}


@require_safe
@office_page("books")
def books(request: HttpRequest) -> HttpResponse:
    """Every book by account, with its sums; on request, the proof that kept balances are the entries' sums."""
    balance = ledger.trial_balance()
    titles = _titles()
    unbalanced = balance.out_of_balance()
    shown = []
    ordered = sorted(balance.lines, key=lambda row: (row.book, row.holder, row.code))
    for book, lines in groupby(ordered, lambda row: row.book):
        rows = [(row, HOLDERS[row.holder], account_words(row.code, titles)) for row in lines]
        shown.append(
            {
                "book": book,
                "rows": rows,
                "debits": sum(row.debits for row, _, _ in rows),
                "credits": sum(row.credits for row, _, _ in rows),
                "difference": unbalanced.get(book, 0),
            }
        )
    proof = ledger.prove() if request.GET.get("prove") == "1" else None
    context = {"section": "books", "books": shown, "unbalanced": unbalanced, "proof": proof}
    return render(request, "office/books.html", context)


@require_safe
@office_page("books-csv")
def books_csv(request: HttpRequest) -> HttpResponse:
    """The trial balance as a file."""
    titles = _titles()
    rows = (
        (row.book.title, HOLDERS[row.holder], account_words(row.code, titles), row.code, row.accounts,
         row.debits, row.credits, row.balance)
        for row in ledger.trial_balance().lines
    )  # fmt: skip
    return csv_file("trial-balance.csv", _HEADER, rows)


@require_safe
@office_page("transfer")
def transfer(request: HttpRequest, number: str) -> HttpResponse:
    """One transfer with its entries; whose account it is stays in the house."""
    found = ledger.transfer(number)
    titles = _titles()

    def words(account: AccountRef) -> str:
        holder = "单位" if account.book is Book.MONEY else "居民"
        return f"{'系统' if account.party_id is None else holder}：{account_words(account.code, titles)}"

    entries: list[tuple[Any, str, str]] = [(row, words(row.debit), words(row.credit)) for row in found.entries]
    context = {
        "section": "books",
        "transfer": found,
        "kind": KINDS.get(found.kind, found.kind),
        "entries": entries,
    }
    return render(request, "office/transfer.html", context)
