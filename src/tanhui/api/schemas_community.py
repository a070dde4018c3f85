"""What goes in and out about recycling, activities, quizzes and teams, with the Chinese words of the document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from tanhui.api.schemas import NUMBER, ExportOut, Input, Text

ANSWER = r"^[A-Za-z0-9_-]{1,60}$"
NONCE = r"^[A-Za-z0-9_-]{8,64}$"
Number = Annotated[str, Field(max_length=32, pattern=NUMBER)]
ReportedState = Literal["open", "full", "broken"]


class MaterialOut(Schema):
    code: str = Field(description="品类代码")
    title: str
    quantity: str = Field(description="计量：mass_g 克，item_count 件")
    most: int = Field(description="一人一次最多，单位同 quantity；超过的不收")
    scenario: str = Field(description="计入的低碳场景；空为只回收、不计减排量和积分")
    accepted: list[str] = Field(description="收什么")
    declined: list[str] = Field(description="不收什么")
    how_to: str = Field(description="怎么分、怎么整理")
    note: str


class MaterialsOut(Schema):
    materials: list[MaterialOut]


class PriceOut(Schema):
    organization: str = Field(description="回收企业编号")
    organization_title: str = Field(description="回收企业")
    material: str = Field(description="品类代码")
    price_fen: int = Field(description="每千克或每件多少分；由回收企业支付，平台只公布")
    valid_from: date = Field(description="从这一天起")


class PricesOut(Schema):
    prices: list[PriceOut]


class PointOut(Schema):
    number: str = Field(description="编号 cpt_…")
    kind: str = Field(description="point 回收点（有人值守），box 回收箱")
    kind_title: str
    title: str
    division_code: str = Field(description="所在乡镇或村代码")
    address: str
    materials: list[str] = Field(description="收的品类代码")
    hours: str = Field(description="开放时间")
    longitude_e6: int | None = Field(None, description="经度，百万分之一度（WGS 84）；空为没有登记位置")
    latitude_e6: int | None = Field(None, description="纬度，百万分之一度")
    state: str = Field(description="open 可投放，full 已满，broken 待维修，closed 已停用")
    state_title: str
    state_at: datetime = Field(description="工作人员最近一次核对的时间")
    reported: str | None = Field(None, description="此后居民的反映：open、full 或 broken；待工作人员核对")


class PointsOut(Schema):
    points: list[PointOut]


class GeoPoint(Schema):
    type: Literal["Point"] = "Point"
    coordinates: list[float] = Field(description="经度、纬度（WGS 84）")


class GeoFeature(Schema):
    type: Literal["Feature"] = "Feature"
    id: str
    geometry: GeoPoint
    properties: PointOut


class GeoPointsOut(Schema):
    """有位置的回收点，GeoJSON（RFC 7946）。"""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[GeoFeature]


class PointReportIn(Input):
    """反映一个点的情况。只选一项，没有写字的地方：不收姓名、电话和任何个人信息。"""

    state: ReportedState = Field(description="full 已满，broken 坏了，open 其实可以投放")


class OccasionOut(Schema):
    number: str = Field(description="编号 occ_…")
    kind: str = Field(description="类别代码")
    kind_title: str = Field(description="类别")
    title: str
    summary: str
    host: str = Field(description="主办单位编号")
    host_title: str = Field(description="主办单位")
    division_code: str
    place: str
    point: str = Field(description="所在回收点编号；没有时为空")
    starts_at: datetime
    ends_at: datetime = Field(description="到这一刻止，不含")
    bookable: bool = Field(description="要不要预约；false 为直接来")
    book_from: datetime | None = Field(None, description="从这一刻起可预约；空为公布即可")
    book_to: datetime | None = Field(None, description="到这一刻止，不含；空为开始前都可以")
    capacity: int | None = Field(None, description="名额；空为不限")
    booked: int = Field(description="已预约人数")
    waiting: int = Field(description="候补人数")
    left: int | None = Field(None, description="还有几个名额；空为不限")
    materials: list[str] = Field(description="收的品类代码")
    audience: str = Field(description="面向的人群代码")
    minutes: int | None = Field(None, description="计多少分钟服务时长")
    state: str = Field(description="open 进行中，closed 已结束，cancelled 已取消")
    state_title: str
    reason: str = Field(description="取消的原因")


class OccasionsOut(Schema):
    occasions: list[OccasionOut]
    next_cursor: str | None = Field(None, description="下一页的位置；没有更多时为空")


class TeamOut(Schema):
    number: str = Field(description="编号 tem_…")
    title: str
    host_title: str = Field(description="主办单位")
    division_code: str
    members: dict[str, int] = Field(
        description="各类成员人数：promoter 宣传员，adviser 劝导员，supervisor 监督员，lecturer 授课讲师"
    )
    minutes: int = Field(description="累计服务时长，分钟")


class TeamsOut(Schema):
    teams: list[TeamOut]


class OwnTeamOut(Schema):
    team: TeamOut
    roles: list[str] = Field(description="自己在这支队伍里的身份")


class OwnTeamsOut(Schema):
    teams: list[OwnTeamOut]


class QuizHeadOut(Schema):
    code: str
    title: str
    summary: str
    draw: int = Field(description="一次抽几题")
    pass_score: int = Field(description="答对几题算通过")
    attempts_a_day: int = Field(description="每人每天最多答几次")


class QuizzesOut(Schema):
    quizzes: list[QuizHeadOut]


class OptionOut(Schema):
    code: str
    words: str


class QuestionOut(Schema):
    code: str
    words: str
    options: list[OptionOut]


class QuizOut(Schema):
    code: str
    title: str
    nonce: str = Field(description="答题时原样交回；同一个 nonce 总是同一组题")
    questions: list[QuestionOut] = Field(description="抽到的题，不含答案")
    pass_score: int = Field(description="答对几题算通过")


class QuizAnswersIn(Input):
    """一次答题：每道题所选的选项。"""

    nonce: Annotated[str, Field(min_length=8, max_length=64, pattern=NONCE)] = Field(description="取题时的 nonce")
    chosen: dict[
        Annotated[str, Field(max_length=60, pattern=ANSWER)], Annotated[str, Field(max_length=60, pattern=ANSWER)]
    ] = Field(max_length=100, description="题目代码 → 选项代码")


class QuizResultOut(Schema):
    number: str = Field(description="编号")
    quiz: str
    score: int = Field(description="答对几题")
    score_of: int = Field(description="共几题")
    passed: bool
    right: dict[str, str] = Field(description="题目代码 → 正确选项")
    explained: dict[str, str] = Field(description="题目代码 → 说明")


class QuizResultsOut(Schema):
    results: list[QuizResultOut]


class BookingIn(Input):
    """预约一个名额。"""

    occasion: Number = Field(description="活动编号 occ_…")
    person: Number | None = Field(None, description="替谁预约：本人的被监护人或家庭成员的居民编号；空为本人")
    note: Annotated[Text, Field(max_length=200)] = Field("", description="给工作人员的话；不要写他人的个人信息")


class BookingOut(Schema):
    number: str = Field(description="编号 bkg_…")
    occasion: str = Field(description="活动编号")
    occasion_title: str
    kind: str
    kind_title: str
    starts_at: datetime
    ends_at: datetime
    place: str
    state: str = Field(description="booked 已预约，waiting 候补中，released 已取消，attended 已到场，no_show 未到场")
    state_title: str
    ahead: int = Field(description="前面还有几人候补")
    booked_at: datetime
    note: str


class BookingsOut(Schema):
    bookings: list[BookingOut]


class ReleaseIn(Input):
    """退回一个名额。"""

    person: Number | None = Field(None, description="替谁退回；空为本人")


class CheckInIn(Input):
    """到场签到：现场二维码里的内容，每 30 秒一变。"""

    occasion: Number = Field(description="活动编号 occ_…")
    code: Annotated[Text, Field(min_length=1, max_length=400)] = Field(description="现场二维码里的文字")


class MeasurementOut(Schema):
    material: str = Field(description="品类代码")
    title: str
    mass_g: int | None = Field(None, description="克")
    item_count: int | None = Field(None, description="件")
    weighed: str = Field(description="scale 电子秤读数，hand 人工称量")
    weighed_title: str
    behavior: str = Field(description="成为的行为编号，可到 /resident/receipts/ 查看；空为还没有计入或不计减排")


class CheckInOut(Schema):
    number: str = Field(description="编号 chk_…，也是纸质回执的编号")
    occasion: str = Field(description="活动编号")
    occasion_title: str
    happened_at: datetime
    recorded_at: datetime
    offline: bool = Field(description="没有网络时登记，后来上传")
    by_card: bool = Field(description="凭二维码卡登记")
    state: str = Field(description="counted 已计入，pending 待第二人确认，refused 未通过，corrected 已更正")
    state_title: str
    measured: list[MeasurementOut]
    minutes: int | None = Field(None, description="服务时长，分钟")
    score: int | None = None
    score_of: int | None = None
    corrects: str = Field(description="更正了哪一张；没有时为空")
    message: str = Field(description="说明")


class CheckInsOut(Schema):
    check_ins: list[CheckInOut]
    next_cursor: str | None = Field(None, description="下一页的位置；没有更多时为空")


class CardOut(Schema):
    number: str = Field(description="编号 crd_…")
    serials: int = Field(description="共几次")
    used: int = Field(description="用了几次")
    issued_at: datetime
    revoked_at: datetime | None = Field(None, description="作废的时间")


class CardsOut(Schema):
    cards: list[CardOut]


class WholeExportOut(ExportOut):
    """导出的全部数据。"""

    bookings: list[BookingOut] = Field(description="全部预约")
    check_ins: list[CheckInOut] = Field(description="全部签到和称重回执")
    quiz_results: list[QuizResultOut] = Field(description="全部答题记录")
    cards: list[CardOut] = Field(description="二维码卡，不含二维码")
    teams: list[OwnTeamOut] = Field(description="现在参加的志愿队伍")
