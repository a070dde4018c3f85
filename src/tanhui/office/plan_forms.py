"""Forms of the departments' pages: rows of a register, values by hand, workbooks, corrections, sub-tasks, contacts.

What a row may hold is said by the register's document; the room judges every value, and its reasons are shown beside
the fields. The forms only ask, and hold what was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from tanhui.kernel.errors import TanhuiError
from tanhui.office.plan_office_forms import day_field, department_choices, long_text
from tanhui.plan.types import (
    ContactDetails,
    DepartmentRef,
    FieldSpec,
    HandFigure,
    IndicatorView,
    NotYourTask,
    OverrideDetails,
    RecordView,
    RegisterView,
    RowDetails,
    RowRefused,
    Status,
    SubTaskDetails,
    SubTaskView,
    Upload,
)

MAX_FILES, MAX_FILE_BYTES = 6, 5 * 1024 * 1024
MAX_WORKBOOK_BYTES = 5 * 1024 * 1024
EVIDENCE_ENDINGS = ".pdf,.jpg,.jpeg,.png,.xlsx,.docx"
BY_RULE = "rule"
_FEW = 5
"""Up to this many choices are shown as radio buttons."""
_TEXT, _LONG_TEXT = 200, 2000
_FIXED = ("title", "department", "due_on", "done_on", "after")
"""What stays as it is once a step is done or called off."""
_ORGANIZATIONS, _DIVISIONS = "known-organizations", "known-divisions"

DivisionNames = Mapping[str, Sequence[tuple[str, str]]]
"""Level of a division → (what to write, where it lies)."""


class FilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Evidence: a few files of bounded size; what they are, the room sees by their bytes."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [super(FilesField, self).clean(each, initial) for each in data or [None]]
        found = [each for each in files if each]
        if len(found) > MAX_FILES:
            raise forms.ValidationError(f"一次最多{MAX_FILES}个文件，现在选了{len(found)}个")
        for each in found:
            if each.size > MAX_FILE_BYTES:
                size = f"{each.size / 1024 / 1024:.1f}"
                raise forms.ValidationError(f"“{each.name}”有 {size} MB，每个文件不超过 5 MB；请压缩后再上传")
        return found


def evidence_field(*, required: bool, note: str = "") -> FilesField:
    """Files that prove a row. The room says when they are needed; the form does not stop anybody before."""
    kinds = f"PDF、JPG、PNG、Excel 或 Word，最多{MAX_FILES}个，每个不超过 5 MB；不要含个人信息"
    return FilesField(
        label="佐证材料" + ("（必须上传）" if required else "（可不传）"),
        required=False,
        max_length=120,
        help_text=f"{note}。{kinds}" if note else kinds,
        widget=FilesInput(attrs={"accept": EVIDENCE_ENDINGS}),
        error_messages={"empty": "有一个文件是空的，请重新选择", "max_length": "文件名太长，请改短到120个字以内"},
    )


def uploads(files: Sequence[UploadedFile]) -> tuple[Upload, ...]:
    """The files as the room takes them."""
    return tuple(Upload(file.name or "", file.read()) for file in files)


def department_field(departments: Sequence[DepartmentRef], label: str = "填报部门") -> forms.CharField:
    """The department on whose behalf it is done. The form offers one's own; the room decides, and records refusals."""
    choices = department_choices(departments)
    if len(choices) != 1:
        choices = [("", "请选择"), *choices]
    return forms.CharField(
        label=label,
        max_length=60,
        widget=forms.Select(choices=choices),
        error_messages={"required": "请选择单位"},
    )


def show_refusal(form: forms.Form, error: TanhuiError) -> None:
    """Put what the room said beside the field that it is about, or above the form."""
    if isinstance(error, RowRefused):
        for name, words in error.faults.items():
            field = next((each for each in (f"value_{name}", name) if each in form.fields), None)
            form.add_error(field, _reason(form, words) if field else words)
    elif isinstance(error, NotYourTask) and "department" in form.fields:
        form.add_error("department", str(error))
    else:
        form.add_error(None, str(error))


def _reason(form: forms.Form, words: str) -> str:
    """The reason without the field's title: the title stands beside it already."""
    title, colon, reason = words.partition("：")
    titles = {spec.title for spec in form.register.fields} if isinstance(form, RowForm) else {"数值", "截至日期"}
    return reason if colon and title in titles | {"佐证材料", "说明"} else words


