"""Attacks 49 and 75: leases that nobody signed for this device, and key sets changed on the way.

The verifier that sellers copy is put in front of what the deployment answers. Its every code is
held by the vectors (tests/vectors/leases); here is what takes a server and an attacker between.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import pytest

from extension.verifier.tongbao_verifier import Verifier
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import SigningKey, make_root, make_signing_key
from shared.settings import InvalidSetting
from tests.attacks.asking import Asking
from tests.attacks.devices import Owned, owned
from tests.attacks.notifies import Notify
from tests.wire.deployment import ENVIRONMENT, PREFIX
from tests.wire.device import Device, base64url

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.http.app import App
    from tests.attacks.shop import Shop

ISSUER = f"tongbao:{PREFIX}"
DAY_S = 86_400


@pytest.fixture
def mine(shop: Shop) -> Owned:
    """A license on its owner's device."""
    return owned(shop)


def keys_of(shop: Shop, app: App | None = None) -> dict[str, Any]:
    """What GET /v1/keys answers."""
    seen = shop.ask(Asking("license-fetch", "GET", "/v1/keys", {}), app)
    assert seen.status == 200
    return dict(seen.body)


def verifier(shop: Shop, **changes: Any) -> Verifier:
    """A seller's server, with the keys of this deployment loaded."""
    made = empty(shop, **changes)
    assert made.load_keys(keys_of(shop)["set"], int(time.time())) == "VALID"
    return made


def empty(shop: Shop, **changes: Any) -> Verifier:
    return Verifier(**{"roots": [shop.root.x], "issuer": ISSUER, "environment": ENVIRONMENT,
                       "product": "reader-pro", **changes})


def lease_of(mine: Owned, device: Device | None = None, app: App | None = None) -> str:
    """The lease that the server hands out now."""
    seen = mine.shop.ask(Asking.refresh(device or mine.owner, mine.license_id), app)
    return str(seen.body["license"]["lease"]["token"])


def repacked(token: str, change: Callable[[dict[str, Any]], None]) -> str:
    """Other claims under the same signature."""
    head, payload, signature = token.split(".")
    claims = json.loads(urlsafe_b64decode(payload + "=="))
    change(claims)
    return f"{head}.{base64url(json.dumps(claims).encode())}.{signature}"


def test_49_a_receipt_unlocks_nothing(shop: Shop, mine: Owned) -> None:
    bought = shop.ask(Asking.purchase(mine.bought.buyer, mine.bought.order_id)).body["purchase"]
    checked, now_s = verifier(shop), int(time.time())
    assert checked.verify_lease(bought["receipt"], now_s).code == "WRONG_TYPE"
    assert checked.verify_lease(shop.environ["TONGBAO_KEY_SET"], now_s).code == "WRONG_TYPE"
    assert checked.verify_lease(mine.owner.proof("GET", "https://x/"), now_s).code == "WRONG_TYPE"
    assert checked.verify_lease(lease_of(mine), now_s, mine.owner.thumbprint).ok


@pytest.mark.parametrize("claims", [
    {"exp": 2**40}, {"lexp": None, "grc": 14 * DAY_S}, {"ent": ["everything"]},
    {"cnf": {"jkt": "A" * 43}}, {"sub": "0" * 26}, {"aud": "writing-course"}])
def test_49_a_changed_lease_is_none(shop: Shop, mine: Owned, claims: dict[str, Any]) -> None:
    checked, now_s, good = verifier(shop), int(time.time()), lease_of(mine)
    forged = repacked(good, lambda it: it.update(claims))
    assert checked.verify_lease(forged, now_s).code == "INVALID_SIGNATURE"
    assert checked.verify_lease(good, now_s).ok


def test_49_a_copied_lease_is_good_on_its_device_alone(shop: Shop, mine: Owned) -> None:
    thief, now_s, good = Device(), int(time.time()), lease_of(mine)
    checked = verifier(shop)
    assert checked.verify_lease(good, now_s, thief.thumbprint).code == "DEVICE_MISMATCH"

    def ask(device: Device) -> str:
        proof = device.proof("POST", "https://api.example/summary", body=b"{}", secret=good,
                             nonce="n")
        return checked.verify_request(good, proof, method="POST", body=b"{}", nonce="n",
                                      url="https://api.example/summary", now_s=now_s).code
    assert ask(thief) == "DEVICE_MISMATCH"
    assert ask(mine.owner) == "VALID"


def test_49_a_lease_ends(shop: Shop, mine: Owned) -> None:
    checked, good = verifier(shop), lease_of(mine)
    now_s = int(time.time())
    assert checked.verify_lease(good, now_s).code == "VALID"
    assert checked.verify_lease(good, now_s + 17 * DAY_S).code == "LEASE_EXPIRED"


