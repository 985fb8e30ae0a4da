"""I6, I22, I24, I27: every write moves its row as the rules say: one version, one more piece of
history, and no slot lost or won but as was agreed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.order import REFUND_TRANSITIONS, TRANSITIONS, OrderState
from tests.invariants.ground import must
from tests.invariants.slots import changed_as_agreed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.license import License
    from shared.domain.order import Order
    from tests.invariants.ground import Outside
    from tests.unit.use_cases.world import World

UNPAID_KINDS = {kind for _, kind in TRANSITIONS}


class Watch:
    """Remembers the rows, and compares them with what they are after a write.

    Without `outside` nobody's word about slots is known, and so none is asked for.
    """

    def __init__(self, world: World, outside: Outside | None = None) -> None:
        self._world = world
        self._outside = outside
        self._known: dict[tuple[str, str], Any] = dict(self._rows())

    def look(self) -> None:
        """Raise Broken unless every changed row was moved by the rules."""
        for name, row in self._rows():
            before = self._known.get(name)
            if before is not row:
                _one_version_on(before, row)
                if name[0] == "order":
                    _moved_by_the_tables(before, row)
                elif name[0] == "license":
                    self._license_moved(before, row)
                self._known[name] = row

    def _license_moved(self, before: License | None, after: License) -> None:
        if before is not None:
            _told_by_newer_orders(before, after)
        changed_as_agreed(before, after, self._world.clock.now_s(), self._outside)

    def _rows(self) -> Iterator[tuple[tuple[str, str], Any]]:
        world = self._world
        for order in world.orders.all():
            yield ("order", order.order_id), order
        for license_ in world.licenses.all():
            yield ("license", license_.license_id), license_
        for held in world.held.rows():
            yield ("held", held.transaction_id), held
        for complaint in world.complaints.rows():
            yield ("complaint", complaint.complaint_id), complaint


def _one_version_on(before: Any, after: Any) -> None:
    if before is None:
        must(after.version == 1, "I6", "a new row starts with version 1")
        return
    must(after.version == before.version + 1, "I6", "a write moves the version by exactly one")
    old = before.history.events
    must(after.history.events[:len(old)] == old, "I6", "history is only ever added to")


def _told_by_newer_orders(before: License, after: License) -> None:
    told = {one.grant_id: one.order_version for one in after.standings}
    for one in before.standings:
        must(told.get(one.grant_id, 0) >= one.order_version, "I6",
             "an older word of the order undid a newer one")


def _moved_by_the_tables(before: Order | None, after: Order) -> None:
    if before is None:
        must(after.state is OrderState.CREATED, "I6", "an order begins as created")
        return
    state = before.state
    for event in after.history.events[len(before.history.events):]:
        if event.kind in UNPAID_KINDS:
            must((state, event.kind) in TRANSITIONS, "I6",
                 f"{state.value} has no move {event.kind}")
            state = TRANSITIONS[state, event.kind]
    must(after.state is state or after.state in REFUND_TRANSITIONS.get(state, ()), "I6",
         f"no event leads from {state.value} to {after.state.value}")
    must(before.payment in (None, after.payment), "I6", "a booked payment is never changed")
    must(before.grant in (None, after.grant), "I6", "a grant is never changed")
