"""What the product signs is what a seller's server takes: leases, receipts, key sets."""

from __future__ import annotations

import pytest

from extension.verifier.tongbao_verifier import Verifier
from scripts.keyring.key_set import KeySet, sign
from scripts.keyring.private_keys import make_root, make_signing_key
from scripts.keyring.steps import new_set, rotate, withdraw
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.domain.lease import window_at
from shared.secret import Secret
from tests.fakes import samples
from tests.unit.domain.test_license import grant, license_of

DAY_S = 86_400
NOW_S = 1_795_410_000
ROOT, NEXT_ROOT = (make_root(lambda size, n=name: n * size) for name in (b"r", b"n"))
KEYS = [make_signing_key(f"k{number}", lambda size, n=number: n.to_bytes(size, "big"))
        for number in (1, 2)]
JKT = "A" * 43
LICENSE = license_of(grant(1, at_s=NOW_S - 30 * DAY_S, term_days=365))
FIRST = new_set(issuer="tongbao:TB01", environment=LICENSE.environment, keys=[KEYS[0].public],
                now_s=NOW_S)
ISSUERS = [Ed25519LicenseIssuer(key.kid, Secret("key", key.seed), FIRST.issuer) for key in KEYS]


def lease(by: int = 0) -> str:
    window = window_at(LICENSE, NOW_S)
    assert window is not None
    token = ISSUERS[by].issue(LICENSE, JKT, window).token
    assert token is not None
    return token


def code(token: str, *sets: KeySet, now_s: int = NOW_S, root: object = ROOT) -> str:
    """What a verifier says that saw these sets, one after the other."""
    verifier = Verifier(roots=[ROOT.x, NEXT_ROOT.x], issuer=FIRST.issuer, min_seq=1,
                        environment=FIRST.environment, product=LICENSE.product_id)
    for made in sets:
        assert verifier.load_keys(sign(made, ROOT if root is ROOT else NEXT_ROOT),
                                  NOW_S) == "VALID"
    return verifier.verify_lease(token, now_s, JKT).code


@pytest.mark.parametrize("root", [ROOT, NEXT_ROOT])
def test_a_lease_of_the_product_is_good_until_its_grace_ends(root: object) -> None:
    window = window_at(LICENSE, NOW_S)
    assert window is not None
    end_s, grace_s = window.ends_at_s, window.grace_s
    times = (window.starts_at_s - 1, NOW_S, end_s - 1, end_s, end_s + grace_s)
    assert [code(lease(), FIRST, now_s=now_s, root=root) for now_s in times] == [
        "NOT_YET_VALID", "VALID", "VALID", "VALID_GRACE", "LEASE_EXPIRED"]


def test_a_receipt_of_the_product_is_no_lease() -> None:
    paid = samples.paid(samples.instructed(samples.order()))
    assert paid.payment is not None
    receipt = ISSUERS[0].receipt(paid, paid.payment)
    assert receipt is not None
    assert code(receipt, FIRST) == "WRONG_TYPE"


def test_a_rotation_and_a_withdrawal_reach_the_verifier() -> None:
    rotated = rotate(FIRST, KEYS[1].public, now_s=NOW_S)
    withdrawn = withdraw(rotated, KEYS[0].kid, now_s=NOW_S + 1)
    assert [code(lease(by), *sets) for sets in ([FIRST], [FIRST, rotated], [rotated, withdrawn])
            for by in (0, 1)] == [
        "VALID", "UNKNOWN_KEY", "VALID", "VALID", "KEY_WITHDRAWN", "VALID"]
