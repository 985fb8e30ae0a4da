"""What `scripts/demo --browser` does: the stack, the sample, Chromium, and whoever buys."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from scripts.demo_purchase.browser.chromium import opened
from scripts.demo_purchase.browser.keyboard import Keyboard
from scripts.demo_purchase.browser.pay_page import buy, payment_page
from scripts.demo_purchase.browser.sample import build_sample
from scripts.demo_purchase.browser.wallet import Wallet
from scripts.demo_purchase.live import EVERY_S, Live, until_stopped
from scripts.demo_purchase.stack import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulators.wechatpay.records import Order
    from scripts.demo_purchase.browser.chromium import Chromium, Looks
    from scripts.demo_purchase.browser.sample import Sample
    from scripts.demo_purchase.stack import Stack
    from scripts.demo_purchase.timeline import Timeline

BUILD = CHECKOUT / "build"
PICTURE = BUILD / "demo-browser.png"
AS_IN_A_QUERY = ":/?="
"""Which of a code's characters may stand in a query as they are (RFC 3986, 3.4)."""


def play_by_hand(stack: Stack, timeline: Timeline, looks: Looks) -> None:
    """Open a window and keep the shop open until it is closed."""
    wallet = Wallet(stack.wechatpay)
    with _in_chromium(stack, timeline, looks) as (sample, chromium):
        with payment_page(sample, chromium):
            pass  # it is open, and the rest is for the person in front of it
        with until_stopped(timeline):
            _tell_what_to_do(stack, timeline)
            _stay(stack, timeline, chromium, wallet)
            timeline.line([("The window was closed.", "dim")])


def play_headless(stack: Stack, timeline: Timeline, looks: Looks, picture: Path) -> None:
    """Buy once without a window, and say where the picture is."""
    with (_in_chromium(stack, timeline, looks) as (sample, chromium),
          payment_page(sample, chromium) as page):
        buy(page, stack, timeline, picture)
    timeline.line([("The picture of it:", "dim")])
    timeline.whole_line(str(picture))


@contextmanager
def _in_chromium(stack: Stack, timeline: Timeline, looks: Looks,
                 ) -> Iterator[tuple[Sample, Chromium]]:
    # Not in /tmp, nor in a folder with a dot: a Chromium from a snap reads neither.
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-browser-", dir=BUILD,
                                     ignore_cleanup_errors=True) as made:
        folder = Path(made)
        with timeline.step("Build the sample for this shop", "An extension for Manifest V3 with "
                           "the permissions storage and alarms. It knows two addresses and two "
                           "roots, and no secret.") as (step, _):
            sample = build_sample(stack, folder)
            step.fact("built by", "node extension/build.mjs --shop FILE --out FOLDER")
        with opened(sample, folder, looks) as chromium:
            yield sample, chromium


def _tell_what_to_do(stack: Stack, timeline: Timeline) -> None:
    timeline.line([("Now buy it yourself", "bold")])
    timeline.summary([
        ("to buy", "click in the window that opened; the popup is behind the puzzle piece"),
        ("to pay", "press Enter here: the emulated WeChat pays the code that is shown"),
        ("the log", "what the functions do is told below"),
        ("kept in", f"{stack.state.folder}; the browser's profile is new each time"),
        ("to stop", "Ctrl-C, or close the window")])


def _stay(stack: Stack, timeline: Timeline, chromium: Chromium, wallet: Wallet) -> None:
    live, keyboard = Live(stack, timeline), Keyboard()
    while chromium.is_open():
        for order in wallet.fresh():
            _tell_code(order, stack, timeline)
        if keyboard.enter_within(EVERY_S):
            timeline.line([(f"  {wallet.pay_newest()}", "bold green")])
        live.look()


def _tell_code(order: Order, stack: Stack, timeline: Timeline) -> None:
    price = f"¥{order.total_fen / 100:.2f}"
    timeline.line([("  a code is shown  ", "bold yellow"), (f"{price}  ", "bold"),
                   ("Press Enter to pay it, or open the phone:", "")])
    timeline.whole_line(f"  {stack.phone_url(quote(order.code_url, safe=AS_IN_A_QUERY))}")
