"""Every write of the repositories as one object, for tests that treat all of them alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

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
LICENSE = samples.license_of(record_payment(ORDER, samples.paid_fact(ORDER), NOW_S, "k1"))
RENEWED = apply_grant(
    LICENSE, replace(LICENSE.grants[0], grant_id="second", proof=Proof("gift", "second")),
    now_s=NOW_S, source="operator")
HELD = samples.held(1)


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
}
