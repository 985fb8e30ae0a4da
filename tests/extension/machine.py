"""A buyer's machine: a browser profile with the extension, which can be restarted and copied."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.checks.browser import chromium
from scripts.demo_purchase.browser.sample import PRODUCT
from tests.extension.browsers import WITHOUT_ED25519, flags, moved_clock
from tests.extension.pages import Counter, PayPage, PopupPage
from tests.extension.pool import Browser, end_worker

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, BrowserType, Page, Worker

    from tests.extension.built import Build
    from tests.extension.pool import Pool
    from tests.extension.world import World


@dataclass(frozen=True)
class Shop:
    """What machines have in common: the driver, a build, its shop, and browsers to share."""

    browser: BrowserType
    build: Build
    world: World
    pool: Pool


class Machine:
    """Starts itself at the first page. `clock_error_s`: how wrong its clock is; `cut_off`: no
    request of it arrives anywhere; `lacks_ed25519`: its browser is an older one. All count from
    the next start on.
    """

    def __init__(self, shop: Shop, folder: Path, language: str = "en", *,
                 fresh: bool = True) -> None:
        self._shop = shop
        self._build = shop.build
        self._world = shop.world
        self._folder = folder
        self._language = language
        self._fresh = fresh
        self._ahead_s: int | None = None
        self._version = 0
        self._context: BrowserContext | None = None
        self.clock_error_s = 0
        self.cut_off = False
        self.lacks_ed25519 = False
        self.emulated: dict[str, Any] = {}
        self.counter = Counter()

    @property
    def context(self) -> BrowserContext:
        """The running browser."""
        if self._context is None:
            self._context = self._start()
        return self._context

    @property
    def worker(self) -> Worker:
        """The extension's service worker."""
        found = self.context.service_workers
        return found[0] if found else self.context.wait_for_event("serviceworker")

    def stop(self) -> None:
        """Quit the browser."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def leave(self) -> None:
        """Let the next test have the browser, if nothing about it is special."""
        if self._context is not None and self._is_plain and self._ahead_s == self._world.ahead_s:
            self._shop.pool.give(Browser(self._context, self._folder, self._build, self._ahead_s))
            self._context = None
        self.stop()

    def restart(self) -> None:
        """Quit it and start it again; it knows then what time it is."""
        self.stop()
        self.context  # noqa: B018

    def tell(self) -> None:
        """Print what every page says, for who looks into a failure."""
        for page in self._context.pages if self._context is not None else []:
            if page.url.startswith("chrome-extension:"):
                print(f"── {page.url}\n{page.locator('body').inner_text()}")

    def copied_to(self, folder: Path) -> Machine:
        """Another machine, with a copy of this one's profile."""
        self.stop()
        shutil.copytree(self._folder / "profile", folder / "profile")
        return Machine(self._shop, folder, self._language, fresh=False)

    def forget_device_key(self) -> None:
        """As if IndexedDB had not come along."""
        for path in (self._folder / "profile" / "Default" / "IndexedDB").glob("chrome-extension*"):
            shutil.rmtree(path)

    def pay_page(self, view: str = "", **how: Any) -> PayPage:
        """The payment page in a tab; `how` goes to Playwright's goto."""
        page = self.tab("pay.html" + (f"?view={view}" if view else ""), **how)
        return PayPage(page, self.counter, self._world)

    def popup(self) -> PopupPage:
        """The popup's page, in a tab."""
        return PopupPage(self.tab("popup.html"), self.counter, self._world)

    def tab(self, path: str, **how: Any) -> Page:
        """Any page of the extension."""
        page = self.context.new_page()
        page.goto(f"chrome-extension://{self._build.id}/{path}", **how)
        return page

    def stored(self, place: str) -> Any:
        """What the SDK keeps in this place; None: nothing."""
        return self.worker.evaluate(
            "name => chrome.storage.local.get(name).then(kept => kept[name] ?? null)",
            f"tongbao:{PRODUCT}:{place}")

    def store(self, place: str, value: Any) -> None:
        """Write there, as somebody with the developer tools can."""
        self.worker.evaluate("([name, value]) => chrome.storage.local.set({[name]: value})",
                             [f"tongbao:{PRODUCT}:{place}", value])

    def kill_worker(self) -> None:
        """End the service worker, as the browser does whenever it likes."""
        assert self.context.service_workers != []
        end_worker(self.context, self._build)

    @property
    def _is_plain(self) -> bool:
        return (self._language == "en" and self.clock_error_s == 0 and self.emulated == {}
                and not self.cut_off and not self.lacks_ed25519)

    def _start(self) -> BrowserContext:
        ahead_s = self._world.ahead_s + self.clock_error_s
        if self._fresh and self._is_plain:
            used = self._shop.pool.take(self._build, ahead_s)
            if used is not None:
                self._fresh, self._folder, self._ahead_s = False, used.folder, ahead_s
                self._version = 1
                return used.context
        self._fresh = False
        return self._launch(ahead_s)

    def _launch(self, ahead_s: int) -> BrowserContext:
        extension = self._folder / "extension"
        if ahead_s != self._ahead_s:
            self._ahead_s, self._version = ahead_s, self._version + 1
            before = moved_clock(ahead_s) + (WITHOUT_ED25519 if self.lacks_ed25519 else "")
            self._build.copy_to(extension, before=before, version=self._version)
        return self._shop.browser.launch_persistent_context(
            str(self._folder / "profile"), executable_path=chromium(), channel="chromium",
            args=flags(extension, self._language, cut_off=self.cut_off), locale=self._language,
            viewport={"width": 460, "height": 860}, **self.emulated)
