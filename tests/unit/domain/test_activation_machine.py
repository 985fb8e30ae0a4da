"""Many devices, ways, times and refunds against one license: what must hold whatever they do."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shared.domain.activation import (
    claim_slot,
    decide_takeover,
    forget_devices,
    open_takeover,
    refresh_slot,
    remove_device,
    restore_slot,
)
from shared.domain.device import Refusal, Refused, Way
from shared.domain.history import verify_chain
from shared.domain.identifiers import device_id
from shared.domain.license import DAY_S, KIND, License, Standing
from tests.unit.domain.slots import KEY as LICENSE_KEY
from tests.unit.domain.slots import NOW_S, NUMBER, PAID_AT_S, id_of, told, wanted
from tests.unit.domain.test_license import LICENSE, grant, license_of

if TYPE_CHECKING:
    from collections.abc import Callable

DEVICES = st.integers(1, 7)
WAYS = st.sampled_from([NUMBER, LICENSE_KEY])
JUMPS = st.sampled_from([1, DAY_S, DAY_S, 3 * DAY_S - 1, 3 * DAY_S, 3 * DAY_S, 7 * DAY_S,
                         22 * DAY_S, 84 * DAY_S])
PLACES = st.integers(0, 3)
STANDINGS = st.sampled_from([Standing.ACTIVE, Standing.SUSPENDED, Standing.REVOKED])
WAIT_S, VOICE_S, WINDOW_S = 3 * DAY_S, 3 * DAY_S, 90 * DAY_S
MOST, LEAST = 4, 2
"""Two grants allow so many devices; the larger comes and goes with its standing."""


class Activations(RuleBasedStateMachine):
    """The machine keeps its own books: who asked when, who objected, who was taken off when."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = NOW_S
        self.license = license_of(
            grant(1, term_days=None, at_s=PAID_AT_S, devices=LEAST),
            grant(2, term_days=None, at_s=PAID_AT_S, devices=MOST))
        self.asked: dict[str, tuple[int, str]] = {}
        self.objected: list[tuple[int, Way, int]] = []
        self.swaps: list[int] = []
        self.thrown_out: list[int] = []

    def act(self, call: Callable[[License], License], may_go: set[str]) -> Refusal | None:
        """Do it, and do it again; `may_go` are the ids of devices that it may free."""
        before = self.license
        try:
            after = call(before)
        except Refused as refused:
            return refused.refusal
        with contextlib.suppress(Refused):
            assert call(after) is after
        self._check_step(before, after, may_go)
        self.license = after
        return None

    def _check_step(self, before: License, after: License, may_go: set[str]) -> None:
        if after is before:
            return
        assert after.version > before.version
        old, new = before.history.events, after.history.events
        assert new[:len(old)] == old
        dark = {one.device_id for one in before.devices if one.dark_at_s <= self.now_s}
        gone = ({one.device_id for one in before.devices}
                - {one.device_id for one in after.devices})
        assert gone <= may_go | dark
        lit_before, lit_after = self.bright(before), self.bright(after)
        assert len(lit_after) <= max(after.device_limit, len(lit_before))
        if lit_after - lit_before:
            assert len(lit_after) <= after.device_limit
            assert after.standing is Standing.ACTIVE
        for one in before.devices:
            same = [two for two in after.devices if two.device_id == one.device_id]
            assert all(two.dark_at_s >= one.dark_at_s for two in same)
        kinds = [event.kind for event in new[len(old):] if event.actor == "buyer"]
        if "device_removed" in kinds and "device_objected" not in kinds:
            self.swaps.append(self.now_s)

    def bright(self, license_: License) -> set[str]:
        """The devices that may hold something good."""
        return {one.device_id for one in license_.devices if one.dark_at_s > self.now_s}

    def has_slot(self, n: int) -> bool:
        """Whether device n is on the license."""
        return any(one.device_id == id_of(n) for one in self.license.devices)

    def has_voice(self, n: int) -> bool:
        """Whether it may decide about others, counted without the product's code."""
        return any(one.device_id == id_of(n) and (
            one.way is Way.CLAIM or self.now_s - one.activated_at_s >= VOICE_S)
            for one in self.license.devices)

    def is_barred(self, way: Way) -> bool:
        """Whether somebody objected to this way, or to the key, lately."""
        return any(self.now_s - at_s < WINDOW_S and objected in (way, Way.LICENSE_KEY)
                   for at_s, objected, _ in self.objected)

    @initialize(first=st.booleans())
    def begin(self, first: bool) -> None:
        """Often somebody claims first; sometimes nobody does."""
        if first:
            self.claim(1)
            for n in (2, 3, 4):
                self.restore(n, LICENSE_KEY, None)

    @rule(jump_s=JUMPS)
    def wait(self, jump_s: int) -> None:
        """Time passes."""
        self.now_s += jump_s

    @rule(n=DEVICES)
    def claim(self, n: int) -> None:
        """Somebody comes with the claim secret."""
        was_claimed, had = self.claims() > 0, self.has_slot(n)
        refusal = self.act(lambda it: claim_slot(it, wanted(n), self.now_s), set())
        assert refusal is not None or had or not was_claimed

    def claims(self) -> int:
        """How many devices the claim secret ever activated."""
        return sum(event.kind == "device_activated" and event.data["way"] == "claim"
                   for event in self.license.history.events)

    @rule(n=DEVICES, way=WAYS, replaces=st.one_of(st.none(), DEVICES))
    def restore(self, n: int, way: Way, replaces: int | None) -> None:
        """Somebody comes with an order number or a license key."""
        before, had = self.license, self.has_slot(n)
        asked_at_s, named = self.asked.get(id_of(n), (self.now_s, ""))
        ripe = {named} if self.now_s - asked_at_s >= WAIT_S else set()
        name = None if replaces is None else id_of(replaces)
        refusal = self.act(lambda it: restore_slot(it, wanted(n), way, name, self.now_s), ripe)
        came = not had and self.has_slot(n)
        assert not (came and self.is_barred(way))
        if before.standing is Standing.ACTIVE and not had and not self.is_barred(way) \
                and len(self.bright(before)) < before.device_limit:
            assert came, refusal
        if self.license is not before and not had and not came:
            self.asked = {id_of(n): (self.now_s, name or "")}

    @precondition(lambda self: self.license.devices)
    @rule(n=DEVICES, way=WAYS, place=PLACES)
    def ask(self, n: int, way: Way, place: int) -> None:
        """Somebody asks for a slot that is taken, when there is one."""
        self.restore(n, way, self.at(place))

    @precondition(lambda self: self.asked)
    @rule(jump_s=JUMPS, way=WAYS)
    def come_back(self, jump_s: int, way: Way) -> None:
        """Who asked comes back, sooner or later, while the others stay awake."""
        self.now_s += jump_s
        self.keep_awake()
        for n in range(1, 8):
            if id_of(n) in self.asked:
                self.restore(n, way, None)

    @precondition(lambda self: self.license.devices)
    @rule(by=PLACES, place=PLACES)
    def throw_out(self, by: int, place: int) -> None:
        """One of the devices takes one off."""
        self.remove(self.at(by), self.at(place))

    @precondition(lambda self: len(self.license.devices) > 1)
    @rule(times=st.integers(1, 6), way=WAYS)
    def come_and_go(self, times: int, way: Way) -> None:
        """Every few days the first device takes the second off, and somebody takes its place."""
        for n in range(times):
            self.now_s += VOICE_S
            self.keep_awake()
            self.throw_out(0, 1)
            self.restore(1 + n % 7, way, None)
            if len(self.license.devices) < 2:
                return

    @rule()
    def keep_awake(self) -> None:
        """Every device asks for its lease, as browsers in use do."""
        for one in self.license.devices:
            self.refresh(int(one.thumbprint))

    def at(self, place: int) -> int:
        """The number of the device in this place, counted round."""
        devices = self.license.devices
        return int(devices[place % len(devices)].thumbprint)

    @rule(n=DEVICES)
    def refresh(self, n: int) -> None:
        """A device asks for the lease of today."""
        lit = id_of(n) in self.bright(self.license)
        refusal = self.act(lambda it: refresh_slot(it, wanted(n).thumbprint, self.now_s), set())
        assert refusal is not Refusal.FULL or not lit
        assert (refusal is Refusal.NOT_ACTIVE) == (not self.has_slot(n))

    @rule(by=DEVICES, n=DEVICES)
    def remove(self, by: int, n: int) -> None:
        """A device takes another, or itself, off the license."""
        allowed = by == n or self.has_voice(by)
        young = by != n and self.has_slot(n) and not self.has_voice(n)
        way = next((one.way for one in self.license.devices if one.device_id == id_of(n)), None)
        had = self.has_slot(n)
        refusal = self.act(lambda it: remove_device(
            it, id_of(n), by=wanted(by).thumbprint, now_s=self.now_s),
            {id_of(n)} if allowed else set())
        if refusal is None and had and young:
            assert way is not None
            self.objected.append((self.now_s, way, by))
            self.thrown_out.append(self.now_s)

    @precondition(lambda self: len(self.swaps) >= 4)
    @rule(n=DEVICES)
    def operate(self, n: int) -> None:
        """The operator takes one off, and back what it objected to: never refused or counted."""
        counted, had = len(self.swaps), self.has_slot(n)
        assert self.act(lambda it: remove_device(
            it, id_of(n), by=None, now_s=self.now_s, actor="operator:li", source="admin"),
            {id_of(n)}) is None
        assert len(self.swaps) == counted
        if had:
            self.objected = [no for no in self.objected if no[2] != n]

    @precondition(lambda self: open_takeover(self.license, self.now_s) is not None)
    @rule(by=DEVICES, place=PLACES, approve=st.booleans())
    def decide(self, by: int, place: int, approve: bool) -> None:
        """A device, most often one of the license, approves the open request or objects."""
        by = by if place == 0 or not self.license.devices else self.at(place)
        takeover = open_takeover(self.license, self.now_s)
        assert takeover is not None
        allowed = self.has_voice(by)
        refusal = self.act(lambda it: decide_takeover(
            it, wanted(by).thumbprint, takeover.takeover_id, approve=approve, now_s=self.now_s),
            {takeover.replaces} if approve and allowed else set())
        assert refusal is not None or allowed
        if refusal is None and not approve:
            self.objected.append((self.now_s, takeover.way, by))
            self.asked = {}

    @precondition(lambda self: len(self.swaps) >= 4)
    @rule()
    def forget(self) -> None:
        """The buyer wishes to be forgotten."""
        everybody = {one.device_id for one in self.license.devices}
        assert self.act(partial(forget_devices, now_s=self.now_s, actor="operator:li",
                                source="admin"), everybody) is None

    @rule(standing=STANDINGS)
    def speak(self, standing: Standing) -> None:
        """The order of the larger grant says what that is worth now."""
        self.license = told(self.license, 2, standing)

    @rule(standing=st.sampled_from([Standing.SUSPENDED, Standing.REVOKED]), n=DEVICES, way=WAYS)
    def try_while_worthless(self, standing: Standing, n: int, way: Way) -> None:
        """For a moment both grants are worth nothing; then the smaller is active again."""
        larger = self.license.standing_of("G2")
        for number in (1, 2):
            self.license = told(self.license, number, standing)
        self.claim(n)
        self.restore(n, way, None)
        self.license = told(told(self.license, 1, Standing.ACTIVE), 2, larger)

    @invariant()
    def every_device_has_one_slot(self) -> None:
        """A key has one slot, and the id that follows from it."""
        keys = [one.thumbprint for one in self.license.devices]
        assert len(set(keys)) == len(keys) <= MOST
        assert [one.device_id for one in self.license.devices] == [
            device_id(LICENSE, key) for key in keys]

    @invariant()
    def swaps_are_few(self) -> None:
        """At most five in any ninety days; thrown out at most limit - 1 for either way."""
        times = sorted(self.swaps)
        assert all(later - at_s >= WINDOW_S for at_s, later in zip(times, times[5:], strict=False))
        lately = [at_s for at_s in self.thrown_out if self.now_s - at_s < WINDOW_S]
        assert len(lately) <= 2 * (MOST - 1)

    @invariant()
    def the_claim_secret_activates_once(self) -> None:
        """However often it was used."""
        assert self.claims() <= 1

    @invariant()
    def the_history_leads_to_its_head(self) -> None:
        """Every change is in it, in order."""
        verify_chain(KIND, LICENSE, self.license.history.events, self.license.history.head)


TestActivations = Activations.TestCase
TestActivations.settings = settings(max_examples=120, stateful_step_count=60, deadline=None)
