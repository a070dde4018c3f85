"""What goes in and out, with the Chinese words that the document shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

CODE = r"^[a-z][a-z0-9-]*$"
NUMBER = r"^[a-z]{3}_[0-9a-z]{13,26}$"
CURSOR = r"^[A-Za-z0-9_=-]+$"
_ALLOWED_CONTROLS = frozenset("\n\t\r")


def _writable(text: str) -> str:
    """Refuse what a database cannot store: control characters and lone surrogates."""
    if any((ord(c) < 32 and c not in _ALLOWED_CONTROLS) or c == "\x7f" or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise ValueError("control characters")
    return text


Text = Annotated[str, AfterValidator(_writable)]
Code = Annotated[str, Field(max_length=60, pattern=CODE)]
ConsentPurpose = Literal["account", "contact", "identity", "trips", "recycling", "energy", "consumption"]


class Input(Schema):
    """What is sent to us: unknown fields are refused, so that a misspelling is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class FieldFault(Schema):
    where: str = Field(description="哪一项")
    message: str = Field(description="哪里不对")


class Problem(Schema):
    """错误说明（RFC 9457）。程序按 `code` 判断，`detail`、`fix` 给人看。"""

    type: str = Field(description="urn:tanhui:problem:<code>")
    title: str
    status: int
    code: str = Field(description="稳定的错误代码")
    detail: str = Field(description="发生了什么，为什么")
    where: str | None = Field(None, description="出错的位置")
    fix: str | None = Field(None, description="怎么办")
    errors: list[FieldFault] | None = Field(None, description="逐项错误")


class JoiningDetails(Input):
    nickname: Annotated[Text, Field(max_length=20)] = Field("", description="昵称；不填则自动生成")
    division_code: Annotated[str, Field(max_length=12, pattern=r"^[0-9]*$")] = Field("", description="所在乡镇或村代码")
    birth_year: Annotated[int, Field(ge=1900, le=2100)] | None = Field(None, description="出生年份，选填")
    consents: dict[ConsentPurpose, Annotated[Text, Field(max_length=20)]] = Field(
        description="同意的用途与所读文本的版本；必须包含 account"
    )


class SignIn(Input):
    """用微信登录码或演示名登录；新用户同时给出加入信息。"""

    wechat_code: Annotated[Text, Field(min_length=1, max_length=128)] | None = Field(
        None, description="wx.login() 的 code"
    )
    development_name: Annotated[Text, Field(min_length=1, max_length=40)] | None = Field(
        None, description="演示环境的免密登录名"
    )
    joining: JoiningDetails | None = Field(None, description="首次加入时填写")


class SignedIn(Schema):
    token: str = Field(description="放在 Authorization: Bearer 里")
    expires_at: datetime
    number: str = Field(description="居民编号")
    display_name: str


class Done(Schema):
    done: bool = True


class Account(Schema):
    number: str
    display_name: str
    reduction_g: int = Field(description="累计减排量，克二氧化碳当量")
    reduction_by_grade_g: dict[str, int] = Field(description="按证据等级")
    points: int = Field(description="积分余额")
    points_by_expiry_year: dict[str, int] = Field(description="按到期年份")


class StatementLineOut(BaseModel):
    number: str = Field(description="记录编号")
    scenario: str
    scenario_title: str
    source_title: str = Field(description="接入方")
    day: date
    happened_at: datetime
    grade: str = Field(description="有效证据等级 A 至 D")
    reduction_g: int = Field(description="减排量，克二氧化碳当量")
    points: int
    outcome: str = Field(description="结果代码")
    outcome_text: str = Field(description="结果说明")
    settled: bool


class StatementOut(BaseModel):
    lines: list[StatementLineOut]
    next_cursor: str | None = Field(None, description="下一页的位置；没有更多时为空")


class EvidenceItem(Schema):
    label: str
    value: str


class HistoryItem(Schema):
    at: datetime
    reduction_g: int
    points: int
    outcome: str


class BehaviorReceiptOut(Schema):
    line: StatementLineOut
    evidence: list[EvidenceItem]
    method_number: str
    method_title: str
    method_version: str
    rule_hash: str = Field(description="规则摘要：正文与因子行的 SHA-256")
    explanation: str = Field(description="按所选深度的说明")
    run_number: str
    transfer_number: str
    settled_at: datetime | None = None
    history: list[HistoryItem] = Field(description="历次结算的结果")
    contest: str
    ruling: str


class ScenarioOut(Schema):
    code: str
    title: str
    method_name: str
    summary: str
    how_to: list[str] = Field(description="怎么参与")
    icon: str
    consent: str = Field(description="需要同意的用途")


