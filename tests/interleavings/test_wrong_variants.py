"""Every mistake made on purpose is found, by a schedule that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interleavings import wrong_refunds, wrong_variants
from tests.interleavings.runs import Runner
from tests.interleavings.scenarios import SCENARIOS
from tests.interleavings.seeding import FALLS_IN, VARIANTS, find

PLANTED = (wrong_variants, wrong_refunds)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", VARIANTS)
def test_the_mistake_is_found(name: str,
                              record_property: Callable[[str, object], None]) -> None:
    violation = find(name)
    assert violation is not None, "no schedule tells it from what is right"
    with VARIANTS[name].applied():
        runner = Runner(SCENARIOS[FALLS_IN[name]], VARIANTS[name])
        assert runner.again(violation.choices) == violation
    record_property("counted", f"mistake: {name}: {violation.message}")
