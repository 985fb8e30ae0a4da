"""The pictures of extension/README.md, taken while somebody buys, manages and restores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.extension.pictures import GAP, SCALE, SCREEN, STILL, Sheet
from tests.extension.world import scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.extension.machine import Machine
    from tests.extension.pages import PayPage
    from tests.extension.world import World

TEXTS = {
    "en": "Why outlines help\nAn outline shows the bones first. Readers decide what deserves a "
          "closer look.\nHow to read faster\nRead the headings, then the first sentence of each "
          "paragraph. It takes a third of the time.",
    "zh-CN": "为什么要读大纲\n大纲让人先看到骨架。读者可以决定哪一段值得细读，哪一段可以略过。\n"
             "怎么读得更快\n先看标题，再看每段第一句。这样只用三分之一的时间。"}


@pytest.fixture
def pictured(machines: Callable[..., Machine]) -> Callable[..., Machine]:
    """Makes machines whose screens look well in a picture."""
    def machine(language: str = "en", **emulated: str) -> Machine:
        made: Machine = machines(language)
        made.emulated = {**STILL, **emulated}
        return made
    return machine


def bought(machine: Machine, sheet: Sheet) -> PayPage:
    """The page that says "Paid and unlocked", after pictures of the popup, the code and it."""
    popup = machine.popup()
    popup.page.locator("#text").fill(TEXTS["en"])
    expect(popup.page.locator("#buy")).to_contain_text("¥99.00")
    sheet.take(popup.page)
    page = popup.buy()
    page.picture()
    sheet.take(page.page)
    page.pay()
    sheet.take(page.page)
    return page


def restoring(machine: Machine, number: str, sheet: Sheet) -> PayPage:
    """The page of who has to wait until another device makes room, after pictures on the way."""
    page = machine.pay_page("restore")
    page.page.locator("#proof").fill(number)
    sheet.take(page.page)
    page.click("restore-now")
    expect(page.page.locator("#take-over")).to_be_visible()
    page.page.get_by_role("radio", name="Edge").check()
    sheet.take(page.page)
    page.click("take-over")
    expect(page.title).to_have_text("Waiting for your other device")
    sheet.take(page.page)
    return page


def managing(machine: Machine, sheet: Sheet) -> None:
    """Pictures of the orders with their receipts, the devices, and what a refund means."""
    page = machine.pay_page("history")
    expect(page.page.locator(".chip")).to_have_text("Paid")
    sheet.take(page.page)
    devices = machine.pay_page("devices")
    expect(devices.page.locator(".asked")).to_be_visible()
    sheet.take(devices.page)
    page.click_on("Ask for a refund")
    expect(page.page.locator("#refund-now")).to_be_visible()
    sheet.take(page.page)


def in_the_dark(machine: Machine, sheet: Sheet) -> str:
    """The code, after pictures of the offer, it, and the feature that it paid for."""
    page = machine.pay_page("offer")
    expect(page.page.locator("#buy")).to_contain_text("¥99.00")
    sheet.take(page.page)
    page.click("buy")
    page.picture()
    sheet.take(page.page)
    code = scan(page.page.screenshot())
    page.pay()
    popup = machine.popup()
    popup.page.locator("#text").fill(TEXTS["zh-CN"])
    expect(popup.page.locator(".outline li")).to_have_count(4)
    sheet.take(popup.page)
    return code


def test_pictures_of_buying_managing_and_restoring(
        pictured: Callable[..., Machine], world: World, tmp_path: Path) -> None:
    buy, manage, restore = (Sheet(f"extension-{name}") for name in ("buy", "manage", "restore"))
    machine = pictured()
    paid = bought(machine, buy)
    world.fill(paid.license_key)
    restoring(pictured(), paid.order_number, restore)
    managing(machine, manage)
    dark = Sheet("extension-buy-zh", dark=True)
    code = in_the_dark(pictured("zh-CN", color_scheme="dark"), dark)

    height = round(SCREEN["height"] * SCALE) + 2 * GAP
    for sheet in (buy, manage, restore, dark):
        saved = sheet.save(tmp_path / "pictures")
        assert len(sheet.screens) == 3
        assert sheet.picture().height == height
        assert (scan(saved.read_bytes()) == code) if sheet is dark else saved.exists()
