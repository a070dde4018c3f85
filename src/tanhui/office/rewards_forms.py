"""Forms of the alliance, the mall and the till; and what the room takes for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms

from tanhui.kernel.days import day_end, day_start
from tanhui.office.plan_office_forms import day_field, long_text
from tanhui.parties import queries as parties
from tanhui.parties.types import OrganizationDetails
from tanhui.rewards.types import (
    ApplicationDecision,
    MerchantDetails,
    MerchantState,
    MerchantStatus,
    MerchantView,
    OfferDetails,
    OfferKind,
    OfferView,
    ShopDetails,
    ShopView,
    StaffRole,
)

STEPS = {
    MerchantState.APPLIED: [(MerchantState.ACTIVE, "同意加入联盟"), (MerchantState.LEFT, "不同意，结束申请")],
    MerchantState.ACTIVE: [(MerchantState.SUSPENDED, "暂停：不能核销"), (MerchantState.LEFT, "退出联盟")],
    MerchantState.SUSPENDED: [(MerchantState.ACTIVE, "恢复合作"), (MerchantState.LEFT, "退出联盟")],
    MerchantState.LEFT: [],
}
"""What an operator may decide about a merchant in each state."""


def division_choices() -> list[tuple[str, str]]:
    """Townships and villages to choose from, by code; villages under their township's name."""
    rows = parties.divisions()
    names = {row.statistical_code: row.name for row in rows}
    below = [row for row in rows if row.level != "county"] or rows
    return [
        (row.statistical_code, f"{names.get(row.parent_code, '')} {row.name}" if row.level == "village" else row.name)
        for row in below
    ]


class ApplyForm(forms.Form):
    """An organization that wants to join the alliance."""

    name = forms.CharField(label="单位全称", max_length=80, help_text="与营业执照或法人证书一致")
    credit_code = forms.CharField(
        label="统一社会信用代码", max_length=24, help_text="18 位；录入时核对校验位，已登记的单位按它找到"
    )
    title = forms.CharField(label="对外名称", max_length=80, help_text="居民在商城里看到的名称")
    contract_from = day_field("合作起始日")
    contract_last = day_field("合作最后一天（含）")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("contract_from"), cleaned.get("contract_last")
        if first and last and last < first:
            self.add_error("contract_last", "最后一天不能早于起始日")
        return cleaned

    def organization(self) -> OrganizationDetails:
        """The unit, for the register."""
        return OrganizationDetails(self.cleaned_data["name"], self.cleaned_data["credit_code"])

    def details(self, party_id: int) -> MerchantDetails:
        """The application; the contract ends with the last day."""
        data = self.cleaned_data
        return MerchantDetails(
            party_id, data["title"], data["contract_from"], data["contract_last"] + timedelta(days=1)
        )


