"""Every write of the repositories as one object, for tests that treat all of them alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain.complaint import record_act
from shared.domain.due import Work
from shared.domain.held import move_held
from shared.domain.history import Event
from shared.domain.license import Proof, apply_grant
from shared.domain.order import record_payment
from shared.errors import AlreadyExists, VersionConflict
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.worlds import Stores

ORDER = samples.order(1)
INSTRUCTED = samples.instructed(ORDER)
LICENSE = samples.license_of(record_payment(ORDER, samples.paid_fact(ORDER), NOW_S))
RENEWED = apply_grant(
    LICENSE, replace(LICENSE.grants[0], grant_id="second", proof=Proof("gift", "second")),
    now_s=NOW_S, source="operator")
HELD = samples.held(1)
DISMISSED = move_held(HELD, Event("dismissed", NOW_S, "operator:li", "admin"))
COMPLAINT = samples.complaint(1)
ANSWERED = record_act(COMPLAINT, Event("answered", NOW_S, "operator:li", "admin"), answered=True)
WORK = Work("order", ORDER.order_id, NOW_S)
LEASED = WORK._replace(leased_until_s=NOW_S + 300, version=2)
LINE = samples.ledger_line(1)
RESULT = samples.reconciliation()
AGAIN = samples.reconciled_again(RESULT)
PAYER = "5e" * 32
FAR_S = 2**40


@dataclass(frozen=True)
class Write:
    """A write: its API, what must be there before, the call, and what a load then finds.

    `run` returns whether it won; it lets all errors but the two conflicts through.
    """

    api: str
    prepare: Callable[[Stores], object]
    run: Callable[[Stores], bool]
    load: Callable[[Stores], object]
    before: object
    after: object


def _won(call: Callable[[], object]) -> bool:
    try:
        return call() is not False
    except (AlreadyExists, VersionConflict):
        return False


def _done(_: None) -> bool:
    return True


WRITES = {
    "orders.create": Write(
        "BatchWriteRow", lambda stores: None,
        lambda stores: _won(lambda: stores.orders.create(ORDER, NOW_S)),
        lambda stores: stores.orders.load(ORDER.order_id), None, ORDER),
    "orders.save": Write(
        "UpdateRow", lambda stores: stores.orders.create(ORDER, NOW_S),
        lambda stores: _won(lambda: stores.orders.save(INSTRUCTED)),
        lambda stores: stores.orders.load(ORDER.order_id), ORDER, INSTRUCTED),
    "licenses.create": Write(
        "PutRow", lambda stores: None,
        lambda stores: _won(lambda: stores.licenses.create(LICENSE)),
        lambda stores: stores.licenses.load(LICENSE.license_id), None, LICENSE),
    "licenses.save": Write(
        "UpdateRow", lambda stores: stores.licenses.create(LICENSE),
        lambda stores: _won(lambda: stores.licenses.save(RENEWED)),
        lambda stores: stores.licenses.load(LICENSE.license_id), LICENSE, RENEWED),
    "held.record_once": Write(
        "PutRow", lambda stores: None,
        lambda stores: _won(lambda: stores.held.record_once(HELD)),
        lambda stores: stores.held.load(HELD.provider, HELD.transaction_id), None, HELD),
    "held.save": Write(
        "UpdateRow", lambda stores: stores.held.record_once(HELD),
        lambda stores: _won(lambda: stores.held.save(DISMISSED)),
        lambda stores: stores.held.load(HELD.provider, HELD.transaction_id), HELD, DISMISSED),
    "complaints.create": Write(
        "PutRow", lambda stores: None,
        lambda stores: _won(lambda: stores.complaints.create(COMPLAINT)),
        lambda stores: stores.complaints.load("wechatpay", COMPLAINT.complaint_id),
        None, COMPLAINT),
    "complaints.save": Write(
        "UpdateRow", lambda stores: stores.complaints.create(COMPLAINT),
        lambda stores: _won(lambda: stores.complaints.save(ANSWERED)),
        lambda stores: stores.complaints.load("wechatpay", COMPLAINT.complaint_id),
        COMPLAINT, ANSWERED),
    "work.lease": Write(
        "UpdateRow", lambda stores: stores.work.add(WORK),
        lambda stores: stores.work.lease(WORK, NOW_S + 300) == LEASED,
        lambda stores: stores.work.list(FAR_S, 10), [WORK], [LEASED]),
    "reconciliations.save first": Write(
        "PutRow", lambda stores: None,
        lambda stores: _won(lambda: stores.reconciliations.save(RESULT)),
        lambda stores: stores.reconciliations.load(RESULT.day), None, RESULT),
    "reconciliations.save again": Write(
        "UpdateRow", lambda stores: stores.reconciliations.save(RESULT),
        lambda stores: _won(lambda: stores.reconciliations.save(AGAIN)),
        lambda stores: stores.reconciliations.load(RESULT.day), RESULT, AGAIN),
}
"""Of two equal ones exactly one wins."""

NOTES = {
    "work.add": Write(
        "PutRow", lambda stores: None, lambda stores: _done(stores.work.add(WORK)),
        lambda stores: stores.work.list(FAR_S, 10), [], [WORK]),
    "payer_refunds.note": Write(
        "PutRow", lambda stores: None,
        lambda stores: _done(stores.payer_refunds.note(PAYER, "R1")),
        lambda stores: stores.payer_refunds.list(PAYER), frozenset(), frozenset({"R1"})),
    "ledger.enter": Write(
        "PutRow", lambda stores: None, lambda stores: _done(stores.ledger.enter(LINE)),
        lambda stores: list(stores.ledger.lines(LINE.day)), [], [LINE]),
}
"""Done twice they are as if done once, and nobody loses."""
