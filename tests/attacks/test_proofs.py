"""Attacks 65 to 68: a device's proof is for one request of one key, now.

Each attack differs from a good request, sent right after it, in its proof alone; the store is not
asked. Proofs at a seller's own server: tests/vectors/leases/proofs.json.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from shared.adapters.device_proofs import EcdsaDeviceProofs
from shared.settings import load_settings
from tests.attacks.asking import Asking, Proving
from tests.attacks.devices import Owned, owned
from tests.attacks.notifies import differences
from tests.attacks.proof_attacks import (
    INVALID,
    OF_WHAT_IS_SENT,
    PROOFS,
    REQUIRED,
    STALE,
    BadProof,
    by_another_key,
    claiming,
)
from tests.wire.deployment import ADDRESS
from tests.wire.device import Device

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.attacks.shop import Seen, Shop

WINDOW_S = 300
ROUTES: dict[str, Callable[[Owned], Asking]] = {
    "claim": lambda it: Asking.claim(it.bought.buyer, it.bought.order_id),
    "restore": lambda it: Asking.restore(it.owner, license_key=it.license_key),
    "refresh": lambda it: Asking.refresh(it.owner, it.license_id),
    "devices": lambda it: Asking.devices(it.owner, it.license_id),
    "remove": lambda it: Asking.remove(it.owner, it.license_id, "0" * 26)}
EVERYWHERE = [BadProof(65, "none", REQUIRED, lambda _: None),
              BadProof(66, "another key's signature", INVALID, by_another_key),
              BadProof(67, "another method", INVALID, claiming(htm="PUT")),
              BadProof(68, "an old nonce", STALE, claiming(nonce="A" * 24))]


@pytest.fixture(scope="module")
def license_(shop: Shop) -> Owned:
    """One license for all: what is refused changes nothing."""
    return owned(shop)


def named(bad: BadProof) -> str:
    return f"{bad.number}: {bad.name}"


def refused(shop: Shop, good: Asking, bad: BadProof) -> Seen:
    attacking = good.but(proving=bad.prove)
    assert differences(good, attacking) == ["proving"]
    seen = shop.ask(attacking)
    assert (seen.status, seen.code) == (401, bad.code)
    assert (seen.store, seen.calls, seen.facts("function.crashed")) == ((), 0, [])
    assert ("DPoP-Nonce" in seen.headers) is (bad.code != INVALID)
    return seen


@pytest.mark.parametrize("bad", PROOFS, ids=named)
def test_a_lease_is_renewed_by_a_proof_of_its_device(shop: Shop, license_: Owned,
                                                     bad: BadProof) -> None:
    good = ROUTES["refresh"](license_)
    refused(shop, good, bad)
    assert shop.ask(good).body["license"]["lease"]


@pytest.mark.parametrize("bad", [*PROOFS, *OF_WHAT_IS_SENT], ids=named)
def test_a_license_is_claimed_by_a_proof_over_body_and_secret(shop: Shop, license_: Owned,
                                                              bad: BadProof) -> None:
    good = ROUTES["claim"](license_)
    refused(shop, good, bad)
    assert shop.ask(good).body["license"]["lease"]


@pytest.mark.parametrize("bad", EVERYWHERE, ids=named)
@pytest.mark.parametrize("route", ROUTES)
def test_every_route_of_devices_asks_for_it(shop: Shop, license_: Owned, route: str,
                                            bad: BadProof) -> None:
    good = ROUTES[route](license_)
    refused(shop, good, bad)
    assert shop.ask(good).status == 200


def test_67_a_decision_asks_for_it_too(shop: Shop) -> None:
    mine = owned(shop)
    mine.filled()
    mine.by_number(Device(), replaces=mine.id_of(mine.owner))
    takeover = mine.stored.takeover
    assert takeover is not None
    good = Asking.decide(mine.owner, mine.license_id, takeover.takeover_id, "object")
    for bad in EVERYWHERE:
        refused(shop, good, bad)
    turned = shop.ask(good.but(fields={"decision": "approve"}, proving=lambda it: it._replace(
        body=b'{"decision": "object"}').made()))
    assert (turned.status, turned.code, turned.store) == (401, INVALID, ())
    assert mine.stored.takeover == takeover
    assert shop.ask(good).status == 200


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("other", ROUTES)
def test_67_a_proof_repeats_its_own_request_and_no_other(shop: Shop, license_: Owned,
                                                         route: str, other: str) -> None:
    """Overheard: what was proven for one route, sent to another with all that this one needs."""
    kept: list[str] = []

    def keeping(it: Proving) -> str:
        kept.append(it.made())
        return kept[0]

    first = shop.ask(ROUTES[route](license_).but(proving=keeping))
    again = shop.ask(ROUTES[other](license_).but(proving=lambda _: kept[0]))
    if route == other:
        assert (again.status, again.text) == (first.status, first.text)
    else:
        assert (again.status, again.code, again.store) == (401, INVALID, ())


def test_67_a_device_of_two_licenses_proves_which_it_means(shop: Shop) -> None:
    one, other = owned(shop), owned(shop)
    assert other.by_key(one.owner).status == 200
    good = Asking.refresh(one.owner, one.license_id)
    crossed = shop.ask(good.but(target=Asking.refresh(one.owner, other.license_id).target,
                                proving=lambda it: it._replace(url=ADDRESS + good.target).made()))
    assert (crossed.status, crossed.code, crossed.store) == (401, INVALID, ())
    assert shop.ask(good).status == 200


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_67_a_header_does_not_say_which_address_a_proof_must_name(shop: Shop, license_: Owned,
                                                                  name: str) -> None:
    """A relay gets a proof for its own address, and sends it on with that address's name."""
    good = ROUTES["refresh"](license_)
    relayed = good.but(
        event_change=lambda made: {**made, "headers": {**made["headers"], name: "evil.example"}},
        proving=lambda it: it.made(htu=it.url.replace(ADDRESS, "https://evil.example")))
    seen = shop.ask(relayed)
    assert (seen.status, seen.code, seen.store) == (401, INVALID, ())
    assert shop.ask(relayed.but(proving=Proving.made)).status == 200


