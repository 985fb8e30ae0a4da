"""What a seller relies on when the file is copied, kept running, and restarted."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from extension.verifier.tongbao_verifier import Verifier
from tests.vectors.leases.minting import MIDNIGHT_S, NOW_S, key_set, lease, set_claims
from tests.verifier.vectors import ROOT, document

if TYPE_CHECKING:
    from tests.verifier.conftest import TypeScript

FOLDER = ROOT / "extension" / "verifier"
NEWEST, OLDER = key_set(set_claims(seq=9)), key_set(set_claims(seq=8))


def verifier(min_seq: int = 0) -> Verifier:
    return Verifier(**{**document("leases")["options"], "min_seq": min_seq})


def test_a_set_that_is_refused_leaves_the_one_before() -> None:
    held = verifier()
    assert held.load_keys(NEWEST, NOW_S) == "VALID"
    for refused in (OLDER, "", key_set(set_claims(seq=10, env="live"))):
        assert held.load_keys(refused, NOW_S) != "VALID"
        assert held.verify_lease(lease(), NOW_S).code == "VALID"
        assert held.seq == 9


def test_the_seq_that_was_seen_outlives_a_restart() -> None:
    held = verifier()
    held.load_keys(NEWEST, NOW_S)
    assert verifier(held.seq).load_keys(OLDER, NOW_S) == "KEYS_ROLLED_BACK"
    assert verifier().load_keys(OLDER, NOW_S) == "VALID"


def test_a_set_that_was_not_loaded_does_not_raise_the_bar() -> None:
    held = verifier()
    ended = key_set(set_claims(seq=10, exp=NOW_S))
    assert held.load_keys(ended, NOW_S) == "KEYS_EXPIRED"
    assert held.load_keys(OLDER, NOW_S) == "VALID"


def test_claims_are_given_only_when_they_count() -> None:
    held = verifier()
    held.load_keys(NEWEST, NOW_S)
    good = held.verify_lease(lease(), NOW_S)
    assert good.claims is not None
    assert good.claims["ent"] == ["pro"]
    assert held.verify_lease(lease(), MIDNIGHT_S + 30 * 86_400).claims is None


@pytest.mark.parametrize("now_s", [1.5, True, None, "1"])
def test_a_time_that_is_no_integer_is_a_mistake_of_the_seller(now_s: int) -> None:
    with pytest.raises(TypeError, match="integers"):
        verifier().verify_lease(lease(), now_s)


def test_mistakes_of_the_seller_are_noticed_in_typescript_too(typescript: TypeScript) -> None:
    assert typescript.unnoticed == []


def test_the_python_file_needs_cryptography_alone() -> None:
    tree = ast.parse((FOLDER / "tongbao_verifier.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
             for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert foreign == {"cryptography"}


def test_the_typescript_file_needs_one_package_and_that_only_when_asked() -> None:
    text = (FOLDER / "tongbao_verifier.ts").read_text(encoding="utf-8")
    assert re.findall(r"^import.*|\bfrom +[\"'].*|\bimport\(.*|\brequire\(.*", text,
                      re.MULTILINE) == ['import("@noble/ed25519");']


def test_the_typescript_file_compiles_without_a_browser_too(node: str) -> None:
    tsc = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, str(tsc), "--ignoreConfig", "--noEmit", "--strict", "--target", "ES2022",
         "--lib", "ES2022", "--module", "nodenext", "--types", "node",
         str(FOLDER / "tongbao_verifier.ts")],
        cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
