"""A folder with keys, and `scripts/keys` called in it; nothing that it prints may be private."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from scripts.keyring.__main__ import main
from shared.base64url import from_b64url

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOW_S = 1_795_435_200
PASSPHRASE = "correct horse battery"


@dataclass
class Desk:
    """`type` is a command as it is typed; what it prints must hold nothing private."""

    folder: Path
    printed: pytest.CaptureFixture[str]
    now_s: int = NOW_S
    typed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def type(self, line: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        try:
            code = main(["--folder", str(self.folder), *line.split()], now_s=self.now_s,
                        ask=self._answer)
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = self.printed.readouterr()
        for private in self.private_parts():
            assert private not in out + err, line
        return code, out, err

    def _answer(self, question: str) -> str:
        self.asked.append(question)
        return self.typed.pop(0)

    def make(self, kid: str) -> str:
        """A signing key in KID.key; its KID=X."""
        code, out, _ = self.type(f"signing {kid}.key --kid {kid}")
        assert code == 0
        return f"{kid}={public_part(out)}"

    def root(self, name: str = "a.pem") -> str:
        """A root without passphrase; its x."""
        code, out, _ = self.type(f"root {name} --no-passphrase")
        assert code == 0
        return public_part(out)

    def begin(self) -> str:
        """A root, a key and a set of them; the root's x."""
        x = self.root()
        code, _, err = self.type(f"set new keys.jws --root a.pem --issuer tongbao:TB01 "
                                 f"--environment live --key {self.make('2026-11-a')}")
        assert (code, err) == (0, "")
        return x

    def private_parts(self) -> set[str]:
        """Every spelling of every private part in the folder."""
        found = {PASSPHRASE}
        for path in self.folder.glob("*.key"):
            found |= _spellings(from_b64url(path.read_text().strip()))
        for path in self.folder.glob("*.pem"):
            pem = path.read_bytes()
            found |= set(pem.decode().splitlines()[1:-1])
            word = PASSPHRASE.encode() if b"ENCRYPTED" in pem else None
            key = load_pem_private_key(pem, word)
            assert isinstance(key, Ed25519PrivateKey)
            found |= _spellings(key.private_bytes_raw())
        return found


def public_part(out: str) -> str:
    """The x that a command printed."""
    return next(line.split()[1] for line in out.splitlines() if line.startswith("x "))


def _spellings(raw: bytes) -> set[str]:
    return {urlsafe_b64encode(raw).rstrip(b"=").decode(), b64encode(raw).rstrip(b"=").decode(),
            raw.hex(), raw.hex().upper(), str(raw)[2:-1], str(list(raw))}
