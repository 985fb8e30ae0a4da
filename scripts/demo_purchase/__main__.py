"""Command line of the demo; `scripts/demo` calls it. Exit code 0 only for a whole purchase."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_purchase.afterwards import Afterwards
from scripts.demo_purchase.browser.chromium import Looks, check
from scripts.demo_purchase.browser.failure import BrowserFailed
from scripts.demo_purchase.browser.play import PICTURE, play_by_hand, play_headless
from scripts.demo_purchase.buyer import PurchaseFailed
from scripts.demo_purchase.faults.play import play_faults
from scripts.demo_purchase.lease import InvalidLease
from scripts.demo_purchase.live import STOPPED, tell_facts, until_stopped
from scripts.demo_purchase.purchase import Purchase, shown_stack
from scripts.demo_purchase.rendered import RenderFailed
from scripts.demo_purchase.server import serve_shop
from scripts.demo_purchase.stack import CHECKOUT
from scripts.demo_purchase.state import StateInUse, locked, open_state
from scripts.demo_purchase.timeline import Timeline, make_console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scripts.demo_purchase.stack import Stack

DEFAULT_STATE = CHECKOUT / ".tongbao" / "demo"
INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str]) -> int:
    """0: purchased (and then stopped); 1: a step failed; 130: stopped before that."""
    options = _options(arguments)
    timeline = Timeline(make_console(options.picture))
    handlers = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        return _run(options, timeline)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _run(options: argparse.Namespace, timeline: Timeline) -> int:
    try:
        if options.faults:
            play_faults(timeline)
            _save_picture(options, timeline)
        elif options.browser:
            _browse(options, timeline)
        else:
            _purchase(options, timeline)
    except KeyboardInterrupt:
        timeline.line(STOPPED)
        return INTERRUPTED
    except (PurchaseFailed, InvalidLease, RenderFailed, StateInUse, BrowserFailed,
            OSError) as error:
        timeline.failure(str(error))
        return 1
    return 0


def _purchase(options: argparse.Namespace, timeline: Timeline) -> None:
    timeline.opening("one whole purchase, and the life of a license")
    with _stack(options, timeline) as stack:
        Afterwards(stack, timeline, Purchase(stack, timeline).run()).run()
        _save_picture(options, timeline)
        if not options.once:
            _stay(stack, timeline)


def _browse(options: argparse.Namespace, timeline: Timeline) -> None:
    looks = Looks(options.headless, options.language)
    check(os.environ, looks)
    timeline.opening("the sample extension in a browser")
    with _stack(options, timeline) as stack:
        if options.headless:
            play_headless(stack, timeline, looks, options.screenshot)
        else:
            play_by_hand(stack, timeline, looks)


@contextmanager
def _stack(options: argparse.Namespace, timeline: Timeline) -> Iterator[Stack]:
    with (locked(options.state) as folder,
          shown_stack(open_state(folder), timeline) as stack):
        yield stack


def _save_picture(options: argparse.Namespace, timeline: Timeline) -> None:
    if options.picture is not None:
        timeline.save_picture(options.picture,
                              "scripts/demo --faults" if options.faults else "scripts/demo")


def _stay(stack: Stack, timeline: Timeline) -> None:
    """Keep the shop open until somebody stops us."""
    config = {"functions": {"create_order": stack.urls["create-order"],
                            "license_fetch": stack.urls["license-fetch"]},
              "roots": stack.state.keys.pinned, "phone": stack.phone_url()}
    with serve_shop(config, stack.ports["shop"]) as shop, until_stopped(timeline):
        timeline.line([("Now try it yourself", "bold")])
        timeline.summary([("the shop", shop.url), ("the phone", stack.phone_url()),
                          ("kept in", str(stack.state.folder)), ("to stop", "Ctrl-C")])
        tell_facts(stack, timeline)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="One whole purchase on this machine, then a shop page.")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--faults", action="store_true",
                       help="what may go wrong instead, in a world of its own; then exit")
    modes.add_argument("--browser", action="store_true",
                       help="buy yourself instead, in Chromium with the sample extension")
    parser.add_argument("--once", action="store_true", help="exit after the purchase")
    parser.add_argument("--headless", action="store_true",
                        help="with --browser: without a window; it buys by itself, then exits")
    parser.add_argument("--language", metavar="zh-CN", help="of the browser")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", default=PICTURE,
                        help="with --headless: where the picture goes (build/demo-browser.png)")
    parser.add_argument("--state", type=Path,
                        help="folder for account, keys and data (default: .tongbao/demo)")
    parser.add_argument("--picture", type=Path, help="save the timeline as SVG")
    options = parser.parse_args(arguments)
    if options.faults and options.state is not None:
        parser.error("--faults plays in a world of its own and keeps nothing: no --state")
    if options.once and options.browser:
        parser.error("--browser runs until its window is closed: no --once; see --headless")
    if options.headless and not options.browser:
        parser.error("--headless is said of --browser")
    if options.picture is not None and options.browser:
        parser.error("--picture is of a purchase in the terminal; see --screenshot")
    options.state = options.state or DEFAULT_STATE
    return options


def _interrupt(*_: object) -> None:
    """Stop once; a second signal must not cut the cleaning up short."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
