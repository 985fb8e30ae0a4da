"""How many requests and capacity units each method costs when nothing goes wrong."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest

from shared.adapters.tablestore.cells import Bound, Expect, RowWrite
from shared.adapters.tablestore.tables import DUE, MOST_BUCKETS, PAYER_REFUNDS
from shared.domain.order import record_payment, schedule_query
from tests.fakes import samples
from tests.fakes.samples import NOW_S
from tests.unit.adapters.tablestore.faults import fault
from tests.unit.adapters.tablestore.writes import (
    COMPLAINT,
    HELD,
    INSTRUCTED,
    LICENSE,
    LINE,
    ORDER,
    PAYER,
    RENEWED,
    RESULT,
    WORK,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.worlds import EmulatorWorld, Stores

COSTS: dict[str, tuple[Callable[[Stores], object], list[str]]] = {
    "load nothing": (lambda stores: stores.orders.load("0" * 26), ["GetRow"]),
    "load": (lambda stores: stores.orders.load(ORDER.order_id), ["GetRow"]),
    "create": (lambda stores: stores.orders.create(samples.order(2), NOW_S),
               ["BatchWriteRow"]),
    "save": (lambda stores: stores.orders.save(INSTRUCTED), ["UpdateRow"]),
    "work add": (lambda stores: stores.work.add(WORK._replace(due_at_s=7)), ["PutRow"]),
    "work lease": (lambda stores: stores.work.lease(WORK, NOW_S + 300), ["UpdateRow"]),
    "work remove": (lambda stores: stores.work.remove(WORK), ["DeleteRow"]),
    "work list": (lambda stores: stores.work.list(NOW_S, 100), ["GetRange"] * MOST_BUCKETS),
    "work count": (lambda stores: stores.work.count(NOW_S), ["GetRange"] * MOST_BUCKETS),
    "license load": (lambda stores: stores.licenses.load(LICENSE.license_id), ["GetRow"]),
    "license save": (lambda stores: stores.licenses.save(RENEWED), ["UpdateRow"]),
    "record_once": (lambda stores: stores.held.record_once(HELD), ["PutRow"]),
    "held load": (lambda stores: stores.held.load("wechat", "none"), ["GetRow"]),
    "held all": (lambda stores: list(stores.held.all()), ["GetRange"]),
    "complaint create": (lambda stores: stores.complaints.create(COMPLAINT), ["PutRow"]),
    "complaints all": (lambda stores: list(stores.complaints.all()), ["GetRange"]),
    "note a refund": (lambda stores: stores.payer_refunds.note(PAYER, "R1"), ["PutRow"]),
    "payer's refunds": (lambda stores: stores.payer_refunds.list(PAYER), ["GetRange"]),
    "ledger enter": (lambda stores: stores.ledger.enter(LINE), ["PutRow"]),
    "ledger lines": (lambda stores: list(stores.ledger.lines(LINE.day)), ["GetRange"]),
    "reconciliation": (lambda stores: stores.reconciliations.save(RESULT), ["PutRow"]),
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
    stores.orders.save(record_payment(INSTRUCTED, samples.paid_fact(ORDER), NOW_S))
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
    for page, requests in ((None, 2), (5000, 2), (1000, 6), (5010, 2)):
        rows = opened.store.rows(DUE, DUE.bound("k0"), DUE.bound("k0", 9999), page=page)
        assert [key.values[1] for key, _ in rows] == list(range(5010))
        assert world.apis() == ["GetRange"] * requests


def test_a_page_is_asked_for_when_it_is_wanted(world: EmulatorWorld) -> None:
    opened = world.open_instance()
    for number in range(5):
        opened.stores.payer_refunds.note(PAYER, f"R{number}")
    world.apis()
    table = PAYER_REFUNDS
    rows = opened.store.rows(table, table.bound(), table.bound(Bound.HIGHEST), page=2)
    assert world.apis() == []
    assert [key.values for key, _ in islice(rows, 2)] == [(PAYER, "R0"), (PAYER, "R1")]
    assert world.apis() == ["GetRange"]
    assert [key.values for key, _ in rows] == [(PAYER, f"R{number}") for number in (2, 3, 4)]
    assert world.apis() == ["GetRange"] * 2
