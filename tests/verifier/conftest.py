"""The TypeScript verifier: compiled once, and put through everything in one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.vectors.leases.minting import KEYS, x_of
from tests.verifier.mutants import mutants, odd_json
from tests.verifier.thumbprints import KNOWN
from tests.verifier.vectors import FILES, ROOT, document

if TYPE_CHECKING:
    from pathlib import Path

HERE = ROOT / "tests" / "verifier"
PACKAGES = ("typescript", "@noble/ed25519", "@types/node")


@dataclass(frozen=True)
class TypeScript:
    """What the TypeScript verifier said to everything."""

    codes: dict[str, dict[str, list[str]]]
    calls: dict[str, int]
    nonces: list[Any]
    thumbprints: list[str]
    unnoticed: list[str]


@pytest.fixture(scope="session")
def node() -> str:
    """The node program; without it or the packages: skipped, and a failure under CI."""
    found = shutil.which("node")
    absent = [name for name in PACKAGES if not (ROOT / "node_modules" / name).is_dir()]
    if found is None or absent:
        reason = f"needs node and {', '.join(absent) or 'Node 20'}: run scripts/install"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def compiled(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the verifier, compiled by the pinned compiler, and the packages beside it."""
    folder = tmp_path_factory.mktemp("compiled")
    tsc = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run([node, str(tsc), "-p", str(ROOT / "extension" / "verifier"),
                           "--outDir", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    return folder


@pytest.fixture(scope="session")
def typescript(node: str, compiled: Path) -> TypeScript:
    """Run the verifier over vectors, mutants, nonces and thumbprints."""
    nonces = document("nonces")
    given = {"documents": {name: document(name) for name in FILES} | {
                 "mutants": mutants(), "odd JSON": odd_json()},
             "secret": nonces["secret"], "times": [it["now_s"] for it in nonces["nonces"]],
             "jwks": [jwk for jwk, _ in KNOWN], "xs": [x_of(key) for key in KEYS.values()]}
    command = [node, str(HERE / "run_vectors.mjs"), str(compiled / "tongbao_verifier.js")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, check=False,
                          encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return TypeScript(**json.loads(done.stdout))
