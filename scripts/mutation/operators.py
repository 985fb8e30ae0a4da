"""What is changed in the code, one change per mutant. Runs in .venv-mutation.

mutmut's operators (numbers, strings, names, comparisons, arithmetic, arguments, assignments,
ternaries) and five more. The five imitate the mistakes that matter most here: a check that
never fires or always does, half a condition, a call left out, an error swallowed, an entry
missing from a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst
from mutmut.mutation.mutators import (
    mutation_operators,
    operator_arg_removal,
    operator_string,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    Change = tuple[cst.CSTNode, cst.CSTNode]

_PASS = cst.Pass()


def changes(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode, cst.CSTNode]]:
    """(operator, node to replace, its replacement) for every change made at `node`."""
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            for changed in operator(node):
                yield operator.__name__.removeprefix("operator_"), node, changed
    for kind, own in _OWN:
        if isinstance(node, kind):
            for original, changed in own(node):
                yield own.__name__.removeprefix("_"), original, changed


def touches_prose(name: str, node: cst.CSTNode) -> bool:
    """Whether a change inside a `raise` only rewords, or drops, what people read.

    Reason codes have no space in them; sentences do.
    """
    if name == operator_string.__name__.removeprefix("operator_"):
        return _is_prose(node)
    if name == operator_arg_removal.__name__.removeprefix("operator_"):
        return isinstance(node, cst.Call) and any(_is_prose(arg.value) for arg in node.args)
    return False


def _is_prose(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return " " in node.value
    if isinstance(node, cst.ConcatenatedString):
        return _is_prose(node.left) or _is_prose(node.right)
    return isinstance(node, cst.FormattedString) and any(
        isinstance(part, cst.FormattedStringText) and " " in part.value for part in node.parts)


def _condition(node: cst.If | cst.While) -> Iterator[Change]:
    """A check that never fires, or always does (an endless loop proves nothing)."""
    yield node.test, cst.Name("False", lpar=node.test.lpar, rpar=node.test.rpar)
    if isinstance(node, cst.If):
        yield node.test, cst.Name("True", lpar=node.test.lpar, rpar=node.test.rpar)


def _half_condition(node: cst.BooleanOperation) -> Iterator[Change]:
    """Only one side of an `and` or an `or`."""
    for half in (node.left, node.right):
        yield node, half.with_changes(lpar=[cst.LeftParen(), *half.lpar],
                                      rpar=[*half.rpar, cst.RightParen()])


def _call_left_out(node: cst.Expr) -> Iterator[Change]:
    """A statement that calls for its effect (often a check) is not there."""
    if isinstance(node.value, cst.Call):
        yield node, _PASS


def _error_swallowed(node: cst.ExceptHandler) -> Iterator[Change]:
    """What was caught is not raised again."""
    body = node.body
    if isinstance(body, cst.IndentedBlock) and len(body.body) == 1:
        line = body.body[0]
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Raise):
            yield line.body[0], _PASS


def _entry_missing(node: cst.Tuple | cst.List | cst.Set | cst.Dict) -> Iterator[Change]:
    """A table, a list or a set without one of its entries."""
    entries: tuple[Any, ...] = tuple(node.elements)
    if isinstance(node, cst.Tuple) and not node.lpar:
        return
    for place in range(len(entries)):
        kept = [*entries[:place], *entries[place + 1:]]
        if kept and isinstance(node, cst.Tuple):
            kept[-1] = kept[-1].with_changes(comma=cst.Comma())
        if kept or not isinstance(node, cst.Set):
            yield node, node.with_changes(elements=kept)


_OWN: tuple[tuple[Any, Any], ...] = (
    ((cst.If, cst.While), _condition),
    (cst.BooleanOperation, _half_condition),
    (cst.Expr, _call_left_out),
    (cst.ExceptHandler, _error_swallowed),
    ((cst.Tuple, cst.List, cst.Set, cst.Dict), _entry_missing),
)
