"""Puts one package together in a folder: handler, shared library, the needed files of wheels."""

from __future__ import annotations

import shutil
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from scripts.packaging.contents import LEFT_OUT_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCES_LEFT_OUT = ("__pycache__", "*.pyc")


class StagingError(Exception):
    """Two parts of a package want the same path, or a wheel has an unsafe one."""


def stage(folder: Path, source: Path, shared: Path, wheels: Iterable[Path]) -> None:
    """Fill `folder`: the handler's files at its root, `shared/` beside them, then the wheels."""
    folder.mkdir(parents=True)
    for path in sorted(source.glob("*.py")):
        if path.name != "__init__.py":  # the handler is a module of its own there
            shutil.copyfile(path, folder / path.name)
    shutil.copytree(shared, folder / "shared", ignore=shutil.ignore_patterns(*SOURCES_LEFT_OUT))
    for wheel in wheels:
        _unpack(wheel, folder)


def is_needed(name: str) -> bool:
    """Whether a file of a wheel goes into the package."""
    return not any(fnmatch(name, pattern) for pattern in LEFT_OUT_FILES)


def _unpack(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = _within(entry.filename)
            if entry.is_dir() or name is None or not is_needed(name):
                continue
            target = folder / name
            if target.exists():
                raise StagingError(f"{wheel.name}: {name} is there already")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(entry))


def _within(name: str) -> str | None:
    """The path in the package; None for a wheel's scripts and headers."""
    parts = PurePosixPath(name).parts
    if PurePosixPath(name).is_absolute() or ".." in parts:
        raise StagingError(f"unsafe path {name!r}")
    if not parts[0].endswith(".data"):
        return name
    return "/".join(parts[2:]) if parts[1] in ("purelib", "platlib") else None
