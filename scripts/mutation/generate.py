"""Writes every mutant of the files named, as JSON lines. Runs in .venv-mutation.

Each line: file, where (the function or class, "" for the module), line, before and after (the
lines that differ), operator, source (the whole mutated file). One more line per file tells
how many changes of mere prose were left out.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider

from scripts.mutation.operators import changes, touches_prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from libcst.metadata import CodeSpan

UNTOUCHED = (cst.Annotation, cst.Import, cst.ImportFrom, cst.Decorator)
"""Their mutants fail on import, or change nothing at run time."""
UNTOUCHED_CALLS = ("len", "isinstance")
"""Of their arguments there is one that makes sense (as in mutmut)."""


class Changes(cst.CSTVisitor):
    """Collects (where, line, operator, node, replacement) over one file."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self) -> None:
        self.found: list[tuple[str, int, str, cst.CSTNode, cst.CSTNode]] = []
        self.spans: dict[cst.CSTNode, CodeSpan] = {}
        self.left_out = 0
        self._names: list[str] = []
        self._raises = 0
        self._targets: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, UNTOUCHED) or _is_untouched(node):
            return False
        if isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._names.append(node.name.value)
        self._raises += isinstance(node, cst.Raise)
        self._remember_targets(node)
        if node not in self._targets:
            self._collect(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.ClassDef | cst.FunctionDef):
            self._names.pop()
        self._raises -= isinstance(original_node, cst.Raise)

    def _remember_targets(self, node: cst.CSTNode) -> None:
        """Tuples that are unpacked: leaving an entry out of them always fails."""
        if isinstance(node, cst.AssignTarget | cst.For | cst.CompFor):
            self._targets.add(node.target)

    def _collect(self, node: cst.CSTNode) -> None:
        for name, original, changed in changes(node):
            if self._raises and touches_prose(name, original):
                self.left_out += 1
                continue
            line = self.get_metadata(PositionProvider, original).start.line
            self.spans[original] = self.get_metadata(ByteSpanPositionProvider, original)
            self.found.append((".".join(self._names), line, name, original, changed))


def _is_untouched(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    if isinstance(node, cst.Call):
        return isinstance(node.func, cst.Name) and node.func.value in UNTOUCHED_CALLS
    return isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString)


def mutants(file: str) -> Iterator[dict[str, Any]]:
    """Every mutant of one file that compiles, each different text once."""
    code = Path(file).read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(code))
    visitor = Changes()
    wrapper.visit(visitor)
    seen, same = {code}, Counter[tuple[str, str, str]]()
    for where, line, name, original, changed in visitor.found:
        source = _applied(wrapper.module, code, visitor.spans[original], (original, changed))
        if source in seen or not _compiles(source):
            continue
        seen.add(source)
        before, after = _difference(code, source)
        same[where, before, after] += 1
        yield {"file": file, "where": where, "line": line, "before": before, "after": after,
               "nth": same[where, before, after], "operator": name, "source": source}
    yield {"file": file, "left_out": visitor.left_out}


def _applied(module: cst.Module, code: str, span: CodeSpan,
             change: tuple[cst.CSTNode, cst.CSTNode]) -> str:
    """The file with this change; by its bytes where they are the node's text and no more."""
    raw, (original, changed) = code.encode(), change
    end = span.start + span.length
    if raw[span.start:end].decode() == module.code_for_node(original):
        return (raw[:span.start] + module.code_for_node(changed).encode() + raw[end:]).decode()
    tree = module.deep_replace(original, changed)
    assert isinstance(tree, cst.Module)
    return tree.code


def _compiles(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source, "mutant", "exec")
        except SyntaxError:
            return False
    return True


def _difference(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, without their indentation."""
    before, after = old.splitlines(), new.splitlines()
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return ("\n".join(line.strip() for line in before),
            "\n".join(line.strip() for line in after))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        for mutant in mutants(name):
            print(json.dumps(mutant))
