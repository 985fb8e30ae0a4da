"""The documents name everything that is there, and nothing that is not."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

import pytest

from scripts.openapi_document import OPERATIONS
from shared.adapters.tablestore.tables import TABLES
from shared.alarms import ALARMS
from shared.domain.activation import (
    ADDED,
    APPROVED,
    ASKED,
    DARK,
    OBJECTED,
    REMOVED,
    UNWELCOME,
)
from shared.domain.held import MOVES as HELD_MOVES
from shared.domain.refund import MOVES as REFUND_MOVES
from shared.messages import MESSAGES
from shared.variables import ALL, VARIABLES, Variable
from tests.architecture.sources import ROOT, files, tree

if TYPE_CHECKING:
    from pathlib import Path

REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """One section of the reference."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found.group(1)


def first_cells(title: str) -> list[str]:
    """What the table of a section names, in its order."""
    return re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE)


def setting_row(variable: Variable) -> str:
    needed = "all" if set(variable.needed_by) == set(ALL) else ", ".join(variable.needed_by)
    default = f"`{variable.default}`" if variable.default else ""
    return f"| `{variable.name}` | {needed or '–'} | {default} | {variable.meaning} |"


def error_row(code: str) -> str:
    en, zh, status = MESSAGES[code]
    return f"| `{code}` | {status} | {en} | {zh} |"


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda it: it.name)
def test_every_setting_is_explained_as_it_is(variable: Variable) -> None:
    assert setting_row(variable) in section("Settings").splitlines()


@pytest.mark.parametrize("code", MESSAGES)
def test_every_error_code_is_explained_as_it_is(code: str) -> None:
    assert error_row(code) in section("Error codes").splitlines()


def test_no_setting_and_no_code_is_explained_that_is_gone() -> None:
    assert first_cells("Settings") == [variable.name for variable in VARIABLES.values()]
    assert first_cells("Error codes") == list(MESSAGES)


def test_every_route_is_explained_with_its_function() -> None:
    expected = [f"{operation.method} {operation.path}" for operation in OPERATIONS]
    assert sorted(first_cells("Routes")) == sorted(expected)
    for operation in OPERATIONS:
        line = next(line for line in section("Routes").splitlines()
                    if line.startswith(f"| `{operation.method} {operation.path}` |"))
        assert f"| {operation.function} |" in line


def test_every_table_is_explained_with_its_key() -> None:
    assert first_cells("Tables") == [table.name for table in TABLES]
    for table in TABLES:
        key = ", ".join(f"`{name}`" for name, _ in table.key)
        assert f"| `{table.name}` | {key} |" in section("Tables")


EVENTS = {
    "order.": {"paid", "refund_reported", "refund_requested", "refund_found", "refund_billed",
               "held", "released", *(kind for _, kind in REFUND_MOVES)},
    "license.": {"granted", "activated", "restored", "suspended", "revoked",
                 "devices_forgotten", DARK, REMOVED, ADDED, UNWELCOME, ASKED, APPROVED, OBJECTED},
    "held.": {kind for _, kind in HELD_MOVES},
    "complaint.": {"answered", "completed"}}
"""Facts that are named after the event that they tell of."""


def _facts_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (
                node.func.attr == "fact"):
            name = node.args[0]
            constants = [leaf.value for leaf in ast.walk(name) if isinstance(leaf, ast.Constant)
                         and isinstance(leaf.value, str)]
            if isinstance(name, ast.JoinedStr):
                assert constants[0] in EVENTS, f"{path}: a fact whose name is made up"
                constants = [constants[0] + kind for kind in EVENTS[constants[0]]]
            found |= set(constants)
    return found


def test_every_fact_of_the_log_is_explained() -> None:
    named = {name for path in files("shared", "functions") for name in _facts_of(path)}
    assert set(first_cells("Log")) == named


def test_alarms_are_marked_as_such() -> None:
    alarms = {node.args[0].value for path in files("shared", "functions")
              for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
              and any(keyword.arg == "alarm" for keyword in node.keywords)
              and node.args and isinstance(node.args[0], ast.Constant)}
    for line in section("Log").splitlines():
        name = re.match(r"\| `([^`]+)`", line)
        if name:
            assert ("**alarm**" in line) == (name.group(1) in alarms), line


def _claims() -> set[str]:
    path = ROOT / "shared" / "domain" / "lease.py"
    return {key.value for node in ast.walk(tree(path)) if isinstance(node, ast.Dict)
            for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def test_every_claim_of_a_lease_is_explained() -> None:
    assert set(first_cells("The lease")) == _claims()


def test_the_glossary_is_in_order_and_explains_each_word_once() -> None:
    words = re.findall(r"^\| \*\*([^*]+)\*\*", GLOSSARY, re.MULTILINE)
    assert len(words) > 20
    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize("word", [
    "out_trade_no", "transaction_id", "order", "grant", "license", "lease", "notify", "code_url",
    "claim secret", "Idempotency-Key", "held payment", "due row", "device", "activation", "slot",
    "thumbprint", "device proof", "nonce", "grace", "dark", "takeover", "license key", "key set",
    "root", "receipt", "restore", "voice"])
def test_the_words_of_the_code_are_in_the_glossary(word: str) -> None:
    assert f"| **{word}**" in GLOSSARY


@pytest.mark.parametrize("name", sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "emulators/*/README.md", "infra/*.md",
                    "extension/**/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)))
def test_every_link_in_a_document_leads_somewhere(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if target.startswith("docs/pictures/") and not (ROOT / "docs" / "pictures").exists():
            continue  # pictures come from a browser; where none ran, there are none
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), target


def test_the_openapi_document_is_json_with_a_newline_at_the_end() -> None:
    text = (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert json.loads(text)["openapi"] == "3.1.0"


def _alarms() -> set[str]:
    """What is told with an alarm, anywhere in the code."""
    return {node.args[0].value for path in files("shared", "functions")
            for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
            and any(keyword.arg == "alarm" for keyword in node.keywords)
            and node.args and isinstance(node.args[0], ast.Constant)}


def test_every_alarm_has_a_severity_and_a_runbook_that_says_what_to_do() -> None:
    assert set(ALARMS) == _alarms()
    for name, alarm in ALARMS.items():
        page = (ROOT / "docs" / "runbooks" / f"{alarm.runbook}.md").read_text(encoding="utf-8")
        _, _, rest = page.partition(f"\n## {name}\n")
        text = rest.partition("\n## ")[0]
        for part in ("**Means**", "**Look at**", "**Do**"):
            assert part in text, (name, part)


def test_the_list_of_runbooks_names_every_alarm_on_its_page() -> None:
    page = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    listed = {name: row.group(1) for row in re.finditer(r"^\| \[(\w+)\].*\|", page, re.MULTILINE)
              for name in re.findall(r"`([a-z_.]+)`", row.group(0))}
    assert listed == {name: alarm.runbook for name, alarm in ALARMS.items()}
