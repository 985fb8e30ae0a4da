"""Finds the other supported Pythons by running them, and runs part of the suite on each."""

from __future__ import annotations

import glob
import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
WANTED = ("3.10", "3.12")
PLACES = ("/usr/bin/python3.1*", "/usr/local/bin/python3.1*", "/opt/*/bin/python3.1*",
          "~/.pyenv/versions/*/bin/python3.1*", "~/.local/share/uv/python/*/bin/python3.1*")
PARTS = ("unit", "contract", "budgets", "packaging")


def other_pythons() -> dict[str, str]:
    """Map each wanted version that answers here to its executable; a name proves nothing."""
    found: dict[str, str] = {}
    names = [f"python{version}" for version in WANTED]
    for candidate in names + [path for place in PLACES
                              for path in sorted(glob.glob(os.path.expanduser(place)))]:
        version = _version_of(candidate)
        if version in WANTED:
            found.setdefault(version, candidate)
    return dict(sorted(found.items()))


def _version_of(executable: str) -> str | None:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([executable, "-c", code], capture_output=True, text=True,
                                timeout=20, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def run_on(version: str, executable: str, run: Callable[..., None]) -> None:
    """Make (or reuse) .venv-<version> and run the chosen parts in it."""
    folder = ROOT / f".venv-{version}"
    python = str(folder / "bin/python")
    requirements = ROOT / "requirements-dev.txt"
    stamp = hashlib.sha256(requirements.read_bytes()).hexdigest()
    marker = folder / "installed"
    if not marker.exists() or marker.read_text() != stamp:
        run(f"Python {version}: install", executable, "-m", "venv", "--clear", str(folder))
        run(f"Python {version}: packages", python, "-m", "pip", "install", "-qq",
            "--disable-pip-version-check", "--no-deps", "--require-hashes",
            "-r", str(requirements))
        marker.write_text(stamp)
    folders = [f"tests/{part}" for part in PARTS if (ROOT / "tests" / part).exists()]
    run(f"Python {version}: {' '.join(PARTS)}", python, "-m", "pytest", "-q", "-n", "2",
        "-m", "not slow", *folders)
