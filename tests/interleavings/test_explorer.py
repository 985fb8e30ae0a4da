"""The explorer itself: it leaves nothing out, it repeats exactly, and it finds what is wrong."""

from __future__ import annotations

from dataclasses import replace
from math import comb
from typing import TYPE_CHECKING

import pytest

from tests.interleavings.choices import UNBOUND, Bounds, Outcome, choice
from tests.interleavings.explorer import Shard, explore, wander
from tests.interleavings.openings import in_use
from tests.interleavings.runs import RIGHT, Runner, Scenario, Variant
from tests.interleavings.scenarios import SCENARIOS
from tests.interleavings.wrong_variants import ACCEPTED_BLINDLY, SAVED_BLINDLY
from tests.invariants import Broken

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.interleavings.hub import Hub
    from tests.interleavings.scene import Scene

READ_THEN_WRITE = SAVED_BLINDLY.variant
SMALL = ("two tries of one order", "two notifies and a poll")


def reads(times: int) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        for _ in range(times):
            scene.orders.load(scene.facts["order_id"])

    return act


def at_rest(scene: Scene) -> None:
    """A purchase that is over, so that every invariant holds whatever readers do."""
    in_use(scene)
    scene.run_timer()


def nothing(scene: Scene) -> None:
    """No recovery, no check."""


def readers(*times: int) -> Scenario:
    cast = {f"reader-{at}": reads(n) for at, n in enumerate(times)}
    return Scenario("readers", at_rest, cast, nothing, nothing)


@pytest.mark.parametrize(("left", "right"), [(1, 1), (2, 2), (3, 4), (1, 6)])
def test_every_order_of_two_actors_is_run_once(left: int, right: int) -> None:
    report = explore(readers(left, right), Bounds(None, 0), merge=False)
    assert report.complete
    assert report.schedules == report.covered == comb(left + right, left)


def test_without_switches_only_who_begins_is_open() -> None:
    assert explore(readers(2, 3, 2), Bounds(0, 0), merge=False).schedules == 6


def test_one_switch_can_be_at_each_place() -> None:
    # 2 orders without a switch; with one: leave the first actor after 1 or 2 of its 3 calls,
    # and the second one ends before the first goes on.
    assert explore(readers(3, 3), Bounds(1, 0), merge=False).schedules == 2 + 2 * 2


def test_one_fault_can_be_at_each_call_and_of_each_kind() -> None:
    # A reader of two calls: none; lost or crashed at the first (both end it); at the second.
    assert explore(readers(2), Bounds(0, 1), merge=False).schedules == 1 + 2 + 2


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("bounds", [Bounds(0, 2), Bounds(1, 1), Bounds(2, 1)])
def test_merging_covers_the_very_same_schedules(name: str, bounds: Bounds) -> None:
    merged = explore(SCENARIOS[name], bounds)
    plain = explore(SCENARIOS[name], bounds, merge=False)
    assert merged.complete
    assert plain.complete
    assert merged.covered == plain.covered == plain.schedules
    assert merged.schedules <= plain.schedules


@pytest.mark.parametrize("merge", [True, False])
@pytest.mark.parametrize(("name", "parts"), [("two notifies", 2), (SMALL[0], 2), (SMALL[1], 5)])
def test_the_shards_of_a_search_make_the_whole(name: str, parts: int, merge: bool) -> None:
    bounds = Bounds(1, 1)
    whole = explore(SCENARIOS[name], bounds)
    shards = [explore(SCENARIOS[name], bounds, merge=merge, shard=Shard(number, parts))
              for number in range(parts)]
    assert all(shard.complete for shard in shards)
    assert sum(shard.covered for shard in shards) == whole.covered


@pytest.mark.parametrize("merge", [True, False])
def test_a_mistake_is_found_and_its_choices_show_it_again(merge: bool) -> None:
    scenario = SCENARIOS["two notifies"]
    violation = explore(scenario, Bounds(1, 0), variant=READ_THEN_WRITE, merge=merge).violation
    assert violation is not None
    with READ_THEN_WRITE.applied():
        again = Runner(scenario, READ_THEN_WRITE).again(violation.choices)
    assert again == violation
    assert Runner(scenario, RIGHT).again(violation.choices) is None
    assert f"replay('two notifies', {list(violation.choices)})" in str(violation)


