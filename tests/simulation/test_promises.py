"""How soon a license is out although every notify is lost: emulated time, nothing else fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scripts.simulation.buyers import Plan
from scripts.simulation.engine import DAY_MS, MINUTE_MS, SECOND_MS
from scripts.simulation.faults import NO_FAULTS
from scripts.simulation.town import Settings, Town

if TYPE_CHECKING:
    from random import Random

BUYERS = 80
SILENT = replace(NO_FAULTS, notify_lost=1.0)
YOUNG_MS, OLD_MS = 9 * MINUTE_MS, 115 * MINUTE_MS
"""How long after ordering buyers pay at most: at once, or just before the order ends."""


def town_of(watches: str, longest_ms: int) -> Town:
    """Buyers who pay some time after ordering, and of whose payments no notify tells."""
    def plan(random: Random) -> Plan:
        return Plan("reader-pro", "pays", watches, random.randint(5 * SECOND_MS, longest_ms),
                    clicks_twice=False, after="nothing", after_ms=DAY_MS)

    town = Town(5, Settings(BUYERS, SILENT, is_bad_bill=False, strangers=0, plan=plan,
                            quiet_ms=0, weeks=0))
    town.run()
    assert town.faults.counts["notify_lost"] >= BUYERS
    assert town.wechat.accepted == []
    return town


def waits_ms(town: Town) -> list[int]:
    """From each payment to the lease in the buyer's hands."""
    stories = [buyer.story for buyer in town.buyers]
    assert len(stories) == BUYERS
    assert all(story.paid_at_ms and story.license_at_ms for story in stories)
    return [story.license_at_ms - story.paid_at_ms for story in stories]


@pytest.mark.parametrize("longest_ms", [YOUNG_MS, OLD_MS])
def test_with_a_page_open_the_license_is_out_within_ten_seconds(longest_ms: int) -> None:
    assert max(waits_ms(town_of("page", longest_ms))) <= 10 * SECOND_MS


@pytest.mark.parametrize("longest_ms", [YOUNG_MS, OLD_MS])
def test_while_the_browser_runs_it_is_out_within_a_minute(longest_ms: int) -> None:
    assert max(waits_ms(town_of("browser", longest_ms))) <= MINUTE_MS


def test_with_everything_closed_it_is_out_within_five_minutes() -> None:
    """Out: its row is there, so that whoever asks has it at once."""
    town = town_of("closed", OLD_MS)
    granted_at_s = {line.fields["license_id"]: line.at_s for line in reversed(town.log)
                    if line.fact == "license.granted"}
    waits_s = [granted_at_s[order.license_id] - order.payment.paid_at_s
               for order in town.world.orders.all() if order.payment is not None]
    assert len(waits_s) == BUYERS
    assert max(waits_s) <= 300
