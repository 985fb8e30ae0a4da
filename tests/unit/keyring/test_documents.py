"""Every command of scripts/keys that a document names can be typed as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.keyring.words import parser

ROOT = Path(__file__).resolve().parents[3]
STANDING_FOR = {"FILE": "a.pem", "SET": "keys.jws", "KID": "2026-11-a", "KID=X": "2026-11-a=AAAA",
                "X": "AAAA", "ISSUER": "tongbao:TB01", "SECONDS": "86400", "SEQ": "41"}
NAMED = sorted({
    command for pattern in ("*.md", "docs/**/*.md", "infra/*.md") for path in ROOT.glob(pattern)
    for command in re.findall(r"`scripts/keys ([^`]+)`", path.read_text(encoding="utf-8"))})


def test_documents_name_every_command_but_those_for_tests() -> None:
    begun = {" ".join(command.split()[:2]) for command in NAMED}
    assert begun >= {"root FILE", "signing FILE", "set new", "set add", "set rotate",
                     "set withdraw", "set renew", "set show"}


@pytest.mark.parametrize("command", NAMED)
def test_a_command_in_a_document_is_one(command: str) -> None:
    words = [STANDING_FOR.get(word, word) for word in command.split()]
    if words == ["--help"]:
        with pytest.raises(SystemExit) as ended:
            parser().parse_args(words)
        assert ended.value.code == 0
    else:
        assert parser().parse_args(words).command == words[0]
