"""A page in Firefox, as a buyer meets it."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from tests.extension.firefox import LOOK_AGAIN_S, PATIENCE_S, BidiError

if TYPE_CHECKING:
    from tests.extension.firefox import Firefox

VIEWPORT = {"width": 460, "height": 860}


class Tab:
    """Opens itself with this address."""

    def __init__(self, browser: Firefox, url: str) -> None:
        self._browser = browser
        self._context: str = browser.command("browsingContext.create", type="tab")["context"]
        self._command("browsingContext.setViewport", viewport=VIEWPORT)
        self._command("browsingContext.navigate", url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The JSON value of an expression or promise in the page."""
        return self._browser.evaluate(expression, context=self._context)

    def wait_for(self, expression: str) -> Any:
        """The value of an expression once it is true; pages may come and go meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        found: Any = None
        while time.monotonic() < deadline:
            try:
                found = self.evaluate(expression)
            except BidiError as error:  # between two pages there is none that could answer
                found = error
            else:
                if found:
                    return found
            time.sleep(LOOK_AGAIN_S)
        shown = self.evaluate("document.documentElement.textContent")
        raise AssertionError(f"{expression} stays {found!r} in:\n{shown}")

    def wait_for_element(self, selector: str) -> None:
        """Until it is there."""
        self.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")

    def text(self, selector: str) -> str:
        """What it says."""
        said: str = self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return said

    def click(self, selector: str) -> None:
        """As the buyer's mouse does."""
        self.wait_for_element(selector)
        (node,) = self._command("browsingContext.locateNodes",
                                locator={"type": "css", "value": selector})["nodes"]
        target = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        self._command("input.performActions", actions=[{
            "type": "pointer", "id": "mouse", "actions": [
                {"type": "pointerMove", "x": 0, "y": 0, "origin": target},
                {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}])

    def picture(self) -> bytes:
        """What is to be seen of it, as PNG."""
        return base64.b64decode(self._command("browsingContext.captureScreenshot")["data"])

    def close(self) -> None:
        """As its user does."""
        self._command("browsingContext.close")

    def _command(self, method: str, **params: Any) -> Any:
        return self._browser.command(method, context=self._context, **params)
