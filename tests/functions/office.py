"""The function `admin` over one World: what is called is what is deployed, minus its adapters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.admin import index as admin
from shared.domain.money import Money
from shared.http.operator_app import OperatorApp
from shared.use_cases.create_order import create_order
from shared.use_cases.operate import OperatorDesk
from shared.use_cases.record_payment import PaymentHeld, record_payment
from shared.use_cases.watch_complaint import list_new_complaints
from tests.functions.events import Context
from tests.unit.use_cases.world import KEY, POLICY, World, request

if TYPE_CHECKING:
    from shared.domain.order import Order
    from shared.domain.refund_policy import RefundPolicy


class Office:
    """The function over one World."""

    def __init__(self, policy: RefundPolicy = POLICY) -> None:
        self.world = world = World(policy)
        desk = OperatorDesk(world.refund_counter, world.held_desk, world.complaint_room,
                            world.audit_room)
        self.app = OperatorApp(admin.acts(desk), log=world.log, begin=lambda _: None)

    def act(self, act: str, actor: str = "ann", **fields: object) -> Any:
        """The whole answer to one act."""
        answer = self.app(json.dumps({"act": act, "actor": actor, **fields}).encode(), Context())
        json.dumps(answer)
        return answer

    def ok(self, act: str, **fields: object) -> Any:
        """What an act that was done shows."""
        answer = self.act(act, **fields)
        assert set(answer) == {"ok"}, answer
        return answer["ok"]

    def refused(self, act: str, **fields: object) -> dict[str, Any]:
        """The error of an act that was not done."""
        answer = self.act(act, **fields)
        assert set(answer) == {"error"}, answer
        error: dict[str, Any] = answer["error"]
        return error

    def paid(self, key: str = KEY, payer_hash: str | None = None) -> Order:
        """A paid order."""
        order = create_order(request(key), self.world.shop)
        fact = self.world.pay(order)._replace(payer_hash=payer_hash)
        return record_payment(fact, self.world.books)

    def held(self) -> str:
        """The transaction of a payment that fits no order."""
        order = create_order(request(), self.world.shop)
        fact = self.world.gateway.pay(order.out_trade_no, self.world.clock.now_s(),
                                      amount=Money(1, "CNY"))
        with pytest.raises(PaymentHeld):
            record_payment(fact, self.world.books)
        assert fact.transaction_id is not None
        return fact.transaction_id

    def complaint(self) -> str:
        """The id of a new complaint about a paid order."""
        notice = self.world.complaint_desk.complain(self.paid().out_trade_no)
        assert list_new_complaints(self.world.complaint_room) == 1
        return notice.complaint_id
