"""What merchants are owed for a month: contracts, pay accounts, statements with their lines, disputes, corrections,
payments. Triggers freeze what is written, and compare every line with the books.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tanhui.rewards.models.mall import NOTHING_PERSONAL, Merchant, Redemption, choices, values
from tanhui.rewards.types import CorrectionState, DisputeState, LineKind, PaymentState, StatementState


class MerchantContract(models.Model):
    """Terms of a merchant's contract as they were recorded; the latest that covers a month counts. Only appended."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="contracts")
    contract_from = models.DateField("合作起始日")
    contract_to = models.DateField("合作截止日（不含当日）")
    rate_bp = models.IntegerField("结算比例（万分之）")
    recorded_by = models.CharField("登记人", max_length=80)
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        db_table = "rewards_merchant_contract"
        verbose_name = verbose_name_plural = "商户合同"
        constraints = [
            models.CheckConstraint(
                condition=Q(contract_to__gt=F("contract_from"), rate_bp__gte=1, rate_bp__lte=10_000),
                name="rewards_merchant_contract_form",
            )
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.contract_from}"


class PayAccount(models.Model):
    """Where a merchant is paid; the latest counts, once another person has confirmed it.

    Name and number of the account are sealed together: that of a shop keeper may be a person's.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="pay_accounts")
    bank_name = models.CharField("开户行", max_length=80)
    sealed = models.BinaryField("户名和账号密文")
    recorded_by = models.CharField("登记人", max_length=80)
    recorded_at = models.DateTimeField("登记时间")
    confirmed_by = models.CharField("确认人", max_length=80, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)

    class Meta:
        db_table = "rewards_pay_account"
        verbose_name = verbose_name_plural = "商户收款账户"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by="", confirmed_at__isnull=True)
                | (~Q(confirmed_by="") & Q(confirmed_at__isnull=False) & ~Q(confirmed_by=F("recorded_by"))),
                name="rewards_pay_account_two_hands",
            )
        ]

    def __str__(self) -> str:
        return self.number


class ClearingStatement(models.Model):
    """What a merchant is owed for a month: drafted from the books, checked by one, approved by another, paid; or void.

    Frozen but for its steps; the sums are those of its lines.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="statements")
    title = models.CharField("商户名称", max_length=80)
    month = models.DateField("结算月份", help_text="当月 1 日")
    state = models.CharField("状态", max_length=10, choices=choices(StatementState))
    lines = models.IntegerField("行数")
    gross_fen = models.BigIntegerField("核销净额（分）")
    correction_fen = models.BigIntegerField("更正（分）")
    rate_bp = models.IntegerField("结算比例（万分之）")
    rate_fen = models.BigIntegerField("按比例扣减（分）")
    net_fen = models.BigIntegerField("应付（分）")
    digest = models.CharField("摘要（SHA-256）", max_length=64)
    drafted_by = models.CharField("生成人", max_length=80)
    drafted_at = models.DateTimeField("生成时间")
    checked_by = models.CharField("核对人", max_length=80, blank=True)
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    approved_by = models.CharField("复核人", max_length=80, blank=True)
    approved_at = models.DateTimeField("复核时间", null=True, blank=True)
    signature = models.CharField("签名（Ed25519）", max_length=128, blank=True)
    paid_at = models.DateTimeField("支付时间", null=True, blank=True)
    voided_by = models.CharField("作废人", max_length=80, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        db_table = "rewards_clearing_statement"
        verbose_name = verbose_name_plural = "结算单"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "month"], condition=~Q(state="void"), name="rewards_clearing_statement_once"
            ),
            models.CheckConstraint(condition=Q(state__in=values(StatementState)), name="rewards_clearing_state"),
            models.CheckConstraint(
                condition=Q(
                    month__day=1,
                    lines__gt=0,
                    net_fen__gte=0,
                    net_fen=F("gross_fen") + F("correction_fen") + F("rate_fen"),
                ),
                name="rewards_clearing_sum",
            ),
            models.CheckConstraint(
                condition=(Q(state="drafted") & Q(checked_by="", approved_by="", signature=""))
                | (Q(state="checked") & ~Q(checked_by="") & Q(approved_by="", signature=""))
                | (Q(state__in=["approved", "paid"]) & ~Q(checked_by="") & ~Q(approved_by="") & ~Q(signature=""))
                | Q(state="void"),
                name="rewards_clearing_hands",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | (~Q(approved_by=F("checked_by")) & ~Q(approved_by=F("drafted_by"))),
                name="rewards_clearing_two_hands",
            ),
            models.CheckConstraint(
                condition=(Q(state="void") & ~Q(voided_by="") & ~Q(void_reason="") & Q(voided_at__isnull=False))
                | (~Q(state="void") & Q(voided_by="", void_reason="", voided_at__isnull=True)),
                name="rewards_clearing_void",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at__isnull=True)),
                name="rewards_clearing_paid",
            ),
        ]
        indexes = [models.Index(fields=["month", "state"], name="rewards_clearing_month")]

    def __str__(self) -> str:
        return self.number


