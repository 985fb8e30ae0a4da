"""Which C library the extension modules of a package need: a wheel for a newer one cannot load."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_GLIBC = re.compile(rb"GLIBC_(\d+)\.(\d+)")


def newest_glibc(folder: Path) -> tuple[int, int]:
    """The newest symbol version that any shared object asks for; (0, 0) without any."""
    newest = (0, 0)
    for path in folder.rglob("*.so*"):
        versions = [(int(major), int(minor)) for major, minor in _GLIBC.findall(path.read_bytes())]
        newest = max([newest, *versions])
    return newest
