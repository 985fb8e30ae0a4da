"""The command as a process of its own, where nobody can be asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_where_nobody_can_be_asked_no_root_is_made(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.keyring", "--folder", str(tmp_path), "root", "a.pem"],
        cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        start_new_session=True)  # without it getpass would find the terminal of who tests
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("refused: ")
    assert "--passphrase-file" in ended.stderr
    assert [*tmp_path.iterdir()] == []
