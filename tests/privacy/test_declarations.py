"""What is declared is all that the code can log, also where no test makes it happen."""

from __future__ import annotations

import ast

from tests.architecture.sources import files
from tests.privacy.declared import LOG


def given() -> set[str]:
    """The names of all fields that any fact is given, by the code."""
    return {keyword.arg for path in files("shared", "functions")
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr == "fact" for keyword in node.keywords if keyword.arg is not None}


def test_every_field_that_the_code_gives_to_a_fact_is_declared() -> None:
    assert len(given()) > 40
    assert sorted(given() - LOG.keys()) == []
