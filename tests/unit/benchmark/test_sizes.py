"""Sizes of packages."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from scripts.benchmark.sizes import archive_size, with_requirements, zipped_size

if TYPE_CHECKING:
    from pathlib import Path


def test_an_archive_and_its_files_have_the_same_size(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\n" * 1000)
    (tmp_path / "b.py").write_bytes(b"y = 2\n")
    files = {name: tmp_path / name for name in ("a.py", "b.py")}
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, path in files.items():
            made.write(path, name)
    measured = archive_size(archive)
    assert measured == zipped_size(files)
    assert (measured.files, measured.unzipped) == (2, 6006)
    assert measured.zipped < 1000


def test_requirements_are_followed_to_their_end() -> None:
    names = {found.metadata["Name"].lower() for found in with_requirements(("wechatpayv3",))}
    assert {"wechatpayv3", "requests", "certifi", "cryptography"} <= names
    assert "pytest" not in names


def test_what_is_not_installed_is_left_out() -> None:
    assert with_requirements(("no-such-distribution-anywhere",)) == []
