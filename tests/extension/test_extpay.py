"""An extension written for ExtensionPay, by its documentation, of which one import was changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.extension.built import Build
from tests.extension.pages import PayPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.extension.machine import Machine
    from tests.extension.world import World

WRITTEN = Path(__file__).parent / "extpay"


@pytest.fixture
def extpay(built: Build, world: World, tmp_path: Path) -> Build:
    """It beside the page that sells, with what stands in for the `extpay` that it imported."""
    folder = tmp_path / "extpay"
    shutil.copytree(built.folder, folder)
    shutil.copytree(WRITTEN, folder, dirs_exist_ok=True)
    shutil.copy(built.folder.parent / "sdk" / "extpay.js", folder)
    (folder / "shop.js").write_text('import { extPayFor } from "./extpay.js";\n'
                                    f"export default extPayFor({json.dumps(world.shop())});\n")
    return Build(folder, built.id, built.key)


def test_code_for_extensionpay_sells_is_told_in_every_context_and_answers_offline(
        machines: Callable[..., Machine], extpay: Build, world: World) -> None:
    machine = machines(build=extpay)
    popups = [machine.tab("popup.html") for _ in range(2)]
    for popup in popups:
        expect(popup.locator("#state")).to_have_text("new, not paid")
    expect(popups[0].locator("#plan")).to_have_text("阅读助手专业版（一年）: 9900 cny year 1")
    machine.kill_worker()
    with machine.context.expect_page() as opened:
        popups[0].locator("#pay").click()
    page = PayPage(opened.value, machine.counter, world)
    page.click("buy")
    page.pay()
    for popup in popups:
        expect(popup.locator("#heard")).to_have_text("1: true")

    machine.context.set_offline(True)
    later = machine.tab("popup.html")
    expect(later.locator("#state")).to_contain_text("paid at ")
    expect(later.locator("#plan")).to_have_text("no plans without a network")
    paid_at_ms = later.locator("#state").inner_text().removeprefix("paid at ")
    thanks = machine.worker.evaluate("chrome.storage.local.get('thanks')")["thanks"]
    assert thanks == [f"true {paid_at_ms}"]


def test_who_paid_before_logs_in_by_restoring(
        machines: Callable[..., Machine], extpay: Build, world: World) -> None:
    sold = machines().popup().buy()
    sold.pay()
    machine = machines(build=extpay)
    popup = machine.tab("popup.html")
    for button, title in (("#trial", "Reader Pro, one year"), ("#login", "Restore a purchase")):
        with machine.context.expect_page() as opened:
            popup.locator(button).click()
        page = PayPage(opened.value, machine.counter, world)
        expect(page.title).to_have_text(title)
    page.page.locator("#proof").fill(sold.order_number)
    page.click("restore-now")
    expect(page.title).to_have_text("Restored and unlocked")
    popup.reload()
    expect(popup.locator("#state")).to_contain_text("paid at ")
