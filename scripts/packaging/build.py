"""Builds packages: pins → wheels → folder → checks → bytecode → zip."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.packaging.archive import files_of, normalize, write_zip
from scripts.packaging.binaries import newest_glibc
from scripts.packaging.bytecode import compile_folder
from scripts.packaging.contents import PACKAGES
from scripts.packaging.lock import chosen, read_lock
from scripts.packaging.staging import stage
from scripts.packaging.wheels import fetch

if TYPE_CHECKING:
    from scripts.packaging.targets import Target

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / ".wheels"


class BuildError(Exception):
    """A finished package would not run on the platform."""


@dataclass(frozen=True)
class Built:
    """One package as it is on disk. Sizes in bytes."""

    name: str
    folder: Path
    archive: Path
    sha256: str
    files: int
    unzipped_bytes: int
    zipped_bytes: int
    glibc: tuple[int, int]


def build(name: str, output: Path, target: Target, python: str | None) -> Built:
    """Build one package into `output`/<name>/ and `output`/<name>.zip.

    `python` compiles it; None leaves the modules uncompiled. Raises LockError, FetchError,
    StagingError and BuildError.
    """
    package = PACKAGES[name]
    pins = chosen(read_lock(ROOT / "requirements.txt", target), package.distributions, target)
    wheels = fetch(pins, CACHE, target)
    staged = output / f".{name}.new"
    shutil.rmtree(staged, ignore_errors=True)
    stage(staged, ROOT / package.source, ROOT / "shared", wheels.values())
    glibc = newest_glibc(staged)
    if glibc > target.glibc:
        raise BuildError(f"{name} needs GLIBC {glibc[0]}.{glibc[1]}; "
                         f"{target.runtime} has {target.glibc[0]}.{target.glibc[1]}")
    if python is not None:
        compile_folder(staged, python)
    normalize(staged)
    folder, archive = output / name, output / f"{name}.zip"
    shutil.rmtree(folder, ignore_errors=True)
    staged.rename(folder)
    digest = write_zip(folder, archive)
    files = files_of(folder)
    return Built(name, folder, archive, digest, len(files),
                 sum(path.stat().st_size for path in files), archive.stat().st_size, glibc)
