"""Every command of scripts/ops that a document names can be typed as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.operating.words import parser

ROOT = Path(__file__).resolve().parents[3]
STANDING_FOR = {"ORDER": "0" * 26, "ORDER_ID": "0" * 26, "ID": "42", "REFUND_ID": "0" * 26,
                "TRANSACTION": "42", "TRANSACTION_ID": "42", "DAY": "2026-01-01", "DAYS": "30",
                "CODE": "a_reason", "TEXT": "text", "YUAN": "12.50", "KEY": "key-00001"}
NAMED = sorted({
    command for pattern in ("*.md", "docs/**/*.md", "infra/*.md") for path in ROOT.glob(pattern)
    for command in re.findall(r"`scripts/ops ([^`]+)`", path.read_text(encoding="utf-8"))
    if "|" not in command})


def test_documents_name_commands() -> None:
    assert len(NAMED) > 5


@pytest.mark.parametrize("command", NAMED)
def test_a_command_in_a_document_is_one(command: str) -> None:
    words = [STANDING_FOR.get(word, word) for word in command.split()]
    if words == ["--help"]:
        return
    if any(word in STANDING_FOR.values() for word in words):
        parser().parse_args(words)
    else:  # only its name
        with pytest.raises(SystemExit) as ended:
            parser().parse_args([*words, "--help"])
        assert ended.value.code == 0
