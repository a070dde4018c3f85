"""`tanhui plan start`: a county's first documents of its plan, and their reading back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tanhui.kernel.county import PROJECT_ROOT, County, load_county
from tanhui.kernel.errors import BadInput, Conflict
from tanhui.plan import queries
from tanhui.plan.types import CoverageEntry
from tanhui.project.cli.plan import _listed
from tanhui.project.plan import load_plan
from tanhui.project.plan_start import start_plan
from tanhui_plandoc import Draft, read

CORPUS = PROJECT_ROOT / "tests" / "plandoc" / "corpus"


def draft(name: str) -> Draft:
    return read((CORPUS / name).read_text(encoding="utf-8"))


@pytest.fixture
def county(tmp_path: Path) -> County:
    return County(tmp_path)


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("*.txt")))
def test_what_is_written_is_read_back(county: County, name: str) -> None:
    content = draft(name)
    files = start_plan(content, county)
    back = queries.county_plan(county)
    assert back.as_json() == content.as_json() | {"diagnostics": []}
    measures = queries.county_measures(county)
    assert [each.indicator for each in measures] == [one.id for task in content.tasks for one in task.indicators]
    assert {each.by for each in measures} <= {"hand"}
    coverage = queries.county_coverage(county)
    assert [(each.kind, each.ref) for each in coverage] == [each[:2] for each in queries.promises(content)]
    assert all(not each.by and each.missing for each in coverage)
    assert queries.county_topics(county) == []
    assert all(path.is_file() for path in files)


def test_decimals_are_exact_text(county: County) -> None:
    text = "示例县方案\n\n一、重点任务\n\n1.建设步道。到2028年，建成健身步道12.5公里。（牵头单位：县住建局）\n"
    content = read(text)
    start_plan(content, county)
    (task,) = (county.folder / "plan" / "tasks").iterdir()
    assert "value: '12.5'" in task.read_text(encoding="utf-8")
    (indicator,) = queries.county_plan(county).tasks[0].indicators
    assert indicator.value == Decimal("12.5")


def test_nothing_is_overwritten(county: County) -> None:
    start_plan(draft("clean.txt"), county)
    (county.folder / "plan" / "plan.yaml").unlink()
    before = {path: path.read_bytes() for path in county.folder.rglob("*.yaml")}
    with pytest.raises(Conflict, match="什么都没有写"):
        start_plan(draft("clean.txt"), county)
    assert {path: path.read_bytes() for path in county.folder.rglob("*.yaml")} == before


@pytest.mark.parametrize("name", ["coverage", "topics", "appraisal", "measures"])
def test_a_folder_that_lacks_a_document_is_refused_before_anything_is_stored(county: County, name: str) -> None:
    """No database is open here: a refusal that came later would fail on it."""
    start_plan(draft("clean.txt"), county)
    rules = load_county("pingjiang").folder / "plan" / "appraisal.yaml"
    (county.folder / "plan" / "appraisal.yaml").write_bytes(rules.read_bytes())
    (county.folder / "plan" / f"{name}.yaml").unlink()
    with pytest.raises(BadInput, match=f"缺少 plan/{name}.yaml"):
        load_plan(county, at=None, say=lambda text: None)  # type: ignore[arg-type]


def test_promises_have_the_references_of_pingjiang() -> None:
    pingjiang = load_county("pingjiang")
    declared: list[CoverageEntry] = queries.county_coverage(pingjiang)
    assert {(each.kind, each.ref) for each in declared} == {
        each[:2] for each in queries.promises(queries.county_plan(pingjiang))
    }


def test_coverage_lists_whole_titles() -> None:
    assert _listed([]) == "—"
    assert _listed(["甲" * 50]) == "甲" * 50
    assert _listed(["甲" * 20, "乙" * 19]) == "甲" * 20 + "、" + "乙" * 19
    assert _listed(["甲" * 20, "乙" * 20, "丙"]) == "甲" * 20 + " 等3项"