class ClearingLine(models.Model):
    """One line of a statement: an entry of the merchant's account in the books, or what the agreed rate takes off.

    `standing` falls with the statement; an entry is in one standing line only.
    """

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    statement = models.ForeignKey(
        ClearingStatement, verbose_name="结算单", on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    line = models.IntegerField("行号")
    kind = models.CharField("类别", max_length=10, choices=choices(LineKind))
    amount_fen = models.BigIntegerField("金额（分）")
    happened_at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("入账时间")
    late = models.BooleanField("补入", help_text="发生在更早的月份")
    transfer = models.ForeignKey(
        "ledger.Transfer",
        verbose_name="凭证",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    entry = models.IntegerField("分录行号", null=True, blank=True)
    redemption = models.ForeignKey(
        Redemption,
        verbose_name="核销记录",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    memo = models.CharField("摘要", max_length=200, blank=True)
    standing = models.BooleanField("有效", default=True)

    class Meta:
        db_table = "rewards_clearing_line"
        verbose_name = verbose_name_plural = "结算单明细"
        constraints = [
            models.UniqueConstraint(fields=["statement", "line"], name="rewards_clearing_line_place"),
            models.UniqueConstraint(
                fields=["transfer", "entry"],
                condition=Q(standing=True, transfer__isnull=False),
                name="rewards_clearing_line_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="rate", transfer__isnull=True, entry__isnull=True, redemption__isnull=True)
                | (~Q(kind="rate") & Q(transfer__isnull=False, entry__isnull=False)),
                name="rewards_clearing_line_entry",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["redeem", "undo"], redemption__isnull=False)
                | Q(kind__in=["correction", "rate"], redemption__isnull=True),
                name="rewards_clearing_line_kind",
            ),
            models.CheckConstraint(condition=~Q(amount_fen=0), name="rewards_clearing_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}/{self.line}"


class ClearingCorrection(models.Model):
    """More or less for a merchant, proposed by one and decided by another; posted, it is a line of the next draft."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    merchant = models.ForeignKey(Merchant, verbose_name="商户", on_delete=models.PROTECT, related_name="corrections")
    amount_fen = models.BigIntegerField("金额（分）")
    reason = models.CharField("原因", max_length=200)
    state = models.CharField("状态", max_length=10, choices=choices(CorrectionState))
    proposed_by = models.CharField("提出人", max_length=80)
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.CharField("复核人", max_length=80, blank=True)
    decided_at = models.DateTimeField("复核时间", null=True, blank=True)
    decide_reason = models.CharField("复核意见", max_length=200, blank=True)

    class Meta:
        db_table = "rewards_clearing_correction"
        verbose_name = verbose_name_plural = "结算更正"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=values(CorrectionState)), name="rewards_correction_state"),
            models.CheckConstraint(condition=~Q(amount_fen=0) & ~Q(reason=""), name="rewards_correction_amount"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by="", decided_at__isnull=True)
                | (
                    ~Q(state="proposed")
                    & ~Q(decided_by="")
                    & Q(decided_at__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                ),
                name="rewards_correction_two_hands",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ClearingDispute(models.Model):
    """A merchant disputes one line; while it is open, the statement is not approved."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    line = models.ForeignKey(ClearingLine, verbose_name="明细", on_delete=models.PROTECT, related_name="disputes")
    statement = models.ForeignKey(
        ClearingStatement, verbose_name="结算单", on_delete=models.PROTECT, related_name="disputes"
    )
    reason = models.CharField("理由", max_length=400)
    raised_by = models.CharField("提出人", max_length=80)
    raised_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=10, choices=choices(DisputeState))
    answer = models.CharField("答复", max_length=400, blank=True)
    answered_by = models.CharField("答复人", max_length=80, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    correction = models.OneToOneField(
        ClearingCorrection,
        verbose_name="更正",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="dispute",
    )

    class Meta:
        db_table = "rewards_clearing_dispute"
        verbose_name = verbose_name_plural = "结算异议"
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(state="open"), name="rewards_dispute_once"),
            models.CheckConstraint(condition=Q(state__in=values(DisputeState)), name="rewards_dispute_state"),
            models.CheckConstraint(
                condition=Q(state="open", answer="", answered_by="", answered_at__isnull=True)
                | (~Q(state="open") & ~Q(answer="") & ~Q(answered_by="") & Q(answered_at__isnull=False)),
                name="rewards_dispute_answered",
            ),
            models.CheckConstraint(
                condition=Q(correction__isnull=True) | Q(state="accepted"), name="rewards_dispute_correction"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ClearingPayment(models.Model):
    """A payment file: prepared by one, confirmed by another once the bank has paid, or cancelled."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    number = models.CharField("编号", max_length=30, unique=True)
    month = models.DateField("结算月份", help_text="当月 1 日")
    state = models.CharField("状态", max_length=10, choices=choices(PaymentState))
    total_fen = models.BigIntegerField("合计（分）")
    prepared_by = models.CharField("制单人", max_length=80)
    prepared_at = models.DateTimeField("制单时间")
    confirmed_by = models.CharField("确认人", max_length=80, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    reference = models.CharField("银行流水号", max_length=60, blank=True)
    paid_on = models.DateField("付款日", null=True, blank=True)
    cancelled_by = models.CharField("撤回人", max_length=80, blank=True)
    cancelled_at = models.DateTimeField("撤回时间", null=True, blank=True)
    reason = models.CharField("撤回原因", max_length=200, blank=True)

    class Meta:
        db_table = "rewards_clearing_payment"
        verbose_name = verbose_name_plural = "付款文件"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=values(PaymentState)), name="rewards_payment_state"),
            models.CheckConstraint(condition=Q(total_fen__gt=0, month__day=1), name="rewards_payment_total"),
            models.CheckConstraint(
                condition=(
                    Q(state="confirmed", confirmed_at__isnull=False, paid_on__isnull=False)
                    & ~Q(confirmed_by="")
                    & ~Q(reference="")
                    & ~Q(confirmed_by=F("prepared_by"))
                )
                | (~Q(state="confirmed") & Q(confirmed_by="", confirmed_at__isnull=True, reference="")),
                name="rewards_payment_two_hands",
            ),
            models.CheckConstraint(
                condition=(Q(state="cancelled", cancelled_at__isnull=False) & ~Q(cancelled_by="") & ~Q(reason=""))
                | (~Q(state="cancelled") & Q(cancelled_by="", cancelled_at__isnull=True, reason="")),
                name="rewards_payment_cancelled",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ClearingPaymentLine(models.Model):
    """A statement in a payment file, and the account that it is paid to; `standing` falls when the file does."""

    PERSONAL: ClassVar[frozenset[str]] = NOTHING_PERSONAL

    payment = models.ForeignKey(
        ClearingPayment, verbose_name="付款文件", on_delete=models.PROTECT, related_name="entries"
    )
    statement = models.ForeignKey(
        ClearingStatement, verbose_name="结算单", on_delete=models.PROTECT, related_name="payments"
    )
    account = models.ForeignKey(PayAccount, verbose_name="收款账户", on_delete=models.PROTECT, related_name="+")
    amount_fen = models.BigIntegerField("金额（分）")
    standing = models.BooleanField("有效", default=True)

    class Meta:
        db_table = "rewards_clearing_payment_line"
        verbose_name = verbose_name_plural = "付款文件明细"
        constraints = [
            models.UniqueConstraint(fields=["statement"], condition=Q(standing=True), name="rewards_payment_line_once"),
            models.UniqueConstraint(fields=["payment", "statement"], name="rewards_payment_line_place"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="rewards_payment_line_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}/{self.statement_id}"
