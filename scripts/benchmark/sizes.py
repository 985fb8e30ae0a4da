"""What is deployed: bytes and files of each package, beside the plain stack's own files.

The plain stack is not installed anew: its distributions and all that they require are looked
up among the installed ones, and the files that their own records name are counted and zipped.
numpy, which the store's SDK requires and this project leaves out, is therefore not counted;
an ordinary `pip install` would add it.
"""

from __future__ import annotations

import re
import subprocess
import zipfile
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmark.figures import Aim, Ratio, Row
from scripts.benchmark.start_up import ROOT

if TYPE_CHECKING:
    from scripts.benchmark.run import Run

SECTION = "Package"
PACKAGES = ("create-order", "notify", "license-fetch")
PLAIN = ("wechatpayv3", "tablestore", "pydantic")
MOST_MB = 20
MB = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Size:
    """Files, their bytes, and the bytes of all of them zipped."""

    files: int
    unzipped: int
    zipped: int

    def __str__(self) -> str:
        return (f"{self.zipped / MB:.1f} MB zip, {self.unzipped / MB:.1f} MB, "
                f"{self.files} files")


def plan(run: Run) -> int:
    """How many steps `measure` takes."""
    return len(PACKAGES) + 1


def measure(run: Run) -> list[Row]:
    """Each package that scripts/package builds; it is run first where none was built."""
    if not all(_archive(name).exists() for name in PACKAGES):
        if run.quick:
            run.note("Skipped: package sizes (nothing is built yet; run scripts/package).")
            return []
        built = subprocess.run([str(ROOT / "scripts" / "package")], cwd=ROOT, check=False,
                               capture_output=True, text=True)
        if built.returncode:
            run.note(f"Skipped: package sizes (scripts/package: {built.stderr.strip()[-200:]}).")
            return []
    plain = zipped_size(plain_files())
    run.step()
    run.note("Plain stack's files: " + ", ".join(PLAIN) + " and what they require, as installed "
             "here, with .py sources and no .pyc; without numpy, which a plain pip install adds.")
    rows = []
    for name in PACKAGES:
        ours = archive_size(_archive(name))
        run.step()
        run.keep(f"package {name}", vars(ours))
        ratio = ours.zipped / plain.zipped
        aim = Aim(f"≤ {MOST_MB} MB zip", limit=MOST_MB * MB / plain.zipped)
        rows.append(Row(SECTION, name, str(ours), "plain stack", str(plain),
                        Ratio(ratio, ratio), aim))
    return rows


def archive_size(path: Path) -> Size:
    """The size of an archive that was built."""
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
    return Size(len(members), sum(member.file_size for member in members), path.stat().st_size)


def zipped_size(files: dict[str, Path]) -> Size:
    """The size of these files, and of an archive of them made in memory."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in sorted(files.items()):
            archive.write(path, name)
    return Size(len(files), sum(path.stat().st_size for path in files.values()),
                len(buffer.getvalue()))


def plain_files() -> dict[str, Path]:
    """The files of the plain stack's distributions, by their path in site-packages."""
    files = {}
    for found in with_requirements(PLAIN):
        for entry in found.files or []:
            path = Path(str(found.locate_file(entry)))
            outside = str(entry).startswith("..")
            if not outside and "__pycache__" not in str(entry) and path.is_file():
                files[str(entry)] = path
    return files


def with_requirements(names: tuple[str, ...]) -> list[Distribution]:
    """These distributions and all that they require, as far as installed; no extras."""
    found: dict[str, Distribution] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        for requirement in found[name].requires or []:
            match = _NAME.match(requirement)
            if match and "extra ==" not in requirement:
                waiting.append(match.group())
    return list(found.values())


def _archive(name: str) -> Path:
    return ROOT / "build" / f"{name}.zip"
