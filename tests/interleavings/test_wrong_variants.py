"""Every mistake made on purpose is found, by a schedule that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interleavings import wrong_refunds, wrong_variants
from tests.interleavings.runs import Runner
from tests.interleavings.seeding import MISTAKES, find

if TYPE_CHECKING:
    from collections.abc import Callable

PLANTED = (wrong_variants, wrong_refunds)
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
    assert len(MISTAKES) >= 20
    assert {module.__name__ for module in PLANTED} == {
        rule.__module__ for mistake in MISTAKES.values()
        for rule in (mistake.variant.ports, *mistake.variant.rules.values())
        if getattr(rule, "__module__", "").startswith("tests.")}
