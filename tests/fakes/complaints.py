"""A payment provider's complaints without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.calendar import day_of
from shared.domain.complaint import ComplaintFact, ComplaintNotice, ComplaintState
from tests.fakes.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.clock import FakeClock


class FakeComplaintDesk:
    """A `ComplaintDesk`. `script` takes its methods; `answers` lists what buyers were told.

    A test makes one with `complain`, and a buyer's second word with `complain_again`.
    """

    provider = "wechatpay"

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.script = Script()
        self.calls: list[str] = []
        self.facts: dict[str, ComplaintFact] = {}
        self.answers: list[tuple[str, str]] = []
        self.notified: str | None = None

    def list(self, first_day: str, last_day: str) -> Iterator[ComplaintFact]:
        """See the port."""
        self._enter("list")
        found = [fact for fact in self.facts.values()
                 if first_day <= day_of(fact.complained_at_s) <= last_day]
        self.script.leave("list")
        return iter(found)

    def read(self, complaint_id: str) -> ComplaintFact | None:
        """See the port."""
        self._enter("read")
        fact = self.facts.get(complaint_id)
        self.script.leave("read")
        return fact

    def show(self, complaint_id: str) -> dict[str, Any]:
        """See the port."""
        self._enter("show")
        return {"complaint_id": complaint_id, "complaint_detail": "it does not work"}

    def answer(self, complaint_id: str, text: str) -> None:
        """See the port."""
        self._enter("answer")
        self.answers.append((complaint_id, text))
        self._move(complaint_id, ComplaintState.PROCESSING)
        self.script.leave("answer")

    def complete(self, complaint_id: str) -> None:
        """See the port."""
        self._enter("complete")
        self._move(complaint_id, ComplaintState.PROCESSED)
        self.script.leave("complete")

    def subscribe(self, *, replace: bool) -> str:
        """See the port."""
        self._enter("subscribe")
        if self.notified is None or replace:
            self.notified = "https://shop.example/notify"
        self.script.leave("subscribe")
        return self.notified

    def complain(self, *out_trade_nos: str, complaint_id: str | None = None) -> ComplaintNotice:
        """A buyer complains; the notice that the provider then sends."""
        complaint_id = complaint_id or f"2000000{len(self.facts) + 1:015d}"
        self.facts[complaint_id] = ComplaintFact(
            self.provider, complaint_id, ComplaintState.PENDING, out_trade_nos,
            self.clock.now_s(), "OTHERS", 1, False)
        return ComplaintNotice(self.provider, complaint_id, "CREATE_COMPLAINT")

    def complain_again(self, complaint_id: str) -> ComplaintNotice:
        """The buyer is not satisfied."""
        fact = self.facts[complaint_id]
        self.facts[complaint_id] = fact._replace(
            state=ComplaintState.PENDING, user_complaint_times=fact.user_complaint_times + 1)
        return ComplaintNotice(self.provider, complaint_id, "CONTINUE_COMPLAINT")

    def _move(self, complaint_id: str, state: ComplaintState) -> None:
        self.facts[complaint_id] = self.facts[complaint_id]._replace(state=state)

    def _enter(self, method: str) -> None:
        self.calls.append(method)
        self.script.enter(method)
