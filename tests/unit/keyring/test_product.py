"""What `scripts/keys` makes is what the functions take: two programs that share no line."""

from __future__ import annotations

import pytest

from scripts.keyring.key_set import sign
from scripts.keyring.private_keys import make_root, make_signing_key
from scripts.keyring.steps import KEPT_AFTER_S, new_set, rotate
from shared.adapters.ed25519_issuer import Ed25519LicenseIssuer
from shared.domain.lease import SLOW_CLOCK_S, WORST_CASE_S
from shared.key_set import InvalidKeySet, KeySet
from shared.secret import Secret

NOW_S = 1_795_410_000
ROOT = make_root(lambda size: b"r" * size)
KEYS = [make_signing_key(f"k{number}", lambda size, n=number: n.to_bytes(size, "big"))
        for number in (1, 2)]
FIRST = new_set(issuer="tongbao:TB01", environment="live", keys=[KEYS[0].public], now_s=NOW_S)


def test_a_function_signs_under_the_active_key_of_a_set() -> None:
    made = rotate(FIRST, KEYS[1].public, now_s=NOW_S)
    read = KeySet.read(sign(made, ROOT))
    assert (read.issuer, read.environment, read.seq, read.ends_at_s) == (
        made.issuer, made.environment, 2, made.ends_at_s)
    old, new = (Ed25519LicenseIssuer(key.kid, Secret("key", key.seed), made.issuer)
                for key in KEYS)
    read.refuse_unless_active(KEYS[1].kid, new.public_key(), issuer="tongbao:TB01",
                              environment="live")
    with pytest.raises(InvalidKeySet):
        read.refuse_unless_active(KEYS[0].kid, old.public_key(), issuer="tongbao:TB01",
                                  environment="live")


def test_a_retired_key_is_kept_for_longer_than_any_lease_is_good() -> None:
    assert KEPT_AFTER_S >= WORST_CASE_S + SLOW_CLOCK_S
