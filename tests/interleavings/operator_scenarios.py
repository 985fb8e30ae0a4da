"""Operators among themselves and against everybody else: decisions, holds, held payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.held import HeldState, held_id
from shared.domain.refund import RefundState
from shared.use_cases import decide_refund, hold_order, settle_held
from tests.interleavings import openings
from tests.interleavings.actors import claim, notify, timer
from tests.interleavings.ends import held_back, order_of, refunded_or_declined, settled_once
from tests.interleavings.recovery import asked_again, refund_goes_on
from tests.interleavings.runs import Scenario
from tests.invariants import must

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.interleavings.actors import Act
    from tests.interleavings.scene import Scene

MINUTES = 12
"""How long the timer goes on: a held payment's refund is asked for again after ten."""


def decides(kind: str, actor: str) -> Act:
    """An operator approves or declines the order's one refund."""

    def act(scene: Scene) -> None:
        asked, = order_of(scene).refunds
        event = decide_refund.decision(kind, asked.refund_id, scene.clock.now_s(), actor=actor,
                                       source="admin")
        decide_refund.decide_refund(scene.facts["order_id"], asked.refund_id, event,
                                    scene.books, scene.licenses)
        must(any(known.kind == kind for known in order_of(scene).history.events),
             "I11", "decided, and not stored")

    return act


def hold(scene: Scene) -> None:
    """An operator holds the license back."""
    hold_order.hold_order(scene.facts["order_id"], "operator", scene.books, scene.licenses,
                          actor="operator:ada", source="admin")
    must("operator" in order_of(scene).holds, "I11", "held back, and not stored")


def gives_back(actor: str) -> Act:
    """An operator refunds the held payment."""

    def act(scene: Scene) -> None:
        held = settle_held.load_held(_held_id(scene), scene.books)
        settle_held.refund_held(held, scene.held_desk, actor=actor, source="admin")
        must(scene.held.rows()[0].state is not HeldState.WAITING, "I11", "refunded, and not stored")

    return act


def dismisses(scene: Scene) -> None:
    """An operator settles the held payment in another way."""
    held = settle_held.load_held(_held_id(scene), scene.books)
    settle_held.dismiss_held(held, "paid_in_cash", scene.books, actor="operator:eve",
                             source="admin")
    must(scene.held.rows()[0].state is HeldState.DISMISSED, "I11", "dismissed, and not stored")


def _held_id(scene: Scene) -> str:
    fact = scene.facts["paid"]
    return held_id(fact.provider, fact.transaction_id)


def _settles(cast: Mapping[str, Act]) -> Callable[[Scene], None]:
    def recover(scene: Scene) -> None:
        asked_again(scene, cast)
        for _ in range(MINUTES):
            for number, back in list(scene.refunds.refunds.items()):
                if back.state is RefundState.PROCESSING:
                    scene.refunds.settle(number)
            scene.clock.advance_s(60)
            scene.run_timer()

    return recover


def _scenario(name: str, prepare: Callable[[Scene], None], cast: Mapping[str, Act],
              check: Callable[[Scene], None], *, held: bool = False) -> Scenario:
    recover = _settles(cast) if held else refund_goes_on(cast)
    return Scenario(name, prepare, cast, recover, check, frozenset({"ledger"}))


OPERATORS = (
    _scenario("one approves, one declines, and the timer", openings.waits_for_approval,
              {"approve": decides("refund_approved", "operator:bob"),
               "decline": decides("refund_declined", "operator:eve"), "timer": timer},
              refunded_or_declined),
    _scenario("a hold, a claim, a late notify and the timer", openings.booked,
              {"hold": hold, "claim": claim, "notify": notify(), "timer": timer}, held_back),
    _scenario("a held payment given back twice, and dismissed", openings.held,
              {"refund-1": gives_back("operator:ada"), "refund-2": gives_back("operator:bob"),
               "dismiss": dismisses, "timer": timer}, settled_once, held=True),
)
