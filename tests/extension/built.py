"""The sample extension as it is built for tests: for the running shop, under a known id."""

from __future__ import annotations

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scripts.demo_purchase.browser.sample import bundle, id_by
from tests.extension.browsers import moved_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ("background.js", "pay.js", "popup.js")


@dataclass(frozen=True)
class Build:
    """One build; `id` is the same wherever a copy of it lies, as that of a published one is."""

    folder: Path
    id: str
    key: str

    def manifest(self) -> dict[str, Any]:
        """As it is published."""
        read: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return read

    def copy_to(self, folder: Path, *, before: str, version: int) -> None:
        """A copy on a machine that runs these words before each script of it."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        manifest = {**self.manifest(), "key": self.key, "version": f"1.0.{version}"}
        (folder / "manifest.json").write_text(json.dumps(manifest))
        put_before(folder, before)


def put_before(folder: Path, words: str) -> None:
    """Let each script of an unpacked build run these words first."""
    for name in SCRIPTS if words else ():
        script = folder / name
        script.write_text(words + script.read_text(encoding="utf-8"), encoding="utf-8")


def set_ahead(folder: Path, ahead_s: int) -> None:
    """Let the scripts of an unpacked build tell a time that is so much ahead."""
    put_before(folder, moved_clock(ahead_s))


def build(folder: Path, shop: Mapping[str, Any], *, like: Build | None = None) -> Build:
    """The sample, bundled by extension/build.mjs for this shop; under the id of another build."""
    folder.mkdir(parents=True, exist_ok=True)
    out = bundle(shop, folder) / "chromium"
    if like is not None:
        return Build(out, like.id, like.key)
    key = rsa.generate_private_key(65537, 2048).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Build(out, id_by(key), base64.b64encode(key).decode())
