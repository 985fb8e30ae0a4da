"""The steps of scripts/package, each by itself."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from scripts.packaging.archive import normalize, write_zip
from scripts.packaging.binaries import newest_glibc
from scripts.packaging.build import ROOT
from scripts.packaging.contents import PACKAGES
from scripts.packaging.lock import LockError, Pin, chosen, read_lock
from scripts.packaging.staging import StagingError, is_needed, stage
from scripts.packaging.targets import TARGETS, Target
from scripts.packaging.wheels import FetchError, fetch

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = TARGETS["python3.10"], TARGETS["python3.12"]
DIGEST = "0" * 64


def lock_of(folder: Path, *lines: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def pinned(requirement: str, digest: str = DIGEST) -> str:
    name, _, marker = requirement.partition(" ; ")
    return f"{name} {'; ' + marker if marker else ''} \\\n    --hash=sha256:{digest}"


def test_markers_hold_for_the_target_and_not_for_the_interpreter_that_builds(
        tmp_path: Path) -> None:
    lock = lock_of(tmp_path, pinned("multidict==7.1.0 ; python_full_version < '3.11'"),
                   pinned("multidict==7.2.1 ; python_full_version >= '3.11'"))
    assert read_lock(lock, OLD)["multidict"].version == "7.1.0"
    assert read_lock(lock, NEW)["multidict"].version == "7.2.1"


@pytest.mark.parametrize("lines", [
    [pinned("a==1"), pinned("a==2")], ["a==1"], [pinned("a>=1")]])
def test_anything_but_one_pin_with_hashes_is_refused(tmp_path: Path, lines: list[str]) -> None:
    assert read_lock(lock_of(tmp_path, pinned("a==1")), OLD)["a"].sha256 == {DIGEST}
    with pytest.raises(LockError, match="a is not pinned once"):
        read_lock(lock_of(tmp_path, *lines), OLD)


@pytest.mark.parametrize(("target", "unneeded"), [(OLD, set()), (NEW, {"async-timeout"})])
@pytest.mark.parametrize("name", PACKAGES)
def test_the_lock_has_all_that_a_package_wants(
        name: str, target: Target, unneeded: set[str]) -> None:
    wanted = PACKAGES[name].distributions
    pins = chosen(read_lock(ROOT / "requirements.txt", target), wanted, target)
    assert {pin.name for pin in pins} == set(wanted) - unneeded


def test_a_distribution_that_is_not_locked_is_named() -> None:
    with pytest.raises(LockError, match=r"not in the lock for python3\.10: flask"):
        chosen({}, ("flask",), OLD)


def test_a_wheel_that_is_not_the_locked_one_is_not_used(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    folder = tmp_path / OLD.runtime
    folder.mkdir()
    wheel(folder / "a_package_of_nobody-1-py3-none-any.whl", {"a.py": b""})
    with pytest.raises(FetchError, match="pip could not fetch"):
        fetch([Pin("a-package-of-nobody", "1", frozenset({DIGEST}))], tmp_path, OLD)


@pytest.mark.parametrize(("name", "needed"), [
    ("urllib3/response.py", True), ("certifi/cacert.pem", True), ("urllib3/response.pyi", False),
    ("a/tests/test_a.py", False), ("tests/test_a.py", False), ("tablestore/testimony.py", True),
    ("tablestore/ots_sdk/ots_sdk.so", False), ("tablestore/ots_sdk/__init__.py", True),
    ("x/native.cpython-313-darwin.so", False), ("x-1.dist-info/RECORD", False),
    ("x-1.dist-info/METADATA", True), ("x-1.dist-info/licenses/LICENSE", True),
    ("_cffi_backend.cpython-310-x86_64-linux-gnu.so", True), ("cffi/api.py", False)])
def test_which_files_of_a_wheel_are_needed(name: str, needed: bool) -> None:
    assert is_needed(name) is needed


def wheel(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def sources(folder: Path) -> tuple[Path, Path]:
    handler, shared = folder / "handler", folder / "shared"
    handler.mkdir()
    shared.mkdir()
    (handler / "__init__.py").touch()
    (handler / "index.py").write_text("import shared\n")
    (shared / "__init__.py").touch()
    (shared / "catalogue.json").write_text("{}")
    (shared / "__pycache__").mkdir()
    (shared / "__pycache__" / "old.cpython-310.pyc").write_bytes(b"")
    return handler, shared


def test_a_package_has_the_handler_at_its_root_and_shared_beside_it(tmp_path: Path) -> None:
    handler, shared = sources(tmp_path)
    third = wheel(tmp_path / "w.whl", {"lib/a.py": b"", "lib-1.data/purelib/b.py": b"",
                                       "lib-1.data/scripts/run": b""})
    stage(tmp_path / "out", handler, shared, [third])
    files = {path.relative_to(tmp_path / "out").as_posix()
             for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert files == {"index.py", "shared/__init__.py", "shared/catalogue.json", "lib/a.py", "b.py"}


@pytest.mark.parametrize("name", ["../a.py", "/a.py", "index.py"])
def test_a_wheel_cannot_write_elsewhere_or_over_our_files(tmp_path: Path, name: str) -> None:
    handler, shared = sources(tmp_path)
    with pytest.raises(StagingError):
        stage(tmp_path / "out", handler, shared, [wheel(tmp_path / "w.whl", {name: b""})])


def test_the_newest_symbol_version_counts(tmp_path: Path) -> None:
    assert newest_glibc(tmp_path) == (0, 0)
    (tmp_path / "a.so").write_bytes(b"\0GLIBC_2.17\0GLIBC_2.4\0")
    assert newest_glibc(tmp_path) == (2, 17)
    (tmp_path / "b.abi3.so").write_bytes(b"\0GLIBC_2.28\0")
    assert newest_glibc(tmp_path) == (2, 28)


def test_times_and_modes_of_the_files_do_not_reach_the_zip(tmp_path: Path) -> None:
    digests = set()
    for number, mode in ((1, 0o600), (2, 0o755)):
        folder = tmp_path / str(number)
        (folder / "b").mkdir(parents=True)
        for name in ("b/c.py", "a.py") if number == 1 else ("a.py", "b/c.py"):
            (folder / name).write_text(name)
            (folder / name).chmod(mode)
        normalize(folder)
        digests.add(write_zip(folder, tmp_path / f"{number}.zip"))
    assert len(digests) == 1
