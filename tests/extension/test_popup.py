"""The toolbar's own popup, which no driver shows as a page: one look that it is the same."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

from tests.extension.pages import PayPage
from tests.extension.world import scan

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

    from tests.extension.machine import Machine
    from tests.extension.world import World

PATIENCE_S = 10.0


class RealPopup:
    """The open popup, reached through the browser's own protocol."""

    def __init__(self, session: CDPSession, target_id: str) -> None:
        self._session = session
        self._answers: dict[int, Any] = {}
        session.on("Target.receivedMessageFromTarget", self._received)
        self._to = session.send("Target.attachToTarget", {
            "targetId": target_id, "flatten": False})["sessionId"]
        self._asked = 0

    def evaluate(self, expression: str) -> Any:
        """The value of a promise or an expression in the popup."""
        return self._send("Runtime.evaluate", expression=expression, awaitPromise=True,
                          returnByValue=True)["result"].get("value")

    def wait_for(self, selector: str) -> None:
        """Until it is there."""
        assert self.evaluate(f"""new Promise(done => {{
            const look = () => document.querySelector({json.dumps(selector)}) === null
                ? setTimeout(look, 20) : done(true);
            look();
        }})""")

    def picture(self) -> bytes:
        """What is to be seen of it."""
        return base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"])

    def _send(self, method: str, **params: Any) -> Any:
        self._asked += 1
        self._session.send("Target.sendMessageToTarget", {
            "sessionId": self._to,
            "message": json.dumps({"id": self._asked, "method": method, "params": params})})
        deadline = time.monotonic() + PATIENCE_S
        while self._asked not in self._answers:
            assert time.monotonic() < deadline, f"the popup does not answer to {method}"
            self._session.send("Target.getTargets")  # the driver hears what came meanwhile
        return self._answers[self._asked]["result"]

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer


def open_popup(machine: Machine) -> RealPopup:
    """As a click on the toolbar's button does."""
    session = machine.context.new_cdp_session(machine.context.pages[0])
    machine.worker.evaluate("chrome.action.openPopup()")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = [it["targetId"] for it in session.send("Target.getTargets")["targetInfos"]
                 if it["url"].endswith("/popup.html")]
        if found:
            return RealPopup(session, found[0])
        assert time.monotonic() < deadline, "no popup opened"


def test_the_toolbars_popup_shows_the_code_and_hands_it_to_a_window_that_stays(
        machine: Machine, world: World) -> None:
    popup = open_popup(machine)
    popup.wait_for("#buy")
    popup.evaluate("document.querySelector('#buy').click()")
    popup.wait_for(".tile [role=img]")
    code = scan(popup.picture())
    with machine.context.expect_page() as opened:
        popup.evaluate("document.querySelector('#window').click()")
    page = PayPage(opened.value, machine.counter, world)
    assert scan(page.picture()) == code
    page.pay()
