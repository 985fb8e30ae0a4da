"""Every mistake made on purpose is found, by a schedule that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interleavings import wrong_devices, wrong_refunds, wrong_removals, wrong_variants
from tests.interleavings.choices import Bounds
from tests.interleavings.explorer import explore
from tests.interleavings.runs import Runner, Variant
from tests.interleavings.scenarios import SCENARIOS
from tests.interleavings.seeding import MISTAKES, find

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.due import Work
    from tests.interleavings.scene import Scene

PLANTED = (wrong_variants, wrong_refunds, wrong_devices, wrong_removals)
"""The modules that register mistakes."""


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_found(name: str,
                              record_property: Callable[[str, object], None]) -> None:
    mistake = MISTAKES[name]
    violation = find(mistake)
    assert violation is not None, "no schedule tells it from what is right"
    with mistake.variant.applied():
        again = Runner(mistake.scenario, mistake.variant).again(violation.choices)
    assert again == violation
    print(f"{name}: {violation}")
    record_property("mistakes found by interleavings", {mistake.scenario.name: {"found": 1}})


def test_there_are_enough_of_them() -> None:
    assert len(MISTAKES) >= 40
    assert {module.__name__ for module in PLANTED} == {
        rule.__module__ for mistake in MISTAKES.values()
        for rule in (mistake.variant.ports, *mistake.variant.rules.values())
        if getattr(rule, "__module__", "").startswith("tests.")}


def _everybody_gets_the_row(scene: Scene) -> None:
    work = scene.work

    def lease(row: Work, until_s: int) -> Work:
        with work._call("lease"):
            return row

    work.lease = lease  # type: ignore[method-assign, assignment]


@pytest.mark.parametrize("name", ["a notify and two timers", "two timers over one refund"])
def test_two_timers_do_no_harm_even_when_nothing_is_leased(name: str) -> None:
    """The lease saves work; what makes it safe is that every look can be repeated."""
    variant = Variant("no leases", ports=_everybody_gets_the_row)
    report = explore(SCENARIOS[name], Bounds(1, 2), variant=variant)
    assert report.violation is None, str(report.violation)
    assert report.complete
