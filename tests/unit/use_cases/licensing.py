"""Licenses on several devices, for tests of what those may do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

from shared.domain.calendar import DAY_S
from shared.domain.device import Claim, Wanted, Way
from shared.domain.license_key import shown
from shared.errors import TongbaoError
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from shared.use_cases.restore_license import restore_license
from tests.fakes.samples import LICENSE_KEYS
from tests.unit.use_cases.world import DEVICE, SECRET, World, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.license import License
    from shared.domain.order import Order
    from shared.use_cases.claim_license import HandedOver

READ_AND_WRITE = ["orders.load", "licenses.load", "licenses.save"]
READ = ["orders.load", "licenses.load"]


def device(n: int) -> Wanted:
    """The n-th further device."""
    return Wanted(f"device-{n:02}-".ljust(43, "D"), "edge/windows")


class Sold(NamedTuple):
    """A paid order, whose license is on DEVICE."""

    world: World
    order: Order

    @property
    def license_id(self) -> str:
        """The license's id."""
        return self.order.license_id

    @property
    def stored(self) -> License:
        """The one license, without a counted call."""
        license_, = self.world.licenses.all()
        return license_

    def id_of(self, wanted: Wanted) -> str:
        """What this active device is called."""
        return next(one.device_id for one in self.stored.devices
                    if one.thumbprint == wanted.thumbprint)

    def names(self) -> list[str]:
        """The thumbprints of the active devices, in their order."""
        return [one.thumbprint for one in self.stored.devices]

    def events(self, kind: str) -> list[dict[str, object]]:
        """The data of the license's events of this kind."""
        return [dict(event.data) for event in self.stored.history.events if event.kind == kind]

    def restore(self, wanted: Wanted, replaces: str | None = None, *,
                way: Way = Way.ORDER_NUMBER) -> HandedOver:
        """This device comes by what the buyer knows."""
        typed = self.order.out_trade_no if way is Way.ORDER_NUMBER else shown(
            LICENSE_KEYS.new(self.order.order_id))
        return restore_license(Claim(way, typed, replaces), wanted, self.world.desk())

    def fill(self) -> None:
        """Two more devices, and so no free slot; all have a voice."""
        for n in (1, 2):
            self.restore(device(n))
        self.world.clock.advance_s(3 * DAY_S)
        self.world.forget_calls()

    def ask(self, wanted: Wanted, replaces: Wanted, way: Way = Way.ORDER_NUMBER) -> str:
        """This device asks for that one's slot: the id of its request."""
        with refused("TAKEOVER_WAITS"):
            self.restore(wanted, self.id_of(replaces), way=way)
        takeover = self.stored.takeover
        assert takeover is not None
        return takeover.takeover_id


def sell() -> Sold:
    """A license on its first device."""
    world = World()
    order = create_order(request(), world.shop)
    order = record_payment(world.pay(order), world.books)
    claim_license(order.order_id, SECRET, DEVICE, world.desk())
    world.forget_calls()
    return Sold(world, order)


@contextmanager
def refused(code: str, retry_after_s: int | None = None,
            ) -> Iterator[pytest.ExceptionInfo[TongbaoError]]:
    """What is inside raises the error of this code."""
    with pytest.raises(TongbaoError) as caught:
        yield caught
    assert caught.value.code == code
    if retry_after_s is not None:
        assert caught.value.retry_after_s == retry_after_s
