"""Mistakes in how rows are written: no condition, two writes for one, the wrong order of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain.due import Work
from shared.domain.history import History, _link
from shared.errors import AlreadyExists, StoreUnknown, VersionConflict
from tests.seeded_bugs.bugs import bug

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.order import Order
    from tests.crash_points.stage import Stage


def _unconditional(port: str, key: Callable[[Any], Any]) -> Callable[[Stage], None]:
    """Read, decide, write: whoever writes last wins."""
    def spoil(stage: Stage) -> None:
        fake = getattr(stage, port)

        def save(row: Any) -> None:
            with fake._call("save"):
                fake._rows.put(key(row), row)
        fake.save = save
    return spoil


bug("orders: read, then written", "purchase: notify", "I6",
    spoil=_unconditional("orders", lambda order: order.order_id))
bug("licenses: read, then written", "gift: more time, after a purchase", "I6",
    spoil=_unconditional("licenses", lambda license_: license_.license_id))
bug("held payments: read, then written", "held: a wrong amount, refunded", "I6",
    spoil=_unconditional("held", lambda held: (held.provider, held.transaction_id)))
bug("complaints: read, then written", "complaint: notified, answered, completed", "I6",
    spoil=_unconditional("complaints", lambda one: (one.provider, one.complaint_id)))


def _conflicts_are_fine(stage: Stage) -> None:
    """Somebody else saved first, so it must have been saved."""
    save = stage.orders.save

    def hopeful(order: Order) -> None:
        try:
            save(order)
        except VersionConflict:
            return
    stage.orders.save = hopeful  # type: ignore[method-assign]


bug("a conflict is taken for success", "purchase: notify", "I7", spoil=_conflicts_are_fine)


def _unknown_is_fine(stage: Stage) -> None:
    """No answer, so it was probably written."""
    save = stage.orders.save

    def hopeful(order: Order) -> None:
        try:
            save(order)
        except StoreUnknown:
            return
    stage.orders.save = hopeful  # type: ignore[method-assign]


bug("an unknown write is taken for success", "purchase: nobody fetches it", "I7",
    spoil=_unknown_is_fine)


def _without_due_row(stage: Stage) -> None:
    """The order alone is stored: a notify will surely come."""
    def create(order: Order, due_at_s: int) -> None:
        with stage.orders._call("create"):
            if not stage.orders._rows.insert(order.order_id, order):
                raise AlreadyExists(order.order_id)
    stage.orders.create = create  # type: ignore[method-assign]


bug("no due row at all", "expiry: never paid", "I14", spoil=_without_due_row)


def _due_row_first_time_only(stage: Stage) -> None:
    """Two rows, and no repair: a known order needs no due row any more."""
    create = stage.orders.create

    def hasty(order: Order, due_at_s: int) -> None:
        if stage.orders._rows.get(order.order_id) is not None:
            raise AlreadyExists(order.order_id)
        create(order, due_at_s)
    stage.orders.create = hasty  # type: ignore[method-assign]


bug("two rows, and no repair", "expiry: never paid", "I14", spoil=_due_row_first_time_only)


def _due_row_afterwards(stage: Stage) -> None:
    """The due row of an order is written after the order, by a second call."""
    def create(order: Order, due_at_s: int) -> None:
        with stage.orders._call("create"):
            if not stage.orders._rows.insert(order.order_id, order):
                raise AlreadyExists(order.order_id)
        stage.work.add(Work("order", order.order_id, due_at_s))
    stage.orders.create = create  # type: ignore[method-assign]


bug("the due row comes after the order", "expiry: never paid", "I14", spoil=_due_row_afterwards)


def _taken_before_done(stage: Stage) -> None:
    """A due row is removed when the work begins."""
    lease, remove = stage.work.lease, stage.work.remove

    def take(work: Work, until_s: int) -> Work | None:
        leased = lease(work, until_s)
        if leased is not None:
            remove(leased)
        return leased
    stage.work.lease = take  # type: ignore[method-assign]
    stage.work.remove = lambda work: None  # type: ignore[method-assign]


bug("the due row is removed before the work", "refund: buyer's whole", "I14",
    spoil=_taken_before_done)


def _leased_for_ever(stage: Stage) -> None:
    lease = stage.work.lease
    stage.work.lease = lambda work, until_s: lease(  # type: ignore[method-assign]
        work, until_s + 10**9)


bug("a lease of work never ends", "purchase: nobody fetches it", "I2", spoil=_leased_for_ever)


def _overwrites_held(stage: Stage) -> None:
    """A payment that is told of again is recorded again."""
    def record(held: Any) -> bool:
        with stage.held._call("record_once"):
            stage.held._rows.put((held.provider, held.transaction_id), held)
        return True
    stage.held.record_once = record  # type: ignore[method-assign]


bug("a held payment is recorded again", "held: a wrong amount, refunded", "I6",
    spoil=_overwrites_held)


def _events_without_head(stage: Stage) -> None:
    """The history grows, and its chain does not."""
    save = stage.orders.save

    def save_broken(order: Order) -> None:
        stored = stage.orders._rows.get(order.order_id)
        assert stored is not None
        save(replace(order, history=History(stored.history.head, order.history.events)))
    stage.orders.save = save_broken  # type: ignore[method-assign]


bug("the chain's head is not written", "purchase: notify", "I10", spoil=_events_without_head)


def _newest_event_only(stage: Stage) -> None:
    """Each write keeps just the event that it adds."""
    save = stage.orders.save

    def save_short(order: Order) -> None:
        last = order.history.events[-1]
        save(replace(order, history=History(_link(order.history.head, last), (last,))))
    stage.orders.save = save_short  # type: ignore[method-assign]


bug("history is overwritten", "purchase: notify", "I6", spoil=_newest_event_only)
