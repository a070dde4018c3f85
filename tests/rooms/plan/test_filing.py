"""Filing: rows with evidence by the departments that a register names; whatever is refused stores nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from tests.rooms.plan.filing import (
    NOW,
    PDF,
    RESTAURANTS,
    SYSTEM,
    TODAY,
    TRAININGS,
    approve,
    define,
    document,
    figure,
    file,
    filed,
    officer,
    open_county,
    restaurant,
    reviewer,
    staff,
    stored,
    training,
)

from tanhui.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from tanhui.parties import queries as parties
from tanhui.parties.types import Actor, Role
from tanhui.plan import queries, services
from tanhui.plan.models import Evidence, Record
from tanhui.plan.types import HandFigure, NotYourTask, RowDetails, RowRefused, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _county(db: None) -> None:
    open_county()


def refused_attempts() -> list[tuple[str, str]]:
    trail = parties.audit_trail(action="plan.file_refused")
    return [(entry.actor, entry.target) for entry in trail]


def test_a_row_is_filed_with_its_evidence() -> None:
    by = officer()
    (number,) = file(restaurant(spot=("113.581", "28.7020004"), seats="1,200", area="88.50", kind="正餐"), by=by)
    row = queries.record(number)
    assert row.state == "filed"
    assert row.values == {
        "restaurant": "示例餐厅甲",
        "township": "430626104000",
        "awarded_on": "2026-05-01",
        "spot": ["113.581", "28.702"],
        "seats": 1200,
        "area": "88.5",
        "kind": "正餐",
    }
    assert row.happened_on == date(2026, 5, 1)
    assert row.division == "长寿镇"
    assert row.place == (Decimal("113.581000"), Decimal("28.702000"))
    assert (row.department.code, row.filed_by, row.filed_by_id) == ("education", "示例officer", by.user_id)
    assert {field.name: text for field, text in row.cells if text}["seats"] == "1,200个"
    (evidence,) = row.evidence
    assert (evidence.name, evidence.media_type, evidence.size) == ("证明.pdf", "application/pdf", len(PDF.content))
    assert queries.evidence_file(evidence.number)[1] == PDF.content
    (entry,) = parties.audit_trail(action="plan.file")
    assert (entry.actor, entry.target) == ("staff:officer", number)


def test_another_department_is_refused_and_audited() -> None:
    culture = staff("culture", Role.OFFICER, "culture-tourism")
    before = stored()
    with pytest.raises(NotYourTask):
        file(restaurant(), by=culture)
    with pytest.raises(NotYourTask):
        file(training(), register="trainings", department="commerce-grain", by=officer("grain", "commerce-grain"))
    assert stored() == before
    assert refused_attempts() == [("staff:grain", "trainings"), ("staff:culture", "restaurants")]


def test_a_reviewer_is_no_officer() -> None:
    before = stored()
    with pytest.raises(NotYourTask):
        file(restaurant(), by=reviewer())
    with pytest.raises(NotYourTask):
        file(restaurant(), by=Actor(name="staff:nobody", user_id=None, party_id=7))
    assert stored() == before
    assert len(refused_attempts()) == 2


def test_a_phone_number_never_reaches_the_audit_trail() -> None:
    by = reviewer()
    with pytest.raises(NotFound):
        file(restaurant(), register="13800138000", by=by)
    with pytest.raises(NotYourTask):
        services.file(
            hand=HandFigure("i-hand", "1", TODAY), register="13800138000", department="education", at=NOW, by=by
        )
    assert refused_attempts() == [("staff:reviewer", "?")]


def test_the_working_group_files_for_any_department() -> None:
    office = staff("office", Role.ACTION_OFFICE)
    (number,) = file(restaurant(), by=office)
    assert queries.record(number).department.code == "education"
    assert {ref.code for ref in queries.may_file(office.user_id or 0)} >= {"education", "commerce-grain"}
    assert [ref.code for ref in queries.may_review(reviewer().user_id or 0)] == ["education"]
    assert queries.may_file(reviewer("second").user_id or 0) == []


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"restaurant": None}, "restaurant", "餐厅名称：必填，还没有填"),
        ({"restaurant": "示" * 21}, "restaurant", "餐厅名称：最多 20 个字，现有 21 个"),
        ({"seats": "12个"}, "seats", "餐位：“12个”不是数字，只填数字，单位是个"),
        ({"seats": "十二"}, "seats", "餐位：“十二”不是数字，只填数字，单位是个"),
        ({"seats": "1.5"}, "seats", "餐位：应是整数，现为 1.5"),
        ({"seats": "0"}, "seats", "餐位：不能小于 1个"),
        ({"seats": "5001"}, "seats", "餐位：不能大于 5000个"),
        ({"seats": True}, "seats", "餐位：“是”不是数字"),
        ({"area": "1.234"}, "area", "面积：小数最多 2 位"),
        ({"area": "1e3"}, "area", "面积：“1e3”不是数字，只填数字，单位是平方米"),
        ({"area": "NaN"}, "area", "面积：“NaN”不是数字，只填数字，单位是平方米"),
        ({"area": "1" * 13}, "area", "面积：数字太大，请核对单位"),
        ({"awarded_on": "2026-09-21"}, "awarded_on", "评定日期：2026-09-21 还没有到，只能填已经发生的"),
        ({"awarded_on": "2026-02-30"}, "awarded_on", "评定日期：“2026-02-30”不是日期，写成 2025-06-01"),
        ({"awarded_on": "去年"}, "awarded_on", "评定日期：“去年”不是日期，写成 2025-06-01"),
        ({"awarded_on": "1926-05-01"}, "awarded_on", "评定日期：1926-05-01 太早，请核对年份"),
        ({"township": "汨罗镇"}, "township", "所在乡镇：没有“汨罗镇”这个行政区划，请从列表中选"),
        ({"township": "示例村"}, "township", "所在乡镇：有几个地方都叫“示例村”，请填 12 位统计用区划代码"),
        ({"township": "430626104201"}, "township", "所在乡镇：“示例村”不是乡镇（街道）"),
        ({"kind": "大餐"}, "kind", "类别：“大餐”不在选项里，可选：正餐、快餐"),
        ({"passed": "通过"}, "passed", "是否通过：“通过”应填“是”或“否”"),
        ({"organizer": "某某局"}, "organizer", "主办单位：没有“某某局”这个单位，请填县内单位的名称或代码"),
        ({"year": "2027"}, "year", "年度：2027 年还没有到"),
        ({"year": "26"}, "year", "年度：“26”不是年份，写成 2025"),
        ({"credit": "91430626MA4L1234XX"}, "credit", "信用代码：“91430626MA4L1234XX”的校验码不对，请核对"),
        ({"credit": "9143"}, "credit", "信用代码：“9143”不是 18 位统一社会信用代码"),
        ({"link": "javascript:alert(1)"}, "link", "公开链接：应是 http:// 或 https:// 开头的网址"),
        ({"spot": ("28.7", "113.5")}, "spot", "位置：经度 28.7 不在范围内"),
        ({"spot": ("113.5", "")}, "spot", "位置：须填经度和纬度两个数，如 113.581 和 28.702"),
        ({"spot": "东边"}, "spot", "位置：须填经度和纬度两个数，如 113.581 和 28.702"),
        ({"remark": "联系 13800138000"}, "remark", "说明：不能写电话或证件号码，台账不收个人信息"),
        ({"remark": "１３８００１３８０００"}, "remark", "说明：不能写电话或证件号码，台账不收个人信息"),
        ({"color": "红"}, "color", "color：台账没有这一栏"),
        ({"evidence": ()}, "evidence", "佐证材料：须上传佐证材料：现场照片"),
        ({"evidence": (Upload("a.exe", b"MZ"),)}, "evidence", "不是"),
        ({"evidence": (Upload("a.pdf", b""),)}, "evidence", "佐证材料“a.pdf”是空文件"),
        ({"evidence": (Upload("a.pdf", b"%PDF-" + bytes(5 * 1024 * 1024)),)}, "evidence", "超过 5 MB"),
        ({"evidence": (PDF, PDF)}, "evidence", "同一个佐证文件上传了两次"),
        ({"evidence": tuple(Upload("a", b"%PDF-" + bytes([n])) for n in range(7))}, "evidence", "最多 6 个，现有 7 个"),
        ({"note": "字" * 501}, "note", "说明最多 500 个字"),
    ],
)
def test_a_wrong_value_says_why_and_nothing_is_stored(changes: dict[str, object], field: str, reason: str) -> None:
    before = stored()
    with pytest.raises(RowRefused) as refused:
        file(restaurant(**changes), by=officer())
    assert list(refused.value.faults) == [field]
    assert reason in refused.value.faults[field]
    assert stored() == before
    assert Evidence.objects.count() == 0


@pytest.mark.parametrize(
    ("changes", "field", "kept"),
    [
        ({"awarded_on": "2026年5月1日"}, "awarded_on", "2026-05-01"),
        ({"awarded_on": "2026/5/1"}, "awarded_on", "2026-05-01"),
        ({"awarded_on": date(2026, 9, 20)}, "awarded_on", "2026-09-20"),
        ({"township": "430626104"}, "township", "430626104000"),
        ({"seats": "１２"}, "seats", 12),
        ({"seats": 12.0}, "seats", 12),
        ({"area": 0.1}, "area", "0.1"),
        ({"area": "-0"}, "area", "0"),
        ({"passed": "否"}, "passed", False),
        ({"passed": True}, "passed", True),
        ({"organizer": "教育局"}, "organizer", "education"),
        ({"organizer": "平江县教育局"}, "organizer", "education"),
        ({"year": "2026年"}, "year", 2026),
        ({"credit": "91350100m000100y43"}, "credit", "91350100M000100Y43"),
        ({"spot": "113.5，28.7"}, "spot", ["113.5", "28.7"]),
        ({"link": "https://example.org/a?b=1"}, "link", "https://example.org/a?b=1"),
        ({"restaurant": "  示例\u200b 餐厅\u0007 "}, "restaurant", "示例 餐厅"),
        ({"remark": "第一行\n第二行"}, "remark", "第一行\n第二行"),
    ],
)
def test_equal_facts_are_kept_equally(changes: dict[str, object], field: str, kept: object) -> None:
    (number,) = file(restaurant(**changes), by=SYSTEM)
    assert Record.objects.get(number=number).values[field] == kept


def test_all_rows_or_none() -> None:
    before = stored()
    with pytest.raises(RowRefused) as refused:
        file(restaurant("甲"), restaurant("乙", seats="x"), by=officer())
    assert "第 2 行" in refused.value.where
    assert stored() == before


def test_a_second_row_with_the_same_key_is_a_duplicate() -> None:
    (first,) = file(restaurant())
    before = stored()
    with pytest.raises(Conflict, match=first):
        file(restaurant(seats="3"))
    with pytest.raises(RowRefused, match="与第 1 行重复"):
        file(restaurant("乙"), restaurant("乙"))
    assert stored() == before
    file(restaurant(township="加义镇"))
    services.file(withdraw=first, department="education", at=NOW, by=SYSTEM)
    file(restaurant(seats="3"))


def test_a_register_without_key_takes_equal_rows() -> None:
    assert len(file(training(), training(), register="trainings")) == 2


def test_what_is_not_there_is_not_found() -> None:
    before = stored()
    with pytest.raises(NotFound, match="没有台账"):
        file(restaurant(), register="nothing")
    with pytest.raises(NotFound, match="没有部门"):
        file(restaurant(), department="nobody")
    with pytest.raises(NotFound, match="没有记录"):
        services.file(withdraw="rec_x", department="education", at=NOW, by=SYSTEM)
    with pytest.raises(NotFound, match="没有指标"):
        services.file(hand=HandFigure("i-none", "1", date(2026, 5, 1)), department="education", at=NOW, by=SYSTEM)
    with pytest.raises(BadInput, match="没有要填报的内容"):
        services.file(department="education", at=NOW, by=SYSTEM)
    assert stored() == before


def test_samples_are_refused_outside_a_demo_county(monkeypatch: pytest.MonkeyPatch) -> None:
    (number,) = file(restaurant(evidence=()), sample=True)
    assert queries.record(number).sample
    monkeypatch.setattr("tanhui.plan._county.is_demo", lambda: False)
    before = stored()
    with pytest.raises(BadInput, match="只有演示县"):
        file(restaurant("乙"), sample=True)
    assert stored() == before


def test_a_retired_register_takes_no_rows_and_keeps_those_it_has() -> None:
    filed(restaurant(), register="restaurants")
    define(document(TRAININGS))
    before = stored()
    with pytest.raises(Conflict, match="已停用"):
        file(restaurant("乙"))
    assert stored() == before
    assert figure("i-restaurants") == (1, 1)
    assert [view.code for view in queries.registers()] == ["trainings"]
    assert queries.register("restaurants").approved == 1
    define(document(RESTAURANTS), document(TRAININGS))
    file(restaurant("乙"))


def test_a_value_by_hand_needs_evidence_and_a_second_person() -> None:
    by = officer()
    hand = HandFigure("i-hand", "42.5", date(2026, 6, 30), (PDF,))
    (number,) = services.file(hand=hand, department="education", at=NOW, by=by)
    assert figure("i-hand") is None
    approve(number, by=reviewer())
    assert figure("i-hand") == (Decimal("42.5"), 1)
    (found,) = queries.figures("i-hand")
    assert (found.kind, found.name, found.words, found.as_of) == ("hand", number, "42.5%", date(2026, 6, 30))
    assert [row.number for row in queries.feeding_rows("i-hand")] == [number]
    older = HandFigure("i-hand", "50", date(2026, 3, 31), (PDF,))
    approve(*services.file(hand=older, department="education", at=NOW, by=by))
    assert figure("i-hand") == (Decimal("42.5"), 1)


@pytest.mark.parametrize(
    ("hand", "field"),
    [
        (HandFigure("i-hand", "42%", date(2026, 6, 30), (PDF,)), "value"),
        (HandFigure("i-hand", "42", date(2026, 9, 21), (PDF,)), "as_of"),
        (HandFigure("i-hand", "42", date(2026, 6, 30)), "evidence"),
    ],
)
def test_a_wrong_value_by_hand_is_refused(hand: HandFigure, field: str) -> None:
    before = stored()
    with pytest.raises(RowRefused) as refused:
        services.file(hand=hand, department="education", at=NOW, by=officer())
    assert list(refused.value.faults) == [field]
    assert stored() == before


def test_a_hand_is_not_for_what_a_register_counts_or_for_others() -> None:
    before = stored()
    hand = HandFigure("i-restaurants", "9", date(2026, 6, 30), (PDF,))
    with pytest.raises(Conflict, match="不由人工填报"):
        services.file(hand=hand, department="education", at=NOW, by=officer())
    hand = HandFigure("i-hand", "9", date(2026, 6, 30), (PDF,))
    with pytest.raises(NotYourTask):
        services.file(hand=hand, department="commerce-grain", at=NOW, by=officer("grain", "commerce-grain"))
    assert stored() == before
    assert refused_attempts() == [("staff:grain", "i-hand")]


def test_only_an_unreviewed_record_is_withdrawn_and_only_by_its_department() -> None:
    by = officer()
    one, two = file(restaurant("甲"), restaurant("乙"), by=by)
    with pytest.raises(NotYourTask):
        services.file(withdraw=one, department="commerce-grain", at=NOW, by=officer("grain", "commerce-grain"))
    with pytest.raises(NotYourTask):
        services.file(withdraw=one, department="education", at=NOW, by=officer("grain-too", "commerce-grain"))
    assert services.file(withdraw=one, department="education", at=NOW, by=by) == [one]
    approve(two)
    for number, state in ((one, "已撤回"), (two, "已审核")):
        with pytest.raises(Conflict, match=state):
            services.file(withdraw=number, department="education", at=NOW, by=by)
    assert [queries.record(number).state for number in (one, two)] == ["withdrawn", "approved"]


def test_lists_find_by_everything_and_page_by_number() -> None:
    numbers = file(*[restaurant(f"餐厅{n}") for n in range(5)])
    filed(training(topic="百分之100%_甲"))
    assert [row.number for row in queries.records(register="restaurants", limit=2)] == numbers[:2:-1]
    assert [row.number for row in queries.records(register="restaurants", before=numbers[3])] == numbers[2::-1]
    assert [row.number for row in queries.records(text="餐厅3")] == [numbers[3]]
    assert [row.number for row in queries.records(text=numbers[2])] == [numbers[2]]
    assert queries.records(text="%餐厅") == []
    assert len(queries.records(text="100%_")) == 1
    assert len(queries.records(state="filed")) == 5
    assert len(queries.records(task_no=1)) == 6
    assert queries.records(task_no=2) == []
    assert queries.records(department="commerce-grain") == []
    with pytest.raises(NotFound):
        queries.records(before="rec_none")


def test_the_public_sees_public_fields_of_public_registers_alone() -> None:
    by = officer()
    (one,) = file(restaurant(spot=("113.5", "28.7"), seats="12", note="内部"), by=by)
    file(restaurant("乙"), by=by)
    assert queries.public_rows("restaurants") == []
    assert queries.places() == []
    approve(one, by=reviewer())
    (row,) = queries.public_rows("restaurants")
    assert [field.name for field, _ in row.cells] == ["restaurant", "spot", "township", "awarded_on", "kind"]
    assert set(row.values) == {"restaurant", "spot", "township", "awarded_on"}
    assert (row.note, row.filed_by, row.filed_by_id, row.reviewed_by, row.evidence) == ("", "", None, "", ())
    (place,) = queries.places()
    assert (place.title, place.longitude, place.latitude) == ("示例餐厅甲", Decimal("113.5"), Decimal("28.7"))
    assert queries.places(task_no=2) == []
    with pytest.raises(NotFound):
        queries.public_rows("trainings")
    with pytest.raises(NotFound):
        queries.export("trainings", public_only=True)


def test_review_needs_the_department_and_another_person() -> None:
    by = officer()
    (number,) = file(restaurant(), by=by)
    both = staff("both", Role.ACTION_OFFICE)
    (own,) = file(restaurant("乙"), by=both)
    for who, which in ((by, number), (reviewer("other", "commerce-grain"), number), (both, own)):
        with pytest.raises(Forbidden):
            approve(which, by=who)
    assert [row.state for row in queries.records()] == ["filed", "filed"]
    assert figure("i-restaurants") is None
    assert approve(number, own, by=reviewer()) == 2
    assert figure("i-restaurants") == (2, 2)


def test_what_no_database_can_hold_is_left_out() -> None:
    (number,) = file(restaurant(remark="\x00一\ud800二\uffff三\u200b", note="\x00备\ud800注"))
    row = queries.record(number)
    assert (row.values["remark"], row.note) == ("一二三", "备注")
    services.review(numbers=[number], approve=False, note="\x00不\ud800清", at=NOW, by=SYSTEM)
    assert queries.record(number).review_note == "不清"
    assert queries.records(text="\x00一二") == queries.records(text="一二")
    assert len(queries.records(text="一二")) == 1


def test_an_empty_row_says_what_is_missing() -> None:
    with pytest.raises(RowRefused) as refused:
        file(RowDetails({"held_on": "", "topic": None}), register="trainings")
    assert refused.value.faults == {"held_on": "日期：必填，还没有填"}
