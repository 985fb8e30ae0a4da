"""A buyer's machine with Firefox: a profile in which the sample is installed as a packed add-on."""

from __future__ import annotations

import base64
import shutil
from typing import TYPE_CHECKING

from tests.extension.built import set_ahead
from tests.extension.firefox import Firefox
from tests.extension.firefox_tab import Tab

if TYPE_CHECKING:
    from pathlib import Path

    from tests.extension.world import World

ADDON = "reader-sample@tongbao.example"
NOWHERE = {"network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9,
           "network.proxy.allow_hijacking_localhost": True}
"""Every request goes to a proxy that is not there."""
SOMEWHERE = {"network.proxy.type": 0}
POPUP_PICTURE = """(async () => {
    const popup = document.querySelector("panel browser[webextension-view-type=popup]");
    const seen = await popup.browsingContext.currentWindowGlobal.drawSnapshot(null, 1, "white");
    const canvas = new OffscreenCanvas(seen.width, seen.height);
    canvas.getContext("2d").drawImage(seen, 0, 0);
    return new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer()).toBase64();
})()"""


class FirefoxMachine:
    """Runs from `start` to `stop`; `addon`: the folder that extension/build.mjs made."""

    def __init__(self, addon: Path, world: World, folder: Path) -> None:
        self._folder = folder
        self._running: Firefox | None = None
        copy = shutil.copytree(addon, folder / "extension")
        set_ahead(copy, world.ahead_s)
        self._package = shutil.make_archive(str(folder / "extension"), "zip", copy)
        self._is_installed = False

    @property
    def browser(self) -> Firefox:
        """The running browser."""
        assert self._running is not None
        return self._running

    def start(self, *, cut_off: bool = False) -> None:
        """Start Firefox; `cut_off`: no request of it arrives anywhere."""
        self._running = Firefox(self._folder / "profile", NOWHERE if cut_off else SOMEWHERE)
        if not self._is_installed:
            self.browser.command("webExtension.install", **{"moz:permanent": True}, extensionData={
                "type": "archivePath", "path": self._package})
            self._is_installed = True

    def stop(self) -> None:
        """Quit Firefox, if it runs."""
        running, self._running = self._running, None
        if running is not None:
            running.quit()

    def page(self, path: str) -> Tab:
        """A page of the extension, in a tab."""
        host = self.browser.evaluate(f"WebExtensionPolicy.getByID('{ADDON}').mozExtensionHostname")
        return Tab(self.browser, f"moz-extension://{host}/{path}")

    def background_state(self) -> str:
        """Whether the event page runs: "stopped", "starting", "running" or "suspending"."""
        state: str = self.browser.evaluate(
            f"WebExtensionPolicy.getByID('{ADDON}').extension.backgroundState")
        return state

    def kill_background(self) -> None:
        """End the event page, as Firefox does after 30 s without an event."""
        self.browser.evaluate(
            f"WebExtensionPolicy.getByID('{ADDON}').extension.terminateBackground()")
        assert self.background_state() == "stopped"

    def popup_picture(self) -> bytes:
        """What is to be seen of the toolbar's popup, which no driver shows as a page; as PNG."""
        png: str = self.browser.evaluate(POPUP_PICTURE)
        return base64.b64decode(png)
