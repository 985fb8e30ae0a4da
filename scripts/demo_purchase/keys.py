"""The demo's keys: two roots, one signing key, and the set that says that it counts.

Made and rotated as `scripts/keys` does it, only that here the roots lie beside the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scripts.demo_purchase.private_files import write_private
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import Root, make_root, make_signing_key, root_from_pem

if TYPE_CHECKING:
    from pathlib import Path

PREFIX, ENVIRONMENT = "DEM0", "test"
ISSUER = f"tongbao:{PREFIX}"
MOST_KEYS = 4
"""A set is a setting, and Function Compute takes 4 KB of them: a demo that is run often forgets."""
ROOT_FILES = ("root_a.pem", "root_b.pem")
SEED_FILE, SET_FILE = "signing_key.txt", "keys.jws"


@dataclass(frozen=True)
class Keys:
    """`roots` are what clients pin, `text` is the signed set, `seed` that of its active key."""

    folder: Path
    roots: tuple[Root, ...]
    seed: str
    text: str

    @property
    def pinned(self) -> tuple[str, ...]:
        """The public halves of the roots."""
        return tuple(root.x for root in self.roots)

    @property
    def listed(self) -> key_set.KeySet:
        """What the set says."""
        return key_set.verify(self.text, self.pinned)

    @property
    def kid(self) -> str:
        """The name of the active key."""
        return self.listed.of_status(key_set.ACTIVE)[0].kid

    def settings(self) -> dict[str, str]:
        """What a deployment needs to sign with this key."""
        return {"TONGBAO_SIGNING_KID": self.kid, "TONGBAO_SIGNING_KEY": self.seed,
                "TONGBAO_KEY_SET": self.text}

    def rotated(self, now_s: int, *, withdrawn: bool = False, root: int = 0) -> Keys:
        """With a new active key. The former is retired at once or, if it leaked, withdrawn."""
        former = self.listed
        new = make_signing_key(f"test-{former.seq + 1}")
        if withdrawn:
            made = steps.withdraw(former, self.kid, replacement=new.public, now_s=now_s)
        else:
            made = steps.rotate(former, new.public, now_s=now_s)
        made = replace(made, keys=made.keys[-MOST_KEYS:])
        return _kept(self.folder, self.roots, new.seed, key_set.sign(made, self.roots[root]))


def open_keys(folder: Path, now_s: int) -> Keys:
    """The keys in this folder; made if they are not there."""
    if not (folder / SET_FILE).exists():
        roots, signing = tuple(make_root() for _ in ROOT_FILES), make_signing_key("test-1")
        for name, root in zip(ROOT_FILES, roots, strict=True):
            write_private(folder / name, root.pem(None).decode())
        made = steps.new_set(issuer=ISSUER, environment=ENVIRONMENT, keys=[signing.public],
                             now_s=now_s)
        _kept(folder, roots, signing.seed, key_set.sign(made, roots[0]))
    roots = tuple(root_from_pem((folder / name).read_bytes(), str) for name in ROOT_FILES)
    return Keys(folder, roots, (folder / SEED_FILE).read_text(), (folder / SET_FILE).read_text())


def _kept(folder: Path, roots: tuple[Root, ...], seed: str, text: str) -> Keys:
    write_private(folder / SEED_FILE, seed)
    write_private(folder / SET_FILE, text)
    return Keys(folder, roots, seed, text)
