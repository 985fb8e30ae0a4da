"""What every WorkList does. Other tests' rows may be there too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.due import Work
from tests.fakes import samples
from tests.fakes.samples import NOW_S

if TYPE_CHECKING:
    from tests.contract.worlds import Stores, World

EVERYTHING = 10_000
UNTIL_S = NOW_S + 300


def add_work(world: World, stores: Stores, *due_at_s: int) -> list[Work]:
    """One row for each time."""
    made = [Work("order", samples.order(next(world.numbers)).order_id, at_s)
            for at_s in due_at_s]
    for work in made:
        stores.work.add(work)
    return made


def listed(stores: Stores, now_s: int, made: list[Work]) -> list[Work]:
    """The rows of `made` that the store lists, as they are now, in its order."""
    places = {work[:3] for work in made}
    return [work for work in stores.work.list(now_s, EVERYTHING) if work[:3] in places]


def test_a_row_is_due_from_its_second_on(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S)
    assert listed(stores, NOW_S - 1, made) == []
    assert listed(stores, NOW_S, made) == made


def test_the_oldest_comes_first_over_all_rows(world: World, stores: Stores) -> None:
    made = add_work(world, stores, *(NOW_S - (n * 7) % 40 for n in range(40)))
    found = listed(stores, NOW_S, made)
    assert found == sorted(made, key=lambda work: (work.due_at_s, work.subject_id))


def test_the_limit_keeps_the_oldest(world: World, stores: Stores) -> None:
    add_work(world, stores, *range(NOW_S - 40, NOW_S))
    everything = stores.work.list(NOW_S, EVERYTHING)
    assert stores.work.list(NOW_S, 7) == everything[:7]
    assert stores.work.list(NOW_S, 0) == []


def test_any_kind_and_any_subject_comes_back(world: World, stores: Stores) -> None:
    made = [Work(kind, f"wechatpay:42:{next(world.numbers)}", NOW_S)
            for kind in ("complaint", "held", "order")]
    for work in made:
        stores.work.add(work)
    assert listed(stores, NOW_S, made) == made


def test_one_subject_may_have_rows_of_several_kinds_and_times(world: World,
                                                              stores: Stores) -> None:
    subject = str(next(world.numbers))
    made = [Work("held", subject, NOW_S), Work("order", subject, NOW_S),
            Work("order", subject, NOW_S + 1)]
    for work in made:
        stores.work.add(work)
    assert listed(stores, NOW_S + 1, made) == made


def test_rows_are_counted_whoever_works_on_them(world: World, stores: Stores) -> None:
    before = stores.work.count(NOW_S)
    made = add_work(world, stores, *range(NOW_S - 19, NOW_S + 11))
    stores.work.lease(made[0], UNTIL_S)
    assert stores.work.count(NOW_S) == before + 20


def test_a_new_order_has_its_row(world: World, stores: Stores) -> None:
    order = samples.order(next(world.numbers))
    stores.orders.create(order, NOW_S + 60)
    row = Work("order", order.order_id, NOW_S + 60)
    assert listed(stores, NOW_S + 60, [row]) == [row]


def test_adding_twice_makes_one_row(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S)
    stores.work.add(made[0])
    assert listed(stores, NOW_S, made) == made


def test_a_new_row_is_nobodys_whatever_its_maker_holds(world: World, stores: Stores) -> None:
    """Who works on a row puts the next one, and does not hold that too."""
    made = add_work(world, stores, NOW_S)
    leased = stores.work.lease(made[0], UNTIL_S)
    assert leased is not None
    following = leased._replace(due_at_s=NOW_S + 60)
    stores.work.add(following)
    assert listed(stores, NOW_S + 60, [following]) == [Work("order", leased.subject_id,
                                                            NOW_S + 60)]


def test_a_leased_row_is_not_listed_until_its_lease_ends(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S)
    leased = stores.work.lease(made[0], UNTIL_S)
    assert leased == made[0]._replace(leased_until_s=UNTIL_S, version=2)
    assert listed(stores, UNTIL_S - 1, made) == []
    assert listed(stores, UNTIL_S, made) == [leased]


def test_leased_rows_leave_room_for_others(world: World, stores: Stores) -> None:
    made = add_work(world, stores, *range(40))
    for work in made[:-1]:
        assert stores.work.lease(work, UNTIL_S) is not None
    assert listed(stores, NOW_S, made) == made[-1:]


def test_only_one_of_two_timers_gets_a_row(world: World) -> None:
    ours, theirs = world.open(), world.open()
    [work] = add_work(world, ours, NOW_S)
    taken = theirs.work.lease(work, UNTIL_S)
    assert taken is not None
    assert ours.work.lease(work, UNTIL_S) is None
    assert listed(ours, UNTIL_S, [work]) == [taken]


def test_a_row_can_be_taken_again_when_its_lease_ended(world: World) -> None:
    ours, theirs = world.open(), world.open()
    [work] = add_work(world, ours, NOW_S)
    theirs.work.lease(work, UNTIL_S)
    [stale] = listed(ours, UNTIL_S, [work])
    assert ours.work.lease(stale, UNTIL_S + 300) == stale._replace(
        leased_until_s=UNTIL_S + 300, version=3)


def test_a_row_that_is_gone_cannot_be_leased(world: World, stores: Stores) -> None:
    [work] = add_work(world, stores, NOW_S)
    stores.work.remove(work)
    assert stores.work.lease(work, UNTIL_S) is None
    assert listed(stores, UNTIL_S, [work]) == []


def test_adding_again_ends_no_lease(world: World, stores: Stores) -> None:
    [work] = add_work(world, stores, NOW_S)
    leased = stores.work.lease(work, UNTIL_S)
    stores.work.add(work)
    assert listed(stores, NOW_S, [work]) == []
    assert listed(stores, UNTIL_S, [work]) == [leased]


def test_a_removed_row_is_gone_and_the_others_stay(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S, NOW_S, NOW_S)
    stores.work.remove(made[0])
    stores.work.remove(made[1]._replace(leased_until_s=7, version=9))
    assert listed(stores, NOW_S, made) == made[2:]


def test_removing_twice_is_no_error(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S)
    stores.work.remove(made[0])
    stores.work.remove(made[0])
    assert listed(stores, NOW_S, made) == []


def test_only_the_named_time_is_removed(world: World, stores: Stores) -> None:
    made = add_work(world, stores, NOW_S)
    stores.work.remove(made[0]._replace(due_at_s=NOW_S + 1))
    assert listed(stores, NOW_S, made) == made
