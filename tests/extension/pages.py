"""The extension's pages as a buyer meets them: what they show, and what can be clicked."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.extension.world import World

PRO_TEXT = "First heading\nA first point. And more of it.\nA second point."


@dataclass
class Counter:
    """What a buyer did, and how long it took from a payment until it unlocked."""

    clicks: int = 0
    unlocked_after_s: list[float] = field(default_factory=list)


class Shown:
    """One open page."""

    def __init__(self, page: Page, counter: Counter, world: World) -> None:
        self.page = page
        self.world = world
        self._counter = counter

    @property
    def title(self) -> Locator:
        """The heading that says where the buyer is."""
        return self.page.locator("#title")

    def click(self, name: str) -> None:
        """Click the thing with this id, and count it."""
        self._counter.clicks += 1
        self.page.locator(f"#{name}").click()

    def click_on(self, text: str) -> None:
        """Click the link or button with this text, and count it."""
        self._counter.clicks += 1
        self.page.locator("a, button", has_text=text).click()

    def close(self) -> None:
        """As a popup closes when it loses focus."""
        self.page.close()


class PayPage(Shown):
    """pay.html."""

    @property
    def code(self) -> Locator:
        """The tile with the QR code."""
        return self.page.locator(".tile [role=img]")

    @property
    def order_number(self) -> str:
        """The number that is shown beside the code, or once it is paid."""
        return self.page.locator("dd:has(#copy-order) code").inner_text()

    @property
    def license_key(self) -> str:
        """The key that is shown once it is paid."""
        return self.page.locator("dd:has(#copy-key) code").inner_text()

    def picture(self) -> bytes:
        """What a phone's camera sees once there is a code."""
        expect(self.code).to_be_visible()
        return self.page.screenshot()

    def pay(self) -> None:
        """Scan and pay, and wait until the page says so; where all is well, for it is counted."""
        self.world.pay(self.picture())
        began = time.monotonic()
        self.expect_paid()
        self._counter.unlocked_after_s.append(time.monotonic() - began)

    def expect_paid(self) -> None:
        """The page says that it is paid and unlocked."""
        expect(self.page.locator("main .medal[data-kind=good]")).to_be_visible()
        expect(self.page.locator("#copy-order")).to_be_visible()

    def expect_active(self) -> None:
        """The license's view shows a license that is good."""
        expect(self.page.locator(".certificate")).to_be_visible()


class PopupPage(Shown):
    """popup.html."""

    def expect_unlocked(self) -> None:
        """The paid feature works: it outlines a text."""
        self.page.locator("#text").fill(PRO_TEXT)
        expect(self.page.locator(".outline li")).to_have_text(
            ["First heading", "A first point.", "A second point."])

    def expect_locked(self) -> None:
        """The paid feature is not there."""
        expect(self.page.locator(".card")).to_be_visible()
        expect(self.page.locator(".outline")).to_have_count(0)

    def buy(self) -> PayPage:
        """One click: the code."""
        self.click("buy")
        return self.as_pay_page()

    def as_pay_page(self) -> PayPage:
        """Once a click led there."""
        return PayPage(self.page, self._counter, self.world)
