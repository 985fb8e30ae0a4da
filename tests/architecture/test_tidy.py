"""The style that a reader can rely on, as tests: sizes only shrink, banned words stay out."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import ROOT, files, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CODE = ("shared", "functions", "emulators", "scripts")
MOST_LINES = 300
MOST_FUNCTION_LINES = 45
MOST_POSITIONAL = 5

LONGER_FILES: dict[str, int] = {}
LONGER_FUNCTIONS = {"emulators/fc/events.py:http_event": 52}
"""Exceptions that exist today, with their length. A number may go down, none may be added."""

FOREIGN_SHAPES = ("shared/adapters/wechatpay/endpoints.py:request",)
"""Functions whose parameters are somebody else's choice."""


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{relative(path)}:{node.name}", node


def test_no_file_is_long() -> None:
    found = {relative(path): len(path.read_text(encoding="utf-8").splitlines())
             for path in files(*CODE, "tests")}
    long = {name: lines for name, lines in found.items() if lines > MOST_LINES}
    too_long = {name: lines for name, lines in long.items() if lines > LONGER_FILES.get(name, 0)}
    assert too_long == {}
    assert set(LONGER_FILES) <= set(long), "take the shorter ones off the list"


def test_no_function_is_long() -> None:
    found = {name: (node.end_lineno or 0) - node.lineno + 1
             for path in files(*CODE) for name, node in functions(path)}
    long = {name: lines for name, lines in found.items() if lines > MOST_FUNCTION_LINES}
    too_long = {name: n for name, n in long.items() if n > LONGER_FUNCTIONS.get(name, 0)}
    assert too_long == {}
    assert set(LONGER_FUNCTIONS) <= set(long), "take the shorter ones off the list"


def test_no_function_has_many_positional_parameters() -> None:
    for path in files("shared", "functions"):
        for name, node in functions(path):
            given = [arg for arg in node.args.args if arg.arg not in ("self", "cls")]
            assert len(given) <= MOST_POSITIONAL or name in FOREIGN_SHAPES, name


def test_nothing_is_left_for_later() -> None:
    word = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    for path in files(*CODE, "tests"):
        assert not word.search(path.read_text(encoding="utf-8")), relative(path)


def _names(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.arg | ast.keyword):
            yield node.arg or ""
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


def test_fen_is_a_word_of_the_wechat_adapter_alone() -> None:
    for path in files("shared", "functions"):
        if "wechatpay" not in path.parts:
            assert not [name for name in _names(path)
                        if re.search(r"(^|_)fen(_|$)", name.lower())], relative(path)


def _texts() -> list[Path]:
    docs = [path for pattern in ("*.md", "docs/**/*.md") for path in ROOT.glob(pattern)]
    return [*files(*CODE, "tests"), *docs]


@pytest.mark.parametrize("british", ["licen" "ce", "licen" "cing"])
def test_a_license_is_spelled_in_one_way(british: str) -> None:
    word = re.compile(rf"\b{british}\w*", re.IGNORECASE)
    for path in _texts():
        assert not word.search(path.read_text(encoding="utf-8")), relative(path)


def test_money_is_never_a_float() -> None:
    for path in files("shared", "functions"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
                name = node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)
                if re.search(r"amount|price|total|money", name.lower()):
                    assert "float" not in ast.unparse(node.annotation), relative(path)


def test_a_time_says_its_unit() -> None:
    wrong = [(relative(path), node.arg) for path in files("shared", "functions")
             for node in ast.walk(tree(path))
             if isinstance(node, ast.arg) and node.annotation is not None
             and ast.unparse(node.annotation) in ("int", "float", "int | None")
             and re.search(r"(_at|timeout|duration|lifetime|expires|deadline)$", node.arg)]
    assert wrong == []


def test_nothing_is_printed_by_what_is_deployed() -> None:
    for path in files("shared", "functions"):
        if relative(path) != "shared/log.py":
            assert "print" not in set(_names(path)), relative(path)
