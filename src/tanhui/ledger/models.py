"""Tables of the books. Every rule that must never be broken is a constraint or a trigger.

Those that single postings meet are written in `sql/guard.sql`: the database reads the text of a check anew for every
statement, so there are few of them, and they are short.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

BOOKS = [("carbon", "碳账簿"), ("points", "积分账簿"), ("units", "核证量账簿"), ("money", "资金账簿")]
HOLDERS = [("system", "系统"), ("party", "用户")]


class AccountCode(models.Model):
    """One code of accounts of one book, with the limits of every account that bears it.

    The number's last digit is the book, so that account numbers tell their book (see `rules`).
    """

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    id = models.IntegerField("科目号", primary_key=True)
    book = models.CharField("账簿", max_length=8, choices=BOOKS)
    holder = models.CharField("持有人", max_length=8, choices=HOLDERS)
    code = models.CharField("账户代码", max_length=80)
    min_balance = models.BigIntegerField("最低余额", null=True, blank=True)
    max_balance = models.BigIntegerField("最高余额", null=True, blank=True)
    opened_at = models.DateTimeField("启用时间")

    class Meta:
        db_table = "ledger_account_code"
        verbose_name = verbose_name_plural = "账户代码"
        constraints = [
            models.UniqueConstraint(fields=["book", "code", "holder"], name="ledger_account_code_once"),
            models.CheckConstraint(
                condition=Q(holder="party") | Q(min_balance__isnull=True, max_balance__isnull=True),
                name="ledger_account_code_system_free",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book} {self.code}"


class Account(models.Model):
    """What one account holds. A party's account is one row; a system account is spread over slots so that none is hot.

    Written by the trigger on entries only. `account_id` = party × 100000 + code.
    """

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    pk = models.CompositePrimaryKey("account_id", "slot")
    account_id = models.BigIntegerField("账号")
    party = models.ForeignKey(
        "parties.Party",
        verbose_name="当事人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    debits = models.BigIntegerField("借方合计")
    credits = models.BigIntegerField("贷方合计")
    min_balance = models.BigIntegerField("最低余额", null=True)
    max_balance = models.BigIntegerField("最高余额", null=True)
    opened_at = models.DateTimeField("开户时间")
    code = models.ForeignKey(
        AccountCode,
        verbose_name="账户代码",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    slot = models.SmallIntegerField("分格")

    class Meta:
        db_table = "ledger_account"
        verbose_name = verbose_name_plural = "账户"
        constraints = [
            models.CheckConstraint(
                condition=(Q(min_balance__isnull=True) | Q(credits__gte=F("debits") + F("min_balance")))
                & (Q(max_balance__isnull=True) | Q(credits__lte=F("debits") + F("max_balance"))),
                name="ledger_account_limits",
            ),
        ]

    def __str__(self) -> str:
        return str(self.account_id)


class Transfer(models.Model):
    """One transfer: entries posted together under one key. `reverses` names the transfer that it takes back."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    id = models.BigAutoField("序号", primary_key=True)
    recorded_at = models.DateTimeField("记账时间")
    reverses = models.ForeignKey(
        "self",
        verbose_name="冲正的凭证",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    lines = models.IntegerField("分录数")
    key = models.TextField("键", db_collation="C")
    kind = models.TextField("类型")
    reason = models.TextField("冲正原因", blank=True)

    class Meta:
        db_table = "ledger_transfer"
        verbose_name = verbose_name_plural = "凭证"
        constraints = [
            models.UniqueConstraint(fields=["key"], name="ledger_transfer_key_once"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="ledger_transfer_reversed_once"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One movement: `amount` leaves the debit account and reaches the credit account of the same book."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    pk = models.CompositePrimaryKey("transfer_id", "line")
    transfer = models.ForeignKey(
        Transfer,
        verbose_name="凭证",
        on_delete=models.PROTECT,
        related_name="entries",
        db_index=False,
        db_constraint=False,
    )
    debit_account = models.BigIntegerField("借方账号")
    credit_account = models.BigIntegerField("贷方账号")
    amount = models.BigIntegerField("数额")
    happened_at = models.DateTimeField("发生时间")
    line = models.IntegerField("行号")
    memo = models.TextField("摘要", blank=True)

    class Meta:
        db_table = "ledger_entry"
        verbose_name = verbose_name_plural = "分录"
        indexes = [
            models.Index(
                fields=["credit_account", "transfer", "line"],
                condition=Q(credit_account__gte=100000),
                name="ledger_entry_credited",
            ),
            models.Index(
                fields=["debit_account", "transfer", "line"],
                condition=Q(debit_account__gte=100000),
                name="ledger_entry_debited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id}/{self.line}"


class PeriodClose(models.Model):
    """A book closed through a day: nothing that happened before `closed_before` is posted in it any more."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset()

    book = models.CharField("账簿", max_length=8, choices=BOOKS)
    through_on = models.DateField("结账至（含当日）")
    closed_before = models.DateTimeField("此前关闭")
    closed_by = models.CharField("结账人", max_length=80, help_text="工作人员编号")
    recorded_at = models.DateTimeField("结账时间")

    class Meta:
        db_table = "ledger_period_close"
        verbose_name = verbose_name_plural = "结账"
        constraints = [models.UniqueConstraint(fields=["book", "closed_before"], name="ledger_period_close_once")]

    def __str__(self) -> str:
        return f"{self.book} {self.through_on}"
