"""What is promised about devices, looked at while they live (I19 to I29) and when all is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.simulation.devices import held_to_the_end
from scripts.simulation.faults import MOST_SKEW_MS
from shared.domain.device import TAKEOVER_WAIT_S
from shared.domain.lease import SLOW_CLOCK_S, WORST_CASE_S
from shared.domain.license import PAYMENT, Standing
from shared.domain.refunding import standing_of
from tests.invariants.ground import must

if TYPE_CHECKING:
    from scripts.simulation.devices import Browser
    from scripts.simulation.families import Family
    from shared.domain.history import Event
    from shared.domain.license import License
    from shared.use_cases.claim_license import HandedOver

SKEW_S = 2 * MOST_SKEW_MS // 1_000
GONE = ("device_removed", "devices_forgotten")


class Promises:
    """Those of one family. `objected` are the requests that an owner objected to, and was heard;
    `given_up` the devices that somebody of the family did without.
    """

    def __init__(self, family: Family) -> None:
        self.family = family
        self.objected: set[str] = set()
        self.given_up: set[str] = set()
        self._said: dict[tuple[Any, ...], dict[str, Any]] = {}

    def hold_for_lease(self, browser: Browser, kid: str, claims: dict[str, Any],
                       handed: HandedOver) -> None:
        """A lease reached a browser."""
        now_s = self.family.town.engine.now_s
        must(claims["cnf"]["jkt"] == browser.wanted.thumbprint
             and claims["sub"] == self.family.license_id, "I21", "another device's lease")
        must(kid not in self.family.town.withdrawn, "I25", "signed by a withdrawn key")
        worth = (claims["jti"], handed.license.grants, handed.license.standings)
        must(self._said.setdefault(worth, claims) == claims, "I25",
             "the lease of one device and day says two things")
        if browser.must_last:
            must(browser.dark_at_s > now_s, "I29", "dark, though it asked whenever it was due")
        self._hold_for_rows(browser, claims)

    def _hold_for_rows(self, browser: Browser, claims: dict[str, Any]) -> None:
        stored = self.family.stored_license()
        now_s = self.family.town.engine.now_s
        rows = {device.device_id: device for device in stored.devices}
        row = rows.get(browser.device_id)
        must(row is None or row.dark_at_s >= claims["exp"] + claims["grc"] + SLOW_CLOCK_S,
             "I21", "a device holds more than its license's row knows of")
        bright = [one for one in self.family.everybody()
                  if one.dark_at_s > now_s and one is not browser]
        seated = [one for one in bright if one.device_id in rows]
        must(len(seated) + (row is not None) <= stored.device_limit, "I19",
             "more bright devices than the limit")
        gone = [event.kind for event in stored.history.events if event.kind in GONE]
        must(len(bright) - len(seated) <= len(gone) or "devices_forgotten" in gone, "I26",
             "more bright devices without a slot than were removed")

    def hold_at_the_end(self) -> None:
        """Everything is over."""
        for browser in self.family.browsers:
            held_to_the_end(browser)
        self._hold_for_refund()
        stored = self.family.stored_license()
        for event in stored.history.events:
            if event.kind == "device_removed":
                self._hold_for_removal(event, stored)
            elif event.kind == "device_dark":
                self._hold_for_dark(event, stored)

    def _hold_for_refund(self) -> None:
        """Refunded: whatever anybody holds is dark in time."""
        order = self.family.town.stored(self.family.order_id)
        gifted = any(grant.proof.kind != PAYMENT for grant in self.family.stored_license().grants)
        if standing_of(order) is not Standing.REVOKED or gifted:
            return
        learnt_at_s = max(event.at_s for event in order.history.events
                          if event.kind in ("refund_succeeded", "refund_found"))
        for browser in self.family.everybody():
            must(browser.dark_at_s <= learnt_at_s + WORST_CASE_S + SKEW_S, "I22",
                 "a refunded device is good for longer than was promised")

    def _hold_for_removal(self, event: Event, stored: License) -> None:
        """Who objected in time keeps the slot; and thieves take none from who looks."""
        must(event.data.get("takeover_id") not in self.objected, "I24",
             "a slot was freed for a request that was objected to")
        thieves = {one.device_id for one in self.family.strangers}
        if event.data["device_id"] in self.given_up | thieves or not event.data["counts"]:
            return
        # Nobody of the family did this: then all had three days to object.
        asked = [one.at_s for one in stored.history.events if one.kind == "takeover_asked"
                 and one.data["takeover_id"] == event.data.get("takeover_id")]
        since = asked or [one.seated_at_s for one in self.family.strangers if one.seated_at_s]
        must(since and event.at_s >= min(since) + TAKEOVER_WAIT_S - SKEW_S, "I24",
             "a thief freed a slot within three days")

    def _hold_for_dark(self, event: Event, stored: License) -> None:
        seated = {device.device_id for device in stored.devices}
        for browser in self.family.everybody():
            if browser.device_id == event.data["device_id"] and browser.device_id not in seated:
                must(browser.dark_at_s <= event.at_s + SKEW_S, "I24",
                     "a slot was taken from a device that was not dark")
