"""Who meets whom over one order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.money import Money
from shared.errors import StoreUnknown
from tests.fakes.script import raises
from tests.interleavings.actors import claim, create, notify, poll, until_answered
from tests.interleavings.invariants import must, never_paid, order_of, paid_and_delivered_once
from tests.interleavings.runs import Runner, Scenario, Violation
from tests.unit.use_cases.world import PRICE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.domain.order import Order
    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene

POLL_AFTER_S = 60
SECOND_TRANSACTION = "4200009999000000000000000002"


def ordered(scene: Scene) -> Order:
    """The client ordered and shows the code."""
    order = create(scene)
    scene.facts["order_id"], scene.facts["out_trade_no"] = order.order_id, order.out_trade_no
    return order


def paid_for(scene: Scene) -> None:
    """The buyer has paid, and nobody was told. A poll may ask the provider."""
    scene.facts["paid"] = scene.pay(ordered(scene))
    scene.clock.advance_s(POLL_AFTER_S)


def paid_before_the_code_is_stored(scene: Scene) -> None:
    """The provider knows the order and was paid; our row has neither code nor payment."""
    scene.orders.script.before("save", raises(StoreUnknown()))
    try:
        create(scene)
    except StoreUnknown:
        order = order_of(scene)
    scene.facts["order_id"], scene.facts["out_trade_no"] = order.order_id, order.out_trade_no
    scene.facts["paid"] = scene.pay(order)
    scene.clock.advance_s(POLL_AFTER_S)


def paid_wrongly(scene: Scene) -> None:
    """The provider says that one cent was paid."""
    order = ordered(scene)
    scene.facts["paid"] = scene.gateway.pay(order.out_trade_no, scene.clock.now_s(),
                                            amount=Money(1, PRICE.currency))
    scene.clock.advance_s(POLL_AFTER_S)


def paid_twice(scene: Scene) -> None:
    """Two payments for one order; the provider's own record shows the first."""
    order = ordered(scene)
    scene.facts["second"] = scene.gateway.pay(
        order.out_trade_no, scene.clock.now_s(), transaction_id=SECOND_TRANSACTION)
    scene.facts["paid"] = scene.pay(order)
    scene.clock.advance_s(POLL_AFTER_S)


def closed_unseen(scene: Scene) -> None:
    """The provider closed the order, says so to a query, and was paid all the same before."""
    order = ordered(scene)
    scene.facts["paid"] = scene.pay(order)
    scene.gateway.close(order.out_trade_no)
    scene.clock.advance_s(POLL_AFTER_S)


def nothing_yet(scene: Scene) -> None:
    """An open shop."""


def purchase_goes_on(cast: Mapping[str, Act]) -> Callable[[Scene], None]:
    """Everybody who got no good answer asks again; the page polls, and takes its license."""

    def recover(scene: Scene) -> None:
        for name in sorted(cast, key=_money_first):
            if not scene.told(name):
                until_answered(scene, cast[name])
        if until_answered(scene, poll).payment is not None:
            until_answered(scene, claim)

    return recover


def _money_first(name: str) -> int:
    """A claim can only be answered well when the payment is known."""
    return int(name.startswith("claim"))


def _purchase(name: str, prepare: Callable[[Scene], None], cast: Mapping[str, Act],
              check: Callable[[Scene], None] = paid_and_delivered_once) -> Scenario:
    return Scenario(name, prepare, cast, purchase_goes_on(cast), check)


def held_once(scene: Scene) -> None:
    """What does not fit is kept for an operator, once, with an alarm; and nothing is sold."""
    never_paid(scene)
    must(len(scene.held.all()) == 1, "a payment that does not fit is held, once")


def paid_and_second_held(scene: Scene) -> None:
    """Of two payments one buys, the other is held: whichever was booked first."""
    order, held = order_of(scene), scene.held.all()
    assert order.payment is not None
    must({order.payment.transaction_id, *(it.transaction_id for it in held)}
         == {scene.facts["paid"].transaction_id, SECOND_TRANSACTION}, "money is accounted for")
    must(len(held) == 1, "the second payment is held, once")
    must(len(scene.licenses.all()) == 1, "two payments, one license")


def ordered_once(scene: Scene) -> None:
    """One order, which can be paid, at the provider as well as here."""
    order = order_of(scene)
    must(order.instruction is not None, "an order that can be paid")
    trade, = scene.gateway.trades.values()
    must(trade.provider_request == order.provider_request, "the provider has our bytes")
    must(scene.orders.count_due(2**40) == 1, "a due row finds the order")


def _orders_again(scene: Scene) -> None:
    order = until_answered(scene, create)
    scene.facts["order_id"] = order.order_id


ORDERING = Scenario("two tries of one order", nothing_yet,
                    {"create-1": create, "create-2": create}, _orders_again, ordered_once)

PURCHASES = (
    ORDERING,
    _purchase("two notifies", paid_for, {"notify-1": notify(), "notify-2": notify()}),
    _purchase("two notifies and a poll", paid_for,
              {"notify-1": notify(), "notify-2": notify(), "poll": poll}),
    _purchase("a notify, a poll and two claims", paid_for,
              {"notify": notify(), "poll": poll, "claim-1": claim, "claim-2": claim}),
    _purchase("a notify, a poll and the order again", paid_before_the_code_is_stored,
              {"notify": notify(), "poll": poll, "create": create}),
    _purchase("two notifies of a wrong amount and a poll", paid_wrongly,
              {"notify-1": notify(), "notify-2": notify(), "poll": poll}, held_once),
    _purchase("two payments of one order", paid_twice,
              {"notify-1": notify("paid"), "notify-2": notify("second"), "poll": poll},
              paid_and_second_held),
    _purchase("paid, and closed at the provider", closed_unseen,
              {"notify": notify(), "poll": poll, "claim": claim}),
)

SCENARIOS = {scenario.name: scenario for scenario in PURCHASES}


def replay(scenario: str, choices: list[int]) -> Violation | None:
    """Run again what a failure printed; its trace says who did what, in order."""
    return Runner(SCENARIOS[scenario]).again(choices)
