"""Keys change, roots are lost, clients of three builds live on: real functions, deployed again.

Roots A to D; the first build pins A and B, the second B and C, the third C and D. What a client
takes is judged by the sellers' verifier, the sets are made by what `scripts/keys` is made of.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from scripts.demo_purchase.buyer import Buyer, expect
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import Root, SigningKey, make_root, make_signing_key
from tests.e2e.observed import PRODUCT, pay, place, statuses_of_notifies
from tests.e2e.verifying import LeaseVerifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.demo_purchase.stack import Stack

ISSUER = "tongbao:DEM0"
A, B, C, D = (make_root() for _ in range(4))


@dataclass
class Shop:
    """A deployment whose keys change; `deployed` holds every set that it ever had, by seq."""

    stack: Stack
    key: SigningKey
    listed: key_set.KeySet
    deployed: dict[int, str] = field(default_factory=dict)

    def deploy(self, listed: key_set.KeySet, root: Root, key: SigningKey) -> str:
        """The functions anew with this set, signed by this root, and this signing key."""
        text = key_set.sign(listed, root)
        for function in ("license-fetch", "timers"):
            self.stack.functions.update_environment(self.stack.names[function], {
                "TONGBAO_SIGNING_KID": key.kid, "TONGBAO_SIGNING_KEY": key.seed,
                "TONGBAO_KEY_SET": text})
        self.key, self.listed, self.deployed[listed.seq] = key, listed, text
        return text

    def rotate(self, root: Root) -> str:
        """A new signing key; the former one is retired."""
        key = make_signing_key(f"test-{self.listed.seq + 1}")
        return self.deploy(steps.rotate(self.listed, key.public, now_s=now()), root, key)

    def withdraw(self, root: Root) -> str:
        """A new signing key; the former one counts for nothing any more."""
        key = make_signing_key(f"test-{self.listed.seq + 1}")
        return self.deploy(steps.withdraw(
            self.listed, self.key.kid, replacement=key.public, now_s=now()), root, key)

    def renew(self, root: Root) -> str:
        """The same keys, signed anew."""
        return self.deploy(steps.renew(self.listed, now_s=now()), root, self.key)


@dataclass
class Owner:
    """A buyer with a license, who never does anything but refresh."""

    shop: Shop
    buyer: Buyer
    license_id: str

    def refresh(self) -> str:
        """The lease of now."""
        answer = expect(self.buyer.refresh(self.license_id), 200)
        return str(answer["license"]["lease"]["token"])

    def offered(self, client: LeaseVerifier) -> str:
        """What a client says to the set that GET /v1/keys has."""
        return client.load(expect(self.buyer.keys(), 200)["set"], now())

    def judged(self, client: LeaseVerifier, lease: str) -> str:
        """What a client on this device says to a lease."""
        return client.judge(lease, now(), self.buyer.device.thumbprint)


def now() -> int:
    return int(time.time())


def build(first: Root, second: Root, min_seq: int) -> LeaseVerifier:
    """A fresh install of the client that pins these roots."""
    return LeaseVerifier([first.x, second.x], ISSUER, PRODUCT, min_seq)


def parts(lease: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    header, claims = (json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
                      for part in lease.split(".")[:2])
    return header, claims


@pytest.fixture
def owner(stack: Stack) -> Iterator[Owner]:
    key = make_signing_key("test-first")
    shop = Shop(stack, key, steps.new_set(issuer=ISSUER, environment="test", keys=[key.public],
                                          now_s=now()))
    shop.deploy(shop.listed, A, key)
    buyer = Buyer(stack.urls)
    order = place(buyer)
    pay(stack, order)
    assert statuses_of_notifies(stack, order, 1) == [200]
    claimed = expect(buyer.claim(order["order_id"]), 200)["license"]
    yield Owner(shop, buyer, claimed["license_id"])
    stack.deploy_keys(stack.state.keys)


def test_a_rotation_needs_no_release_and_spoils_no_lease(owner: Owner) -> None:
    client = build(A, B, 1)
    assert owner.offered(client) == "VALID"
    before = owner.refresh()
    owner.shop.rotate(A)
    after = owner.refresh()
    assert (owner.judged(client, before), owner.judged(client, after)) == ("VALID", "UNKNOWN_KEY")
    assert owner.offered(client) == "VALID"
    assert (owner.judged(client, before), owner.judged(client, after)) == ("VALID", "VALID")
    assert [parts(lease)[0]["kid"] for lease in (before, after)] == ["test-first", "test-2"]
    assert parts(before)[1] == parts(after)[1]


def test_a_withdrawn_key_s_leases_are_dropped_and_come_again_under_the_new_key(
        owner: Owner) -> None:
    client = build(A, B, 1)
    owner.offered(client)
    stolen = owner.refresh()
    owner.shop.withdraw(A)
    assert owner.judged(client, stolen) == "VALID"  # until it sees the set
    assert owner.offered(client) == "VALID"
    assert owner.judged(client, stolen) == "KEY_WITHDRAWN"
    again = owner.refresh()
    assert owner.judged(client, again) == "VALID"
    assert parts(again)[1] == parts(stolen)[1]
    assert client.claims(again, now())["jti"] == parts(stolen)[1]["jti"]


def test_three_builds_live_through_a_lost_root(owner: Owner) -> None:
    shop, first = owner.shop, build(A, B, 1)
    assert owner.offered(first) == "VALID"
    shop.rotate(A)
    assert owner.offered(first) == "VALID"

    shop.renew(B)                      # A is lost: seq 3
    second = build(B, C, 3)
    assert [owner.offered(client) for client in (first, second)] == ["VALID", "VALID"]
    lease = owner.refresh()
    assert [owner.judged(client, lease) for client in (first, second)] == ["VALID", "VALID"]

    shop.rotate(C)                     # and B: seq 4, which the first build cannot take
    third = build(C, D, 4)
    assert [owner.offered(client) for client in (first, second, third)] == [
        "KEYS_INVALID", "VALID", "VALID"]
    newest = owner.refresh()
    assert [owner.judged(client, newest) for client in (first, second, third)] == [
        "UNKNOWN_KEY", "VALID", "VALID"]
    assert [owner.judged(client, lease) for client in (first, second, third)] == ["VALID"] * 3
    assert len({json.dumps(parts(each)[1]) for each in (lease, newest)}) == 1


def test_no_older_set_is_taken_again(owner: Owner) -> None:
    shop, seen = owner.shop, build(A, B, 1)
    leaked = owner.refresh()
    shop.withdraw(A)                   # seq 2 says that the first key leaked
    assert owner.offered(seen) == "VALID"
    assert seen.load(shop.deployed[1], now()) == "KEYS_ROLLED_BACK"
    assert owner.judged(seen, leaked) == "KEY_WITHDRAWN"
    fresh_and_new, fresh_and_old = build(A, B, 2), build(A, B, 1)
    assert fresh_and_new.load(shop.deployed[1], now()) == "KEYS_ROLLED_BACK"
    # What the minimum of a build is for: one made before the leak knows no better.
    assert fresh_and_old.load(shop.deployed[1], now()) == "VALID"


def test_a_set_of_a_root_that_is_not_pinned_changes_nothing(owner: Owner) -> None:
    client = build(A, B, 1)
    owner.offered(client)
    lease = owner.refresh()
    forged = key_set.sign(steps.withdraw(
        owner.shop.listed, owner.shop.key.kid, replacement=make_signing_key("test-evil").public,
        now_s=now()), D)
    assert client.load(forged, now()) == "KEYS_INVALID"
    assert owner.judged(client, lease) == "VALID"


def test_functions_do_not_start_with_a_key_that_their_set_does_not_call_active(
        owner: Owner) -> None:
    shop, former = owner.shop, owner.shop.key
    shop.withdraw(A)
    good = shop.key
    shop.deploy(steps.renew(shop.listed, now_s=now()), A, former)
    assert owner.buyer.refresh(owner.license_id).status >= 500
    shop.deploy(steps.renew(shop.listed, now_s=now()), A, good)
    expect(owner.buyer.refresh(owner.license_id), 200)