def test_49_a_refunded_license_gives_no_lease_more(shop: Shop, mine: Owned) -> None:
    assert mine.refresh(mine.owner).status == 200
    number = mine.bought.out_trade_no
    refund = shop.wechat.console_refund(number)
    settled = shop.wechat.settle_refund(refund.out_refund_no)
    told = shop.tell(Notify.of_refund(shop.wechat, shop.wechat.orders[number], settled))
    assert told.status == 200
    for seen in (mine.refresh(mine.owner), mine.by_number(Device()), mine.by_key(Device())):
        assert seen.status == 403
        assert seen.code in ("LICENSE_SUSPENDED", "LICENSE_REVOKED")
        assert '"lease":' not in seen.text


def another_set(shop: Shop, **changes: Any) -> key_set.KeySet:
    """A set with a key of the attacker's beside ours."""
    keys = [shop.signing.public, make_signing_key("test-evil").public]
    return steps.new_set(**{"issuer": ISSUER, "environment": ENVIRONMENT, "seq": 9,
                            "now_s": int(time.time()), "keys": keys, **changes})


ON_THE_WAY: dict[str, tuple[str, Callable[[Shop, str], str]]] = {
    "signed by a stranger's root": (
        "KEYS_INVALID", lambda shop, _: key_set.sign(another_set(shop), make_root())),
    "another payload under our root's signature": (
        "KEYS_INVALID", lambda shop, good: repacked(good, lambda it: it.update(seq=9))),
    "a key exchanged": ("KEYS_INVALID", lambda shop, good: repacked(
        good, lambda it: it["keys"][0].update(x=make_signing_key("test-evil").x))),
    "a withdrawn key made active": ("KEYS_INVALID", lambda shop, good: repacked(
        good, lambda it: it["keys"][0].update(status="active", until=2**40))),
    "signed by a signing key": ("KEYS_INVALID", lambda shop, good: lease_of(owned(shop))),
    "another environment's": ("KEYS_INVALID", lambda shop, _: key_set.sign(
        another_set(shop, environment="live",
                    keys=[make_signing_key("live-1").public]), shop.root)),
    "another deployment's under our root": ("KEYS_INVALID", lambda shop, _: key_set.sign(
        another_set(shop, issuer="tongbao:TB02"), shop.root)),
    "an older one": ("KEYS_ROLLED_BACK", lambda shop, _: key_set.sign(
        another_set(shop, seq=1), shop.root)),
    "one that has ended": ("KEYS_EXPIRED", lambda shop, _: key_set.sign(
        another_set(shop, now_s=int(time.time()) - 9 * DAY_S, days=8), shop.root)),
    "cut": ("KEYS_INVALID", lambda _, good: good[:-1]),
    "the JWK set of the same answer": ("KEYS_INVALID", lambda shop, _: json.dumps(
        keys_of(shop)["keys"])),
}


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_75_a_key_set_changed_on_the_way_is_not_taken(shop: Shop, name: str) -> None:
    code, change = ON_THE_WAY[name]
    now_s, checked = int(time.time()), empty(shop)
    newer = shop.keys_of(shop.signing, seq=5)
    assert checked.load_keys(newer, now_s) == "VALID"
    assert checked.load_keys(change(shop, newer), now_s) == code
    assert checked.seq == 5
    assert checked.load_keys(shop.keys_of(shop.signing, seq=9), now_s) == "VALID"


def signing_with(shop: Shop, key: SigningKey, signed_set: str) -> App:
    """license-fetch after a rotation."""
    return shop.build("license-fetch", TONGBAO_SIGNING_KID=key.kid, TONGBAO_SIGNING_KEY=key.seed,
                      TONGBAO_KEY_SET=signed_set)


def test_75_leases_of_a_withdrawn_key_end_and_the_same_one_comes_anew(shop: Shop,
                                                                      mine: Owned) -> None:
    now_s, checked, stolen = int(time.time()), verifier(shop), lease_of(mine)
    assert checked.verify_lease(stolen, now_s).ok
    new = make_signing_key("test-2")
    former = key_set.verify(shop.environ["TONGBAO_KEY_SET"], [shop.root.x])
    withdrawn = key_set.sign(steps.withdraw(former, shop.signing.kid, replacement=new.public,
                                            now_s=now_s + 1), shop.root)
    app = signing_with(shop, new, withdrawn)
    told = keys_of(shop, app)
    assert [key["kid"] for key in told["keys"]] == ["test-2"]
    assert checked.load_keys(told["set"], now_s) == "VALID"
    assert checked.verify_lease(stolen, now_s).code == "KEY_WITHDRAWN"
    anew = lease_of(mine, app=app)
    assert checked.verify_lease(anew, now_s, mine.owner.thumbprint).ok
    assert anew.split(".")[1] == stolen.split(".")[1]
    assert checked.load_keys(keys_of(shop)["set"], now_s) == "KEYS_ROLLED_BACK"


def test_75_a_function_does_not_start_with_a_key_that_counts_for_nobody(shop: Shop) -> None:
    stranger = make_signing_key("test-1")
    with pytest.raises(InvalidSetting, match="TONGBAO_KEY_SET") as caught:
        signing_with(shop, stranger, shop.environ["TONGBAO_KEY_SET"])
    assert stranger.seed not in str(caught.value)
    assert signing_with(shop, shop.signing, shop.environ["TONGBAO_KEY_SET"])
