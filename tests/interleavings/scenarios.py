"""All scenarios by name: who meets whom over one order. And replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interleavings.device_scenarios import DEVICES
from tests.interleavings.operator_scenarios import OPERATORS
from tests.interleavings.purchases import PURCHASES
from tests.interleavings.refund_scenarios import REFUNDS
from tests.interleavings.runs import Runner

if TYPE_CHECKING:
    from tests.interleavings.runs import Violation

SCENARIOS = {scenario.name: scenario
             for scenario in (*PURCHASES, *REFUNDS, *OPERATORS, *DEVICES)}


def replay(scenario: str, choices: list[int]) -> Violation | None:
    """Run again what a failure printed; its trace says who did what, in order."""
    return Runner(SCENARIOS[scenario]).again(choices)
