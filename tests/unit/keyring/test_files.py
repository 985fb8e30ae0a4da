"""Files are whole or not there, private ones are private, and nobody's work is written over."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from scripts.keyring import files
from scripts.keyring.refusal import KeysRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow; Python ignores the signal that tells of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_private_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.pem").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeysRefused, match="exists"):
        files.write_private(tmp_path / "a.pem", b"key")
    assert not (tmp_path / "elsewhere").exists()


def test_a_private_file_is_never_written_over(tmp_path: Path) -> None:
    files.write_private(tmp_path / "a.pem", b"theirs")
    with pytest.raises(KeysRefused, match="exists"):
        files.write_private(tmp_path / "a.pem", b"ours")
    assert files.read_private(tmp_path / "a.pem") == b"theirs"


def test_a_full_disk_leaves_no_half_key_and_the_former_set(tmp_path: Path) -> None:
    path = tmp_path / "keys.jws"
    files.create_set(path, "first")
    for write in (lambda: files.write_private(tmp_path / "a.pem", b"key"),
                  lambda: files.replace_set(path, "second", former="first")):
        with full_disk(), pytest.raises(KeysRefused, match="cannot be written"):
            write()
    assert {kept.name: kept.read_text() for kept in tmp_path.iterdir()} == {"keys.jws": "first\n"}


@pytest.mark.parametrize("its_mode", [0o720, 0o702, 0o777])
def test_a_folder_in_which_others_write_gets_no_key(tmp_path: Path, its_mode: int) -> None:
    tmp_path.chmod(its_mode)
    with pytest.raises(KeysRefused, match="chmod go-w"):
        files.write_private(tmp_path / "a.pem", b"key")
    tmp_path.chmod(0o755)
    files.write_private(tmp_path / "a.pem", b"key")


@pytest.mark.parametrize("its_mode", [0o640, 0o604, 0o620, 0o601])
def test_a_private_file_that_others_may_open_is_not_used(tmp_path: Path, its_mode: int) -> None:
    path = tmp_path / "a.pem"
    files.write_private(path, b"key")
    assert files.read_private(path) == b"key"
    path.chmod(its_mode)
    with pytest.raises(KeysRefused, match="chmod 600"):
        files.read_private(path)


def test_a_work_tree_of_git_is_known_by_its_file_too(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere")  # a linked work tree, or a submodule
    with pytest.raises(KeysRefused, match="git work tree"):
        files.write_private(tmp_path / "a.pem", b"key")
    files.write_private(tmp_path / "a.pem", b"key", anyway=True)


def test_a_first_set_is_not_written_over_another_that_came_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "keys.jws"
    files.check_new_set(path)
    path.write_text("theirs")
    with pytest.raises(KeysRefused, match="exists"):
        files.create_set(path, "ours")
    assert {kept.name: kept.read_text() for kept in tmp_path.iterdir()} == {"keys.jws": "theirs"}


def test_two_sets_do_not_follow_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.jws"
    files.create_set(path, "first")
    files.replace_set(path, "theirs", former="first")
    with pytest.raises(KeysRefused, match="start again"):
        files.replace_set(path, "ours", former="first")
    assert {kept.name: kept.read_text() for kept in tmp_path.iterdir()} == {
        "keys.jws": "theirs\n"}


def test_who_reads_while_a_set_is_replaced_has_the_whole_former_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.jws"
    files.create_set(path, "first")
    with path.open() as reader:
        files.replace_set(path, "second", former="first")
        assert reader.read() == "first\n"
    assert files.read_set(path) == "second"


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300)
    for write in (lambda: files.write_private(path, b"key"),
                  lambda: files.create_set(path, "token")):
        with pytest.raises(KeysRefused, match="cannot be written"):
            write()
    assert [*tmp_path.iterdir()] == []


def test_a_set_file_of_other_bytes_is_none(tmp_path: Path) -> None:
    (tmp_path / "keys.jws").write_bytes(os.urandom(8) + b"\xff")
    with pytest.raises(KeysRefused, match="no key set"):
        files.read_set(tmp_path / "keys.jws")
