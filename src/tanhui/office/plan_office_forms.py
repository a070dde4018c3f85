"""Forms of the working group's pages: drafts, supervision, money, reports; and what the room takes for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tanhui.office.forms import FIRST_DAY, LAST_DAY
from tanhui.plan.types import (
    CaseDetails,
    Correction,
    DepartmentRef,
    FeedbackReply,
    FindingView,
    FundingDetails,
    NoticeAnswer,
    NoticeDetails,
    NoticeVerdict,
    ReviewMeeting,
    TaskView,
)

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
DOCUMENT_ENDINGS = (".txt", ".md", ".docx", ".pdf")
_TODAY = {"type": "date"}
_LISTS = ("leads", "supporters")
_WIDE = ("text", "title", *_LISTS)
_SEPARATORS = str.maketrans("，,；;", "、、、、")
CHOICES = {
    "kind": [("quantitative", "数量"), ("milestone", "完成一件事"), ("recurring", "按期重复")],
    "comparator": [
        ("", "没有"), (">=", "不少于"), (">", "超过"), ("=", "等于"), ("<=", "不超过"), ("<", "低于"),
        ("range", "在两数之间"),
    ],
    "recurrence": [
        ("", "不重复"), ("daily", "每天"), ("weekly", "每周"), ("monthly", "每月"), ("quarterly", "每季度"),
        ("half_yearly", "每半年"), ("yearly", "每年"), ("irregular", "定期（没有写明频次）"),
    ],
    "mark": [("", "没有标记"), ("proactive", "★ 主动做、创新做"), ("routine", "▲ 常规做、配合做")],
    "drop": [("否", "保留"), ("是", "从方案中删去这一条")],
}  # fmt: skip
"""Fields of a draft that take one of a few values: value and words."""


def day_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateField:
    """A day that a calendar offers."""
    return forms.DateField(
        label=label,
        required=required,
        help_text=help_text,
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        widget=forms.DateInput(attrs=_TODAY, format="%Y-%m-%d"),
    )


def long_text(label: str, length: int, *, required: bool = True, help_text: str = "", rows: int = 4) -> forms.CharField:
    """A text of several lines."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=length, required=required, help_text=help_text, widget=widget)


def department_choices(departments: Sequence[DepartmentRef]) -> list[tuple[str, str]]:
    """Departments to choose from, by name."""
    return [(each.code, each.name) for each in departments]


def task_choices(tasks: Sequence[TaskView]) -> list[tuple[str, str]]:
    """Tasks to choose from, in the plan's order."""
    return [(str(task.no), f"{task.no}. {task.title}") for task in tasks]


DECISIONS = [("accept", "照原文，不改"), ("correct", "更正为下面填写的内容"), ("note", "暂不更改，只记下说明")]
"""What may be decided on a finding: value and words."""