class ScenariosOut(Schema):
    scenarios: list[ScenarioOut]


class Act(Input):
    """自行申报一件低碳行为。"""

    scenario: Code
    happened_at: AwareDatetime = Field(description="带时区的时间")
    ended_at: AwareDatetime | None = None
    quantities: dict[str, int | Text] = Field(
        default_factory=dict, max_length=20, description="整数，名称以单位结尾，如 distance_m"
    )
    note: Annotated[Text, Field(max_length=500)] = Field("", description="说明或凭证号；加密保存")


class RefusalOut(Schema):
    row: int = Field(description="第几条（从 1 起）")
    code: str
    message: str


class ReceiptOut(Schema):
    number: str = Field(description="回执编号")
    source: str
    received_at: datetime
    read: int = Field(description="读到")
    accepted: int = Field(description="新收")
    waiting: int = Field(description="待绑定")
    duplicate: int = Field(description="重复")
    refused: int = Field(description="退回")
    refusals: list[RefusalOut] = Field(description="退回的原因，最多 100 条")
    repeated: bool = Field(description="同一内容曾经收到，本次没有改变任何记录")


class WithdrawalIn(Input):
    external_ids: list[Annotated[Text, Field(min_length=1, max_length=80)]] = Field(min_length=1, max_length=1000)
    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class WithdrawalOut(Schema):
    withdrawn: int = Field(description="不再计入的行为")
    waiting_withdrawn: int = Field(description="不再等待的证据")
    already_withdrawn: int
    unknown: list[str] = Field(description="没有收到过的编号")


class ContestIn(Input):
    text: Annotated[Text, Field(min_length=1, max_length=1000)] = Field(description="申诉理由")


class NumberOut(Schema):
    number: str


class ConsentIn(Input):
    purpose: ConsentPurpose
    text_version: Annotated[Text, Field(min_length=1, max_length=20)] = Field(description="所读文本的版本")
    given: bool = Field(description="同意为 true，撤回为 false")


class ConsentOut(Schema):
    purpose: str
    title: str
    text_version: str
    given: bool
    at: datetime


class ConsentsOut(Schema):
    consents: list[ConsentOut]


class BindingIn(Input):
    """绑定或解绑接入方账号：票据由接入方签发；演示环境可直接填人员编号。"""

    source: Code
    purpose: ConsentPurpose = Field("trips", description="绑定所依据的授权同意")
    ticket: Annotated[Text, Field(min_length=1, max_length=2000)] | None = Field(
        None, description="接入方签发的绑定票据"
    )
    external_id: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(None, description="仅限演示环境")


class BindingOut(Schema):
    source: str
    purpose: str
    started_at: datetime


class BindingsOut(Schema):
    bindings: list[BindingOut]


class EraseIn(Input):
    confirm: Literal["注销"] = Field(description="填“注销”表示确认；不能撤销")


class MerchantOut(Schema):
    number: str = Field(description="商户编号 mer_…")
    title: str


class OfferOut(Schema):
    number: str = Field(description="权益编号")
    kind: str = Field(description="类别代码")
    kind_title: str = Field(description="类别")
    title: str
    terms: str = Field(description="使用说明")
    state: str = Field(description="published 已上架，withdrawn 已下架")
    price_points: int = Field(description="所需积分")
    face_value_fen: int = Field(description="面值，分；荣誉和公益捐赠为 0")
    sale_from: datetime = Field(description="从这一刻起可兑换")
    sale_to: datetime = Field(description="到这一刻止，不含")
    valid_days: int | None = Field(None, description="兑换后几天内有效；与 valid_until 有且只有一个")
    valid_until: datetime | None = Field(None, description="有效期止")
    per_person_limit: int | None = Field(None, description="每人限兑；空为不限")
    per_person_day_limit: int | None = Field(None, description="每人每天限兑")
    per_day_limit: int | None = Field(None, description="全县每天限兑")
    cancel_hours: int | None = Field(None, description="兑换后几小时内可取消；空为使用前都可以，0 为不可")
    left: int | None = Field(None, description="还有几份；空为不限")
    merchants: list[MerchantOut] = Field(description="在哪些商户使用；荣誉和公益捐赠兑换即完成，没有商户")


class OffersOut(Schema):
    offers: list[OfferOut]
    next_cursor: str | None = Field(None, description="下一页的位置；没有更多时为空")


class VoucherKeyOut(Schema):
    algorithm: str = Field(description="Ed25519（RFC 8032）")
    public_key: str = Field(description="公钥 32 字节，十六进制")


