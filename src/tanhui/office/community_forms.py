"""Forms of occasions, points, prices, teams and cards; and what the room takes for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from tanhui.community.types import (
    Material,
    OccasionDetails,
    OccasionKind,
    OccasionView,
    PointDetails,
    PointKind,
    PointState,
    PointView,
    PriceDetails,
    TeamDetails,
    TeamRole,
    TeamView,
)
from tanhui.kernel.days import COUNTY_ZONE, day_end, day_start
from tanhui.office.forms import FIRST_DAY, LAST_DAY
from tanhui.office.plan_office_forms import day_field, long_text
from tanhui.parties.types import DivisionRef, PartyRef

_MOMENT = "%Y-%m-%dT%H:%M"
_SPAN = [MinValueValidator(day_start(FIRST_DAY)), MaxValueValidator(day_end(LAST_DAY))]
_MILLION = 1_000_000
_FACTS = ("title", "summary", "host", "division_code", "place", "capacity", "point", "audience", "minutes")


def moment_field(label: str, *, required: bool = True, help_text: str = "") -> forms.DateTimeField:
    """A day and a time of the county."""
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        input_formats=[_MOMENT],
        validators=_SPAN,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT),
        error_messages={"invalid": "请写成 2026-11-22 09:30 这样的日期和时间"},
    )


def place_choices(divisions: Iterable[DivisionRef]) -> list[tuple[str, str]]:
    """Divisions to choose from; villages after their township."""
    rows = list(divisions)
    names = {row.statistical_code: row.name for row in rows}
    return [
        (row.statistical_code, f"{names.get(row.parent_code, '')} {row.name}" if row.level == "village" else row.name)
        for row in rows
    ]


class OccasionForm(forms.Form):
    """An occasion of any kind."""

    kind = forms.ChoiceField(label="类别", choices=[(each.value, each.label) for each in OccasionKind])
    title = forms.CharField(label="名称", max_length=80, help_text="居民看到的名称，如：虚构村周六定点回收")
    summary = long_text("说明", 500, required=False, rows=3, help_text="带什么、怎么去、注意什么；不要写个人信息")
    host = forms.ChoiceField(label="主办单位")
    division_code = forms.ChoiceField(label="在哪个乡镇或村")
    place = forms.CharField(label="地点", max_length=120)
    point = forms.ChoiceField(label="回收点", required=False, help_text="在登记过的回收点举办的，选上它")
    starts_at = moment_field("开始")
    ends_at = moment_field("结束")
    materials = forms.MultipleChoiceField(
        label="收哪些物品",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="回收类活动选；称重时只列这些",
    )
    audience = forms.ChoiceField(label="对象", required=False, help_text="培训、宣讲和研学选；计入相应台账")
    minutes = forms.IntegerField(
        label="服务时长（分钟）",
        required=False,
        min_value=1,
        max_value=1440,
        help_text="志愿服务填；签到后计入各人的时长",
    )
    bookable = forms.BooleanField(label="可以预约", required=False)
    capacity = forms.IntegerField(
        label="名额", required=False, min_value=1, max_value=100_000, help_text="留空为不限；约满后进入候补"
    )
    book_from = moment_field("开始预约", required=False, help_text="留空：发布后就可以")
    book_to = moment_field("停止预约", required=False, help_text="留空：活动开始时停止")

    def __init__(
        self,
        *args: Any,
        places: Iterable[DivisionRef],
        hosts: Sequence[PartyRef],
        points: Sequence[PointView],
        materials: Sequence[Material],
        audiences: Sequence[tuple[str, str]],
        current: OccasionView | None = None,
        **kwargs: Any,
    ) -> None:
        if current is not None:
            kwargs["initial"] = _of_occasion(current)
        super().__init__(*args, **kwargs)
        self.number = current.number if current else ""
        self._choose("host", [(each.number, each.display_name) for each in hosts])
        self._choose("division_code", place_choices(places))
        self._choose("point", [("", "不在回收点"), *((each.number, each.title) for each in points)])
        self._choose("materials", [(each.code, each.title) for each in materials])
        self._choose("audience", [("", "不分对象"), *audiences])

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for first, last, words in (
            ("starts_at", "ends_at", "结束要晚于开始"),
            ("book_from", "book_to", "停止预约要晚于开始预约"),
        ):
            begins, ends = cleaned.get(first), cleaned.get(last)
            if begins and ends and ends <= begins:
                self.add_error(last, words)
        return cleaned

    def details(self) -> OccasionDetails:
        """The occasion as the form has it."""
        data = self.cleaned_data
        return OccasionDetails(
            kind=OccasionKind(data["kind"]),
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            bookable=data["bookable"],
            book_from=data["book_from"],
            book_to=data["book_to"],
            materials=tuple(data["materials"]),
            number=self.number,
            **{name: data[name] for name in _FACTS},
        )


def _of_occasion(found: OccasionView) -> dict[str, Any]:
    taken = {name: getattr(found, name) for name in (*_FACTS, "bookable")}
    moments = ("starts_at", "ends_at", "book_from", "book_to")
    taken |= {name: _local(getattr(found, name)) for name in moments}
    return taken | {"kind": found.kind.value, "materials": list(found.materials)}


def _local(at: datetime | None) -> datetime | None:
    return at.astimezone(COUNTY_ZONE) if at else None


class WhoForm(forms.Form):
    """A resident on the telephone or before the table."""

    who = forms.CharField(
        label="给谁",
        max_length=60,
        help_text="手机号、昵称里的字，或居民编号",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "请写手机号、昵称或居民编号"},
    )
    note = forms.CharField(label="备注", max_length=120, required=False, help_text="如：两大袋纸板；不要写住址和电话")
    address = forms.CharField(
        label="上门地址",
        max_length=120,
        required=False,
        help_text="加密保存，只有收运的人看得到；以前留过的不用再写",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, pickup: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not pickup:
            del self.fields["address"]


class PointForm(forms.Form):
    """A point or a box."""

    kind = forms.ChoiceField(
        label="类别", choices=[(each.value, each.label) for each in PointKind], widget=forms.RadioSelect
    )
    title = forms.CharField(label="名称", max_length=80)
    division_code = forms.ChoiceField(label="在哪个乡镇或村")
    address = forms.CharField(label="地址", max_length=120)
    materials = forms.MultipleChoiceField(label="收哪些物品", widget=forms.CheckboxSelectMultiple)
    hours = forms.CharField(label="开放时间", max_length=80, required=False, help_text="如：每天 7:00—18:00")
    longitude = forms.DecimalField(
        label="经度", required=False, min_value=Decimal(73), max_value=Decimal(136), decimal_places=6,
        help_text="地图上的位置，如 113.583210；不知道可以不填",
    )  # fmt: skip
    latitude = forms.DecimalField(
        label="纬度", required=False, min_value=Decimal(3), max_value=Decimal(54), decimal_places=6
    )

    def __init__(
        self,
        *args: Any,
        places: Iterable[DivisionRef],
        materials: Sequence[Material],
        current: PointView | None = None,
        **kwargs: Any,
    ) -> None:
        if current is not None:
            kwargs["initial"] = {
                **{name: getattr(current, name) for name in ("title", "division_code", "address", "hours")},
                "kind": current.kind.value,
                "materials": list(current.materials),
                "longitude": _in_degrees(current.longitude_e6),
                "latitude": _in_degrees(current.latitude_e6),
            }
        super().__init__(*args, **kwargs)
        self.number = current.number if current else ""
        self.fields["division_code"].choices = place_choices(places)  # type: ignore[attr-defined]
        self.fields["materials"].choices = [(each.code, each.title) for each in materials]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("longitude") is None) != (cleaned.get("latitude") is None):
            self.add_error("latitude", "经度和纬度要一起填")
        return cleaned

    def details(self) -> PointDetails:
        """The point as the form has it."""
        data = self.cleaned_data
        return PointDetails(
            kind=PointKind(data["kind"]),
            title=data["title"],
            division_code=data["division_code"],
            address=data["address"],
            materials=tuple(data["materials"]),
            hours=data["hours"],
            longitude_e6=_in_millionths(data["longitude"]),
            latitude_e6=_in_millionths(data["latitude"]),
            number=self.number,
        )


def _in_degrees(millionths: int | None) -> Decimal | None:
    return None if millionths is None else Decimal(millionths) / _MILLION


def _in_millionths(degrees: Decimal | None) -> int | None:
    return None if degrees is None else int(degrees * _MILLION)


class PointStateForm(forms.Form):
    """How a point is now."""

    state = forms.ChoiceField(
        label="现在的状态", choices=[(each.value, each.label) for each in PointState], widget=forms.RadioSelect
    )
    note = forms.CharField(label="说明", max_length=120, required=False)


class PriceForm(forms.Form):
    """What a recycler pays from a day on."""

    organization = forms.ChoiceField(label="回收单位")
    material = forms.ChoiceField(label="物品")
    price = forms.DecimalField(
        label="收购价（元）",
        min_value=Decimal(0),
        max_value=Decimal(1000),
        decimal_places=2,
        help_text="每千克或每件；由回收单位付给居民，平台只公示",
    )
    valid_from = day_field("从哪天起")

    def __init__(self, *args: Any, hosts: Sequence[PartyRef], materials: Sequence[Material], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].choices = [(each.number, each.display_name) for each in hosts]  # type: ignore[attr-defined]
        self.fields["material"].choices = [(each.code, each.title) for each in materials]  # type: ignore[attr-defined]

    def details(self) -> PriceDetails:
        """The price, in fen."""
        data = self.cleaned_data
        return PriceDetails(data["organization"], data["material"], int(data["price"] * 100), data["valid_from"])


class TeamForm(forms.Form):
    """A volunteer team."""

    title = forms.CharField(label="名称", max_length=80)
    host = forms.ChoiceField(label="所属单位")
    division_code = forms.ChoiceField(label="在哪个乡镇或村")

    def __init__(
        self,
        *args: Any,
        places: Iterable[DivisionRef],
        hosts: Sequence[PartyRef],
        current: TeamView | None = None,
        **kwargs: Any,
    ) -> None:
        if current is not None:
            kwargs["initial"] = {name: getattr(current, name) for name in ("title", "host", "division_code", "ended")}
        super().__init__(*args, **kwargs)
        self.number = current.number if current else ""
        self.fields["host"].choices = [(each.number, each.display_name) for each in hosts]  # type: ignore[attr-defined]
        self.fields["division_code"].choices = place_choices(places)  # type: ignore[attr-defined]
        if current is not None:
            self.fields["ended"] = forms.BooleanField(label="已解散，不再活动", required=False)

    def details(self) -> TeamDetails:
        """The team as the form has it."""
        data = self.cleaned_data
        return TeamDetails(data["title"], data["host"], data["division_code"], self.number, data.get("ended", False))


class MemberForm(WhoForm):
    """Who joins a team, as what; or leaves it."""

    role = forms.ChoiceField(
        label="身份", choices=[(each.value, each.label) for each in TeamRole], widget=forms.RadioSelect
    )
    joined = forms.TypedChoiceField(
        label="加入还是退出",
        choices=[("yes", "加入"), ("no", "退出")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    note = None  # type: ignore[assignment]


class CardForm(forms.Form):
    """A card is printed while a second member of staff looks on."""

    witness = forms.CharField(
        label="见证人",
        max_length=150,
        help_text="在场的另一位工作人员的用户名；不能是您自己",
        error_messages={"required": "请写见证人的用户名"},
    )
    serials = forms.IntegerField(
        label="码的个数", min_value=1, max_value=48, initial=24, help_text="一次用一个；一张 A4 纸印 24 个"
    )


class ReasonForm(forms.Form):
    """Why something ends."""

    reason = forms.CharField(
        label="原因", max_length=200, help_text="不要写个人信息", error_messages={"required": "请写明原因"}
    )
