"""What dies between code and license: worker, browser, popup. Nothing is lost or paid twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from emulators.wechatpay import Fault
from scripts.demo_purchase.browser.sample import PRODUCT
from tests.extension.looks import flaws
from tests.extension.world import ORDER_LIFETIME_S, codes, scan

if TYPE_CHECKING:
    from tests.extension.machine import Machine
    from tests.extension.world import World

ALARM = f"tongbao:{PRODUCT}:poll"
CODE_LIFETIME_S = 2 * 3_600


def test_a_page_unlocks_though_the_worker_died_before_the_payment(machine: Machine) -> None:
    page = machine.popup().buy()
    page.picture()
    machine.kill_worker()
    page.pay()
    machine.popup().expect_unlocked()


def test_with_every_page_closed_and_the_worker_dead_the_alarm_finds_the_payment(
        machine: Machine, world: World) -> None:
    page = machine.popup().buy()
    picture = page.picture()
    page.close()
    machine.kill_worker()
    popup = machine.popup()
    assert popup.page.evaluate("name => chrome.alarms.get(name)", ALARM)["periodInMinutes"] == 0.5
    world.pay(picture)
    # What would come every half minute comes every three seconds. By a delay and not by a time: the
    # extension's clock may be ahead, and the browser's is not.
    popup.page.evaluate(
        "name => chrome.alarms.create(name, {delayInMinutes: 0.05, periodInMinutes: 0.05})", ALARM)
    popup.expect_unlocked()


def test_a_browser_that_starts_again_unlocks_what_was_paid_meanwhile(
        machine: Machine, world: World) -> None:
    picture = machine.popup().buy().picture()
    machine.stop()
    world.pay(picture)
    machine.popup().expect_unlocked()


def test_a_popup_that_closed_shows_the_same_code_again(machine: Machine, world: World) -> None:
    before = world.orders_at_wechat()
    page = machine.popup().buy()
    first = scan(page.picture())
    page.close()
    again = machine.popup()
    again.click("pay")
    page = again.as_pay_page()
    assert scan(page.picture()) == first
    assert world.orders_at_wechat() == before + 1
    page.pay()


def test_two_windows_at_once_place_one_order_and_both_unlock(
        machine: Machine, world: World) -> None:
    before = world.orders_at_wechat()
    one, other = (machine.pay_page("pay", wait_until="commit") for _ in range(2))
    assert scan(one.picture()) == scan(other.picture())
    assert world.orders_at_wechat() == before + 1
    one.pay()
    other.expect_paid()


def test_with_every_notify_lost_the_page_finds_the_payment(machine: Machine, world: World) -> None:
    world.lose_notifies()
    page = machine.popup().buy()
    world.pay(page.picture())
    number = page.order_number
    page.expect_paid()
    assert [each for each in world.stack.wechatpay.notify_attempts
            if each.out_trade_no == number] == []


def test_a_code_that_ended_cannot_be_scanned_and_a_new_one_keeps_the_order(
        machine: Machine, world: World) -> None:
    before = world.orders_at_wechat()
    page = machine.popup().buy()
    first, number = scan(page.picture()), page.order_number
    machine.stop()
    world.advance(CODE_LIFETIME_S)
    page = machine.pay_page()
    expect(page.title).to_have_text("The code has expired")
    assert flaws(page.page) == []
    assert codes(page.page.screenshot()) == []
    page.click("refresh")
    assert scan(page.picture()) != first
    assert page.order_number == number
    assert world.orders_at_wechat() == before + 1
    page.pay()


def test_a_canceled_order_is_closed_at_wechat_and_the_next_one_is_new(
        machine: Machine, world: World) -> None:
    page = machine.popup().buy()
    page.picture()
    number = page.order_number
    popup = machine.popup()
    expect(popup.page.locator("#pay")).to_have_text("Continue to payment")
    page.click("cancel")
    expect(page.title).to_have_text("The order is closed")
    expect(popup.page.locator("#buy")).to_be_visible()
    assert codes(page.page.screenshot()) == []
    assert world.stack.wechatpay.orders[number].trade_state == "CLOSED"
    page.click("again")
    page.picture()
    assert page.order_number != number
    page.pay()


def test_an_order_whose_time_is_over_gives_way_to_a_new_one(
        machine: Machine, world: World) -> None:
    page = machine.popup().buy()
    page.picture()
    number = page.order_number
    machine.stop()
    world.advance(ORDER_LIFETIME_S + 60)
    page = machine.popup().buy()
    page.picture()
    assert page.order_number != number
    page.pay()


def test_a_payment_that_is_heard_of_after_the_code_ended_counts_and_is_said_to(
        machine: Machine, world: World) -> None:
    picture = machine.popup().buy().picture()
    world.lose_notifies()
    world.stack.wechatpay.inject(Fault("system_error", "query", times=None))
    world.pay(picture)
    machine.stop()
    world.advance(CODE_LIFETIME_S)
    page = machine.pay_page()
    expect(page.title).to_have_text("The code has expired")
    world.stack.wechatpay.clear_faults()
    page.expect_paid()
    expect(page.page.locator(".note")).to_have_text(
        "Your payment came after the code had ended. It counts all the same.")


def test_what_was_paid_in_time_unlocks_hours_after_the_order_ended(
        machine: Machine, world: World) -> None:
    picture = machine.popup().buy().picture()
    world.lose_notifies()
    machine.stop()
    world.pay(picture)
    world.advance(ORDER_LIFETIME_S + 60)
    machine.popup().expect_unlocked()
