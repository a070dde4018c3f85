"""What a unit fills in to join the alliance: facts of the business, nothing about a person."""

from __future__ import annotations

from django import forms

from tanhui.parties import queries as parties
from tanhui.rewards.types import ApplicationDetails, OfferKind


def _places() -> list[tuple[str, str]]:
    """Townships and villages by code, villages with their township's name."""
    rows = parties.divisions()
    names = {row.statistical_code: row.name for row in rows}
    below = [row for row in rows if row.level != "county"] or rows
    return [("", "请选择")] + [
        (row.statistical_code, f"{names.get(row.parent_code, '')} {row.name}" if row.level == "village" else row.name)
        for row in below
    ]


class JoinForm(forms.Form):
    """An application to the alliance."""

    name = forms.CharField(label="单位全称", max_length=80, help_text="与营业执照或法人证书一致；个体工商户写字号")
    credit_code = forms.CharField(
        label="统一社会信用代码", max_length=24, help_text="18 位，在营业执照上；提交时核对校验位"
    )
    title = forms.CharField(label="对外名称", max_length=80, help_text="居民在商城里看到的名称")
    shop_title = forms.CharField(label="门店名称", max_length=80, help_text="先填一家，其他门店审核后再登记")
    division_code = forms.ChoiceField(label="门店所在乡镇或村", error_messages={"required": "请选择"})
    address = forms.CharField(label="门店地址", max_length=120, required=False)
    kinds = forms.MultipleChoiceField(
        label="想提供哪些权益",
        choices=[(kind.value, kind.label) for kind in OfferKind if not kind.at_once],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    words = forms.CharField(
        label="具体说明",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="如：面值、每月能提供多少份、使用时间。请不要写人名、手机号和身份证号",
    )

    def __init__(self, data: dict[str, str] | None = None) -> None:
        super().__init__(data)
        self.fields["division_code"].choices = _places()  # type: ignore[attr-defined]

    def details(self) -> ApplicationDetails:
        """What is sent."""
        data = self.cleaned_data
        kinds = tuple(OfferKind(kind) for kind in data["kinds"])
        return ApplicationDetails(
            name=data["name"],
            credit_code=data["credit_code"],
            title=data["title"],
            shop_title=data["shop_title"],
            division_code=data["division_code"],
            address=data["address"],
            kinds=kinds,
            words=data["words"],
        )