def test_a_random_schedule_that_fails_is_found_again_by_seed_and_by_choices() -> None:
    scenario = SCENARIOS["two notifies and a poll"]
    first = wander(scenario, 1, 500, variant=READ_THEN_WRITE)
    again = wander(scenario, 1, 500, variant=READ_THEN_WRITE)
    assert first.violation is not None
    assert (first.schedules, first.violation) == (again.schedules, again.violation)
    assert Runner(scenario, READ_THEN_WRITE).again(first.violation.choices) == first.violation


def test_a_failure_tells_who_did_what() -> None:
    violation = explore(SCENARIOS["two notifies"], Bounds(0, 1),
                        variant=ACCEPTED_BLINDLY.variant).violation
    assert violation is not None
    assert any(step == "notify-1: orders.save lost" for step in violation.trace)


def steps_of(bounds: Bounds, wanted: list[int]) -> list[int]:
    """Run what is wanted, and then the first option each time; all that was chosen."""
    steps: list[int] = []

    def choose(hub: Hub) -> int:
        options = hub.options()
        steps.append(wanted[len(steps)] if len(steps) < len(wanted) else options[0])
        assert steps[-1] in options
        return steps[-1]

    Runner(readers(2, 2)).run(choose, bounds)
    return steps


def test_the_same_choices_are_the_same_schedule_under_any_bounds() -> None:
    wanted = [choice(1), choice(0), choice(0, Outcome.LOST)]
    assert steps_of(Bounds(1, 1), wanted) == steps_of(UNBOUND, wanted) == [*wanted, choice(1)]


def test_a_switch_too_many_is_no_option() -> None:
    wanted = [choice(1), choice(0), choice(1)]
    assert steps_of(Bounds(2, 0), wanted) == [*wanted, choice(0)]
    with pytest.raises(AssertionError):
        steps_of(Bounds(1, 0), wanted)


def test_nobody_is_switched_to_before_a_call_to_a_port_of_ones_own() -> None:
    def holder(scene: Scene) -> None:
        scene.held.load("wechatpay", "1")
        scene.held.load("wechatpay", "2")

    shared = Scenario("held", at_rest, {"held": holder, "reader": reads(1)}, nothing, nothing)
    own = replace(shared, alone=frozenset({"held"}))
    assert explore(shared, Bounds(3, 0), merge=False).schedules == 3
    assert explore(own, Bounds(3, 0), merge=False).schedules == 2


def test_a_port_is_not_ones_own_when_two_call_it() -> None:
    scenario = replace(readers(1, 1), alone=frozenset({"orders"}))
    violation = explore(scenario, Bounds(0, 0)).violation
    assert violation is not None
    assert "not called by one actor alone" in violation.message


def test_a_crash_is_caught_by_nobody_and_calls_nothing_more() -> None:
    seen: list[str] = []

    def stubborn(scene: Scene) -> None:
        try:
            scene.orders.load("first")
        finally:
            scene.orders.load("while it dies")
            seen.append("after its death")

    scenario = Scenario("stubborn", at_rest, {"stubborn": stubborn}, nothing, nothing)
    Runner(scenario).run(lambda hub: choice(0, Outcome.CRASH_BEFORE), UNBOUND)
    assert seen == []


def test_an_error_that_is_no_answer_is_a_violation() -> None:
    def clumsy(scene: Scene) -> None:
        scene.orders.load("anything")
        raise KeyError("a mistake")

    scenario = Scenario("clumsy", at_rest, {"clumsy": clumsy}, nothing, nothing)
    violation = explore(scenario, Bounds(0, 0)).violation
    assert violation is not None
    assert violation.message == "KeyError: 'a mistake'"


def test_rules_are_right_again_after_a_variant() -> None:
    variant = Variant("no check", rules={(Broken, "__doc__"): "changed"})
    before = Broken.__doc__
    with variant.applied():
        assert Broken.__doc__ == "changed"
    assert Broken.__doc__ == before
