"""Documents do not lie: links, commands, names and examples are checked; each rule is seen to fail."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner
from django.apps import apps
from tests.house import doc_rules as rules
from tests.house.model_rules import room_of
from tests.house.tree import ROOT, Source, file_names, floors, python_sources, read_sources

PAGES = {page.path: page for page in read_sources(suffixes=(".md",))}
WRITTEN = [page for path, page in PAGES.items() if not path.startswith(("methods/", "tests/"))]
TREE = set(file_names())
FOLDERS = {str(parent) for name in TREE for parent in Path(name).parents}
CORES = ("tanhui_methods", "tanhui_plandoc", "tanhui_tlog")


def _assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


def _exists(name: str) -> bool:
    return name in TREE or name in FOLDERS or name == ""


def _cli() -> click.Group:
    root = importlib.import_module("tanhui.project.cli.root").root
    assert isinstance(root, click.Group)
    return root


def _glossary() -> list[rules.Term]:
    return rules.glossary_terms(PAGES["docs/glossary.md"])


def test_links_resolve() -> None:
    _assert_none([finding for page in WRITTEN for finding in rules.broken_links(page, _exists, PAGES)])


def test_commands_exist() -> None:
    root = _cli()
    _assert_none([finding for page in WRITTEN for finding in rules.unknown_commands(page, root)])


def test_targets_exist() -> None:
    targets = rules.make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    script = Source(".ci/run", (ROOT / ".ci/run").read_text(encoding="utf-8"))
    assert {"demo", "test"} <= set(targets)
    _assert_none([finding for page in [*WRITTEN, script] for finding in rules.unknown_targets(page, targets)])


def test_public_description_agrees() -> None:
    public = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert public["softwareVersion"] == project["version"]
    assert public["legal"]["license"] == project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert len(public["description"]["zh"]["shortDescription"]) <= 150


def test_every_table_is_a_term() -> None:
    tables = [(room_of(model) or "", model.__name__) for model in apps.get_models() if room_of(model)]
    _assert_none(rules.missing_from_glossary(_glossary(), tables))


def test_every_term_is_alive() -> None:
    folders = {name: f"src/tanhui/{name}/" for name in floors()} | {name: f"src/{name}/" for name in CORES}
    identifiers = {name: rules.identifiers_of(python_sources(under=(folder,))) for name, folder in folders.items()}
    assert len(_glossary()) > 40
    _assert_none(rules.dead_terms(_glossary(), identifiers))
    _assert_none(rules.twice_defined(_glossary()))


def test_decisions_are_listed() -> None:
    index = PAGES["docs/decisions/README.md"].text
    records = sorted(path for path in PAGES if re.match(r"docs/decisions/\d{4}-", path))
    assert len(records) >= 10
    _assert_none([path for path in records if f"]({Path(path).name})" not in index])
    for path in records:
        headings = re.findall(r"^## (\w+)", PAGES[path].text, re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], path


EXAMPLES = [
    pytest.param(page, fence, id=f"{page.path}:{fence.line}")
    for page in WRITTEN
    for fence in rules.fences(page)
    if "check" in fence.words[1:]
]


@pytest.mark.parametrize(("page", "fence"), EXAMPLES)
def test_examples_run(page: Source, fence: rules.Fence, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block marked `check` is run: Python as it stands, console commands with the output they show."""
    monkeypatch.chdir(ROOT)
    if fence.words[0] == "python":
        exec(compile(fence.body, f"{page.path}:{fence.line}", "exec"), {"__name__": "example"})
        return
    _run_console(fence.body)


def _run_console(body: str) -> None:
    """Each `$ tanhui …` succeeds and prints the lines that follow it, in order; `…` stands for anything."""
    for chunk in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, *expected = chunk.splitlines()
        assert command.startswith("tanhui "), command
        done = CliRunner().invoke(_cli(), command.removeprefix("tanhui ").split())
        assert done.exit_code == 0, f"{command}\n{done.output}"
        position = 0
        for line in expected:
            for piece in filter(None, (piece.strip() for piece in line.split("…"))):
                position = done.output.find(piece, position)
                assert position >= 0, f"{command}: {piece!r} is not in\n{done.output}"


@click.group()
def _planted_cli() -> None:
    pass


@_planted_cli.group()
def ledger() -> None:
    pass


@ledger.command("trial-balance")
@click.option("--json", "as_json", is_flag=True)
def _trial_balance(as_json: bool) -> None:
    click.echo("合计 0")


