"""Every mistake made on purpose is found, and the same schedule without it is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interleavings.runs import Runner
from tests.interleavings.scenarios import SCENARIOS
from tests.interleavings.wrong_variants import FALLS_IN, VARIANTS, find

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("name", VARIANTS)
def test_the_mistake_is_found(name: str,
                              record_property: Callable[[str, object], None]) -> None:
    violation = find(name)
    assert violation is not None, "no schedule tells it from what is right"
    assert Runner(SCENARIOS[FALLS_IN[name]]).again(violation.choices) is None
    record_property("counted", f"mistake: {name}: {violation.message}")
