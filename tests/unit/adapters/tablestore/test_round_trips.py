"""How many requests and capacity units each method costs when nothing goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.adapters.tablestore.cells import Expect, RowWrite
from shared.adapters.tablestore.tables import BUCKETS, DUE
from shared.domain.order import record_payment, schedule_query
from shared.ports import DueOrder
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore.faults import fault
from tests.unit.adapters.tablestore.writes import HELD, INSTRUCTED, LICENSE, ORDER, RENEWED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.worlds import EmulatorWorld, Stores

COSTS: dict[str, tuple[Callable[[Stores], object], list[str]]] = {
    "load nothing": (lambda stores: stores.orders.load("0" * 26), ["GetRow"]),
    "load": (lambda stores: stores.orders.load(ORDER.order_id), ["GetRow"]),
    "create": (lambda stores: stores.orders.create(samples.order(2), NOW_S),
               ["BatchWriteRow"]),
    "save": (lambda stores: stores.orders.save(INSTRUCTED), ["UpdateRow"]),
    "forget_due": (lambda stores: stores.orders.forget_due(DueOrder(ORDER.order_id, NOW_S)),
                   ["DeleteRow"]),
    "list_due": (lambda stores: stores.orders.list_due(NOW_S, 100), ["GetRange"] * BUCKETS),
    "count_due": (lambda stores: stores.orders.count_due(NOW_S), ["GetRange"] * BUCKETS),
    "license load": (lambda stores: stores.licenses.load(LICENSE.license_id), ["GetRow"]),
    "license save": (lambda stores: stores.licenses.save(RENEWED), ["UpdateRow"]),
    "record_once": (lambda stores: stores.held.record_once(HELD), ["PutRow"]),
    "held load": (lambda stores: stores.held.load("wechat", "none"), ["GetRow"]),
}


@pytest.mark.parametrize("name", COSTS)
def test_each_method_costs_its_round_trips(world: EmulatorWorld, name: str) -> None:
    call, apis = COSTS[name]
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    stores.licenses.create(LICENSE)
    world.apis()
    call(stores)
    assert world.apis() == apis


def test_a_whole_sale_costs_few_capacity_units(world: EmulatorWorld) -> None:
    """Create, instruct, load, pay: each write is 1 unit a row, and a long history stays cheap."""
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    stores.orders.save(INSTRUCTED)
    stores.orders.load(ORDER.order_id)
    stores.orders.save(record_payment(INSTRUCTED, samples.paid_fact(ORDER), NOW_S, "k1"))
    spent = [(record.api, record.read_cu, record.write_cu)
             for record in world.emulator.requests]
    assert spent == [("BatchWriteRow", 1, 2), ("UpdateRow", 1, 1), ("GetRow", 1, 0),
                     ("UpdateRow", 1, 1)]


def test_a_doubtful_write_costs_one_read_more(world: EmulatorWorld) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    world.apis()
    world.emulator.inject(fault("lost answer", "UpdateRow"))
    stores.orders.save(INSTRUCTED)
    assert world.apis() == ["UpdateRow", "GetRow"]


def test_a_conflict_costs_nothing_more(world: EmulatorWorld) -> None:
    stores = world.open()
    stores.orders.create(ORDER, NOW_S)
    stores.orders.save(INSTRUCTED)
    world.apis()
    with pytest.raises(Exception, match=ORDER.order_id):
        stores.orders.save(schedule_query(ORDER, NOW_S))
    assert world.apis() == ["UpdateRow"]


def test_a_range_longer_than_one_answer_is_read_on(world: EmulatorWorld) -> None:
    opened = world.open_instance()
    for second in range(5010):
        opened.client.write(RowWrite(DUE.row("k0", second, "x"), {"created_at_s": 1},
                                     Expect.NOTHING))
    world.apis()
    for limit, requests in ((None, 2), (5001, 2), (5000, 1)):
        rows = opened.store.scan(DUE, DUE.bound("k0"), DUE.bound("k0", 9999), limit)
        assert [key[1] for key, _ in rows] == list(range(5010))[:limit]
        assert world.apis() == ["GetRange"] * requests