def _page(text: str, path: str = "docs/howto/a.md") -> Source:
    return Source(path, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[here](b.md)", 0),
        ("[here](../glossary.md#terms)", 0),
        ("[here](#a-heading)\n\n## A heading\n", 0),
        ("[web](https://www.gov.cn)", 0),
        ("`[not a link](x.md)`", 0),
        ("[gone](gone.md)", 1),
        ("text\n[gone](../../../etc/passwd)", 1),
        ("[here](../glossary.md#nothing)", 1),
        ("![picture](gone.png)", 1),
    ],
)
def test_planted_link(text: str, expected: int) -> None:
    pages = {"docs/glossary.md": _page("# Glossary\n\n## Terms\n", "docs/glossary.md")}
    page = _page(text)
    known = {"docs/howto/a.md", "docs/howto/b.md", "docs/glossary.md"}
    found = rules.broken_links(page, known.__contains__, {**pages, page.path: page})
    assert len(found) == expected


@_planted_cli.command("django", context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1)
def _django(words: tuple[str, ...]) -> None:
    pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run `tanhui django migrate --fake`", 0),
        ("run `tanhui ledger trial-balance --json`", 0),
        ("run `tanhui ledger …`", 0),
        ("run `tanhui 命令 --help`", 0),
        ("the `tanhui` command, and `tanhui_tlog`", 0),
        ("```console\n$ tanhui ledger trial-balance | head\n合计 0\n```\n", 0),
        ("run `tanhui ledger balance`", 1),
        ("run `tanhui ledger trial-balance --jason`", 1),
        ("```console\n$ tanhui legder trial-balance\n```\n", 1),
        ("```bash\nTANHUI_COUNTY=a .venv/bin/tanhui lodger\n```\n", 1),
    ],
)
def test_planted_command(text: str, expected: int) -> None:
    assert len(rules.unknown_commands(_page(text), _planted_cli)) == expected


def test_planted_target() -> None:
    targets = rules.make_targets("VENV := a\ntest: venv  ## x\nlint types: venv\ndocs-check: venv\n\techo\n")
    assert targets == ["test", "lint", "types", "docs-check"]
    for text in ("run `make test`", "```console\n$ make docs-check\n```", "  step make test", "make sense"):
        assert rules.unknown_targets(_page(text), targets) == []
    for text in ("run `make tests`", "```console\n$ make all\n```", "step make nothing"):
        assert len(rules.unknown_targets(_page(text), targets)) == 1


GLOSSARY = """# Glossary

## Terms

| 中文 | Identifier | Meaning | Room |
|---|---|---|---|
| 分录 | `Entry` | One movement. | ledger |
| 记账 | `post` | Moves. | `ledger` |

## Later

| 中文 | Identifier | Meaning | Room |
|---|---|---|---|
| 权益 | `Offer` | Something to have. | rewards |
"""


def test_planted_glossary() -> None:
    terms = rules.glossary_terms(_page(GLOSSARY, "docs/glossary.md"))
    assert [(term.chinese, term.names, term.room) for term in terms] == [
        ("分录", ("Entry",), "ledger"),
        ("记账", ("post",), "ledger"),
    ]
    assert rules.missing_from_glossary(terms, [("ledger", "Entry")]) == []
    assert len(rules.missing_from_glossary(terms, [("ledger", "Transfer"), ("parties", "Entry")])) == 2
    assert rules.dead_terms(terms, {"ledger": {"Entry", "post"}}) == []
    assert len(rules.dead_terms(terms, {"ledger": {"Entry"}})) == 1
    assert len(rules.dead_terms(terms, {"parties": set()})) == 2
    assert rules.twice_defined(terms) == []
    assert len(rules.twice_defined([*terms, terms[0]])) == 1


def test_identifiers() -> None:
    text = "class Entry:\n    amount = 1\ndef post(key):\n    return key.grams, 'owed', 'not one'\n"
    expected = {"Entry", "amount", "post", "key", "grams", "owed"}
    assert rules.identifiers_of([Source("a.py", text)]) == expected


def test_planted_example_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.house.test_docs._cli", lambda: _planted_cli)
    _run_console("$ tanhui ledger trial-balance\n合计 …\n")
    with pytest.raises(AssertionError):
        _run_console("$ tanhui ledger trial-balance\n合计 1\n")
    with pytest.raises(AssertionError):
        _run_console("$ tanhui ledger gone\n")
