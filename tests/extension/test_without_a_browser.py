"""Where there is no browser, nothing is silently left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.extension.built import ROOT

if TYPE_CHECKING:
    from pathlib import Path

IN_CHROMIUM = "tests/extension/test_purchase.py"


@pytest.fixture
def without_browsers(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has Node, and no browser."""
    node = shutil.which("node")
    assert node is not None
    (tmp_path / "node").symlink_to(node)
    return {**os.environ, "PATH": str(tmp_path)}


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 error")])
def test_without_chromium_its_tests_say_how_to_get_it_and_fail_in_ci(
        without_browsers: dict[str, str], ci: str, outcome: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-n", "0", "-p", "no:cacheprovider",
         IN_CHROMIUM], cwd=ROOT, env={**without_browsers, "CI": ci},
        check=False, capture_output=True, text=True)
    assert outcome in done.stdout, done.stdout + done.stderr
    assert done.returncode == (1 if ci else 0)
    assert "sudo apt-get install --no-install-recommends chromium fonts-wqy-microhei" in done.stdout
