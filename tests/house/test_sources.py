"""The rules on source text hold for the tree, and each is seen to fail on a planted violation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from tests.house import source_rules as rules
from tests.house.tree import Source, file_names, floors, python_sources, read_sources, rooms

Rule = Callable[[Source], list[str]]

PYTHON_RULES: list[tuple[Rule, tuple[str, ...]]] = [
    (rules.imports_inside_functions, ("src/",)),
    (rules.signals, ("src/", "bench/")),
    (rules.too_long, ("src/", "tests/", "bench/")),
    (rules.wall_clock, ("src/",)),
    (rules.room_shape, ("src/",)),
    (rules.floats_in_models, ("src/",)),
]


def _all(rule: Rule, sources: Sequence[Source]) -> list[str]:
    return [finding for source in sources for finding in rule(source)]


def _assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize(("rule", "under"), PYTHON_RULES, ids=lambda value: getattr(value, "__name__", ""))
def test_python_sources(rule: Rule, under: tuple[str, ...]) -> None:
    _assert_none(_all(rule, python_sources(under=under)))


def _late_imports(source: Source) -> list[str]:
    return rules.late_imports(source, floors(), rooms())


def test_late_imports_keep_the_contracts() -> None:
    _assert_none(_all(_late_imports, python_sources(under=("src/",))))


def test_no_second_drawer() -> None:
    _assert_none(rules.second_drawers(file_names()))


def test_kernel_is_small() -> None:
    _assert_none(rules.kernel_too_big(python_sources(under=("src/",))))


def test_nothing_private_is_committed() -> None:
    _assert_none(_all(rules.private_things, read_sources()))


def test_templates_keep_the_policy() -> None:
    _assert_none(_all(rules.unsafe_templates, read_sources(suffixes=(".html",), under=("src/",))))


LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 70
PLANTED: list[tuple[Rule, str, str]] = [
    (rules.imports_inside_functions, "src/tanhui/ledger/services.py", "def f():\n    import json\n"),
    (
        rules.imports_inside_functions,
        "src/tanhui/ledger/services.py",
        "class A:\n    async def f(self):\n        from a import b\n",
    ),
    (rules.signals, "src/tanhui/ledger/apps.py", "from django.db.models.signals import post_save\n"),
    (rules.signals, "src/tanhui/ledger/apps.py", "from django.dispatch import receiver\n"),
    (rules.signals, "src/tanhui/ledger/apps.py", "from django.db.models import signals\n"),
    (rules.too_long, "src/tanhui/ledger/services.py", "x = 1\n" * 601),
    (rules.too_long, "src/tanhui/ledger/services.py", LONG_FUNCTION),
    (
        rules.wall_clock,
        "src/tanhui/ledger/services.py",
        "from django.utils import timezone\nx = timezone.now()\n",
    ),
    (rules.wall_clock, "src/tanhui_tlog/a.py", "import datetime\nx = datetime.datetime.now(datetime.UTC)\n"),
    (rules.wall_clock, "src/tanhui/ledger/models.py", "x = models.DateTimeField(default=timezone.now)\n"),
    (rules.wall_clock, "src/tanhui/ledger/models.py", "x = models.DateTimeField(auto_now_add=True)\n"),
    (rules.wall_clock, "src/tanhui/ledger/queries.py", "cursor.execute('SELECT now()')\n"),
    (rules.wall_clock, "src/tanhui/ledger/queries.py", "x = 'due_on < CURRENT_DATE'\n"),
    (_late_imports, "src/tanhui/ledger/a.py", "import_module('tanhui.scenarios.services')\n"),
    (_late_imports, "src/tanhui/office/a.py", "importlib.import_module('tanhui.api.urls')\n"),
    (_late_imports, "src/tanhui/office/a.py", "importlib.import_module('tanhui.ledger.models')\n"),
    (_late_imports, "src/tanhui/office/a.py", "importlib.import_module(f'tanhui.ledger.{name}')\n"),
    (_late_imports, "src/tanhui/project/cli/a.py", "room('ledger._post')\n"),
    (_late_imports, "src/tanhui_tlog/a.py", "importlib.import_module('tanhui_methods')\n"),
    (rules.room_shape, "src/tanhui/ledger/types.py", "from tanhui.ledger.models import Entry\n"),
    (rules.room_shape, "src/tanhui/ledger/types.py", "from tanhui.ledger import models\n"),
    (rules.room_shape, "src/tanhui/ledger/rules.py", "from django.db import connection\n"),
    (rules.room_shape, "src/tanhui/ledger/rules.py", "import random\n"),
    (rules.room_shape, "src/tanhui/ledger/services.py", "from django.http import HttpRequest\n"),
    (rules.room_shape, "src/tanhui/ledger/services.py", "from django.shortcuts import render\n"),
    (rules.room_shape, "src/tanhui/ledger/__init__.py", '"""Ledger."""\nfrom tanhui.kernel import ids\n'),
    (rules.room_shape, "src/tanhui/ledger/__init__.py", "\n"),
    (rules.room_shape, "src/tanhui/ledger/models.py", "class A:\n    def save(self):\n        pass\n"),
    (rules.floats_in_models, "src/tanhui/ledger/models.py", "x = models.FloatField('价格')\n"),
    (rules.private_things, "docs/a.md", "see /" + "work/main/README.md\n"),
    (rules.private_things, "docs/a.md", "write to somebody@" + "tanhui.cn\n"),
    (rules.private_things, "a.pem", "-----BEGIN " + "PRIVATE KEY-----\n"),
    (rules.private_things, "a.env", "DATABASE_URL=postgres://me:" + "secret" + "@db/tanhui\n"),
    (rules.unsafe_templates, "src/tanhui/portal/templates/a.html", "<p>\n<script>alert(1)</script>\n"),
    (rules.unsafe_templates, "src/tanhui/portal/templates/a.html", '<p style="color: red">\n'),
    (rules.unsafe_templates, "src/tanhui/portal/templates/a.html", '<a onclick="f()">\n'),
    (rules.unsafe_templates, "src/tanhui/portal/templates/a.html", '<img src="https://cdn.example/x.png">\n'),
    (
        rules.unsafe_templates,
        "src/tanhui/portal/templates/a.html",
        '<link rel="stylesheet" href="//cdn.example/x.css">\n',
    ),
    (rules.unsafe_templates, "src/tanhui/portal/templates/a.html", "{{ text|safe }}\n"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_planted_violation_is_found(rule: Rule, path: str, text: str) -> None:
    assert len(rule(Source(path, text))) == 1


ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.imports_inside_functions, "src/a.py", "import json\ndef f():\n    return json\n"),
    (rules.too_long, "src/a.py", "x = 1\n" * 600),
    (
        rules.wall_clock,
        "src/tanhui/ledger/tasks.py",
        "from django.utils import timezone\nx = timezone.now()\n",
    ),
    (rules.wall_clock, "src/tanhui/api/views.py", "from django.utils import timezone\nx = timezone.now()\n"),
    (rules.room_shape, "src/tanhui/ledger/types.py", "from tanhui.parties.types import PartyRef\n"),
    (rules.room_shape, "src/tanhui/ledger/__init__.py", '"""Ledger."""\n'),
    (_late_imports, "src/tanhui/parties/apps.py", "importlib.import_module('tanhui.parties.permissions')\n"),
    (_late_imports, "src/tanhui/office/a.py", "importlib.import_module('tanhui.ledger.queries')\n"),
    (_late_imports, "src/tanhui/scenarios/a.py", "importlib.import_module('tanhui_methods.columnar')\n"),
    (_late_imports, "src/tanhui_methods/a.py", "importlib.import_module('pint')\n"),
    (_late_imports, "src/tanhui/project/cli/a.py", "room('ledger.queries')\n"),
    (rules.private_things, "docs/a.md", "invented@county.example 与 ../shared/data\n"),
    (rules.private_things, "docs/a.md", "postgres://localhost/tanhui\n"),
    (
        rules.unsafe_templates,
        "src/a.html",
        '<script src="{% static \'a.js\' %}" defer></script><a href="https://www.gov.cn">',
    ),
    (rules.unsafe_templates, "src/a.html", '<script id="figures" type="application/json">{}</script>'),
]


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_what_is_allowed_is_not_found(rule: Rule, path: str, text: str) -> None:
    assert rule(Source(path, text)) == []


def test_planted_second_drawer() -> None:
    found = rules.second_drawers(["src/tanhui/utils/a.py", "src/tanhui/ledger/common.py", "src/tanhui/kernel/ids.py"])
    assert len(found) == 2


def test_planted_kernel() -> None:
    big = [
        Source("src/tanhui/kernel/a.py", "x = 1\n" * 400),
        Source("src/tanhui/kernel/b.py", "x = 1\n" * 201),
    ]
    assert len(rules.kernel_too_big(big)) == 1
    model = [Source("src/tanhui/kernel/a.py", "class A(models.Model):\n    pass\n")]
    assert len(rules.kernel_too_big(model)) == 1
