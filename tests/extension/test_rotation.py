"""Keys change while extensions of three ages are in use; roots A to D, as in tests/e2e."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from scripts.demo_purchase.keys import ISSUER
from scripts.keyring import key_set, steps
from scripts.keyring.private_keys import make_root, make_signing_key
from tests.extension.built import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripts.demo_purchase.stack import Stack
    from scripts.keyring.private_keys import Root, SigningKey
    from tests.extension.built import Build
    from tests.extension.machine import Machine
    from tests.extension.world import World

A, B, C, D = (make_root() for _ in range(4))


@dataclass
class Keys:
    """What the functions sign with, and the set that says so."""

    stack: Stack
    active: SigningKey
    listed: key_set.KeySet

    def deploy(self, root: Root) -> None:
        """The functions anew, with the set signed by this root."""
        for function in ("license-fetch", "timers"):
            self.stack.functions.update_environment(self.stack.names[function], {
                "TONGBAO_SIGNING_KID": self.active.kid, "TONGBAO_SIGNING_KEY": self.active.seed,
                "TONGBAO_KEY_SET": key_set.sign(self.listed, root)})

    def rotate(self, root: Root, *, withdraw: bool = False) -> None:
        """A new signing key; the former one is retired, or counts for nothing any more."""
        new = make_signing_key(f"test-{self.listed.seq + 1}")
        now_s = int(time.time())
        self.listed = (
            steps.withdraw(self.listed, self.active.kid, replacement=new.public, now_s=now_s)
            if withdraw else steps.rotate(self.listed, new.public, now_s=now_s))
        self.active = new
        self.deploy(root)


@pytest.fixture
def keys(world: World) -> Iterator[Keys]:
    first = make_signing_key("test-first")
    made = Keys(world.stack, first, steps.new_set(
        issuer=ISSUER, environment="test", keys=[first.public], now_s=int(time.time())))
    made.deploy(A)
    yield made
    world.stack.deploy_keys(world.stack.state.keys)


@pytest.fixture
def generation(world: World, built: Build, tmp_path: Path) -> Callable[..., Build]:
    """A build of the same extension that pins these roots, and takes no older set than this."""
    def made(first: Root, second: Root, min_seq: int) -> Build:
        return build(tmp_path / f"build-{min_seq}", world.shop(
            roots=[first.x, second.x], minSeq=min_seq), like=built)
    return made


def refreshed(machine: Machine) -> Any:
    """Ask the shop; the number of the key set that the machine has then."""
    page = machine.pay_page("license")
    page.expect_active()
    page.click("check-license")
    expect(page.page.locator("#check-license[aria-busy]")).to_have_count(0)
    page.expect_active()
    page.close()
    return machine.stored("keys")["seq"]


def test_a_withdrawn_key_costs_a_running_extension_nothing(
        machines: Callable[..., Machine], generation: Callable[..., Build], keys: Keys) -> None:
    machine = machines(build=generation(A, B, 1))
    machine.popup().buy().pay()
    stolen = machine.stored("license")["token"]
    keys.rotate(A, withdraw=True)
    assert refreshed(machine) == 2
    assert machine.stored("license")["token"] != stolen
    machine.popup().expect_unlocked()
    machine.store("license", {**machine.stored("license"), "token": stolen})
    machine.context.set_offline(True)
    machine.popup().expect_locked()


def test_three_generations_live_through_a_rotation_and_a_lost_root(
        machines: Callable[..., Machine], generation: Callable[..., Build], keys: Keys) -> None:
    first = machines(build=generation(A, B, 1))
    page = first.popup().buy()
    page.pay()
    number = page.order_number
    keys.rotate(A)
    assert refreshed(first) == 2

    keys.rotate(B)  # A is lost: seq 3
    second = machines(build=generation(B, C, 3))
    restore(second, number)
    assert [refreshed(machine) for machine in (first, second)] == [3, 3]

    keys.rotate(C)  # and B: seq 4, which the first generation cannot take
    third = machines(build=generation(C, D, 4))
    restore(third, number)
    assert [refreshed(machine) for machine in (first, second, third)] == [3, 4, 4]
    for machine in (first, second, third):
        machine.popup().expect_unlocked()


def restore(machine: Machine, number: str) -> None:
    """Bring the purchase to this machine."""
    page = machine.pay_page("restore")
    page.page.locator("#proof").fill(number)
    page.click("restore-now")
    expect(page.title).to_have_text("Restored and unlocked")
    page.close()
