"""Pure decisions of the ledger: which accounts there may be, their limits, and what a posting must look like.

An account's number says whose it is and what it is: party × 100 000 + code, where the code's last digit is the book.
So the natural key (book, party, code) is unique by construction, two accounts of one book are told by a remainder,
and all accounts of a party are neighbours in the index. The database repeats this in its constraints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tanhui.ledger.types import AccountRef, BadPosting, Book, Movement, Posting

Holder = Literal["system", "party"]

NUMBER_BASE = 100_000
"""Account number = party × NUMBER_BASE + code number; the system is party 0."""
BOOK_DIGITS: dict[Book, int] = {Book.CARBON: 1, Book.POINTS: 2, Book.UNITS: 3, Book.MONEY: 4}
MAX_AMOUNT = 10**15
MAX_KEY = 200

_KIND = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


@dataclass(frozen=True)
class AccountRule:
    """One line of the chart of accounts: a pattern of codes, who may hold them, and between which limits."""

    book: Book
    holder: Holder
    pattern: str
    title: str
    min_balance: int | None = None
    max_balance: int | None = None


CHART: tuple[AccountRule, ...] = (
    AccountRule(Book.CARBON, "party", r"grade:[ABCD]", "居民减排量（按证据等级）", min_balance=0),
    AccountRule(Book.CARBON, "system", r"avoided:[a-z0-9][a-z0-9-]*", "各场景避免的排放"),
    AccountRule(Book.POINTS, "party", r"expires:20[0-9]{2}", "当年末到期的积分", min_balance=0),
    AccountRule(Book.POINTS, "party", r"owed", "更正后待扣回的积分", max_balance=0),
    AccountRule(Book.POINTS, "system", r"programme", "积分发放"),
    AccountRule(Book.POINTS, "system", r"expired", "到期作废"),
    AccountRule(Book.POINTS, "system", r"held", "已兑换待使用"),
    AccountRule(Book.POINTS, "system", r"redeemed", "已兑换"),
    AccountRule(Book.UNITS, "party", r"held", "持有的核证减排量", min_balance=0),
    AccountRule(Book.UNITS, "system", r"issued", "签发"),
    AccountRule(Book.UNITS, "system", r"retired", "注销"),
    AccountRule(Book.MONEY, "party", r"payable", "应付商户款", min_balance=0),
    AccountRule(Book.MONEY, "party", r"due", "已核定待支付", min_balance=0),
    AccountRule(Book.MONEY, "system", r"budget", "财政安排"),
    AccountRule(Book.MONEY, "system", r"paid", "已支付"),
)
"""A room that needs another account adds its line here, with the limits that the database will keep."""


def account_rule(book: Book, holder: Holder, code: str) -> AccountRule:
    """The line of the chart for a code. Raises BadPosting where the chart has none."""
    for rule in CHART:
        if rule.book == book and rule.holder == holder and re.fullmatch(rule.pattern, code):
            return rule
    who = "系统" if holder == "system" else "用户"
    raise BadPosting(
        f"{book.title}没有{who}账户代码 {code!r}",
        where=f"{book}/{holder}/{code}",
        fix="核对代码；确需新增时在 tanhui/ledger/rules.py 的 CHART 中登记并写明余额上下限",
    )


def check_postings(postings: Iterable[Posting], at: datetime) -> list[Posting]:
    """The postings sorted by key, equal repetitions dropped. Raises BadPosting with the first thing that is wrong."""
    if at.tzinfo is None:
        raise BadPosting("记账时间没有时区", where="at")
    found: dict[str, Posting] = {}
    for posting in postings:
        _check(posting, at)
        if found.setdefault(posting.key, posting) != posting:
            raise BadPosting(
                "同一批中有两笔内容不同的凭证使用同一个键", where=posting.key, fix="为每笔凭证使用不同的键"
            )
    return [found[key] for key in sorted(found)]


def _check(posting: Posting, at: datetime) -> None:
    where = posting.key or "（无键）"
    if not 0 < len(posting.key) <= MAX_KEY or "\x00" in posting.key + posting.memo:
        raise BadPosting(f"凭证的键须为 1 至 {MAX_KEY} 个字符，且键和摘要不含零字符", where=where)
    if not _KIND.match(posting.kind):
        raise BadPosting(f"凭证类型 {posting.kind!r} 须为小写字母、数字、下划线", where=where)
    if posting.happened_at.tzinfo is None:
        raise BadPosting("发生时间没有时区", where=where)
    if posting.happened_at > at:
        raise BadPosting(f"发生时间 {posting.happened_at.isoformat()} 晚于记账时间 {at.isoformat()}", where=where)
    if not posting.movements:
        raise BadPosting("凭证没有分录", where=where)
    for movement in posting.movements:
        _check_movement(movement, where)


def _check_movement(movement: Movement, where: str) -> None:
    amount = movement.amount
    if type(amount) is not int or not 0 < amount <= MAX_AMOUNT:
        raise BadPosting(f"金额须为 1 至 {MAX_AMOUNT} 的整数，不能是 {amount!r}", where=where)
    if movement.debit.book != movement.credit.book:
        message = f"一条分录不能跨账簿：{movement.debit.book.title}与{movement.credit.book.title}"
        raise BadPosting(message, where=where, fix="跨账簿的业务写成同一凭证中的几条分录，每条在一个账簿内")
    if movement.debit == movement.credit:
        raise BadPosting(f"借方和贷方是同一个账户：{movement.debit}", where=where)
    for ref in (movement.debit, movement.credit):
        if ref.party_id is not None and (type(ref.party_id) is not int or ref.party_id <= 0):
            raise BadPosting(f"当事人序号须为正整数，不能是 {ref.party_id!r}", where=where)


def holder_of(ref: AccountRef) -> Holder:
    """Who holds the account."""
    return "system" if ref.party_id is None else "party"
