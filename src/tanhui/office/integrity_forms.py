"""Forms of the cases; and what the room takes for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from tanhui.integrity.types import Action, DecisionDetails, RulingDetails
from tanhui.office.plan_office_forms import day_field, long_text

MOST_WORDS = 400


class DecisionForm(forms.Form):
    """What a person decides about a case."""

    action = forms.ChoiceField(label="决定", widget=forms.RadioSelect)
    until = day_field("暂停兑换到哪一天（含）", required=False, help_text="只在决定暂停兑换时填写；到期自动恢复")
    reason = long_text("理由", MOST_WORDS, help_text="当事人会看到；写清看了哪些记录、为什么这样决定")

    def __init__(self, *args: Any, actions: Sequence[Action], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["action"].choices = [(each.value, each.label) for each in actions]  # type: ignore[attr-defined]
        if Action.HOLD not in actions:
            del self.fields["until"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "until" in self.fields:
            held = data.get("action") == Action.HOLD
            if held and data.get("until") is None and "until" not in self.errors:
                self.add_error("until", "暂停兑换须写截止日")
            if not held:
                data["until"] = None
        return data

    def details(self, case: str) -> DecisionDetails:
        """What the room takes."""
        data = self.cleaned_data
        return DecisionDetails(case, Action(data["action"]), data["reason"], data.get("until"))


class RulingForm(forms.Form):
    """What another person rules on an appeal."""

    upheld = forms.ChoiceField(
        label="复核", widget=forms.RadioSelect, choices=[("yes", "维持原决定"), ("no", "申诉成立，撤销原决定")]
    )
    reason = long_text("理由", MOST_WORDS, help_text="当事人会看到")

    def details(self, case: str) -> RulingDetails:
        """What the room takes."""
        return RulingDetails(case, self.cleaned_data["upheld"] == "yes", self.cleaned_data["reason"])


class AppealForm(forms.Form):
    """Why a decision is wrong."""

    text = long_text("申诉理由", MOST_WORDS, help_text="写清哪一点不对、有什么可以证明；至多 400 字", rows=6)
