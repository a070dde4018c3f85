"""The county's own documents: what is collected, who is trained, what is asked.

Keys, in files under `counties/<county>/community/` (a county without a file has none of it):

`materials.toml`
    status, source              words, shown with the materials
    [grades]                    scale, hand, count = "A" to "D": the grade of evidence by how it was weighed or counted
    [[materials]]
    code, title                 `waste-paper`, 废纸
    quantity                    "mass_g" (grams) or "item_count"
    most                        whole number: the largest quantity that one person brings at once, in that unit
    scenario                    code of a scenario; leave out where there is no method yet
    inputs                      table of what else the scenario is told, such as { material = "paper" }
    accepted, declined          lists of words; how_to, note: words; picture: a file name in `pictures/`

`audiences.toml`
    [[audiences]]               code, title; task, register and choice say which task of the plan and which register

`quizzes/*.toml`
    code, title, summary        words
    draw                        how many questions are put to a person at once
    pass_score                  how many right answers pass
    attempts_a_day              how many times a person may answer it on one day
    [[questions]]               code, words, right (code of an option), explained, source
    options                     table: code of an option = its words, at least two
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from tanhui.community.types import Audience, Material, Measured, QuestionView
from tanhui.kernel.county import load_county
from tanhui.kernel.errors import BadInput, NotFound
from tanhui.scenarios.types import Grade

_QUANTITIES = ("mass_g", "item_count")
_GRADES = {"scale": Grade.B, "hand": Grade.C, "count": Grade.C}
"""What a county without a word about it gets; a scale's signed reading (grade A) is for partners."""


@dataclass(frozen=True)
class Question:
    """One question, with its answer."""

    view: QuestionView
    right: str
    explained: str
    source: str


@dataclass(frozen=True)
class Quiz:
    """A bank of questions; `draw` of them are put at once."""

    code: str
    title: str
    summary: str
    draw: int
    pass_score: int
    attempts_a_day: int
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Documents:
    """All of the county's documents of this room, by code, in the order of the files."""

    materials: Mapping[str, Material]
    grades: Mapping[str, Grade]
    audiences: Mapping[str, Audience]
    quizzes: Mapping[str, Quiz]


def documents() -> Documents:
    """What this county's folder says; read once a process. Raises BadInput naming file and entry."""
    return _read(settings.TANHUI_COUNTY)


def grade_of(measured: Measured) -> Grade:
    """How good this quantity is as evidence."""
    return documents().grades["count" if measured.mass_g is None else measured.weighed.value]


def material(code: str) -> Material:
    """One material. Raises NotFound."""
    known = documents().materials.get(code)
    if known is None:
        raise NotFound(f"没有物料 {code[:40]}", where="material", fix="从物料列表中选择")
    return known


def quiz(code: str) -> Quiz:
    """One quiz. Raises NotFound."""
    known = documents().quizzes.get(code)
    if known is None:
        raise NotFound(f"没有题库 {code[:40]}", where="quiz", fix="从题库列表中选择")
    return known


@lru_cache(maxsize=8)
def _read(county: str) -> Documents:
    folder = load_county(county)
    table = _table(county, "community/materials.toml")
    materials = [_material(row, "community/materials.toml") for row in table.get("materials", ())]
    grades = {how: _grade(table.get("grades", {}), how) for how in _GRADES}
    audiences = [
        Audience(
            str(row["code"]),
            str(row["title"]),
            int(row.get("task", 0)),
            str(row.get("register", "")),
            str(row.get("choice", "")),
        )
        for row in _table(county, "community/audiences.toml").get("audiences", ())
    ]
    quizzes = [
        _quiz(folder.table(f"community/quizzes/{path.name}"), f"community/quizzes/{path.name}")
        for path in folder.files("community/quizzes", ".toml")
    ]
    return Documents(
        {each.code: each for each in materials},
        grades,
        {each.code: each for each in audiences},
        {each.code: each for each in quizzes},
    )


def _table(county: str, relative: str) -> dict[str, Any]:
    try:
        return load_county(county).table(relative)
    except NotFound:
        return {}


def _grade(table: Mapping[str, Any], how: str) -> Grade:
    name = str(table.get(how, _GRADES[how].name))
    if name not in Grade.__members__:
        raise BadInput(f"证据等级 {name[:20]} 无法识别", where=f"materials.toml grades.{how}", fix="写 A、B、C 或 D")
    return Grade[name]


def _material(row: Mapping[str, Any], path: str) -> Material:
    where = f"{path} {row.get('code', '')}"
    if row.get("quantity") not in _QUANTITIES or not isinstance(row.get("most"), int) or row["most"] <= 0:
        raise BadInput("物料的计量或上限无法识别", where=where, fix="quantity 写 mass_g 或 item_count，most 写正整数")
    words = {name: str(row.get(name, "")) for name in ("scenario", "how_to", "picture", "note")}
    return Material(
        code=str(row["code"]),
        title=str(row["title"]),
        quantity=str(row["quantity"]),
        most=row["most"],
        inputs=dict(row.get("inputs", {})),
        accepted=tuple(row.get("accepted", ())),
        declined=tuple(row.get("declined", ())),
        **words,
    )


def _quiz(table: Mapping[str, Any], path: str) -> Quiz:
    questions = tuple(_question(row, path) for row in table["questions"])
    draw = int(table.get("draw", len(questions)))
    found = Quiz(
        code=str(table["code"]),
        title=str(table["title"]),
        summary=str(table.get("summary", "")),
        draw=draw,
        pass_score=int(table["pass_score"]),
        attempts_a_day=int(table.get("attempts_a_day", 3)),
        questions=questions,
    )
    if not 0 < found.draw <= len(questions) or not 0 < found.pass_score <= draw or found.attempts_a_day < 1:
        raise BadInput("抽题数、及格分或每日次数不合理", where=path, fix="及格分不超过抽题数，抽题数不超过题目数")
    return found


def _question(row: Mapping[str, Any], path: str) -> Question:
    options = tuple((str(code), str(words)) for code, words in row["options"].items())
    if len(options) < 2 or row["right"] not in dict(options):
        raise BadInput("题目的选项或答案无法识别", where=f"{path} {row['code']}", fix="至少两个选项，答案是其中之一")
    view = QuestionView(str(row["code"]), str(row["words"]), options)
    return Question(view, str(row["right"]), str(row.get("explained", "")), str(row.get("source", "")))
