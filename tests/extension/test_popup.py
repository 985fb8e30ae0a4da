"""The toolbar's own popup, which no driver shows as a page: one look that it is the same."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error

from tests.extension.pages import PayPage
from tests.extension.world import scan

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

    from tests.extension.machine import Machine
    from tests.extension.world import World

PATIENCE_S = 60.0


class Closed(Exception):
    """The popup went away, as it does whenever anything else gets the focus."""


class RealPopup:
    """The open popup, reached through the browser's own protocol."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._session: CDPSession = machine.context.new_cdp_session(machine.context.pages[0])
        self._session.on("Target.receivedMessageFromTarget", self._received)
        self._session.on("Target.detachedFromTarget", self._detached)
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._to: str | None = None
        self._open()

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the popup."""
        return self._send("Runtime.evaluate", expression=expression,
                          returnByValue=True)["result"].get("value")

    def wait_for(self, selector: str) -> None:
        """Until it is there; a popup that closed meanwhile is opened again, as buyers do."""
        deadline = time.monotonic() + PATIENCE_S
        is_there = f"document.querySelector({json.dumps(selector)}) !== null"
        while True:
            try:
                if self.evaluate(is_there):
                    return
            except Closed:
                self._open()
            assert time.monotonic() < deadline, f"no {selector} in the popup"

    def picture(self) -> bytes:
        """What is to be seen of it."""
        return base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"])

    def _open(self) -> None:
        """As a click on the toolbar's button does."""
        self._machine.worker.evaluate("chrome.action.openPopup()")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = [it["targetId"] for it in self._session.send("Target.getTargets")["targetInfos"]
                     if it["url"].endswith("/popup.html")]
            if found:
                break
            assert time.monotonic() < deadline, "no popup opened"
        self._to = self._session.send("Target.attachToTarget", {
            "targetId": found[0], "flatten": False})["sessionId"]

    def _send(self, method: str, **params: Any) -> Any:
        self._asked += 1
        try:
            self._session.send("Target.sendMessageToTarget", {
                "sessionId": self._to,
                "message": json.dumps({"id": self._asked, "method": method, "params": params})})
        except Error as error:  # nobody is there
            raise Closed(error.message) from error
        deadline = time.monotonic() + PATIENCE_S
        while self._asked not in self._answers:
            assert time.monotonic() < deadline, f"the popup does not answer to {method}"
            if self._to is None:
                raise Closed(method)
            self._session.send("Target.getTargets")  # the driver hears what came meanwhile
        answer = self._answers[self._asked]
        if "error" in answer:
            raise Closed(answer["error"]["message"])
        return answer["result"]

    def _detached(self, event: dict[str, Any]) -> None:
        if event["sessionId"] == self._to:
            self._to = None

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer


def test_the_toolbars_popup_shows_the_code_and_hands_it_to_a_window_that_stays(
        machine: Machine, world: World) -> None:
    popup = RealPopup(machine)
    popup.wait_for("#buy")
    popup.evaluate("document.querySelector('#buy').click()")
    popup.wait_for(".tile [role=img]")
    code = scan(popup.picture())
    with machine.context.expect_page() as opened:
        popup.evaluate("document.querySelector('#window').click()")
    page = PayPage(opened.value, machine.counter, world)
    assert scan(page.picture()) == code
    page.pay()
