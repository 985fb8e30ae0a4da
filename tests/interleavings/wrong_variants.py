"""Mistakes on purpose: each is a small patch over ports or rules, and must be found.

A variant names the scenario and the bounds within which it has to fall. Add one with `wrong`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import StoreUnknown, TongbaoError
from shared.use_cases import record_payment as recording
from tests.interleavings import actors
from tests.interleavings.runs import Variant

if TYPE_CHECKING:
    from typing import Any

    from tests.interleavings.scene import Scene

VARIANTS: dict[str, Variant] = {}
FALLS_IN: dict[str, str] = {}
"""The scenario that has to find each variant."""


def wrong(name: str, scenario: str, **patches: Any) -> Variant:
    """Register a mistake and the scenario that has to find it."""
    VARIANTS[name] = Variant(name, **patches)
    FALLS_IN[name] = scenario
    return VARIANTS[name]


def _saves_without_condition(scene: Scene) -> None:
    """Read-then-write: whoever writes last wins."""
    orders = scene.orders
    rows = orders._rows._by_id

    def save(order: Any) -> None:
        orders._enter("save")
        orders._rows._by_id[order.order_id] = order
        orders.script.leave("save")

    assert rows is orders._rows._by_id
    orders.save = save  # type: ignore[method-assign]


wrong("an order is read and then written", "two notifies", ports=_saves_without_condition)


def _accepts_without_answer(headers: Any, body: bytes, *, verifier: Any, books: Any) -> Any:
    try:
        return _receive(headers, body, verifier=verifier, books=books)
    except StoreUnknown:
        return None


_receive = actors.notifies.receive_notify

wrong("a notify is accepted when the store did not answer", "two notifies",
      rules={(actors.notifies, "receive_notify"): _accepts_without_answer})

__all__ = ["FALLS_IN", "VARIANTS", "TongbaoError", "recording", "wrong"]
