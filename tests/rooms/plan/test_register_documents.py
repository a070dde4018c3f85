"""The county's documents: read strictly, each mistake told with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.plan.filing import RESTAURANTS, TRAININGS, document

from tanhui.kernel.county import County
from tanhui.kernel.errors import BadInput
from tanhui.plan import _county, _registers
from tanhui.plan._register_document import kept_register, read_register
from tanhui.plan._yaml import Fields, plain, read_file, read_text
from tanhui.plan.types import StagedTarget


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(BadInput) as refused:
        act()
    assert refused.value.fix
    return refused.value.where, refused.value.message


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("a: 1\nb: 2\na: 3", "x.yaml:3", "“a”写了两次，第一次在第 1 行"),
        ("a:\n  b: 1\n  b: 2", "x.yaml:3", "“b”写了两次，第一次在第 2 行"),
        ("a: &x 1", "x.yaml:1", "不能使用锚点（&、*）"),
        ("a: 1\nb: *x", "x.yaml:2", "不能使用锚点（&、*）"),
        ("b: !!python/object:os.system x", "x.yaml:1", "不能使用标签（!）"),
        ("a: {<<: 1}", "x.yaml:1", "不能使用合并（<<）"),
        ("a: 1\n---\nb: 2", "x.yaml:2", "一个文件只能有一份文档"),
        ("- a", "x.yaml:1", "文件应是“名称: 值”的清单"),
        ("", "x.yaml:1", "文件应是“名称: 值”的清单"),
        ("[1]: 2", "x.yaml:1", "名称只能是文字"),
        ("a: " + "[" * 60 + "]" * 60, "x.yaml:1", "嵌套太深"),
        ("a: 'x", "x.yaml:1", "YAML 写法有误"),
        ("a: \x07", "x.yaml", "YAML 中有不允许的字符"),
    ],
)
def test_strict_yaml_tells_file_and_line(text: str, where: str, message: str) -> None:
    found = refusal(lambda: read_text(text, name="x.yaml"))
    assert found[0].startswith(where)
    assert found[1].startswith(message)


def test_only_the_words_of_yaml_1_2_mean_something() -> None:
    text = "a: [yes, no, on, off, y, true, false, null, ~, 010, 1_000, 0x1F, 1e3, 2.50, 2025-06-01, -3, '5', '']\nno: 1"
    assert plain(read_text(text, name="x")) == {
        "a": [
            "yes", "no", "on", "off", "y", True, False, None, None, "010", "1_000", "0x1F", "1e3", "2.50", "2025-06-01",
            -3, "5", "",
        ],
        "no": 1,
    }  # fmt: skip


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    with suppress(BadInput):
        read_text(text, name="x")


def test_files_that_are_no_text_or_too_long(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")
    assert refusal(lambda: read_file(path, name="x.yaml"))[0] == "x.yaml:2"
    path.write_bytes(b"a: " + b"x" * 1_000_001)
    assert refusal(lambda: read_file(path, name="x.yaml")) == ("x.yaml", "文件超过 1000 KB")


def test_a_register_as_its_document_says_it() -> None:
    found = document(RESTAURANTS)
    assert (found.code, found.tasks, found.may_file) == ("restaurants", (1,), ("commerce-grain", "leads"))
    assert (found.public, found.evidence_required, found.evidence_note) == (True, True, "现场照片")
    assert (found.dated_by, found.placed_by, found.key) == ("awarded_on", "spot", ("restaurant", "township"))
    seats = found.fields[4]
    assert (seats.type, seats.unit, seats.minimum, seats.maximum) == ("integer", "个", 1, 5000)
    assert (found.fields[5].minimum, found.fields[5].places) == (0, 2)
    assert (found.fields[0].max_length, found.fields[-1].max_length) == (20, 1000)
    latest = document(TRAININGS).feeds[6]
    assert (latest.how, latest.field, latest.factor, latest.unit) == ("latest", "green", Decimal(10_000), "亩")
    assert document(TRAININGS).feeds[0].where == {"passed": (True,)}
    assert kept_register("a hash of this test", found.content) == found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("code: trainings", "code: Trainings", "代码“Trainings”只能用小写字母、数字和连字符"),
        ("row: 一场示例培训", "rows: 一场示例培训", "不认识的名称“rows”"),
        ("title: 示例培训台账", "title: [a]", "“title”应是文字"),
        ("title: 示例培训台账", "title: " + "字" * 81, "“title”最多 80 个字，现有 81 个"),
        ("tasks: [1]", "tasks: [一]", "“tasks”的每一项应是整数"),
        ("tasks: [1]", "tasks: 1", "“tasks”应是清单"),
        ("tasks: [1]", "tasks: [true]", "“tasks”的每一项应是整数"),
        ("may_file: [leads]", "may_file: [leads]\npublic: yes", "“public”只能写 true 或 false"),
        ("may_file: [leads]", "may_file: [leads]\nsamples: -1", "“samples”应是不小于 0 的整数"),
        ("may_file: [leads]", "may_file: [leads]\nevidence: {needed: true}", "不认识的名称“needed”"),
        ("may_file: [leads]", "may_file: [leads]\nkey: [nothing]", "没有栏目“nothing”"),
        ("may_file: [leads]", "may_file: [leads]\nplaced_by: topic", "placed_by 须是 place 栏目"),
        ("may_file: [leads]", "may_file: [leads]\nsample_values: {nothing: [1]}", "不认识的名称“nothing”"),
        ("dated_by: held_on", "dated_by: topic", "dated_by 须是必填的 date 或 year 栏目"),
        ("type: date, required: true", "type: date", "dated_by 须是必填的 date 或 year 栏目"),
        ("name: topic", "name: held_on", "两个栏目都叫“held_on”"),
        ("title: 主题", "title: 日期", "两个栏目都叫“日期”"),
        ("title: 主题", "title: 位置（经度）", "栏目不能叫“位置（经度）”，表格里已有这一列"),
        ("name: topic", "name: 主题", "栏目代码“主题”只能用小写字母、数字和下划线"),
        ("type: text", "type: string", "没有“string”这种类型"),
        ("type: text", "type: text, min: 1", "“min”只用于 integer、decimal"),
        ("type: text", "type: text, choices: [甲]", "“choices”只用于 choice"),
        ("choices: [干部, 教师, 学生]", "choices: [干部, 干部]", "choice 须列出互不相同的选项"),
        (", choices: [干部, 教师, 学生]", "", "choice 须列出互不相同的选项"),
        ("unit: 人, min: 0", "unit: 人, min: 少", "“min”应是数字"),
        ("unit: 人, min: 0", "unit: 人, min: 5, max: 4", "下限大于上限"),
        ("places: 3}\n  - {name: whole", "places: 7}\n  - {name: whole", "小数最多 6 位"),
        ("how: sum, field: people, where", "how: total, field: people, where", "没有“total”这种算法"),
        ("how: sum, field: people, where", "how: sum, where", "sum 须写明栏目 field"),
        ("how: sum, field: people, where", "how: count, field: people, where", "count 数的是行，不用 field"),
        ("how: sum, field: people, where", "how: sum, field: topic, where", "sum 的 field 须是数字栏目"),
        ("how: sum, field: people, where", "how: sum, field: nothing, where", "没有栏目“nothing”"),
        ("where: {passed: true}", "where: {passed: 是}", "“是否通过”不会有这个值：是"),
        ("where: {passed: true}", "where: {audience: 村民}", "“对象”不会有这个值：村民"),
        ("where: {passed: true}", "where: {topic: 甲}", "“主题”不会有这个值：甲"),
        ("where: {passed: true}", "where: {nothing: 1}", "不认识的名称“nothing”"),
        ("how: count, per: audience", "how: count, per: topic", "per 须是 choice 栏目，且只用于 count 和 sum"),
        ("how: distinct, field: topic", "how: distinct, field: topic, per: audience", "per 须是 choice 栏目"),
        ("how: share, field: green, total: whole, unit", "how: share, field: green, unit", "total 须是数字栏目"),
        ("how: distinct, field: topic", "how: distinct, field: topic, total: whole", "total 须是数字栏目"),
        ("how: distinct, field: topic", "how: distinct, field: topic, latest_per: [topic]", "latest_per 只用于"),
        ('factor: "10000"', 'factor: "0"', "factor 须大于 0"),
        ('factor: "10000"', "factor: many", "“factor”应是数字"),
    ],
)
def test_a_wrong_register_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert old in TRAININGS
    changed = TRAININGS.replace(old, new, 1)
    where, found = refusal(lambda: read_register(read_text(changed, name="registers/trainings.yaml")))
    assert found.startswith(message)
    name, _, line = where.partition(":")
    assert name == "registers/trainings.yaml"
    changed_in, dated_in = (TRAININGS[: TRAININGS.index(text)].count("\n") + 1 for text in (old, "dated_by:"))
    assert int(line) in {changed_in, changed_in + 1, changed_in + 2, dated_in}


def test_what_must_be_there() -> None:
    for key in ("code", "title", "row", "tasks", "may_file", "dated_by"):
        text = "\n".join(line for line in TRAININGS.splitlines() if not line.startswith(f"{key}:"))
        assert refusal(lambda text=text: read_register(read_text(text, name="x")))[1] == f"缺少“{key}”"
    no_fields = TRAININGS[: TRAININGS.index("fields:")] + "fields: []\ndated_by: held_on\n"
    assert refusal(lambda: read_register(read_text(no_fields, name="x")))[1] == "台账没有栏目"


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., County]:
    """A county's folder with the files given, by their path with `/` as `__`."""

    def make(**files: str) -> County:
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return County(tmp_path)

    return make


