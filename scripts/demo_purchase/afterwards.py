"""What comes after the purchase: more devices, one too many, and a new signing key."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.text import Text

from scripts.demo_purchase.buyer import Answered, Buyer, PurchaseFailed, expect
from scripts.demo_purchase.device import Device
from scripts.demo_purchase.lease import verify_keys, verify_lease

if TYPE_CHECKING:
    from scripts.demo_purchase.hops import Hop
    from scripts.demo_purchase.keys import Keys
    from scripts.demo_purchase.lease import Trust, VerifiedLease
    from scripts.demo_purchase.purchase import Bought
    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Step, Timeline

NOT_ENOUGH_ROOM = "DEVICE_LIMIT_REACHED"
WAITS = "TAKEOVER_WAITS"


class Afterwards:
    """The life of one license, told to a timeline."""

    def __init__(self, stack: Stack, timeline: Timeline, bought: Bought) -> None:
        self._stack = stack
        self._timeline = timeline
        self._bought = bought
        self._trust = verify_keys(stack.state.keys.text, stack.state.keys.pinned,
                                  now_s=time.time())

    def run(self) -> None:
        """Raises PurchaseFailed or InvalidLease when something is not as it should be."""
        self._restore_elsewhere()
        late = self._one_too_many()
        self._approve(late)
        self._rotate()
        self._timeline.who_knew_what()

    def _restore_elsewhere(self) -> None:
        with self._timeline.step(
                "POST /v1/licenses/restore → license-fetch", "A second device, with the order "
                "number (商户单号) that WeChat shows in the buyer's bill, and a third, with the "
                "license key. Both only take a free slot, and every device sees it."
                ) as (step, _):
            known = {"order_number": self._bought.order["out_trade_no"]}
            step.took_ms = self._fill(step, "second", self._other("edge/macos"), known)
            known = {"license_key": self._bought.license["license_key"]}
            self._fill(step, "third", self._other("firefox/linux"), known)
            self._show_devices(step)
            self._timeline.knew("every device", "which others there are, and how they came")

    def _fill(self, step: Step, name: str, other: Buyer, known: dict[str, str]) -> float:
        before = self._stack.hops.count()
        answered = other.restore(**known)
        token = expect(answered, 200)["license"]["lease"]["token"]
        self._verify(token, other)
        step.hops(self._stack.hops.since(before))
        ((way, typed),) = known.items()
        step.fact(f"{name} device", f"{other.device.platform}, by {way.replace('_', ' ')} {typed}",
                  "green")
        return answered.took_ms

    def _one_too_many(self) -> Buyer:
        late = self._other("chrome/android")
        key = self._bought.license["license_key"]
        with self._timeline.step(
                "A device too many", "The answer names the devices. Whoever knows the key may ask "
                "for the slot of one of them, but does not get it: an active device approves, or "
                "72 hours pass in which each of them can object.") as (step, _):
            before = self._stack.hops.count()
            full = late.restore(license_key=key)
            _demand(full, NOT_ENOUGH_ROOM)
            step.took_ms = full.took_ms
            _show_refusal(step, self._stack.hops.since(before), full)
            before = self._stack.hops.count()
            waits = late.restore(license_key=key, replaces=self._devices()[1]["device_id"])
            _demand(waits, WAITS)
            _show_refusal(step, self._stack.hops.since(before), waits)
            self._timeline.knew("every device", "that a fourth one asks for a slot")
        return late

    def _approve(self, late: Buyer) -> None:
        first, license_id = self._bought.buyer, self._bought.license["license_id"]
        with self._timeline.step(
                "The first device approves", "It proves itself by its key alone: no account, no "
                "password, no mail. What the second device holds stays good until it is dark, and "
                "the license knows when that is.") as (step, _):
            before = self._stack.hops.count()
            asked = expect(first.devices(license_id), 200)["takeover"]
            step.fact("it sees", f"{asked['platform']} asks, by {asked['way'].replace('_', ' ')}")
            answered = first.decide(license_id, asked["takeover_id"], "approve")
            expect(answered, 200)
            step.took_ms = answered.took_ms
            self._verify(expect(late.refresh(license_id), 200)["license"]["lease"]["token"], late)
            step.hops(self._stack.hops.since(before))
            self._show_devices(step)
            self._timeline.knew("the fourth", "that it is in, and the second at its next refresh "
                                "that it is out")

    def _rotate(self) -> None:
        with self._timeline.step(
                "The signing key leaks: another one signs", "A root, which is on no server, signs "
                "a new set of keys; the functions are deployed with it. Clients that see the set "
                "drop the leases of the leaked key and fetch them again: same id, same claims, "
                "new signature. Nobody releases an extension.") as (step, doing):
            doing("deploying license-fetch and timers")
            before, keys = self._bought.lease, self._stack.state.keys.rotated(
                int(time.time()), withdrawn=True)
            self._stack.deploy_keys(keys)
            first = self._bought.buyer
            answered = first.refresh(self._bought.license["license_id"])
            token = expect(answered, 200)["license"]["lease"]["token"]
            self._learn(keys)
            after = self._verify(token, first)
            if after.claims != before.claims:
                raise PurchaseFailed("the new key signed other claims")
            step.took_ms = answered.took_ms
            step.fact("set of keys", f"seq {self._trust.seq}: " + ", ".join(
                f"{kid} {key['status']}" for kid, key in self._trust.keys.items()))
            step.fact("the lease", f"{before.header['kid']} → {after.header['kid']}, still "
                      f"{after.claims['jti'][:12]}…", "green")
            self._timeline.knew("every client", f"that {before.header['kid']} counts for nothing "
                                "any more: at its next call")

    def _learn(self, keys: Keys) -> None:
        """What the client does with GET /v1/keys: only a newer set of a pinned root is taken."""
        text = expect(self._bought.buyer.keys(), 200)["set"]
        if text != keys.text:
            raise PurchaseFailed("GET /v1/keys answers with another set than was deployed")
        self._trust: Trust = verify_keys(text, keys.pinned, now_s=time.time(),
                                         min_seq=self._trust.seq)

    def _verify(self, token: str, other: Buyer) -> VerifiedLease:
        return verify_lease(token, self._trust, product_id=self._bought.lease.claims["aud"],
                            thumbprint=other.device.thumbprint, now_s=time.time())

    def _other(self, platform: str) -> Buyer:
        """A client on another device: it knows no secret of the first."""
        return Buyer(self._stack.urls, device=Device(platform))

    def _devices(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = expect(self._bought.buyer.devices(
            self._bought.license["license_id"]), 200)["devices"]
        return listed

    def _show_devices(self, step: Step) -> None:
        for number, device in enumerate(self._devices(), 1):
            step.fact(f"slot {number}", f"{device['platform']:<16}by "
                      f"{device['way'].replace('_', ' ')}")


def _demand(answered: Answered, code: str) -> None:
    if answered.error_code != code:
        raise PurchaseFailed(f"expected {code}, got {answered.status} {answered.error_code}")


def _show_refusal(step: Step, hops: list[Hop], answered: Answered) -> None:
    step.hops(hops)
    step.show(Text.assemble((f"{answered.status} {answered.error_code}  ", "red"),
                            (answered.value["error"]["message"], "dim")))
