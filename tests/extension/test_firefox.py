"""The same sample in Firefox: bought, kept offline, and seen to by its event page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scripts.checks.browser import missing_firefox, must_run
from scripts.demo_purchase.browser.sample import PRODUCT
from scripts.demo_purchase.buyer import Buyer
from scripts.demo_purchase.buyer import expect as answered
from tests.extension.firefox_machine import FirefoxMachine
from tests.extension.pages import PRO_TEXT
from tests.extension.test_package import WITHOUT_WARNING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.extension.built import Build
    from tests.extension.firefox_tab import Tab
    from tests.extension.world import World

CODE = ".tile [role=img]"
LICENSE, POLL = (f"tongbao:{PRODUCT}:{name}" for name in ("license", "poll"))
MOST_LOOKS = 100
PICTURE_ONLY = "icons/coin.svg"
"""Of the extension, and so with its rights, but without a script of it."""
POPUP = "chrome.extension.getViews({type: 'popup'})[0]"
IN_POPUP = f"{POPUP}.document"
DEVICE_KEY = """new Promise((resolve, reject) => {
    const opening = indexedDB.open("tongbao");
    opening.onerror = reject;
    opening.onsuccess = () => {
        const reading = opening.result.transaction("device").objectStore("device").get("key");
        reading.onerror = reject;
        reading.onsuccess = () => { opening.result.close(); resolve(reading.result); };
    };
}).then(async ({ publicKey, privateKey }) => {
    const outcome = (act) => act.then(() => "done", (error) => error.name);
    const how = { name: "ECDSA", hash: "SHA-256" };
    return [privateKey.extractable, await outcome(crypto.subtle.exportKey("jwk", publicKey)),
        await outcome(crypto.subtle.exportKey("jwk", privateKey)),
        await outcome(crypto.subtle.exportKey("pkcs8", privateKey)),
        await outcome(crypto.subtle.sign(how, privateKey, new Uint8Array(1)))];
})"""
"""Whether the private key says it can leave, then: public out, private out (twice), signs."""


@pytest.fixture(scope="module")
def firefox_is_here() -> None:
    """Skips where it is not, and says how to get it; fails under CI."""
    why = missing_firefox()
    if why is not None:
        pytest.fail(why) if must_run() else pytest.skip(why)


@pytest.fixture
def machine(firefox_is_here: None, built: Build, world: World,
            tmp_path: Path) -> Iterator[FirefoxMachine]:
    """One buyer's machine, not started."""
    made = FirefoxMachine(built.folder.parent / "firefox", world, tmp_path)
    yield made
    made.stop()


def expect_pro_works(popup: Tab) -> None:
    """The paid feature outlines a text that is typed."""
    popup.click("#text")
    popup.evaluate(f"document.execCommand('insertText', false, {json.dumps(PRO_TEXT)})")
    popup.wait_for_element(".outline li")
    assert popup.text(".outline ul") == "First heading\nA first point.\nA second point."


def bought(world: World) -> str:
    """The number of an order that somebody paid on another device."""
    buyer = Buyer(world.stack.urls)
    order = answered(buyer.place(PRODUCT), 200, 201)["order"]
    world.stack.wechatpay.pay(order["payment"]["value"])
    for _ in range(MOST_LOOKS):
        if answered(buyer.look(order["order_id"]), 200)["order"]["status"] == "paid":
            break
    answered(buyer.claim(order["order_id"]), 200)
    number: str = order["out_trade_no"]
    return number


def expect_only_the_manifests_permissions(page: Tab) -> None:
    """Of what Firefox could grant."""
    granted = page.evaluate("chrome.permissions.getAll()")
    manifest = page.evaluate("chrome.runtime.getManifest()")
    assert set(granted["permissions"]) == set(manifest["permissions"]) == WITHOUT_WARNING
    assert (granted["origins"], granted["data_collection"]) == ([], [])


def test_one_click_to_the_code_none_after_paying_and_it_works_offline_after_a_restart(
        machine: FirefoxMachine, world: World) -> None:
    machine.start()
    page = machine.page("popup.html")
    page.wait_for("document.querySelector('#buy')?.innerText.includes('¥99.00')")
    expect_only_the_manifests_permissions(page)
    machine.kill_background()
    page.click("#buy")
    page.wait_for_element(CODE)
    page.wait_for(f"chrome.alarms.get({json.dumps(POLL)})")  # the order woke the event page
    world.pay(page.picture())
    page.wait_for_element("main .medal[data-kind=good]")
    assert page.text("#title") == "Paid and unlocked"
    page.wait_for(f"chrome.alarms.get({json.dumps(POLL)}).then(found => found === undefined)")
    assert page.evaluate(DEVICE_KEY) == [
        False, "done", "InvalidAccessError", "InvalidAccessError", "done"]
    machine.stop()

    machine.start(cut_off=True)
    popup = machine.page("popup.html")
    assert popup.evaluate(f"fetch({json.dumps(world.stack.urls['license-fetch'])})"
                          ".then(() => 'arrived', () => 'lost')") == "lost"
    expect_pro_works(popup)
    machine.page("pay.html").wait_for_element(".certificate")


def test_a_code_in_the_toolbars_popup_paid_after_firefox_quit_unlocks_at_its_next_start(
        machine: FirefoxMachine, world: World) -> None:
    machine.start()
    beside = machine.page(PICTURE_ONLY)
    beside.evaluate("chrome.action.openPopup()")
    beside.wait_for(f"{IN_POPUP}.querySelector('#buy') !== null")
    beside.evaluate(f"{IN_POPUP}.querySelector('#buy').click()")
    beside.wait_for(f"{IN_POPUP}.querySelector('{CODE}') !== null")
    beside.wait_for(f"{IN_POPUP}.documentElement.scrollHeight <= {POPUP}.innerHeight")
    picture = machine.popup_picture()
    machine.stop()

    world.pay(picture)
    machine.start()
    beside = machine.page(PICTURE_ONLY)
    beside.wait_for(f"chrome.storage.local.get().then(kept => {json.dumps(LICENSE)} in kept)")
    expect_pro_works(machine.page("popup.html"))


def test_the_money_comes_back_and_another_purchase_is_restored_by_its_number(
        machine: FirefoxMachine, world: World) -> None:
    machine.start()
    page = machine.page("pay.html?view=pay")
    page.wait_for_element(CODE)
    world.pay(page.picture())
    page.wait_for_element("main .medal[data-kind=good]")
    history = machine.page("pay.html?view=history")
    history.click("[id^=refund-]")
    history.click("#refund-now")
    history.wait_for("document.querySelector('#title').innerText === 'Refund of ¥99.00'")
    popup = machine.page("popup.html")
    popup.wait_for("document.querySelector('.card h2')?.innerText === 'The license is suspended'")

    restoring = machine.page("pay.html?view=restore")
    restoring.click("#proof")
    restoring.evaluate(f"document.execCommand('insertText', false, {json.dumps(bought(world))})")
    restoring.click("#restore-now")
    restoring.wait_for("document.querySelector('#title').innerText === 'Restored and unlocked'")
    expect_pro_works(popup)
