"""The SDK's own tests on Node's runner, its types, and its size."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.architecture.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EXTENSION = ROOT / "extension"
MOST_LINES = 300
MOST_GZIPPED_BYTES = 15_000
LONG_S = 300


def node(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Node, which these tests cannot do without."""
    program = shutil.which("node")
    assert program is not None, "needs Node 20: https://nodejs.org, then scripts/install"
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True,
                          check=False, timeout=LONG_S)


def test_the_sdk_does_what_its_own_tests_say() -> None:
    done = node(str(EXTENSION / "test.mjs"))
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"^# (tests|pass|fail|skipped|todo) (\d+)$", done.stdout, re.M))
    assert int(counts["tests"]) > 50, done.stdout
    assert counts["pass"] == counts["tests"], done.stdout


def test_the_sdk_and_its_tests_are_typed_strictly() -> None:
    compiler = str(ROOT / "node_modules" / "typescript" / "bin" / "tsc")
    for project in ("tsconfig.json", "tsconfig.test.json"):
        done = node(compiler, "-p", str(EXTENSION / project))
        assert done.returncode == 0, done.stdout


def test_the_sdk_with_qr_and_fallback_keeps_to_its_size_and_works_as_built(tmp_path: Path) -> None:
    done = node(str(EXTENSION / "build.mjs"), "--out", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    sizes = re.search(r"sdk: \d+ B, (\d+) B gzipped of (\d+)", done.stdout)
    assert sizes is not None, done.stdout
    assert int(sizes[1]) <= int(sizes[2]) <= MOST_GZIPPED_BYTES
    built = node(str(EXTENSION / "test.mjs"), "--built", str(tmp_path / "sdk" / "tongbao.js"),
                 "checkout", "crashes", "endings")
    assert built.returncode == 0, built.stdout + built.stderr


def test_no_source_of_the_sdk_is_long() -> None:
    long = [path.name for path in EXTENSION.glob("sdk/**/*.ts")
            if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES]
    assert long == []
