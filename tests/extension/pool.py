"""Browsers that one test is done with and the next one takes: starting one takes a second."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.extension.built import Build

PATIENCE_S = 60.0
LOOK_AGAIN_MS = 20
NEUTRAL = "icons/coin.svg"
"""A page of the extension that does nothing."""
FORGET = """async () => {
    await chrome.alarms.clearAll();
    await chrome.storage.session.clear();
    for (const {name} of await indexedDB.databases()) {
        await new Promise((resolve, reject) => {
            const asked = indexedDB.deleteDatabase(name);
            asked.onsuccess = resolve;
            asked.onerror = asked.onblocked = () => reject(new Error(name));
        });
    }
    await chrome.storage.local.clear();
    await chrome.storage.local.set({wakes: "the worker"});
    await chrome.storage.local.remove("wakes");
}"""
"""As after the installation: nothing is kept, and the worker starts anew."""


@dataclass(frozen=True)
class Browser:
    """A running browser with this build; its clock is ahead by so much of this machine's."""

    context: BrowserContext
    folder: Path
    build: Build
    ahead_s: int

    def forget(self) -> None:
        """All that happened in it."""
        self.context.unroute_all()
        self.context.set_offline(False)
        page = self.context.new_page()
        for other in self.context.pages:
            if other != page:
                other.close()
        page.goto(f"chrome-extension://{self.build.id}/{NEUTRAL}")
        end_worker(self.context, self.build)
        page.evaluate(FORGET)
        wait_until(self.context, lambda: workers(self.context, self.build) != [],
                   "the worker did not come back")
        page.goto("about:blank")


@dataclass
class Pool:
    """The browsers that nobody uses now."""

    free: list[Browser] = field(default_factory=list)

    def take(self, build: Build, ahead_s: int) -> Browser | None:
        """One with this build whose clock is right; None: there is none."""
        late = [each for each in self.free if each.ahead_s != ahead_s]
        for each in late:
            each.context.close()
        self.free = [each for each in self.free if each not in late]
        fit = [each for each in self.free if each.build == build]
        if not fit:
            return None
        self.free.remove(fit[0])
        return fit[0]

    def give(self, browser: Browser) -> None:
        """Back, with nothing left of what was done."""
        browser.forget()
        self.free.append(browser)

    def close(self) -> None:
        """Quit them all."""
        for each in self.free:
            each.context.close()
        self.free.clear()


def workers(context: BrowserContext, build: Build) -> list[str]:
    """The targets of the service worker, if it runs."""
    session = context.new_cdp_session(context.pages[0])
    targets = session.send("Target.getTargets")["targetInfos"]
    session.detach()
    return [each["targetId"] for each in targets
            if each["type"] == "service_worker" and build.id in each["url"]]


def end_worker(context: BrowserContext, build: Build) -> None:
    """End the service worker, as the browser does whenever it likes, and see it gone."""
    ended = workers(context, build)
    session = context.new_cdp_session(context.pages[0])
    for target_id in ended:
        session.send("Target.closeTarget", {"targetId": target_id})
    session.detach()
    # The browser answers before it has done so.
    wait_until(context, lambda: set(ended).isdisjoint(workers(context, build)),
               "the worker did not end")


def wait_until(context: BrowserContext, reached: Callable[[], bool], otherwise: str) -> None:
    """Return once it is so; fails when time is up."""
    deadline = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < deadline, otherwise
        context.pages[0].wait_for_timeout(LOOK_AGAIN_MS)