@dataclass(frozen=True)
class Question:
    """What one field of a register asks: one input, a set of choices, or a place with two numbers."""

    kind: str
    title: str
    help: str
    required: bool
    inputs: tuple[forms.BoundField, ...]


class RowForm(forms.Form):
    """One row of a register."""

    note = long_text("补充说明", 500, required=False, rows=2, help_text="审核人会看到；不要写个人姓名、电话和证件号")

    def __init__(
        self,
        *args: Any,
        register: RegisterView,
        departments: Sequence[DepartmentRef],
        division_names: DivisionNames,
        organization_names: Sequence[str],
        demo: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.register, self.division_names, self.organization_names = register, division_names, organization_names
        for spec in register.fields:
            self.fields.update(_inputs(spec))
        self.fields["evidence"] = evidence_field(required=register.evidence_required, note=register.evidence_note)
        self.fields["department"] = department_field(departments)
        if demo:
            self.fields["sample"] = _sample_field()
        last: list[str] = [name for name in ("evidence", "note", "department", "sample") if name in self.fields]
        self.order_fields([name for name in self.fields if name not in last] + last)

    def questions(self) -> Iterator[Question]:
        """The register's fields in their order, each with what it asks."""
        for spec in self.register.fields:
            names = [name for name in _input_names(spec) if name in self.fields]
            kind = "place" if spec.type == "place" else "choices" if _is_radio(spec) else "input"
            yield Question(kind, spec.title, _help(spec), spec.required, tuple(self[name] for name in names))

    def rest(self) -> list[forms.BoundField]:
        """Everything that is no field of the register."""
        asked = {name for spec in self.register.fields for name in _input_names(spec)}
        return [self[name] for name in self.fields if name not in asked]

    def lists(self) -> list[tuple[str, Sequence[tuple[str, str]]]]:
        """The lists that inputs search in: their name, and what to write with a word on where it lies."""
        levels = {spec.level for spec in self.register.fields if spec.type == "division"}
        found = [(f"{_DIVISIONS}-{level or 'any'}", self.division_names.get(level, ())) for level in sorted(levels)]
        if any(spec.type == "organization" for spec in self.register.fields):
            found.append((_ORGANIZATIONS, [(name, "") for name in self.organization_names]))
        return found

    def row(self) -> RowDetails:
        """The row as it was typed, with its files."""
        data = self.cleaned_data
        values: dict[str, Any] = {}
        for spec in self.register.fields:
            typed = [data.get(name, "").strip() for name in _input_names(spec)]
            if any(typed):
                values[spec.name] = tuple(typed) if spec.type == "place" else typed[0]
        return RowDetails(values, uploads(data["evidence"]), data["note"])


class CorrectionForm(RowForm):
    """A row that takes the place of an approved one; the reason is needed."""

    note = long_text("更正的理由", 500, rows=2, help_text="原来错在哪里、依据是什么；审核人会看到，与记录一起保存")


class VoidForm(forms.Form):
    """An approved row is struck out."""

    note = long_text("作废的理由", 500, rows=2, help_text="审核通过后原记录不再计数；理由与记录一起保存")

    def row(self) -> RowDetails:
        """The reason as the room takes it."""
        return RowDetails({}, (), self.cleaned_data["note"])


def typed_values(record: RecordView, division_names: DivisionNames) -> dict[str, str]:
    """What a form shows first when a record is corrected: its values as they would be typed."""
    initial: dict[str, str] = {}
    for spec, text in record.cells:
        value = record.values.get(spec.name)
        if value is None or value == "":
            continue
        if spec.type == "place":
            place = record.place or ("", "")
            initial |= dict(zip(_input_names(spec), map(str, place), strict=True))
        elif spec.type in ("integer", "decimal", "date", "year"):
            initial[f"value_{spec.name}"] = str(value)
        elif spec.type == "division":
            known = {written for written, _ in division_names.get(spec.level, ())}
            initial[f"value_{spec.name}"] = text if text in known else str(value)
        else:
            initial[f"value_{spec.name}"] = text
    return initial


def _input_names(spec: FieldSpec) -> list[str]:
    name = f"value_{spec.name}"
    return [name, f"{name}_latitude"] if spec.type == "place" else [name]


def _is_radio(spec: FieldSpec) -> bool:
    return spec.type == "yes_no" or (spec.type == "choice" and len(spec.choices) <= _FEW)


def _sample_field() -> forms.BooleanField:
    return forms.BooleanField(
        label="这是示例（虚构的数据）",
        required=False,
        initial=True,
        help_text="演示环境里试填的数据请保留这个勾，页面上会标明“示例”；示例可以不上传佐证",
    )


def _inputs(spec: FieldSpec) -> dict[str, forms.Field]:
    """The inputs of one field. All are optional here: the room says what is missing, in one voice for every door."""
    names = _input_names(spec)
    if spec.type == "place":
        labels = ("经度", "纬度")
        return {
            name: forms.CharField(label=label, required=False, max_length=20, widget=_text(inputmode="decimal"))
            for name, label in zip(names, labels, strict=True)
        }
    label = f"{spec.title}（{spec.unit}）" if spec.unit else spec.title
    field: forms.Field
    if spec.type in ("choice", "yes_no"):
        words = spec.choices if spec.type == "choice" else ("是", "否")
        choices = [(word, word) for word in words]
        if _is_radio(spec):
            widget: forms.Widget = forms.RadioSelect(choices=choices)
        else:
            widget = forms.Select(choices=[("", "请选择"), *choices])
        field = forms.CharField(label=label, required=False, max_length=_TEXT, widget=widget)
    else:
        limit = spec.max_length or (_LONG_TEXT if spec.type == "long_text" else _TEXT)
        field = forms.CharField(label=label, required=False, max_length=limit, widget=_widget(spec))
    field.help_text = _help(spec)
    field.must = spec.required  # type: ignore[attr-defined]
    return {names[0]: field}


def _text(**attributes: str) -> forms.TextInput:
    return forms.TextInput(attrs={"autocomplete": "off", **attributes})


def _widget(spec: FieldSpec) -> forms.Widget:
    match spec.type:
        case "long_text":
            return forms.Textarea(attrs={"rows": 4})
        case "date":
            return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        case "integer" | "year":
            return _text(inputmode="numeric")
        case "decimal":
            return _text(inputmode="decimal")
        case "division":
            return _text(list=f"{_DIVISIONS}-{spec.level or 'any'}")
        case "organization":
            return _text(list=_ORGANIZATIONS)
        case "link":
            return _text(inputmode="url")
    return _text()


_TYPE_HELP = {
    "date": "事情发生的那一天，不能晚于今天",
    "year": "四位数字，如 2025",
    "division": "输入名称开头的字，从列表里选",
    "organization": "写单位全称，可以从列表里选",
    "credit_code": "18位统一社会信用代码",
    "link": "完整的网址，以 https:// 开头",
    "place": "在地图软件里长按地点可以看到坐标；经度在前，如 113.581234，纬度如 28.701234。按 WGS-84 坐标填写",
}


def _help(spec: FieldSpec) -> str:
    parts = [spec.help or _TYPE_HELP.get(spec.type, "")]
    low, high = spec.minimum, spec.maximum
    if low is not None and high is not None:
        parts.append(f"在 {low} 到 {high} 之间")
    elif low is not None and low > 0:
        parts.append(f"不少于 {low}")
    elif high is not None:
        parts.append(f"不超过 {high}")
    if spec.type == "decimal" and spec.places:
        parts.append(f"最多{spec.places}位小数")
    return "；".join(part for part in parts if part)


class HandForm(forms.Form):
    """An indicator's value by hand."""

    value = forms.CharField(
        label="数值",
        max_length=30,
        widget=_text(inputmode="decimal"),
        error_messages={"required": "请填写数值"},
    )
    as_of = day_field("截至", help_text="数值统计到哪一天，不能晚于今天")
    note = long_text("说明", 500, required=False, rows=2, help_text="怎么统计的、依据哪份文件；审核人会看到")

    def __init__(
        self,
        *args: Any,
        indicator: IndicatorView,
        departments: Sequence[DepartmentRef],
        demo: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.indicator = indicator
        if indicator.unit:
            self.fields["value"].label = f"数值（{indicator.unit}）"
        milestone = indicator.kind == "milestone"
        self.fields["value"].help_text = (
            "已经完成填 1，没有完成填 0" if milestone else "只填数字，不写单位；填累计到这一天的数"
        )
        self.fields["evidence"] = evidence_field(required=True)
        self.fields["department"] = department_field(departments)
        if demo:
            self.fields["sample"] = _sample_field()
        self.order_fields(["value", "as_of", "evidence", "note", "department", "sample"])

    def figure(self) -> HandFigure:
        """What the room files."""
        data = self.cleaned_data
        return HandFigure(
            self.indicator.code, data["value"].strip(), data["as_of"], uploads(data["evidence"]), data["note"]
        )


class WorkbookForm(forms.Form):
    """A workbook of rows."""

    workbook = forms.FileField(
        label="Excel 文件",
        max_length=120,
        help_text="用本台账的模板填写，.xlsx 格式，最多5000行，不超过 5 MB；列的先后可以变，列名不能改",
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": "请选择文件", "empty": "文件是空的", "max_length": "文件名太长，请改短"},
    )

    def __init__(self, *args: Any, departments: Sequence[DepartmentRef], demo: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"] = department_field(departments)
        if demo:
            self.fields["sample"] = _sample_field()

    def clean_workbook(self) -> Any:
        file = self.cleaned_data["workbook"]
        if file.size > MAX_WORKBOOK_BYTES:
            raise forms.ValidationError(f"文件有 {file.size / 1024 / 1024:.1f} MB，不能超过 5 MB；请分成几个文件")
        return file

    def upload(self) -> Upload:
        """The file as the room takes it."""
        return uploads([self.cleaned_data["workbook"]])[0]


class OverrideForm(forms.Form):
    """A status by hand over the rule's."""

    status = forms.ChoiceField(
        label="状态",
        choices=[(BY_RULE, "按规则判定，不人工干预"), *((each.value, each.label) for each in Status)],
    )
    reason = long_text(
        "理由",
        500,
        rows=3,
        help_text="在所有显示这项指标的页面上公开，包括公众页面；写明依据，不要写个人信息",
    )

    def details(self, indicator: str) -> OverrideDetails:
        """What the room keeps."""
        status = self.cleaned_data["status"]
        return OverrideDetails(indicator, None if status == BY_RULE else Status(status), self.cleaned_data["reason"])


class SubTaskForm(forms.Form):
    """A step towards a task: new, or changed."""

    title = forms.CharField(label="要做的事", max_length=120, error_messages={"required": "请写明要做的事"})
    due_on = day_field("完成期限")
    after = forms.MultipleChoiceField(
        label="要等这些先完成",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="前面的事没有完成，这一件不能标为完成",
    )
    note = long_text("说明", 500, required=False, rows=2)

    def __init__(
        self,
        *args: Any,
        departments: Sequence[DepartmentRef],
        others: Sequence[SubTaskView],
        current: SubTaskView | None = None,
        **kwargs: Any,
    ) -> None:
        if current is not None:
            known = {"title": current.title, "due_on": current.due_on, "note": current.note, "after": current.after}
            kwargs.setdefault("initial", {**known, "department": current.department.code, "done_on": current.done_on})
        super().__init__(*args, **kwargs)
        choices = [(each.number, f"{each.title}（{each.department.short_name}）") for each in others]
        if choices:
            self.fields["after"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["after"]
        self.fields["department"] = department_field(departments, "责任部门")
        if current is not None:
            self.fields["done_on"] = day_field("完成日期", required=False, help_text="做完了再填，不能晚于今天")
            self.fields["cancelled"] = forms.BooleanField(
                label="取消这件事", required=False, initial=current.cancelled, help_text="不再要做；记录保留"
            )
            for name in _FIXED if current.done_on or current.cancelled else ():
                self.fields.pop(name, None)
            if current.done_on:
                del self.fields["cancelled"]
        self.order_fields(["title", "department", "due_on", "done_on", "after", "note", "cancelled"])

    def details(self, *, task_no: int, number: str = "") -> SubTaskDetails:
        """What the room makes or changes."""
        data = self.cleaned_data
        return SubTaskDetails(
            number=number,
            task_no=task_no,
            department=data.get("department"),
            title=data.get("title"),
            due_on=data.get("due_on"),
            done_on=data.get("done_on"),
            cancelled=data.get("cancelled"),
            note=data["note"],
            after=tuple(data["after"]) if "after" in data else None,
        )


class ContactForm(forms.Form):
    """Who answers for a department's part in a task."""

    username = forms.CharField(
        label="登录名", max_length=60, required=False, help_text="在本平台有账号的工作人员；不填表示取消联系人"
    )

    def __init__(self, *args: Any, departments: Sequence[DepartmentRef], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"] = department_field(departments, "单位")
        self.order_fields(["department", "username"])

    def details(self, task_no: int) -> ContactDetails:
        """What the room keeps."""
        data = self.cleaned_data
        return ContactDetails(task_no, data["department"], data["username"].strip() or None)