Folder = Callable[..., County]


def test_a_file_has_the_name_of_its_register(folder: Folder) -> None:
    county = folder(registers__trainings=TRAININGS, registers__other=RESTAURANTS)
    where, message = refusal(lambda: _county.registers(county))
    assert where.endswith("/registers/other.yaml:2")
    assert message == "代码“restaurants”与文件名不同"


PLAN = "title: 示例方案\ngroups:\n  - {no: 1, title: 章, tasks: [1, 2]}\n"
TASK = "no: %s\ntitle: 示例任务%s\ntext: 虚构\n"


def test_tasks_stand_in_their_files(folder: Folder) -> None:
    tasks = {f"plan__tasks__0{n}": TASK % (n, n) for n in (1, 2)}
    draft = _county.plan_facts(folder(plan__plan=PLAN, **tasks))
    assert [(task.no, task.title) for task in draft.tasks] == [(1, "示例任务1"), (2, "示例任务2")]


@pytest.mark.parametrize(
    ("head", "tasks", "where", "message"),
    [
        (PLAN, (1,), "plan.yaml:3", "没有任务 2 的文件"),
        (PLAN, (1, 2, 3), "03.yaml:1", "任务 3 不在任何一章里"),
        (PLAN.replace("[1, 2]", "[1, 1]"), (1,), "plan.yaml:3", "任务 1 出现了两次"),
        (PLAN + "chapters: []\n", (1, 2), "plan.yaml:4", "不认识的名称“chapters”"),
        (PLAN + "date: 2023\n", (1, 2), "plan.yaml", "方案内容有误"),
    ],
)
def test_a_wrong_plan_is_refused(folder: Folder, head: str, tasks: tuple[int, ...], where: str, message: str) -> None:
    county = folder(plan__plan=head, **{f"plan__tasks__0{n}": TASK % (n, n) for n in tasks})
    found = refusal(lambda: _county.plan_facts(county))
    assert found[0].endswith(where)
    assert found[1].startswith(message)


