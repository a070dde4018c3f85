"""The weigh page's forms: amounts by material, as a person reads them off a scale, and what the room takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from tanhui.community.types import CheckInView, Material, Measured, Weighed

MASS = "mass_g"


@dataclass(frozen=True)
class AmountRow:
    """One material with its inputs."""

    material: Material
    amount: forms.BoundField
    scale: forms.BoundField | None


class WeighForm(forms.Form):
    """How much of what; whose it is stands in `card` or `who`, or in `party` once chosen from several."""

    card = forms.CharField(
        label="扫卡片上的码",
        max_length=600,
        required=False,
        help_text="扫码枪对准卡片上没用过的一个码",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    who = forms.CharField(
        label="没带卡片：找人",
        max_length=60,
        required=False,
        help_text="手机号、昵称里的字或居民编号；要第二个人确认后才计入",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    party = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    nonce = forms.RegexField(r"^[A-Za-z0-9_-]{8,64}$", widget=forms.HiddenInput)
    minutes = forms.IntegerField(label="服务时长（分钟）", required=False, min_value=1, max_value=1440)

    def __init__(self, *args: Any, materials: Sequence[Material], minutes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.materials = materials
        if not minutes:
            del self.fields["minutes"]
        _add_amounts(self, materials)

    def whose(self) -> list[forms.BoundField]:
        """A card or a name: one of the two."""
        return [self["card"], self["who"]]

    def rows(self) -> Iterator[AmountRow]:
        """The materials in their order, with their inputs."""
        return _rows(self, self.materials)

    def measured(self) -> tuple[Measured, ...]:
        """What was typed, in grams and items."""
        return _measured(self.cleaned_data, self.materials)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        named = [name for name in ("card", "who", "party") if cleaned.get(name, "").strip()]
        if not named:
            self.add_error("card", "扫卡片，或者在下面找人")
        elif cleaned.get("card", "").strip() and cleaned.get("who", "").strip():
            self.add_error("who", "扫了卡片就不用再找人，请只留一项")
        if self.materials and not self.errors and not _measured(cleaned, self.materials):
            self.add_error(None, "还没有填重量：至少填一种物品")
        return cleaned


class CorrectForm(forms.Form):
    """The right amounts in the place of wrong ones, and why."""

    reason = forms.CharField(
        label="原来错在哪里",
        max_length=200,
        help_text="如：把 12.0 千克看成了 120；不要写个人信息",
        error_messages={"required": "请写明原来错在哪里"},
    )
    nonce = forms.RegexField(r"^[A-Za-z0-9_-]{8,64}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, materials: Sequence[Material], current: CheckInView, **kwargs: Any) -> None:
        kwargs["initial"] = kwargs.get("initial", {}) | _of(current)
        super().__init__(*args, **kwargs)
        self.materials = materials
        _add_amounts(self, materials)

    def rows(self) -> Iterator[AmountRow]:
        """The materials in their order, with their inputs."""
        return _rows(self, self.materials)

    def measured(self) -> tuple[Measured, ...]:
        """What was typed, in grams and items."""
        return _measured(self.cleaned_data, self.materials)


def _add_amounts(form: forms.Form, materials: Sequence[Material]) -> None:
    for each in materials:
        weighs = each.quantity == MASS
        attrs = {"inputmode": "decimal" if weighs else "numeric", "autocomplete": "off"}
        if weighs:
            form.fields[f"amount-{each.code}"] = forms.DecimalField(
                label=f"{each.title}（千克）",
                required=False,
                min_value=Decimal("0.001"),
                max_digits=12,
                decimal_places=3,
                widget=forms.TextInput(attrs=attrs),
                error_messages={"invalid": "请填数字，如 3.5", "min_value": "要大于 0"},
            )
            form.fields[f"scale-{each.code}"] = forms.BooleanField(label="电子秤读数", required=False)
        else:
            form.fields[f"amount-{each.code}"] = forms.IntegerField(
                label=f"{each.title}（件）",
                required=False,
                min_value=1,
                max_value=10**9,
                widget=forms.TextInput(attrs=attrs),
                error_messages={"invalid": "请填整数", "min_value": "要大于 0"},
            )


def _rows(form: forms.Form, materials: Sequence[Material]) -> Iterator[AmountRow]:
    for each in materials:
        scale = f"scale-{each.code}"
        yield AmountRow(each, form[f"amount-{each.code}"], form[scale] if scale in form.fields else None)


def _measured(data: dict[str, Any], materials: Sequence[Material]) -> tuple[Measured, ...]:
    found = []
    for each in materials:
        amount = data.get(f"amount-{each.code}")
        if amount is None:
            continue
        if each.quantity == MASS:
            weighed = Weighed.SCALE if data.get(f"scale-{each.code}") else Weighed.HAND
            reading = f"{amount.normalize():f} kg" if weighed is Weighed.SCALE else ""
            found.append(Measured(each.code, mass_g=int(amount * 1000), weighed=weighed, reading=reading))
        else:
            found.append(Measured(each.code, item_count=amount))
    return tuple(found)


def _of(current: CheckInView) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for each in current.measured:
        if each.mass_g is not None:
            values[f"amount-{each.material}"] = f"{(Decimal(each.mass_g) / 1000).normalize():f}"
            values[f"scale-{each.material}"] = each.weighed is Weighed.SCALE
        else:
            values[f"amount-{each.material}"] = each.item_count
    return values
