"""A lease is good for no longer than the license's row says, though midnight passes in between."""

from __future__ import annotations

from shared.domain.calendar import DAY_S
from shared.use_cases.claim_license import claim_license
from shared.use_cases.create_order import create_order
from shared.use_cases.record_payment import record_payment
from shared.use_cases.refresh_lease import refresh_lease
from tests.unit.use_cases.world import DEVICE, SECRET, World, request


def seconds_before_midnight(world: World, left_s: int) -> None:
    world.clock.advance_s((-world.clock.now_s() - left_s) % DAY_S)


def test_a_lease_counts_from_the_day_that_was_stored(world: World) -> None:
    order = create_order(request(), world.shop)
    record_payment(world.pay(order), world.books)
    seconds_before_midnight(world, 1)
    world.licenses.script.after("create", lambda: world.clock.advance_s(2))
    first = claim_license(order.order_id, SECRET, DEVICE, world.desk())
    assert world.licenses.all()[0].devices[0].dark_at_s == first.window.dark_at_s

    seconds_before_midnight(world, 1)
    world.licenses.script.after("save", lambda: world.clock.advance_s(2))
    later = refresh_lease(order.license_id, DEVICE.thumbprint, world.desk())
    assert later.window.issued_at_s > first.window.issued_at_s
    assert world.licenses.all()[0].devices[0].dark_at_s == later.window.dark_at_s
