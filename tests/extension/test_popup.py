"""The toolbar's own popup, which no driver shows as a page: one look that it is the same."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any, TypeVar

from playwright.sync_api import Error

from tests.extension.pages import PayPage
from tests.extension.world import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import CDPSession, Page

    from tests.extension.machine import Machine
    from tests.extension.world import World

PATIENCE_S = 60.0
T = TypeVar("T")
CODE = ".tile [role=img]"
WAY_TO_PAY = "#buy, #pay"
"""The second one once there is an order."""


class Closed(Exception):
    """The popup went away, as it does whenever anything else gets the focus."""


class RealPopup:
    """The toolbar's popup, reached through the browser's own protocol."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._session: CDPSession = machine.context.new_cdp_session(machine.context.pages[0])
        self._session.on("Target.receivedMessageFromTarget", self._received)
        self._session.on("Target.detachedFromTarget", self._detached)
        self._answers: dict[int, Any] = {}
        self._asked = 0
        self._to: str | None = None

    def open_and(self, act: Callable[[], T]) -> T:
        """Open it and do that; if it closes meanwhile, once more from the start, as buyers do."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._open()
                return act()
            except Closed as closed:
                if time.monotonic() > deadline:
                    raise AssertionError(f"the popup does not stay open: {closed}") from closed

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the popup; raises Closed."""
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, selector: str) -> None:
        """Until it is there; raises Closed."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.evaluate(f"document.querySelector({json.dumps(selector)}) !== null"):
            assert time.monotonic() < deadline, f"no {selector} in the popup"

    def click(self, selector: str) -> None:
        """Once the answer is on its way: a click may close the popup. Raises Closed."""
        self.wait_for(selector)
        it = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"void setTimeout(() => {it}.click())")

    def picture(self) -> bytes:
        """What is to be seen of it; raises Closed."""
        return base64.b64decode(self._send("Page.captureScreenshot", format="png")["data"])

    def _open(self) -> None:
        """As a click on the toolbar's button does."""
        deadline = time.monotonic() + PATIENCE_S
        try:
            # Without a window that has the focus there is no toolbar to open it from.
            self._machine.context.pages[0].bring_to_front()
            self._machine.worker.evaluate("chrome.action.openPopup()")
            while (found := self._found()) is None:
                assert time.monotonic() < deadline, "no popup opened"
            self._to = self._session.send("Target.attachToTarget", {
                "targetId": found, "flatten": False})["sessionId"]
        except Error as error:
            raise Closed(str(error)) from error

    def _found(self) -> str | None:
        targets = self._session.send("Target.getTargets")["targetInfos"]
        return next((it["targetId"] for it in targets if it["url"].endswith("/popup.html")), None)

    def _send(self, method: str, **params: Any) -> Any:
        """The result of a command; asked again where the page changed before it answered."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._answer_to(method, params, deadline)
            if "result" in answer:
                return answer["result"]
            assert time.monotonic() < deadline, f"{method}: {answer['error']}"

    def _answer_to(self, method: str, params: dict[str, Any], deadline: float) -> Any:
        self._asked += 1
        message = json.dumps({"id": self._asked, "method": method, "params": params})
        try:
            self._session.send("Target.sendMessageToTarget", {
                "sessionId": self._to, "message": message})
        except Error as error:
            raise Closed(str(error)) from error
        while self._asked not in self._answers:
            if self._to is None:
                raise Closed(f"before it answered to {method}")
            assert time.monotonic() < deadline, f"the popup does not answer to {method}"
            self._session.send("Target.getTargets")  # the driver hears what came meanwhile
        return self._answers[self._asked]

    def _received(self, event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            self._answers[answer["id"]] = answer

    def _detached(self, event: dict[str, Any]) -> None:
        if event["sessionId"] == self._to:
            self._to = None


def test_the_toolbars_popup_shows_the_code_and_hands_it_to_a_window_that_stays(
        machine: Machine, world: World) -> None:
    popup = RealPopup(machine)

    def handed() -> tuple[str, Page]:
        popup.click(WAY_TO_PAY)
        popup.wait_for(CODE)
        code = scan(popup.picture())
        with machine.context.expect_page() as opened:
            popup.click("#window")
        return code, opened.value

    code, window = popup.open_and(handed)
    page = PayPage(window, machine.counter, world)
    assert scan(page.picture()) == code
    page.pay()
