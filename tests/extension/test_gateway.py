"""One address for all functions, as the SDK's `apiBase` in one string."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.extension.built import build
from tests.extension.gateway import open_gateway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.extension.built import Build
    from tests.extension.machine import Machine
    from tests.extension.world import World


def test_behind_one_address_a_buyer_buys_sees_the_devices_and_gets_the_money_back(
        machines: Callable[..., Machine], world: World, built: Build, tmp_path: Path) -> None:
    with open_gateway(world.stack.urls) as gateway:
        machine = machines(build=build(
            tmp_path / "build", world.shop(apiBase=f"{gateway.url}/"), like=built))
        page = machine.popup().buy()
        page.pay()
        machine.popup().expect_unlocked()
        devices = machine.pay_page("devices")
        expect(devices.page.locator("li.item")).to_have_count(1)
        page = machine.pay_page("history")
        page.click_on("Ask for a refund")
        page.click("refund-now")
        expect(page.title).to_have_text("Refund of ¥99.00")
        machine.stop()
        asked = dict(gateway.asked)
    assert asked["POST /v1/orders"] == "create-order"
    assert asked["POST /v1/licenses/claim"] == "license-fetch"
    assert set(asked.values()) == {"create-order", "license-fetch"}
