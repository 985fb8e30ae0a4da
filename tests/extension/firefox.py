"""Drives Debian's Firefox by WebDriver BiDi (w3.org/TR/webdriver-bidi) over its own websocket.

Playwright drives only a Firefox of its own making, and Debian packs no geckodriver.
"""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import websocket

from scripts.checks.browser import firefox

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PATIENCE_S = 60.0
LOOK_AGAIN_S = 0.05
QUIET = {"app.normandy.enabled": False, "browser.shell.checkDefaultBrowser": False,
         "datareporting.policy.dataSubmissionEnabled": False}
"""More of this kind the browser sets itself once it is driven."""
UNSIGNED = {"xpinstall.signatures.required": False}
"""Which the extended support release heeds."""


class BidiError(Exception):
    """What the browser answered instead of a result."""


class Firefox:
    """A running browser with this profile; `preferences` go over those that the profile has."""

    def __init__(self, profile: Path, preferences: Mapping[str, Any]) -> None:
        profile.mkdir(exist_ok=True)
        (profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in {**QUIET, **UNSIGNED, **preferences}.items()))
        executable = firefox()
        assert executable is not None
        (profile / "WebDriverBiDiServer.json").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [executable, "--headless", "--no-remote", "--profile", str(profile),
             "--remote-debugging-port", "0", "--remote-allow-system-access"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._asked = 0
        self._socket: websocket.WebSocket | None = None
        try:
            self._socket = websocket.create_connection(
                self._address(profile), timeout=PATIENCE_S, suppress_origin=True)
            self.command("session.new", capabilities={})
            windows = self.command("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"]
            self._chrome: str = windows[0]["context"]
        except BaseException:
            self.kill()
            raise

    def command(self, method: str, **params: Any) -> Any:
        """The result of one command; raises BidiError."""
        assert self._socket is not None
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._asked:
                if answer["type"] == "error":
                    raise BidiError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def evaluate(self, expression: str, *, context: str | None = None) -> Any:
        """The JSON value of an expression or promise; without a context with the browser's own
        rights, as its developer tools have them.
        """
        answer = self.command(
            "script.evaluate", awaitPromise=True, target={"context": context or self._chrome},
            expression=f"(async () => JSON.stringify(await ({expression}) ?? null))()")
        if answer["type"] == "exception":
            raise BidiError(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def quit(self) -> None:
        """Let it end by itself, and so save everything."""
        try:
            self.command("browser.close")
            self._process.wait(PATIENCE_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it, if it still runs."""
        if self._socket is not None:
            self._socket.close()
        self._process.kill()
        self._process.wait()

    def _address(self, profile: Path) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(FileNotFoundError, ValueError):  # not there yet, or half of it
                told = json.loads((profile / "WebDriverBiDiServer.json").read_text())
                return f"ws://{told['ws_host']}:{told['ws_port']}/session"
            time.sleep(LOOK_AGAIN_S)
        raise BidiError("Firefox does not say where it listens")
