"""The second checker shares no code with what it checks."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.sources import ROOT, files, imports, is_ours, name_of


def test_it_imports_nothing_of_ours_but_itself() -> None:
    assert files("scripts/auditing")
    wrong = [(name_of(path), name) for path in files("scripts/auditing")
             for name in imports(path) if is_ours(name)
             and not name.startswith("scripts.auditing")]
    assert wrong == []


def test_running_it_loads_nothing_of_the_product() -> None:
    code = ("import sys, scripts.auditing.__main__\n"
            "print(*sorted({name.split('.')[0] for name in sys.modules}))")
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True,
                            text=True, check=True).stdout.split()
    assert "scripts" in loaded
    assert not {"shared", "functions", "emulators", "tests"} & set(loaded)
