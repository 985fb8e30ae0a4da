"""Mistakes in taking money. `seeding` says how to add one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.domain import identifiers
from shared.domain.matching import find_mismatch
from shared.domain.order import record_payment as with_payment
from shared.domain.payment import Mismatch
from shared.errors import Unavailable, VersionConflict
from shared.use_cases import create_order, receive_notify, record_payment
from tests.fakes.script import Script
from tests.interleavings.seeding import wrong
from tests.unit.use_cases.world import request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.scene import Scene

def _saves_without_condition(scene: Scene) -> None:
    """Read, decide, write: whoever writes last wins."""
    orders = scene.orders

    def save(order: Any) -> None:
        orders.script.enter("save")
        orders._rows._by_key[order.order_id] = order
        orders.script.leave("save")

    orders.save = save  # type: ignore[method-assign]


SAVED_BLINDLY = wrong("an order is read and then written", "two notifies",
                      ports=_saves_without_condition)


def _takes_conflicts_for_success(scene: Scene) -> None:
    """Somebody else saved first, so it must have been saved."""
    save = scene.orders.save

    def save_or_shrug(order: Any) -> None:
        try:
            save(order)
        except VersionConflict:
            return

    scene.orders.save = save_or_shrug  # type: ignore[method-assign]


wrong("a lost race counts as a write", "two payments of one order",
      ports=_takes_conflicts_for_success)


def _accepts_without_answer(headers: Any, body: bytes, *, verifier: Any, books: Any) -> Any:
    try:
        return _receive(headers, body, verifier=verifier, books=books)
    except Unavailable:
        return None


_receive = receive_notify.receive_notify

ACCEPTED_BLINDLY = wrong(
    "a notify is accepted when the store did not answer", "two notifies",
    rules={(receive_notify, "receive_notify"): _accepts_without_answer})


class SeenNotifies:
    """A row for each notify that was begun: whoever finds one there has nothing to do."""

    def __init__(self) -> None:
        self.script = Script()
        self.calls: list[str] = []
        self._seen: set[str] = set()

    def is_new(self, key: str) -> bool:
        """Note it; whether it was not there."""
        self.script.enter("note")
        is_new = key not in self._seen
        self._seen.add(key)
        self.script.leave("note")
        return is_new


def _notes_before_the_work(scene: Scene) -> None:
    seen = SeenNotifies()
    scene.seen = seen  # type: ignore[attr-defined]
    sound: Any = scene.verifier.verify

    def verify(headers: Any, body: bytes, now_s: int) -> Any:
        fact = sound(headers, body, now_s)
        if not seen.is_new(f"{fact.out_trade_no} {headers['fake-signature']}"):
            raise _SeenBefore
        return fact

    scene.verifier.verify = verify  # type: ignore[method-assign]


class _SeenBefore(Exception):
    """This notify came before."""


def _accepts_what_was_seen(headers: Any, body: bytes, *, verifier: Any, books: Any) -> Any:
    try:
        return _receive(headers, body, verifier=verifier, books=books)
    except _SeenBefore:
        return None


wrong("a notify is noted as seen before its work is done", "two notifies",
      ports=_notes_before_the_work,
      rules={(receive_notify, "receive_notify"): _accepts_what_was_seen})


def _without(reason: Mismatch) -> Callable[..., Mismatch | None]:
    def find_some(order: Any, fact: Any) -> Mismatch | None:
        found = find_mismatch(order, fact)
        return None if found is reason else found

    return find_some


wrong("the amount is not compared", "two notifies of a wrong amount and a poll",
      rules={(record_payment, "find_mismatch"): _without(Mismatch.AMOUNT)})
wrong("a second payment passes for the first", "two payments of one order",
      rules={(record_payment, "find_mismatch"): _without(Mismatch.SECOND_PAYMENT)})


def _always_holds_again(scene: Scene) -> None:
    """Each report of a misfit is a new row."""
    held = scene.held

    def record(payment: Any) -> bool:
        held.script.enter("record_once")
        rows = held._rows._by_key
        rows[(payment.provider, f"{payment.transaction_id} {len(rows)}")] = payment
        held.script.leave("record_once")
        return True

    held.record_once = record  # type: ignore[method-assign, assignment]


wrong("a payment that does not fit is held again each time",
      "two notifies of a wrong amount and a poll", ports=_always_holds_again)


def _sells_before_it_is_paid(headers: Any, body: bytes, *, verifier: Any, books: Any) -> Any:
    """Two rows for one payment, and nobody repairs the second."""
    fact = verifier.verify(headers, body, books.clock.now_s())
    order = books.orders.load(identifiers.order_id(fact.out_trade_no))
    booked = with_payment(order, fact, books.clock.now_s())
    if booked is order:
        return order
    try:
        books.orders.save(replace(booked, grant=None))
        books.orders.save(replace(booked, version=booked.version + 1))
    except VersionConflict:
        return _sells_before_it_is_paid(headers, body, verifier=verifier, books=books)
    return booked


wrong("payment and grant are written one after the other", "two notifies",
      rules={(receive_notify, "receive_notify"): _sells_before_it_is_paid})


def _creates_without_condition(scene: Scene) -> None:
    """A second claim opens the license a second time, over the first."""
    licenses = scene.licenses

    def create(license_: Any) -> None:
        licenses.script.enter("create")
        licenses._rows._by_key[license_.license_id] = license_
        licenses.script.leave("create")

    licenses.create = create  # type: ignore[method-assign]


wrong("a license is created over another", "a notify, a poll and two claims",
      ports=_creates_without_condition)


def _draws_a_new_key(wanted: Any, shop: Any) -> Any:
    """Each try of the client is a new order."""
    key = f"{len(shop.books.orders.all()):08x}-d9cb-469f-a165-70867728950e"
    return _create(request(key), shop)


_create = create_order.create_order

wrong("every try draws a new key", "two tries of one order",
      rules={(create_order, "create_order"): _draws_a_new_key})


def _places_other_bytes(scene: Scene) -> None:
    """A retry asks the provider with a request of its own."""
    place: Any = scene.gateway.place

    def place_anew(text: str, now_s: int) -> Any:
        return place(text + " " * len(scene.gateway.trades), now_s)

    scene.gateway.place = place_anew  # type: ignore[method-assign, assignment]


wrong("a retry asks with other bytes", "two tries of one order", ports=_places_other_bytes)