class ExchangeIn(Input):
    """用积分兑换一项权益。"""

    offer: Annotated[str, Field(max_length=32, pattern=NUMBER)] = Field(description="权益编号 ofr_…")


class VoucherOut(Schema):
    number: str = Field(description="券编号")
    offer: str = Field(description="权益编号")
    kind: str = Field(description="类别代码")
    title: str
    state: str = Field(description="open 待使用，redeemed 已使用，cancelled 已取消，expired 已过期")
    state_title: str
    price_points: int
    face_value_fen: int = Field(description="面值，分")
    points_by_expiry_year: dict[str, int] = Field(description="所用积分按到期年份；退回时回到原年份")
    valid_from: datetime
    valid_to: datetime = Field(description="有效期止，不含这一刻")
    exchanged_at: datetime
    ended_at: datetime | None = Field(None, description="使用、取消或过期的时间")


class VoucherBoughtOut(VoucherOut):
    code: str = Field(description="券码，四位一组；只有待使用的券有")
    spoken: str = Field(description="券码的读法，给屏幕朗读和电话用")
    token: str = Field(description="二维码里的签名凭证，没有网络也能核对，见 /api/v1/open/voucher-key")


class VoucherShownOut(VoucherBoughtOut):
    qr_image: str = Field(description="凭证的二维码：SVG 图像的 data URI，可直接作为图像地址")


class VouchersOut(Schema):
    vouchers: list[VoucherOut]
    next_cursor: str | None = Field(None, description="下一页的位置；没有更多时为空")


class WaitingOut(Schema):
    number: str = Field(description="排队编号 wtg_…")
    offer: str = Field(description="权益编号")
    title: str
    state: str = Field(
        description="waiting 排队中，reserved 已保留，taken 已兑换，lapsed 保留已过期，left 已退出，closed 权益下架"
    )
    state_title: str
    ahead: int = Field(description="前面还有几人")
    entered_at: datetime
    reserved_until: datetime | None = Field(None, description="保留至这一刻，不含；在此之前直接兑换")
    ended_at: datetime | None = None


class QueueOut(Schema):
    places: list[WaitingOut] = Field(description="排着的在前，其余新的在前")


class HoldOut(Schema):
    number: str = Field(description="暂停编号 hld_…")
    reason: str
    case: str = Field(description="案件编号，申诉时用")
    began_at: datetime
    until: datetime | None = Field(None, description="到这一刻止，不含；空为解除之前")
    lifted_at: datetime | None = Field(None, description="解除的时间")


class HoldsOut(Schema):
    holds: list[HoldOut] = Field(description="新的在前，包括已解除的")


class ExportOut(Schema):
    exported_at: datetime
    personal: dict[str, Any] = Field(description="个人信息")
    statement: list[StatementLineOut] = Field(description="全部行为记录")
    vouchers: list[VoucherOut] = Field(description="全部兑换记录，不含券码")
    queue: list[WaitingOut] = Field(description="全部排队记录")
    holds: list[HoldOut] = Field(description="暂停兑换的决定及其原因")


class FiguresOut(Schema):
    residents: int
    behaviors: int
    reduction_g: int
    points: int
    first_on: date | None = None
    last_on: date | None = None
    settled_at: datetime | None = None
    run_number: str


class ScenarioFigureOut(Schema):
    code: str
    title: str
    method_name: str
    behaviors: int
    reduction_g: int
    points: int


class DailyFigureOut(Schema):
    day: date
    behaviors: int
    reduction_g: int
    points: int


class CountyOut(Schema):
    county: str
    division_code: str
    demo: bool = Field(description="为 true 时全部数据均为虚构")
    totals: FiguresOut
    by_scenario: list[ScenarioFigureOut]
    by_day: list[DailyFigureOut] = Field(description="最近 30 天")


class MethodOut(Schema):
    name: str
    version: str
    number: str
    title: str
    family: str
    status: str
    valid_from: date
    valid_to: date | None = None
    content_hash: str
    rule_hash: str


class MethodsOut(Schema):
    methods: list[MethodOut]


class MethodTextOut(MethodOut):
    text: str = Field(description="方法正文（Markdown），可据此核对 content_hash")


class FactorOut(Schema):
    factor: str
    region: str
    year: str
    value: str = Field(description="十进制数，原样")
    unit: str
    source: str
    status: str
    valid_from: str
    valid_to: str
    best_before: str
    note: str


class FactorsOut(Schema):
    factors: list[FactorOut]
