"""What the demo keeps between two runs: account, keys and the emulators' data (see ports.py too).

Everything lies in one folder that only its owner can read (0700; each file 0600).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulators.wechatpay import Account
from scripts.demo_purchase.keys import open_keys
from scripts.demo_purchase.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.demo_purchase.keys import Keys


@dataclass(frozen=True)
class State:
    """One demo's belongings. License keys are derived from `license_secret`."""

    folder: Path
    account: Account
    keys: Keys
    license_secret: str
    access_key: tuple[str, str]

    @property
    def tablestore_file(self) -> Path:
        """The data of the Tablestore emulator."""
        return self.folder / "tablestore.sqlite"

    @property
    def wechatpay_file(self) -> Path:
        """The data of the WeChat Pay emulator."""
        return self.folder / "wechatpay.sqlite"


class StateInUse(Exception):
    """Another demo runs in this folder."""


@contextmanager
def locked(folder: Path) -> Iterator[Path]:
    """Make the folder and keep every other demo out of it; raises StateInUse."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with open(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUse(f"another demo is running in {folder}") from None
        yield folder


def open_state(folder: Path) -> State:
    """The state in this folder, which exists; what is missing in it is made."""
    for name in ("tablestore.sqlite", "wechatpay.sqlite"):
        (folder / name).touch(mode=0o600)
    key_id, _, key_secret = _kept(
        folder / "access_key.txt",
        f"LTAI-demo-{secrets.token_hex(4)} {secrets.token_hex(16)}").partition(" ")
    return State(
        folder=folder, account=Account.load_or_create(folder / "account"),
        keys=open_keys(folder, int(time.time())),
        license_secret=_kept(folder / "license_secret.txt", secrets.token_urlsafe(32)),
        access_key=(key_id, key_secret))


def _kept(path: Path, fresh: str) -> str:
    if not path.exists():
        write_private(path, fresh)
    return path.read_text(encoding="utf-8")
