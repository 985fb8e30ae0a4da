"""Opens the payment page; in a headless demo also the buyer, who clicks, pays and looks."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import zxingcpp
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from scripts.demo_purchase.browser.failure import BrowserFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from scripts.demo_purchase.browser.chromium import Chromium
    from scripts.demo_purchase.browser.sample import Sample
    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Timeline

PATIENCE_MS = 60_000
TRY_EVERY_MS = 250


@contextmanager
def payment_page(sample: Sample, chromium: Chromium) -> Iterator[Page]:
    """The sample's page in the first tab, driven up until the block ends; it stays open then.

    Raises BrowserFailed, also for what fails in the block.
    """
    with sync_playwright() as driver:
        try:
            context = driver.chromium.connect_over_cdp(chromium.devtools()).contexts[0]
            context.set_default_timeout(PATIENCE_MS)
            page = context.pages[0] if context.pages else context.wait_for_event("page")
            _go(page, sample.payment_page)
            yield page
        except Error as error:
            raise BrowserFailed(f"in Chromium: {error}") from error


def _go(page: Page, address: str) -> None:
    """Chromium answers before it has loaded the extension; until then its pages are not there."""
    for _ in range(PATIENCE_MS // TRY_EVERY_MS):
        try:
            page.goto(address)
            return
        except Error:
            page.wait_for_timeout(TRY_EVERY_MS)
    page.goto(address)


def buy(page: Page, stack: Stack, timeline: Timeline, picture: Path) -> None:
    """Buy on the payment page, and take a picture."""
    with timeline.step("One click: the code", "The page asks create-order for the price, and for "
                       "an order when the buyer clicks.") as (step, _):
        page.locator("#buy").click()
        page.locator(".tile [role=img]").wait_for()
        code_url = _scan(page.screenshot(full_page=True))
        step.fact("read from it", code_url)
    with timeline.step("WeChat pays, the page unlocks", "The code was read from a picture of the "
                       "page, as a camera would. Nothing is clicked: the page asks license-fetch, "
                       "gets its lease, and verifies it.") as (step, _):
        step.fact("transaction_id", stack.wechatpay.pay(code_url))
        page.locator("main .medal[data-kind=good]").wait_for()
        page.locator("#copy-key").wait_for()
        picture.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=picture, full_page=True)
        step.fact("the page says", page.locator("#title").inner_text(), "green")


def _scan(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as image:
        found = zxingcpp.read_barcodes(image.convert("L"), try_invert=False)
    if len(found) != 1:
        raise BrowserFailed(f"{len(found)} codes can be read on the page, and not one")
    return found[0].text
