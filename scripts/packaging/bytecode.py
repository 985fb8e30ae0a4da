"""Compiles a package with the target's own Python: without .pyc every cold start compiles anew.

The files are valid without a look at the source (unchecked hash, PEP 552), because times of files
are not kept and the code folder cannot be written on the platform.
"""

from __future__ import annotations

import glob
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.packaging.targets import Target

CODE_FOLDER = "/code"
_PLACES = ("/usr/bin/python{0}", "/usr/local/bin/python{0}", "/opt/*/bin/python{0}",
           "~/.pyenv/versions/{0}*/bin/python", "~/.local/share/uv/python/*/bin/python{0}")


def find_python(target: Target) -> str | None:
    """An interpreter of the target's version, found by running candidates."""
    places = [os.path.expanduser(place.format(target.python)) for place in _PLACES]
    found = [path for place in places for path in sorted(glob.glob(place))]
    for candidate in [f"python{target.python}", *found]:
        if _version_of(candidate) == target.python:
            return candidate
    return None


def compile_folder(folder: Path, python: str) -> None:
    """Write __pycache__ beside every module. Raises CalledProcessError for a broken module."""
    subprocess.run(
        [python, "-s", "-S", "-m", "compileall", "-q", "-f", "-j", "1",
         "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", CODE_FOLDER,
         str(folder)],
        # Sets in constants are stored in hash order, which differs from run to run otherwise;
        # -I would ignore the variable, so isolation is this environment and working directory.
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}, cwd="/",
        check=True, capture_output=True, text=True)


def _version_of(executable: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"
    try:
        answer = subprocess.run([executable, "-I", "-c", code], capture_output=True, text=True,
                                timeout=20, check=False)
    except OSError:
        return None
    version, _, implementation = answer.stdout.strip().partition(" ")
    return version if answer.returncode == 0 and implementation == "cpython" else None
