"""What every OrderRepository does with due rows. Other tests' rows may be there too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.ports import DueOrder
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from tests.contract.worlds import Stores, World

EVERYTHING = 10_000


def create_due(world: World, stores: Stores, *due_at_s: int) -> list[DueOrder]:
    """One order for each time."""
    made = []
    for at_s in due_at_s:
        order = samples.order(next(world.numbers))
        stores.orders.create(order, at_s)
        made.append(DueOrder(order.order_id, at_s))
    return made


def listed(stores: Stores, now_s: int, made: list[DueOrder]) -> list[DueOrder]:
    """Those of `made` that the store lists, in its order."""
    return [due for due in stores.orders.list_due(now_s, EVERYTHING) if due in made]


def test_an_order_is_due_from_its_second_on(world: World, stores: Stores) -> None:
    made = create_due(world, stores, NOW_S)
    assert listed(stores, NOW_S - 1, made) == []
    assert listed(stores, NOW_S, made) == made


def test_the_oldest_comes_first_over_all_orders(world: World, stores: Stores) -> None:
    made = create_due(world, stores, *(NOW_S - (n * 7) % 40 for n in range(40)))
    found = listed(stores, NOW_S, made)
    assert found == sorted(made, key=lambda due: (due.due_at_s, due.order_id))


def test_the_limit_keeps_the_oldest(world: World, stores: Stores) -> None:
    create_due(world, stores, *range(NOW_S - 40, NOW_S))
    everything = stores.orders.list_due(NOW_S, EVERYTHING)
    assert stores.orders.list_due(NOW_S, 7) == everything[:7]
    assert stores.orders.list_due(NOW_S, 0) == []


def test_due_orders_are_counted(world: World, stores: Stores) -> None:
    before = stores.orders.count_due(NOW_S)
    create_due(world, stores, *range(NOW_S - 19, NOW_S + 11))
    assert stores.orders.count_due(NOW_S) == before + 20


def test_a_forgotten_row_is_gone_and_the_order_stays(world: World, stores: Stores) -> None:
    made = create_due(world, stores, NOW_S, NOW_S)
    stores.orders.forget_due(made[0])
    assert listed(stores, NOW_S, made) == made[1:]
    assert stores.orders.load(made[0].order_id) is not None


def test_forgetting_twice_is_no_error(world: World, stores: Stores) -> None:
    made = create_due(world, stores, NOW_S)
    stores.orders.forget_due(made[0])
    stores.orders.forget_due(made[0])
    assert listed(stores, NOW_S, made) == []


def test_only_the_named_time_is_forgotten(world: World, stores: Stores) -> None:
    made = create_due(world, stores, NOW_S)
    stores.orders.forget_due(DueOrder(made[0].order_id, NOW_S + 1))
    assert listed(stores, NOW_S, made) == made
