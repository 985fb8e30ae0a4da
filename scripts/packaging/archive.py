"""The same bytes every time: fixed order, times and modes, in the folder and in the zip."""

from __future__ import annotations

import hashlib
import os
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# The earliest time that a zip can hold.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
FIXED_TIME_S = 315_532_800
FILE_MODE = 0o644
FOLDER_MODE = 0o755


def files_of(folder: Path) -> list[Path]:
    """Every file, in the order of its path as text."""
    return sorted((path for path in folder.rglob("*") if path.is_file()),
                  key=lambda path: path.relative_to(folder).as_posix())


def normalize(folder: Path) -> None:
    """Fix modes and times, so that who zips the folder gets the same bytes too."""
    for path in [*folder.rglob("*"), folder]:
        path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (FIXED_TIME_S, FIXED_TIME_S))


def write_zip(folder: Path, target: Path) -> str:
    """Zip the folder's content; the SHA-256 of the zip."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = (0o100000 | FILE_MODE) << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return hashlib.sha256(target.read_bytes()).hexdigest()
