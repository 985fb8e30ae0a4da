"""Which files are mutated, and the unit tests of their layer that must notice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

DOMAIN, VERIFICATION = "domain", "verification"

_VERIFICATION = ("messages", "base64_strict", "freshness", "verifier", "resource", "notify",
                 "facts", "refund_facts", "complaint_facts", "payer", "keys", "der", "rfc3339",
                 "signer", "reasons")
TOO_SLOW = frozenset({"tests/unit/domain/test_activation_machine.py"})
"""Left out for every mutant: the tests of single rules must notice without them."""
_DOMAIN_TESTS = ("tests/unit/domain",)
_LIBRARY = {
    "shared/strict_json.py": ("tests/unit/test_strict_json.py",),
    "shared/base64url.py": ("tests/unit/test_base64url.py",),
    "shared/key_set.py": ("tests/unit/test_key_set.py",),
    "shared/adapters/device_proofs.py": ("tests/unit/adapters/test_device_proofs.py",
                                         "tests/unit/adapters/test_device_proof_edges.py"),
    "shared/adapters/ed25519_issuer.py": ("tests/unit/adapters/test_ed25519_issuer.py",)}
"""The rest of the verification library, each file with the tests that are its own."""
_VERIFICATION_TESTS = tuple(f"tests/unit/adapters/wechatpay/test_{name}.py" for name in (
    "attacks_on_content", "attacks_on_headers", "attacks_on_signatures", "der", "keys",
    "keys_edges", "notify", "notify_fuzz", "parts", "payer", "reasons", "refund_notify", "stated",
    "vectors"))
"""Those that need no network: the wire has tests of its own, too slow to run for each mutant."""


@dataclass(frozen=True)
class Target:
    """One file of the product, its layer, and the tests to run for each of its mutants."""

    file: str
    layer: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.file.removesuffix(".py").replace("/", ".")


def targets() -> list[Target]:
    """All of them: a new file of the domain is one from the day it is there."""
    domain = [path.relative_to(ROOT).as_posix()
              for path in sorted((ROOT / "shared" / "domain").rglob("*.py"))
              if path.name != "__init__.py"]
    library = [f"shared/adapters/wechatpay/{name}.py" for name in _VERIFICATION]
    return [*(Target(file, DOMAIN, _DOMAIN_TESTS) for file in domain),
            *(Target(file, VERIFICATION, _VERIFICATION_TESTS) for file in library),
            *(Target(file, VERIFICATION, tests) for file, tests in _LIBRARY.items())]
