"""The sellers' verifier as a client of one build, its answers as codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extension.verifier.tongbao_verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Sequence


class LeaseVerifier:
    """Pins these roots, and takes no set of keys below `min_seq`."""

    def __init__(self, roots: Sequence[str], issuer: str, product: str, min_seq: int = 1) -> None:
        self._verifier = Verifier(roots=list(roots), issuer=issuer, environment="test",
                                  product=product, min_seq=min_seq)

    def load(self, key_set: str, now_s: int) -> str:
        """Offer it a set of keys."""
        return self._verifier.load_keys(key_set, now_s)

    def judge(self, lease: str, now_s: int, jkt: str | None = None) -> str:
        """A lease on the device with this thumbprint."""
        return self._verifier.verify_lease(lease, now_s, jkt).code

    def claims(self, lease: str, now_s: int) -> dict[str, Any]:
        """The claims of a lease that is good."""
        claims = self._verifier.verify_lease(lease, now_s).claims
        assert claims is not None
        return dict(claims)
