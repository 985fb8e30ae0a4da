"""Fetches the wheels of the pins, once, and checks every file against the lock."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.packaging.lock import Pin
    from scripts.packaging.targets import Target


class FetchError(Exception):
    """The package index did not give what the lock names."""


def fetch(pins: list[Pin], cache: Path, target: Target) -> dict[str, Path]:
    """A verified wheel for every pin, by name; only what the cache lacks is downloaded.

    Raises FetchError.
    """
    folder = cache / target.runtime
    folder.mkdir(parents=True, exist_ok=True)
    # A deployment builds its functions at the same time; one of them fetches.
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [pin for pin in pins if _cached(pin, folder) is None]
        if missing:
            _download(missing, folder, target)
    found = {pin.name: _cached(pin, folder) for pin in pins}
    absent = [name for name, path in found.items() if path is None]
    if absent:
        raise FetchError(f"no wheel for {target.runtime} of: {', '.join(absent)}")
    return {name: path for name, path in found.items() if path is not None}


def _cached(pin: Pin, folder: Path) -> Path | None:
    for path in sorted(folder.glob("*.whl")):
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if (canonicalize_name(name), str(version)) == (pin.name, pin.version) \
                and hashlib.sha256(path.read_bytes()).hexdigest() in pin.sha256:
            return path
    return None


def _download(pins: list[Pin], folder: Path, target: Target) -> None:
    abi = "cp" + target.python.replace(".", "")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as requirements:
        requirements.write("\n".join(pin.line() for pin in pins) + "\n")
        requirements.flush()
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
             "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation", "cp",
             "--python-version", target.python, "--abi", abi, "--abi", "abi3", "--abi", "none",
             *(f"--platform={tag}" for tag in target.platforms),
             "--dest", str(folder), "--requirement", requirements.name],
            capture_output=True, text=True, check=False)
    if done.returncode:
        raise FetchError(f"pip could not fetch the wheels:\n{done.stderr.strip()}")
