"""The project's Python files and what each of them imports, read without importing any."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


def files(*folders: str) -> list[Path]:
    """Every Python file below these folders (or these files)."""
    found: list[Path] = []
    for name in folders:
        path = ROOT / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [path for path in found if "__pycache__" not in path.parts]


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_for_types(node: ast.AST) -> bool:
    """Whether this is `if TYPE_CHECKING:`."""
    return (isinstance(node, ast.If) and isinstance(node.test, ast.Name)
            and node.test.id == "TYPE_CHECKING")


def _walk(node: ast.AST, *, types: bool, lazy: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not types and is_for_types(child):
            continue
        if not lazy and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield child
        yield from _walk(child, types=types, lazy=lazy)


def imports(path: Path, *, types: bool = True, lazy: bool = True) -> set[str]:
    """Dotted names that a file imports; without those for types only, or inside functions."""
    found: set[str] = set()
    for node in _walk(tree(path), types=types, lazy=lazy):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(path, node)
            found |= {_target(module, alias.name) for alias in node.names}
    return found


def _absolute(path: Path, node: ast.ImportFrom) -> str:
    if node.level == 0:
        return node.module or ""
    package = path.relative_to(ROOT).parts[:-node.level]
    return ".".join((*package, *(node.module or "").split(".")))


def _target(module: str, name: str) -> str:
    """`from a.b import c` means a.b.c when that is a module of ours, else a.b."""
    if is_ours(module) and path_of(f"{module}.{name}") is not None:
        return f"{module}.{name}"
    return module


def is_ours(module: str) -> bool:
    """Whether this dotted name lies in the repository."""
    return module.split(".")[0] in ("shared", "functions", "emulators", "scripts", "tests")


def path_of(module: str) -> Path | None:
    """The file of a module of ours."""
    base = ROOT.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def reached_from(module: str) -> set[str]:
    """Every module that importing `module` brings in, following our own files."""
    todo, seen = [module], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        path = path_of(name) if is_ours(name) else None
        if path is not None:
            todo += imports(path, types=False, lazy=False)
    return seen
