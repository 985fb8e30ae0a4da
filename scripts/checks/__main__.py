"""Chooses the parts and runs them one after another; the first failure decides the exit code."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from scripts.checks import browser
from scripts.checks.pythons import other_pythons, run_on

ROOT = Path(__file__).resolve().parents[2]
NOT_TESTS = ("lint", "types", "pythons")


def test_folders() -> list[str]:
    """The parts that are folders of tests/."""
    return sorted(folder.name for folder in (ROOT / "tests").iterdir()
                  if folder.is_dir() and any(folder.rglob("test_*.py")))


def run(title: str, *command: str) -> None:
    """Run one command and stop everything when it fails."""
    began = time.monotonic()
    print(f"\n── {title}", flush=True)
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(f"── {title}: {'ok' if code == 0 else 'FAILED'} "
          f"({time.monotonic() - began:.0f} s)", flush=True)
    if code:
        sys.exit(code)


def lint() -> None:
    """Style and banned names."""
    run("lint", sys.executable, "-m", "ruff", "check", ".")


def types() -> None:
    """mypy --strict over shared/, functions/ and emulators/."""
    run("types", sys.executable, "-m", "mypy")


def tests(parts: list[str], everything: bool, extra: list[str]) -> None:
    """pytest over the chosen folders, on both cores."""
    paths = [f"tests/{part}" for part in parts] or ["tests"]
    marks = [] if everything else ["-m", "not slow"]
    if not parts or "extension" in parts:
        browser.provide()
    run("tests " + " ".join(parts), sys.executable, "-m", "pytest", "-q", "-n", "2",
        "--dist", "worksteal", *marks, *paths, *extra)


def pythons() -> None:
    """Unit, contract and package-import tests on the other Pythons found here."""
    found = other_pythons()
    for version in ("3.10", "3.12"):
        if version not in found:
            print(f"\n── Python {version}: none answers on this machine; skipped")
    for version, executable in found.items():
        run_on(version, executable, run)


def main(arguments: list[str]) -> None:
    """Parse the few words this command takes."""
    extra: list[str] = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, extra = arguments[:cut], arguments[cut + 1:]
    if {"-h", "--help"} & set(arguments):
        print(f"usage: scripts/test [--all] [PART ...] [-- PYTEST_ARGUMENTS]\n"
              f"parts: {' '.join((*NOT_TESTS, *test_folders()))}")
        return
    everything = "--all" in arguments
    parts = [word for word in arguments if word != "--all"]
    unknown = [part for part in parts if part not in (*NOT_TESTS, *test_folders())]
    if unknown:
        sys.exit(f"scripts/test: no part called {', '.join(unknown)}; "
                 f"there are: {' '.join((*NOT_TESTS, *test_folders()))}")
    if not parts or "lint" in parts:
        lint()
    if not parts or "types" in parts:
        types()
    folders = [part for part in parts if part not in NOT_TESTS]
    if not parts or folders:
        tests(folders, everything, extra)
    if not parts or "pythons" in parts:
        pythons()


if __name__ == "__main__":
    main(sys.argv[1:])