MEASURE = "measures:\n  - {indicator: i-a, by: register, register: trainings%s}\n"


def test_measures(folder: Folder) -> None:
    text = MEASURE % ', weight: 2, baseline: "1.5", baseline_on: 2022-12-31, staged: [{due_on: 2024-12-31, value: 3}]'
    (found,) = _county.measures(folder(plan__measures=text))
    assert (found.by, found.source, found.weight, found.stale_after_days) == ("register", "trainings", 2, 120)
    assert (found.baseline, found.baseline_on) == (Decimal("1.5"), date(2022, 12, 31))
    assert found.staged == (StagedTarget(date(2024, 12, 31), Decimal(3)),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MEASURE % ", weight: 0", "“weight”应是不小于 1 的整数"),
        (MEASURE % ", source: x", "by 为 register 时不写 source"),
        (MEASURE % ", baseline: 1", "基期值和基期须一起写"),
        (MEASURE % ", baseline: 1, baseline_on: 2022", "“baseline_on”应是日期"),
        (MEASURE % ", staged: [{due_on: 2024-12-31}]", "缺少“value”"),
        (MEASURE % "" + "  - {indicator: i-a, by: hand}\n", "指标 i-a 写了两次"),
        ("measures: [{indicator: i-a, by: source}]", "by 为 source 时须写 source"),
        ("measures: [{indicator: i-a, by: guess}]", "没有“guess”这种来源"),
        ("measures: [1]", "“measures”的每一项应是“名称: 值”"),
        ("measure: []", "不认识的名称“measure”"),
    ],
)
def test_a_wrong_measure_is_refused(folder: Folder, text: str, message: str) -> None:
    assert refusal(lambda: _county.measures(folder(plan__measures=text)))[1] == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('served: [{clause: "1.1", action: "1.1", by: [register:a]}]', "一项恰好写明一个对象"),
        ("served: [{by: [register:a]}]", "一项恰好写明一个对象"),
        ('served: [{clause: "1.1", by: []}]', "没有什么落实它时，须写明缺什么"),
        ('served: [{clause: "1.1", by: [a]}, {clause: "1.1", by: [a]}]', "clause 1.1 写了两次"),
    ],
)
def test_wrong_coverage_is_refused(folder: Folder, text: str, message: str) -> None:
    assert refusal(lambda: _county.coverage_entries(folder(plan__coverage=text)))[1] == message


