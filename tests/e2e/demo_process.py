"""scripts/demo in a process of its own, and what it leaves behind. For all tests of the demo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300


def start_demo(state: Path, *options: str, environment: Mapping[str, str] | None = None,
               ) -> subprocess.Popen[str]:
    """`environment` is added to ours. Write a newline to its standard input to press Enter."""
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo_purchase", "--state", str(state), *options],
        cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, encoding="utf-8",
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", **(environment or {})})


def read_until(demo: subprocess.Popen[str], told: str) -> str:
    """The first line from here on that says this; fails with all that was said instead."""
    assert demo.stdout is not None
    before = []
    for line in demo.stdout:
        if told in line:
            return line
        before.append(line)
    raise AssertionError("".join(before))


def processes_of(state: Path) -> list[str]:
    """Processes, of any parent, that were given this demo's address of Tablestore."""
    port = json.loads((state / "ports.json").read_text())["tablestore"]
    return _processes("environ", f"TONGBAO_TABLESTORE_ENDPOINT=http://127.0.0.1:{port}")


def processes_on(profile: str) -> list[str]:
    """Processes of the browser that was started with this profile."""
    return _processes("cmdline", profile)


def _processes(file: str, mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / file).read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found
