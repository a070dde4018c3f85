"""Forms of clearing and the programme's money; and what the room takes for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from tanhui.kernel.errors import NotFound
from tanhui.office.plan_office_forms import day_field, long_text
from tanhui.rewards.types import (
    AnswerDispute,
    BudgetDetails,
    ConfirmPayment,
    ContractDetails,
    DecideCorrection,
    MerchantView,
    OfferView,
    PayAccountDetails,
    ProposeCorrection,
    RaiseDispute,
)

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
MOST_YUAN = Decimal(10_000_000)


def month_of(text: str) -> date:
    """The first day of a month written 2026-10. Raises NotFound."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise NotFound("没有这个月份", where=text[:20], fix="写成 2026-10 的样子")
    return date(int(found[1]), int(found[2]), 1)


def fen(yuan: Decimal | None) -> int:
    """Yuan of a form, with at most two places, in fen."""
    return int((yuan or Decimal(0)) * 100)


def _yuan(label: str, help_text: str = "", *, least: Decimal | None = Decimal(0), **options: Any) -> forms.DecimalField:
    limits = {"min_value": least, "max_value": options.pop("most", MOST_YUAN)}
    return forms.DecimalField(label=label, help_text=help_text, decimal_places=2, **limits, **options)


class MonthForm(forms.Form):
    """Which month to draft, and for whom."""

    month = forms.RegexField(
        _MONTH, label="月份", help_text="写成 2026-10 的样子", error_messages={"invalid": "写成 2026-10 的样子"}
    )
    merchant = forms.ChoiceField(label="商户", required=False, help_text="不选：所有还没有结算单的商户")

    def __init__(self, *args: Any, merchants: Sequence[MerchantView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everyone = [("", "全部"), *[(each.number, each.title) for each in merchants]]
        self.fields["merchant"].choices = everyone  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """Why something is taken back."""

    reason = forms.CharField(
        label="原因", max_length=200, help_text="永久保存；不要写个人信息", error_messages={"required": "请写明原因"}
    )


class DisputeForm(forms.Form):
    """A manager disputes a line."""

    reason = long_text("哪里不对", 400, help_text="写清应当是多少、为什么；不要写顾客的姓名电话")

    def details(self, statement: str, line: int) -> RaiseDispute:
        """The dispute."""
        return RaiseDispute(statement, line, self.cleaned_data["reason"])


class AnswerForm(forms.Form):
    """The answer to a dispute."""

    accepted = forms.TypedChoiceField(
        label="决定",
        choices=[("yes", "采纳"), ("no", "不采纳")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择采纳或不采纳"},
    )
    correction = _yuan(
        "更正金额（元）",
        "采纳时填：补付写正数，扣减写负数；由财务复核员复核后计入下一张结算单",
        least=-MOST_YUAN,
        required=False,
    )
    answer = long_text("答复", 400, help_text="商户会原样看到")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("accepted") is False and cleaned.get("correction"):
            self.add_error("correction", "不采纳的，更正金额留空")
        return cleaned

    def details(self, number: str) -> AnswerDispute:
        """The answer."""
        data = self.cleaned_data
        return AnswerDispute(number, data["accepted"], data["answer"], fen(data["correction"]))


class CorrectionForm(forms.Form):
    """More or less for a merchant."""

    merchant = forms.ChoiceField(label="商户")
    amount = _yuan("金额（元）", "补付写正数，扣减写负数", least=-MOST_YUAN)
    reason = forms.CharField(label="原因", max_length=200, help_text="写进结算单，商户看得到")

    def __init__(self, *args: Any, merchants: Sequence[MerchantView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["merchant"].choices = [(each.number, each.title) for each in merchants]  # type: ignore[attr-defined]

    def details(self) -> ProposeCorrection:
        """The proposal."""
        data = self.cleaned_data
        return ProposeCorrection(data["merchant"], fen(data["amount"]), data["reason"])


class DecideForm(forms.Form):
    """What becomes of a correction."""

    posted = forms.TypedChoiceField(
        label="决定",
        choices=[("yes", "同意，入账"), ("no", "不同意")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意"},
    )
    reason = forms.CharField(label="理由", max_length=200, required=False, help_text="不同意时必填")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("posted") is False and not cleaned.get("reason", "").strip():
            self.add_error("reason", "不同意要写明理由")
        return cleaned

    def details(self, number: str) -> DecideCorrection:
        """The decision."""
        return DecideCorrection(number, self.cleaned_data["posted"], self.cleaned_data["reason"])


class PaidForm(forms.Form):
    """The bank has paid a file."""

    reference = forms.CharField(label="银行流水号", max_length=60, help_text="照银行回单填写")
    paid_on = day_field("付款日")

    def details(self, number: str) -> ConfirmPayment:
        """The confirmation."""
        return ConfirmPayment(number, self.cleaned_data["reference"], self.cleaned_data["paid_on"])


class ContractForm(forms.Form):
    """New terms of a merchant's contract."""

    contract_from = day_field("合作起始日")
    contract_last = day_field("合作最后一天（含）")
    rate = forms.DecimalField(
        label="结算比例（%）",
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        help_text="按面值的百分之几付给商户；100 为全额",
    )

    def details(self, merchant: str) -> ContractDetails:
        """The terms; they end with the last day."""
        data = self.cleaned_data
        return ContractDetails(
            merchant, data["contract_from"], data["contract_last"] + timedelta(days=1), int(data["rate"] * 100)
        )


class AccountForm(forms.Form):
    """Where a merchant is paid."""

    account_name = forms.CharField(label="户名", max_length=80, help_text="与开户许可一致")
    account_number = forms.CharField(
        label="账号", max_length=48, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    bank_name = forms.CharField(label="开户行", max_length=80, help_text="写到支行")

    def details(self, merchant: str) -> PayAccountDetails:
        """The account."""
        data = self.cleaned_data
        return PayAccountDetails(merchant, data["bank_name"], data["account_name"], data["account_number"])


class LineForm(forms.Form):
    """A line of the year's money."""

    year = forms.IntegerField(label="年度", min_value=2000, max_value=2099)
    offer = forms.ChoiceField(label="用于", required=False)
    amount = _yuan("金额（元）", most=Decimal(10_000_000_000))
    reserve = _yuan("其中预留（元）", "只在全年资金里设；不用于兑换", most=Decimal(10_000_000_000), required=False)
    source = forms.CharField(label="依据", max_length=200, help_text="文件名称、文号或会议；公开")

    def __init__(self, *args: Any, offers: Sequence[OfferView], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "全年"), *[(each.number, each.title) for each in offers if each.face_value_fen]]
        self.fields["offer"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("offer") and cleaned.get("reserve"):
            self.add_error("reserve", "单项权益的预留留空")
        if cleaned.get("amount") is not None and (cleaned.get("reserve") or 0) > cleaned["amount"]:
            self.add_error("reserve", "预留不能多于金额")
        return cleaned

    def details(self) -> BudgetDetails:
        """The line."""
        data = self.cleaned_data
        amounts = (fen(data["amount"]), fen(data["reserve"]))
        return BudgetDetails(data["year"], *amounts, data["offer"], data["source"])
