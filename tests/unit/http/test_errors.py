"""Every code has a status and a message in two languages, and says nothing of the cause."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import shared.errors as errors
from shared.domain.device import Refusal
from shared.domain.refund_policy import Objection
from shared.errors import TongbaoError
from shared.messages import MESSAGES
from shared.use_cases import (  # noqa: F401  (subclasses live there)
    record_payment,
    record_refund,
)

ROOT = Path(__file__).resolve().parents[3]


def family(kind: type[TongbaoError] = TongbaoError) -> list[type[TongbaoError]]:
    return [kind, *(child for heir in kind.__subclasses__() for child in family(heir))]


def codes_in_source() -> set[str]:
    """Every code="…" or forbidden="…" keyword and class attribute `code` of what is deployed."""
    found: set[str] = set()
    for path in [*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg in {"code", "forbidden"}:
                found |= {leaf.value for leaf in ast.walk(node.value)
                          if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)}
    found |= {refusal.value for refusal in (*Objection, *Refusal)}
    return found | {kind.code for kind in family()}


def test_every_code_that_is_used_has_its_messages_and_every_message_is_used() -> None:
    assert codes_in_source() == set(MESSAGES)


@pytest.mark.parametrize("code", MESSAGES)
def test_a_code_has_two_languages_and_a_status(code: str) -> None:
    en, zh, status = MESSAGES[code]
    assert code == code.upper()
    assert en.isascii()
    assert en.endswith(".")
    assert not zh.isascii()
    assert 400 <= status <= 503
    made = TongbaoError(code=code, reason="the cause")
    assert (made.en, made.zh, made.status) == (en, zh, status)
    assert "the cause" not in str(made.as_dict("r"))


@pytest.mark.parametrize("kind", family())
def test_a_kind_has_the_status_that_its_code_has(kind: type[TongbaoError]) -> None:
    assert MESSAGES[kind.code][2] == kind.status


def test_the_two_writing_conflicts_are_no_answers() -> None:
    for kind in (errors.VersionConflict, errors.AlreadyExists):
        assert not issubclass(kind, TongbaoError)