class DocumentForm(forms.Form):
    """A plan as a file."""

    file = forms.FileField(
        label="方案文件",
        max_length=120,
        help_text="Word（.docx）、带文字的 PDF 或文本（.txt、.md），不超过 8 MB；扫描件请先做文字识别",
        widget=forms.FileInput(attrs={"accept": ",".join(DOCUMENT_ENDINGS)}),
        error_messages={
            "required": "请选择文件",
            "empty": "文件是空的",
            "max_length": "文件名太长，请改短到120个字以内",
        },
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if PurePath(file.name).suffix.lower() not in DOCUMENT_ENDINGS:
            raise forms.ValidationError("只能读 .txt、.md、.docx 和 .pdf；旧版 .doc 请先另存为 .docx")
        if file.size > MAX_DOCUMENT_BYTES:
            raise forms.ValidationError(f"文件有 {file.size / 1024 / 1024:.1f} MB，超过 8 MB；请去掉图片后再上传")
        return file


class FindingForm(forms.Form):
    """The decision on one finding; the fields that it may correct, filled with what stands in the draft now."""

    choice = forms.ChoiceField(
        label="决定",
        widget=forms.RadioSelect,
        choices=DECISIONS,
        error_messages={"required": "请选择一项"},
    )
    note = long_text("说明", 500, required=False, rows=2, help_text="为什么这样决定、向谁核实过；选“只记下说明”时必填")

    def __init__(self, data: Mapping[str, Any] | None = None, *, finding: FindingView) -> None:
        super().__init__(data, prefix=f"f{finding.position}", initial={"choice": finding.choice, "note": finding.note})
        self.finding = finding
        self.correctable: dict[str, tuple[str, str, str]] = {}
        for at, (subject, field, title, now) in enumerate(finding.correctable):
            name = f"c{at}"
            self.correctable[name] = (subject, field, now)
            self.fields[name] = _correction_field(field, title, now)
        if not self.correctable:
            self.fields["choice"].choices = [each for each in DECISIONS if each[0] != "correct"]  # type: ignore[attr-defined]
        self.order_fields(["choice", *self.correctable, "note"])

    def corrected_fields(self) -> list[tuple[forms.BoundField, bool]]:
        """The fields of the draft as the page shows them together, and whether each needs the whole width."""
        return [(self[name], field in _WIDE) for name, (_, field, _) in self.correctable.items()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("choice") == "note" and not cleaned.get("note", "").strip():
            self.add_error("note", "只记下说明时，请写明说明")
        if cleaned.get("choice") == "correct" and not self.corrections():
            self.add_error("choice", "下面的内容没有改动；请改好要更正的栏目，或选择照原文")
        return cleaned

    def corrections(self) -> list[Correction]:
        """What differs from the document as read, where the decision is to correct: what was corrected before and
        stands, and what was changed now."""
        if self.cleaned_data.get("choice") != "correct":
            return []
        wanted = {(each["subject"], each["field"]): each["value"] for each in self.finding.corrections}
        for name, (subject, field, now) in self.correctable.items():
            text = str(self.cleaned_data.get(name, "")).strip()
            if text != now:
                wanted[subject, field] = _corrected(field, text)
        return [Correction(subject, field, value) for (subject, field), value in wanted.items()]


def _correction_field(field: str, title: str, now: str) -> forms.Field:
    if field in CHOICES:
        known = CHOICES[field]
        choices = known if now in dict(known) else [(now, now), *known]
        return forms.ChoiceField(label=title, choices=choices, initial=now, required=False)
    help_text = "几个单位之间用顿号隔开，第一个在前" if field in _LISTS else ""
    widget = forms.Textarea(attrs={"rows": 3}) if field in _WIDE else forms.TextInput()
    return forms.CharField(label=title, initial=now, required=False, max_length=500, help_text=help_text, widget=widget)


def _corrected(field: str, text: str) -> Any:
    text = text.strip()
    if field in _LISTS:
        return [name.strip() for name in text.translate(_SEPARATORS).split("、") if name.strip()]
    return text or None


class MeetingForm(forms.Form):
    """A progress review to open."""

    title = forms.CharField(label="名称", max_length=80, help_text="如 2026年第四季度工作调度")
    held_on = day_field("日期")
    agenda = long_text("议题", 2000, required=False, help_text="一行一个议题")

    def details(self) -> ReviewMeeting:
        """What the room opens."""
        data = self.cleaned_data
        return ReviewMeeting(title=data["title"], held_on=data["held_on"], agenda=data["agenda"])


class MeetingCloseForm(forms.Form):
    """The conclusions with which a progress review ends."""

    conclusions = long_text("结论", 4000, help_text="议定的事项、责任单位和时限；结束后不能再改", rows=6)


class NoticeForm(forms.Form):
    """A notice of rectification."""

    department = forms.ChoiceField(label="发给", error_messages={"required": "请选择部门"})
    task_no = forms.ChoiceField(label="任务", error_messages={"required": "请选择任务"})
    problem = long_text("问题", 500, help_text="哪一项没有做到、差多少、要求怎么做；不要写个人信息")
    due_on = day_field("答复期限")
    indicator = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    review = forms.CharField(required=False, max_length=30, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, departments: Sequence[DepartmentRef], tasks: Sequence[TaskView], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].choices = [("", "请选择"), *department_choices(departments)]  # type: ignore[attr-defined]
        self.fields["task_no"].choices = [("", "请选择"), *task_choices(tasks)]  # type: ignore[attr-defined]

    def details(self) -> NoticeDetails:
        """What the room issues."""
        data = self.cleaned_data
        return NoticeDetails(
            department=data["department"],
            task_no=int(data["task_no"]),
            problem=data["problem"],
            due_on=data["due_on"],
            indicator=data["indicator"],
            review=data["review"],
        )


class AnswerForm(forms.Form):
    """A department's answer to a notice."""

    answer = long_text("整改答复", 1000, help_text="采取了什么措施、现在做到什么程度、还差什么；不要写个人信息", rows=6)

    def details(self, number: str) -> NoticeAnswer:
        """What the room takes."""
        return NoticeAnswer(number=number, answer=self.cleaned_data["answer"])


class VerdictForm(forms.Form):
    """The working group's word on an answer."""

    accepted = forms.TypedChoiceField(
        label="意见",
        choices=[("yes", "认可，办结"), ("no", "不认可，退回继续整改")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择认可或退回"},
    )
    verdict = long_text("理由", 500, help_text="答复单位会看到")
    due_on = day_field("新的答复期限", required=False, help_text="退回时填写")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("accepted") is False and not cleaned.get("due_on") and "due_on" not in self.errors:
            self.add_error("due_on", "退回时要写明新的答复期限")
        return cleaned

    def details(self, number: str) -> NoticeVerdict:
        """What the room takes."""
        data = self.cleaned_data
        due_on = None if data["accepted"] else data["due_on"]
        return NoticeVerdict(number=number, accepted=data["accepted"], verdict=data["verdict"], due_on=due_on)


class CaseForm(forms.Form):
    """A good case."""

    task_no = forms.ChoiceField(label="任务", error_messages={"required": "请选择任务"})
    department = forms.ChoiceField(label="报送单位", error_messages={"required": "请选择单位"})
    title = forms.CharField(label="标题", max_length=80)
    text = long_text("经验做法", 3000, rows=8, help_text="做了什么、怎么做的、效果如何；不要写个人姓名和电话")
    link = forms.URLField(
        label="公开链接",
        max_length=300,
        required=False,
        assume_scheme="https",
        help_text="已有公开报道的，写网址",
        widget=forms.TextInput(attrs={"inputmode": "url"}),
    )

    def __init__(
        self, *args: Any, departments: Sequence[DepartmentRef], tasks: Sequence[TaskView], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].choices = [("", "请选择"), *department_choices(departments)]  # type: ignore[attr-defined]
        self.fields["task_no"].choices = [("", "请选择"), *task_choices(tasks)]  # type: ignore[attr-defined]

    def details(self) -> CaseDetails:
        """What the room collects."""
        data = self.cleaned_data
        return CaseDetails(
            task_no=int(data["task_no"]),
            department=data["department"],
            title=data["title"],
            text=data["text"],
            link=data["link"],
        )


class AmountForm(forms.Form):
    """An amount on a funding line."""

    kind = forms.ChoiceField(
        label="类型",
        choices=[("planned", "计划：列入预算或申报"), ("committed", "落实：已下达或签约"), ("paid", "支付：已经付出")],
    )
    amount = forms.DecimalField(
        label="金额（元）",
        max_digits=15,
        decimal_places=2,
        help_text="精确到分；登记错了的，用负数冲减",
        error_messages={
            "invalid": "金额只填数字，例如 120000.50",
            "max_decimal_places": "金额精确到分，最多两位小数",
            "max_digits": "金额太大，请核对单位是不是元",
            "max_whole_digits": "金额太大，请核对单位是不是元",
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    happened_on = day_field("日期")
    note = forms.CharField(label="说明", max_length=300, required=False, help_text="文号、合同或凭证名称")

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError("金额不能是零")
        return amount

    def _fen(self) -> int:
        return int(self.cleaned_data["amount"] * 100)

    def entry(self, number: str) -> FundingDetails:
        """A further amount on an existing line."""
        data = self.cleaned_data
        return FundingDetails(
            number=number, kind=data["kind"], amount_fen=self._fen(), happened_on=data["happened_on"], note=data["note"]
        )


class FundingLineForm(AmountForm):
    """A new funding line with its first amount."""

    task_no = forms.ChoiceField(label="任务", error_messages={"required": "请选择任务"})
    department = forms.ChoiceField(label="使用单位", error_messages={"required": "请选择单位"})
    title = forms.CharField(label="项目", max_length=120)
    origin = forms.CharField(label="资金来源", max_length=80, help_text="如 县级财政预算、上级专项、社会资金")
    year = forms.IntegerField(
        label="年度", min_value=2000, max_value=2100, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    field_order = ("task_no", "department", "title", "origin", "year", "kind", "amount", "happened_on", "note")

    def __init__(
        self, *args: Any, departments: Sequence[DepartmentRef], tasks: Sequence[TaskView], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].choices = [("", "请选择"), *department_choices(departments)]  # type: ignore[attr-defined]
        self.fields["task_no"].choices = [("", "请选择"), *task_choices(tasks)]  # type: ignore[attr-defined]

    def line(self) -> FundingDetails:
        """The new line with its first amount."""
        data = self.cleaned_data
        return FundingDetails(
            kind=data["kind"],
            amount_fen=self._fen(),
            happened_on=data["happened_on"],
            task_no=int(data["task_no"]),
            department=data["department"],
            title=data["title"],
            origin=data["origin"],
            year=data["year"],
            note=data["note"],
        )


class ReplyForm(forms.Form):
    """The reply to what somebody of the public wrote."""

    reply = long_text("答复", 1000, help_text="写意见的人凭编号可以看到；不要写个人信息", rows=5)
    public = forms.TypedChoiceField(
        label="公开",
        choices=[("yes", "意见和答复都在任务页公开"), ("no", "不公开，只有写意见的人凭编号能看到")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择是否公开"},
    )

    def details(self, number: str) -> FeedbackReply:
        """What the room takes."""
        return FeedbackReply(number=number, reply=self.cleaned_data["reply"], public=self.cleaned_data["public"])


class ReportForm(forms.Form):
    """A report to publish."""

    as_of = day_field("截至", help_text="统计到这一天；发布以后不能再发布同一天或更早的报告")
    title = forms.CharField(label="标题", max_length=120, required=False, help_text="不填时按日期自动拟定")


class YearForm(forms.Form):
    """The year of an appraisal."""

    year = forms.IntegerField(
        label="年度", min_value=2000, max_value=2100, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        super().__init__(data, initial={"year": today.year})