ITEM = "{code: a, title: 甲, points: 50, measure: led_completion}"


def test_appraisal_rules_and_topics(folder: Folder) -> None:
    head = "title: 规则\nstatus: provisional\nitems: [%s]\n"
    county = folder(plan__appraisal=head % ITEM, plan__topics="topics: [{code: industry, title: 产业, tasks: [1]}]")
    assert _county.appraisal_rules(county)["items"][0]["points"] == 50
    assert [(topic.code, topic.tasks) for topic in _county.topics(county)] == [("industry", (1,))]
    wrong = {
        f"{ITEM}, {ITEM}": "项目“a”写了两次",
        ITEM.replace("led_completion", "mood"): "没有“mood”这种算法",
        ITEM.replace("50", "0"): "“points”应是不小于 1 的整数",
    }
    for items, message in wrong.items():
        text = head % items
        assert refusal(lambda text=text: _county.appraisal_rules(folder(plan__appraisal=text)))[1] == message


def test_a_missing_document_is_named(folder: Folder) -> None:
    assert refusal(lambda: _county.measures(folder()))[1] == "县域文件夹缺少 plan/measures.yaml"
    assert _county.registers(folder()) == []


def test_the_box_is_the_countys_or_the_countrys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_registers, "county", lambda: County(tmp_path))
    (tmp_path / "county.toml").write_text('name = "示例县"', encoding="utf-8")
    assert _registers.map_box() == (73, 3, 136, 54)
    box = "[map]\nwest = 113.1\nsouth = 28.4\neast = 114.2\nnorth = 29.2\n"
    (tmp_path / "county.toml").write_text(box, encoding="utf-8")
    assert _registers.map_box() == (Decimal("113.1"), Decimal("28.4"), Decimal("114.2"), Decimal("29.2"))
    (tmp_path / "county.toml").write_text(box.replace("113.1", "115.1"), encoding="utf-8")
    assert refusal(_registers.map_box)[0] == "county.toml"


def test_fields_know_where_they_stand() -> None:
    found = read_text("a:\n  b: 1\n  c: [x,\n    y]\n", name="x.yaml")
    inner = found["a"]
    assert isinstance(inner, Fields)
    assert (found.at("a"), inner.at("c"), inner["c"].at(1), inner.at("none")) == (
        "x.yaml:1",
        "x.yaml:3",
        "x.yaml:4",
        "x.yaml:2",
    )
