"""No network, no server, no right clock: who paid goes on, and who is stuck is told the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.extension.looks import flaws
from tests.extension.world import FUNCTIONS, down, scan

if TYPE_CHECKING:
    from playwright.sync_api import Route

    from tests.extension.machine import Machine
    from tests.extension.world import World

DAY_S = 86_400


def test_who_starts_offline_can_use_what_is_free_and_buys_once_there_is_a_network(
        machine: Machine) -> None:
    machine.context.set_offline(True)
    popup = machine.popup()
    popup.expect_locked()
    expect(popup.page.get_by_role("alert")).to_have_count(0)
    popup.page.locator("#text").fill("two words")
    expect(popup.page.locator(".counts")).to_contain_text("2 words")
    page = popup.buy()
    expect(page.title).to_have_text("No connection")
    assert flaws(page.page) == []
    machine.context.set_offline(False)
    page.pay()


def test_a_code_stays_while_the_server_is_down_and_the_payment_is_found_afterwards(
        machine: Machine, world: World) -> None:
    page = machine.popup().buy()
    code = scan(page.picture())
    machine.context.route(FUNCTIONS, down)
    page.click("check")
    expect(page.page.get_by_role("alert").first).to_contain_text("The code is still good")
    assert scan(page.picture()) == code
    world.pay(page.picture())
    machine.context.unroute(FUNCTIONS)
    page.expect_paid()


def test_an_order_whose_answer_was_lost_is_not_placed_twice(
        machine: Machine, world: World) -> None:
    before = world.orders_at_wechat()

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    machine.context.route("**/v1/orders", lose, times=1)
    page = machine.popup().buy()
    page.picture()
    assert world.orders_at_wechat() == before + 1
    page.pay()


def test_a_server_that_is_down_for_fourteen_days_is_not_noticed_by_who_paid(
        machine: Machine, world: World) -> None:
    machine.popup().buy().pay()
    machine.stop()
    machine.cut_off = True
    world.advance(14 * DAY_S)
    popup = machine.popup()
    popup.expect_unlocked()
    expect(popup.page.get_by_role("alert")).to_have_count(0)
    page = machine.pay_page("license")
    page.expect_active()

    machine.stop()
    machine.cut_off = False
    page = machine.pay_page("license")
    expect(page.page.locator(".note")).to_have_count(0)
    page.expect_active()


def test_weeks_offline_end_the_lease_and_one_connection_brings_it_back(
        machine: Machine, world: World) -> None:
    machine.popup().buy().pay()
    machine.stop()
    machine.cut_off = True
    world.advance(30 * DAY_S)
    machine.popup().expect_locked()
    page = machine.pay_page("license")
    expect(page.title).to_have_text("Time to connect once")
    machine.stop()
    machine.cut_off = False
    machine.popup().expect_unlocked()


def test_a_clock_set_back_is_told_and_set_right_all_is_well_again(machine: Machine) -> None:
    machine.popup().buy().pay()
    machine.stop()
    machine.clock_error_s = -40 * DAY_S
    machine.popup().expect_locked()
    page = machine.pay_page("license")
    expect(page.title).to_have_text("Check date and time")
    machine.stop()
    machine.clock_error_s = 0
    machine.popup().expect_unlocked()


def test_a_clock_that_is_minutes_wrong_hinders_nobody(machine: Machine) -> None:
    machine.clock_error_s = -1_200
    machine.popup().buy().pay()
    machine.popup().expect_unlocked()


def test_a_license_that_was_tampered_with_unlocks_nothing_and_comes_back_from_the_shop(
        machine: Machine) -> None:
    machine.popup().buy().pay()
    kept = machine.stored("license")
    head, claims, signature = kept["token"].split(".")
    changed = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
    machine.context.set_offline(True)
    machine.store("license", {**kept, "token": f"{head}.{claims}.{changed}"})
    machine.popup().expect_locked()
    page = machine.pay_page("license")
    expect(page.title).to_have_text("The license does not verify")
    machine.context.set_offline(False)
    page.click("check-license")
    page.expect_active()
    machine.popup().expect_unlocked()


NO_ED25519 = """crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"])
    .then(() => "imported", error => error.name)"""


def test_without_ed25519_the_page_and_the_worker_verify_by_the_fallback(
        machine: Machine, world: World) -> None:
    machine.lacks_ed25519 = True
    page = machine.popup().buy()
    page.picture()
    for context in (page.page, machine.worker):
        assert context.evaluate(NO_ED25519) == "NotSupportedError"
    page.pay()
    assert page.page.evaluate("askedForEd25519") > 1  # by the SDK too
    machine.context.set_offline(True)
    machine.popup().expect_unlocked()
    kept = machine.stored("license")
    head, claims, signature = kept["token"].split(".")
    changed = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
    machine.store("license", {**kept, "token": f"{head}.{claims}.{changed}"})
    machine.popup().expect_locked()


def test_without_ed25519_the_worker_claims_and_verifies_alone(
        machine: Machine, world: World) -> None:
    machine.lacks_ed25519 = True
    picture = machine.popup().buy().picture()
    machine.stop()
    world.pay(picture)
    machine.popup().expect_unlocked()
    assert machine.worker.evaluate("askedForEd25519") > 0