@pytest.mark.parametrize("name", ["DPOP", "dpop"])
def test_65_a_proof_under_two_spellings_of_its_header_is_ambiguous(shop: Shop, license_: Owned,
                                                                   name: str) -> None:
    good = ROUTES["refresh"](license_)
    seen = shop.ask(good.but(event_change=lambda made: {
        **made, "headers": {**made["headers"], name: "e30.e30.e30"}}))
    assert (seen.status, seen.code, seen.store) == (400, "INVALID_HEADER", ())
    assert shop.ask(good).status == 200


def at_window(shop: Shop, good: Asking, ago: int) -> Seen:
    """The answer to a proof with the nonce of so many windows ago; no window ends meanwhile."""
    proofs = EcdsaDeviceProofs(load_settings(shop.environ, "license-fetch").nonce_secret())
    while True:
        now_s = int(time.time())
        nonce = proofs.nonce(now_s - WINDOW_S * ago)
        seen = shop.ask(good.but(proving=claiming(nonce=nonce)))
        if int(time.time()) // WINDOW_S == now_s // WINDOW_S:
            return seen


@pytest.mark.parametrize(("ago", "status"), [(-1, 401), (0, 200), (1, 200), (2, 401), (288, 401)])
def test_68_a_nonce_is_good_in_its_window_and_the_next(shop: Shop, license_: Owned, ago: int,
                                                       status: int) -> None:
    seen = at_window(shop, ROUTES["refresh"](license_), ago)
    assert seen.status == status
    if status == 401:
        assert (seen.code, seen.store) == (STALE, ())
        fresh = seen.headers["DPoP-Nonce"]
        assert shop.ask(ROUTES["refresh"](license_).but(
            proving=claiming(nonce=fresh))).status == 200


def test_68_another_deployment_s_nonce_is_none(shop: Shop, license_: Owned) -> None:
    elsewhere = shop.build("license-fetch",
                           TONGBAO_LICENSE_SECRETS='{"1": "another-secret-of-license-keys-0002"}')
    theirs = shop.ask(Asking.poll(license_.bought.buyer, license_.bought.order_id), elsewhere)
    good = ROUTES["refresh"](license_)
    seen = shop.ask(good.but(proving=claiming(nonce=theirs.headers["DPoP-Nonce"])))
    assert (seen.status, seen.code, seen.store) == (401, STALE, ())
    ours = shop.ask(Asking.poll(license_.bought.buyer, license_.bought.order_id))
    assert shop.ask(good.but(
        proving=claiming(nonce=ours.headers["DPoP-Nonce"]))).status == 200


@pytest.mark.parametrize("iat", [0, -1, 1, 1_480_000_000, 2**31, 2**53])
def test_68_a_wrong_clock_of_the_device_locks_nobody_out(shop: Shop, license_: Owned,
                                                         iat: int) -> None:
    seen = shop.ask(ROUTES["refresh"](license_).but(proving=claiming(iat=iat)))
    assert seen.status == 200


def test_every_bad_proof_has_a_name_of_its_own() -> None:
    names = [named(bad) for bad in (*PROOFS, *OF_WHAT_IS_SENT)]
    assert len(names) == len(set(names)) > 60
