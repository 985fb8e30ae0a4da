"""Key files, for their owner alone, and set files, which are replaced whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.keyring.refusal import KeysRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

PRIVATE_MODE, PUBLIC_MODE = 0o600, 0o644
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS_AT_ALL = stat.S_IRWXG | stat.S_IRWXO


def check_private_place(path: Path, *, anyway: bool) -> None:
    """Raise KeysRefused unless a private key may be written there.

    `anyway` allows a git work tree: from there a key is committed sooner or later.
    """
    _check_private_folder(_folder(path), anyway=anyway)
    if os.path.lexists(path):
        raise _exists(path)


def _check_private_folder(folder: Path, *, anyway: bool) -> None:
    found = folder.stat()
    if found.st_mode & OTHERS_WRITE:
        raise KeysRefused("open_folder", f"others may write in {folder}: chmod go-w {folder}")
    if found.st_uid not in (0, os.geteuid()):
        raise KeysRefused("open_folder", f"{folder} belongs to somebody else; take one of your own")
    if not anyway and any((above / ".git").exists() for above in (folder, *folder.parents)):
        raise KeysRefused("work_tree", f"{folder} is in a git work tree, and keys do not belong "
                          "there; take another folder, or --anyway")


def write_private(path: Path, content: bytes, *, anyway: bool = False) -> None:
    """Write a private key, mode 600, to a new file; raises KeysRefused."""
    _check_private_folder(_folder(path), anyway=anyway)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW,
                             PRIVATE_MODE)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        _fill(descriptor, content, PRIVATE_MODE)
        _sync(path.parent)
    except BaseException as error:  # Ctrl-C too: half a key must not lie there like a key
        path.unlink()
        if isinstance(error, OSError):
            raise _unwritable(path, error) from None
        raise


def read_private(path: Path) -> bytes:
    """What a private file holds; raises KeysRefused when others may open it, too."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & OTHERS_AT_ALL:
                raise KeysRefused("open_file", f"others may open {path}: chmod 600 {path}; if "
                                  "somebody did, withdraw what it signs")
            return file.read()
    except OSError as error:
        raise _unreadable(path, error) from None


def read_set(path: Path) -> str:
    """The text of a set file."""
    try:
        return path.read_text(encoding="ascii").strip()
    except UnicodeDecodeError:
        raise KeysRefused("foreign_root", f"{path} is no key set") from None
    except OSError as error:
        raise _unreadable(path, error) from None


def check_new_set(path: Path) -> None:
    """Raise KeysRefused unless a first set may be written there."""
    _folder(path)
    if os.path.lexists(path):
        raise _exists(path)


def create_set(path: Path, token: str) -> None:
    """Write a first set, whole or not at all; a file that is there stays."""
    with _beside(path, token) as written:
        try:
            os.link(written, path)
        except FileExistsError:
            raise _exists(path) from None


def replace_set(path: Path, token: str, *, former: str) -> None:
    """Put the next set in the place of `former`, whole or not at all.

    Raises KeysRefused (changed_meanwhile): two sets must not follow the same one.
    """
    with _beside(path, token) as written:
        if read_set(path) != former:
            raise KeysRefused("changed_meanwhile", f"{path} was changed by somebody else at the "
                              "same time; look at it, and start again")
        os.replace(written, path)


@contextmanager
def _beside(path: Path, token: str) -> Iterator[Path]:
    """A complete file in the folder of `path`, to be put in its place."""
    folder = _folder(path)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)
        try:
            _fill(descriptor, token.encode() + b"\n", PUBLIC_MODE)
            yield Path(name)
            _sync(folder)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def _fill(descriptor: int, content: bytes, mode: int) -> None:
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)  # whatever the umask says
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder(path: Path) -> Path:
    folder = path.parent.resolve()
    if not folder.is_dir():
        raise KeysRefused("no_folder", f"there is no folder {folder}: mkdir -m 700 {folder}")
    return folder


def _exists(path: Path) -> KeysRefused:
    return KeysRefused("exists", f"{path} exists, and is not written over; choose another name")


def _unwritable(path: Path, error: OSError) -> KeysRefused:
    return KeysRefused("unwritable", f"{path} cannot be written: {error.strerror}")


def _unreadable(path: Path, error: OSError) -> KeysRefused:
    return KeysRefused("unreadable", f"{path} cannot be read: {error.strerror}")
