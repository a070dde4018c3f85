"""The office's forms: what a member of staff fills in, and the room's draft that it makes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tanhui.scenarios import queries as scenarios
from tanhui.scenarios.types import Grade, SourceDraft, SourceKeyDraft, SourceStatus

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2199, 12, 31)
"""The days that may be asked for."""

_DAYS = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
_STATUSES = [
    (SourceStatus.TRIAL.value, "试接入"),
    (SourceStatus.ACTIVE.value, "已接入"),
    (SourceStatus.SUSPENDED.value, "暂停：不再收它的数据"),
]
_GRADES = [
    ("1", "A：系统自动采集并逐笔签名"),
    ("2", "B：合作单位的系统记录"),
    ("3", "C：有凭证佐证"),
    ("4", "D：自行申报，没有凭证"),
]


class PartnerForm(forms.Form):
    """What a partner may send, and the key it signs with."""

    title = forms.CharField(label="名称", max_length=80, help_text="居民在明细里看到的名称，写单位全称")
    scenarios = forms.MultipleChoiceField(
        label="可报送的场景", required=False, widget=forms.CheckboxSelectMultiple, help_text="都不选表示不限"
    )
    top_grade = forms.ChoiceField(label="最高证据等级", choices=_GRADES, help_text="报来更高等级的，按此等级计")
    status = forms.ChoiceField(label="状态", choices=_STATUSES)
    key_id = forms.CharField(
        label="新密钥编号", max_length=64, required=False, help_text="字母、数字、点、下划线和连字符"
    )
    public_key = forms.CharField(
        label="新公钥",
        max_length=64,
        required=False,
        help_text="32 字节 Ed25519 公钥的 Base64；私钥由接入方自己保管，不要发给平台",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = scenarios.scenarios(enabled_only=False)
        self.fields["scenarios"].choices = [(row.code, row.title) for row in known]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if bool(cleaned.get("key_id")) != bool(cleaned.get("public_key")):
            self.add_error("public_key", "密钥编号和公钥要一起填写")
        return cleaned

    def draft(self) -> SourceDraft:
        """The draft that the room admits."""
        data = self.cleaned_data
        keys = (SourceKeyDraft(data["key_id"], data["public_key"]),) if data["key_id"] else ()
        return SourceDraft(
            code=data["code"],
            title=data["title"],
            scenarios=tuple(data["scenarios"]),
            top_grade=Grade(int(data["top_grade"])),
            status=SourceStatus(data["status"]),
            keys=keys,
            revoke_keys=tuple(data.get("revoke_keys", ())),
        )


class AdmitForm(PartnerForm):
    """A new partner."""

    code = forms.SlugField(
        label="代码",
        max_length=40,
        help_text="小写字母、数字和连字符，以字母开头；以后不能改",
        error_messages={"invalid": "只能用小写字母、数字和连字符"},
    )
    field_order = ("code", "title", "scenarios", "top_grade", "status", "key_id", "public_key")


class ChangeForm(PartnerForm):
    """An admitted partner; its code stays."""

    revoke_keys = forms.MultipleChoiceField(
        label="吊销密钥",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="吊销后不能恢复；用它签名的新报文一律退回",
    )

    def __init__(self, *args: Any, current: Any, **kwargs: Any) -> None:
        initial = {
            "title": current.title,
            "scenarios": list(current.scenarios),
            "top_grade": str(Grade[current.top_grade].value),
            "status": current.status,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.code = current.code
        active = [(key_id, key_id) for key_id, _, revoked_at in current.keys if revoked_at is None]
        if active:
            self.fields["revoke_keys"].choices = active  # type: ignore[attr-defined]
        else:
            del self.fields["revoke_keys"]

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"code": self.code}


class RulingForm(forms.Form):
    """An officer's decision about one behavior."""

    counts = forms.TypedChoiceField(
        label="决定",
        choices=[("yes", "计入：证据可信，按方法计算"), ("no", "不计入：证据不可信或不合规则")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择计入或不计入"},
    )
    reason = forms.CharField(
        label="理由",
        min_length=5,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="居民会原样看到，请写明依据，不要写个人信息",
        error_messages={"required": "请写明理由", "min_length": "理由太短，请写明依据"},
    )


class DecisionForm(forms.Form):
    """A step in the life of a method version."""

    stage = forms.ChoiceField(label="决定", widget=forms.RadioSelect, error_messages={"required": "请选择一项"})
    note = forms.CharField(
        label="说明",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="会议时间、表决情况、文号或公示网址；与决定一起永久保存",
        error_messages={"required": "请写明依据"},
    )

    def __init__(self, *args: Any, stages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = stages  # type: ignore[attr-defined]


class PeriodForm(forms.Form):
    """Days, both included, as people say them."""

    starts_on = forms.DateField(
        label="从", validators=_DAYS, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_on = forms.DateField(
        label="到（含）", validators=_DAYS, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("last_on")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("last_on", "结束日不能早于开始日")
        return cleaned
