"""The money goes back, and with it the license."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.extension.machine import Machine
    from tests.extension.world import World


def test_a_refund_takes_two_clicks_from_the_receipt_and_ends_the_feature_everywhere(
        machines: Callable[..., Machine], world: World) -> None:
    machine, second = machines(), machines()
    page = machine.popup().buy()
    page.pay()
    number = page.order_number
    other = second.pay_page("restore")
    other.page.locator("#proof").fill(number)
    other.click("restore-now")
    expect(other.title).to_have_text("Restored and unlocked")

    page = machine.pay_page("history")
    clicks = machine.counter.clicks
    expect(page.page.locator(".chip")).to_have_text("Paid")
    page.page.get_by_role("button", name="Ask for a refund").click()
    expect(page.title).to_have_text("Refund ¥99.00?")
    page.click("refund-now")
    expect(page.title).to_have_text("Refund of ¥99.00")
    assert machine.counter.clicks == clicks + 1
    popup = machine.popup()
    popup.expect_locked()
    expect(popup.page.locator(".card h2")).to_have_text("The license is suspended")

    world.settle_refund(number)
    machine.restart()
    page = machine.pay_page("license")
    expect(page.title).to_have_text("The payment was refunded")
    page = machine.pay_page("history")
    expect(page.page.locator(".chip")).to_have_text("Refunded")
    page = second.pay_page("license")
    page.click("check-license")
    expect(page.title).to_have_text("The payment was refunded")
    second.popup().expect_locked()


def test_an_operators_refund_reaches_an_open_popup_when_any_page_asks_the_shop(
        machine: Machine, world: World) -> None:
    page = machine.popup().buy()
    page.pay()
    number = page.order_number
    popup = machine.popup()
    popup.expect_unlocked()
    world.operate("refund", order=number, key="refund-browser-1")
    world.settle_refund(number)
    page.click("license")
    page.click("check-license")
    expect(page.title).to_have_text("The payment was refunded")
    expect(popup.page.locator(".outline")).to_have_count(0)
