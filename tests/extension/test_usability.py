"""How much a buyer has to do for the three things that matter: clicks are promised, seconds told.

Both are printed after the run (usability.py).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.extension.machine import Machine


def test_from_the_popup_to_license_restore_and_refund(
        machines: Callable[..., Machine], record_property: Callable[[str, Any], None]) -> None:
    def measured(what: str, machine: Machine, clicks: int, began: float) -> None:
        assert machine.counter.clicks == clicks, what
        record_property("usability", (what, clicks, time.monotonic() - began))
        machine.counter.clicks = 0

    buyer, second = machines(), machines()
    popup = buyer.popup()
    expect(popup.page.locator("#buy")).to_contain_text("¥99.00")
    began = time.monotonic()
    page = popup.buy()
    page.picture()
    measured("buy: from the popup to the code", buyer, 1, began)
    began = time.monotonic()
    page.pay()
    measured("after the payment: until it is unlocked", buyer, 0, began)
    number = page.order_number

    popup = second.popup()
    began = time.monotonic()
    popup.click("manage")
    page = popup.as_pay_page()
    page.page.locator("#proof").fill(number)
    page.click("restore-now")
    expect(page.title).to_have_text("Restored and unlocked")
    measured("restore: from the popup to unlocked, with one paste", second, 2, began)

    popup = buyer.popup()
    popup.expect_unlocked()
    began = time.monotonic()
    popup.click("manage")
    page = popup.as_pay_page()
    page.click("history")
    page.click_on("Ask for a refund")
    page.click("refund-now")
    expect(page.title).to_have_text("Refund of ¥99.00")
    measured("refund: from the popup until it is asked for", buyer, 4, began)