class DecisionForm(forms.Form):
    """A decision about an application; the contract where it is accepted."""

    accepted = forms.TypedChoiceField(
        label="决定",
        choices=[("True", "同意加入联盟"), ("False", "不同意")],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择一项"},
    )
    contract_from = day_field("合作起始日", required=False, help_text="同意时填写")
    contract_last = day_field("合作最后一天（含）", required=False, help_text="同意时填写")
    rate = forms.DecimalField(
        label="结算比例（%）",
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        initial=Decimal(100),
        required=False,
        help_text="按面值的百分之几付给商户；留空为 100",
    )
    reason = forms.CharField(
        label="原因",
        max_length=200,
        required=False,
        help_text="不同意时必填；申请人能看到，写清楚怎么补，不要写个人信息",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("contract_from"), cleaned.get("contract_last")
        if cleaned.get("accepted") is True:
            for name, value in (("contract_from", first), ("contract_last", last)):
                if value is None and name not in self.errors:
                    self.add_error(name, "同意时要填")
            if first and last and last < first:
                self.add_error("contract_last", "最后一天不能早于起始日")
        if cleaned.get("accepted") is False and not cleaned.get("reason", "").strip():
            self.add_error("reason", "不同意要写明原因")
        return cleaned

    def details(self, number: str) -> ApplicationDecision:
        """The decision; the contract ends with the last day."""
        data = self.cleaned_data
        last = data["contract_last"]
        return ApplicationDecision(
            number=number,
            accepted=data["accepted"],
            reason=data["reason"],
            contract_from=data["contract_from"],
            contract_to=last + timedelta(days=1) if last else None,
            rate_bp=int((data["rate"] or Decimal(100)) * 100),
        )


class StepForm(forms.Form):
    """A decision about a merchant."""

    state = forms.ChoiceField(label="决定", widget=forms.RadioSelect, error_messages={"required": "请选择一项"})
    reason = forms.CharField(
        label="原因", max_length=200, required=False, help_text="暂停时必填；记入操作留痕，不要写个人信息"
    )

    def __init__(self, *args: Any, current: MerchantView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = current.number
        self.fields["state"].choices = [(state.value, words) for state, words in STEPS[current.state]]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("state") == MerchantState.SUSPENDED and not cleaned.get("reason", "").strip():
            self.add_error("reason", "暂停商户要写明原因")
        return cleaned

    def details(self) -> MerchantStatus:
        """The decision."""
        return MerchantStatus(self.merchant, MerchantState(self.cleaned_data["state"]), self.cleaned_data["reason"])


class ShopForm(forms.Form):
    """A shop of a merchant."""

    title = forms.CharField(label="门店名称", max_length=80)
    division_code = forms.ChoiceField(label="所在乡镇或村")
    address = forms.CharField(label="地址", max_length=120, required=False)
    plate = forms.RegexField(
        r"^[A-Z0-9-]{0,20}$",
        label="牌号",
        max_length=20,
        required=False,
        help_text="挂牌上的编号，用大写字母、数字和 -，全县不重复",
        error_messages={"invalid": "只能用大写字母、数字和 -"},
    )

    def __init__(self, *args: Any, current: ShopView | None = None, **kwargs: Any) -> None:
        if current is not None:
            names = ("title", "division_code", "address", "plate", "closed")
            kwargs["initial"] = {name: getattr(current, name) for name in names}
        super().__init__(*args, **kwargs)
        self.number = current.number if current else ""
        self.fields["division_code"].choices = division_choices()  # type: ignore[attr-defined]
        if current is not None:
            self.fields["closed"] = forms.TypedChoiceField(
                label="营业",
                choices=[("False", "照常使用"), ("True", "停用：不再核销")],
                coerce=lambda value: value == "True",
                widget=forms.RadioSelect,
            )

    def details(self, merchant: str) -> ShopDetails:
        """The shop as the form has it."""
        data = self.cleaned_data
        return ShopDetails(
            merchant,
            data["title"],
            data["division_code"],
            data["address"],
            data["plate"],
            self.number,
            data.get("closed", False),
        )


class StaffForm(forms.Form):
    """Who works for a merchant."""

    username = forms.CharField(label="用户名", max_length=150, help_text="账号由系统管理员建立，一人一个")
    role = forms.ChoiceField(
        label="岗位",
        choices=[*((role.value, role.label) for role in StaffRole), ("", "不再是本商户的人员")],
        required=False,
        initial=StaffRole.CASHIER.value,
        widget=forms.RadioSelect,
    )


def _count(label: str, help_text: str = "", *, least: int = 1) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=least, max_value=10**9, help_text=help_text)


class OfferForm(forms.Form):
    """A new draft. Days are the county's, both ends included."""

    kind = forms.ChoiceField(label="类别", choices=[(kind.value, kind.label) for kind in OfferKind])
    title = forms.CharField(label="名称", max_length=80)
    terms = long_text("使用说明", 2000, help_text="在哪里用、怎么用、不能和什么同时用；居民会原样看到", rows=5)
    price_points = forms.IntegerField(label="兑换积分", min_value=1, max_value=10_000_000)
    face_value = forms.DecimalField(
        label="面值（元）",
        min_value=Decimal(0),
        max_value=Decimal(1_000_000),
        decimal_places=2,
        required=False,
        help_text="核销一张，计划应付商户多少；荣誉和公益捐赠留空",
    )
    sale_from = day_field("开始兑换")
    sale_last = day_field("兑换最后一天（含）")
    valid_days = _count("兑换后有效天数", "与下一项填一项")
    valid_last = day_field("有效期最后一天（含）", required=False, help_text="不早于兑换最后一天")
    quantity = _count("总量", "兑完为止；留空为不限量", least=0)
    per_person_limit = _count("每人限兑")
    per_person_day_limit = _count("每人每天限兑")
    per_day_limit = _count("全县每天限兑")
    cancel_hours = _count("兑换后几小时内可取消", "留空：使用前都可以；0：不可取消", least=0)
    merchants = forms.MultipleChoiceField(
        label="在哪里核销", required=False, widget=forms.CheckboxSelectMultiple, help_text="荣誉和公益捐赠不选"
    )

    def __init__(self, *args: Any, merchants: Sequence[MerchantView], like: OfferView | None = None, **kwargs: Any):
        if like is not None:
            kwargs["initial"] = kwargs.get("initial", {}) | _like(like)
        super().__init__(*args, **kwargs)
        self.fields["merchants"].choices = [(each.number, each.title) for each in merchants]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("sale_from"), cleaned.get("sale_last")
        if first and last and last < first:
            self.add_error("sale_last", "最后一天不能早于开始的一天")
        if "valid_days" in cleaned and "valid_last" in cleaned:
            if (cleaned["valid_days"] is None) == (cleaned["valid_last"] is None):
                self.add_error("valid_days", "有效天数和有效期最后一天，填一项，也只填一项")
            elif last and cleaned["valid_last"] and cleaned["valid_last"] < last:
                self.add_error("valid_last", "不能早于兑换最后一天")
        if cleaned.get("kind") and "face_value" in cleaned:
            self._check_kind(OfferKind(cleaned["kind"]), bool(cleaned["face_value"]), bool(cleaned.get("merchants")))
        return cleaned

    def _check_kind(self, kind: OfferKind, valued: bool, redeemed: bool) -> None:
        if kind.at_once and valued:
            self.add_error("face_value", f"{kind.label}没有面值，请留空")
        if kind.at_once and redeemed:
            self.add_error("merchants", f"{kind.label}兑换即完成，不选商户")
        if not kind.at_once and not valued:
            self.add_error("face_value", f"{kind.label}要填面值")
        if not kind.at_once and not redeemed:
            self.add_error("merchants", "至少选一家核销的商户")

    def details(self, stock: str) -> OfferDetails:
        """The draft, with the number of its stock, or empty where it is not limited."""
        data = self.cleaned_data
        return OfferDetails(
            kind=OfferKind(data["kind"]),
            title=data["title"],
            terms=data["terms"],
            price_points=data["price_points"],
            face_value_fen=int((data["face_value"] or Decimal(0)) * 100),
            sale_from=day_start(data["sale_from"]),
            sale_to=day_end(data["sale_last"]),
            valid_days=data["valid_days"],
            valid_until=day_end(data["valid_last"]) if data["valid_last"] else None,
            per_person_limit=data["per_person_limit"],
            per_person_day_limit=data["per_person_day_limit"],
            per_day_limit=data["per_day_limit"],
            cancel_hours=data["cancel_hours"],
            stock=stock,
            merchants=tuple(data["merchants"]),
        )


def _like(offer: OfferView) -> dict[str, Any]:
    """What a new draft takes from another offer: all but its days and its stock."""
    names = ("title", "terms", "price_points", "valid_days", "cancel_hours")
    limits = ("per_person_limit", "per_person_day_limit", "per_day_limit")
    taken = {name: getattr(offer, name) for name in (*names, *limits)}
    face = Decimal(offer.face_value_fen) / 100 if offer.face_value_fen else None
    return taken | {"kind": offer.kind.value, "face_value": face, "merchants": list(offer.merchants)}


class TillForm(forms.Form):
    """One attempt at the till."""

    shop = forms.ChoiceField(label="门店", error_messages={"required": "请选择门店"})
    code = forms.CharField(
        label="券码",
        max_length=2900,
        help_text="十六位数字，空格可有可无；也可以用扫码枪扫，或粘贴二维码的内容",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
        error_messages={"required": "请输入券码", "max_length": "内容太长，请重新扫码"},
    )
    nonce = forms.RegexField(r"^[A-Za-z0-9_-]{8,64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, shops: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].choices = shops  # type: ignore[attr-defined]
        if len(shops) == 1:
            self.fields["shop"].widget = forms.HiddenInput()
            self.initial["shop"] = shops[0][0]


class CashierForm(forms.Form):
    """A manager enters a cashier."""

    username = forms.CharField(
        label="用户名", max_length=150, help_text="账号由系统管理员建立，一人一个；请本人到服务窗口办理"
    )


class DeviceForm(forms.Form):
    """A phone that a manager lets in."""

    title = forms.CharField(label="手机名称", max_length=40, help_text="如：前台手机、送货手机；不写人名")
    shop = forms.ChoiceField(label="在哪个门店核销")
    user_id = forms.TypedChoiceField(label="谁来经办", coerce=int, help_text="核销记在这个人名下；换人请重新配对")

    def __init__(
        self, *args: Any, shops: Sequence[tuple[str, str]], staff: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shop"].choices = shops  # type: ignore[attr-defined]
        self.fields["user_id"].choices = staff  # type: ignore[attr-defined]


class UndoForm(forms.Form):
    """Why a redemption is taken back."""

    reason = forms.CharField(
        label="撤销原因",
        max_length=200,
        help_text="如：扫错了券、客人改变主意；不要写客人的姓名电话",
        error_messages={"required": "请写明原因"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"
