"""Which test files can notice a change: those that import the module, however indirectly."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from scripts.mutation.targets import ROOT, TOO_SLOW, Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OURS = ("shared", "tests")


def relevant(target: Target) -> Target:
    """The target with only those of its test files that reach its module."""
    files = [path for test in target.tests for path in _test_files(ROOT / test)]
    kept = [name for path in files if (name := path.relative_to(ROOT).as_posix())
            not in TOO_SLOW and target.module in _reached(path)]
    return Target(target.file, target.layer, tuple(kept) or target.tests)


def _test_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("test_*.py"))


@cache
def _reached(start: Path) -> frozenset[str]:
    """The dotted names of our modules that importing this file may bring in, lazy ones too."""
    seen: set[str] = set()
    todo = [start]
    while todo:
        for name in _imports(todo.pop()) - seen:
            seen.add(name)
            path = _path_of(name)
            if path is not None:
                todo.append(path)
    return frozenset(seen)


@cache
def _imports(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in _at_run_time(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in found if name.split(".")[0] in _OURS)


def _at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that is not for types only."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _at_run_time(child)


def _path_of(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py")
                 if path.exists()), None)
