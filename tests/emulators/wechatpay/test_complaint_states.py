"""Any order of moves: states follow the table of the README, and nothing refused leaves a trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.wechatpay import Account, WeChatPayEmulator
from tests.emulators.wechatpay.complaints import (
    complained,
    complete,
    decide,
    detail,
    register,
    respond,
    steps,
)
from tests.emulators.wechatpay.merchant import Clock, Merchant, Receiver

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Model:
    """What the README says, written again: a state, a waiting message, a decision."""

    state: str = "PENDING"
    waiting: bool = False
    approved: bool = False
    times: int = 1
    moves: list[str] = field(default_factory=list)

    def allows(self, move: str) -> bool:
        still_open = self.state != "PROCESSED"
        return {
            "respond": still_open, "buyer": still_open, "platform": True,
            "reopen": not still_open,
            "complete": self.state == "PROCESSING" and not self.waiting,
            "approve": still_open and not self.approved,
            "reject": still_open and not self.approved,
        }[move]

    def make(self, move: str) -> None:
        self.state = {"respond": "PROCESSING", "approve": "PROCESSING", "reject": "PROCESSING",
                      "complete": "PROCESSED", "reopen": "PENDING"}.get(move, self.state)
        self.waiting = {"respond": False, "buyer": True}.get(move, self.waiting)
        self.approved = {"approve": True, "reopen": False}.get(move, self.approved)
        self.times += move == "reopen"
        self.moves.append(move)


def accepted(status: int) -> bool:
    assert status in (204, 400)
    return status == 204


def tried(move: Callable[[str], object], complaint_id: str) -> bool:
    try:
        move(complaint_id)
    except ValueError:
        return False
    return True


def perform(merchant: Merchant, complaint_id: str, move: str) -> bool:
    """Make the move; whether it was accepted."""
    by_call = {
        "respond": lambda: respond(merchant, complaint_id),
        "complete": lambda: complete(merchant, complaint_id),
        "approve": lambda: decide(merchant, complaint_id),
        "reject": lambda: decide(merchant, complaint_id, action="REJECT", reject_reason="no"),
    }
    if move in by_call:
        return accepted(by_call[move]().status)
    emulator = merchant.emulator
    by_hand: dict[str, Callable[[str], object]] = {
        "buyer": emulator.buyer_replies, "platform": emulator.platform_replies,
        "reopen": emulator.reopen_complaint}
    return tried(by_hand[move], complaint_id)


MOVES = ("respond", "buyer", "platform", "reopen", "complete", "approve", "reject")


@given(moves=st.lists(st.sampled_from(MOVES), max_size=12))
@settings(deadline=None, max_examples=40)
def test_any_order_of_moves_follows_the_table(account: Account, moves: list[str]) -> None:
    clock, receiver, model = Clock(), Receiver(), Model()
    with WeChatPayEmulator(account, clock, receiver) as emulator:
        merchant = Merchant(emulator, clock, receiver)
        register(merchant)
        complaint_id = complained(merchant)
        for move in moves:
            allowed = model.allows(move)
            assert perform(merchant, complaint_id, move) is allowed
            if allowed:
                model.make(move)
        shown = detail(merchant, complaint_id)
        assert (shown["complaint_state"], shown["user_complaint_times"]) == (
            model.state, model.times)
        told = [each for each in emulator.deliver_due_notifies()
                if each.event_type.startswith("COMPLAINT.")]
        assert len(told) == len(steps(merchant, complaint_id)) == 1 + len(model.moves)
