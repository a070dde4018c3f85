"""Pingjiang's community documents: what they name exists, what they say is shown with a source."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tanhui.kernel.county import load_county
from tanhui.scenarios import queries as scenarios
from tanhui.scenarios.types import Grade
from tanhui_methods.model import Method

COUNTY = load_county("pingjiang")
MATERIALS = COUNTY.table("community/materials.toml")
SOURCE = COUNTY.table("sources/village.toml")
QUIZZES = [COUNTY.table(f"community/quizzes/{path.name}") for path in COUNTY.files("community/quizzes", ".toml")]
AUDIENCES = COUNTY.table("community/audiences.toml")["audiences"]
CODE = re.compile(r"[a-z][a-z0-9-]*\Z")


def codes(rows: list[dict[str, Any]]) -> list[str]:
    found = [row["code"] for row in rows]
    assert len(set(found)) == len(found)
    assert all(CODE.match(code) for code in found)
    return found


@pytest.mark.parametrize("material", MATERIALS["materials"], ids=lambda material: material["code"])
def test_a_material_says_how_to_sort_it_and_shows_our_own_picture(material: dict[str, Any]) -> None:
    assert material["accepted"]
    assert material["declined"]
    assert material["how_to"].endswith("。")
    picture = COUNTY.folder / "community/pictures" / material["picture"]
    assert picture.stat().st_size < 2_000
    tree = ElementTree.fromstring(picture.read_bytes())
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert tags <= {"svg", "path", "rect", "ellipse"}, "no script, no text, nothing from elsewhere"
    assert tree.get("viewBox") == "0 0 96 96"


@pytest.mark.parametrize(
    "material", [row for row in MATERIALS["materials"] if "scenario" in row], ids=lambda material: material["code"]
)
def test_a_counted_material_is_what_its_scenario_and_method_take(material: dict[str, Any]) -> None:
    assert material["scenario"] in SOURCE["scenarios"]
    scenario = COUNTY.table(f"scenarios/{material['scenario']}.toml")
    method = next(method for method in scenarios.library().methods if method.name == scenario["method"])
    assert set(method.inputs) == {material["quantity"], *material.get("inputs", {})}
    for name, value in material.get("inputs", {}).items():
        assert value in method.inputs[name].choices
    assert material["most"] <= most_plausible(scenario, material["quantity"])
    assert not_counted_yet(method, material) == ("暂不计" in material.get("note", ""))


def most_plausible(scenario: dict[str, Any], quantity: str) -> int:
    for rule in scenario["rules"]:
        found = re.match(rf"{quantity} <= (\d+) (kg|item)\Z", rule.get("condition", ""))
        if found:
            return int(found[1]) * (1000 if found[2] == "kg" else 1)
    raise AssertionError("no rule says how much is plausible")


def not_counted_yet(method: Method, material: dict[str, Any]) -> bool:
    """Whether the method's own worked examples of this material are not applicable, whatever the grade."""
    chosen = material.get("inputs", {}).get("material")
    outcomes = [
        expectation.outcome
        for example in method.examples
        for event, expectation in zip(example.events, example.expected, strict=True)
        if event.get("material") == chosen
    ]
    assert outcomes
    return all(outcome.startswith("not_applicable:undetermined") for outcome in outcomes)


def test_materials_without_a_method_say_so() -> None:
    for material in MATERIALS["materials"]:
        if "scenario" not in material:
            assert "不计减排量和积分" in material["note"], material["code"]


def test_grades_are_no_better_than_the_source_may_report() -> None:
    assert set(MATERIALS["grades"]) == {"scale", "hand", "count"}
    for grade in MATERIALS["grades"].values():
        assert Grade[grade] >= Grade[SOURCE["top_grade"]], "a larger number is weaker"
    assert MATERIALS["status"] == "provisional"
    assert MATERIALS["source"]


def test_the_bank_has_questions_enough_with_explanation_and_source() -> None:
    assert sum(len(quiz["questions"]) for quiz in QUIZZES) >= 20
    codes(QUIZZES)
    for quiz in QUIZZES:
        assert 0 < quiz["pass_score"] <= quiz["draw"] < len(quiz["questions"]), "another round asks something else"
        assert "scenario" not in quiz, "no method counts a quiz"
        codes(quiz["questions"])
        for question in quiz["questions"]:
            assert len(question["options"]) >= 3
            assert len(set(question["options"].values())) == len(question["options"])
            assert question["right"] in question["options"]
            assert question["explained"].endswith("。")
            assert question["source"]
    rights = [question["right"] for quiz in QUIZZES for question in quiz["questions"]]
    assert max(rights.count(option) for option in rights) <= len(rights) * 2 // 3, "guessing one letter does not pass"


@pytest.mark.parametrize("audience", AUDIENCES, ids=lambda audience: audience["code"])
def test_an_audience_names_a_register_of_its_task_and_a_choice_of_its_column(audience: dict[str, Any]) -> None:
    assert CODE.match(audience["code"])
    assert 0 <= audience["task"] <= 18
    if "register" not in audience:
        assert "choice" not in audience
        return
    path = COUNTY.folder / f"registers/{audience['register']}.yaml"
    register = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert audience["task"] in register["tasks"]
    columns = {field["name"]: field for field in register["fields"]}
    if "choice" in audience:
        assert audience["choice"] in columns["audience"]["choices"]
    else:
        assert "audience" not in columns


def test_points_lie_in_the_county_and_say_that_they_are_invented() -> None:
    box = {name: Decimal(edge) for name, edge in COUNTY.facts["map"].items()}
    divisions = {row["stat_code"] for row in COUNTY.rows("divisions.csv")}
    materials = codes(MATERIALS["materials"])
    points = COUNTY.table("community/points.toml")["points"]
    assert len({point["title"] for point in points}) == len(points)
    for point in points:
        assert point["title"].startswith("示例")
        assert point["title"].endswith("（虚构）")
        assert "虚构" in point["address"]
        assert point["division"] in divisions
        assert set(point["materials"]) <= set(materials)
        assert box["west"] <= Decimal(point["longitude"]) <= box["east"]
        assert box["south"] <= Decimal(point["latitude"]) <= box["north"]


def test_audiences_are_told_apart() -> None:
    codes(AUDIENCES)
    assert len({audience["title"] for audience in AUDIENCES}) == len(AUDIENCES)
