"""A buyer's machine: a browser profile with the extension, which can be restarted and copied."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from scripts.checks.browser import chromium
from tests.extension.browsers import flags
from tests.extension.pages import Counter, PayPage, PopupPage
from tests.extension.world import PRODUCT

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, BrowserType, Page, Worker

    from tests.extension.built import Build
    from tests.extension.world import World

class Machine:
    """Starts itself at the first page. `clock_error_s`: how wrong its clock is; `cut_off`: no
    request of it arrives anywhere. Both count from the next start on.
    """

    def __init__(self, browser: BrowserType, build: Build, world: World, folder: Path,
                 language: str = "en") -> None:
        self._browser = browser
        self._build = build
        self._world = world
        self._folder = folder
        self._language = language
        self._ahead_s: int | None = None
        self._version = 0
        self._context: BrowserContext | None = None
        self.clock_error_s = 0
        self.cut_off = False
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
        return Machine(self._browser, self._build, self._world, folder, self._language)

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
        page = self.context.new_page()
        session = self.context.new_cdp_session(page)
        targets = session.send("Target.getTargets")["targetInfos"]
        (worker,) = (it for it in targets
                     if it["type"] == "service_worker" and self._build.id in it["url"])
        session.send("Target.closeTarget", {"targetId": worker["targetId"]})
        page.close()

    def _start(self) -> BrowserContext:
        extension = self._folder / "extension"
        ahead_s = self._world.ahead_s + self.clock_error_s
        if ahead_s != self._ahead_s:
            self._ahead_s, self._version = ahead_s, self._version + 1
            self._build.copy_to(extension, ahead_s=ahead_s, version=self._version)
        return self._browser.launch_persistent_context(
            str(self._folder / "profile"), executable_path=chromium(), channel="chromium",
            args=flags(extension, self._language, cut_off=self.cut_off), locale=self._language,
            viewport={"width": 460, "height": 860}, **self.emulated)
