"""The rules on tables hold for every room, and each is seen to fail on a planted violation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps
from tests.house import model_rules as rules
from tests.house.tree import floors

NOTHING: ClassVar[frozenset[str]] = frozenset()
FLOORS = {"kernel": 0, "parties": 1, "ledger": 2, "mobility": 2, "scenarios": 3}


def _tables() -> list[rules.Model]:
    return [model for model in apps.get_models() if rules.room_of(model)]


def _assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


def test_there_are_tables() -> None:
    assert {"parties", "ledger", "scenarios"} <= {rules.room_of(model) for model in _tables()}


def test_keys_point_down() -> None:
    _assert_none(rules.keys_that_climb(_tables(), floors()))


@pytest.mark.parametrize(
    "rule",
    [rules.without_chinese_names, rules.unmarked_personal, rules.float_columns, rules.implicit_tables],
    ids=lambda rule: rule.__name__,
)
def test_tables(rule: Callable[[list[rules.Model]], list[str]]) -> None:
    _assert_none(rule(_tables()))


@pytest.fixture
def _isolated() -> Iterator[None]:
    with isolate_apps("django.contrib.contenttypes"):
        yield


def _model(room: str, name: str, /, **attributes: object) -> rules.Model:
    """A table planted in a room."""
    meta = type("Meta", (), {"app_label": room, "verbose_name": "表", "verbose_name_plural": "表", **_meta(room)})
    body: dict[str, object] = {"__module__": f"tanhui.{room}.models", "Meta": meta, **attributes}
    return type(name, (models.Model,), body)


def _meta(room: str) -> dict[str, str]:
    return {"db_table": f"{room}_planted"}


def _key(target: object) -> models.Field:  # type: ignore[type-arg]
    return models.ForeignKey(target, verbose_name="键", on_delete=models.PROTECT, related_name="+")  # type: ignore[arg-type]


@pytest.mark.usefixtures("_isolated")
def test_planted_key_up_or_sideways() -> None:
    party = _model("parties", "PlantedParty")
    account = _model("ledger", "PlantedAccount", party=_key(party))
    line = _model("mobility", "PlantedLine", account=_key(account))
    climbing = _model("parties", "PlantedResident", account=_key(account))
    assert rules.keys_that_climb([party, account], FLOORS) == []
    assert len(rules.keys_that_climb([line], FLOORS)) == 1
    assert len(rules.keys_that_climb([climbing], FLOORS)) == 1


@pytest.mark.usefixtures("_isolated")
def test_planted_english_name() -> None:
    nameless = _model("ledger", "PlantedNameless", amount=models.BigIntegerField())
    assert rules.without_chinese_names([nameless]) == ["ledger.PlantedNameless.amount has no Chinese verbose_name"]
    nameless._meta.verbose_name = "planted"
    assert len(rules.without_chinese_names([nameless])) == 2


@pytest.mark.usefixtures("_isolated")
def test_planted_unmarked_field() -> None:
    text = models.CharField("姓名", max_length=9)
    assert rules.unmarked_personal([_model("ledger", "PlantedUnmarked")]) != []
    assert rules.unmarked_personal([_model("ledger", "PlantedMarked", PERSONAL=frozenset())]) == []
    assert rules.unmarked_personal([_model("ledger", "PlantedStray", PERSONAL=frozenset({"name"}), name=text)]) != []


@pytest.mark.usefixtures("_isolated")
@pytest.mark.parametrize(
    ("personal", "plain", "expected"),
    [
        ({"name"}, {"code"}, 0),
        ({"name"}, {"id", "code"}, 0),
        ({"name"}, set(), 1),
        ({"name", "code"}, {"code"}, 1),
        ({"name", "phone"}, {"code"}, 1),
    ],
)
def test_planted_partition(personal: set[str], plain: set[str], expected: int) -> None:
    person = _model(
        "parties",
        "PlantedPerson",
        name=models.CharField("姓名", max_length=9),
        code=models.CharField("代码", max_length=9),
        PERSONAL=frozenset(personal),
        PLAIN=frozenset(plain),
    )
    assert len(rules.unmarked_personal([person])) == expected


@pytest.mark.usefixtures("_isolated")
def test_planted_inherited_mark_does_not_count() -> None:
    parent = _model("ledger", "PlantedParent", PERSONAL=frozenset())
    meta = type("Meta", (), {"app_label": "ledger", "proxy": True})
    child = type("PlantedChild", (parent,), {"__module__": "tanhui.ledger.models", "Meta": meta})
    assert len(rules.unmarked_personal([child])) == 1


@pytest.mark.usefixtures("_isolated")
def test_planted_float_and_table_name() -> None:
    assert len(rules.float_columns([_model("ledger", "PlantedFloat", price=models.FloatField("价格"))])) == 1
    meta = type("Meta", (), {"app_label": "ledger", "verbose_name": "表"})
    body = {"__module__": "tanhui.ledger.models", "Meta": meta}
    unnamed = type("PlantedUnnamed", (models.Model,), body)
    assert rules.implicit_tables([unnamed]) == ["ledger.PlantedUnnamed does not name its db_table"]
    unnamed._meta.db_table = "Accounts"
    assert len(rules.implicit_tables([unnamed])) == 2
