"""Reads requirements.txt, the full lock, as the target would: markers and all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path

    from scripts.packaging.targets import Target

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class LockError(Exception):
    """The lock does not say exactly one version of something that is packaged."""


@dataclass(frozen=True)
class Pin:
    """One distribution in one version, and the digests of its files."""

    name: str
    version: str
    sha256: frozenset[str]

    def line(self) -> str:
        """The pin as a line of a requirements file, without markers."""
        hashes = " ".join(f"--hash=sha256:{digest}" for digest in sorted(self.sha256))
        return f"{self.name}=={self.version} {hashes}"


def read_lock(path: Path, target: Target) -> dict[str, Pin]:
    """The pins that hold for the target, by canonical name. Raises LockError."""
    pins: dict[str, Pin] = {}
    for text in _entries(path):
        digests = frozenset(_HASH.findall(text))
        requirement = Requirement(_HASH.sub("", text).strip())
        if requirement.marker and not requirement.marker.evaluate(dict(target.environment)):
            continue
        name = canonicalize_name(requirement.name)
        version = str(requirement.specifier).removeprefix("==")
        if name in pins or not digests or not str(requirement.specifier).startswith("=="):
            raise LockError(f"{path.name}: {name} is not pinned once, with hashes, "
                            f"for {target.runtime}")
        pins[name] = Pin(name, version, digests)
    return pins


def chosen(pins: dict[str, Pin], names: tuple[str, ...], target: Target) -> list[Pin]:
    """The pins of these distributions; those that the target does not need have none."""
    needed_only_before_3_11 = {"async-timeout"}
    unknown = [name for name in names if name not in pins and name not in needed_only_before_3_11]
    if unknown:
        raise LockError(f"not in the lock for {target.runtime}: {', '.join(unknown)}")
    return [pins[name] for name in sorted(set(names)) if name in pins]


def _entries(path: Path) -> list[str]:
    joined = path.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line.strip() for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
