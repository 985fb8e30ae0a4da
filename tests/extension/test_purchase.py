"""From the click to the license, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.extension.machine import Machine


def test_one_click_to_the_code_none_after_paying_and_it_works_offline_and_after_a_restart(
        machine: Machine) -> None:
    popup = machine.popup()
    popup.expect_locked()
    page = popup.buy()
    page.pay()
    expect(page.title).to_have_text("Paid and unlocked")
    assert machine.counter.clicks == 1

    machine.context.set_offline(True)
    machine.popup().expect_unlocked()
    machine.restart()
    machine.context.set_offline(True)
    machine.popup().expect_unlocked()
    page = machine.pay_page()
    page.expect_active()
    expect(page.page.locator("#copy-key")).to_be_visible()
